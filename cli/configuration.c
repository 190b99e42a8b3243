/* The configuration of a run as JSON. What an option's value looks like there is
 * options.c's business. */
#include "configuration.h"

static json_t *class_names(const espalier_network *network)
{
    json_t *names = json_array();
    for (size_t c = 0; c < espalier_network_class_count(network); c++)
        json_array_append_new(names, json_string(espalier_network_class_name(network, c)));
    return names;
}

/* [height, width] of the rows; without data what the network before knew, or null. */
static json_t *image(const espalier_dataset *dataset, const json_t *before)
{
    size_t height, width;
    json_t *known = json_object_get(before, "image");
    if (!dataset)
        return known ? json_incref(known) : json_null();
    return espalier_dataset_image_shape(dataset, &height, &width)
               ? json_pack("[I, I]", (json_int_t)height, (json_int_t)width)
               : json_null();
}

/* By name as given; of a network that was there already not how its rows are read, unless that was
 * said: it brings scaling and encoding itself. */
static json_t *options_of(const option_set *set, bool brought)
{
    static const char *const own[] = {"scaling", "missing"};
    json_t *options = options_json(set);
    for (size_t i = 0; i < sizeof own / sizeof *own && brought; i++)
        if (!option_given(set, own[i]))
            json_object_del(options, own[i]);
    return options;
}

json_t *configuration_json(const option_set *set, const run_settings *s,
                           const configuration_facts *facts)
{
    char name[256] = "";
    json_t *widths = json_array();
    for (size_t i = 0; i <= espalier_network_layer_count(facts->network); i++) {
        size_t width = espalier_network_original_width(facts->network, i);
        json_array_append_new(widths, json_integer((json_int_t)width));
    }
    if (facts->source)
        base_name(facts->source, name, sizeof name);
    json_t *parent = facts->before ? json_loads(facts->before, 0, NULL) : NULL;
    json_t *config = json_object();
    json_object_set_new(config, "command", json_string(set->command));
    json_object_set_new(config, "version", json_string(espalier_version()));
    json_object_set_new(config, "seed", json_integer((json_int_t)s->seed));
    json_object_set_new(config, "math", facts->math ? json_string(facts->math) : json_null());
    json_object_set_new(config, "data", facts->source ? json_string(name) : json_null());
    json_object_set_new(config, "image", image(facts->dataset, parent));
    json_object_set_new(config, "class_names", class_names(facts->network));
    json_object_set_new(config, "widths", widths);
    json_object_set_new(config, "validation", data_validation_json(&s->data, facts->dataset));
    json_object_set_new(config, "options", options_of(set, facts->brought));
    if (s->from)
        json_object_set_new(config, "restart", json_string(espalier_restart_name(s->restart)));
    if (facts->before || s->from)
        json_object_set_new(config, "before", parent ? parent : json_null());
    return config;
}
