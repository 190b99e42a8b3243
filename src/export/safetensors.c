/* A plain state dict, as torch.nn.Linear layers hold it: weights and biases only,
 * pruned weights exact zeros, and what is needed to feed it and name its classes. */
#include <string.h>

#include "base/memory.h"
#include "export/exporter.h"
#include "format/safetensors.h"
#include "net/model_file.h"

enum { PAIRS_MOST = 6, TENSORS_EACH = 2 };

/* The texts that were printed; NULL where there is nothing to say. */
typedef struct texts {
    char *classes, *scaling, *widths;
    model_activations activations;
} texts;

static bool print_texts(const espalier_network *network, texts *t)
{
    if (model_has_class_names(network))
        t->classes = model_print_classes(network);
    if (network->scaling_count)
        t->scaling = model_print_scaling(network);
    if (network->kept_inputs)
        t->widths = model_print_widths(network, true);
    return model_print_activations(network, &t->activations) &&
           (t->classes || !model_has_class_names(network)) &&
           (t->scaling || !network->scaling_count) && (t->widths || !network->kept_inputs);
}

static size_t list_pairs(const texts *t, safetensors_pair *pairs)
{
    size_t count = 0;
    pairs[count++] = (safetensors_pair){"activation", t->activations.activation};
    if (strcmp(t->activations.version, MODEL_FORMAT_PLAIN) != 0)
        pairs[count++] = (safetensors_pair){"espalier", t->activations.version};
    if (t->activations.linear)
        pairs[count++] = (safetensors_pair){"linear", t->activations.linear};
    if (t->classes)
        pairs[count++] = (safetensors_pair){"classes", t->classes};
    if (t->scaling)
        pairs[count++] = (safetensors_pair){"input_scaling", t->scaling};
    if (t->widths)
        pairs[count++] = (safetensors_pair){"original_widths", t->widths};
    return count;
}

static size_t list_tensors(const espalier_network *network, char (*names)[MODEL_NAME_BYTES],
                           safetensors_tensor *tensors)
{
    size_t count = 0;
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        tensors[count] = (safetensors_tensor){
            .name = model_name(l, MODEL_WEIGHT, names[count]),
            .dtype = "F32",
            .rank = 2,
            .shape = {layer->outputs, layer->inputs},
            .bytes = layer->outputs * layer->inputs * sizeof(float),
            .data = layer->weights};
        count++;
        tensors[count] = (safetensors_tensor){.name = model_name(l, MODEL_BIAS, names[count]),
                                              .dtype = "F32",
                                              .rank = 1,
                                              .shape = {layer->outputs},
                                              .bytes = layer->outputs * sizeof(float),
                                              .data = layer->biases};
        count++;
    }
    if (network->kept_inputs)
        tensors[count++] = (safetensors_tensor){.name = MODEL_KEPT_INPUTS,
                                                .dtype = "I64",
                                                .rank = 1,
                                                .shape = {network->layers[0].inputs},
                                                .bytes = network->layers[0].inputs *
                                                         sizeof(uint64_t),
                                                .data = network->kept_inputs};
    return count;
}

espalier_status export_safetensors(const espalier_network *network, const char *path,
                                   const espalier_export_options *options, espalier_error *error)
{
    (void)options;
    const espalier_allocator *allocator = network->allocator;
    size_t most = TENSORS_EACH * network->layer_count;
    safetensors_pair pairs[PAIRS_MOST];
    texts t = {0};
    char(*names)[MODEL_NAME_BYTES] = memory_array(allocator, most, sizeof *names);
    safetensors_tensor *tensors = memory_array(allocator, most + 1, sizeof *tensors);
    espalier_status status;
    if (names && tensors && print_texts(network, &t))
        status = safetensors_write(path, allocator, tensors, list_tensors(network, names, tensors),
                                   pairs, list_pairs(&t, pairs), error);
    else
        status = error_memory(error);
    memory_release(allocator, t.classes);
    memory_release(allocator, t.scaling);
    memory_release(allocator, t.widths);
    model_release_activations(network, &t.activations);
    memory_release(allocator, tensors);
    memory_release(allocator, names);
    return status;
}
