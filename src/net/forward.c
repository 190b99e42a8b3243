/* The plain forward pass: one product, one bias, one activation for each layer. */
#include "net/forward.h"

#include <math.h>
#include <string.h>

#include "net/activation.h"

/* Y [rows][outputs] = f(X [rows][inputs] W^T + 1 b^T), W [outputs][inputs], f the layer's
 * activation. A NaN stays a NaN, so that nothing hides it. */
void forward_layer(const espalier_network *network, size_t layer, const math_backend *math,
                   const float *x, size_t rows, float *y)
{
    const network_layer *here = &network->layers[layer];
    size_t inputs = here->inputs, outputs = here->outputs;
    for (size_t r = 0; r < rows; r++)
        memcpy(y + r * outputs, here->biases, outputs * sizeof *y);
    math->gemm(false, true, rows, outputs, inputs, x, inputs, here->weights, inputs, true, y,
               outputs);
    for (size_t i = 0, count = rows * outputs; i < count; i++)
        y[i] = (float)activation_at(here->activation, here->slope, (double)y[i]);
}

/* p_i = exp(z_i - max z) / sum_j exp(z_j - max z). */
void forward_softmax(float *values, size_t rows, size_t count)
{
    for (size_t r = 0; r < rows; r++, values += count) {
        float largest = values[0];
        double sum = 0.0;
        for (size_t i = 1; i < count; i++)
            largest = values[i] > largest ? values[i] : largest;
        for (size_t i = 0; i < count; i++) {
            values[i] = expf(values[i] - largest);
            sum += (double)values[i];
        }
        for (size_t i = 0; i < count; i++)
            values[i] = (float)((double)values[i] / sum);
    }
}

static size_t widest(const espalier_network *network)
{
    size_t most = network->layers[0].inputs;
    for (size_t l = 0; l < network->layer_count; l++)
        if (network->layers[l].outputs > most)
            most = network->layers[l].outputs;
    return most;
}

size_t forward_workspace(const espalier_network *network, size_t rows)
{
    return 2 * rows * widest(network);
}

/* x' = (x - shift) scale of the inputs that the first layer reads. */
static void pick_inputs(const espalier_network *network, const float *values, size_t rows, float *x)
{
    size_t width = network->original_widths[0], inputs = network->layers[0].inputs;
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < inputs; i++) {
            size_t column = network->kept_inputs ? (size_t)network->kept_inputs[i] : i;
            size_t pair = network->scaling_count > 1 ? column : 0;
            float value = values[r * width + column];
            x[r * inputs + i] = network->scaling_count
                                    ? (value - network->shift[pair]) * network->scale[pair]
                                    : value;
        }
    }
}

void forward_rows(const espalier_network *network, const math_backend *math, const float *values,
                  size_t rows, float *probabilities, float *workspace)
{
    size_t last = network->layer_count - 1;
    float *x = workspace, *y = workspace + rows * widest(network), *other;
    pick_inputs(network, values, rows, x);
    for (size_t l = 0; l <= last; l++) {
        forward_layer(network, l, math, x, rows, l < last ? y : probabilities);
        other = x, x = y, y = other;
    }
    forward_softmax(probabilities, rows, network->layers[last].outputs);
}
