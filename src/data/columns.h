/* How records of a table become rows of numbers: the columns that are read and what each
 * contributes. Finding that out is csv_*.c, reading a table by it table_file.c. */
#ifndef DATA_COLUMNS_H
#define DATA_COLUMNS_H

#include <stdbool.h>

#include "data/dictionary.h"
#include "espalier/table.h"

typedef enum column_kind {
    COLUMN_UNKNOWN,  /* while a table is looked at: every cell so far was missing */
    COLUMN_NUMBER,   /* one input */
    COLUMN_CATEGORY, /* an input for each category: 1 for the row's own, 0 for the others */
} column_kind;

typedef struct column {
    char *name;      /* NULL: the table has no names */
    size_t position; /* in a record of the table that was fitted on, from 0 */
    column_kind kind;
    bool asked;        /* CATEGORY: by --categorical, not by its first value */
    size_t first;      /* its first input */
    dictionary values; /* CATEGORY: the categories in the order of the inputs */
    bool filled;       /* a missing value has something to become: */
    float fill;        /* NUMBER */
    size_t fill_value; /* CATEGORY: an index */
} column;

typedef struct columns {
    const espalier_allocator *allocator;
    column *items; /* [count], by position */
    size_t count, inputs;
    size_t record_width; /* fields of a record */
    bool named;
    char *label_name; /* NULL without names */
    size_t label;     /* position of the labels; SIZE_MAX = none */
    espalier_missing missing;
    char separator; /* 0: to be found out */
    char comment;   /* 0: none */
    bool decimal_comma;
    uint64_t rows, bytes, head; /* the table that was fitted on: csv_bytes, csv_head */
} columns;

/* A name, category or label has at most so many bytes. */
enum { COLUMN_TEXT_MOST = 255 };

/* The most inputs: as many as a network takes. */
#define COLUMN_INPUTS_MOST ((size_t)1 << 24)

/* Gives each column its first input, and counts the inputs. */
void columns_place(columns *c);

/* What becomes of missing values: as the columns say (AUTO), or as asked for. Where they are
 * refused or their rows left out, the columns have nothing to fill in any more.
 * Errors: ARGUMENT (MEAN or MEDIAN that the columns do not know). */
espalier_status columns_choose_missing(columns *c, espalier_missing asked, espalier_error *error);

/* What an input is called: "NAME", of a column of categories "NAME=CATEGORY" (owned); NULL when
 * memory runs out. The column has a name. */
char *columns_input_name(const column *one, size_t value, const espalier_allocator *allocator);

void columns_clear(columns *c);

/* ---- columns_json.c ------------------------------------------------------- */

/* JSON text (owned, memory_release); docs/model-format.md has its form. Errors: MEMORY. */
espalier_status columns_print(const columns *c, char **text, espalier_error *error);

/* Errors: FORMAT ("columns: …"), MEMORY; c is then empty. */
espalier_status columns_parse(const char *text, const espalier_allocator *allocator, columns *c,
                              espalier_error *error);

#endif
