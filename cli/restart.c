/* Starting again from a model: its recipe, and its initial weights as the run folder,
 * a file or the seed gives them. What becomes of weights and masks is the library's
 * business. */
#include "restart.h"

#include <stdio.h>
#include <string.h>

#include "run_folder.h"

static const char *initialiser_at(size_t index)
{
    return espalier_initialiser_name((espalier_initialiser)index);
}

/* True for a configuration whose run drew new weights. */
static bool drew_weights(const json_t *configuration)
{
    const char *command = json_string_value(json_object_get(configuration, "command"));
    const char *how = json_string_value(json_object_get(configuration, "restart"));
    return command && strcmp(command, "train") == 0 &&
           (!how || strcmp(how, "reinit") == 0 || strcmp(how, "shuffle") == 0);
}

/* The last configuration of a chain that drew weights, or where the chain ends. A new
 * reference, or NULL if the text is no configuration. */
static json_t *find_origin(const char *training)
{
    json_t *whole = training ? json_loads(training, 0, NULL) : NULL;
    json_t *here = whole, *before;
    while (!drew_weights(here) && json_is_object(before = json_object_get(here, "before")))
        here = before;
    json_t *origin = json_is_object(here) ? json_incref(here) : NULL;
    json_decref(whole);
    return origin;
}

bool restart_recipe(option_set *set, run_settings *s, const espalier_network *network)
{
    json_t *origin = find_origin(espalier_network_metadata(network, "training"));
    const json_t *seed = json_object_get(origin, "seed");
    bool found = json_is_string(json_object_get(origin, "math")); /* null: nothing was trained */
    if (found) {
        options_follow(set, json_object_get(origin, "options"));
        if (!option_given(set, "seed") && json_is_integer(seed) && json_integer_value(seed) >= 0)
            s->seed = (uint64_t)json_integer_value(seed);
    }
    json_decref(origin);
    return found;
}

/* ---- initial weights -------------------------------------------------------- */

static bool same_origin(const char *training, const espalier_network *initial)
{
    json_t *mine = find_origin(training);
    json_t *other = find_origin(espalier_network_metadata(initial, "training"));
    bool same = mine && other ? json_equal(mine, other) : mine == other;
    json_decref(mine);
    json_decref(other);
    return same;
}

bool restart_initial_path(const char *model, char *path, size_t size)
{
    const char *slash = strrchr(model, '/');
    int folder = slash ? (int)(slash - model) + 1 : 0;
    return (size_t)snprintf(path, size, "%.*s" RUN_INITIAL, folder, model) < size;
}

espalier_status restart_find_initial(const char *model, const char *training,
                                     espalier_network **initial, espalier_error *error)
{
    char path[RUN_PATH_BYTES];
    espalier_error problem = {0};
    *initial = NULL;
    if (!restart_initial_path(model, path, sizeof path))
        return ESPALIER_OK;
    espalier_status status = espalier_network_read(path, NULL, initial, &problem);
    if (status == ESPALIER_ERROR_NOT_FOUND)
        return ESPALIER_OK;
    if (status)
        *error = problem;
    else if (!same_origin(training, *initial)) {
        espalier_network_destroy(*initial);
        *initial = NULL;
    }
    return status;
}

/* Reads the widths of a configuration; 0 if it has none that make a network. */
static size_t read_widths(const json_t *configuration, size_t widths[WIDTHS_MOST + 2])
{
    const json_t *list = json_object_get(configuration, "widths");
    size_t count = json_array_size(list);
    if (count < 2 || count > WIDTHS_MOST + 2)
        return 0;
    for (size_t i = 0; i < count; i++) {
        json_int_t width = json_integer_value(json_array_get(list, i));
        if (width < 1 || width > WIDTH_MOST)
            return 0;
        widths[i] = (size_t)width;
    }
    return count;
}

/* The initial network drawn anew as a configuration tells; NULL if it does not. Its
 * activations are those of the network that came of it. */
static espalier_status draw_again(const json_t *configuration, const espalier_network *network,
                                  espalier_network **initial, espalier_error *error)
{
    size_t widths[WIDTHS_MOST + 2], count = read_widths(configuration, widths);
    const json_t *options = json_object_get(configuration, "options");
    const json_t *seed = json_object_get(configuration, "seed");
    const char *name = json_string_value(json_object_get(options, "init"));
    size_t init = name ? name_index(initialiser_at, name) : SIZE_MAX;
    *initial = NULL;
    if (!drew_weights(configuration) || !count || init == SIZE_MAX || !json_is_integer(seed) ||
        json_integer_value(seed) < 0)
        return ESPALIER_OK;
    espalier_status status = espalier_network_create(widths, count, NULL, initial, error);
    for (size_t l = 0; !status && l + 2 < count && count == espalier_network_layer_count(network) + 1;
         l++)
        status = espalier_network_set_activation(*initial, l,
                                                 espalier_network_activation(network, l),
                                                 espalier_network_slope(network, l), error);
    if (!status && !json_object_get(configuration, "restart"))
        espalier_network_initialise(*initial, (espalier_initialiser)init,
                                    (uint64_t)json_integer_value(seed));
    else if (!status)
        status = espalier_network_restart(*initial, ESPALIER_RESTART_REINIT, NULL,
                                          (espalier_initialiser)init,
                                          (uint64_t)json_integer_value(seed), error);
    return status;
}

/* --initial, else the file beside MODEL, else the seed. */
static int find_initial(run *r, espalier_network **initial)
{
    const run_settings *s = r->settings;
    espalier_error error = {0};
    r->initial = "file";
    if (s->initial)
        return read_model(s->initial, initial);
    r->initial = "folder";
    espalier_status status = restart_find_initial(s->from, r->before, initial, &error);
    if (!status && !*initial) {
        json_t *origin = find_origin(r->before);
        r->initial = "seed";
        status = draw_again(origin, r->network, initial, &error);
        json_decref(origin);
    }
    if (status)
        return fail(&error);
    if (*initial)
        return EXIT_NONE;
    message("%s: cannot rewind: no " RUN_INITIAL " of its own lies beside it, and its metadata "
            "does not tell how its first weights were drawn; name them with --initial FILE",
            s->from);
    return EXIT_FAILED;
}

int restart_network(run *r)
{
    const run_settings *s = r->settings;
    espalier_network *initial = NULL;
    espalier_error error = {0};
    int code = s->restart == ESPALIER_RESTART_REWIND ? find_initial(r, &initial) : EXIT_NONE;
    if (code == EXIT_NONE &&
        espalier_network_restart(r->network, s->restart, initial, s->init, s->seed, &error)) {
        message("%s: %s", s->initial ? s->initial : s->from, error.message);
        code = EXIT_FAILED;
    }
    espalier_network_destroy(initial);
    return code;
}
