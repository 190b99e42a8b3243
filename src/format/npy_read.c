/* Opening .npy arrays: the bytes before the values, and whether these can be there.
 * The dictionary is npy_header.c's, the values are npy_values.c's. */
#include "format/npy.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* NumPy writes about 100 characters and reads at most 10,000 unless told otherwise. */
enum { HEADER_BYTES_MOST = 1 << 16 };

espalier_status npy_read_raw(npy_file *file, void *buffer, size_t bytes, espalier_error *error)
{
    size_t done = 0;
    for (size_t got; done < bytes; done += got) {
        espalier_status status = file->source.some(file->source.context, (uint8_t *)buffer + done,
                                                   bytes - done, &got, error);
        if (status)
            return status;
        if (got == 0)
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: truncated: expected %zu bytes more, found %zu",
                             file->source.name, bytes, done);
    }
    return ESPALIER_OK;
}

/* ---- before the values ----------------------------------------------------- */

/* At most the first 8 bytes: a file that is shorter may still be seen to be another. */
static espalier_status read_magic(npy_file *file, uint8_t begin[8], espalier_error *error)
{
    static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
    size_t count = 0, got = 1;
    for (; count < 8 && got > 0; count += got) {
        espalier_status status =
            file->source.some(file->source.context, begin + count, 8 - count, &got, error);
        if (status)
            return status;
    }
    if (count == 0)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: empty: expected a .npy file, found 0 bytes", file->source.name);
    if (memcmp(begin, magic, count < 6 ? count : 6) != 0)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: not a .npy file: expected it to begin with \\x93NUMPY, found bytes "
                         "%02x %02x %02x %02x %02x %02x",
                         file->source.name, begin[0], begin[1], begin[2], begin[3], begin[4],
                         begin[5]);
    if (count < 8)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: truncated: expected 8 bytes and a header, found %zu bytes",
                         file->source.name, count);
    return ESPALIER_OK;
}

/* Magic, version and the length of the dictionary. */
static espalier_status read_begin(npy_file *file, size_t *length, size_t *used,
                                  espalier_error *error)
{
    uint8_t begin[12] = {0};
    espalier_status status = read_magic(file, begin, error);
    if (status)
        return status;
    if (begin[6] < 1 || begin[6] > 3 || begin[7] != 0)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: unknown version of .npy: expected 1.0, 2.0 or 3.0, found %u.%u",
                         file->source.name, begin[6], begin[7]);
    size_t wide = begin[6] == 1 ? 2 : 4;
    status = npy_read_raw(file, begin + 8, wide, error);
    *length = (size_t)begin[8] | (size_t)begin[9] << 8 | (size_t)begin[10] << 16 |
              (size_t)begin[11] << 24;
    *used = 8 + wide + *length;
    return status;
}

static espalier_status read_dictionary(npy_file *file, size_t length,
                                       const espalier_allocator *allocator, espalier_error *error)
{
    if (length > HEADER_BYTES_MOST || length > file->source.bytes)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: damaged .npy header: expected at most %llu bytes of it, found a "
                         "length of %zu",
                         file->source.name,
                         (unsigned long long)(file->source.bytes < HEADER_BYTES_MOST
                                                  ? file->source.bytes
                                                  : HEADER_BYTES_MOST),
                         length);
    char *text = memory_array(allocator, length + 1, 1);
    if (!text)
        return error_memory(error);
    espalier_status status = npy_read_raw(file, text, length, error);
    if (!status)
        status = npy_parse_header(file, text, length, error);
    memory_release(allocator, text);
    return status;
}

/* The promised values against what is there, before anybody allocates. */
static espalier_status check_size(const npy_file *file, size_t header, espalier_error *error)
{
    size_t bytes;
    char text[NPY_SHAPE_BYTES];
    const npy_source *source = &file->source;
    bool fits = size_multiply(file->count, file->value_bytes, &bytes) &&
                size_add(bytes, header, &bytes) && bytes <= source->bytes;
    if (!fits)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: truncated: the header promises %s, found %s%llu bytes", source->name,
                         npy_shape_text(file, text), source->exact ? "" : "at most ",
                         (unsigned long long)source->bytes);
    if (source->exact && bytes < source->bytes)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected the end of %s after %zu bytes, found %llu bytes more",
                         source->name, npy_shape_text(file, text), bytes,
                         (unsigned long long)(source->bytes - bytes));
    return ESPALIER_OK;
}

/* ---- opening ---------------------------------------------------------------- */

espalier_status npy_open_source(npy_source source, const espalier_allocator *allocator,
                                npy_file *file, espalier_error *error)
{
    npy_file opened = {.source = source};
    size_t length = 0, header = 0;
    espalier_status status = read_begin(&opened, &length, &header, error);
    if (!status)
        status = read_dictionary(&opened, length, allocator, error);
    if (!status)
        status = check_size(&opened, header, error);
    if (status)
        npy_close(&opened);
    else
        *file = opened;
    return status;
}

static espalier_status some(void *context, void *buffer, size_t bytes, size_t *got,
                            espalier_error *error)
{
    return reader_some(context, buffer, bytes, got, error);
}

static void close_reader(void *context)
{
    reader_close(context);
}

espalier_status npy_open(const char *path, const espalier_allocator *allocator, npy_file *file,
                         espalier_error *error)
{
    reader *in;
    espalier_status status = reader_open(path, allocator, &in, error);
    if (status)
        return status;
    uint64_t bytes = reader_file_bytes(in);
    bool gzip = reader_is_gzip(in);
    if (gzip)
        bytes = bytes > UINT64_MAX / READER_GZIP_MOST ? UINT64_MAX : bytes * READER_GZIP_MOST;
    npy_source source = {in, some, close_reader, reader_path(in), bytes, !gzip};
    return npy_open_source(source, allocator, file, error);
}

/* Eight dimensions of 20 digits fit NPY_SHAPE_BYTES. */
const char *npy_shape_text(const npy_file *file, char text[NPY_SHAPE_BYTES])
{
    enum { SHOWN_MOST = 8 };
    static const char *const kinds[] = {[NPY_BOOL] = "bool", [NPY_SIGNED] = "int",
                                        [NPY_UNSIGNED] = "uint", [NPY_FLOAT] = "float",
                                        [NPY_TEXT] = "text", [NPY_LATIN] = "bytes"};
    int used = snprintf(text, NPY_SHAPE_BYTES, "%s", kinds[file->kind]);
    if (file->kind == NPY_SIGNED || file->kind == NPY_UNSIGNED || file->kind == NPY_FLOAT)
        used += snprintf(text + used, NPY_SHAPE_BYTES - (size_t)used, "%zu",
                         8 * file->value_bytes);
    used += snprintf(text + used, NPY_SHAPE_BYTES - (size_t)used, " [");
    for (size_t i = 0; i < file->rank && i < SHOWN_MOST; i++)
        used += snprintf(text + used, NPY_SHAPE_BYTES - (size_t)used, "%s%zu", i ? ", " : "",
                         file->shape[i]);
    snprintf(text + used, NPY_SHAPE_BYTES - (size_t)used, "%s]",
             file->rank > SHOWN_MOST ? ", ..." : "");
    return text;
}

void npy_close(npy_file *file)
{
    if (file->source.close)
        file->source.close(file->source.context);
    file->source.close = NULL;
}
