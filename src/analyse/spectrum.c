/* Singular values of a layer's weights, and the rank they tell. */
#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "espalier/analyse.h"

#ifdef ESPALIER_HAVE_LAPACKE
#include <lapacke.h>
#include <string.h>

/* sgesdd with everything it works on, so that its memory comes from the caller's allocator. */
typedef struct svd_work {
    float *matrix; /* [rows][columns], destroyed by the computation */
    float *space;
    lapack_int *integers;
    lapack_int space_count;
} svd_work;

/* A = U diag(values) V'. LAPACK reads [rows][columns] row by row as the transpose,
 * columns x rows, column by column: its singular values are the same. */
static lapack_int decompose(svd_work *work, size_t rows, size_t columns, float *values)
{
    float unused = 0.0f;
    return LAPACKE_sgesdd_work(LAPACK_COL_MAJOR, 'N', (lapack_int)columns, (lapack_int)rows,
                               work->matrix, (lapack_int)columns, values, &unused, 1, &unused, 1,
                               work->space, work->space_count, work->integers);
}

/* Asks LAPACK how many floats it wants (a space_count of -1 says so) and takes them. */
static bool take_space(svd_work *work, const espalier_allocator *allocator, size_t rows,
                       size_t columns, float *values)
{
    float wanted = 0.0f;
    work->space = &wanted;
    work->space_count = -1;
    const lapack_int info = decompose(work, rows, columns, values);
    work->space = NULL;
    if (info != 0)
        return false;
    /* The number comes as a float: rounding may have made it too small. */
    work->space_count = (lapack_int)nextafterf(wanted, INFINITY) + 1;
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

static espalier_status compute(svd_work *work, const espalier_network *network, size_t layer,
                               const espalier_allocator *allocator, float *values,
                               espalier_error *error)
{
    const size_t rows = espalier_network_outputs(network, layer);
    const size_t columns = espalier_network_inputs(network, layer);
    const float *weights = espalier_network_weights_const(network, layer);
    const size_t fewer = rows < columns ? rows : columns;
    if (!all_finite(weights, rows * columns))
        return error_set(error, ESPALIER_ERROR_NUMERIC,
                         "layer %zu: its weights are not all finite", layer);
    work->matrix = memory_array(allocator, rows * columns, sizeof(float));
    work->integers = memory_array(allocator, 8 * fewer, sizeof(lapack_int)); /* as sgesdd asks */
    if (!work->matrix || !work->integers || !take_space(work, allocator, rows, columns, values))
        return error_memory(error);
    memcpy(work->matrix, weights, rows * columns * sizeof(float));
    if (decompose(work, rows, columns, values) != 0 || !all_finite(values, fewer))
        return error_set(error, ESPALIER_ERROR_NUMERIC,
                         "layer %zu: its singular values did not converge", layer);
    return ESPALIER_OK;
}

espalier_status espalier_network_singular_values(const espalier_network *network, size_t layer,
                                                 const espalier_allocator *allocator, float *values,
                                                 espalier_error *error)
{
    svd_work work = {0};
    espalier_status status = compute(&work, network, layer, allocator, values, error);
    memory_release(allocator, work.matrix);
    memory_release(allocator, work.space);
    memory_release(allocator, work.integers);
    return status;
}

#else

espalier_status espalier_network_singular_values(const espalier_network *network, size_t layer,
                                                 const espalier_allocator *allocator, float *values,
                                                 espalier_error *error)
{
    (void)network, (void)layer, (void)allocator, (void)values;
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                     "singular values: this build of espalier has no LAPACK");
}

#endif

/* The product is rounded to a float, as numpy's matrix_rank does for float32. */
size_t espalier_rank(const float *singular_values, size_t count, size_t rows, size_t columns)
{
    if (count == 0)
        return 0;
    const float longer = (float)(rows > columns ? rows : columns);
    const float tolerance = singular_values[0] * longer * 0x1p-23f;
    size_t rank = 0;
    for (size_t i = 0; i < count; i++)
        rank += singular_values[i] > tolerance;
    return rank;
}
