/* Which stored row belongs to which split. */
#include "data/dataset.h"

#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"

/* floor(fraction * rows), always less than rows (> 0). The fraction is a decimal
 * rounded to binary: without the allowance for that rounding 29 % of 100 rows
 * would be 28. */
static size_t share(double fraction, size_t rows)
{
    double exact = fraction * (double)rows;
    size_t count = (size_t)floor(exact + 2.0 * DBL_EPSILON * exact);
    return count < rows ? count : rows - 1;
}

static void count_up(uint32_t *order, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        order[i] = (uint32_t)i;
}

uint64_t dataset_test_seed(const espalier_dataset_options *options)
{
    return options->table.own_test_seed ? options->table.test_seed : options->seed;
}

espalier_status split_stratified(const uint32_t *labels, size_t rows, size_t classes,
                                 double fraction, uint64_t seed, uint64_t stream,
                                 const espalier_allocator *allocator, uint8_t *marks,
                                 espalier_error *error)
{
    uint32_t *order = memory_array(allocator, rows, sizeof *order);
    size_t *left = memory_array(allocator, classes, sizeof *left); /* rows still to be marked */
    if (order && left) {
        count_up(order, rows);
        random_shuffle(seed, stream, order, rows);
        for (size_t i = 0; i < rows; i++)
            left[labels[i]]++;
        for (size_t c = 0; c < classes; c++)
            left[c] = left[c] ? share(fraction, left[c]) : 0;
        for (size_t i = 0; i < rows; i++)
            if (left[labels[order[i]]] > 0) {
                left[labels[order[i]]]--;
                marks[order[i]] = 1;
            }
    }
    espalier_status status = order && left ? ESPALIER_OK : error_memory(error);
    memory_release(allocator, left);
    memory_release(allocator, order);
    return status;
}

/* The first or any rows; marks: [training_rows], 1 = validation. */
static espalier_status mark_any(const espalier_dataset *dataset,
                                const espalier_dataset_options *options, uint8_t *marks,
                                espalier_error *error)
{
    size_t rows = dataset->training_rows;
    size_t wanted = rows ? share(options->validation_fraction, rows) : 0;
    uint32_t *order = memory_array(dataset->allocator, rows, sizeof *order);
    if (!order)
        return error_memory(error);
    count_up(order, rows);
    if (dataset->validation == ESPALIER_VALIDATION_RANDOM)
        random_shuffle(options->seed, random_stream(RANDOM_VALIDATION, 0), order, rows);
    for (size_t i = 0; i < wanted; i++)
        marks[order[i]] = 1;
    memory_release(dataset->allocator, order);
    return ESPALIER_OK;
}

static espalier_status mark(const espalier_dataset *dataset,
                            const espalier_dataset_options *options, uint8_t *marks,
                            espalier_error *error)
{
    if (dataset->validation != ESPALIER_VALIDATION_STRATIFIED)
        return mark_any(dataset, options, marks, error);
    return split_stratified(dataset->labels, dataset->training_rows, dataset->classes,
                            options->validation_fraction, options->seed,
                            random_stream(RANDOM_VALIDATION, 0), dataset->allocator, marks, error);
}

/* Lays out the rows of each split in ascending order. */
static espalier_status lay_out(espalier_dataset *dataset, const uint8_t *marks,
                               espalier_error *error)
{
    size_t training = dataset->training_rows, validation = 0;
    for (size_t i = 0; i < training; i++)
        validation += marks[i];
    const size_t counts[ESPALIER_SPLIT_COUNT] = {
        [ESPALIER_TRAINING] = training - validation,
        [ESPALIER_VALIDATION] = validation,
        [ESPALIER_TEST] = dataset->stored_rows - training,
    };
    for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++) {
        dataset->rows[split] = memory_array(dataset->allocator, counts[split], sizeof(uint32_t));
        if (!dataset->rows[split])
            return error_memory(error);
    }
    for (size_t i = 0; i < dataset->stored_rows; i++) {
        espalier_split split = i >= training ? ESPALIER_TEST
                               : marks[i]    ? ESPALIER_VALIDATION
                                             : ESPALIER_TRAINING;
        dataset->rows[split][dataset->row_count[split]++] = (uint32_t)i;
    }
    return ESPALIER_OK;
}

espalier_status dataset_split(espalier_dataset *dataset, const espalier_dataset_options *options,
                              espalier_error *error)
{
    espalier_dataset_options defaults = espalier_dataset_options_defaults();
    if (dataset->rows[ESPALIER_TRAINING])
        return ESPALIER_OK;
    options = options ? options : &defaults;
    dataset->validation = options->validation;
    if (dataset->validation == ESPALIER_VALIDATION_AUTO)
        dataset->validation = dataset->is_table ? ESPALIER_VALIDATION_STRATIFIED
                                                : ESPALIER_VALIDATION_FIRST;
    uint8_t *marks = memory_array(dataset->allocator, dataset->training_rows, 1);
    if (!marks)
        return error_memory(error);
    espalier_status status = mark(dataset, options, marks, error);
    if (!status)
        status = lay_out(dataset, marks, error);
    memory_release(dataset->allocator, marks);
    return status;
}
