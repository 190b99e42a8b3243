/* How much by which step, and when a step is due.
 *
 * Fractions here are of whatever the target is a fraction of; turning them into
 * numbers of weights is scope.h's affair. */
#ifndef PRUNE_SCHEDULE_H
#define PRUNE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

/* Fraction pruned after `done` of `steps` steps with the shares ratio^k / sum:
 *   target * (ratio^0 + … + ratio^(done-1)) / (ratio^0 + … + ratio^(steps-1))
 * 0 for done = 0, exactly the target from done = steps on. */
double schedule_shares(double target, double ratio, size_t steps, size_t done);

/* Zhu & Gupta 2017, equation 1, from a sparsity of 0: target (1 - (1 - done/steps)^3). */
double schedule_cubic(double target, size_t steps, size_t done);

/* Cuts of the cubic schedule: one every `interval` batches over `epochs` epochs,
 * the last at the end of them. */
size_t schedule_cubic_cuts(size_t epochs, size_t batches, size_t interval);
/* True when after `finished` batches of the whole run another cut is due. */
bool schedule_cubic_due(size_t epochs, size_t batches, size_t interval, size_t done,
                        size_t finished);

/* The accuracy trigger. */
typedef struct schedule_watch {
    double best;   /* training accuracy since the last step; below 0: none yet */
    size_t waited; /* epochs since then without a new best */
} schedule_watch;

typedef enum schedule_verdict {
    SCHEDULE_WAIT,
    SCHEDULE_DUE,   /* the accuracy is there */
    SCHEDULE_FORCED /* patience has run out */
} schedule_verdict;

/* Begins to wait for the next step. */
void schedule_watch_start(schedule_watch *watch);

/* Looks at an epoch: step k of n is due at start + k (final - start) / n, or
 * after `patience` (0 = for ever) epochs without a new best. */
schedule_verdict schedule_watch_epoch(schedule_watch *watch, double accuracy, double start,
                                      double final, size_t k, size_t n, size_t patience);

#endif
