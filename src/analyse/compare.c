/* How far two networks agree on a data set. Each is run as it is, masks, dead
 * neurons and all, by the plain forward pass: the prediction engine compacts what
 * it is given, so it could not prove that compaction changes nothing. */
#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "espalier/analyse.h"
#include "infer/chunks.h"
#include "infer/predictor.h"
#include "net/forward.h"

typedef struct comparison_task {
    const espalier_network *a, *b;
    const math_backend *math;
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
    float *values = scratch, *a = values + count * task->inputs;
    float *b = a + count * task->classes, *workspace = b + count * task->classes;
    espalier_dataset_rows(task->dataset, task->split, first, count, values);
    forward_rows(task->a, task->math, values, count, a, workspace);
    forward_rows(task->b, task->math, values, count, b, workspace);
    for (size_t i = 0; i < count * task->classes; i++) {
        const double d = distance(a[i], b[i]);
        if (d > task->largest[chunk])
            task->largest[chunk] = d;
    }
    for (size_t r = 0; r < count; r++)
        task->changes[chunk] += predictor_class(a + r * task->classes, task->classes) !=
                                predictor_class(b + r * task->classes, task->classes);
}

/* The most rows of a chunk: their values, both outputs, and one workspace for both networks. */
static bool scratch_size(const comparison_task *task, size_t rows, size_t *floats)
{
    const size_t of_a = forward_workspace(task->a, 1), of_b = forward_workspace(task->b, 1);
    size_t width;
    return size_add(task->inputs, 2 * task->classes, &width) &&
           size_add(width, of_a > of_b ? of_a : of_b, &width) &&
           size_multiply(width, rows < CHUNK_ROWS ? rows : CHUNK_ROWS, floats);
}

static espalier_status compare_split(comparison_task *task, const espalier_allocator *allocator,
                                     size_t threads, espalier_difference *difference,
                                     espalier_error *error)
{
    const size_t rows = espalier_dataset_row_count(task->dataset, task->split);
    const size_t chunks = chunks_count(rows);
    size_t floats;
    if (!scratch_size(task, rows, &floats))
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
    espalier_difference found = {0};
    for (int split = 0; status == ESPALIER_OK && split < ESPALIER_SPLIT_COUNT; split++) {
        comparison_task task = {
            .a = a,
            .b = b,
            .math = math_backend_at(0),
            .dataset = dataset,
            .split = (espalier_split)split,
            .inputs = espalier_dataset_input_count(dataset),
            .classes = espalier_network_class_count(a),
        };
        status = compare_split(&task, allocator, threads, &found, error);
    }
    if (status == ESPALIER_OK)
        *difference = found;
    return status;
}
