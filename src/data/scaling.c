/* Scaling fitted to the training rows: x' = (x - shift) * scale. */
#include "data/dataset.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "math/clones.h"

/* Sums over the training rows, one for each column; in double, because a million floats
 * added in float lose half of their digits. */
typedef struct column_sums {
    double *mean, *square; /* [inputs]: mean, sum of squared distances from it */
    float *low, *high;     /* [inputs] */
} column_sums;

/* A training row; bytes are copied to `values`. */
static const float *take_row(const espalier_dataset *d, size_t row, float *values)
{
    if (d->floats)
        return d->floats + (size_t)d->rows[ESPALIER_TRAINING][row] * d->inputs;
    espalier_dataset_rows(d, ESPALIER_TRAINING, row, 1, values);
    return values;
}

VECTOR_CLONES
static void add_values(const float *restrict values, size_t count, double *restrict sum,
                       float *restrict low, float *restrict high)
{
    for (size_t c = 0; c < count; c++) {
        sum[c] += (double)values[c];
        low[c] = values[c] < low[c] ? values[c] : low[c];
        high[c] = values[c] > high[c] ? values[c] : high[c];
    }
}

VECTOR_CLONES
static void add_distances(const float *restrict values, size_t count, const double *restrict mean,
                          double *restrict square)
{
    for (size_t c = 0; c < count; c++) {
        double distance = (double)values[c] - mean[c];
        square[c] += distance * distance;
    }
}

/* Two passes: distances from a mean that is known keep their digits. */
static void find_sums(const espalier_dataset *d, column_sums *sums, float *values)
{
    size_t rows = d->row_count[ESPALIER_TRAINING], inputs = d->inputs;
    const float *first = take_row(d, 0, values);
    memcpy(sums->low, first, inputs * sizeof *first);
    memcpy(sums->high, first, inputs * sizeof *first);
    for (size_t i = 0; i < rows; i++)
        add_values(take_row(d, i, values), inputs, sums->mean, sums->low, sums->high);
    for (size_t c = 0; c < inputs; c++)
        sums->mean[c] /= (double)rows;
    for (size_t i = 0; i < rows; i++)
        add_distances(take_row(d, i, values), inputs, sums->mean, sums->square);
}

/* A factor that is too large for a float belongs to a column that is constant but for
 * rounding; it becomes 0, as that of a constant one. */
static float inverse(double width)
{
    double factor = 1.0 / width;
    return isfinite((float)factor) ? (float)factor : 0.0f;
}

/* The column whose distances from its shift are no floats. */
static espalier_status too_wide(const espalier_dataset *d, const char *source, size_t c, bool range,
                                const column_sums *sums, espalier_error *error)
{
    char number[48];
    const char *name = d->input_names ? d->input_names[c] : number;
    snprintf(number, sizeof number, "%zu (counted from 0)", c);
    return error_set(error, ESPALIER_ERROR_NUMERIC,
                     "%s: column %s: scaling '%s': expected distances from the %s that are 32-bit "
                     "floats, of at most %g, found values from %g to %g",
                     source ? source : "rows in memory", name,
                     espalier_scaling_name(range ? ESPALIER_SCALING_RANGE : ESPALIER_SCALING_STANDARD),
                     range ? "least value" : "mean", (double)FLT_MAX, (double)sums->low[c],
                     (double)sums->high[c]);
}

/* Every training value x must come to something finite: first x - shift is taken, in floats. */
static espalier_status set_pairs(espalier_dataset *d, const char *source, espalier_scaling scaling,
                                 const column_sums *sums, espalier_error *error)
{
    double rows = (double)d->row_count[ESPALIER_TRAINING];
    for (size_t c = 0; c < d->inputs; c++) {
        bool constant = !(sums->high[c] > sums->low[c]);
        bool range = scaling == ESPALIER_SCALING_RANGE || constant;
        double width = range ? (double)sums->high[c] - (double)sums->low[c]
                             : sqrt(sums->square[c] / rows);
        d->shift[c] = range ? sums->low[c] : (float)sums->mean[c];
        d->scale[c] = constant ? 0.0f : inverse(width);
        if (!isfinite(sums->high[c] - d->shift[c]) || !isfinite(sums->low[c] - d->shift[c]))
            return too_wide(d, source, c, range, sums, error);
    }
    return ESPALIER_OK;
}

static espalier_status fit_columns(espalier_dataset *d, const char *source,
                                   espalier_scaling scaling, espalier_error *error)
{
    size_t inputs = d->inputs;
    double *doubles = memory_array(d->allocator, inputs, 2 * sizeof *doubles);
    float *floats = memory_array(d->allocator, inputs, 3 * sizeof *floats);
    d->shift = memory_array(d->allocator, inputs, 2 * sizeof *d->shift);
    espalier_status status = ESPALIER_OK;
    if (!doubles || !floats || !d->shift) {
        status = error_memory(error);
    } else {
        column_sums sums = {doubles, doubles + inputs, floats, floats + inputs};
        d->scale = d->shift + inputs;
        d->scaling_count = inputs;
        find_sums(d, &sums, floats + 2 * inputs);
        status = set_pairs(d, source, scaling, &sums, error);
    }
    memory_release(d->allocator, floats);
    memory_release(d->allocator, doubles);
    return status;
}

static espalier_status fit_bytes(espalier_dataset *d, espalier_error *error)
{
    d->shift = memory_array(d->allocator, 2, sizeof *d->shift);
    if (!d->shift)
        return error_memory(error);
    d->scale = d->shift + 1;
    *d->scale = 1.0f / 255.0f;
    d->scaling_count = 1;
    return ESPALIER_OK;
}

espalier_status dataset_fit_scaling(espalier_dataset *dataset, const char *source,
                                    espalier_scaling scaling, espalier_error *error)
{
    if (scaling == ESPALIER_SCALING_AUTO && dataset->bytes)
        return fit_bytes(dataset, error);
    if (scaling == ESPALIER_SCALING_NONE || dataset->row_count[ESPALIER_TRAINING] == 0)
        return ESPALIER_OK;
    if (scaling == ESPALIER_SCALING_AUTO)
        scaling = ESPALIER_SCALING_STANDARD;
    return fit_columns(dataset, source, scaling, error);
}

const char *espalier_scaling_name(espalier_scaling scaling)
{
    static const char *const names[] = {"auto", "none", "range", "standard"};
    return (size_t)scaling < sizeof names / sizeof *names ? names[scaling] : NULL;
}

size_t espalier_dataset_scaling(const espalier_dataset *dataset, const float **shift,
                                const float **scale)
{
    *shift = dataset->shift;
    *scale = dataset->scale;
    return dataset->scaling_count;
}
