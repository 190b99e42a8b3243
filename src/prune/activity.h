/* Activation counts: when they are reset, who counts, and counting passes over
 * rows of the training split. Counting while training is the trainer's own. */
#ifndef PRUNE_ACTIVITY_H
#define PRUNE_ACTIVITY_H

#include "espalier/prune.h"
#include "espalier/train.h"

/* One unit of SAMPLE_SUM: activations are added as whole multiples of 2^-20. */
#define ACTIVITY_UNIT 0x1p20
/* Counts end here: the model file holds them as signed 64-bit integers. */
#define ACTIVITY_MOST ((uint64_t)INT64_MAX)

/* Before a run: counts of an untrained network are forgotten, those of a trained
 * one continued if they are of the same kind (metadata "counted"); the trainer is
 * told whether to count. Errors: MEMORY. */
espalier_status activity_begin(const espalier_prune_options *options, espalier_trainer *trainer);

/* Before an epoch: starts the epoch's own count where the trainer counts. */
void activity_epoch_begin(const espalier_prune_options *options, espalier_trainer *trainer);

/* The draws of cuts within an epoch are numbered from here on, those at its end as the epochs. */
#define ACTIVITY_CUT ((size_t)1 << 31)

/* In the sample modes: counts sample_rows rows, drawn anew for each draw_number without
 * putting back (with, if there are fewer), on the network as it is. In the other
 * modes nothing. Errors: MEMORY, UNSUPPORTED. */
espalier_status activity_sample(const espalier_prune_options *options,
                                const espalier_allocator *allocator, espalier_network *network,
                                const espalier_dataset *dataset, size_t draw_number,
                                espalier_error *error);

/* For a step before the first epoch: in the sample modes forgets what was counted and
 * counts a sample of its own, that of epoch 0. Errors: MEMORY, UNSUPPORTED. */
espalier_status activity_first_sample(const espalier_prune_options *options,
                                      const espalier_allocator *allocator,
                                      espalier_network *network, const espalier_dataset *dataset,
                                      espalier_error *error);

/* After a pruning step. */
void activity_pruned(const espalier_prune_options *options, espalier_network *network);

#endif
