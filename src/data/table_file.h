/* A file of records read by columns that are known: which field is which column, records
 * of one width, cells to numbers, and messages that name row, line and column. */
#ifndef DATA_TABLE_FILE_H
#define DATA_TABLE_FILE_H

#include "data/columns.h"
#include "format/csv.h"

typedef struct table_file {
    csv *in;
    const columns *columns;
    bool fixed;        /* they are not learnt from this file */
    char point;        /* of its numbers */
    size_t *places;    /* [columns->count]: each column's field */
    size_t label;      /* the label's field, SIZE_MAX = none */
    const char *label_name;
    size_t width;      /* fields of a record; 0 = not known yet: the file is empty */
    bool held;         /* `record` is the first row: there was no header */
    csv_record record; /* the present row */
    uint64_t row;      /* its number, counted from 1 */
    uint8_t *surprised; /* [columns->count]: 1 = has held a category that is not known */
    espalier_unknown unknown;
} table_file;

/* Which of the options say how a file is written. */
csv_dialect table_dialect(const char *path, const columns *c,
                          const espalier_table_options *options);

/* Opens a file and finds the columns' fields, by their names if both sides have names, else
 * by their places. Without a label's field `label` is SIZE_MAX.
 *
 * columns, options  borrowed until it is closed
 * Errors: those of csv_open and csv_next; MISMATCH (names the column that is missing, or the
 * number of fields). */
espalier_status table_file_open(const char *path, const columns *c,
                                const espalier_table_options *options, table_file *file,
                                espalier_error *error);
void table_file_close(table_file *file);

/* Moves on to the next row, which must be as wide as the first; *end: there is none. */
espalier_status table_file_next(table_file *file, bool *end, espalier_error *error);

/* "PATH: row R (line L), column C (NAME): …", with FORMAT. place: a field. */
__attribute__((format(printf, 4, 5)))
espalier_status table_file_complain(const table_file *file, size_t place, espalier_error *error,
                                    const char *format, ...);

/* Whether a field is a missing value. */
bool table_is_missing(const csv_field *field);

/* What to do where a text would be a number by another option, as "say --decimal comma …", or NULL. */
const char *table_decimal_hint(const table_file *file, const csv_field *field);

/* A field's text for a message, cut to a few words. */
enum { TABLE_SHOWN_BYTES = 48 };
const char *table_show(const csv_field *field, char shown[TABLE_SHOWN_BYTES]);

/* What table_file_encode puts in place of a missing value. */
typedef enum table_missing {
    TABLE_FILL, /* the column's fill; without one an error */
    TABLE_MARK  /* NaN in its first input, to be filled later; an error if `missing` is ERROR */
} table_missing;

/* The present row as numbers. values: [columns->inputs], written. A category that is not
 * known becomes zeros and is counted. Errors: FORMAT. */
espalier_status table_file_encode(table_file *file, table_missing missing, float *values,
                                  espalier_error *error);

#endif
