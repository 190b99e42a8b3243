/* The functions of layers: as they are defined, and as passes over many values. */
#include "net/activation.h"

#include <math.h>

#include "math/clones.h"
#include "math/pass.h"

double activation_at(espalier_activation activation, float slope, double z)
{
    switch (activation) {
    case ESPALIER_RELU:
        return z < 0.0 ? 0.0 : z;
    case ESPALIER_LEAKY_RELU:
        return z > 0.0 ? z : (double)slope * z;
    case ESPALIER_SIGMOID:
        return 1.0 / (1.0 + exp(z < (double)SIGMOID_LEAST ? -(double)SIGMOID_LEAST : -z));
    case ESPALIER_TANH:
        return tanh(z);
    default:
        return z;
    }
}

/* ---- forward ------------------------------------------------------------ */

VECTOR_CLONES
static void leak(float *y, size_t count, float slope)
{
    for (size_t i = 0; i < count; i++)
        y[i] = y[i] > 0.0f ? y[i] : slope * y[i];
}

/* e = max(factor |z|, SIGMOID_LEAST), factor < 0: where the exponentials are not 0. */
VECTOR_CLONES
static void exponents(const float *restrict z, size_t count, float factor, float *restrict e)
{
    for (size_t i = 0; i < count; i++) {
        const float exponent = factor * fabsf(z[i]);
        e[i] = exponent < SIGMOID_LEAST ? SIGMOID_LEAST : exponent;
    }
}

/* With e = e^-|z|:  1 / (1 + e^-z) = (z > 0 ? 1 : e) / (1 + e). */
VECTOR_CLONES
static void sigmoid(float *restrict z, size_t count, const float *restrict e)
{
    for (size_t i = 0; i < count; i++)
        z[i] = (z[i] > 0.0f ? 1.0f : e[i]) / (1.0f + e[i]);
}

/* With e = e^-2|z|:  tanh |z| = (1 - e) / (1 + e). Where e is near 1 that loses digits;
 * there Lambert's continued fraction  z / (1 + z^2 / (3 + z^2 / (5 + z^2 / (7 + z^2 / 9)))),
 * which is off by less than 1e-10 up to 1/2. */
VECTOR_CLONES
static void hyperbolic_tangent(float *restrict z, size_t count, const float *restrict e)
{
    for (size_t i = 0; i < count; i++) {
        const float w = z[i] * z[i], large = (1.0f - e[i]) / (1.0f + e[i]);
        const float small = z[i] * (945.0f + w * (105.0f + w)) / (945.0f + w * (420.0f + 15.0f * w));
        z[i] = w < 0.25f ? small : copysignf(large, z[i]);
    }
}

/* Exponents of so many values at a time. */
enum { PIECE = 256 };

static void exponential_form(const math_kernels *kernels, bool is_tanh, float *y, size_t count)
{
    float e[PIECE];
    for (size_t first = 0; first < count; first += PIECE) {
        const size_t piece = count - first < PIECE ? count - first : PIECE;
        exponents(y + first, piece, is_tanh ? -2.0f : -1.0f, e);
        kernels->exponentials(e, piece);
        (is_tanh ? hyperbolic_tangent : sigmoid)(y + first, piece, e);
    }
}

/* max(y, 0), a NaN stays. */
VECTOR_CLONES
static void rectify(float *y, size_t count)
{
    for (size_t i = 0; i < count; i++)
        y[i] = y[i] < 0.0f ? 0.0f : y[i];
}

void activation_apply(const math_kernels *kernels, espalier_activation activation, float slope,
                      float *y, size_t count)
{
    if (activation == ESPALIER_RELU)
        rectify(y, count);
    else if (activation == ESPALIER_LEAKY_RELU)
        leak(y, count, slope);
    else if (activation != ESPALIER_LINEAR)
        exponential_form(kernels, activation == ESPALIER_TANH, y, count);
}

void activation_with_bias(const math_kernels *kernels, espalier_activation activation, float slope,
                          float *y, size_t rows, size_t count, size_t stride, const float *bias)
{
    if (activation == ESPALIER_RELU) {
        pass_bias_relu(y, rows, count, stride, bias);
        return;
    }
    pass_bias(y, rows, count, stride, bias);
    for (size_t r = 0; activation != ESPALIER_LINEAR && r < rows; r++)
        activation_apply(kernels, activation, slope, y + r * stride, count);
}

/* ---- backward ----------------------------------------------------------- */

VECTOR_CLONES
static void leaky_backward(float *restrict d, const float *restrict y, size_t count, float slope)
{
    for (size_t i = 0; i < count; i++)
        d[i] = y[i] > 0.0f ? d[i] : slope * d[i];
}

VECTOR_CLONES
static void sigmoid_backward(float *restrict d, const float *restrict y, size_t count)
{
    for (size_t i = 0; i < count; i++)
        d[i] *= y[i] * (1.0f - y[i]);
}

VECTOR_CLONES
static void tanh_backward(float *restrict d, const float *restrict y, size_t count)
{
    for (size_t i = 0; i < count; i++)
        d[i] *= 1.0f - y[i] * y[i];
}

void activation_backward(espalier_activation activation, float slope, float *d, const float *y,
                         size_t rows, size_t count, size_t stride)
{
    if (activation == ESPALIER_RELU) {
        pass_relu_backward(d, y, rows, count, stride);
        return;
    }
    for (size_t r = 0; r < rows; r++, d += stride, y += stride) {
        if (activation == ESPALIER_LEAKY_RELU)
            leaky_backward(d, y, count, slope);
        else if (activation == ESPALIER_SIGMOID)
            sigmoid_backward(d, y, count);
        else if (activation == ESPALIER_TANH)
            tanh_backward(d, y, count);
    }
}
