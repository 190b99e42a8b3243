/* IDX files, the container of MNIST and its relatives: a header with type and
 * shape, then the values, big-endian, row-major; plain or gzipped.
 *
 *   byte 0, 1   0
 *   byte 2      type
 *   byte 3      rank: the number of dimensions
 *   4 * rank    the dimensions, 32 bits each
 *   the rest    the values
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", file formats. */
#ifndef FORMAT_IDX_H
#define FORMAT_IDX_H

#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"

typedef enum idx_type {
    IDX_U8 = 0x08,
    IDX_I8 = 0x09,
    IDX_I16 = 0x0B,
    IDX_I32 = 0x0C,
    IDX_F32 = 0x0D,
    IDX_F64 = 0x0E
} idx_type;

enum { IDX_RANK_MOST = 8 };

/* An open file with its header read: the values come next. */
typedef struct idx_file {
    reader *in;
    idx_type type;
    size_t rank;                 /* 1 … IDX_RANK_MOST */
    size_t shape[IDX_RANK_MOST]; /* slowest dimension first */
    size_t count;                /* of values: the product of the shape */
    size_t value_bytes;          /* of one value in the file */
} idx_file;

/* Opens a file and checks that it can hold what its header promises, so that
 * `count` values may be allocated: exactly for a plain file, within what gzip
 * can reach for a gzipped one.
 * file is written on success only; close it with idx_close.
 * Errors: those of reader_open; FORMAT (empty, a name in .gz but not gzipped,
 * wrong magic, truncated, bytes after the values). */
espalier_status idx_open(const char *path, const espalier_allocator *allocator, idx_file *file,
                         espalier_error *error);

/* Each reads all values and checks that the file ends there; once per file.
 * values: [count], written. Errors: IO, FORMAT, MEMORY. */

/* Bytes as they are. The type must be IDX_U8. */
espalier_status idx_read_bytes(idx_file *file, uint8_t *values, espalier_error *error);

/* Any type; what is outside of float's range becomes an infinity. */
espalier_status idx_read_floats(idx_file *file, float *values, espalier_error *error);

/* Whole, not negative numbers: a type of floats or a negative value is FORMAT. */
espalier_status idx_read_labels(idx_file *file, uint32_t *values, espalier_error *error);

/* A file that is not open (in == NULL) is left alone. */
void idx_close(idx_file *file);

#endif
