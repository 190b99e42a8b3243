/* The update of a batch, block by block of weights. */
#ifndef TRAIN_STEP_H
#define TRAIN_STEP_H

#include "train/batch.h"

/* What the pieces of an update share. */
typedef struct update_job {
    batch *batch;
    work *copy;
    size_t rows, first; /* the first of the blocks to be done */
    const optimizer_step *step;
} update_job;

/* What a block's gradient is the product of: x[row][0 …] its inputs' values, deltas[row][0 …]
 * its panel's derivatives. */
typedef struct update_factors {
    const float *x, *deltas;
    size_t x_stride, d_stride;
} update_factors;

/* W[i][j] by sum over rows of x[.][i] delta[.][j], for a block of a layer of matrices. Counts
 * the activations of its inputs. factors NULL: they are the wide network's own. */
void update_block(const update_job *job, const batch_block *block, const update_factors *factors,
                  size_t thread);

/* Block `index` of the batch's, of whichever form its layer is, and with a layer's first block
 * its biases. */
void update_other(const update_job *job, size_t index, size_t thread);

/* The biases of some outputs of layer l, a multiple of PASS_LANES from `first` on.
 * deltas[row][0 …] theirs. */
void update_biases(const update_job *job, size_t l, size_t first, size_t count,
                   const float *deltas, size_t d_stride, size_t thread);

#endif
