/* A layer's weights at the places of the network before any compaction. */
#ifndef REPORT_RUN_MATRIX_H
#define REPORT_RUN_MATRIX_H

#include "espalier/network.h"

typedef struct run_matrix {
    size_t rows, columns; /* neurons, inputs: the original ones */
    float *values;        /* [rows][columns]; NaN where a weight is pruned or gone; owned */
} run_matrix;

/* Errors: MEMORY. */
espalier_status run_matrix_make(const espalier_network *network, size_t layer,
                                const espalier_allocator *allocator, run_matrix *m,
                                espalier_error *error);
void run_matrix_clear(run_matrix *m, const espalier_allocator *allocator);

/* The mean |w| of each block of rows x columns, pruned weights being zeros:
 * cells [ceil(rows / by_rows)][ceil(columns / by_columns)]; NaN where none is left. */
void run_matrix_reduce(const run_matrix *m, size_t by_rows, size_t by_columns, float *cells);

#endif
