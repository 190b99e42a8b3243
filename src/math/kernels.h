/* Loops that are written once and compiled for each instruction set: products
 * that step over zeros. Which set runs is chosen here, not by the loader, so
 * that a test can ask for a lower one.
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

    /* C = A B + (accumulate ? C : 0), stepping over zeros of A: the sum over p runs
     * upwards over the marked A(i, p) only.
     *   A(i, p) = a[i * row_step + p * k_step], i < m, p < k
     *   marks    word w of row i at marks[i * mark_row + w * mark_word]
     *   B, C     [k][n], [m][n] with row strides ldb, ldc; n a multiple of PASS_LANES
     * An element's value does not depend on how C is cut into calls. */
    void (*skip_gemm)(size_t m, size_t n, size_t k, const float *a, size_t row_step,
                      size_t k_step, const uint32_t *marks, size_t mark_row, size_t mark_word,
                      const float *b, size_t ldb, bool accumulate, float *c, size_t ldc);
} math_kernels;

/* The index-th that this processor and the environment allow, best first; NULL
 * past the end. The environment variable ESPALIER_CPU, holding one of the names,
 * leaves out those before it: for tests, as the libraries behind the backends
 * have theirs. */
const math_kernels *math_kernels_at(size_t index);

#endif
