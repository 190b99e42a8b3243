/* Arrays for NumPy: what stands before the values of a .npy file. */
#ifndef ESPALIER_NPY_H
#define ESPALIER_NPY_H

#include <stddef.h>

#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

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
