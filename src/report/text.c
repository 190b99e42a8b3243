/* Texts in memory: growing, quoting, writing. What they say is up to page.c, plot.c
 * and the figures. */
#include "report/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/stream.h"

enum { FIRST_CAPACITY = 1024 };

void text_clear(text *t)
{
    memory_release(t->allocator, t->bytes);
    *t = (text){.allocator = t->allocator};
}

const char *text_content(const text *t)
{
    return t->bytes ? t->bytes : "";
}

/* Room for `count` bytes more and the zero byte behind them. */
static bool make_room(text *t, size_t count)
{
    size_t needed, capacity = t->capacity ? t->capacity : FIRST_CAPACITY;
    if (t->failed || !size_add(t->length, count, &needed) || !size_add(needed, 1, &needed)) {
        t->failed = true;
        return false;
    }
    if (needed <= t->capacity)
        return true;
    while (capacity < needed && size_multiply(capacity, 2, &capacity))
        continue;
    char *bytes = capacity >= needed ? memory_array(t->allocator, capacity, 1) : NULL;
    if (!bytes) {
        t->failed = true;
        return false;
    }
    if (t->length)
        memcpy(bytes, t->bytes, t->length);
    memory_release(t->allocator, t->bytes);
    t->bytes = bytes;
    t->capacity = capacity;
    return true;
}

void text_add(text *t, const char *bytes, size_t count)
{
    if (!make_room(t, count))
        return;
    if (count)
        memcpy(t->bytes + t->length, bytes, count);
    t->length += count;
    t->bytes[t->length] = '\0';
}

void text_vprint(text *t, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        t->failed = true;
    } else if (make_room(t, (size_t)length)) {
        vsnprintf(t->bytes + t->length, (size_t)length + 1, format, again);
        t->length += (size_t)length;
    }
    va_end(again);
}

void text_print(text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_vprint(t, format, arguments);
    va_end(arguments);
}

void text_html(text *t, const char *words)
{
    static const char marks[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    while (*words) {
        const size_t plain = strcspn(words, marks);
        text_add(t, words, plain);
        words += plain;
        if (*words) {
            const char *entity = entities[strchr(marks, *words++) - marks];
            text_add(t, entity, strlen(entity));
        }
    }
}

/* A byte without those that end a line or mean nothing to a reader. */
static char plain(char byte)
{
    return (unsigned char)byte < ' ' || byte == 0x7f ? ' ' : byte;
}

void text_csv(text *t, const char *field)
{
    if (!field[strcspn(field, ",\"\r\n")]) {
        for (; *field; field++)
            text_add(t, &(char){plain(*field)}, 1);
        return;
    }
    text_add(t, "\"", 1);
    for (; *field; field++) {
        if (*field == '"')
            text_add(t, "\"", 1);
        text_add(t, &(char){plain(*field)}, 1);
    }
    text_add(t, "\"", 1);
}

/* In single quotes gnuplot knows no escapes but '' and runs no commands. */
void text_gnuplot(text *t, const char *words)
{
    text_add(t, "'", 1);
    for (; *words; words++) {
        if (*words == '\'')
            text_add(t, "'", 1);
        text_add(t, &(char){plain(*words)}, 1);
    }
    text_add(t, "'", 1);
}

void text_number(text *t, double number)
{
    if (isfinite(number))
        text_print(t, "%.9g", number);
}

/* Adds what can still be read of `in`. */
static espalier_status add_rest(text *t, reader *in, size_t most, espalier_error *error)
{
    char piece[1 << 14];
    size_t got = 0, total = 0;
    do {
        espalier_status status = reader_some(in, piece, sizeof piece, &got, error);
        if (status)
            return status;
        total += got;
        if (total > most)
            return error_set(error, ESPALIER_ERROR_FORMAT, "%s: more than %zu bytes",
                             reader_path(in), most);
        text_add(t, piece, got);
    } while (got > 0);
    return t->failed ? error_memory(error) : ESPALIER_OK;
}

espalier_status text_read(text *t, const char *path, size_t most, espalier_error *error)
{
    reader *in = NULL;
    espalier_status status = reader_open(path, t->allocator, &in, error);
    if (status)
        return status;
    if (reader_is_gzip(in)) /* which could hold a thousand times of what is there */
        status = error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected text, found a gzipped file",
                           path);
    else
        status = add_rest(t, in, most, error);
    reader_close(in);
    return status;
}

espalier_status text_write(const text *t, const char *path, espalier_error *error)
{
    writer *out = NULL;
    if (t->failed)
        return error_memory(error);
    espalier_status status = writer_open(path, t->allocator, &out, error);
    if (status)
        return status;
    status = writer_write(out, text_content(t), t->length, error);
    if (status) {
        writer_abandon(out);
        return status;
    }
    return writer_commit(out, error);
}

espalier_status text_write_inside(const text *t, const char *path, espalier_error *error)
{
    writer_clear_way(path);
    return text_write(t, path, error);
}
