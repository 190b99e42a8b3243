/* Rows on their way to a network: picked, scaled, side by side. */
#include "data/dataset.h"

#include <string.h>

#include "math/clones.h"

/* out[c] = (in[c] - shift) * scale: the case of every batch of images, one pass. */
VECTOR_CLONES
static void scale_bytes(const uint8_t *restrict in, size_t count, float shift, float scale,
                        float *restrict out)
{
    for (size_t c = 0; c < count; c++)
        out[c] = ((float)in[c] - shift) * scale;
}

VECTOR_CLONES
static void scale_floats(const float *restrict in, size_t count, float shift, float scale,
                         float *restrict out)
{
    for (size_t c = 0; c < count; c++)
        out[c] = (in[c] - shift) * scale;
}

/* out[c] = (in[c] - shift[c]) * scale[c]: the case of every batch of a table. */
VECTOR_CLONES
static void scale_columns(const float *restrict in, size_t count, const float *restrict shift,
                          const float *restrict scale, float *restrict out)
{
    for (size_t c = 0; c < count; c++)
        out[c] = (in[c] - shift[c]) * scale[c];
}

VECTOR_CLONES
static void scale_byte_columns(const uint8_t *restrict in, size_t count,
                               const float *restrict shift, const float *restrict scale,
                               float *restrict out)
{
    for (size_t c = 0; c < count; c++)
        out[c] = ((float)in[c] - shift[c]) * scale[c];
}

/* out[c] = x[row][column_c], as stored. */
static void pick(const espalier_dataset *dataset, size_t row, const uint64_t *columns, size_t count,
                 float *restrict out)
{
    const uint8_t *bytes = dataset->bytes ? dataset->bytes + row * dataset->inputs : NULL;
    const float *floats = dataset->floats ? dataset->floats + row * dataset->inputs : NULL;
    if (bytes && columns)
        for (size_t c = 0; c < count; c++)
            out[c] = bytes[columns[c]];
    else if (bytes)
        for (size_t c = 0; c < count; c++)
            out[c] = bytes[c];
    else if (columns)
        for (size_t c = 0; c < count; c++)
            out[c] = floats[columns[c]];
    else
        memcpy(out, floats, count * sizeof *out);
}

/* Scales a picked row in place: pair 0 for all columns, or each column's own. */
static void scale_picked(size_t scaling_count, const uint64_t *columns, size_t count,
                         const float *shift, const float *scale, float *out)
{
    for (size_t c = 0; c < count; c++) {
        size_t pair = scaling_count == 1 ? 0 : (size_t)columns[c];
        out[c] = (out[c] - shift[pair]) * scale[pair];
    }
}

/* All columns of a row in one pass. */
static void scale_row(const espalier_dataset *dataset, size_t row, size_t scaling_count,
                      const float *shift, const float *scale, float *out)
{
    size_t inputs = dataset->inputs;
    const uint8_t *bytes = dataset->bytes ? dataset->bytes + row * inputs : NULL;
    const float *floats = dataset->floats ? dataset->floats + row * inputs : NULL;
    if (scaling_count == 1 && bytes)
        scale_bytes(bytes, inputs, *shift, *scale, out);
    else if (scaling_count == 1)
        scale_floats(floats, inputs, *shift, *scale, out);
    else if (bytes)
        scale_byte_columns(bytes, inputs, shift, scale, out);
    else
        scale_columns(floats, inputs, shift, scale, out);
}

void dataset_gather(const espalier_dataset *dataset, espalier_split split, const uint32_t *indices,
                    size_t first, size_t count, const uint64_t *columns, size_t column_count,
                    size_t scaling_count, const float *shift, const float *scale, float *values,
                    size_t stride)
{
    for (size_t i = 0; i < count; i++, values += stride) {
        size_t row = dataset->rows[split][indices ? indices[i] : first + i];
        if (!columns && scaling_count > 0) {
            scale_row(dataset, row, scaling_count, shift, scale, values);
            continue;
        }
        pick(dataset, row, columns, column_count, values);
        if (scaling_count > 0)
            scale_picked(scaling_count, columns, column_count, shift, scale, values);
    }
}

void dataset_expect(const espalier_dataset *dataset, espalier_split split, const uint32_t *indices,
                    size_t count)
{
    enum { LINE_BYTES = 64 };
    size_t bytes = dataset->inputs * (dataset->bytes ? 1 : sizeof(float));
    const char *rows = dataset->bytes ? (const char *)dataset->bytes : (const char *)dataset->floats;
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < bytes; at += LINE_BYTES)
            __builtin_prefetch(rows + dataset->rows[split][indices[i]] * bytes + at);
}

void espalier_dataset_rows(const espalier_dataset *dataset, espalier_split split, size_t first,
                           size_t count, float *values)
{
    dataset_gather(dataset, split, NULL, first, count, NULL, dataset->inputs, 0, NULL, NULL, values,
                   dataset->inputs);
}
