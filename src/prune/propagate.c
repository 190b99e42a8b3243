/* Propagation from dead neurons, forward and backward. */
#include "prune/propagate.h"

#include <string.h>

#include "math/clones.h"

static bool any(const uint8_t *mask, size_t count)
{
    return memchr(mask, 1, count) != NULL;
}

static size_t skip_ones(const uint8_t *flags, size_t from, size_t count)
{
    while (from < count && flags[from])
        from++;
    return from;
}

/* flags[j] = 1 where a row of `next` reads neuron j. In a network with many weights
 * a few rows read all; what is in front of the first unread neuron is left out. */
VECTOR_CLONES
static void find_read(const scratch_layer *next, const uint8_t *mask, uint8_t *flags)
{
    size_t count = next->inputs, unread = 0;
    memset(flags, 0, count);
    for (size_t k = 0; k < next->outputs && unread < count; k++) {
        for (size_t j = unread; j < count; j++)
            flags[j] |= mask[k * count + j];
        unread = skip_ones(flags, unread, count);
    }
}

size_t propagate_live(const scratch *work, size_t layer, uint8_t *live)
{
    const scratch_layer *at = &work->layers[layer];
    size_t count = 0;
    find_read(at + 1, work->trial[layer + 1], live);
    for (size_t j = 0; j < at->outputs; j++) {
        live[j] = live[j] && any(work->trial[layer] + j * at->inputs, at->inputs);
        count += live[j];
    }
    return count;
}

/* Takes away what layer `next` reads from the listed neurons of the layer before;
 * with `fold` their constants move into the biases of `next`. */
static uint64_t cut_outgoing(scratch *work, size_t next, size_t listed, bool fold)
{
    const network_layer *layer = &work->network->layers[next];
    const float *constants = work->biases[next - 1];
    uint64_t removed = 0;
    for (size_t k = 0; k < layer->outputs && listed; k++) {
        uint8_t *row = work->trial[next] + k * layer->inputs;
        const float *weights = layer->weights + k * layer->inputs;
        double bias = (double)work->biases[next][k];
        for (size_t d = 0; d < listed; d++) {
            size_t j = work->list[d];
            if (!row[j])
                continue;
            row[j] = 0;
            removed++;
            if (fold)
                bias += (double)weights[j] * network_constant(layer - 1, (double)constants[j]);
        }
        work->biases[next][k] = (float)bias;
    }
    return removed;
}

/* Neurons of a layer without incoming weights lose the outgoing ones. */
static uint64_t forward(scratch *work, size_t l, bool fold)
{
    const scratch_layer *layer = &work->layers[l];
    size_t dead = 0;
    for (size_t j = 0; j < layer->outputs; j++)
        if (!any(work->trial[l] + j * layer->inputs, layer->inputs))
            work->list[dead++] = j;
    return cut_outgoing(work, l + 1, dead, fold);
}

/* Neurons of a layer without outgoing weights lose the incoming ones and the
 * bias, among them those that forward() has cut off. */
static uint64_t backward(scratch *work, size_t l)
{
    const scratch_layer *layer = &work->layers[l];
    uint64_t removed = 0;
    find_read(layer + 1, work->trial[l + 1], work->flags);
    for (size_t j = 0; j < layer->outputs; j++) {
        uint8_t *row = work->trial[l] + j * layer->inputs;
        if (work->flags[j])
            continue;
        for (size_t i = 0; i < layer->inputs; i++)
            removed += row[i];
        memset(row, 0, layer->inputs);
        work->biases[l][j] = 0.0f;
    }
    return removed;
}

/* From the last layer to the first, so that each is judged by what the ranking
 * alone has left of it. */
static uint64_t authors(scratch *work)
{
    uint64_t removed = 0;
    for (size_t l = work->hidden - 1; l-- > 0;) {
        const scratch_layer *layer = &work->layers[l];
        size_t cut = 0;
        for (size_t j = 0; j < layer->outputs; j++)
            if (layer->kept[j] == layer->inputs &&
                !any(work->trial[l] + j * layer->inputs, layer->inputs))
                work->list[cut++] = j;
        removed += cut_outgoing(work, l + 1, cut, false);
    }
    return removed;
}

uint64_t propagate_dead(scratch *work, espalier_dead mode)
{
    uint64_t removed = 0;
    if (mode == ESPALIER_DEAD_KEEP)
        return 0;
    if (mode == ESPALIER_DEAD_AUTHORS)
        return authors(work);
    /* One sweep each way is the fixed point: a neuron that dies forward is seen by
     * the next layer in the same sweep; what goes backward belonged to neurons
     * that nobody reads, so it cuts no incoming weight of a neuron in use. */
    for (size_t l = 0; l < work->hidden; l++)
        removed += forward(work, l, mode == ESPALIER_DEAD_FOLD);
    for (size_t l = work->hidden; l-- > 0;)
        removed += backward(work, l);
    return removed;
}
