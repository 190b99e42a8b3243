/* The kept weights of a layer as lists, for layers whose masks leave few weights
 * scattered over all units: which layers are better off so, making the lists, and
 * bringing the matrices of the working copy up to date. sparse.c trains by them. */
#ifndef TRAIN_LISTS_H
#define TRAIN_LISTS_H

#include "train/work.h"

/* Gives every layer of a loaded copy its form for batches of so many rows, by a model
 * of the time that either takes. Errors: MEMORY; all layers are dense then. */
espalier_status lists_fit(work *copy, size_t batch_rows, espalier_error *error);

/* Blocks of inputs that a layer's lists have at most. */
size_t lists_blocks(size_t inputs);

/* Weights of a dense layer that take as long as a layer's lists. */
double lists_equivalent(const work_layer *layer);

/* Copies the weights and states of all lists to the matrices. */
void lists_settle(const work *copy);

/* Back to matrices, as they are. */
void lists_clear(work *copy);

#endif
