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

/* Marks the first rows of an order that fall into each class's share.
 * left: [classes] rows that the validation part still takes of each class. */
static void mark_by_class(const espalier_dataset *dataset, const uint32_t *order, size_t *left,
                          uint8_t *marks)
{
    for (size_t i = 0; i < dataset->training_rows; i++) {
        uint32_t row = order[i];
        if (left[dataset->labels[row]] > 0) {
            left[dataset->labels[row]]--;
            marks[row] = 1;
        }
    }
}

static espalier_status mark_stratified(const espalier_dataset *dataset, double fraction,
                                       const uint32_t *order, uint8_t *marks, espalier_error *error)
{
    size_t *left = memory_array(dataset->allocator, dataset->classes, sizeof *left);
    if (!left)
        return error_memory(error);
    for (size_t i = 0; i < dataset->training_rows; i++)
        left[dataset->labels[i]]++;
    for (size_t c = 0; c < dataset->classes; c++)
        left[c] = left[c] ? share(fraction, left[c]) : 0;
    mark_by_class(dataset, order, left, marks);
    memory_release(dataset->allocator, left);
    return ESPALIER_OK;
}

/* marks: [training_rows], 1 = validation. */
static espalier_status mark(const espalier_dataset *dataset,
                            const espalier_dataset_options *options, uint8_t *marks,
                            espalier_error *error)
{
    size_t rows = dataset->training_rows, wanted = share(options->validation_fraction, rows);
    uint32_t *order = memory_array(dataset->allocator, rows, sizeof *order);
    if (!order)
        return error_memory(error);
    for (size_t i = 0; i < rows; i++)
        order[i] = (uint32_t)i;
    if (options->validation != ESPALIER_VALIDATION_FIRST)
        random_shuffle(options->seed, random_stream(RANDOM_VALIDATION, 0), order, rows);
    espalier_status status = ESPALIER_OK;
    if (options->validation == ESPALIER_VALIDATION_STRATIFIED)
        status = mark_stratified(dataset, options->validation_fraction, order, marks, error);
    else
        for (size_t i = 0; i < wanted; i++)
            marks[order[i]] = 1;
    memory_release(dataset->allocator, order);
    return status;
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
    uint8_t *marks = memory_array(dataset->allocator, dataset->training_rows, 1);
    if (!marks)
        return error_memory(error);
    espalier_status status = mark(dataset, options ? options : &defaults, marks, error);
    if (!status)
        status = lay_out(dataset, marks, error);
    memory_release(dataset->allocator, marks);
    return status;
}
