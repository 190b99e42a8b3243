/* The paper's second variant: s_ji = c_j |w_ji|, in double precision. */
#include <math.h>

#include "prune/criteria.h"

static void keys(const criterion_context *context, size_t layer, size_t neuron, uint64_t *out)
{
    const network_layer *at = &context->network->layers[layer];
    const float *row = at->weights + neuron * at->inputs;
    double count = (double)at->activations[neuron];
    for (size_t i = 0; i < at->inputs; i++)
        out[i] = criterion_key(count * fabs((double)row[i]));
}

const criterion criterion_activation_weight = {
    .name = "activation-weight",
    .summary = "that count times the weight's magnitude",
    .needs_counts = true,
    .keys = keys,
    .score = criterion_key_score,
};
