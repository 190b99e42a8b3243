/* Puts the rows and columns that compaction kept back to where they were. */
#include "report/run_matrix.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/memory.h"

static size_t place(const uint64_t *kept, size_t index)
{
    return kept ? (size_t)kept[index] : index;
}

static void fill(const espalier_network *network, size_t layer, run_matrix *m)
{
    const size_t inputs = espalier_network_inputs(network, layer);
    const size_t outputs = espalier_network_outputs(network, layer);
    const float *weights = espalier_network_weights_const(network, layer);
    const uint8_t *mask = espalier_network_mask_const(network, layer);
    const uint64_t *columns = espalier_network_kept(network, layer ? layer - 1 : SIZE_MAX);
    const uint64_t *rows = layer + 1 < espalier_network_layer_count(network)
                               ? espalier_network_kept(network, layer)
                               : NULL;
    for (size_t j = 0; j < outputs; j++) {
        for (size_t i = 0; i < inputs; i++) {
            const size_t row = place(rows, j), column = place(columns, i);
            if (mask[j * inputs + i] && row < m->rows && column < m->columns)
                m->values[row * m->columns + column] = weights[j * inputs + i];
        }
    }
}

espalier_status run_matrix_make(const espalier_network *network, size_t layer,
                                const espalier_allocator *allocator, run_matrix *m,
                                espalier_error *error)
{
    size_t count = 0;
    *m = (run_matrix){.rows = espalier_network_original_width(network, layer + 1),
                      .columns = espalier_network_original_width(network, layer)};
    if (size_multiply(m->rows, m->columns, &count))
        m->values = memory_array(allocator, count, sizeof *m->values);
    if (!m->values)
        return error_memory(error);
    for (size_t i = 0; i < count; i++)
        m->values[i] = NAN;
    fill(network, layer, m);
    return ESPALIER_OK;
}

void run_matrix_clear(run_matrix *m, const espalier_allocator *allocator)
{
    memory_release(allocator, m->values);
    *m = (run_matrix){0};
}

/* The mean of one block, which the edges of the matrix may cut. */
static float block_mean(const run_matrix *m, size_t row, size_t column, size_t rows, size_t columns)
{
    const size_t below = row + rows < m->rows ? row + rows : m->rows;
    const size_t right = column + columns < m->columns ? column + columns : m->columns;
    double sum = 0;
    bool any = false;
    for (size_t j = row; j < below; j++) {
        for (size_t i = column; i < right; i++) {
            const float w = m->values[j * m->columns + i];
            any = any || !isnan(w);
            sum += isnan(w) ? 0 : fabs((double)w);
        }
    }
    return any ? (float)(sum / ((double)(below - row) * (double)(right - column))) : NAN;
}

void run_matrix_reduce(const run_matrix *m, size_t by_rows, size_t by_columns, float *cells)
{
    for (size_t j = 0; j < m->rows; j += by_rows)
        for (size_t i = 0; i < m->columns; i += by_columns)
            *cells++ = block_mean(m, j, i, by_rows, by_columns);
}
