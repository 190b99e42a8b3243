/* The paper's second variant: s_ji = c_j |w_ji|, in double precision. */
#include <math.h>
#include <string.h>

#include "math/clones.h"
#include "prune/criteria.h"

/* IEEE 754: the bits of non-negative doubles, read as integers, keep their order. */
VECTOR_CLONES
static void row_keys(const float *row, size_t size, double count, uint64_t *out)
{
    for (size_t i = 0; i < size; i++) {
        double product = count * fabs((double)row[i]);
        memcpy(out + i, &product, sizeof product);
    }
}

static void keys(const criterion_context *context, size_t layer, size_t neuron, uint64_t *out)
{
    const network_layer *at = &context->network->layers[layer];
    row_keys(at->weights + neuron * at->inputs, at->inputs, (double)at->activations[neuron], out);
}

static double score(uint64_t key)
{
    double product;
    memcpy(&product, &key, sizeof product);
    return product;
}

const criterion criterion_activation_weight = {
    .name = "activation-weight",
    .summary = "that count times the weight's magnitude",
    .needs_counts = true,
    .key_bits = 64,
    .keys = keys,
    .score = score,
};
