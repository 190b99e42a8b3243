/* The weights of a layer that are not zero, in the orders that math/kernels.h wants. */
#ifndef INFER_SPARSE_H
#define INFER_SPARSE_H

#include <stdbool.h>

#include "espalier/memory.h"
#include "math/kernels.h"

/* A layer's weights as the network has them. */
typedef struct sparse_matrix {
    size_t inputs, outputs;
    const float *weights;    /* [outputs][inputs] */
    const uint32_t *columns; /* [inputs], ascending, what lists by output and tiles name
                              * the inputs; NULL = 0, 1, … */
    const float *scale;      /* [inputs]: each weight times that of its input; NULL = as it is */
} sparse_matrix;

size_t sparse_nonzero(const sparse_matrix *m);
void sparse_count_tiles(const sparse_matrix *m, const tile_shape *shape, size_t *tiles,
                        size_t *steps);

/* The rest return false without memory; what they have taken by then is to be
 * released, too. Counts are those of the functions above. */

/* A list for each input. */
bool sparse_by_input(const sparse_matrix *m, size_t nonzero, const espalier_allocator *allocator,
                     weight_lists *to);
/* A list for each block of inputs and each output, so many of them in step. Columns, if named,
 * are below SPARSE_COLUMNS_MOST. */
enum { SPARSE_COLUMNS_MOST = UINT16_MAX + 1 };

bool sparse_by_output(const sparse_matrix *m, size_t nonzero, size_t together,
                      const espalier_allocator *allocator, block_lists *to);
bool sparse_tiles(const sparse_matrix *m, const tile_shape *shape, size_t tiles, size_t steps,
                  const espalier_allocator *allocator, weight_tiles *to);

void sparse_release_lists(const espalier_allocator *allocator, weight_lists *lists);
void sparse_release_blocks(const espalier_allocator *allocator, block_lists *lists);
void sparse_release_tiles(const espalier_allocator *allocator, weight_tiles *tiles);

#endif
