/* Propagation from dead neurons, forward and backward. */
#include "prune/propagate.h"

#include <string.h>

static bool any(const uint8_t *mask, size_t count)
{
    return memchr(mask, 1, count) != NULL;
}

/* flags[j] = 1 where a row of `next` reads neuron j. */
static void find_read(const scratch_layer *next, const uint8_t *mask, uint8_t *flags)
{
    memset(flags, 0, next->inputs);
    for (size_t k = 0; k < next->outputs; k++)
        for (size_t j = 0; j < next->inputs; j++)
            flags[j] |= mask[k * next->inputs + j];
}

size_t propagate_live(const scratch *work, uint8_t *const *masks, size_t layer, uint8_t *live)
{
    const scratch_layer *at = &work->layers[layer];
    size_t count = 0;
    find_read(at + 1, masks[layer + 1], live);
    for (size_t j = 0; j < at->outputs; j++) {
        live[j] = live[j] && any(masks[layer] + j * at->inputs, at->inputs);
        count += live[j];
    }
    return count;
}

static double relu(float value)
{
    return value > 0.0f ? (double)value : 0.0;
}

/* Takes away what layer `next` reads from flagged neurons; with `biases` (those
 * of the layer before) their constants move into the biases of `next`. */
static uint64_t cut_outgoing(network_layer *next, uint8_t *mask, const uint8_t *flags,
                             const float *biases)
{
    uint64_t removed = 0;
    for (size_t k = 0; k < next->outputs; k++) {
        uint8_t *row = mask + k * next->inputs;
        const float *weights = next->weights + k * next->inputs;
        double bias = (double)next->biases[k];
        for (size_t j = 0; j < next->inputs; j++) {
            if (!flags[j] || !row[j])
                continue;
            row[j] = 0;
            removed++;
            bias += biases ? (double)weights[j] * relu(biases[j]) : 0.0;
        }
        if (biases)
            next->biases[k] = (float)bias;
    }
    return removed;
}

/* Neurons of a layer without incoming weights lose the outgoing ones. */
static uint64_t forward(espalier_network *network, scratch *work, uint8_t *const *masks, size_t l,
                        espalier_dead mode, bool biases)
{
    network_layer *layer = &network->layers[l];
    size_t dead = 0;
    for (size_t j = 0; j < layer->outputs; j++)
        dead += work->flags[j] = !any(masks[l] + j * layer->inputs, layer->inputs);
    if (dead == 0)
        return 0;
    const float *constants = biases && mode == ESPALIER_DEAD_FOLD ? layer->biases : NULL;
    return cut_outgoing(layer + 1, masks[l + 1], work->flags, constants);
}

/* Neurons of a layer without outgoing weights lose the incoming ones and the
 * bias, among them those that forward() has cut off. */
static uint64_t backward(espalier_network *network, scratch *work, uint8_t *const *masks, size_t l,
                         bool biases)
{
    network_layer *layer = &network->layers[l];
    uint64_t removed = 0;
    find_read(&work->layers[l + 1], masks[l + 1], work->flags);
    for (size_t j = 0; j < layer->outputs; j++) {
        uint8_t *row = masks[l] + j * layer->inputs;
        if (work->flags[j])
            continue;
        for (size_t i = 0; i < layer->inputs; i++)
            removed += row[i];
        memset(row, 0, layer->inputs);
        if (biases)
            layer->biases[j] = 0.0f;
    }
    return removed;
}

/* From the last layer to the first, so that each is judged by what the ranking
 * alone has left of it. */
static uint64_t authors(espalier_network *network, scratch *work, uint8_t *const *masks)
{
    uint64_t removed = 0;
    for (size_t l = work->hidden - 1; l-- > 0;) {
        const scratch_layer *layer = &work->layers[l];
        for (size_t j = 0; j < layer->outputs; j++)
            work->flags[j] = layer->incoming[j] == INCOMING_ALL &&
                             !any(masks[l] + j * layer->inputs, layer->inputs);
        removed += cut_outgoing(&network->layers[l + 1], masks[l + 1], work->flags, NULL);
    }
    return removed;
}

uint64_t propagate_dead(espalier_network *network, scratch *work, uint8_t *const *masks,
                        espalier_dead mode, bool biases)
{
    uint64_t removed = 0;
    if (mode == ESPALIER_DEAD_KEEP)
        return 0;
    if (mode == ESPALIER_DEAD_AUTHORS)
        return authors(network, work, masks);
    /* One sweep each way is the fixed point: a neuron that dies forward is seen by
     * the next layer in the same sweep; what goes backward belonged to neurons
     * that nobody reads, so it cuts no incoming weight of a neuron in use. */
    for (size_t l = 0; l < work->hidden; l++)
        removed += forward(network, work, masks, l, mode, biases);
    for (size_t l = work->hidden; l-- > 0;)
        removed += backward(network, work, masks, l, biases);
    return removed;
}
