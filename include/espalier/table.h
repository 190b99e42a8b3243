/* Tables: how files of rows and named columns (.csv and its relatives) are read, and their
 * rows one after the other.
 *
 * What is found out about a table on which a network is trained (which columns, which
 * categories, what missing values become) goes with the network as its metadata "columns",
 * and later tables are read by it. docs/data.md tells it all, docs/model-format.md has the
 * form of "columns". */
#ifndef ESPALIER_TABLE_H
#define ESPALIER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/memory.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What becomes of a missing value: an empty cell, or one of NA, N/A, #N/A, NaN, null and ?
 * without quotes, in any case. */
typedef enum espalier_missing {
    ESPALIER_MISSING_AUTO,   /* as "columns" says; else ERROR */
    ESPALIER_MISSING_ERROR,  /* it is refused, with its row and column */
    ESPALIER_MISSING_MEAN,   /* the column's mean, or its most frequent category */
    ESPALIER_MISSING_MEDIAN, /* the column's median, or its most frequent category */
    ESPALIER_MISSING_DROP,   /* its row is left out */
    ESPALIER_MISSING_COUNT
} espalier_missing;

/* Whether the first row of a table holds the names of its columns. */
typedef enum espalier_header {
    ESPALIER_HEADER_AUTO, /* found out */
    ESPALIER_HEADER_YES,
    ESPALIER_HEADER_NO,
    ESPALIER_HEADER_COUNT
} espalier_header;

/* How numbers are written. */
typedef enum espalier_decimal {
    ESPALIER_DECIMAL_AUTO,  /* as "columns" says; else POINT */
    ESPALIER_DECIMAL_POINT, /* 3.14 */
    ESPALIER_DECIMAL_COMMA, /* 3,14 */
    ESPALIER_DECIMAL_COUNT
} espalier_decimal;

/* The names used on the command line ("auto" …); NULL out of range. */
ESPALIER_API const char *espalier_missing_name(espalier_missing missing);
ESPALIER_API const char *espalier_header_name(espalier_header header);
ESPALIER_API const char *espalier_decimal_name(espalier_decimal decimal);

/* In place of a comment's first character: no line is one. */
#define ESPALIER_COMMENT_NONE '\n'

/* In place of a separator: it is found out, whatever "columns" says. */
#define ESPALIER_SEPARATOR_FOUND '\n'

/* A column is called by its name, or by its number counted from 1. All borrowed; zeros
 * everywhere are the defaults. */
typedef struct espalier_table_options {
    char separator; /* ',' ';' '\t' '|', ' ' for runs of spaces and tabs; 0 = as "columns" says, else
                       found out */
    char comment;   /* lines that begin with it are left out; 0 = as "columns" says, else '#' */
    espalier_decimal decimal;
    espalier_header header;
    const char *label; /* the column of the labels; NULL = as "columns" says, else the last */
    const char *const *ignored; /* [ignored_count] columns to leave out */
    size_t ignored_count;
    const char *const *categorical; /* [categorical_count] columns whose numbers are categories */
    size_t categorical_count;
    size_t categories_most; /* refuse a column with more categories; 0 = 100 */
    espalier_missing missing;
    const char *test_path; /* a second file with the test rows, or NULL */
    double test_fraction;  /* part of the rows to test with, drawn from each class by the seed */
    bool own_test_seed;    /* by test_seed instead of the data set's */
    uint64_t test_seed;

    const char *columns; /* a network's metadata "columns": rows are read by it; NULL = found out */
    const char *const *class_names; /* [class_count] the network's classes; NULL = found out */
    size_t class_count;
    /* Every row is a test row, unless the table is the one that "columns" was made of: that
     * one is split as the options say. */
    bool for_test;
} espalier_table_options;

/* Returns ESPALIER_ERROR_ARGUMENT and names the field that is out of range. */
ESPALIER_API espalier_status espalier_table_options_check(const espalier_table_options *options,
                                                          espalier_error *error);

/* ---- categories that were not learnt ------------------------------------- */

typedef struct espalier_unknown_column {
    char name[256];     /* empty where the columns have no names */
    char text[64];      /* the first such category, cut */
    size_t position;    /* in a record of the file that was read, from 0 */
    uint64_t row, rows; /* the first row that has one, counted from 1; how many have */
} espalier_unknown_column;

/* What a file holds of categories that no training row had; they became zeros. */
typedef struct espalier_unknown {
    uint64_t rows;  /* that were read */
    size_t columns; /* that hold such a category */
    size_t listed;  /* the first of them */
    espalier_unknown_column first[4];
} espalier_unknown;

/* ---- row by row ----------------------------------------------------------- */

/* Whether a path has the ending of a table: .csv, .tsv, .tab, .txt or .data, also with .gz
 * behind it, in any case. */
ESPALIER_API bool espalier_table_is_named(const char *path);

/* A table that is being read; one thread at a time. */
typedef struct espalier_table espalier_table;

/* Opens a table to predict on: its rows come out as a network takes them, before scaling.
 *
 * path     a file, plain or gzipped; "-" = standard input, whose rows are handed out as
 *          soon as they have come
 * inputs   the network's row width
 * options  columns: the network's metadata, or NULL: every column is an input and a number,
 *          but that of the label where one is named and there is a column more than inputs.
 *          With names in both, columns are matched by name: other columns are ignored and
 *          their order is free. Else they are matched by place, with or without the label's.
 *          A category that is not known becomes zeros. ignored, categorical, test_path,
 *          test_fraction and for_test are not read. NULL = defaults
 * table    receives the handle (owned); untouched on an error
 *
 * Errors: those of espalier_dataset_open, but where there are no rows the first one is the end;
 * FORMAT (an empty file, where columns have names); MISMATCH (another number of inputs or
 * columns, a column that is missing). */
ESPALIER_API espalier_status espalier_table_open(const char *path, size_t inputs,
                                                 const espalier_table_options *options,
                                                 const espalier_allocator *allocator,
                                                 espalier_table **table, espalier_error *error);

/* Reads the next row.
 *
 * values  [inputs], written where there is a row
 * end     set to true, with ESPALIER_OK, where there is none
 * Errors: IO, MEMORY, FORMAT (names row, line and column; a missing value where "columns"
 * has nothing in its place). Rows before it have been handed out; the table is at its end. */
ESPALIER_API espalier_status espalier_table_next(espalier_table *table, float *values, bool *end,
                                                 espalier_error *error);

/* The number of rows read so far. */
ESPALIER_API uint64_t espalier_table_row(const espalier_table *table);

/* Of the rows read so far. Borrowed. */
ESPALIER_API const espalier_unknown *espalier_table_unknown(const espalier_table *table);

/* NULL does nothing. */
ESPALIER_API void espalier_table_close(espalier_table *table);

#ifdef __cplusplus
}
#endif
#endif
