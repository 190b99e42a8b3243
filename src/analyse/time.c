/* How fast one prediction is. */
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "espalier/analyse.h"
#include "espalier/predict.h"
#include "infer/predictor.h"
#include "net/network.h"

/* So many rows are more than the caches and branch predictors learn by heart. */
enum { TIMED_ROWS = 1000 };

typedef struct timing {
    espalier_predictor *predictor;
    size_t rows, inputs, runs;
    float *values;        /* [rows][inputs] */
    float *probabilities; /* [classes] */
    float *workspace;
    double *seconds;      /* [runs] */
} timing;

static double pass_seconds(const timing *t)
{
    const double begin = clock_seconds();
    for (size_t r = 0; r < t->rows; r++)
        espalier_predictor_run(t->predictor, t->values + r * t->inputs, 1, t->probabilities,
                               t->workspace);
    return clock_seconds() - begin;
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Mean of the two in the middle where the number of runs is even. */
static double median_seconds(timing *t)
{
    pass_seconds(t); /* not counted: brings weights and rows into the caches */
    for (size_t run = 0; run < t->runs; run++)
        t->seconds[run] = pass_seconds(t);
    qsort(t->seconds, t->runs, sizeof *t->seconds, by_value);
    return (t->seconds[(t->runs - 1) / 2] + t->seconds[t->runs / 2]) / 2.0;
}

static bool take_memory(timing *t, const espalier_allocator *allocator, size_t classes)
{
    size_t floats;
    if (!size_multiply(t->rows, t->inputs, &floats))
        return false;
    t->values = memory_array(allocator, floats, sizeof *t->values);
    t->probabilities = memory_array(allocator, classes, sizeof *t->probabilities);
    t->workspace = memory_array(allocator, espalier_predictor_workspace(t->predictor, 1),
                                sizeof *t->workspace);
    t->seconds = memory_array(allocator, t->runs, sizeof *t->seconds);
    return t->values && t->probabilities && t->workspace && t->seconds;
}

espalier_status espalier_time_prediction(const espalier_network *network,
                                         const espalier_dataset *dataset, espalier_split split,
                                         size_t runs, double *nanoseconds, espalier_error *error)
{
    const espalier_allocator *allocator = network->allocator;
    espalier_status status = predictor_check_width(network, dataset, error);
    if (status != ESPALIER_OK)
        return status;
    const size_t rows = espalier_dataset_row_count(dataset, split);
    timing t = {.rows = rows < TIMED_ROWS ? rows : TIMED_ROWS,
                .inputs = espalier_dataset_input_count(dataset),
                .runs = runs};
    if (runs == 0 || rows == 0)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "timing needs at least one run and one row, found %zu and %zu", runs,
                         rows);
    status = espalier_predictor_create(network, allocator, &t.predictor, error);
    if (status != ESPALIER_OK)
        return status;
    if (take_memory(&t, allocator, espalier_network_class_count(network))) {
        espalier_dataset_rows(dataset, split, 0, t.rows, t.values);
        *nanoseconds = 1e9 * median_seconds(&t) / (double)t.rows;
    } else {
        status = error_memory(error);
    }
    memory_release(allocator, t.values);
    memory_release(allocator, t.probabilities);
    memory_release(allocator, t.workspace);
    memory_release(allocator, t.seconds);
    espalier_predictor_destroy(t.predictor);
    return status;
}
