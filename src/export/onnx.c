/* ONNX: the network as a graph that takes raw rows and gives probabilities.
 *
 *   x [batch, row] (-> Gather) -> Sub -> Mul -> Gemm -> Relu … Gemm -> Softmax -> probabilities
 *
 * OpenCV's importer sets bounds: up to 4.6 it has no Gather of several inputs, so that inputs
 * which compaction took out are columns of zeros unless Gather is asked for, and with a second
 * output such as an ArgMax its forward() would return that one. */
#include "export/exporter.h"

#ifdef ESPALIER_HAVE_ONNX
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "export/first_layer.h"
#include "format/onnx_write.h"
#include "net/model_file.h"

enum { NAME_BYTES = 48 };

typedef struct drawing {
    const espalier_network *network;
    onnx_writer *model;
    first_layer first;
    float *pairs;           /* [2][inputs] where the scaling of kept inputs had to be picked */
    char value[NAME_BYTES]; /* the value that was computed last */
} drawing;

/* value = operator(value, other …); others ended by NULL, at most two. */
static onnx_writer_node *add(drawing *d, const char *operator, const char *first,
                             const char *second, const char *output)
{
    const char *const inputs[] = {d->value, first, second, NULL};
    onnx_writer_node *node = onnx_writer_add(d->model, operator, inputs, output);
    snprintf(d->value, sizeof d->value, "%s", output);
    return node;
}

/* ---- what comes before the first layer --------------------------------- */

static void add_gather(drawing *d)
{
    const espalier_network *network = d->network;
    onnx_writer_tensor(d->model, MODEL_KEPT_INPUTS, ONNX_INT64, network->layers[0].inputs, 0,
                       network->kept_inputs);
    onnx_writer_integer(d->model, add(d, "Gather", MODEL_KEPT_INPUTS, NULL, "kept"), "axis", 1);
}

static bool all_are(const float *values, size_t count, float value)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] != value)
            return false;
    return true;
}

/* x' = (x - shift) scale, of those inputs that go on; a step that changes nothing is left out. */
static espalier_status add_scaling(drawing *d, bool gathered, espalier_error *error)
{
    const espalier_network *network = d->network;
    size_t count = network->scaling_count, inputs = network->layers[0].inputs;
    const float *shift = network->shift, *scale = network->scale;
    if (gathered && count > 1) {
        d->pairs = memory_array(network->allocator, inputs, 2 * sizeof *d->pairs);
        if (!d->pairs)
            return error_memory(error);
        for (size_t i = 0; i < inputs; i++) {
            d->pairs[i] = shift[network->kept_inputs[i]];
            d->pairs[inputs + i] = scale[network->kept_inputs[i]];
        }
        shift = d->pairs;
        scale = d->pairs + inputs;
        count = inputs;
    }
    if (!all_are(shift, count, 0.0f)) {
        onnx_writer_tensor(d->model, "shift", ONNX_FLOAT32, count, 0, shift);
        add(d, "Sub", "shift", NULL, "shifted");
    }
    if (!all_are(scale, count, 1.0f)) {
        onnx_writer_tensor(d->model, "scale", ONNX_FLOAT32, count, 0, scale);
        add(d, "Mul", "scale", NULL, "scaled");
    }
    return ESPALIER_OK;
}

/* ---- layers ------------------------------------------------------------ */

static void add_activation(drawing *d, size_t index)
{
    static const char *const operators[ESPALIER_ACTIVATION_COUNT] = {
        [ESPALIER_RELU] = "Relu",
        [ESPALIER_LEAKY_RELU] = "LeakyRelu",
        [ESPALIER_SIGMOID] = "Sigmoid",
        [ESPALIER_TANH] = "Tanh",
    };
    espalier_activation activation = espalier_network_activation(d->network, index);
    char output[NAME_BYTES];
    if (!operators[activation])
        return;
    snprintf(output, sizeof output, "layers.%zu.output", index);
    onnx_writer_node *node = add(d, operators[activation], NULL, NULL, output);
    if (activation == ESPALIER_LEAKY_RELU)
        onnx_writer_real(d->model, node, "alpha", espalier_network_slope(d->network, index));
}

static void add_layer(drawing *d, size_t index, size_t inputs, const float *weights,
                      const float *biases)
{
    size_t outputs = espalier_network_outputs(d->network, index);
    char weight[MODEL_NAME_BYTES], bias[MODEL_NAME_BYTES], sum[NAME_BYTES];
    model_name(index, MODEL_WEIGHT, weight);
    model_name(index, MODEL_BIAS, bias);
    snprintf(sum, sizeof sum, "layers.%zu.sum", index);
    onnx_writer_tensor(d->model, weight, ONNX_FLOAT32, outputs, inputs, weights);
    onnx_writer_tensor(d->model, bias, ONNX_FLOAT32, outputs, 0, biases);
    onnx_writer_integer(d->model, add(d, "Gemm", weight, bias, sum), "transB", 1);
    if (index + 1 < d->network->layer_count)
        add_activation(d, index);
}

static espalier_status add_layers(drawing *d, bool gather, espalier_error *error)
{
    const espalier_network *network = d->network;
    bool gathered = gather && network->kept_inputs;
    espalier_status status =
        gathered ? ESPALIER_OK : first_layer_make(network, false, &d->first, error);
    snprintf(d->value, sizeof d->value, "x");
    if (gathered)
        add_gather(d);
    if (status == ESPALIER_OK && network->scaling_count)
        status = add_scaling(d, gathered, error);
    for (size_t l = 0; status == ESPALIER_OK && l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        if (l == 0 && !gathered)
            add_layer(d, l, d->first.inputs, d->first.weights, d->first.biases);
        else
            add_layer(d, l, layer->inputs, layer->weights, layer->biases);
    }
    if (status == ESPALIER_OK)
        onnx_writer_integer(d->model, add(d, "Softmax", NULL, NULL, "probabilities"), "axis", 1);
    return status;
}

/* ---- what it is for a person ------------------------------------------- */

static void describe(drawing *d)
{
    const espalier_network *network = d->network;
    uint64_t weights = espalier_network_weight_count(network), pruned = 0;
    char text[200];
    for (size_t l = 0; l < network->layer_count; l++)
        pruned += espalier_network_pruned_count(network, l);
    snprintf(text, sizeof text,
             "A fully connected classifier with %zu layers and %" PRIu64 " weights, of which %" PRIu64
             " are zero. Rows go in as they are in the data; their scaling is part of the graph.",
             network->layer_count, weights, pruned);
    onnx_writer_describe(d->model, "classifier", text);
    onnx_writer_input(d->model, "x", ONNX_FLOAT32, espalier_network_row_width(network),
                      "Rows as they are in the data, not scaled.");
    onnx_writer_output(d->model, "probabilities", ONNX_FLOAT32,
                       espalier_network_class_count(network),
                       "The probability of each class; their names are in the metadata 'classes'.");
}

/* Class names, and what else travels with the network. Once imported, it says that its scaling
 * is known: a graph does not show one that changes nothing. The history of pruning stays with
 * the model: it names every neuron that went. */
static espalier_status add_metadata(drawing *d, espalier_error *error)
{
    const espalier_network *network = d->network;
    char *classes = model_print_classes(network);
    if (!classes)
        return error_memory(error);
    onnx_writer_metadata(d->model, "classes", classes);
    memory_release(network->allocator, classes);
    if (network->scaling_count && espalier_network_metadata(network, "imported"))
        onnx_writer_metadata(d->model, "input_scaling", EXPORT_RAW_ROWS);
    for (size_t i = 0; i < network->metadata_count; i++)
        if (strcmp(network->metadata[i].key, "history") != 0)
            onnx_writer_metadata(d->model, network->metadata[i].key, network->metadata[i].value);
    return ESPALIER_OK;
}

espalier_status export_onnx(const espalier_network *network, const char *path,
                            const espalier_export_options *options, espalier_error *error)
{
    if (options->opset < ONNX_OPSET_LEAST || options->opset > ONNX_OPSET_MOST)
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "opset: expected %d to %d, found %d",
                         (int)ONNX_OPSET_LEAST, (int)ONNX_OPSET_MOST, options->opset);
    const espalier_status finite = model_check_finite(network, path, error);
    if (finite != ESPALIER_OK)
        return finite;
    drawing d = {.network = network,
                 .model = onnx_writer_create(network->allocator, options->opset)};
    if (!d.model)
        return error_memory(error);
    describe(&d);
    espalier_status status = add_layers(&d, options->gather, error);
    if (status == ESPALIER_OK)
        status = add_metadata(&d, error);
    if (status == ESPALIER_OK)
        status = onnx_writer_write(d.model, path, error);
    onnx_writer_destroy(d.model);
    first_layer_clear(network, &d.first);
    memory_release(network->allocator, d.pairs);
    return status;
}

#else
espalier_status export_onnx(const espalier_network *network, const char *path,
                            const espalier_export_options *options, espalier_error *error)
{
    (void)network, (void)options;
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: this build cannot write ONNX files; protobuf-c and onnx.proto "
                     "(libprotobuf-c-dev, protobuf-c-compiler, libonnx-dev) were missing when it "
                     "was made", path);
}
#endif
