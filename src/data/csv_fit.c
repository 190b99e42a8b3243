/* What is learnt from a table: the order of classes, the categories, and what missing
 * values become. The last two from the training rows alone. */
#include "data/csv_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* ---- classes --------------------------------------------------------------- */

bool csv_classes_are_numbers(const dictionary *classes)
{
    char number[24];
    for (size_t i = 0; i < classes->count; i++) {
        snprintf(number, sizeof number, "%zu", i);
        if (strcmp(classes->texts[i], number) != 0)
            return false;
    }
    return true;
}

/* Labels of which hardly two are alike are measurements rather than classes. */
static espalier_status check_classes(const csv_survey *s, const char *path, espalier_error *error)
{
    enum { FEW = 100 };
    size_t count = s->classes.count;
    if (count < 2)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: column %zu%s%s%s: expected labels of at least two classes, found "
                         "only '%s'",
                         path, s->columns->label + 1, s->columns->label_name ? " (" : "",
                         s->columns->label_name ? s->columns->label_name : "",
                         s->columns->label_name ? ")" : "", s->classes.texts[0]);
    if (count > FEW && count > s->rows / 2)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: column %zu%s%s%s: expected labels of classes, found %zu different "
                         "ones in %zu rows: choose the column of the labels by --label",
                         path, s->columns->label + 1, s->columns->label_name ? " (" : "",
                         s->columns->label_name ? s->columns->label_name : "",
                         s->columns->label_name ? ")" : "", count, s->rows);
    return ESPALIER_OK;
}

espalier_status csv_fit_classes(csv_survey *s, const char *path, espalier_error *error)
{
    espalier_status status = check_classes(s, path, error);
    if (status)
        return status;
    size_t count = s->classes.count;
    size_t *order = memory_array(s->columns->allocator, count, sizeof *order);
    uint32_t *place = memory_array(s->columns->allocator, count, sizeof *place);
    status = order && place ? dictionary_sort(&s->classes, s->columns->decimal_comma ? ',' : '.',
                                              order, error)
                            : error_memory(error);
    for (size_t i = 0; i < count && !status; i++)
        place[order[i]] = (uint32_t)i;
    for (size_t i = 0; i < s->rows && !status; i++)
        s->labels[i] = place[s->labels[i]];
    memory_release(s->columns->allocator, place);
    memory_release(s->columns->allocator, order);
    return status;
}

/* ---- categories -------------------------------------------------------------- */

/* Keeps the categories that are counted, and finds the most frequent one. */
static espalier_status keep_categories(column *one, char point, bool fill, const size_t *counts,
                                       espalier_error *error)
{
    dictionary kept = {.allocator = one->values.allocator};
    espalier_status status = ESPALIER_OK;
    size_t most = 0;
    char common[COLUMN_TEXT_MOST + 1] = "";
    for (size_t i = 0; i < one->values.count && !status; i++) {
        const char *text = one->values.texts[i];
        if (counts[i] == 0)
            continue;
        status = dictionary_add(&kept, text, strlen(text), error);
        if (counts[i] > most) {
            most = counts[i];
            snprintf(common, sizeof common, "%s", text);
        }
    }
    if (!status)
        status = dictionary_sort(&kept, point, NULL, error);
    dictionary_clear(&one->values);
    one->values = kept;
    one->filled = fill && most > 0;
    if (one->filled)
        one->fill_value = dictionary_find(&kept, common, strlen(common));
    return status;
}

espalier_status csv_fit_categories(csv_survey *s, const uint8_t *is_training,
                                   espalier_error *error)
{
    columns *c = s->columns;
    bool fill = c->missing == ESPALIER_MISSING_MEAN || c->missing == ESPALIER_MISSING_MEDIAN;
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; i < c->count && !status; i++) {
        column *one = &c->items[i];
        if (one->kind == COLUMN_UNKNOWN)
            one->kind = COLUMN_NUMBER; /* nothing but missing values */
        if (one->kind != COLUMN_CATEGORY)
            continue;
        size_t *counts = memory_array(c->allocator, one->values.count, sizeof *counts);
        if (!counts)
            return error_memory(error);
        for (size_t row = 0; row < s->rows && s->codes[i]; row++)
            if (is_training[row] && s->codes[i][row] != CSV_NO_CATEGORY)
                counts[s->codes[i][row]]++;
        status = keep_categories(one, c->decimal_comma ? ',' : '.', fill, counts, error);
        memory_release(c->allocator, counts);
    }
    columns_place(c);
    return status;
}

/* ---- fills ---------------------------------------------------------------------- */

static const float *cell(const espalier_dataset *d, size_t row, size_t input)
{
    return &d->floats[(size_t)d->rows[ESPALIER_TRAINING][row] * d->inputs + input];
}

/* The mean of the training rows' values; 0 of none. */
static float mean_of(const espalier_dataset *d, size_t input)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < d->row_count[ESPALIER_TRAINING]; i++) {
        float value = *cell(d, i, input);
        if (!isnan(value)) {
            sum += (double)value;
            count++;
        }
    }
    return count ? (float)(sum / (double)count) : 0.0f;
}

/* Floats as integers in the same order. */
static uint32_t key_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

static float value_of(uint32_t key)
{
    uint32_t bits = key >> 31 ? key & 0x7fffffffu : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

enum { DIGITS = 1 << 16 };

/* The value that `rank` others are not above, by two digits of its key; counts [DIGITS]. */
static float value_at(const espalier_dataset *d, size_t input, size_t rank, uint32_t *counts)
{
    uint32_t high = 0;
    for (int digit = 0; digit < 2; digit++) {
        memset(counts, 0, DIGITS * sizeof *counts);
        for (size_t i = 0; i < d->row_count[ESPALIER_TRAINING]; i++) {
            float value = *cell(d, i, input);
            uint32_t key = key_of(value);
            if (!isnan(value) && (digit == 0 || key >> 16 == high))
                counts[digit == 0 ? key >> 16 : key & (DIGITS - 1)]++;
        }
        uint32_t place = 0;
        while (rank >= counts[place])
            rank -= counts[place++];
        if (digit == 1)
            return value_of(high << 16 | place);
        high = place;
    }
    return 0.0f; /* not reached */
}

/* The middle of the training rows' values, of two the point between; 0 of none. */
static float median_of(const espalier_dataset *d, size_t input, uint32_t *counts)
{
    size_t count = 0;
    for (size_t i = 0; i < d->row_count[ESPALIER_TRAINING]; i++)
        count += !isnan(*cell(d, i, input));
    if (count == 0)
        return 0.0f;
    double upper = (double)value_at(d, input, count / 2, counts);
    if (count % 2)
        return (float)upper;
    return (float)((upper + (double)value_at(d, input, count / 2 - 1, counts)) / 2);
}

/* Replaces the marks that table_file_encode left. */
static void fill_column(const column *one, espalier_dataset *d)
{
    for (size_t row = 0; row < d->stored_rows; row++) {
        float *value = &d->floats[row * d->inputs + one->first];
        if (!isnan(*value))
            continue;
        d->missing[one->first + (one->kind == COLUMN_CATEGORY && one->filled ? one->fill_value : 0)]++;
        *value = one->kind == COLUMN_NUMBER ? one->fill : 0.0f;
        if (one->kind == COLUMN_CATEGORY && one->filled)
            value[one->fill_value] = 1.0f;
    }
}

espalier_status csv_fit_fills(columns *c, bool learn, espalier_dataset *dataset,
                              espalier_error *error)
{
    if (c->missing != ESPALIER_MISSING_MEAN && c->missing != ESPALIER_MISSING_MEDIAN)
        return ESPALIER_OK;
    dataset->missing = memory_array(dataset->allocator, dataset->inputs, sizeof *dataset->missing);
    uint32_t *counts = memory_array(c->allocator, DIGITS, sizeof *counts);
    if (!counts || !dataset->missing) {
        memory_release(c->allocator, counts);
        return error_memory(error);
    }
    for (size_t i = 0; i < c->count; i++) {
        column *one = &c->items[i];
        if (one->kind == COLUMN_NUMBER && learn) {
            one->fill = c->missing == ESPALIER_MISSING_MEAN
                            ? mean_of(dataset, one->first)
                            : median_of(dataset, one->first, counts);
            one->filled = true;
        }
        if (one->kind == COLUMN_NUMBER || one->values.count > 0)
            fill_column(one, dataset);
    }
    memory_release(c->allocator, counts);
    return ESPALIER_OK;
}
