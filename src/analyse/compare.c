/* How far two networks agree on a data set, and how fast one predicts. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "espalier/analyse.h"
#include "infer/chunks.h"
#include "infer/predictor.h"
#include "net/network.h"

/* ---- two networks ------------------------------------------------------ */

typedef struct comparison_task {
    const espalier_predictor *a, *b;
    const espalier_dataset *dataset;
    espalier_split split;
    size_t inputs, classes;
    double *largest;   /* [chunks] */
    uint64_t *changes; /* [chunks] */
} comparison_task;

/* A NaN on either side is as far away as can be. */
static double distance(float a, float b)
{
    const double difference = fabs((double)a - (double)b);
    return isnan(difference) ? INFINITY : difference;
}

static void compare_chunk(void *context, size_t chunk, size_t first, size_t count, float *scratch)
{
    const comparison_task *task = context;
    float *values = scratch, *a = values + CHUNK_ROWS * task->inputs;
    float *b = a + CHUNK_ROWS * task->classes, *workspace = b + CHUNK_ROWS * task->classes;
    espalier_dataset_rows(task->dataset, task->split, first, count, values);
    espalier_predictor_run(task->a, values, count, a, workspace);
    espalier_predictor_run(task->b, values, count, b, workspace);
    for (size_t i = 0; i < count * task->classes; i++)
        task->largest[chunk] = fmax(task->largest[chunk], distance(a[i], b[i]));
    for (size_t r = 0; r < count; r++)
        task->changes[chunk] += predictor_class(a + r * task->classes, task->classes) !=
                                predictor_class(b + r * task->classes, task->classes);
}

/* CHUNK_ROWS rows of values and of both outputs, and one workspace for both predictors. */
static bool scratch_size(const comparison_task *task, size_t *floats)
{
    const size_t of_a = espalier_predictor_workspace(task->a, CHUNK_ROWS);
    const size_t of_b = espalier_predictor_workspace(task->b, CHUNK_ROWS);
    size_t width;
    return size_add(task->inputs, 2 * task->classes, &width) &&
           size_multiply(width, CHUNK_ROWS, floats) &&
           size_add(*floats, of_a > of_b ? of_a : of_b, floats);
}

static espalier_status compare_split(comparison_task *task, const espalier_allocator *allocator,
                                     size_t threads, espalier_difference *difference,
                                     espalier_error *error)
{
    const size_t rows = espalier_dataset_row_count(task->dataset, task->split);
    const size_t chunks = chunks_count(rows);
    size_t floats;
    if (!scratch_size(task, &floats))
        return error_memory(error);
    task->largest = memory_array(allocator, chunks, sizeof *task->largest);
    task->changes = memory_array(allocator, chunks, sizeof *task->changes);
    espalier_status status =
        !task->largest || !task->changes
            ? error_memory(error)
            : chunks_run(rows, threads, floats, allocator, compare_chunk, task, error);
    for (size_t chunk = 0; status == ESPALIER_OK && chunk < chunks; chunk++) {
        difference->largest = fmax(difference->largest, task->largest[chunk]);
        difference->class_changes += task->changes[chunk];
    }
    difference->rows += rows;
    memory_release(allocator, task->largest);
    memory_release(allocator, task->changes);
    return status;
}

static espalier_status check_pair(const espalier_network *a, const espalier_network *b,
                                  const espalier_dataset *dataset, espalier_error *error)
{
    espalier_status status = predictor_check_width(a, dataset, error);
    if (status == ESPALIER_OK)
        status = predictor_check_width(b, dataset, error);
    if (status != ESPALIER_OK)
        return status;
    if (espalier_network_class_count(a) != espalier_network_class_count(b))
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "the first network knows %zu classes, the second %zu",
                         espalier_network_class_count(a), espalier_network_class_count(b));
    return ESPALIER_OK;
}

espalier_status espalier_compare(const espalier_network *a, const espalier_network *b,
                                 const espalier_dataset *dataset, size_t threads,
                                 espalier_difference *difference, espalier_error *error)
{
    const espalier_allocator *allocator = a->allocator;
    espalier_status status = check_pair(a, b, dataset, error);
    espalier_predictor *of_a = NULL, *of_b = NULL;
    espalier_difference found = {0};
    if (status == ESPALIER_OK)
        status = espalier_predictor_create(a, allocator, &of_a, error);
    if (status == ESPALIER_OK)
        status = espalier_predictor_create(b, allocator, &of_b, error);
    for (int split = 0; status == ESPALIER_OK && split < ESPALIER_SPLIT_COUNT; split++) {
        comparison_task task = {
            .a = of_a,
            .b = of_b,
            .dataset = dataset,
            .split = (espalier_split)split,
            .inputs = espalier_dataset_input_count(dataset),
            .classes = espalier_network_class_count(a),
        };
        status = compare_split(&task, allocator, threads, &found, error);
    }
    espalier_predictor_destroy(of_a);
    espalier_predictor_destroy(of_b);
    if (status == ESPALIER_OK)
        *difference = found;
    return status;
}

/* ---- time -------------------------------------------------------------- */

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
