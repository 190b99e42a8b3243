/* Accuracy, loss and confusion of a network on one split. The forward pass is
 * predictor.c's, the chunks and threads are chunks.c's.
 *
 * Ranks and losses are taken from the logits, where differences are kept that
 * probabilities near 0 and 1 have lost to rounding. */
#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "infer/chunks.h"
#include "infer/predictor.h"
#include "net/network.h"

typedef struct evaluation_task {
    const espalier_predictor *predictor;
    const espalier_dataset *dataset;
    espalier_split split;
    size_t inputs, classes, k;
    uint32_t *predicted; /* [rows] class of each row */
    uint64_t *within_k;  /* [chunks] rows whose label is among the k most probable */
    double *losses;      /* [chunks] sums */
} evaluation_task;

/* How many classes come before the label: larger ones, and equal ones of a
 * lower index. Written so that a NaN puts the label last. */
static size_t rank_of(const float *z, size_t count, size_t label)
{
    size_t before = 0;
    for (size_t j = 0; j < count; j++)
        before += !(z[j] < z[label] || (z[j] == z[label] && j >= label));
    return before;
}

/* -log softmax(z)_label = log(sum_j exp(z_j - m)) - (z_label - m),  m = max z */
static double cross_entropy(const float *z, size_t count, size_t label)
{
    const double m = z[predictor_class(z, count)];
    double sum = 0.0;
    for (size_t j = 0; j < count; j++)
        sum += exp(z[j] - m);
    return log(sum) - (z[label] - m);
}

static void evaluate_chunk(void *context, size_t chunk, size_t first, size_t count, float *scratch)
{
    const evaluation_task *task = context;
    const size_t classes = task->classes;
    float *values = scratch, *logits = values + CHUNK_ROWS * task->inputs;
    float *workspace = logits + CHUNK_ROWS * classes;
    espalier_dataset_rows(task->dataset, task->split, first, count, values);
    predictor_logits(task->predictor, values, count, logits, workspace);
    for (size_t r = 0; r < count; r++) {
        const float *z = logits + r * classes;
        const size_t label = espalier_dataset_label(task->dataset, task->split, first + r);
        task->predicted[first + r] = (uint32_t)predictor_class(z, classes);
        task->within_k[chunk] += rank_of(z, classes, label) < task->k;
        task->losses[chunk] += cross_entropy(z, classes, label);
    }
}

/* Adds rows and chunks up in their order, which is the same for any number of
 * threads.  confusion [classes][classes], zero; or NULL. */
static void sum_up(const evaluation_task *task, size_t rows, uint64_t *confusion,
                   espalier_evaluation *evaluation)
{
    uint64_t correct = 0, within_k = 0;
    double loss = 0.0;
    for (size_t r = 0; r < rows; r++) {
        const uint32_t label = espalier_dataset_label(task->dataset, task->split, r);
        if (confusion)
            confusion[label * task->classes + task->predicted[r]]++;
        correct += label == task->predicted[r];
    }
    for (size_t chunk = 0; chunk < chunks_count(rows); chunk++) {
        within_k += task->within_k[chunk];
        loss += task->losses[chunk];
    }
    *evaluation = (espalier_evaluation){
        .rows = rows,
        .accuracy = (double)correct / (double)rows,
        .k = task->k,
        .top_k_accuracy = (double)within_k / (double)rows,
        .loss = loss / (double)rows,
        .class_count = task->classes,
        .confusion = confusion,
    };
}

static espalier_status check(const espalier_network *network, const espalier_dataset *dataset,
                             espalier_split split, size_t k, espalier_error *error)
{
    static const char *const names[] = {"training", "validation", "test"};
    const size_t classes = espalier_network_class_count(network);
    if ((size_t)split >= ESPALIER_SPLIT_COUNT)
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "split: %d is none", (int)split);
    espalier_status status = predictor_check_width(network, dataset, error);
    if (status != ESPALIER_OK)
        return status;
    if (espalier_dataset_class_count(dataset) > classes)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "the network knows %zu classes, the data set has %zu", classes,
                         espalier_dataset_class_count(dataset));
    if (k > classes)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "k: expected at most %zu, the number of classes, found %zu", classes, k);
    if (espalier_dataset_row_count(dataset, split) == 0)
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "the data set has no %s rows",
                         names[split]);
    return ESPALIER_OK;
}

/* CHUNK_ROWS rows of values and logits, and the predictor's workspace. */
static bool scratch_size(const evaluation_task *task, size_t *floats)
{
    size_t width;
    return size_add(task->inputs, task->classes, &width) &&
           size_multiply(width, CHUNK_ROWS, floats) &&
           size_add(*floats, espalier_predictor_workspace(task->predictor, CHUNK_ROWS), floats);
}

static espalier_status run(evaluation_task *task, const espalier_allocator *allocator,
                           size_t threads, espalier_evaluation *evaluation, espalier_error *error)
{
    const size_t rows = espalier_dataset_row_count(task->dataset, task->split);
    const size_t chunks = chunks_count(rows);
    const bool confusable = task->classes <= ESPALIER_CONFUSION_CLASSES_MOST;
    size_t floats;
    if (!scratch_size(task, &floats))
        return error_memory(error);
    uint64_t *confusion =
        confusable ? memory_array(NULL, task->classes * task->classes, sizeof *confusion) : NULL;
    task->predicted = memory_array(allocator, rows, sizeof *task->predicted);
    task->within_k = memory_array(allocator, chunks, sizeof *task->within_k);
    task->losses = memory_array(allocator, chunks, sizeof *task->losses);
    espalier_status status =
        (confusable && !confusion) || !task->predicted || !task->within_k || !task->losses
            ? error_memory(error)
            : chunks_run(rows, threads, floats, allocator, evaluate_chunk, task, error);
    if (status == ESPALIER_OK)
        sum_up(task, rows, confusion, evaluation);
    else
        memory_release(NULL, confusion);
    memory_release(allocator, task->predicted);
    memory_release(allocator, task->within_k);
    memory_release(allocator, task->losses);
    return status;
}

espalier_status espalier_evaluate(const espalier_network *network, const espalier_dataset *dataset,
                                  espalier_split split, size_t k, size_t threads,
                                  espalier_evaluation *evaluation, espalier_error *error)
{
    espalier_status status = check(network, dataset, split, k, error);
    if (status != ESPALIER_OK)
        return status;
    const size_t classes = espalier_network_class_count(network);
    const espalier_allocator *allocator = network->allocator;
    espalier_predictor *predictor;
    status = espalier_predictor_create(network, allocator, &predictor, error);
    if (status != ESPALIER_OK)
        return status;
    evaluation_task task = {
        .predictor = predictor,
        .dataset = dataset,
        .split = split,
        .inputs = espalier_dataset_input_count(dataset),
        .classes = classes,
        .k = k ? k : classes < 5 ? classes : 5,
    };
    status = run(&task, allocator, threads, evaluation, error);
    espalier_predictor_destroy(predictor);
    return status;
}

void espalier_evaluation_clear(espalier_evaluation *evaluation)
{
    memory_release(NULL, evaluation->confusion);
    evaluation->confusion = NULL;
}
