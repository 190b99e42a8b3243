/* CSV and its relatives, record by record: RFC 4180 quoting (doubled quotes, newlines
 * within quotes), any of five separators, line ends \n, \r\n and \r, a byte order mark,
 * comment lines, and Excel's first line sep=; before all. Knows no columns and no types;
 * numbers are format/decimal.
 *
 * Left out are lines that are empty or blank. Blanks around a field are no part of it
 * unless they stand within its quotes. A quote within a field that does not begin with
 * one is a character like any other.
 *
 * Source: Y. Shafranovich, RFC 4180, 2005; what it leaves open as said above. */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"

typedef struct csv_dialect {
    char separator;     /* ',', ';', '\t', '|', ' ' (runs of spaces and tabs); 0 = find out */
    char comment;       /* lines that begin with it are left out, but for #N/A; 0 = none */
    bool decimal_comma; /* numbers are written 3,14: a comma is the last guess for a separator */
    size_t record_bytes_most; /* 0 = CSV_RECORD_BYTES_MOST */
} csv_dialect;

#define CSV_RECORD_BYTES_MOST ((size_t)1 << 24)
#define CSV_FIELDS_MOST ((size_t)1 << 20)

typedef struct csv_field {
    const char *text; /* terminated, quotes taken off */
    size_t length;
    bool quoted;
} csv_field;

typedef struct csv_record {
    const csv_field *fields;
    size_t count;
    uint64_t line; /* where it begins, counted from 1 */
} csv_record;

typedef struct csv csv;

/* A separator that is found out, and '#' for comments. */
csv_dialect csv_dialect_defaults(void);

/* Opens a file, plain or gzipped; path "-" is standard input. Without a separator in the
 * dialect it is found out from the first lines, at most 64 KiB.
 * Errors: those of reader_open; FORMAT (UTF-16, a damaged gzip file). */
espalier_status csv_open(const char *path, const csv_dialect *dialect,
                         const espalier_allocator *allocator, csv **out, espalier_error *error);

/* The next record; count 0 = the end. The fields are valid until the next call.
 * Errors name line and column, both counted from 1: FORMAT (quotes that do not close,
 * something behind a closing quote, a zero byte, a record that is too long or has too many
 * fields), IO, MEMORY. */
espalier_status csv_next(csv *in, csv_record *record, espalier_error *error);

char csv_separator(const csv *in); /* the one that was given or found */
const char *csv_path(const csv *in);
uint64_t csv_bytes(const csv *in); /* plain bytes read from the file so far */
uint64_t csv_head(const csv *in);  /* a hash of the first 64 KiB, of the first bytes on "-" */
void csv_close(csv *in);           /* NULL does nothing */

/* ---- csv_separator.c ---------------------------------------------------- */

/* The separator of the lines in a text, of which the last may be cut off. */
char csv_guess(const char *text, size_t bytes, const csv_dialect *dialect);

#endif
