/* Matrix products by OpenBLAS, on the calling thread only. */
#ifdef ESPALIER_HAVE_CBLAS
#include <cblas.h>

#include "math/backends.h"

/* Threads are espalier's business (work is cut by problem size, so that results
 * do not depend on them); OpenBLAS offers only this process-wide switch. */
static bool single_threaded(void)
{
    if (openblas_get_num_threads() != 1)
        openblas_set_num_threads(1);
    return true;
}

static void gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float *a,
                 size_t lda, const float *b, size_t ldb, bool accumulate, float *c, size_t ldc)
{
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1.0f,
                a, (blasint)lda, b, (blasint)ldb, accumulate ? 1.0f : 0.0f, c, (blasint)ldc);
}

const math_backend math_cblas = {"openblas", single_threaded, gemm};
#else
typedef int math_cblas_is_not_built; /* ISO C asks for a declaration */
#endif
