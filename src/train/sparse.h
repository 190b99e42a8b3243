/* One batch through a layer of lists (lists.h). Its values and derivatives are
 * columns: of every chunk of rows, a unit's rows side by side, unit after unit. */
#ifndef TRAIN_SPARSE_H
#define TRAIN_SPARSE_H

#include "train/batch.h"

/* Whether a layer has lists; the loss behind the last layer (l == layer_count) never. */
bool sparse_is(const work *copy, size_t l);

/* Turns what a chunk has in values or deltas, `units` wide, from the form of one layer
 * to that of another; nothing if they are the same. What is no columns lies in panels of
 * so many units, or of all. */
void sparse_turn(const batch *out, size_t thread, bool from, bool to, size_t first, size_t rows,
                 size_t units, size_t stride, size_t panel, float *values);

/* The same from rows [rows][stride] outside to the columns of a chunk. */
void sparse_columns(const batch *out, size_t rows, size_t units, size_t stride, const float *from,
                    float *to);

/* values[l + 1] = f(values[l] W_l + b_l), of the last layer deltas[l] = values[l] W_l,
 * for rows of one chunk. Counts what is positive in values[l]. */
void sparse_forward(const batch *out, const work *copy, size_t l, size_t thread, size_t first,
                    size_t rows);

/* deltas[l - 1] = (deltas[l] W_l') f'(z), where f(z) = values[l], for rows of one chunk. */
void sparse_backward(const batch *out, const work *copy, size_t l, size_t first, size_t rows);

/* Updates the weights of lists block->first … by a batch of so many rows. */
void sparse_update(const batch *out, const work_layer *layer, const batch_block *block,
                   size_t rows, const optimizer_step *step);

/* sums[j] = sum over the rows of deltas[l]. */
void sparse_bias_gradient(const batch *out, const work_layer *layer, size_t l, size_t rows,
                          float *sums);

#endif
