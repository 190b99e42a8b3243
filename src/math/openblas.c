/* Matrix products by OpenBLAS, on the calling thread only. */
#ifdef ESPALIER_HAVE_CBLAS
#include "math/openblas.h"

#include "base/library.h"
#include "math/backends.h"

/* Threads are espalier's business (work is cut by problem size, so that results
 * do not depend on them); OpenBLAS offers only this process-wide switch, which is never
 * turned back. */
bool openblas_load(openblas *blas, char *why, size_t room)
{
    const library_function functions[] = {
        {"cblas_sgemm", &blas->sgemm},
        {"sgesdd_", &blas->sgesdd},
        {"openblas_get_num_threads", &blas->get_num_threads},
        {"openblas_set_num_threads", &blas->set_num_threads},
    };
    if (!library_load(ESPALIER_OPENBLAS_FILE, functions, sizeof functions / sizeof *functions,
                      why, room))
        return false;
    if (blas->get_num_threads() != 1)
        blas->set_num_threads(1);
    return true;
}

static bool available(void)
{
    return true;
}

static bool load(void)
{
    openblas blas;
    char why[1];
    return openblas_load(&blas, why, sizeof why);
}

static void gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float *a,
                 size_t lda, const float *b, size_t ldb, bool accumulate, float *c, size_t ldc)
{
    openblas blas;
    char why[1];
    if (!openblas_load(&blas, why, sizeof why)) {
        math_reference.gemm(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, accumulate, c, ldc);
        return;
    }
    blas.sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
               transpose_b ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1.0f,
               a, (blasint)lda, b, (blasint)ldb, accumulate ? 1.0f : 0.0f, c, (blasint)ldc);
}

const math_backend math_cblas = {"openblas", available, load, gemm};
#else
typedef int math_cblas_is_not_built; /* ISO C asks for a declaration */
#endif
