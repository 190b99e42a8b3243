/* A state dict for torch.nn.Sequential: weights and biases only, pruned weights exact
 * zeros, inputs that compaction took out columns of zeros, and what is needed to feed it
 * and to name its classes.
 *
 * Sequential numbers its modules, activations among them: Linear, ReLU, Linear are
 * "0.weight", "0.bias", "2.weight", "2.bias". Two factors of a layer have none between. */
#include <stdio.h>

#include "base/memory.h"
#include "export/exporter.h"
#include "export/first_layer.h"
#include "format/safetensors.h"
#include "net/model_file.h"

enum { PAIRS_MOST = 4, TENSORS_EACH = 2 };

/* The texts that were printed; NULL where there is nothing to say. */
typedef struct texts {
    char *classes, *scaling;
    model_activations activations;
} texts;

static bool print_texts(const espalier_network *network, bool scaling, texts *t)
{
    if (model_has_class_names(network))
        t->classes = model_print_classes(network);
    if (scaling)
        t->scaling = model_print_scaling(network);
    return model_print_activations(network, &t->activations) &&
           (t->classes || !model_has_class_names(network)) && (t->scaling || !scaling);
}

/* Keys of a model file, but not its version: by its names it is none. Of a network of another
 * program whose file did not say its scaling nobody knows it, and nothing is said. */
static size_t list_pairs(const espalier_network *network, const texts *t, safetensors_pair *pairs)
{
    bool unsaid = network->scaling_count == 0 && espalier_network_metadata(network, "imported");
    size_t count = 0;
    pairs[count++] = (safetensors_pair){"activation", t->activations.activation};
    if (t->activations.linear)
        pairs[count++] = (safetensors_pair){"linear", t->activations.linear};
    if (t->classes)
        pairs[count++] = (safetensors_pair){"classes", t->classes};
    if (!unsaid)
        pairs[count++] = (safetensors_pair){"input_scaling", t->scaling ? t->scaling : EXPORT_RAW_ROWS};
    return count;
}

static void list_layer(size_t module, size_t outputs, size_t inputs, const float *weights,
                       const float *biases, char (*names)[MODEL_NAME_BYTES],
                       safetensors_tensor *tensors)
{
    snprintf(names[0], sizeof names[0], "%zu.weight", module);
    snprintf(names[1], sizeof names[1], "%zu.bias", module);
    tensors[0] = (safetensors_tensor){.name = names[0],
                                      .dtype = "F32",
                                      .rank = 2,
                                      .shape = {outputs, inputs},
                                      .bytes = outputs * inputs * sizeof(float),
                                      .data = weights};
    tensors[1] = (safetensors_tensor){.name = names[1],
                                      .dtype = "F32",
                                      .rank = 1,
                                      .shape = {outputs},
                                      .bytes = outputs * sizeof(float),
                                      .data = biases};
}

static void list_tensors(const espalier_network *network, const first_layer *first,
                         char (*names)[MODEL_NAME_BYTES], safetensors_tensor *tensors)
{
    list_layer(0, network->layers[0].outputs, first->inputs, first->weights, first->biases, names,
               tensors);
    for (size_t l = 1, module = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        module += network->layers[l - 1].activation == ESPALIER_LINEAR ? 1 : 2;
        list_layer(module, layer->outputs, layer->inputs, layer->weights, layer->biases,
                   names + TENSORS_EACH * l, tensors + TENSORS_EACH * l);
    }
}

espalier_status export_safetensors(const espalier_network *network, const char *path,
                                   const espalier_export_options *options, espalier_error *error)
{
    const espalier_status finite = model_check_finite(network, path, error);
    if (finite != ESPALIER_OK)
        return finite;
    const espalier_allocator *allocator = network->allocator;
    size_t count = TENSORS_EACH * network->layer_count;
    safetensors_pair pairs[PAIRS_MOST];
    first_layer first = {0};
    texts t = {0};
    char(*names)[MODEL_NAME_BYTES] = memory_array(allocator, count, sizeof *names);
    safetensors_tensor *tensors = memory_array(allocator, count, sizeof *tensors);
    bool scaling = network->scaling_count && !options->fold_scaling;
    espalier_status status = names && tensors && print_texts(network, scaling, &t)
                                 ? first_layer_make(network, options->fold_scaling, &first, error)
                                 : error_memory(error);
    if (status == ESPALIER_OK) {
        list_tensors(network, &first, names, tensors);
        status = safetensors_write(path, allocator, tensors, count, pairs,
                                   list_pairs(network, &t, pairs), error);
    }
    first_layer_clear(network, &first);
    memory_release(allocator, t.classes);
    memory_release(allocator, t.scaling);
    model_release_activations(network, &t.activations);
    memory_release(allocator, tensors);
    memory_release(allocator, names);
    return status;
}
