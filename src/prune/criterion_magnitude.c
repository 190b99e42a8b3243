/* The baseline: s_ji = |w_ji|. */
#include <string.h>

#include "math/clones.h"
#include "prune/criteria.h"

/* IEEE 754: without the sign, the bits of floats read as integers keep their order. */
VECTOR_CLONES
static void row_keys(const float *row, size_t count, uint64_t *out)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, row + i, sizeof bits);
        out[i] = bits & 0x7fffffff;
    }
}

static void keys(const criterion_context *context, size_t layer, size_t neuron, uint64_t *out)
{
    const network_layer *at = &context->network->layers[layer];
    row_keys(at->weights + neuron * at->inputs, at->inputs, out);
}

static double score(uint64_t key)
{
    uint32_t bits = (uint32_t)key;
    float magnitude;
    memcpy(&magnitude, &bits, sizeof magnitude);
    return (double)magnitude;
}

const criterion criterion_magnitude = {
    .name = "magnitude",
    .summary = "the weight's magnitude",
    .needs_counts = false,
    .key_bits = 32,
    .keys = keys,
    .score = score,
};
