/* What happens to neurons that a step has cut off. */
#ifndef PRUNE_PROPAGATE_H
#define PRUNE_PROPAGATE_H

#include "espalier/prune.h"
#include "prune/scratch.h"

/* Live neurons of hidden layer `layer` under these masks: those with a kept
 * incoming and a kept outgoing weight. live [outputs], written. Returns their number. */
size_t propagate_live(const scratch *work, uint8_t *const *masks, size_t layer, uint8_t *live);

/* Removes from the masks what dead neurons leave behind; returns how many weights.
 *
 * A hidden neuron j without incoming weights is the constant relu(b_j), one
 * without outgoing ones is of no effect.
 *   FOLD     both go, with all their weights and their bias, those to the output
 *            layer included, until nothing changes; the constants move on:
 *              b_k += sum over dead j of w_kj relu(b_j), summed in double
 *   DROP     the same without the constants
 *   AUTHORS  a neuron that had all its incoming weights before the step
 *            (work->layers[].incoming) and has none now loses its outgoing ones
 *            towards hidden layers; once, biases untouched
 *   KEEP     nothing
 *
 * biases   false: masks only, the network's biases and weights are not touched;
 *          true: biases are written; weights still hold what they had before the
 *          step and are left to espalier_network_apply_masks(). */
uint64_t propagate_dead(espalier_network *network, scratch *work, uint8_t *const *masks,
                        espalier_dead mode, bool biases);

#endif
