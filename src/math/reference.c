/* Matrix products as they are defined: the truth for every other backend. */
#include "math/backends.h"

static bool always(void)
{
    return true;
}

/* c[i][j] = sum over p of op(a)[i][p] op(b)[p][j] (+ c[i][j]), summed in double. */
static void gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float *a,
                 size_t lda, const float *b, size_t ldb, bool accumulate, float *c, size_t ldc)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = accumulate ? c[i * ldc + j] : 0.0;
            for (size_t p = 0; p < k; p++)
                sum += (double)(transpose_a ? a[p * lda + i] : a[i * lda + p]) *
                       (double)(transpose_b ? b[j * ldb + p] : b[p * ldb + j]);
            c[i * ldc + j] = (float)sum;
        }
    }
}

const math_backend math_reference = {"reference", always, NULL, gemm};
