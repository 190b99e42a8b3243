/* Finds and removes the weights with the lowest keys: exactly as many as asked,
 * ties in the order of layer, neuron, input.
 *
 * Radix selection: the key of the last weight to go is found 16 bits at a time
 * by counting digits, so there is no sort and no array of scores. Keys are computed
 * anew in each pass: one for the survey, one for each digit (two or four, fewer if
 * the first say all), one to take. Rows whose least and best key settle the
 * question are passed over. */
#ifndef PRUNE_SELECT_H
#define PRUNE_SELECT_H

#include "prune/criteria.h"
#include "prune/scratch.h"

typedef struct select_ranking {
    const criterion *criterion;
    criterion_context context;
} select_ranking;

/* Notes for every hidden neuron how many of its incoming weights the trial keeps and
 * the smallest and the largest key among them (work->layers[].kept, least, best). */
void select_survey(const select_ranking *ranking, scratch *work);

/* Removes `amount` weights of hidden layers first … first + count - 1 from the trial's
 * masks (1 to 0), passing over neurons that are protected.
 * Needs select_survey, and these layers' masks as they were then.
 * Returns how many went: fewer only if no more are left. */
uint64_t select_remove(const select_ranking *ranking, scratch *work, size_t first, size_t count,
                       uint64_t amount);

#endif
