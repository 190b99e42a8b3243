/* The two ways of rows through a network that is laid out. */
#ifndef INFER_ROWS_H
#define INFER_ROWS_H

#include "infer/layout.h"

/* Floats of workspace, which begins at a whole vector, and the logits of one row.
 * values [row width], logits [classes]. */
size_t one_row_workspace(const espalier_predictor *p);
void one_row_run(const espalier_predictor *p, const float *values, float *logits,
                 float *workspace);

/* Rows of a block at most: 32 to 128 are equally fast where all weights are read, 64
 * the fastest where they are lists. */
enum { BLOCK_ROWS = LIST_ROWS_MOST };

/* The same for rows <= BLOCK_ROWS together; `after` rows behind them are needed next. */
size_t many_rows_workspace(const espalier_predictor *p, size_t rows);
void many_rows_run(const espalier_predictor *p, const float *values, size_t rows, size_t after,
                   float *logits, float *workspace);

/* x = (values - shift) * scale, and the columns that are read, of one row. */
void rows_scale(const espalier_predictor *p, const float *values, float *x);
void rows_pick(const espalier_predictor *p, const float *values, float *x);

#endif
