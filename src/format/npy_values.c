/* The values of a .npy array: any numeric type, byte order and order of dimensions,
 * as what the rooms above work with. */
#include "format/npy.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

/* Bytes converted at a time; a multiple of every number's size. */
enum { CHUNK_BYTES = 1 << 14 };

/* ---- order ------------------------------------------------------------------ */

/* Where each value of the file goes. In Fortran order the first dimension runs
 * fastest, so the place moves on by that one's stride, and at its end by the next. */
typedef struct order {
    size_t rank, at;
    size_t index[NPY_RANK_MOST], shape[NPY_RANK_MOST], stride[NPY_RANK_MOST];
} order;

static bool is_c_order(const npy_file *file)
{
    return !file->fortran || file->rank < 2;
}

/* In C order one dimension of all values does. There are values: no stride overflows. */
static order order_begin(const npy_file *file)
{
    order o = {.rank = 1, .shape = {file->count}, .stride = {1}};
    if (is_c_order(file) || file->count == 0)
        return o;
    o.rank = file->rank;
    size_t stride = 1;
    for (size_t i = o.rank; i-- > 0; stride *= o.shape[i]) {
        o.shape[i] = file->shape[i];
        o.stride[i] = stride;
    }
    return o;
}

static inline size_t order_next(order *o)
{
    size_t at = o->at;
    for (size_t i = 0; i < o->rank; i++) {
        o->at += o->stride[i];
        if (++o->index[i] < o->shape[i])
            break;
        o->at -= o->stride[i] * o->shape[i];
        o->index[i] = 0;
    }
    return at;
}

/* ---- one value --------------------------------------------------------------- */

static uint64_t pattern_at(const npy_file *file, const uint8_t *bytes)
{
    uint64_t pattern = 0;
    size_t count = file->value_bytes;
    for (size_t i = 0; i < count; i++)
        pattern = pattern << 8 | bytes[file->big_endian ? i : count - 1 - i];
    return pattern;
}

/* Two's complement of so many bytes. */
static int64_t as_signed(uint64_t pattern, size_t bytes)
{
    uint64_t sign = (uint64_t)1 << (8 * bytes - 1);
    int64_t low = (int64_t)(pattern & (sign - 1));
    return pattern & sign ? low - (int64_t)(sign - 1) - 1 : low;
}

/* IEEE 754 binary16: 1 sign, 5 exponent (bias 15) and 10 fraction bits. */
static double half_value(uint64_t pattern)
{
    int exponent = (int)(pattern >> 10 & 31);
    double fraction = (double)(pattern & 1023), value;
    if (exponent == 31)
        value = pattern & 1023 ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        value = ldexp(fraction, -24);
    else
        value = ldexp(fraction + 1024, exponent - 25);
    return pattern >> 15 & 1 ? -value : value;
}

static double real_value(uint64_t pattern, size_t bytes)
{
    if (bytes == 2)
        return half_value(pattern);
    if (bytes == 4) {
        uint32_t half = (uint32_t)pattern;
        float value;
        memcpy(&value, &half, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, &pattern, sizeof value);
    return value;
}

/* A conversion outside of the range would be undefined. */
static float narrowed(double value)
{
    return fabs(value) > FLT_MAX ? copysignf(INFINITY, value > 0 ? 1.0f : -1.0f) : (float)value;
}

/* Integers go to float in one rounding, not through double. */
static float float_at(const npy_file *file, const uint8_t *bytes)
{
    uint64_t pattern = pattern_at(file, bytes);
    switch (file->kind) {
    case NPY_BOOL:
        return pattern != 0;
    case NPY_SIGNED:
        return (float)as_signed(pattern, file->value_bytes);
    case NPY_UNSIGNED:
        return (float)pattern;
    default:
        return narrowed(real_value(pattern, file->value_bytes));
    }
}

/* False for what is no whole number of 64 bits. */
static bool integer_at(const npy_file *file, const uint8_t *bytes, int64_t *value)
{
    uint64_t pattern = pattern_at(file, bytes);
    double real = 0;
    switch (file->kind) {
    case NPY_BOOL:
        *value = pattern != 0;
        return true;
    case NPY_SIGNED:
        *value = as_signed(pattern, file->value_bytes);
        return true;
    case NPY_UNSIGNED:
        *value = (int64_t)(pattern & INT64_MAX);
        return pattern <= INT64_MAX;
    default:
        real = real_value(pattern, file->value_bytes);
        /* 2^63 is the first double that an int64_t cannot hold; false for NaN. */
        if (!(fabs(real) < 0x1p63) || real != floor(real))
            return false;
        *value = (int64_t)real;
        return true;
    }
}

/* ---- all values ---------------------------------------------------------------- */

espalier_status npy_expect_end(npy_file *file, espalier_error *error)
{
    uint8_t byte;
    size_t got;
    espalier_status status =
        file->source.some(file->source.context, &byte, 1, &got, error);
    if (status || got == 0)
        return status;
    return error_set(error, ESPALIER_ERROR_FORMAT,
                     "%s: expected the end of the data after %zu values, found more",
                     file->source.name, file->count);
}

/* The next values, at most as many as a chunk holds. */
static espalier_status read_chunk(npy_file *file, size_t done, uint8_t chunk[CHUNK_BYTES],
                                  size_t *values, espalier_error *error)
{
    size_t most = CHUNK_BYTES / file->value_bytes;
    *values = file->count - done < most ? file->count - done : most;
    return npy_read_raw(file, chunk, *values * file->value_bytes, error);
}

static espalier_status refuse_kind(const npy_file *file, const char *expected,
                                   espalier_error *error)
{
    char text[NPY_SHAPE_BYTES];
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED, "%s: expected %s, found %s",
                     file->source.name, expected, npy_shape_text(file, text));
}

static bool is_number(const npy_file *file)
{
    return file->kind != NPY_TEXT && file->kind != NPY_LATIN;
}

espalier_status npy_read_bytes(npy_file *file, uint8_t *values, espalier_error *error)
{
    uint8_t chunk[CHUNK_BYTES];
    order o = order_begin(file);
    espalier_status status = ESPALIER_OK;
    if (file->kind != NPY_UNSIGNED || file->value_bytes != 1)
        return refuse_kind(file, "bytes (uint8)", error);
    if (is_c_order(file))
        status = npy_read_raw(file, values, file->count, error);
    else
        for (size_t done = 0, some; !status && done < file->count; done += some) {
            status = read_chunk(file, done, chunk, &some, error);
            for (size_t i = 0; !status && i < some; i++)
                values[order_next(&o)] = chunk[i];
        }
    return status ? status : npy_expect_end(file, error);
}

/* The bits of the caller's floats as they are in the file. */
static bool is_as_in_memory(const npy_file *file)
{
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return file->kind == NPY_FLOAT && file->value_bytes == sizeof(float) && is_c_order(file) &&
           file->big_endian == (first == 0);
}

/* Into places that the order names; of values in C order it is at most counting. */
static espalier_status read_floats(npy_file *file, order *o, float *values, size_t count,
                                   espalier_error *error)
{
    uint8_t chunk[CHUNK_BYTES];
    size_t most = CHUNK_BYTES / file->value_bytes;
    if (is_as_in_memory(file))
        return npy_read_raw(file, values, count * sizeof *values, error);
    for (size_t done = 0, some; done < count; done += some) {
        some = count - done < most ? count - done : most;
        espalier_status status = npy_read_raw(file, chunk, some * file->value_bytes, error);
        if (status)
            return status;
        for (size_t i = 0; i < some; i++)
            values[order_next(o)] = float_at(file, chunk + i * file->value_bytes);
    }
    return ESPALIER_OK;
}

espalier_status npy_read_floats(npy_file *file, float *values, espalier_error *error)
{
    order o = order_begin(file);
    if (!is_number(file))
        return refuse_kind(file, "numbers", error);
    espalier_status status = read_floats(file, &o, values, file->count, error);
    return status ? status : npy_expect_end(file, error);
}

espalier_status npy_read_next_floats(npy_file *file, float *values, size_t count,
                                     espalier_error *error)
{
    order o = {.rank = 1, .shape = {count}, .stride = {1}};
    return is_number(file) ? read_floats(file, &o, values, count, error)
                           : refuse_kind(file, "numbers", error);
}

/* Which row of an array a value in C order belongs to. There are values. */
static size_t row_of(const npy_file *file, size_t at)
{
    return file->rank == 0 ? 0 : at / (file->count / file->shape[0]);
}

espalier_status npy_read_integers(npy_file *file, int64_t *values, espalier_error *error)
{
    uint8_t chunk[CHUNK_BYTES];
    order o = order_begin(file);
    if (!is_number(file))
        return refuse_kind(file, "whole numbers", error);
    for (size_t done = 0, some; done < file->count; done += some) {
        espalier_status status = read_chunk(file, done, chunk, &some, error);
        for (size_t i = 0; !status && i < some; i++) {
            const uint8_t *bytes = chunk + i * file->value_bytes;
            size_t at = order_next(&o);
            if (!integer_at(file, bytes, &values[at]))
                status = error_set(error, ESPALIER_ERROR_FORMAT,
                                   "%s: row %zu (counted from 0): expected a whole number, found "
                                   "%.9g",
                                   file->source.name, row_of(file, at),
                                   (double)float_at(file, bytes));
        }
        if (status)
            return status;
    }
    return npy_expect_end(file, error);
}

/* ---- texts ----------------------------------------------------------------------- */

/* Appends a code point as UTF-8; false if there is no such one, or for a control
 * character, which has no place in a name. */
static bool put_utf8(char **to, uint64_t point)
{
    static const uint8_t begins[] = {0, 0, 0xc0, 0xe0, 0xf0};
    int bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0xd800 && point < 0xe000) ||
        point > 0x10ffff)
        return false;
    for (int i = bytes - 1; i >= 0; i--)
        *(*to)++ = (char)(i == bytes - 1 ? begins[bytes] | point >> 6 * i
                                         : 0x80 | (point >> 6 * i & 0x3f));
    return true;
}

/* One text; zeros may only follow it. Latin bytes are taken as ASCII, which is what
 * NumPy writes into them without being asked for another encoding. */
static bool text_at(const npy_file *file, const uint8_t *bytes, char *text)
{
    size_t size = file->kind == NPY_TEXT ? 4 : 1;
    npy_file unit = {.value_bytes = size, .big_endian = file->big_endian};
    bool ended = false;
    for (size_t i = 0; i < file->value_bytes; i += size) {
        uint64_t point = pattern_at(&unit, bytes + i);
        if (point == 0)
            ended = true;
        else if (ended || (size == 1 && point > 0x7e) || !put_utf8(&text, point))
            return false;
    }
    *text = '\0';
    return true;
}

/* A text may be longer than any chunk, so it is read to the end of the place where its
 * UTF-8 form goes, and from there converted: that never needs more bytes than were read,
 * and what is written stays behind what is read. */
espalier_status npy_read_texts(npy_file *file, char *values, espalier_error *error)
{
    order o = order_begin(file);
    if (is_number(file))
        return refuse_kind(file, "texts", error);
    for (size_t done = 0; done < file->count; done++) {
        size_t at = order_next(&o);
        char *text = values + at * (file->value_bytes + 1);
        espalier_status status = npy_read_raw(file, text + 1, file->value_bytes, error);
        if (status)
            return status;
        if (!text_at(file, (const uint8_t *)text + 1, text))
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: row %zu (counted from 0): expected a text in %s without control "
                             "characters, found other values",
                             file->source.name, row_of(file, at),
                             file->kind == NPY_TEXT ? "Unicode" : "ASCII");
    }
    return npy_expect_end(file, error);
}
