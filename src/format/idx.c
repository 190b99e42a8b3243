/* Reading IDX files. Which file holds what is left to data/. */
#include "format/idx.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

/* Bytes converted at a time; a multiple of every value's size. */
enum { CHUNK_BYTES = 4096 };

/* ---- header ----------------------------------------------------------- */

static size_t size_of(unsigned type)
{
    switch (type) {
    case IDX_U8:
    case IDX_I8:
        return 1;
    case IDX_I16:
        return 2;
    case IDX_I32:
    case IDX_F32:
        return 4;
    case IDX_F64:
        return 8;
    default:
        return 0;
    }
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

/* A file that only claims to be gzipped is called that, whatever else it is. */
static espalier_status check_gzip(reader *in, espalier_error *error)
{
    if (reader_is_gzip(in) || !ends_in(reader_path(in), ".gz"))
        return ESPALIER_OK;
    uint8_t begin[2] = {0};
    size_t got;
    espalier_status status = reader_some(in, begin, sizeof begin, &got, error);
    if (status)
        return status;
    return error_set(error, ESPALIER_ERROR_FORMAT,
                     "%s: not a gzip file: expected it to begin with 0x1f8b, found 0x%02x%02x",
                     reader_path(in), begin[0], begin[1]);
}

static espalier_status read_magic(reader *in, uint8_t magic[4], espalier_error *error)
{
    if (reader_file_bytes(in) == 0)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: empty: expected an IDX file, found 0 bytes", reader_path(in));
    espalier_status status = check_gzip(in, error);
    return status ? status : reader_read(in, magic, 4, error);
}

static espalier_status read_shape(idx_file *file, espalier_error *error)
{
    uint8_t bytes[4 * IDX_RANK_MOST];
    espalier_status status = reader_read(file->in, bytes, 4 * file->rank, error);
    if (status)
        return status;
    file->count = 1;
    for (size_t i = 0; i < file->rank; i++) {
        file->shape[i] = big_endian(bytes + 4 * i);
        if (!size_multiply(file->count, file->shape[i], &file->count))
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: dimensions 1 to %zu multiply to more than the address space",
                             reader_path(file->in), i + 1);
    }
    return ESPALIER_OK;
}

static espalier_status read_header(idx_file *file, espalier_error *error)
{
    uint8_t magic[4];
    espalier_status status = read_magic(file->in, magic, error);
    if (status)
        return status;
    file->value_bytes = size_of(magic[2]);
    file->type = (idx_type)magic[2];
    file->rank = magic[3];
    if (magic[0] || magic[1] || !file->value_bytes || !file->rank || file->rank > IDX_RANK_MOST)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: wrong magic: expected 0x0000TTRR with type TT 08, 09, 0b, 0c, 0d or "
                         "0e and rank RR 01 to %02x, found 0x%08lx",
                         reader_path(file->in), (unsigned)IDX_RANK_MOST,
                         (unsigned long)big_endian(magic));
    return read_shape(file, error);
}

/* The promised values against the file's size, before anybody allocates. */
static espalier_status check_size(const idx_file *file, espalier_error *error)
{
    const reader *in = file->in;
    uint64_t header = reader_offset(in), found = reader_file_bytes(in), room = found;
    size_t bytes;
    bool fits = size_multiply(file->count, file->value_bytes, &bytes) &&
                size_add(bytes, (size_t)header, &bytes);
    if (reader_is_gzip(in) && found > UINT64_MAX / READER_GZIP_MOST)
        room = UINT64_MAX;
    else if (reader_is_gzip(in))
        room = found * READER_GZIP_MOST;
    if (!fits || bytes > room)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: truncated: the header promises %zu values of %zu bytes, found a%s "
                         "file of %llu bytes",
                         reader_path(in), file->count, file->value_bytes,
                         reader_is_gzip(in) ? " gzipped" : "", (unsigned long long)found);
    if (!reader_is_gzip(in) && bytes < found)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected the end of the file after %zu bytes, found %llu bytes more",
                         reader_path(in), bytes, (unsigned long long)(found - bytes));
    return ESPALIER_OK;
}

espalier_status idx_open(const char *path, const espalier_allocator *allocator, idx_file *file,
                         espalier_error *error)
{
    idx_file opened = {0};
    espalier_status status = reader_open(path, allocator, &opened.in, error);
    if (!status)
        status = read_header(&opened, error);
    if (!status)
        status = check_size(&opened, error);
    if (status)
        idx_close(&opened);
    else
        *file = opened;
    return status;
}

void idx_close(idx_file *file)
{
    reader_close(file->in);
    file->in = NULL;
}

/* ---- values ----------------------------------------------------------- */

static espalier_status expect_end(idx_file *file, espalier_error *error)
{
    uint8_t byte;
    size_t got;
    unsigned long long end = reader_offset(file->in);
    espalier_status status = reader_some(file->in, &byte, 1, &got, error);
    if (status || got == 0)
        return status;
    return error_set(error, ESPALIER_ERROR_FORMAT,
                     "%s: expected the end of the data after %llu bytes, found more",
                     reader_path(file->in), end);
}

espalier_status idx_read_bytes(idx_file *file, uint8_t *values, espalier_error *error)
{
    espalier_status status = reader_read(file->in, values, file->count, error);
    return status ? status : expect_end(file, error);
}

/* Two's complement of `bits` bits as a number. */
static int64_t as_signed(uint32_t pattern, int bits)
{
    int64_t value = pattern;
    return value >> (bits - 1) ? value - ((int64_t)1 << bits) : value;
}

static int64_t integer_at(idx_type type, const uint8_t *bytes)
{
    switch (type) {
    case IDX_I8:
        return as_signed(bytes[0], 8);
    case IDX_I16:
        return as_signed((uint32_t)bytes[0] << 8 | bytes[1], 16);
    case IDX_I32:
        return as_signed(big_endian(bytes), 32);
    default:
        return bytes[0];
    }
}

static float float_at(idx_type type, const uint8_t *bytes)
{
    if (type == IDX_F32) {
        uint32_t pattern = big_endian(bytes);
        float value;
        memcpy(&value, &pattern, sizeof value);
        return value;
    }
    if (type == IDX_F64) {
        uint64_t pattern = (uint64_t)big_endian(bytes) << 32 | big_endian(bytes + 4);
        double value;
        memcpy(&value, &pattern, sizeof value);
        /* A conversion outside of the range would be undefined. */
        return fabs(value) > FLT_MAX ? copysignf(INFINITY, value > 0 ? 1.0f : -1.0f) : (float)value;
    }
    return (float)integer_at(type, bytes);
}

/* The next values, at most as many as a chunk holds; how many. */
static espalier_status read_chunk(idx_file *file, size_t done, uint8_t chunk[CHUNK_BYTES],
                                  size_t *values, espalier_error *error)
{
    size_t most = CHUNK_BYTES / file->value_bytes;
    *values = file->count - done < most ? file->count - done : most;
    return reader_read(file->in, chunk, *values * file->value_bytes, error);
}

espalier_status idx_read_floats(idx_file *file, float *values, espalier_error *error)
{
    uint8_t chunk[CHUNK_BYTES];
    for (size_t done = 0, some; done < file->count; done += some) {
        espalier_status status = read_chunk(file, done, chunk, &some, error);
        if (status)
            return status;
        for (size_t i = 0; i < some; i++)
            values[done + i] = float_at(file->type, chunk + i * file->value_bytes);
    }
    return expect_end(file, error);
}

espalier_status idx_read_labels(idx_file *file, uint32_t *values, espalier_error *error)
{
    uint8_t chunk[CHUNK_BYTES];
    if (file->type == IDX_F32 || file->type == IDX_F64)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected labels of type 08, 09, 0b or 0c, found type %02x",
                         reader_path(file->in), (unsigned)file->type);
    for (size_t done = 0, some; done < file->count; done += some) {
        espalier_status status = read_chunk(file, done, chunk, &some, error);
        if (status)
            return status;
        for (size_t i = 0; i < some; i++) {
            int64_t label = integer_at(file->type, chunk + i * file->value_bytes);
            if (label < 0)
                return error_set(error, ESPALIER_ERROR_FORMAT,
                                 "%s: row %zu (counted from 0): expected a label of 0 or more, "
                                 "found %lld",
                                 reader_path(file->in), done + i, (long long)label);
            values[done + i] = (uint32_t)label;
        }
    }
    return expect_end(file, error);
}
