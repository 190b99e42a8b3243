/* The control: s_ji uniform, drawn anew in each step. */
#include "base/random.h"
#include "prune/criteria.h"

/* A key depends on the seed, the step and the weight's place among all hidden weights. */
static void keys(const criterion_context *context, size_t layer, size_t neuron, uint64_t *out)
{
    const network_layer *layers = context->network->layers;
    uint64_t stream = random_stream(RANDOM_CRITERION, context->step);
    uint64_t first = (uint64_t)neuron * layers[layer].inputs;
    for (size_t l = 0; l < layer; l++)
        first += (uint64_t)layers[l].outputs * layers[l].inputs;
    for (size_t i = 0; i < layers[layer].inputs; i++)
        out[i] = random_bits(context->seed, stream, first + i);
}

/* The upper 53 bits as a number in [0, 1). */
static double score(uint64_t key)
{
    return (double)(key >> 11) * 0x1p-53;
}

const criterion criterion_random = {
    .name = "random",
    .summary = "chance, the control of a fair comparison",
    .needs_counts = false,
    .keys = keys,
    .score = score,
};
