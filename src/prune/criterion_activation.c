/* The paper's method: s_ji = c_j, how many inputs activated neuron j. */
#include "prune/criteria.h"

static void keys(const criterion_context *context, size_t layer, size_t neuron, uint64_t *out)
{
    const network_layer *at = &context->network->layers[layer];
    uint64_t count = at->activations[neuron];
    for (size_t i = 0; i < at->inputs; i++)
        out[i] = count;
}

static double score(uint64_t key)
{
    return (double)key;
}

const criterion criterion_activation = {
    .name = "activation",
    .summary = "how many training inputs activated the neuron (the paper)",
    .needs_counts = true,
    .key_bits = 64,
    .keys = keys,
    .score = score,
};
