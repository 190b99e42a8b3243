/* Finds and removes the weights with the lowest keys: exactly as many as asked,
 * ties in the order of layer, neuron, input.
 *
 * Radix selection: the key of the last weight to go is found 16 bits at a time
 * by counting digits, so there is no sort and no array of scores; keys are
 * computed anew in each of the at most five passes. */
#ifndef PRUNE_SELECT_H
#define PRUNE_SELECT_H

#include "prune/criteria.h"
#include "prune/scratch.h"

typedef struct select_ranking {
    const criterion *criterion;
    criterion_context context;
} select_ranking;

/* Notes for every hidden neuron how much of it is kept and the largest key
 * among its kept incoming weights (work->layers[].incoming, best). */
void select_survey(const select_ranking *ranking, scratch *work);

/* Removes `amount` weights of hidden layers first … first + count - 1 from the
 * masks (1 to 0), passing over neurons that are protected.
 * Needs select_survey. Returns how many went: fewer only if no more are left. */
uint64_t select_remove(const select_ranking *ranking, scratch *work, size_t first, size_t count,
                       uint64_t amount, uint8_t *const *masks);

#endif
