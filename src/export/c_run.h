/* A row through the program, step by step as the written C takes it. */
#ifndef EXPORT_C_RUN_H
#define EXPORT_C_RUN_H

#include "export/c_program.h"

/* Bytes of memory that c_run_* need, to be given by the caller. */
size_t c_run_workspace(const c_program *program);

/* The float program. row [row width] as the data have it, scores [classes].
 * Returns the class. The written program rounds in the same order, but a compiler may
 * fuse a product and a sum. */
size_t c_run_float(const c_program *program, const float *row, float *scores, void *workspace);

/* Values behind every hidden layer of the float program, for calibration:
 * values [sum of the hidden widths]. */
void c_run_values(const c_program *program, const float *row, float *values, void *workspace);

/* The integer program, bit by bit. levels: the row as the program takes it. */
size_t c_run_whole(const c_program *program, const int16_t *levels, int32_t *scores,
                   void *workspace);
/* A row of the data as the integer program takes it. */
void c_run_levels(const c_program *program, const float *row, int16_t *levels);

/* Class of a row, whatever the type; workspace holds all. scores may be NULL. */
size_t c_run_row(const c_program *program, const float *row, void *workspace);

#endif
