/* The baseline: s_ji = |w_ji|. */
#include <math.h>

#include "prune/criteria.h"

static void keys(const criterion_context *context, size_t layer, size_t neuron, uint64_t *out)
{
    const network_layer *at = &context->network->layers[layer];
    const float *row = at->weights + neuron * at->inputs;
    for (size_t i = 0; i < at->inputs; i++)
        out[i] = criterion_key(fabs((double)row[i]));
}

const criterion criterion_magnitude = {
    .name = "magnitude",
    .summary = "the weight's magnitude",
    .needs_counts = false,
    .keys = keys,
    .score = criterion_key_score,
};
