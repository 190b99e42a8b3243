/* OpenBLAS, loaded when its products or LAPACK's singular values are asked for: that takes
 * 3 ms and begins threads, and most runs need neither. Built with ESPALIER_HAVE_CBLAS only. */
#ifndef MATH_OPENBLAS_H
#define MATH_OPENBLAS_H

#include <cblas.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct openblas {
    __typeof__(cblas_sgemm) *sgemm;
    /* LAPACK's, as Fortran calls it: all by address, column-major, the length of the text last. */
    void (*sgesdd)(const char *job, const blasint *m, const blasint *n, float *a,
                   const blasint *lda, float *s, float *u, const blasint *ldu, float *vt,
                   const blasint *ldvt, float *space, const blasint *space_count,
                   blasint *integers, blasint *info, size_t job_length);
    __typeof__(openblas_get_num_threads) *get_num_threads;
    __typeof__(openblas_set_num_threads) *set_num_threads;
} openblas;

/* Fills blas and keeps OpenBLAS on the calling thread; false with the reason in why[room] if
 * it cannot be loaded. May be called from any thread. */
bool openblas_load(openblas *blas, char *why, size_t room);

#endif
