/* Dead neurons by their paths: one sweep forward, one back. */
#include "net/dead.h"

#include <string.h>

size_t dead_state_count(const espalier_network *network)
{
    size_t count = 0;
    for (size_t l = 0; l + 1 < network->layer_count; l++)
        count += network->layers[l].outputs;
    return count;
}

/* before: states of the layer's inputs, or NULL where they are the network's own. */
static void mark_reached(const network_layer *layer, const uint8_t *before, uint8_t *states)
{
    for (size_t o = 0; o < layer->outputs; o++) {
        const uint8_t *row = layer->mask + o * layer->inputs;
        states[o] = 0;
        for (size_t i = 0; i < layer->inputs && !states[o]; i++)
            if (row[i] && (!before || before[i]))
                states[o] = NEURON_REACHED;
    }
}

/* after: states of the layer's outputs, or NULL where they are the classes. */
static void mark_used(const network_layer *layer, uint8_t *states, const uint8_t *after)
{
    for (size_t o = 0; o < layer->outputs; o++) {
        const uint8_t *row = layer->mask + o * layer->inputs;
        if (after && !(after[o] & NEURON_USED))
            continue;
        for (size_t i = 0; i < layer->inputs; i++)
            states[i] |= row[i] ? NEURON_USED : 0;
    }
}

void dead_find(const espalier_network *network, uint8_t *states)
{
    size_t hidden = network->layer_count - 1;
    uint8_t *here = states, *before = NULL, *after = NULL;
    for (size_t l = 0; l < hidden; l++) {
        mark_reached(&network->layers[l], before, here);
        before = here;
        here += network->layers[l].outputs;
    }
    for (size_t l = hidden; l > 0; l--) {
        here -= network->layers[l].inputs;
        mark_used(&network->layers[l], here, after);
        after = here;
    }
}
