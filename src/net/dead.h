/* Which hidden neurons still carry something from the inputs to the classes. */
#ifndef NET_DEAD_H
#define NET_DEAD_H

#include "net/network.h"

/* What is known of a hidden neuron at the fixed point. */
enum {
    NEURON_REACHED = 1, /* some input leads to it along kept weights; else it is constant */
    NEURON_USED = 2,    /* it leads to some class along kept weights; else it is idle */
    NEURON_ALIVE = NEURON_REACHED | NEURON_USED
};

/* Hidden neurons of all layers together: the length of `states` below. */
size_t dead_state_count(const espalier_network *network);

/* states: one byte for each hidden neuron, layer after layer, written whole.
 *
 * This is where taking out dead neurons again and again, in both directions,
 * comes to rest: a neuron that is both reached and used has a whole path through
 * neurons that are both, so none of them ever loses its last weight.
 * Cost: reads every mask twice; allocates nothing. */
void dead_find(const espalier_network *network, uint8_t *states);

#endif
