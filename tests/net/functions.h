/* Activations for tests: one of each kind, and what they give, written another way than
 * the library does. */
#ifndef TESTS_NET_FUNCTIONS_H
#define TESTS_NET_FUNCTIONS_H

#include <math.h>

#include "net/network.h"

typedef struct function_kind {
    espalier_activation activation;
    float slope;
} function_kind;

static const function_kind function_kinds[] = {
    {ESPALIER_RELU, 0.0f},        {ESPALIER_LINEAR, 0.0f},     {ESPALIER_LEAKY_RELU, 0.01f},
    {ESPALIER_SIGMOID, 0.0f},     {ESPALIER_TANH, 0.0f},       {ESPALIER_LEAKY_RELU, 0.25f},
    {ESPALIER_LEAKY_RELU, 0.0f},  {ESPALIER_LEAKY_RELU, 2.0f}, {ESPALIER_LEAKY_RELU, -0.5f},
};

/* Those in front can be trained. */
enum {
    FUNCTION_KINDS = sizeof function_kinds / sizeof *function_kinds,
    TRAINED_KINDS = FUNCTION_KINDS - 1
};

static inline double function_at(espalier_activation activation, float slope, double z)
{
    if (activation == ESPALIER_RELU)
        return fmax(z, 0.0);
    if (activation == ESPALIER_LEAKY_RELU)
        return fmax(z, 0.0) + (double)slope * fmin(z, 0.0);
    if (activation == ESPALIER_SIGMOID)
        return 0.5 + 0.5 * tanh(0.5 * z);
    if (activation == ESPALIER_TANH)
        return 1.0 - 2.0 / (exp(2.0 * z) + 1.0);
    return z;
}

/* The derivative at z. */
static inline double function_slope_at(espalier_activation activation, float slope, double z)
{
    if (activation == ESPALIER_RELU)
        return z > 0.0;
    if (activation == ESPALIER_LEAKY_RELU)
        return z > 0.0 ? 1.0 : (double)slope;
    if (activation == ESPALIER_SIGMOID)
        return 0.25 / (cosh(0.5 * z) * cosh(0.5 * z));
    if (activation == ESPALIER_TANH)
        return 1.0 / (cosh(z) * cosh(z));
    return 1.0;
}

/* A layer's activation, without asking the library. */
static inline void set_function(network_layer *layer, const function_kind *kind)
{
    layer->activation = kind->activation;
    layer->slope = kind->slope;
}

/* Those of all hidden layers by the digits of a code, in a system of `kinds` digits: 0 is
 * ReLU everywhere. */
static inline void set_functions(espalier_network *network, size_t code, size_t kinds)
{
    for (size_t l = 0; l + 1 < network->layer_count; l++, code /= kinds)
        set_function(&network->layers[l], &function_kinds[code % kinds]);
}

#endif
