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

/* What the shifts of a neuron may come to: floats keep 2^-24 of them each, about 0.001. */
static const double reach_most = 16384.0;

/* One neuron. The products of a sum of many inputs of any size are added as doubles, by the weights
 * as they are rounded: where x stays near its shift, the two cancel. reach: of those products. */
static bool fold_into(const espalier_network *network, float *weights, float *bias, double *reach)
{
    double sum = (double)*bias;
    bool finite = true;
    *reach = 0.0;
    for (size_t i = 0; i < network->original_widths[0]; i++) {
        size_t pair = network->scaling_count > 1 ? i : 0;
        double folded = (double)weights[i] * (double)network->scale[pair];
        weights[i] = (float)folded;
        sum -= (double)weights[i] * (double)network->shift[pair];
        *reach += fabs(folded * (double)network->shift[pair]);
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
    for (size_t o = 0; fold && o < from->outputs; o++) {
        double reach;
        const bool finite = fold_into(network, weights + o * width, &biases[o], &reach);
        if (finite && reach <= reach_most)
            continue;
        first_layer_clear(network, layer);
        return error_set(error, ESPALIER_ERROR_NUMERIC,
                         "the input scaling cannot be folded into the weights: neuron %zu of the first "
                         "layer %s", o,
                         finite ? "adds up numbers so large that float32 keeps too little of their "
                                  "difference (inputs far from 0 that vary little)"
                                : "gets a number beyond float32");
    }
    return ESPALIER_OK;
}

void first_layer_clear(const espalier_network *network, first_layer *layer)
{
    memory_release(network->allocator, layer->owned);
    layer->owned = NULL;
}
