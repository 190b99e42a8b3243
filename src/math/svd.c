/* Singular value decomposition: LAPACK's divide and conquer (sgesdd), its memory
 * taken from the caller's allocator. What the values mean is for analyse and train. */
#include "math/svd.h"

#include "base/error.h"

#ifdef ESPALIER_HAVE_CBLAS
#include <limits.h>
#include <math.h>

#include "base/memory.h"
#include "math/openblas.h"

/* Everything sgesdd works on. */
typedef struct svd_work {
    openblas blas;
    float *a, *s, *u, *vt;
    blasint rows, columns;
    float *space;
    blasint space_count;
    blasint *integers;
} svd_work;

/* LAPACK reads [rows][columns] row by row as the transpose, columns x rows, column by
 * column: A' = V diag(s) U'. What it calls U is V, and its column k is row k of vt. */
static blasint decompose(svd_work *work)
{
    const blasint fewer = work->rows < work->columns ? work->rows : work->columns;
    blasint info = 0;
    work->blas.sgesdd(work->u ? "S" : "N", &work->columns, &work->rows, work->a, &work->columns,
                      work->s, work->vt, &work->columns, work->u, &fewer, work->space,
                      &work->space_count, work->integers, &info, 1);
    return info;
}

/* Asks LAPACK how many floats it wants (a space_count of -1 says so) and takes them. */
static bool take_space(svd_work *work, const espalier_allocator *allocator)
{
    float wanted = 0.0f;
    work->space = &wanted;
    work->space_count = -1;
    const blasint info = decompose(work);
    work->space = NULL;
    /* The number comes as a float: rounding may have made it too small. */
    wanted = nextafterf(wanted, INFINITY);
    if (info != 0 || !(wanted < 0x1p31f)) /* floats just below are 128 apart: + 1 fits, too */
        return false;
    work->space_count = (blasint)wanted + 1;
    work->space = memory_array(allocator, (size_t)work->space_count, sizeof(float));
    return work->space != NULL;
}

static bool all_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

/* LAPACK counts its space, up to 4 k k + 7 k floats with vectors, in blasint. */
static bool fits(size_t rows, size_t columns, bool vectors)
{
    const size_t fewer = rows < columns ? rows : columns;
    const size_t most = sizeof(blasint) > 4 ? SIZE_MAX : INT_MAX;
    return rows <= most && columns <= most && (!vectors || fewer <= most / (4 * fewer + 7));
}

static espalier_status compute(svd_work *work, const espalier_allocator *allocator,
                               espalier_error *error)
{
    const size_t fewer = (size_t)(work->rows < work->columns ? work->rows : work->columns);
    work->integers = memory_array(allocator, 8 * fewer, sizeof(blasint)); /* as sgesdd asks */
    if (!work->integers || !take_space(work, allocator))
        return error_memory(error);
    if (decompose(work) != 0 || !all_finite(work->s, fewer))
        return error_set(error, ESPALIER_ERROR_NUMERIC,
                         "singular values of a matrix of %zu x %zu did not converge",
                         (size_t)work->rows, (size_t)work->columns);
    return ESPALIER_OK;
}

espalier_status svd(float *a, size_t rows, size_t columns, float *s, float *u, float *vt,
                    const espalier_allocator *allocator, espalier_error *error)
{
    if (!fits(rows, columns, u != NULL))
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                         "a matrix of %zu x %zu is too large for LAPACK's singular values", rows,
                         columns);
    if (!all_finite(a, rows * columns))
        return error_set(error, ESPALIER_ERROR_NUMERIC, "singular values: not all %zu x %zu "
                         "weights are finite", rows, columns);
    /* On the calling thread: with helpers, runs of a study would wait for each other's, and
     * the last bits would depend on the number of cores. */
    svd_work work = {.a = a, .s = s, .u = u, .vt = vt,
                     .rows = (blasint)rows, .columns = (blasint)columns};
    char why[256];
    if (!openblas_load(&work.blas, why, sizeof why))
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED, "singular values: no LAPACK: %s", why);
    espalier_status status = compute(&work, allocator, error);
    memory_release(allocator, work.space);
    memory_release(allocator, work.integers);
    return status;
}

#else

espalier_status svd(float *a, size_t rows, size_t columns, float *s, float *u, float *vt,
                    const espalier_allocator *allocator, espalier_error *error)
{
    (void)a, (void)rows, (void)columns, (void)s, (void)u, (void)vt, (void)allocator;
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                     "singular values: this build of espalier has no LAPACK");
}

#endif
