/* The files of a run's folder. The log is written by the library's record. */
#define _POSIX_C_SOURCE 200809L
#include "run_folder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evaluation.h"
#include "interrupt.h"
#include "output.h"
#include "restart.h"

static bool path_of(const run *r, const char *name, char path[RUN_PATH_BYTES])
{
    return snprintf(path, RUN_PATH_BYTES, "%s/%s", r->settings->folder, name) < RUN_PATH_BYTES;
}

int run_folder_spares(const char *command, const char *output, const char *folder)
{
    static const char *const own[] = {
        "config.json", "evaluation.json", "log.jsonl", RUN_INITIAL, RUN_BEFORE, RESUME_FACTS,
        RESUME_RESULT, "report.html",
    };
    char name[NAME_MAX + 1], slot[RUN_PATH_BYTES];
    base_name(output, name, sizeof name);
    bool spared = true;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        spared = spared && strcmp(name, own[i]) != 0;
    for (size_t i = 0; resume_slot_path(".", i, slot, sizeof slot) && i < RESUME_SLOTS; i++)
        spared = spared && strcmp(name, slot + 2) != 0;
    if (spared || !output_lies_in(output, folder))
        return EXIT_NONE;
    return usage_error(command, "-o: expected another name in the folder of --run, which keeps a file %s of "
                                "its own", name);
}

static espalier_status write_into(const run *r, const espalier_network *network, const char *name,
                                  espalier_error *error)
{
    char path[RUN_PATH_BYTES];
    if (path_of(r, name, path))
        return espalier_network_write(network, path, error);
    snprintf(error->message, sizeof error->message, "--run: the path of the folder is too long");
    return error->status = ESPALIER_ERROR_IO;
}

static int write_json(const run *r, const char *name, const json_t *json)
{
    char *text = json_text(json);
    int code = text ? write_text(r->settings->folder, name, text) : EXIT_FAILED;
    if (!text)
        message("out of memory");
    free(text);
    return code;
}

/* ---- the beginning ----------------------------------------------------------- */

/* Thin factors of a network's layers did not begin as its initial weights. */
static bool same_shape(const espalier_network *a, const espalier_network *b)
{
    size_t layers = espalier_network_layer_count(a);
    bool same = layers == espalier_network_layer_count(b);
    for (size_t i = 0; same && i <= layers; i++)
        same = espalier_network_original_width(a, i) == espalier_network_original_width(b, i);
    return same;
}

static bool trains_further(const run *r)
{
    return r->model && r->settings->restart == ESPALIER_RESTART_FINE_TUNE;
}

/* A network that is trained further began where its MODEL did, if that is known. */
static espalier_status copy_initial(const run *r, espalier_error *error)
{
    espalier_network *initial = NULL;
    espalier_error unreadable = {0}; /* a file beside MODEL: none of this run's business */
    if (restart_find_initial(r->model, r->before, &initial, &unreadable) || !initial)
        return ESPALIER_OK;
    espalier_status status = same_shape(initial, r->network)
                                 ? write_into(r, initial, RUN_INITIAL, error)
                                 : ESPALIER_OK;
    espalier_network_destroy(initial);
    return status;
}

/* Pruning steps that a network knows of, those of runs before this one included. */
static size_t history_length(const espalier_network *network)
{
    const char *text = espalier_network_metadata(network, "history");
    json_t *history = text ? json_loads(text, 0, NULL) : NULL;
    const size_t length = json_array_size(history);
    json_decref(history);
    return length;
}

/* Written first of all: with it, whatever is missing can be made again. */
static int write_facts(const run *r)
{
    const run_settings *s = r->settings;
    const char *const files[] = {r->model, s->initial, s->hidden.like};
    char directory[PATH_MAX];
    json_t *arguments = json_array(), *facts = json_object();
    if (!getcwd(directory, sizeof directory)) {
        message("cannot tell the working directory: %s", strerror(errno));
        json_decref(arguments);
        json_decref(facts);
        return EXIT_FAILED;
    }
    for (int i = 1; i < r->argc; i++)
        json_array_append_new(arguments, resume_text_json(r->argv[i]));
    json_object_set_new(facts, "command", json_string(r->options->command));
    json_object_set_new(facts, "arguments", arguments);
    json_object_set_new(facts, "directory", resume_text_json(directory));
    json_object_set_new(facts, "version", json_string(espalier_version()));
    json_object_set_new(facts, "math", r->math ? json_string(r->math) : json_null());
    json_object_set_new(facts, "data", resume_data_json(r->dataset));
    json_object_set_new(facts, "inputs",
                        resume_inputs_json(files, sizeof files / sizeof *files));
    json_object_set_new(facts, "before", r->before ? json_string(r->before) : json_null());
    if (r->unscaled)
        json_object_set_new(facts, "unscaled", json_true());
    json_object_set_new(facts, "history", json_integer((json_int_t)history_length(r->network)));
    json_object_set_new(facts, "initial", r->initial ? json_string(r->initial) : json_null());
    int code = write_json(r, RESUME_FACTS, facts);
    json_decref(facts);
    return code;
}

/* A run that died before its first checkpoint begins anew, in the same folder. */
static int begin_again(const run *r)
{
    char log[RUN_PATH_BYTES];
    int code = resume_check_inputs(r->resume, r->dataset);
    if (code == EXIT_NONE && path_of(r, "log.jsonl", log) && unlink(log) != 0 && errno != ENOENT) {
        message("%s: cannot remove: %s", log, strerror(errno));
        code = EXIT_FAILED;
    }
    return code;
}

/* A network that the run kept in its folder and that belongs there at its end. */
static int find_network(const run *r, const char *name, const char *what)
{
    char path[RUN_PATH_BYTES];
    espalier_network *network = NULL;
    espalier_error error = {0};
    if (!path_of(r, name, path) || !espalier_network_read(path, NULL, &network, &error)) {
        espalier_network_destroy(network);
        return EXIT_NONE;
    }
    if (error.status == ESPALIER_ERROR_MEMORY)
        return fail(&error);
    message("%s: cannot go on without the network %s: %s", r->resume->shown, what, error.message);
    return EXIT_FAILED;
}

/* Before a run goes on: is everything there that it wrote before its checkpoint? The configuration
 * can be written again. */
static int find_parts(const run *r)
{
    char path[RUN_PATH_BYTES];
    int code = EXIT_NONE;
    if (!trains_further(r))
        code = find_network(r, RUN_INITIAL, "before its first epoch");
    if (code == EXIT_NONE && history_length(r->network) > resume_history(r->resume))
        code = find_network(r, RUN_BEFORE, "before its first pruning step");
    if (code == EXIT_NONE && path_of(r, "config.json", path) && access(path, F_OK) != 0)
        code = write_text(r->settings->folder, "config.json", r->configuration);
    return code;
}

int run_folder_begin(const run *r)
{
    const run_settings *s = r->settings;
    espalier_error error = {0};
    if (!s->folder || run_goes_on(r))
        return s->folder ? find_parts(r) : EXIT_NONE;
    int code = r->resume ? begin_again(r) : write_facts(r);
    if (code == EXIT_NONE)
        code = write_text(s->folder, "config.json", r->configuration);
    if (code != EXIT_NONE)
        return code;
    espalier_status status = trains_further(r) ? copy_initial(r, &error)
                                               : write_into(r, r->network, RUN_INITIAL, &error);
    return status ? fail(&error) : EXIT_NONE;
}

/* ---- the first pruning step ----------------------------------------------------- */

espalier_status run_folder_snapshot(run *r, const espalier_network *network,
                                    espalier_error *error)
{
    if (!r->settings->folder || r->pruned)
        return ESPALIER_OK;
    espalier_status status = write_into(r, network, RUN_BEFORE, error);
    r->pruned = status == ESPALIER_OK;
    return status;
}

static espalier_status notify(void *context, espalier_trainer *trainer,
                              const espalier_event *event, espalier_error *error)
{
    run *r = context;
    return event->kind == ESPALIER_EVENT_PRUNE_BEGIN
               ? run_folder_snapshot(r, espalier_trainer_network(trainer), error)
               : ESPALIER_OK;
}

espalier_observer run_folder_observer(run *r)
{
    return (espalier_observer){.context = r, .notify = notify};
}

/* ---- checkpoints -------------------------------------------------------------------- */

static espalier_status save(void *context, espalier_trainer *trainer, espalier_moment moment,
                            espalier_error *error)
{
    run *r = context;
    char path[RUN_PATH_BYTES + 64];
    if (!resume_slot_path(r->settings->folder, r->slot, path, sizeof path)) {
        snprintf(error->message, sizeof error->message, "--run: the path of the folder is too long");
        return error->status = ESPALIER_ERROR_IO;
    }
    espalier_status status = espalier_trainer_save(trainer, path, error);
    if (status)
        return status;
    r->slot = !r->slot;
    r->saved += moment == ESPALIER_MOMENT_EPOCH;
    if ((moment == ESPALIER_MOMENT_EPOCH || moment == ESPALIER_MOMENT_BEGIN) && interrupted())
        return error->status = ESPALIER_ERROR_CANCELLED; /* run.c says what to do */
    return ESPALIER_OK;
}

void run_folder_watch(run *r, espalier_trainer *trainer)
{
    if (!r->settings->folder)
        return;
    if (run_goes_on(r)) {
        r->slot = !r->resume->slot;
        r->saved = espalier_checkpoint_epochs(r->resume->checkpoint);
    }
    espalier_trainer_set_saver(trainer, save, r);
    char command[2 * 4096];
    interrupt_watch("\r\033[Kstopping after this epoch; once more to stop at once\n",
                    resume_command(r->options->command, r->resume ? r->resume->shown : r->settings->folder,
                                   command, sizeof command));
}

/* The result is there: nobody has to go on with this run. */
static void discard_checkpoints(const run *r)
{
    char path[RUN_PATH_BYTES + 64];
    for (size_t slot = 0; slot < RESUME_SLOTS; slot++)
        if (resume_slot_path(r->settings->folder, slot, path, sizeof path))
            unlink(path);
    if (path_of(r, RESUME_FACTS, path))
        unlink(path);
}

/* ---- the end ------------------------------------------------------------------------ */

/* {"train": …, "validation": …, "test": …}; null for a split without rows. */
static int evaluate_splits(const run *r, const espalier_network *network, json_t **all)
{
    *all = json_object();
    for (size_t i = 0; split_name(i); i++) {
        espalier_evaluation evaluation;
        espalier_error error = {0};
        json_t *one = NULL;
        if (r->dataset && espalier_dataset_row_count(r->dataset, (espalier_split)i) > 0) {
            if (espalier_evaluate(network, r->dataset, (espalier_split)i, 0,
                                  r->settings->train.threads, &evaluation, &error))
                return fail(&error);
            one = evaluation_json(&evaluation);
            espalier_evaluation_clear(&evaluation);
        }
        json_object_set_new(*all, split_name(i), one ? one : json_null());
    }
    return EXIT_NONE;
}

static int evaluate_before(const run *r, json_t **all)
{
    char path[RUN_PATH_BYTES];
    espalier_network *network = NULL;
    if (!r->pruned || !path_of(r, RUN_BEFORE, path)) {
        *all = json_null();
        return EXIT_NONE;
    }
    int code = read_model(path, &network);
    if (code == EXIT_NONE)
        code = evaluate_splits(r, network, all);
    espalier_network_destroy(network);
    return code;
}

static int write_evaluation(const run *r)
{
    json_t *before = NULL, *after = NULL, *both = json_object();
    int code = evaluate_before(r, &before);
    if (code == EXIT_NONE)
        code = evaluate_splits(r, r->network, &after);
    json_object_set_new(both, "before", before);
    json_object_set_new(both, "after", after);
    if (code == EXIT_NONE)
        code = write_json(r, "evaluation.json", both);
    json_decref(both);
    return code;
}

int run_folder_finish(const run *r, const json_t *result)
{
    espalier_error error = {0};
    if (!r->settings->folder)
        return EXIT_NONE;
    if (write_into(r, r->network, "model.safetensors", &error))
        return fail(&error);
    int code = write_evaluation(r);
    if (code == EXIT_NONE)
        code = write_json(r, RESUME_RESULT, result);
    if (code == EXIT_NONE)
        discard_checkpoints(r);
    return code;
}
