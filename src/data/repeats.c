/* Rows that are there twice: every row's hash goes into an open table of row numbers;
 * rows that meet there are compared value by value. */
#include "data/repeats.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

typedef struct row_table {
    const espalier_dataset *dataset;
    uint32_t *places; /* [mask + 1] stored row plus one; 0 = free */
    size_t mask;
} row_table;

/* A step of a multiplicative hash; the factor is 2^64 divided by the golden ratio, odd. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static uint64_t hash_bytes(const uint8_t *row, size_t count)
{
    uint64_t hash = count, word;
    size_t i = 0;
    for (; i + sizeof word <= count; i += sizeof word) {
        memcpy(&word, row + i, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    if (i < count)
        memcpy(&word, row + i, count - i);
    return mix(hash, word);
}

/* Zero and minus zero are the same value. */
static uint64_t hash_floats(const float *row, size_t count)
{
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++) {
        float value = row[i] == 0 ? 0 : row[i];
        uint32_t word;
        memcpy(&word, &value, sizeof word);
        hash = mix(hash, word);
    }
    return hash;
}

static uint64_t hash_row(const espalier_dataset *d, size_t row)
{
    return d->bytes ? hash_bytes(d->bytes + row * d->inputs, d->inputs)
                    : hash_floats(d->floats + row * d->inputs, d->inputs);
}

static bool same(const espalier_dataset *d, size_t a, size_t b)
{
    if (d->bytes)
        return memcmp(d->bytes + a * d->inputs, d->bytes + b * d->inputs, d->inputs) == 0;
    const float *x = d->floats + a * d->inputs, *y = d->floats + b * d->inputs;
    for (size_t i = 0; i < d->inputs; i++)
        if (x[i] != y[i])
            return false;
    return true;
}

/* The place of a row like this one, or the free place where it belongs. */
static size_t seek(const row_table *table, size_t row)
{
    size_t place = (size_t)hash_row(table->dataset, row) & table->mask;
    while (table->places[place] && !same(table->dataset, table->places[place] - 1, row))
        place = (place + 1) & table->mask;
    return place;
}

/* `row` and `earlier` are stored rows; `base` is where counting begins for row. */
static void note(espalier_repeats *repeats, const espalier_dataset *d, size_t row, size_t earlier,
                 size_t base)
{
    bool differ = d->labels[row] != d->labels[earlier];
    if (repeats->listed < ESPALIER_SAME_ROWS_MOST)
        repeats->first[repeats->listed++] = (espalier_same_rows){row - base, earlier, differ};
    repeats->count++;
    repeats->labels_differ += differ;
}

espalier_status repeats_find(const espalier_dataset *dataset, const espalier_allocator *allocator,
                             espalier_repeats *training, espalier_repeats *test,
                             espalier_error *error)
{
    size_t room = 16, rows = dataset->training_rows;
    while (room < 2 * rows)
        room *= 2;
    row_table table = {dataset, memory_array(allocator, room, sizeof *table.places), room - 1};
    if (!table.places)
        return error_memory(error);
    *training = *test = (espalier_repeats){0};
    for (size_t row = 0; row < rows; row++) {
        size_t place = seek(&table, row);
        if (table.places[place])
            note(training, dataset, row, table.places[place] - 1, 0);
        else
            table.places[place] = (uint32_t)(row + 1);
    }
    for (size_t row = rows; row < dataset->stored_rows; row++) {
        size_t place = seek(&table, row);
        if (table.places[place])
            note(test, dataset, row, table.places[place] - 1, rows);
    }
    memory_release(allocator, table.places);
    return ESPALIER_OK;
}
