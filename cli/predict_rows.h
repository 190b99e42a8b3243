/* The rows that predict is asked for, one after the other, wherever they come from: a
 * data set in memory, or a table or array that is read on the way. */
#ifndef CLI_PREDICT_ROWS_H
#define CLI_PREDICT_ROWS_H

#include "data.h"

typedef struct row_choice {
    data_settings data;
    espalier_split split;
    row_range rows;
} row_choice;

typedef struct row_source {
    espalier_dataset *dataset; /* at most one of these three is there */
    espalier_table *table;
    espalier_npy *array;
    espalier_split split;
    const char *name;  /* of the source, for messages */
    row_range rows;    /* a table's end is not known: SIZE_MAX */
    size_t next;
    bool standard_input;
} row_source;

/* Opens set->files[1] for a network: "-", a table or a .npy file that is there, unless
 * --split was given; else a data set. EXIT_NONE, or an exit code after a message. */
int row_source_open(row_source *source, const option_set *set, const row_choice *choice,
                    espalier_network *network);

/* The number of rows that will come; SIZE_MAX if it is not known. */
size_t row_source_count(const row_source *source);

/* Whether the next row may have to be waited for. */
bool row_source_would_wait(const row_source *source);

/* values: [row width], written unless *end: there are no more rows. EXIT_NONE, or an exit
 * code after a message. */
int row_source_next(row_source *source, float *values, bool *end);

/* That what came of the last row is finite. EXIT_NONE, or an exit code after a message. */
int row_source_check(const row_source *source, const float *probabilities, size_t classes);

/* What is to be said of the rows that were read. */
void row_source_warn(const row_source *source);

void row_source_close(row_source *source);

#endif
