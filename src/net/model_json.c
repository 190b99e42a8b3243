/* Class names, scaling and original widths as JSON texts, and back. */
#include "net/model_file.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "format/json_text.h"

/* ---- printing ----------------------------------------------------------- */

/* Nine significant digits tell any two floats apart. Takes the value over. */
char *model_print_json(const espalier_network *network, json_t *value)
{
    char *text = json_text_of(value, JSON_COMPACT | JSON_REAL_PRECISION(9), network->allocator);
    json_decref(value);
    return text;
}

static json_t *floats(const float *values, size_t count)
{
    if (count == 1)
        return json_real((double)values[0]);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, json_real((double)values[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

char *model_print_scaling(const espalier_network *network)
{
    return model_print_json(
        network, json_pack("{s:o, s:o}", "shift", floats(network->shift, network->scaling_count),
                           "scale", floats(network->scale, network->scaling_count)));
}

char *model_print_classes(const espalier_network *network)
{
    json_t *list = json_array();
    for (size_t i = 0, count = espalier_network_class_count(network); i < count; i++)
        if (json_array_append_new(list, json_string(network->class_names[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return model_print_json(network, list);
}

char *model_print_widths(const espalier_network *network, bool inputs_only)
{
    json_t *list = json_array();
    for (size_t i = 0; i <= network->layer_count; i++) {
        size_t width = i && inputs_only ? network->layers[i - 1].outputs
                                        : network->original_widths[i];
        if (json_array_append_new(list, json_integer((json_int_t)width)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return model_print_json(network, list);
}

bool model_has_class_names(const espalier_network *network)
{
    char number[24];
    for (size_t i = 0, count = espalier_network_class_count(network); i < count; i++) {
        snprintf(number, sizeof number, "%zu", i);
        if (strcmp(network->class_names[i], number) != 0)
            return true;
    }
    return false;
}

/* ---- parsing ------------------------------------------------------------ */

static espalier_status wrong(const char *path, const char *key, const char *expected,
                             espalier_error *error)
{
    return error_set(error, ESPALIER_ERROR_FORMAT, "%s: metadata '%s': expected %s", path, key,
                     expected);
}

espalier_status model_parse_classes(espalier_network *network, const char *text, const char *path,
                                    espalier_error *error)
{
    size_t count = espalier_network_class_count(network);
    const char **names = NULL;
    json_t *list = json_loads(text, 0, NULL);
    espalier_status status = ESPALIER_OK;
    if (!json_is_array(list))
        status = wrong(path, "classes", "a JSON list of names", error);
    else if (json_array_size(list) != count)
        status = error_set(error, ESPALIER_ERROR_FORMAT,
                           "%s: metadata 'classes': expected %zu names, found %zu", path, count,
                           json_array_size(list));
    else if (!(names = memory_array(network->allocator, count, sizeof *names)))
        status = error_memory(error);
    for (size_t i = 0; status == ESPALIER_OK && i < count; i++)
        if (!(names[i] = json_string_value(json_array_get(list, i))))
            status = wrong(path, "classes", "a JSON list of names", error);
    if (status == ESPALIER_OK)
        status = espalier_network_set_class_names(network, names);
    if (status == ESPALIER_ERROR_ARGUMENT)
        status = wrong(path, "classes", "a name of its own for each class", error);
    else if (status == ESPALIER_ERROR_MEMORY)
        status = error_memory(error);
    memory_release(network->allocator, names);
    json_decref(list);
    return status;
}

/* Numbers of a JSON number or list; 0 for anything else. */
static size_t number_count(const json_t *value)
{
    return json_is_number(value) ? 1 : json_array_size(value);
}

/* False where a number is missing or not finite as a float. */
static bool take_floats(const json_t *value, size_t count, float *numbers)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *number = json_is_array(value) ? json_array_get(value, i) : value;
        if (!json_is_number(number))
            return false;
        numbers[i] = (float)json_number_value(number);
        if (!isfinite(numbers[i]))
            return false;
    }
    return true;
}

espalier_status model_parse_scaling(espalier_network *network, const char *text, const char *path,
                                    espalier_error *error)
{
    size_t width = espalier_network_row_width(network);
    json_t *pair = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const json_t *shift = json_object_get(pair, "shift"), *scale = json_object_get(pair, "scale");
    size_t count = number_count(shift);
    float *numbers = NULL;
    espalier_status status = ESPALIER_OK;
    if (!count || count != number_count(scale) || (count != 1 && count != width))
        status = error_set(error, ESPALIER_ERROR_FORMAT,
                           "%s: metadata 'input_scaling': expected {\"shift\": …, \"scale\": …} "
                           "with one number each or %zu, found %zu and %zu", path, width, count,
                           number_count(scale));
    else if (!(numbers = memory_array(network->allocator, count, 2 * sizeof *numbers)))
        status = error_memory(error);
    else if (!take_floats(shift, count, numbers) || !take_floats(scale, count, numbers + count))
        status = wrong(path, "input_scaling", "finite numbers", error);
    else if (espalier_network_set_scaling(network, count, numbers, numbers + count) != ESPALIER_OK)
        status = error_memory(error);
    memory_release(network->allocator, numbers);
    json_decref(pair);
    return status;
}

espalier_status model_parse_widths(espalier_network *network, const char *text, const char *path,
                                   espalier_error *error)
{
    size_t layers = network->layer_count;
    json_t *list = json_loads(text, 0, NULL);
    espalier_status status = ESPALIER_OK;
    if (json_array_size(list) != layers + 1)
        status = error_set(error, ESPALIER_ERROR_FORMAT,
                           "%s: metadata 'original_widths': expected a JSON list of %zu widths",
                           path, layers + 1);
    for (size_t i = 0; status == ESPALIER_OK && i <= layers; i++) {
        size_t now = i ? network->layers[i - 1].outputs : network->layers[0].inputs;
        size_t most = i < layers ? NETWORK_WIDTH_MOST : now;
        const json_t *width = json_array_get(list, i);
        json_int_t value = json_is_integer(width) ? json_integer_value(width) : -1;
        if (value < (json_int_t)now || value > (json_int_t)most)
            status = error_set(error, ESPALIER_ERROR_FORMAT,
                               "%s: metadata 'original_widths', position %zu: expected %zu to %zu",
                               path, i, now, most);
        else
            network->original_widths[i] = (size_t)value;
    }
    json_decref(list);
    return status;
}
