/* The data set as a handle: making, checking, asking. Where rows come from is
 * open.c and the readers, how they are split splits.c, how they leave gather.c. */
#include "data/dataset.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* ---- options ---------------------------------------------------------- */

espalier_dataset_options espalier_dataset_options_defaults(void)
{
    return (espalier_dataset_options){
        .validation_fraction = 0.1, .validation = ESPALIER_VALIDATION_AUTO, .seed = 1};
}

espalier_status espalier_dataset_options_check(const espalier_dataset_options *options,
                                               espalier_error *error)
{
    if (!options)
        return ESPALIER_OK;
    if (!(options->validation_fraction >= 0 && options->validation_fraction < 1))
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "validation_fraction: expected 0 or more and less than 1, found %g",
                         options->validation_fraction);
    if ((unsigned)options->validation > ESPALIER_VALIDATION_AUTO)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "validation: expected 0 to %d, found %d",
                         (int)ESPALIER_VALIDATION_AUTO, (int)options->validation);
    if ((unsigned)options->scaling >= ESPALIER_SCALING_COUNT)
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "scaling: expected 0 to %d, found %d",
                         ESPALIER_SCALING_COUNT - 1, (int)options->scaling);
    if (options->directory_count > 0 && !options->directories)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "directories: expected %zu of them, found NULL", options->directory_count);
    for (size_t i = 0; i < options->directory_count; i++)
        if (!options->directories[i])
            return error_set(error, ESPALIER_ERROR_ARGUMENT,
                             "directories: expected a path at index %zu, found NULL", i);
    return espalier_table_options_check(&options->table, error);
}

/* ---- making ----------------------------------------------------------- */

espalier_status dataset_create(const espalier_allocator *allocator, espalier_dataset **dataset,
                               espalier_error *error)
{
    espalier_dataset *made = memory_array(allocator, 1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->allocator = allocator;
    *dataset = made;
    return ESPALIER_OK;
}

/* Complains about a source, or about the caller's arguments where there is none. */
__attribute__((format(printf, 3, 4)))
static espalier_status complain(espalier_error *error, const char *source, const char *format, ...)
{
    char text[sizeof error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(error, source ? ESPALIER_ERROR_FORMAT : ESPALIER_ERROR_ARGUMENT, "%s: %s",
                     source ? source : "rows in memory", text);
}

espalier_status dataset_reserve_rows(espalier_dataset *dataset, const char *source,
                                     size_t training_rows, size_t test_rows,
                                     espalier_error *error)
{
    size_t rows;
    if (!size_add(training_rows, test_rows, &rows) || rows > UINT32_MAX)
        return complain(error, source,
                        "expected at most %lu rows, found %zu for training and %zu for tests",
                        (unsigned long)UINT32_MAX, training_rows, test_rows);
    dataset->training_rows = training_rows;
    dataset->stored_rows = rows;
    dataset->labels = memory_array(dataset->allocator, rows, sizeof *dataset->labels);
    return dataset->labels ? ESPALIER_OK : error_memory(error);
}

espalier_status dataset_reserve_values(espalier_dataset *dataset, size_t inputs, bool as_bytes,
                                       espalier_error *error)
{
    size_t values;
    if (!size_multiply(dataset->stored_rows, inputs, &values))
        return error_memory(error);
    dataset->inputs = inputs;
    if (as_bytes)
        dataset->bytes = memory_array(dataset->allocator, values, sizeof *dataset->bytes);
    else
        dataset->floats = memory_array(dataset->allocator, values, sizeof *dataset->floats);
    return dataset->bytes || dataset->floats ? ESPALIER_OK : error_memory(error);
}

espalier_status dataset_reserve(espalier_dataset *dataset, const char *source, size_t training_rows,
                                size_t test_rows, size_t inputs, bool as_bytes,
                                espalier_error *error)
{
    if (training_rows == 0 || inputs == 0)
        return complain(error, source,
                        "expected at least one training row and one input, found %zu rows of %zu "
                        "inputs",
                        training_rows, inputs);
    espalier_status status =
        dataset_reserve_rows(dataset, source, training_rows, test_rows, error);
    return status ? status : dataset_reserve_values(dataset, inputs, as_bytes, error);
}

espalier_status dataset_check_values(const espalier_dataset *dataset, const char *source,
                                     size_t first, size_t rows, espalier_error *error)
{
    if (!dataset->floats)
        return ESPALIER_OK;
    const float *values = dataset->floats + first * dataset->inputs;
    for (size_t i = 0; i < rows * dataset->inputs; i++)
        if (!isfinite(values[i]))
            return complain(error, source,
                            "row %zu, column %zu (counted from 0): expected a finite number, "
                            "found %g",
                            i / dataset->inputs, i % dataset->inputs, (double)values[i]);
    return ESPALIER_OK;
}

espalier_status dataset_check_labels(espalier_dataset *dataset, const char *source, size_t first,
                                     size_t rows, size_t class_count, espalier_error *error)
{
    size_t limit = class_count ? class_count : DATASET_CLASSES_MOST;
    if (class_count > dataset->classes)
        dataset->classes = class_count;
    for (size_t i = 0; i < rows; i++) {
        uint32_t label = dataset->labels[first + i];
        if (label >= limit)
            return complain(error, source,
                            "row %zu (counted from 0): expected a label of 0 to %zu, found %lu", i,
                            limit - 1, (unsigned long)label);
        if (label >= dataset->classes)
            dataset->classes = (size_t)label + 1;
    }
    return ESPALIER_OK;
}

/* What the two functions below are given; exactly one of bytes and floats. */
typedef struct given_rows {
    const uint8_t *bytes;
    const float *floats;
    const uint32_t *labels;
    size_t training_rows, test_rows, inputs, class_count;
} given_rows;

static espalier_status fill(espalier_dataset *dataset, const given_rows *given,
                            const espalier_dataset_options *options, espalier_error *error)
{
    espalier_status status = dataset_reserve(dataset, NULL, given->training_rows, given->test_rows,
                                             given->inputs, given->bytes != NULL, error);
    if (status)
        return status;
    size_t rows = dataset->stored_rows, values = rows * given->inputs;
    memcpy(dataset->labels, given->labels, rows * sizeof *given->labels);
    if (given->bytes)
        memcpy(dataset->bytes, given->bytes, values);
    else
        memcpy(dataset->floats, given->floats, values * sizeof *given->floats);
    status = dataset_check_values(dataset, NULL, 0, rows, error);
    if (!status)
        status = dataset_check_labels(dataset, NULL, 0, rows, given->class_count, error);
    if (!status)
        status = dataset_split(dataset, options, error);
    const espalier_scaling scaling = options ? options->scaling : ESPALIER_SCALING_AUTO;
    return status ? status : dataset_fit_scaling(dataset, NULL, scaling, error);
}

static espalier_status from_memory(const given_rows *given, const espalier_dataset_options *options,
                                   const espalier_allocator *allocator, espalier_dataset **dataset,
                                   espalier_error *error)
{
    espalier_status status = espalier_dataset_options_check(options, error);
    if (status)
        return status;
    if (!(given->bytes || given->floats) || !given->labels)
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "%s: expected an array, found NULL",
                         given->labels ? "values" : "labels");
    if (given->class_count > DATASET_CLASSES_MOST)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "class_count: expected at most %zu, found %zu", DATASET_CLASSES_MOST,
                         given->class_count);
    espalier_dataset *made = NULL;
    status = dataset_create(allocator, &made, error);
    if (status)
        return status;
    status = fill(made, given, options, error);
    if (status)
        espalier_dataset_destroy(made);
    else
        *dataset = made;
    return status;
}

espalier_status espalier_dataset_from_floats(
    const float *values, const uint32_t *labels, size_t training_rows, size_t test_rows,
    size_t inputs, size_t class_count, const espalier_dataset_options *options,
    const espalier_allocator *allocator, espalier_dataset **dataset, espalier_error *error)
{
    given_rows given = {NULL, values, labels, training_rows, test_rows, inputs, class_count};
    return from_memory(&given, options, allocator, dataset, error);
}

espalier_status espalier_dataset_from_bytes(
    const uint8_t *values, const uint32_t *labels, size_t training_rows, size_t test_rows,
    size_t inputs, size_t class_count, const espalier_dataset_options *options,
    const espalier_allocator *allocator, espalier_dataset **dataset, espalier_error *error)
{
    given_rows given = {values, NULL, labels, training_rows, test_rows, inputs, class_count};
    return from_memory(&given, options, allocator, dataset, error);
}

void espalier_dataset_destroy(espalier_dataset *dataset)
{
    if (!dataset)
        return;
    const espalier_allocator *allocator = dataset->allocator;
    for (size_t i = 0; dataset->class_names && i < dataset->classes; i++)
        memory_release(allocator, dataset->class_names[i]);
    memory_release(allocator, dataset->class_names);
    for (size_t i = 0; dataset->input_names && i < dataset->inputs; i++)
        memory_release(allocator, dataset->input_names[i]);
    memory_release(allocator, dataset->input_names);
    memory_release(allocator, dataset->columns);
    memory_release(allocator, dataset->shift);
    for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++)
        memory_release(allocator, dataset->rows[split]);
    memory_release(allocator, dataset->missing);
    memory_release(allocator, dataset->mixed);
    memory_release(allocator, dataset->counting);
    memory_release(allocator, dataset->labels);
    memory_release(allocator, dataset->floats);
    memory_release(allocator, dataset->bytes);
    memory_release(allocator, dataset);
}

/* ---- asking ----------------------------------------------------------- */

size_t espalier_dataset_row_count(const espalier_dataset *dataset, espalier_split split)
{
    return (size_t)split < ESPALIER_SPLIT_COUNT ? dataset->row_count[split] : 0;
}

size_t espalier_dataset_input_count(const espalier_dataset *dataset)
{
    return dataset->inputs;
}

size_t espalier_dataset_class_count(const espalier_dataset *dataset)
{
    return dataset->classes;
}

const char *espalier_dataset_class_name(const espalier_dataset *dataset, size_t index)
{
    return dataset->class_names && index < dataset->classes ? dataset->class_names[index] : NULL;
}

bool espalier_dataset_image_shape(const espalier_dataset *dataset, size_t *height, size_t *width)
{
    if (dataset->image_height == 0)
        return false;
    *height = dataset->image_height;
    *width = dataset->image_width;
    return true;
}

uint32_t espalier_dataset_label(const espalier_dataset *dataset, espalier_split split, size_t row)
{
    return dataset->labels[dataset->rows[split][row]];
}

espalier_validation espalier_dataset_validation(const espalier_dataset *dataset)
{
    return dataset->validation;
}

const char *espalier_dataset_input_name(const espalier_dataset *dataset, size_t input)
{
    return dataset->input_names && input < dataset->inputs ? dataset->input_names[input] : NULL;
}

size_t espalier_dataset_mixed_columns(const espalier_dataset *dataset,
                                      const espalier_mixed_column **columns)
{
    *columns = dataset->mixed;
    return dataset->mixed_count;
}

size_t espalier_dataset_counting_columns(const espalier_dataset *dataset, const size_t **positions)
{
    *positions = dataset->counting;
    return dataset->counting_count;
}

const espalier_unknown *espalier_dataset_unknown(const espalier_dataset *dataset, bool test_file)
{
    return &dataset->unknown[test_file];
}

const char *espalier_dataset_columns(const espalier_dataset *dataset)
{
    return dataset->columns;
}
