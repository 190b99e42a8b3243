/* Writing the model file. */
#include "net/model_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "format/safetensors.h"

static const char *const part_names[MODEL_PART_COUNT] = {"weight", "bias", "mask", "activations",
                                                         "kept"};

const char *model_name(size_t layer, model_part part, char name[MODEL_NAME_BYTES])
{
    snprintf(name, MODEL_NAME_BYTES, "layers.%zu.%s", layer, part_names[part]);
    return name;
}

enum { KEY_MOST = 7 }; /* derived keys, see network_is_derived_key() */

typedef struct sheet {
    const espalier_network *network;
    const model_more *more;
    safetensors_tensor *tensors; /* [MODEL_PART_COUNT * layers + 1 + unknown ones + more] */
    char (*names)[MODEL_NAME_BYTES]; /* [MODEL_PART_COUNT * layers] */
    safetensors_pair *pairs;     /* [KEY_MOST + other metadata + more] */
    char *texts[KEY_MOST];       /* those that were printed for this */
    model_activations activations;
    char counted[24];
    size_t tensor_count, pair_count, text_count;
} sheet;

static void add(sheet *s, const char *name, const char *dtype, size_t rows, size_t columns,
                size_t item_bytes, const void *data)
{
    s->tensors[s->tensor_count++] =
        (safetensors_tensor){.name = name,
                             .dtype = dtype,
                             .rank = columns ? 2 : 1,
                             .shape = {rows, columns},
                             .bytes = rows * (columns ? columns : 1) * item_bytes,
                             .data = data};
}

static void add_part(sheet *s, size_t layer, model_part part, const char *dtype, bool matrix,
                     size_t item_bytes, const void *data)
{
    const network_layer *here = &s->network->layers[layer];
    char *name = s->names[layer * MODEL_PART_COUNT + part];
    add(s, model_name(layer, part, name), dtype, here->outputs, matrix ? here->inputs : 0,
        item_bytes, data);
}

/* A file without masks says that its exact zeros are pruned and nothing else is;
 * it is written where that is no lie and there is nothing to tell: no zeros at all. */
static bool needs_masks(const espalier_network *network)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t i = 0, count = layer->inputs * layer->outputs; i < count; i++)
            if (!layer->mask[i] || layer->weights[i] == 0.0f)
                return true;
    }
    return false;
}

static void add_tensors(sheet *s)
{
    const espalier_network *network = s->network;
    bool masks = needs_masks(network);
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        add_part(s, l, MODEL_WEIGHT, "F32", true, sizeof(float), layer->weights);
        add_part(s, l, MODEL_BIAS, "F32", false, sizeof(float), layer->biases);
        if (masks)
            add_part(s, l, MODEL_MASK, "U8", true, 1, layer->mask);
        if (network_has_activation(network, l) && network->inputs_counted)
            add_part(s, l, MODEL_ACTIVATIONS, "I64", false, sizeof(uint64_t), layer->activations);
        if (layer->kept)
            add_part(s, l, MODEL_KEPT, "I64", false, sizeof(uint64_t), layer->kept);
    }
    if (network->kept_inputs)
        add(s, MODEL_KEPT_INPUTS, "I64", network->layers[0].inputs, 0, sizeof(uint64_t),
            network->kept_inputs);
    for (size_t i = 0; i < network->tensor_count; i++) {
        const network_tensor *from = &network->tensors[i];
        safetensors_tensor *to = &s->tensors[s->tensor_count++];
        *to = (safetensors_tensor){.name = from->name,
                                   .dtype = from->dtype,
                                   .rank = from->rank,
                                   .bytes = from->bytes,
                                   .data = from->data};
        memcpy(to->shape, from->shape, sizeof to->shape);
    }
    for (size_t i = 0; i < s->more->tensor_count; i++)
        s->tensors[s->tensor_count++] = s->more->tensors[i];
}

static void add_pair(sheet *s, const char *key, const char *value)
{
    s->pairs[s->pair_count++] = (safetensors_pair){key, value};
}

/* Takes over a printed text; false if there is none. */
static bool add_printed(sheet *s, const char *key, char *text)
{
    if (!text)
        return false;
    s->texts[s->text_count++] = text;
    add_pair(s, key, text);
    return true;
}

static bool add_pairs(sheet *s)
{
    const espalier_network *network = s->network;
    if (!model_print_activations(network, &s->activations))
        return false;
    add_pair(s, "espalier", s->activations.version);
    add_pair(s, "activation", s->activations.activation);
    if (network->inputs_counted) {
        snprintf(s->counted, sizeof s->counted, "%llu",
                 (unsigned long long)network->inputs_counted);
        add_pair(s, "inputs_counted", s->counted);
    }
    bool printed = add_printed(s, "original_widths", model_print_widths(network, false));
    if (printed && model_has_class_names(network))
        printed = add_printed(s, "classes", model_print_classes(network));
    if (printed && network->scaling_count)
        printed = add_printed(s, "input_scaling", model_print_scaling(network));
    if (s->activations.linear)
        add_pair(s, "linear", s->activations.linear);
    for (size_t i = 0; i < network->metadata_count; i++)
        add_pair(s, network->metadata[i].key, network->metadata[i].value);
    for (size_t i = 0; i < s->more->pair_count; i++)
        add_pair(s, s->more->pairs[i].key, s->more->pairs[i].value);
    return printed;
}

/* The file's counts are signed, and so is their number for most who read it. */
static espalier_status check_counts(const espalier_network *network, const char *path,
                                    espalier_error *error)
{
    if (network->inputs_counted > INT64_MAX)
        return error_set(error, ESPALIER_ERROR_NUMERIC,
                         "%s: inputs counted: %llu; expected less than 2^63", path,
                         (unsigned long long)network->inputs_counted);
    for (size_t l = 0; network->inputs_counted && l + 1 < network->layer_count; l++)
        for (size_t o = 0; o < network->layers[l].outputs; o++)
            if (network->layers[l].activations[o] > INT64_MAX)
                return error_set(error, ESPALIER_ERROR_NUMERIC,
                                 "%s: activation count of layer %zu, neuron %zu: %llu; expected "
                                 "less than 2^63", path, l, o,
                                 (unsigned long long)network->layers[l].activations[o]);
    return ESPALIER_OK;
}

static const char *not_finite(float value)
{
    return isnan(value) ? "NaN" : "an infinite one";
}

espalier_status model_check_finite(const espalier_network *network, const char *path,
                                   espalier_error *error)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t i = 0, count = layer->inputs * layer->outputs; i < count; i++)
            if (!isfinite(layer->weights[i]))
                return error_set(error, ESPALIER_ERROR_NUMERIC,
                                 "%s: layer %zu, weight from input %zu to neuron %zu: expected a "
                                 "finite number, found %s", path, l, i % layer->inputs,
                                 i / layer->inputs, not_finite(layer->weights[i]));
        for (size_t o = 0; o < layer->outputs; o++)
            if (!isfinite(layer->biases[o]))
                return error_set(error, ESPALIER_ERROR_NUMERIC,
                                 "%s: layer %zu, bias of neuron %zu: expected a finite number, "
                                 "found %s", path, l, o, not_finite(layer->biases[o]));
    }
    return ESPALIER_OK;
}

/* Masks are 0 and 1 and prune zeros only: others no reader takes, and a weight that is not
 * zero would be one for this network and none for the one that is read. */
static espalier_status check_masks(const espalier_network *network, const char *path,
                                   espalier_error *error)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t i = 0, count = layer->inputs * layer->outputs; i < count; i++) {
            if (layer->mask[i] > 1)
                return error_set(error, ESPALIER_ERROR_ARGUMENT,
                                 "%s: layer %zu, mask from input %zu to neuron %zu: expected 0 or "
                                 "1, found %d", path, l, i % layer->inputs, i / layer->inputs,
                                 layer->mask[i]);
            if (!layer->mask[i] && layer->weights[i] != 0.0f)
                return error_set(error, ESPALIER_ERROR_ARGUMENT,
                                 "%s: layer %zu, pruned weight from input %zu to neuron %zu: "
                                 "expected 0, found %g; apply the masks first", path, l,
                                 i % layer->inputs, i / layer->inputs, (double)layer->weights[i]);
        }
    }
    return ESPALIER_OK;
}

espalier_status model_write(const espalier_network *network, const char *path,
                            const model_more *more, espalier_error *error)
{
    static const model_more nothing = {0};
    const espalier_allocator *allocator = network->allocator;
    size_t parts = MODEL_PART_COUNT * network->layer_count;
    sheet s = {.network = network, .more = more ? more : &nothing};
    espalier_status status = check_counts(network, path, error);
    if (status == ESPALIER_OK)
        status = model_check_finite(network, path, error);
    if (status == ESPALIER_OK)
        status = check_masks(network, path, error);
    if (status != ESPALIER_OK)
        return status;
    s.tensors = memory_array(allocator, parts + 1 + network->tensor_count + s.more->tensor_count,
                             sizeof *s.tensors);
    s.names = memory_array(allocator, parts, sizeof *s.names);
    s.pairs = memory_array(allocator, KEY_MOST + network->metadata_count + s.more->pair_count,
                           sizeof *s.pairs);
    if (s.tensors && s.names && s.pairs && add_pairs(&s)) {
        add_tensors(&s);
        status = safetensors_write(path, allocator, s.tensors, s.tensor_count, s.pairs,
                                   s.pair_count, error);
    } else {
        status = error_memory(error);
    }
    for (size_t i = 0; i < s.text_count; i++)
        memory_release(allocator, s.texts[i]);
    model_release_activations(network, &s.activations);
    memory_release(allocator, s.pairs);
    memory_release(allocator, s.names);
    memory_release(allocator, s.tensors);
    return status;
}

espalier_status espalier_network_write(const espalier_network *network, const char *path,
                                       espalier_error *error)
{
    return model_write(network, path, NULL, error);
}
