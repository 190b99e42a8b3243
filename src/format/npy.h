/* NumPy's .npy: one array, its header a Python dictionary in text, its values as they
 * lay in memory.
 *
 *   6 bytes    \x93NUMPY
 *   2 bytes    version: 1, 2 or 3, and 0
 *   2 or 4     length of the header (4 from version 2 on), little-endian
 *   header     {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }
 *   the rest   the values, in C order (last dimension fastest) or Fortran order
 *
 * The header is parsed by a grammar of its own, never evaluated, and arrays of Python
 * objects, which are pickles, are refused.
 *
 * npy_header.c parses headers, npy_read.c opens arrays, npy_values.c converts values,
 * npy_write.c makes headers; npy_rows.c is for who
 * reads rows from outside of the library. Arrays inside an archive come from npz.h.
 *
 * Source: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays", and
 * the documentation of numpy.lib.format. */
#ifndef FORMAT_NPY_H
#define FORMAT_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"

typedef enum npy_kind {
    NPY_BOOL,     /* one byte, 0 = false */
    NPY_SIGNED,   /* of 1, 2, 4 or 8 bytes */
    NPY_UNSIGNED, /* of 1, 2, 4 or 8 bytes */
    NPY_FLOAT,    /* of 2, 4 or 8 bytes */
    NPY_TEXT,     /* code points of 4 bytes each, filled up with 0 */
    NPY_LATIN     /* bytes, filled up with 0 */
} npy_kind;

enum { NPY_RANK_MOST = 32 };

/* Where the bytes of an array come from: a file, or a member of an archive. */
typedef struct npy_source {
    void *context;
    /* As reader_some: at most `bytes` bytes, 0 at the end. */
    espalier_status (*some)(void *context, void *buffer, size_t bytes, size_t *got,
                            espalier_error *error);
    void (*close)(void *context);
    const char *name; /* for messages; the context's */
    uint64_t bytes;   /* there are so many, or, unless exact, at most so many */
    bool exact;
} npy_source;

/* An open array with its header read: the values come next. */
typedef struct npy_file {
    npy_source source;
    npy_kind kind;
    bool big_endian, fortran;
    size_t value_bytes;          /* of one value in the file */
    size_t rank;                 /* 0 (a single value) … NPY_RANK_MOST */
    size_t shape[NPY_RANK_MOST]; /* slowest dimension first, whatever the order in the file */
    size_t count;                /* of values: the product of the shape, 1 without dimensions */
} npy_file;

/* ---- opening (npy_read.c) ----------------------------------------------- */

/* Opens a file, also a gzipped one, and checks that it can hold what its header
 * promises, so that `count` values may be allocated.
 * file is written on success only; close it with npy_close.
 * Errors: those of reader_open; FORMAT (no .npy file, a version not known, a damaged
 * header, truncated, bytes after the values); UNSUPPORTED (objects, records, complex
 * numbers, dates, long double: the type is named). */
espalier_status npy_open(const char *path, const espalier_allocator *allocator, npy_file *file,
                         espalier_error *error);

/* The same from any source, which is closed on an error and by npy_close. */
espalier_status npy_open_source(npy_source source, const espalier_allocator *allocator,
                                npy_file *file, espalier_error *error);

/* "float32 [60000, 784]" for messages; returns text. */
enum { NPY_SHAPE_BYTES = 224 };
const char *npy_shape_text(const npy_file *file, char text[NPY_SHAPE_BYTES]);

/* A file that is not open (source.close == NULL) is left alone. */
void npy_close(npy_file *file);

/* Reads the next `bytes` bytes, or FORMAT "truncated". */
espalier_status npy_read_raw(npy_file *file, void *buffer, size_t bytes, espalier_error *error);

/* ---- values (npy_values.c) ---------------------------------------------- */

/* Each reads all values, in C order whatever the order in the file, and checks that
 * the array ends there; once per file. values: [count], written.
 * Errors: IO, FORMAT, MEMORY; UNSUPPORTED for an array of another kind. */

/* Bytes as they are: NPY_UNSIGNED of one byte. */
espalier_status npy_read_bytes(npy_file *file, uint8_t *values, espalier_error *error);

/* Any numbers; true is 1. What is outside of float's range becomes an infinity. */
espalier_status npy_read_floats(npy_file *file, float *values, espalier_error *error);

/* The next `count` numbers, of an array in C order (or of rank 1). What is read in such
 * pieces ends with npy_expect_end. */
espalier_status npy_read_next_floats(npy_file *file, float *values, size_t count,
                                     espalier_error *error);
espalier_status npy_expect_end(npy_file *file, espalier_error *error);

/* Whole numbers of any numeric type; others are FORMAT and named by their row. */
espalier_status npy_read_integers(npy_file *file, int64_t *values, espalier_error *error);

/* Texts as UTF-8, each in value_bytes + 1 bytes and ended by 0.
 * values: [count][value_bytes + 1], written. Code points that there are not, control
 * characters and zeros inside a text are FORMAT. */
espalier_status npy_read_texts(npy_file *file, char *values, espalier_error *error);

/* ---- inside ------------------------------------------------------------- */

/* Parses the dictionary: kind, order, shape and count. Errors: FORMAT, UNSUPPORTED. */
espalier_status npy_parse_header(npy_file *file, const char *text, size_t length,
                                 espalier_error *error);

#endif
