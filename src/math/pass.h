/* The element-wise passes between the matrix products.
 *
 * Matrices are [rows][stride] with the columns that count in front; strides are
 * multiples of PASS_LANES and the columns behind `count` are kept at zero, so
 * that a pass may run over whole rows. */
#ifndef MATH_PASS_H
#define MATH_PASS_H

#include <stddef.h>
#include <stdint.h>

#include "math/kernels.h"

/* Floats of a 64-byte vector. */
enum { PASS_LANES = 16 };

/* count rounded up to whole vectors. */
size_t pass_stride(size_t count);

/* y = max(y + bias, 0) in the first count columns of every row.  y [rows][stride]. */
void pass_bias_relu(float *y, size_t rows, size_t count, size_t stride, const float *bias);

/* y = y + bias in the same columns, for a layer without ReLU. */
void pass_bias(float *y, size_t rows, size_t count, size_t stride, const float *bias);

/* d = 0 where y is not positive: the derivative of ReLU. d, y [rows][stride], the
 * first count columns. */
void pass_relu_backward(float *d, const float *y, size_t rows, size_t count, size_t stride);

/* Softmax and cross-entropy over logits z = y + bias, shifted by the row's largest:
 *   loss   = sum over rows of log(sum_j exp(z_j - m)) - (z_label - m),  m = max z
 *   y[.][j] = scale * (softmax(z)_j - [j == label])   for j < count, else 0
 * Adds to *correct the rows whose first largest logit is the label's. Returns the loss. */
double pass_softmax_loss(const math_kernels *kernels, float *y, size_t rows, size_t count,
                         size_t stride, const float *bias, const uint32_t *labels, float scale,
                         uint64_t *correct);

/* sums[j] = sum over rows of y[.][j], rows ascending, j < count, a multiple of PASS_LANES. */
void pass_column_sums(const float *y, size_t rows, size_t count, size_t stride, float *sums);

/* counts[j] += how many of y[.][j] are greater than 0, j < count. */
void pass_count_positive(const float *y, size_t rows, size_t count, size_t stride,
                         uint64_t *counts);

/* to[j][i] = from[i][j] for i < rows, j < columns. */
void pass_transpose(const float *from, size_t from_stride, size_t rows, size_t columns, float *to,
                    size_t to_stride);

#endif
