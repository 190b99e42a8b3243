/* Matrix products by libxsmm: code made at run time for the exact shape. */
#ifdef ESPALIER_HAVE_XSMM
#include <libxsmm.h>
#include <stdint.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "math/backends.h"
#include "math/kernels_all.h"

/* The JIT needs at least AVX; below that libxsmm has no code of its own. A lowered
 * choice of kernels stands for such a processor. */
static bool can_jit(void)
{
    if (math_kernels_at(0) == &kernels_plain)
        return false;
    libxsmm_init();
    return libxsmm_get_target_archid() >= LIBXSMM_X86_AVX;
}

#ifdef ESPALIER_HAVE_CBLAS
static const math_backend *const other = &math_cblas;
#else
static const math_backend *const other = &math_reference;
#endif

/* Its code walks through an operand by signed 32-bit offsets in bytes. */
static bool in_reach(size_t rows, size_t stride)
{
    return rows == 0 || stride <= INT32_MAX / sizeof(float) / rows;
}

/* Its code leaves the upper parts of the registers in use; every instruction that knows only the
 * lower one would wait for them: 7 % of an epoch of a network pruned to 90 %. */
#ifdef __x86_64__
__attribute__((target("avx"))) static void leave(void)
{
    _mm256_zeroupper();
}
#else
static void leave(void)
{
}
#endif

/* libxsmm counts in columns: row-major C = A B is column-major C' = B' A', so
 * the operands change places and op(A) transposed is its "B transposed". Its JIT
 * has no kernel for the other transposition: those products, which no inner loop
 * asks for, and operands out of reach go to the next backend. */
static void gemm_block(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                       const float *a, size_t lda, const float *b, size_t ldb, bool accumulate,
                       float *c, size_t ldc)
{
    libxsmm_smmfunction kernel = NULL;
    if (!transpose_b && k != 0 && in_reach(transpose_a ? k : m, lda) && in_reach(k, ldb) &&
        in_reach(m, ldc)) {
        const libxsmm_blasint stride_a = (libxsmm_blasint)lda, stride_b = (libxsmm_blasint)ldb,
                              stride_c = (libxsmm_blasint)ldc;
        const float alpha = 1.0f, beta = accumulate ? 1.0f : 0.0f;
        const int flags = transpose_a ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
        kernel = libxsmm_smmdispatch((libxsmm_blasint)n, (libxsmm_blasint)m, (libxsmm_blasint)k,
                                     &stride_b, &stride_a, &stride_c, &alpha, &beta, &flags, NULL);
    }
    if (kernel) {
        kernel(b, a, c);
        leave();
    } else {
        other->gemm(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, accumulate, c, ldc);
    }
}

/* Its code takes a product as it comes, so where B is more than a first-level cache it is fed
 * blocks of B that stay in one; C's rows stay in the second level meanwhile. With AVX2: 32 rows, 112
 * columns and 784 steps at 83 GFLOP/s instead of 65, 64 rows and 304 columns at 71 instead of 42,
 * where OpenBLAS has 72 and 70. A panel's columns (train/work.h) are better left together. */
enum { B_FLOATS = 28 * 1024, BLOCK_M = 128, BLOCK_N = 64, BLOCK_K = 64, PANEL_N = 192 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float *a,
                 size_t lda, const float *b, size_t ldb, bool accumulate, float *c, size_t ldc)
{
    if (m == 0 || n == 0)
        return;
    if (transpose_b || k <= BLOCK_K || k < B_FLOATS / n) {
        gemm_block(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, accumulate, c, ldc);
        return;
    }
    const size_t columns = n > PANEL_N ? BLOCK_N : n;
    for (size_t i = 0; i < m; i += BLOCK_M)
        for (size_t j = 0; j < n; j += columns)
            for (size_t p = 0; p < k; p += BLOCK_K)
                gemm_block(transpose_a, false, least(m - i, BLOCK_M), least(n - j, columns),
                           least(k - p, BLOCK_K), a + (transpose_a ? p * lda + i : i * lda + p), lda,
                           b + p * ldb + j, ldb, accumulate || p > 0, c + i * ldc + j, ldc);
}

const math_backend math_xsmm = {"libxsmm", can_jit, NULL, gemm};
#else
typedef int math_xsmm_is_not_built; /* ISO C asks for a declaration */
#endif
