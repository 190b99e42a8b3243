/* The activations of hidden layers in the model file's metadata.
 *
 *   versions 1, 2   activation: relu; linear: [0, 2], the layers that are linear
 *   version 3       activation: ["tanh", "linear", {"leaky-relu": 0.01}], one for each
 *                   hidden layer, or one name for all of them */
#include "net/model_file.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/safetensors.h"

/* ---- printing ----------------------------------------------------------- */

/* The number with the fewest digits that is this float: 0.01, not 0.00999999978. */
static double shortest(float value)
{
    char text[32];
    for (int digits = 1; digits < 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            return strtod(text, NULL);
    }
    return (double)value;
}

static json_t *activation_value(const network_layer *layer)
{
    const char *name = espalier_activation_name(layer->activation);
    if (layer->activation != ESPALIER_LEAKY_RELU)
        return json_string(name);
    return json_pack("{s:f}", name, shortest(layer->slope));
}

static char *print_list(const espalier_network *network)
{
    json_t *list = json_array();
    bool ok = list;
    for (size_t l = 0; ok && l + 1 < network->layer_count; l++)
        ok = json_array_append_new(list, activation_value(&network->layers[l])) == 0;
    if (ok)
        return model_print_json(network, list);
    json_decref(list);
    return NULL;
}

static char *print_linear(const espalier_network *network)
{
    json_t *list = json_array();
    bool ok = list;
    for (size_t l = 0; ok && l + 1 < network->layer_count; l++)
        if (!network_has_activation(network, l))
            ok = json_array_append_new(list, json_integer((json_int_t)l)) == 0;
    if (ok)
        return model_print_json(network, list);
    json_decref(list);
    return NULL;
}

static char *print_relu(const espalier_network *network)
{
    char *text = memory_array(network->allocator, sizeof "relu", 1);
    return text ? strcpy(text, "relu") : NULL;
}

bool model_print_activations(const espalier_network *network, model_activations *printed)
{
    bool linear = false, other = false;
    for (size_t l = 0; l + 1 < network->layer_count; l++) {
        const espalier_activation activation = network->layers[l].activation;
        linear = linear || activation == ESPALIER_LINEAR;
        other = other || (activation != ESPALIER_LINEAR && activation != ESPALIER_RELU);
    }
    printed->version = other    ? MODEL_FORMAT_ACTIVATIONS
                       : linear ? MODEL_FORMAT_LINEAR
                                : MODEL_FORMAT_PLAIN;
    printed->activation = other ? print_list(network) : print_relu(network);
    printed->linear = linear && !other ? print_linear(network) : NULL;
    return printed->activation && (!linear || other || printed->linear);
}

void model_release_activations(const espalier_network *network, model_activations *printed)
{
    memory_release(network->allocator, printed->activation);
    memory_release(network->allocator, printed->linear);
}

/* ---- parsing ------------------------------------------------------------ */

/* Where in a file a message points to. */
typedef struct place {
    espalier_network *network;
    const char *path;
    espalier_error *error;
    size_t position;
} place;

/* ESPALIER_ACTIVATION_COUNT for an unknown name. */
static espalier_activation find_activation(const char *name)
{
    espalier_activation found = 0;
    while (found < ESPALIER_ACTIVATION_COUNT && strcmp(espalier_activation_name(found), name) != 0)
        found++;
    return found;
}

static espalier_status unknown(const place *at, const char *name)
{
    return error_set(at->error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: metadata 'activation', layer %zu: '%s'; this version knows 'relu', "
                     "'linear', {\"leaky-relu\": slope}, 'sigmoid', 'tanh'",
                     at->path, at->position, safetensors_show(name).text);
}

static espalier_status set(const place *at, espalier_activation activation, double slope)
{
    network_layer *layer = &at->network->layers[at->position];
    layer->activation = activation;
    layer->slope = (float)slope;
    return ESPALIER_OK;
}

/* {"leaky-relu": slope} and nothing else. */
static espalier_status take_leaky(const place *at, json_t *object)
{
    const char *name = json_object_iter_key(json_object_iter(object));
    const json_t *slope = json_object_get(object, "leaky-relu");
    if (!slope && name)
        return unknown(at, name);
    if (json_object_size(object) != 1 || !json_is_number(slope) ||
        !isfinite((float)json_number_value(slope)))
        return error_set(at->error, ESPALIER_ERROR_FORMAT,
                         "%s: metadata 'activation', layer %zu: expected {\"leaky-relu\": slope} "
                         "with a finite slope", at->path, at->position);
    return set(at, ESPALIER_LEAKY_RELU, json_number_value(slope));
}

static espalier_status take_one(const place *at, json_t *value)
{
    const char *name = json_string_value(value);
    if (json_is_object(value))
        return take_leaky(at, value);
    if (!name)
        return error_set(at->error, ESPALIER_ERROR_FORMAT,
                         "%s: metadata 'activation', layer %zu: expected a name or "
                         "{\"leaky-relu\": slope}", at->path, at->position);
    const espalier_activation activation = find_activation(name);
    if (activation == ESPALIER_ACTIVATION_COUNT || activation == ESPALIER_LEAKY_RELU)
        return unknown(at, name);
    return set(at, activation, 0.0);
}

static espalier_status parse_list(place *at, json_t *list)
{
    const size_t hidden = at->network->layer_count - 1;
    espalier_status status = ESPALIER_OK;
    if (json_array_size(list) != hidden)
        return error_set(at->error, ESPALIER_ERROR_FORMAT,
                         "%s: metadata 'activation': expected one for each of %zu hidden layers, "
                         "found %zu", at->path, hidden, json_array_size(list));
    for (; status == ESPALIER_OK && at->position < hidden; at->position++)
        status = take_one(at, json_array_get(list, at->position));
    return status;
}

/* One name for all hidden layers. */
static espalier_status parse_name(place *at, const char *name)
{
    const espalier_activation activation = find_activation(name);
    if (activation == ESPALIER_ACTIVATION_COUNT || activation == ESPALIER_LEAKY_RELU)
        return error_set(at->error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: activation '%s'; this version knows 'relu', 'linear', 'sigmoid', "
                         "'tanh', and lists of them and of {\"leaky-relu\": slope}",
                         at->path, safetensors_show(name).text);
    for (; at->position + 1 < at->network->layer_count; at->position++)
        set(at, activation, 0.0);
    return ESPALIER_OK;
}

static espalier_status parse_linear(place *at, const json_t *list)
{
    const size_t hidden = at->network->layer_count - 1;
    const json_t *index = json_array_get(list, at->position);
    const json_int_t layer = json_integer_value(index);
    if (!json_is_integer(index))
        return error_set(at->error, ESPALIER_ERROR_FORMAT,
                         "%s: metadata 'linear', position %zu: expected a whole number", at->path,
                         at->position);
    if (layer < 0 || layer >= (json_int_t)hidden)
        return error_set(at->error, ESPALIER_ERROR_FORMAT,
                         "%s: metadata 'linear', position %zu: layer %lld; expected a hidden "
                         "layer, of which there are %zu", at->path, at->position,
                         (long long)layer, hidden);
    if (!network_has_activation(at->network, (size_t)layer))
        return error_set(at->error, ESPALIER_ERROR_FORMAT,
                         "%s: metadata 'linear', position %zu: layer %lld; expected each "
                         "layer once", at->path, at->position, (long long)layer);
    at->network->layers[layer].activation = ESPALIER_LINEAR;
    return ESPALIER_OK;
}

static espalier_status parse_indices(place *at, const char *text)
{
    json_t *list = json_loads(text, 0, NULL);
    espalier_status status = ESPALIER_OK;
    if (!json_is_array(list))
        status = error_set(at->error, ESPALIER_ERROR_FORMAT,
                           "%s: metadata 'linear': expected a JSON list of hidden layers",
                           at->path);
    for (; status == ESPALIER_OK && at->position < json_array_size(list); at->position++)
        status = parse_linear(at, list);
    json_decref(list);
    return status;
}

espalier_status model_parse_activations(espalier_network *network, const char *activation,
                                        const char *linear, const char *path,
                                        espalier_error *error)
{
    place at = {network, path, error, 0};
    json_t *list = activation ? json_loads(activation, JSON_REJECT_DUPLICATES, NULL) : NULL;
    espalier_status status = ESPALIER_OK;
    if (linear && activation && strcmp(activation, "relu") != 0)
        status = error_set(error, ESPALIER_ERROR_FORMAT,
                           "%s: metadata 'linear': expected none beside activation '%s'", path,
                           safetensors_show(activation).text);
    else if (json_is_array(list))
        status = parse_list(&at, list);
    else if (activation)
        status = parse_name(&at, activation);
    if (status == ESPALIER_OK && linear)
        status = parse_indices(&(place){network, path, error, 0}, linear);
    json_decref(list);
    return status;
}
