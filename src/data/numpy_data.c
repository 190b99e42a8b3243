/* From arrays to rows: do they fit, and in which order are they stored. What labels mean
 * is numpy_labels.c's. */
#include "data/numpy_data.h"

#include "base/memory.h"

npy_file *numpy_place(numpy_data *data, numpy_role role)
{
    switch (role.kind) {
    case NUMPY_VALUES:
        return &data->values[role.part];
    case NUMPY_LABELS:
        return &data->labels[role.part];
    case NUMPY_CLASS_NAMES:
        return &data->class_names;
    default:
        return NULL;
    }
}

void numpy_close(numpy_data *data)
{
    for (int part = 0; part < NUMPY_PART_COUNT; part++) {
        npy_close(&data->values[part]);
        npy_close(&data->labels[part]);
    }
    npy_close(&data->class_names);
}

/* ---- do they fit ------------------------------------------------------------ */

/* Values without labels, labels without values, or neither. */
static espalier_status refuse_half(const numpy_data *data, numpy_part part, espalier_error *error)
{
    const npy_file *values = &data->values[part], *labels = &data->labels[part];
    bool has_values = numpy_is_open(values), has_any = has_values || numpy_is_open(labels);
    return error_set(error, ESPALIER_ERROR_NOT_FOUND,
                     "%s: expected the %s values with their labels, found %s%s; names are such as "
                     "x_train and y_train, train_images and train_labels, X and y%s",
                     data->path, numpy_part_name(part),
                     has_values ? values->source.name : has_any ? labels->source.name : "neither",
                     has_any ? " alone" : "",
                     has_values ? "; rows without labels are predicted from an archive of one "
                                  "array, or a .npy file" : "");
}

static espalier_status check_pair(const numpy_data *data, numpy_part part, espalier_error *error)
{
    const npy_file *values = &data->values[part], *labels = &data->labels[part];
    char shape[NPY_SHAPE_BYTES];
    if (!numpy_is_open(values) || !numpy_is_open(labels))
        return refuse_half(data, part, error);
    bool numbers = values->kind != NPY_TEXT && values->kind != NPY_LATIN;
    if (!numbers || values->rank < 2)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected rows of numbers, [rows, ...], found %s",
                         values->source.name, npy_shape_text(values, shape));
    if (labels->rank == 0 || labels->rank > 2)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected labels [rows] or one-hot [rows, classes], found %s",
                         labels->source.name, npy_shape_text(labels, shape));
    if (values->shape[0] != labels->shape[0])
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "%s: expected %zu labels, one for each row of %s, found %zu",
                         labels->source.name, values->shape[0], values->source.name,
                         labels->shape[0]);
    return ESPALIER_OK;
}

static bool are_bytes(const npy_file *file)
{
    return file->kind == NPY_UNSIGNED && file->value_bytes == 1;
}

/* Bytes are scaled by 255, other numbers by what they are: they cannot be mixed. */
static espalier_status check_alike(const npy_file *train, const npy_file *other,
                                   espalier_error *error)
{
    char shape[NPY_SHAPE_BYTES], found[NPY_SHAPE_BYTES];
    bool alike = train->rank == other->rank && are_bytes(train) == are_bytes(other);
    for (size_t i = 1; alike && i < train->rank; i++)
        alike = train->shape[i] == other->shape[i];
    if (alike)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_MISMATCH,
                     "%s: expected rows like those of %s, %s, found %s", other->source.name,
                     train->source.name, npy_shape_text(train, shape),
                     npy_shape_text(other, found));
}

/* Takes a part for the training part, which is not there. */
static void take_as_training(numpy_data *data, numpy_part part)
{
    data->values[NUMPY_TRAINING] = data->values[part];
    data->labels[NUMPY_TRAINING] = data->labels[part];
    data->values[part] = data->labels[part] = (npy_file){0};
}

/* Arrays without a word for their part are the training part, unless that is there. */
static espalier_status settle_parts(numpy_data *data, espalier_error *error)
{
    npy_file *pairs[] = {data->values, data->labels};
    for (int i = 0; i < 2; i++) {
        npy_file *whole = &pairs[i][NUMPY_WHOLE], *train = &pairs[i][NUMPY_TRAINING];
        if (numpy_is_open(whole) && numpy_is_open(train))
            return error_set(error, ESPALIER_ERROR_MISMATCH,
                             "%s: expected one array of training %s, found %s and %s", data->path,
                             i ? "labels" : "values", train->source.name, whole->source.name);
        if (numpy_is_open(whole))
            *train = *whole;
        *whole = (npy_file){0};
    }
    return ESPALIER_OK;
}

static bool has_part(const numpy_data *data, numpy_part part)
{
    return numpy_is_open(&data->values[part]) || numpy_is_open(&data->labels[part]);
}

static espalier_status check(const numpy_data *data, espalier_error *error)
{
    espalier_status status = check_pair(data, NUMPY_TRAINING, error);
    for (int part = 0; !status && part < NUMPY_PART_COUNT; part++) {
        if (part == NUMPY_TRAINING || !has_part(data, (numpy_part)part))
            continue;
        status = check_pair(data, (numpy_part)part, error);
        if (!status)
            status = check_alike(&data->values[NUMPY_TRAINING], &data->values[part], error);
    }
    return status;
}

/* ---- reading ------------------------------------------------------------------ */

static size_t row_count(const numpy_data *data, numpy_part part)
{
    return numpy_is_open(&data->values[part]) ? data->values[part].shape[0] : 0;
}

/* [rows, h, w], [rows, h, w, 1] and [rows, 1, h, w]. */
static void note_image(espalier_dataset *dataset, const npy_file *values)
{
    const size_t *shape = values->shape;
    bool plain = values->rank == 3, last = values->rank == 4 && shape[3] == 1;
    bool first = values->rank == 4 && shape[1] == 1;
    if (plain || last || first) {
        dataset->image_height = shape[first && !last ? 2 : 1];
        dataset->image_width = shape[first && !last ? 3 : 2];
    }
}

/* Without training rows there is nothing that dataset_reserve would ask for. */
static espalier_status reserve(espalier_dataset *dataset, const numpy_data *data,
                               const espalier_table_options *options, espalier_error *error)
{
    const npy_file *values = &data->values[NUMPY_TRAINING];
    size_t inputs = 1, training = row_count(data, NUMPY_TRAINING);
    size_t tests = row_count(data, NUMPY_TEST);
    for (size_t i = 1; i < values->rank; i++)
        if (!size_multiply(inputs, values->shape[i], &inputs))
            inputs = 0; /* only where there are no rows: their product fits */
    if (!size_add(training, row_count(data, NUMPY_VALIDATION), &training))
        return error_memory(error);
    note_image(dataset, values);
    bool only_tests = options->for_test && !numpy_is_open(&data->values[NUMPY_TEST]);
    if (!only_tests || training == 0 || inputs == 0)
        return dataset_reserve(dataset, data->path, training, tests, inputs, are_bytes(values),
                               error);
    espalier_status status = dataset_reserve_rows(dataset, data->path, 0, training, error);
    return status ? status
                  : dataset_reserve_values(dataset, inputs, are_bytes(values), error);
}

static espalier_status read_values(espalier_dataset *dataset, npy_file *file, size_t first,
                                   espalier_error *error)
{
    size_t place = first * dataset->inputs;
    espalier_status status = dataset->bytes
                                 ? npy_read_bytes(file, dataset->bytes + place, error)
                                 : npy_read_floats(file, dataset->floats + place, error);
    return status ? status
                  : dataset_check_values(dataset, file->source.name, first, file->shape[0], error);
}

static espalier_status read_rows(espalier_dataset *dataset, numpy_data *data,
                                 const espalier_dataset_options *options, size_t class_count,
                                 espalier_error *error)
{
    size_t first[NUMPY_PART_COUNT] = {0};
    espalier_status status = reserve(dataset, data, &options->table, error);
    for (int part = 0; !status && part < NUMPY_PART_COUNT; part++) {
        first[part] = part ? first[part - 1] + row_count(data, (numpy_part)(part - 1)) : 0;
        if (numpy_is_open(&data->values[part]))
            status = read_values(dataset, &data->values[part], first[part], error);
    }
    return status ? status
                  : numpy_read_labels(dataset, data, first, options, class_count, error);
}

espalier_status numpy_read(espalier_dataset *dataset, numpy_data *data,
                           const espalier_dataset_options *options, size_t class_count,
                           espalier_error *error)
{
    if (options->table.test_path)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "%s: expected a part of the rows to test with, or test arrays beside the "
                         "others, such as x_test and y_test; found the file %s",
                         data->path, options->table.test_path);
    espalier_status status = settle_parts(data, error);
    /* To be evaluated on, a test part does without the others. */
    if (options->table.for_test && !has_part(data, NUMPY_TRAINING) &&
        !has_part(data, NUMPY_VALIDATION) && has_part(data, NUMPY_TEST))
        take_as_training(data, NUMPY_TEST);
    if (!status)
        status = check(data, error);
    if (!status)
        status = read_rows(dataset, data, options, class_count, error);
    bool draw = !numpy_is_open(&data->values[NUMPY_TEST]) && !options->table.for_test &&
                options->table.test_fraction > 0;
    return status || !draw ? status : numpy_draw_tests(dataset, options, error);
}
