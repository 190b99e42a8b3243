/* What a data set is like: rows of each class, ranges and means, constant inputs. Rows
 * that are there twice are repeats.c's. */
#include "espalier/describe.h"

#include "base/error.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "data/repeats.h"

static void count_classes(const espalier_dataset *dataset, espalier_description *d)
{
    for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++) {
        d->rows[split] = dataset->row_count[split];
        size_t *counts = d->class_rows + (size_t)split * d->classes;
        for (size_t i = 0; i < dataset->row_count[split]; i++)
            counts[dataset->labels[dataset->rows[split][i]]]++;
    }
    for (size_t c = 0; c < d->classes; c++)
        d->learnt_classes += d->class_rows[c] > 0;
    d->missing_classes = d->classes - d->learnt_classes;
}

/* One row's values into least, greatest and sum of each input; returns its zeros. */
static size_t take_bytes(espalier_description *d, const uint8_t *row)
{
    size_t zeros = 0;
    for (size_t i = 0; i < d->inputs; i++) {
        float value = row[i];
        zeros += row[i] == 0;
        d->input_low[i] = value < d->input_low[i] ? value : d->input_low[i];
        d->input_high[i] = value > d->input_high[i] ? value : d->input_high[i];
        d->input_mean[i] += value;
    }
    return zeros;
}

static size_t take_floats(espalier_description *d, const float *row)
{
    size_t zeros = 0;
    for (size_t i = 0; i < d->inputs; i++) {
        zeros += row[i] == 0;
        d->input_low[i] = row[i] < d->input_low[i] ? row[i] : d->input_low[i];
        d->input_high[i] = row[i] > d->input_high[i] ? row[i] : d->input_high[i];
        d->input_mean[i] += row[i];
    }
    return zeros;
}

static void first_row(const espalier_dataset *dataset, espalier_description *d)
{
    size_t row = dataset->rows[ESPALIER_TRAINING][0];
    for (size_t i = 0; i < d->inputs; i++)
        d->input_low[i] = d->input_high[i] = dataset->bytes
                                                 ? dataset->bytes[row * d->inputs + i]
                                                 : dataset->floats[row * d->inputs + i];
}

/* Out of the inputs' figures those of all. */
static void sum_up(espalier_description *d, double zeros)
{
    double rows = (double)d->rows[ESPALIER_TRAINING], sum = 0;
    d->low = d->input_low[0];
    d->high = d->input_high[0];
    for (size_t i = 0; i < d->inputs; i++) {
        sum += d->input_mean[i];
        d->input_mean[i] /= rows;
        d->low = d->input_low[i] < d->low ? d->input_low[i] : d->low;
        d->high = d->input_high[i] > d->high ? d->input_high[i] : d->high;
        d->constant_inputs += d->input_low[i] == d->input_high[i];
    }
    d->mean = sum / (rows * (double)d->inputs);
    d->zeros = zeros / (rows * (double)d->inputs);
}

static void count_missing(const espalier_dataset *dataset, espalier_description *d)
{
    for (size_t i = 0; dataset->missing && i < d->inputs; i++) {
        d->input_missing[i] = dataset->missing[i];
        d->missing_values += dataset->missing[i];
    }
}

static void measure(const espalier_dataset *dataset, espalier_description *d)
{
    const uint32_t *rows = dataset->rows[ESPALIER_TRAINING];
    double zeros = 0;
    first_row(dataset, d);
    for (size_t i = 0; i < d->rows[ESPALIER_TRAINING]; i++) {
        size_t at = rows[i] * d->inputs;
        zeros += (double)(dataset->bytes ? take_bytes(d, dataset->bytes + at)
                                         : take_floats(d, dataset->floats + at));
    }
    sum_up(d, zeros);
}

espalier_status espalier_dataset_describe(const espalier_dataset *dataset, bool repeats,
                                          const espalier_allocator *allocator,
                                          espalier_description *description, espalier_error *error)
{
    espalier_description d = {.inputs = dataset->inputs, .classes = dataset->classes,
                              .dropped_rows = dataset->dropped_rows,
                              .repeats_sought = repeats, .allocator = allocator};
    d.class_rows = memory_array(allocator, dataset->classes,
                                ESPALIER_SPLIT_COUNT * sizeof *d.class_rows);
    d.input_low = memory_array(allocator, d.inputs, sizeof *d.input_low);
    d.input_high = memory_array(allocator, d.inputs, sizeof *d.input_high);
    d.input_mean = memory_array(allocator, d.inputs, sizeof *d.input_mean);
    d.input_missing = memory_array(allocator, d.inputs, sizeof *d.input_missing);
    espalier_status status = ESPALIER_OK;
    if (!d.input_missing || !d.class_rows || !d.input_low || !d.input_high || !d.input_mean)
        status = error_memory(error);
    if (!status) {
        count_classes(dataset, &d);
        count_missing(dataset, &d);
        measure(dataset, &d);
    }
    if (!status && repeats)
        status = repeats_find(dataset, allocator, &d.training, &d.test, error);
    if (status)
        espalier_description_clear(&d);
    else
        *description = d;
    return status;
}

void espalier_description_clear(espalier_description *description)
{
    memory_release(description->allocator, description->class_rows);
    memory_release(description->allocator, description->input_missing);
    memory_release(description->allocator, description->input_low);
    memory_release(description->allocator, description->input_high);
    memory_release(description->allocator, description->input_mean);
    *description = (espalier_description){0};
}
