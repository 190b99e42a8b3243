/* Whole rows into the first layer: columns of zeros, and scaling folded in. */
#include "export/first_layer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "net/network.h"

static void widen(const espalier_network *network, float *weights)
{
    const network_layer *from = &network->layers[0];
    size_t width = network->original_widths[0];
    for (size_t o = 0; o < from->outputs; o++)
        for (size_t i = 0; i < from->inputs; i++)
            weights[o * width + (network->kept_inputs ? network->kept_inputs[i] : i)] =
                from->weights[o * from->inputs + i];
}

/* One neuron. The products of a sum of many inputs of any size are added as doubles. */
static bool fold_into(const espalier_network *network, float *weights, float *bias)
{
    double sum = (double)*bias;
    bool finite = true;
    for (size_t i = 0; i < network->original_widths[0]; i++) {
        size_t pair = network->scaling_count > 1 ? i : 0;
        double folded = (double)weights[i] * (double)network->scale[pair];
        weights[i] = (float)folded;
        sum -= folded * (double)network->shift[pair];
        finite = finite && isfinite(weights[i]);
    }
    *bias = (float)sum;
    return finite && isfinite(*bias);
}

espalier_status first_layer_make(const espalier_network *network, bool fold, first_layer *layer,
                                 espalier_error *error)
{
    const network_layer *from = &network->layers[0];
    size_t width = network->original_widths[0];
    fold = fold && network->scaling_count;
    *layer = (first_layer){width, from->weights, from->biases, NULL};
    if (!fold && !network->kept_inputs)
        return ESPALIER_OK;
    float *weights = memory_array(network->allocator, from->outputs, (width + 1) * sizeof *weights);
    if (!weights)
        return error_memory(error);
    float *biases = weights + from->outputs * width;
    widen(network, weights);
    memcpy(biases, from->biases, from->outputs * sizeof *biases);
    *layer = (first_layer){width, weights, biases, weights};
    for (size_t o = 0; fold && o < from->outputs; o++)
        if (!fold_into(network, weights + o * width, &biases[o])) {
            first_layer_clear(network, layer);
            return error_set(error, ESPALIER_ERROR_NUMERIC,
                             "the input scaling cannot be folded into the weights: neuron %zu of "
                             "the first layer gets a number beyond float32", o);
        }
    return ESPALIER_OK;
}

void first_layer_clear(const espalier_network *network, first_layer *layer)
{
    memory_release(network->allocator, layer->owned);
    layer->owned = NULL;
}
