/* Test rows drawn from arrays that have none of their own. */
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/numpy_data.h"

/* Rows of whatever is stored: bytes or floats. */
typedef struct stored {
    uint8_t *values;
    size_t row_bytes;
    uint32_t *labels;
} stored;

static stored all_rows(espalier_dataset *dataset)
{
    size_t value_bytes = dataset->bytes ? 1 : sizeof(float);
    return (stored){dataset->bytes ? dataset->bytes : (uint8_t *)dataset->floats,
                    dataset->inputs * value_bytes, dataset->labels};
}

static void copy_row(stored to, size_t place, stored from, size_t row)
{
    memmove(to.values + place * to.row_bytes, from.values + row * from.row_bytes, to.row_bytes);
    to.labels[place] = from.labels[row];
}

/* Marked rows go aside, the others move up, both in their order. */
static void move_back(espalier_dataset *dataset, const uint8_t *marks, stored aside)
{
    stored rows = all_rows(dataset);
    size_t kept = 0, moved = 0;
    for (size_t i = 0; i < dataset->stored_rows; i++) {
        if (marks[i])
            copy_row(aside, moved++, rows, i);
        else
            copy_row(rows, kept++, rows, i);
    }
    for (size_t i = 0; i < moved; i++)
        copy_row(rows, kept + i, aside, i);
    dataset->training_rows = kept;
}

espalier_status numpy_draw_tests(espalier_dataset *dataset,
                                 const espalier_dataset_options *options, espalier_error *error)
{
    const espalier_allocator *allocator = dataset->allocator;
    size_t rows = dataset->stored_rows, count = 0;
    uint8_t *marks = memory_array(allocator, rows, 1);
    if (!marks)
        return error_memory(error);
    espalier_status status = split_stratified(
        dataset->labels, rows, dataset->classes, options->table.test_fraction,
        dataset_test_seed(options), random_stream(RANDOM_TEST_ROWS, 0), allocator, marks, error);
    for (size_t i = 0; i < rows; i++)
        count += marks[i];
    stored aside = all_rows(dataset);
    aside.values = status ? NULL : memory_array(allocator, count, aside.row_bytes);
    aside.labels = status ? NULL : memory_array(allocator, count, sizeof *aside.labels);
    if (!status && (!aside.values || !aside.labels))
        status = error_memory(error);
    if (!status)
        move_back(dataset, marks, aside);
    memory_release(allocator, aside.values);
    memory_release(allocator, aside.labels);
    memory_release(allocator, marks);
    return status;
}
