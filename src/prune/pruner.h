/* The pruner's inside: what pruner.c makes, step.c moves and observer.c drives. */
#ifndef PRUNE_PRUNER_H
#define PRUNE_PRUNER_H

#include "prune/ledger.h"
#include "prune/schedule.h"
#include "prune/scope.h"

struct espalier_pruner {
    const espalier_allocator *allocator;
    espalier_prune_options options; /* criterion: the table's own text */
    const criterion *criterion;
    size_t steps; /* to take in all; the cubic trigger replaces them when it knows the batches */
    scratch work;
    scope_plan plan;
    ledger book; /* its step_count is the number of steps taken */
    schedule_watch watch;
    bool pending, forced; /* a step has been announced and not yet taken; by patience */
};

/* pruner_state.c: how a pruner goes into a checkpoint. */
extern const espalier_keeper pruner_keeper;

/* When a step happens; for the record. */
typedef struct pruner_moment {
    size_t epoch;
    double training_accuracy; /* NaN: none */
    bool forced;
} pruner_moment;

/* Takes the next step on the network: all or nothing.
 * Errors: those of espalier_pruner_step. */
espalier_status pruner_take_step(espalier_pruner *pruner, espalier_network *network,
                                 const pruner_moment *moment, espalier_error *error);

#endif
