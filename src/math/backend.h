/* The waist of matrix products: a table of backends with one operation.
 *
 * reference.c is the readable truth; the others are checked against it. Adding
 * one is one file and one line in backend.c. */
#ifndef MATH_BACKEND_H
#define MATH_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

/* C = op(A) op(B) + (accumulate ? C : 0), row-major.
 *   op(A) [m][k]: A is [m][k] with row stride lda, or [k][m] if transpose_a
 *   op(B) [k][n]: B is [k][n] with row stride ldb, or [n][k] if transpose_b
 *   C     [m][n] with row stride ldc
 * One thread; may be called from many. An element's value does not depend on
 * how the rows or columns of C are cut into calls as long as k is the same. */
typedef void math_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                       const float *a, size_t lda, const float *b, size_t ldb, bool accumulate,
                       float *c, size_t ldc);

typedef struct math_backend {
    const char *name;
    bool (*available)(void); /* on this machine */
    bool (*load)(void);      /* the library behind it; NULL = there is nothing to load */
    math_gemm *gemm;
} math_backend;

/* The index-th available backend, best first; NULL past the end. */
const math_backend *math_backend_at(size_t index);
/* By name, NULL name = the best, and loaded; NULL if unknown, not available or not to be
 * loaded. */
const math_backend *math_backend_find(const char *name);

#endif
