/* How many weights a step takes from which hidden layers, in whole numbers. Those
 * without ReLU give none.
 *
 * What compaction took out counts as pruned: sizes are those of the original
 * network. Which weights go is select.h's affair. */
#ifndef PRUNE_SCOPE_H
#define PRUNE_SCOPE_H

#include "espalier/prune.h"
#include "net/network.h"

/* floor(fraction * count) of the decimal number that the fraction stands for:
 * 0.9 * 10 must be 9 though the double nearest 0.9 may fall short of it. The
 * product is raised by 2^-40 of itself before the floor: more than rounding in
 * the fraction and in sums of shares can take away, less than a whole weight
 * for any network below 10^12 weights. */
uint64_t scope_floor(double fraction, uint64_t count);

/* Weights of the original network, and those of them pruned or compacted away. */
typedef struct scope_tally {
    uint64_t all, prunable;
    uint64_t pruned, pruned_prunable;
} scope_tally;

scope_tally scope_count(const espalier_network *network);

/* Number of the layers that are pruned, the hidden ones that are not linear; and the index-th of them. */
size_t scope_layer_count(const espalier_network *network);
size_t scope_layer(const espalier_network *network, size_t index);

/* Weights that the target is a fraction of, and the pruned ones among them. */
uint64_t scope_base(const scope_tally *tally, espalier_denominator of);
uint64_t scope_pruned(const scope_tally *tally, espalier_denominator of);

/* What a step takes. With global scope amounts[0] is for all hidden layers
 * together; else each layer has its own. */
typedef struct scope_plan {
    size_t hidden;
    uint64_t requested;                            /* the sum of the amounts */
    uint64_t *amounts;                             /* [hidden] */
    uint64_t *sizes, *pruned, *goals, *remainders; /* [hidden], inner workings */
} scope_plan;

espalier_status scope_plan_create(const espalier_network *network,
                                  const espalier_allocator *allocator, scope_plan *plan,
                                  espalier_error *error);
void scope_plan_clear(scope_plan *plan, const espalier_allocator *allocator);

/* Fills the plan of a step that brings the pruned fraction from `before` to
 * `after` by the schedule.
 *
 *   cumulative   floor(after * base) - already pruned, not below 0
 *   authors      floor(after * base) - floor(before * base): the step's own share
 *
 * global      that many, from wherever.
 * layer       that many in all, every layer brought to the same fraction; one that
 *             is beyond it gives nothing. Layers get floor(fraction * size) and
 *             the fewer than `hidden` weights then missing go to the largest
 *             remainders, one each, so that the sum is as asked.
 * one-by-one  hidden layer `layer` alone, brought to its part of floor(after * base). */
void scope_plan_fill(scope_plan *plan, const espalier_network *network,
                     const espalier_prune_options *options, double before, double after,
                     size_t layer);

#endif
