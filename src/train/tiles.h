/* A wide network's batch by tiles: where values and derivatives lie, where they are not zero,
 * and products during which the next tile's weights come from memory. */
#ifndef TRAIN_TILES_H
#define TRAIN_TILES_H

#include "train/batch.h"

/* Where a chunk has some units of a layer, as an offset in values or deltas, and the stride of
 * its rows. Hidden layers lie panel after panel, [rows][panel.columns] each, so that what a
 * task reads lies together; the first inputs and the last outputs row after row. */
typedef struct tiles_place {
    size_t at, stride;
} tiles_place;

/* Units from `first` on of a panel of layer l's outputs, or of its inputs. */
tiles_place tiles_outputs(const batch *out, const work *copy, size_t l, size_t chunk, size_t first);
tiles_place tiles_inputs(const batch *out, const work *copy, size_t l, size_t chunk, size_t first);

/* How many tiles so many units are. */
size_t tiles_count(size_t units);

/* Marks of tile `tile` of `tiles` of a chunk: [rows][mark_words(units of the tile)]. */
uint32_t *tiles_marks(const batch *out, size_t chunk, size_t tiles, size_t tile);

/* From `from` to `to` of `all` shares of what lies ahead. */
math_ahead tiles_share(math_ahead ahead, size_t from, size_t to, size_t all);

/* C = A B (+ C), or A' B if turned, by the chosen backend; what lies ahead is asked for
 * meanwhile, for which the kernels may take the place of the best backend. */
void tiles_gemm(const batch *out, bool turned, size_t m, size_t n, size_t k, const float *a,
                size_t lda, const float *b, size_t ldb, bool accumulate, float *c, size_t ldc,
                math_ahead ahead);

/* Y = X W (+ Y) for a chunk's rows and the k units of a tile that is marked, by the kernels
 * that step over zeros where X has enough of them. x [rows][x_stride], w [k][w_stride],
 * y [rows][y_stride]. */
void tiles_multiply(const batch *out, size_t chunk, size_t tiles, size_t tile, size_t rows,
                    size_t columns, size_t k, const float *x, size_t x_stride, const float *w,
                    size_t w_stride, bool accumulate, float *y, size_t y_stride, math_ahead ahead);

#endif
