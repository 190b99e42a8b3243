/* NumPy's .npy files: rows to predict on, one after the other, and what stands before the
 * values of an array that is written. Data sets of arrays are dataset.h's. */
#ifndef ESPALIER_NPY_H
#define ESPALIER_NPY_H

#include <stdbool.h>
#include <stddef.h>

#include "espalier/memory.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- reading ---------------------------------------------------------------- */

/* An array [rows, …] of numbers that is being read; one thread at a time. */
typedef struct espalier_npy espalier_npy;

/* Opens a file, also a gzipped one, or an archive (.npz) of one array, whose rows have
 * `inputs` values each.
 *
 * file  receives the handle (owned); untouched on an error
 *
 * Rows are read as they are asked for. Only of an array in Fortran order, whose rows do
 * not lie one after the other, all are read at once.
 * Errors: NOT_FOUND, IO, FORMAT, UNSUPPORTED (a type that is no number), MISMATCH (rows of
 * another width), MEMORY. */
ESPALIER_API espalier_status espalier_npy_open(const char *path, size_t inputs,
                                               const espalier_allocator *allocator,
                                               espalier_npy **file, espalier_error *error);

/* True for an archive (.npz) that holds one array: rows without labels. Others are data sets,
 * or damaged, as opening them as such says. */
ESPALIER_API bool espalier_npz_is_one(const char *path);

ESPALIER_API size_t espalier_npy_row_count(const espalier_npy *file);

/* True for values of type uint8, as those of images are. */
ESPALIER_API bool espalier_npy_is_bytes(const espalier_npy *file);

/* Reads the next row.
 *
 * values  [inputs], written where there is a row
 * end     set to true, with ESPALIER_OK, where there is none
 * Errors: IO, FORMAT (damaged data; NaN or infinity: row and column are named, counted
 * from 0), MEMORY. */
ESPALIER_API espalier_status espalier_npy_next(espalier_npy *file, float *values, bool *end,
                                               espalier_error *error);

/* NULL does nothing. */
ESPALIER_API void espalier_npy_close(espalier_npy *file);

/* ---- writing ---------------------------------------------------------------- */

/* Room for every header, so that one written before the number of rows is known can be
 * written over afterwards. A multiple of 64, which keeps the values behind it aligned. */
enum { ESPALIER_NPY_HEADER_BYTES = 128 };

/* Makes the header of an array of 32-bit floats [rows][columns], row-major, in this
 * machine's byte order; the values follow as they lie in memory.
 *
 * header  [ESPALIER_NPY_HEADER_BYTES], written whole; not a text
 *
 * Source: NumPy Enhancement Proposal 1, format version 1.0. */
ESPALIER_API void espalier_npy_header(size_t rows, size_t columns,
                                      char header[ESPALIER_NPY_HEADER_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
