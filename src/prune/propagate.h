/* What happens to neurons that a step has cut off. */
#ifndef PRUNE_PROPAGATE_H
#define PRUNE_PROPAGATE_H

#include "espalier/prune.h"
#include "prune/scratch.h"

/* Live neurons of hidden layer `layer` in the trial: those with a kept incoming and
 * a kept outgoing weight. live [outputs], written. Returns their number. */
size_t propagate_live(const scratch *work, size_t layer, uint8_t *live);

/* Removes from the trial what dead neurons leave behind; returns how many weights.
 *
 * A hidden neuron j without incoming weights is the constant f(b_j), one
 * without outgoing ones is of no effect.
 *   FOLD     both go, with all their weights and their bias, those to the output
 *            layer included, until nothing changes; the constants move on:
 *              b_k += sum over dead j of w_kj f(b_j), summed in double
 *   DROP     the same without the constants
 *   AUTHORS  a neuron that had all its incoming weights before the step
 *            (work->layers[].kept) and has none now loses its outgoing ones
 *            towards hidden layers; once, biases untouched
 *   KEEP     nothing
 *
 * Needs select_survey (AUTHORS) and a network whose weights are still those of
 * before the step (FOLD). */
uint64_t propagate_dead(scratch *work, espalier_dead mode);

#endif
