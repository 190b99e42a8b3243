/* A text that grows in memory. Failures stick: add as much as needed, then look at
 * `failed` once, or let text_write say it. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "espalier/memory.h"
#include "espalier/status.h"

/* Start with {.allocator = …}; text_clear() at the end. */
typedef struct text {
    const espalier_allocator *allocator;
    char *bytes; /* ends with a zero byte; NULL while nothing was added */
    size_t length, capacity;
    bool failed; /* out of memory: what is here is not whole */
} text;

void text_clear(text *t);
const char *text_content(const text *t); /* never NULL */

void text_add(text *t, const char *bytes, size_t count);
__attribute__((format(printf, 2, 3)))
void text_print(text *t, const char *format, ...);
__attribute__((format(printf, 2, 0)))
void text_vprint(text *t, const char *format, va_list arguments);

/* Text of any origin, made harmless for its place. */
void text_html(text *t, const char *words);   /* between tags and in "attributes" */
void text_csv(text *t, const char *field);    /* quoted where it has to be; on one line */
void text_gnuplot(text *t, const char *words); /* a whole gnuplot string, quotes included */

/* A field of a CSV: nine digits, empty for NaN and infinity (gnuplot takes that as
 * missing). */
void text_number(text *t, double number);

/* Adds what a file holds, at most `most` bytes of it. Errors: NOT_FOUND, IO, FORMAT (a
 * folder, gzipped, more bytes), MEMORY. */
espalier_status text_read(text *t, const char *path, size_t most, espalier_error *error);
/* Replaces the file at `path`. Errors: MEMORY (also if the text has failed), IO. */
espalier_status text_write(const text *t, const char *path, espalier_error *error);
/* The same for a file of ours in a folder from elsewhere: a link there is replaced, too,
 * not followed. */
espalier_status text_write_inside(const text *t, const char *path, espalier_error *error);

#endif
