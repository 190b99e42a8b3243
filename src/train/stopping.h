/* The rules that end a run before its last epoch (METHOD: docs/method.md). */
#ifndef TRAIN_STOPPING_H
#define TRAIN_STOPPING_H

#include <stdbool.h>

#include "espalier/train.h"

typedef struct stopping {
    double best;     /* m, the smallest validation loss so far; infinite at first */
    double previous; /* the loss of the epoch before; infinite at first */
    size_t strikes;
} stopping;

void stopping_reset(stopping *rules);

/* Looks at a finished epoch. held: an observer holds the run, or changed the
 * network in this epoch. Returns true and the reason when the run should end.
 *
 *   accuracy    training accuracy >= final_accuracy
 *   early stop  loss > factor m and loss > previous: one strike more;
 *               loss < factor m: strikes cleared; `strikes` of them end the run
 *
 * after-pruning: while held neither rule fires and m starts afresh. always (the
 * authors): held does not matter, and an epoch that sets a new m leaves the
 * strikes as they are. never: neither rule fires. */
bool stopping_update(stopping *rules, const espalier_train_options *options,
                     double training_accuracy, double validation_loss, bool held,
                     espalier_stopped_by *reason);

#endif
