/* The plain forward pass: one product, one bias, one ReLU for each layer. */
#include "net/forward.h"

#include <math.h>
#include <string.h>

/* Y [rows][outputs] = X [rows][inputs] W^T + 1 b^T, W [outputs][inputs]; then
 * max(0, y) for a hidden layer. A NaN stays a NaN, so that nothing hides it. */
void forward_layer(const espalier_network *network, size_t layer, const math_backend *math,
                   const float *x, size_t rows, float *y)
{
    const network_layer *here = &network->layers[layer];
    size_t inputs = here->inputs, outputs = here->outputs;
    for (size_t r = 0; r < rows; r++)
        memcpy(y + r * outputs, here->biases, outputs * sizeof *y);
    math->gemm(false, true, rows, outputs, inputs, x, inputs, here->weights, inputs, true, y,
               outputs);
    if (layer + 1 == network->layer_count)
        return;
    for (size_t i = 0, count = rows * outputs; i < count; i++)
        y[i] = y[i] < 0.0f ? 0.0f : y[i];
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
