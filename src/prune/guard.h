/* The guard against collapse: finds out which neurons a step must leave alone
 * so that every hidden layer keeps enough live neurons. Works on trial masks. */
#ifndef PRUNE_GUARD_H
#define PRUNE_GUARD_H

#include "espalier/prune.h"
#include "prune/scope.h"
#include "prune/select.h"

typedef struct guard_outcome {
    uint64_t by_rank, by_propagation; /* weights that the step removes */
    size_t guarded;                   /* neurons alive only by protection */
} guard_outcome;

/* Tries the step until it leaves at least min_neurons live neurons in every
 * hidden layer (or as many as there are).
 *
 * A layer that would be left with fewer keeps its best min_neurons neurons: the
 * largest key among their incoming weights counts, of equal ones the first in
 * the layer. The step then takes its weights elsewhere. If a layer still
 * collapses, since its neurons hang on others that die, one more neuron of every
 * hidden layer is protected, and so on. It ends: each round protects at least
 * one more, and with all of them protected nothing that lives is touched.
 *
 * Needs select_survey, and the trial as scratch_load leaves it. Afterwards the
 * trial is what the step makes of the network, work->layers[].protect says what it
 * leaves alone, guarded how many of those would have died. The network is not changed. */
guard_outcome guard_settle(const select_ranking *ranking, scratch *work, const scope_plan *plan,
                           const espalier_prune_options *options);

#endif
