/* Singular value decomposition by LAPACK. */
#ifndef MATH_SVD_H
#define MATH_SVD_H

#include <stddef.h>

#include "espalier/memory.h"
#include "espalier/status.h"

/* A = U diag(s) V',  A [rows][columns] row-major, k = min(rows, columns).
 *
 * a  destroyed
 * s  [k], written, largest first
 * u  [rows][k], vt [k][columns], written; both NULL: singular values only
 * Works on the calling thread; any number may call it at once. OpenBLAS is put to one
 * thread for the whole process, because it knows no other way.
 * Errors: UNSUPPORTED (no LAPACK, or too large for it), NUMERIC (not finite, no
 * convergence), MEMORY. */
espalier_status svd(float *a, size_t rows, size_t columns, float *s, float *u, float *vt,
                    const espalier_allocator *allocator, espalier_error *error);

#endif
