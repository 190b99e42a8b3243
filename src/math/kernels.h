/* Loops that are written once and compiled for each instruction set: products
 * that step over zeros of the values or of the weights. Which set runs is chosen
 * here, not by the loader, so that a test can ask for a lower one.
 *
 * Products of dense matrices are backend.h's, element-wise passes pass.h's. */
#ifndef MATH_KERNELS_H
#define MATH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of a word of marks: one for each of so many values. */
enum { MARK_BITS = 32 };

/* Words for count values. */
size_t mark_words(size_t count);

/* Whether skip_gemm is faster than a dense product with so many columns of C where so
 * many of all values of A are not zero. */
bool skip_pays(size_t nonzero, size_t all, size_t columns);

/* Whether the rows of a product of so few columns that steps over zeros are summed faster
 * together, `together` steps for all rows, than `alone`. */
enum { FEW_COLUMNS = 96 };
bool group_pays(size_t together, size_t alone, size_t columns);

/* What is needed after a product: asked for while it is computed, some lines between its
 * rows, so that it has come from memory by then. No result depends on it. */
typedef struct math_ahead {
    const float *at; /* [count]; not read, and need not be there */
    size_t count;
} math_ahead;

/* Weights that are not zero, list after list; a list ends where the next one starts. */
typedef struct weight_lists {
    uint32_t *starts; /* [lists + 1] */
    uint32_t *places; /* [weights] the output or input that a weight leads to or from */
    float *weights;
} weight_lists;

/* The same for many rows: the inputs are cut into blocks, so that a block's columns of x stay in
 * the first-level cache, and each block has a list for each output, the shorter ones first.
 * `lists_together` lists lie in step, in a block from the first one on while there are as many:
 * their first weights, their second ones, as far as all have one, then what each has left. */
typedef struct block_lists {
    size_t blocks;
    uint32_t *firsts; /* [blocks + 1] the input that a block's places count from; the end */
    uint32_t *starts; /* [lists + 1], lists = blocks * outputs; as if they lay one by one */
    uint32_t *order;  /* [lists] which output's a list is */
    uint16_t *places; /* [weights] the input that a weight leads from */
    float *weights;
} block_lists;

/* Weights for one row, in tiles of some outputs by some inputs: a step holds one weight
 * of every output of a tile, zeros behind an output's last one, and where in the tile its
 * input is. Tiles without weights are left out. */
typedef struct tile_shape {
    size_t outputs, inputs; /* divisors of PASS_LANES, of TILE_INPUTS_MOST */
    size_t steps;           /* of a tile at most: outputs with more weights there go on in the next */
} tile_shape;

enum { TILE_INPUTS_MOST = 32 };

typedef struct weight_tile {
    uint32_t first, steps; /* first input */
} weight_tile;

typedef struct weight_tiles {
    uint32_t *starts;   /* [output groups + 1] tiles of a group of outputs */
    weight_tile *tiles; /* [tiles] */
    uint8_t *places;    /* [steps][outputs of a tile] */
    float *weights;     /* [steps][outputs of a tile] */
} weight_tiles;

/* The place of an input that nobody reads. */
#define PLACE_DROPPED UINT32_MAX

/* Rows of multiply_lists at most. */
enum { LIST_ROWS_MOST = 64 };

typedef struct math_kernels {
    const char *name; /* "avx512", "avx2", "plain" */

    /* Bit b of marks[r][w] is set where a[r][w * MARK_BITS + b] is not zero (a NaN
     * is not). a [rows][stride], count columns; marks [rows][mark_words(count)].
     * Returns the number of bits set. */
    size_t (*mark_rows)(const float *a, size_t rows, size_t count, size_t stride, uint32_t *marks);

    /* The same turned round: bit r of marks[w][i] is set where a[w * MARK_BITS + r][i]
     * is not zero. marks [mark_words(rows)][count]. */
    size_t (*mark_columns)(const float *a, size_t rows, size_t count, size_t stride,
                           uint32_t *marks);

    /* counts[i] += the bits set in marks[i], i < count. */
    void (*count_marks)(const uint32_t *marks, size_t count, uint64_t *counts);

    /* Columns of B and C, at most, that skip_gemm and skip_update are best handed together: what is
     * read again for each row, rows of B, and what lies side by side in a near cache meanwhile. */
    size_t skip_columns;

    /* C = A B + (accumulate ? C : 0), stepping over zeros of A: the sum over p runs
     * upwards over the marked A(i, p) only.
     *   A(i, p) = a[i * lda + p], its marks as mark_rows sets them, word w of row i at
     *             marks[i * mark_stride + w]; or `turned`: a[p * lda + i], mark_columns,
     *             marks[w * mark_stride + i]; i < m, p < k
     *   B, C      [k][n], [m][n] with row strides ldb, ldc; n a multiple of PASS_LANES
     * An element's value does not depend on how C is cut into calls. */
    void (*skip_gemm)(bool turned, size_t m, size_t n, size_t k, const float *a, size_t lda,
                      const uint32_t *marks, size_t mark_stride, const float *b, size_t ldb,
                      bool accumulate, float *c, size_t ldc, math_ahead ahead);

    /* C = C + A B with A turned, where `kept`; what is not is +0.0 and stays so: the update of
     * weights of which some are pruned.  kept [m][kept_stride], a word for PASS_LANES columns, bit
     * by bit. */
    void (*skip_update)(size_t m, size_t n, size_t k, const float *a, size_t lda,
                        const uint32_t *marks, size_t mark_stride, const float *b, size_t ldb,
                        const uint16_t *kept, size_t kept_stride, float *c, size_t ldc,
                        math_ahead ahead);

    /* C = A B + (accumulate ? C : 0) with every A(i, p); to the same bits however C is cut.
     * NULL where backend.h's products are faster in spite of what lies ahead. */
    void (*dense_gemm)(size_t m, size_t n, size_t k, const float *a, size_t row_step,
                       size_t k_step, const float *b, size_t ldb, bool accumulate, float *c,
                       size_t ldc, math_ahead ahead);

    /* w = kept ? w : +0.0.  w [words * PASS_LANES], kept [words] as above. */
    void (*keep)(float *w, const uint16_t *kept, size_t words);

    /* Lists the values that are not zero (a NaN is not): index[k] = places[i], or i
     * without places, and value[k] = x[i]; what is PLACE_DROPPED is left out.
     * index and value have room for pass_stride(count). Returns how many. */
    size_t (*list_nonzero)(const float *x, const uint32_t *places, size_t count, uint32_t *index,
                           float *value);
    /* The same for the values that ReLU does not make zero, x[i] <= 0. */
    size_t (*list_positive)(const float *x, size_t count, uint32_t *index, float *value);

    /* One row through a layer: y = b + sum over k < count of value[k] W[index[k]].
     * W [inputs][stride], b, y [stride]; stride a multiple of PASS_LANES. */
    void (*add_rows)(const float *weights, size_t stride, const float *biases,
                     const uint32_t *index, const float *value, size_t count, float *y);
    /* The same with a list of weights for each input, their places the outputs. */
    void (*add_lists)(const weight_lists *lists, size_t stride, const float *biases,
                      const uint32_t *index, const float *value, size_t count, float *y);

    /* The same by tiles of this shape from the whole x, which is readable up to a whole tile.
     * NULL where registers are no tables to pick from: there lists are faster. */
    tile_shape tile;
    void (*multiply_tiles)(const weight_tiles *tiles, size_t stride, const float *biases,
                           const float *x, float *y);

    /* Many rows through a layer, one block after the other: y[o] = b_o + sum over the lists of
     * o of w x[place], with the last one ReLU'd if wanted (a NaN stays). x [inputs of the
     * block][rows], y [outputs][rows]; rows a multiple of PASS_LANES, LIST_ROWS_MOST at most.
     * Lists lie `lists_together` in step. */
    size_t lists_together;
    void (*multiply_lists)(const block_lists *lists, size_t block, size_t outputs,
                           const float *biases, const float *x, size_t rows, bool relu, float *y,
                           math_ahead *ahead);

    /* y = max(y, 0), a NaN stays; count a multiple of PASS_LANES. */
    void (*relu)(float *y, size_t count);

    /* x = e^x for x <= 0 within 2 units of the last place, 0 below -87; a NaN stays. */
    void (*exponentials)(float *x, size_t count);

    /* Training by the lists of a layer's kept weights, a list for each output, their
     * places its inputs. Values are columns, a unit's rows side by side:
     *   x, dx [inputs][stride]; y, d [outputs][stride]; rows a multiple of PASS_LANES.
     *   forward    y[o] = sum over list o of w x[place] (+ y[o])
     *   backward   dx[place] += w d[o]
     *   gradient   g[e] = sum over the rows of x[place of e] d[o] (+ g[e]) for each
     *              weight e of list o, over chunks of rows x_step and d_step floats apart */
    void (*forward_lists)(const weight_lists *lists, size_t outputs, const float *x, size_t stride,
                          size_t rows, bool accumulate, float *y);
    void (*backward_lists)(const weight_lists *lists, size_t outputs, const float *d,
                           size_t stride, size_t rows, float *dx);
    void (*gradient_lists)(const weight_lists *lists, size_t outputs, const float *x,
                           size_t x_step, const float *d, size_t d_step, size_t stride,
                           size_t chunks, size_t rows, bool accumulate, float *g);
    /* sums[u] += sum of a unit's rows, a multiple of PASS_LANES. d [units][stride]. */
    void (*sum_columns)(const float *d, size_t units, size_t stride, size_t rows, float *sums);
    /* counts[u] += how many of a unit's rows are not zero. x [units][stride]. */
    void (*count_columns)(const float *x, size_t units, size_t stride, size_t rows,
                          uint64_t *counts);

    /* All four words of the random numbers first … first + count - 1 of a stream (philox.h):
     * words [4 * count]. */
    void (*random_words)(uint64_t seed, uint64_t stream, uint64_t first, size_t count,
                         uint64_t *words);

    /* pass.h's pass_transpose, in squares of a register's width. */
    void (*transpose)(const float *from, size_t from_stride, size_t rows, size_t columns,
                      float *to, size_t to_stride);
} math_kernels;

/* The index-th that this processor and the environment allow, best first; NULL
 * past the end. The environment variable ESPALIER_CPU, holding one of the names,
 * leaves out those before it: for tests, as the libraries behind the backends
 * have theirs. */
const math_kernels *math_kernels_at(size_t index);

#endif
