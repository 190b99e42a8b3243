/* Reading a table whole: what its files share on the way from text to a data set.
 *
 *   csv_sample.c  the first rows: is there a header, what do the columns hold
 *   csv_roles.c   which column is what
 *   csv_survey.c  once through the files: labels, kinds of columns, categories
 *   csv_mixed.c   columns of numbers that are text by their first value
 *   csv_fit.c     what is learnt from the training rows: categories, fills
 *   csv_table.c   the order of these, and the second time through the files: values
 *
 * Two passes, because the number of rows, the classes and the categories decide how much
 * memory there must be, and which rows are for training decides what may be learnt. */
#ifndef DATA_CSV_TABLE_H
#define DATA_CSV_TABLE_H

#include "data/dataset.h"
#include "data/table_file.h"

/* ---- csv_sample.c ------------------------------------------------------------ */

/* The first record of a table, and whether it holds names. */
typedef struct csv_sample {
    size_t width;   /* fields; 0 = the file is empty */
    bool header;
    char **fields;  /* [width], owned; long ones are cut */
} csv_sample;

/* Errors: those of csv_open and csv_next; FORMAT (a name that is not UTF-8), MEMORY. */
espalier_status csv_sample_read(const char *path, const espalier_table_options *options,
                                const espalier_allocator *allocator, csv_sample *sample,
                                espalier_error *error);
void csv_sample_clear(csv_sample *sample, const espalier_allocator *allocator);

/* ---- csv_roles.c -------------------------------------------------------------- */

/* Columns of unknown kind (or categories, where asked for) beside the label's and the
 * ignored ones. Errors: FORMAT (names that are not there, not different), ARGUMENT. */
espalier_status csv_roles(const char *path, const csv_sample *sample,
                          const espalier_table_options *options, columns *c,
                          espalier_error *error);

/* ---- csv_survey.c ------------------------------------------------------------- */

/* In place of a category's number. */
enum { CSV_NO_CATEGORY = UINT16_MAX };

typedef struct csv_survey {
    columns *columns;
    const espalier_table_options *options;
    dictionary classes;
    uint32_t *labels;   /* [rows], of the rows that are kept */
    uint16_t **codes;   /* [columns->count]: NULL, or [rows] categories by first appearance */
    size_t rows, room;
    size_t dropped;     /* rows that were left out for their missing values */
    uint64_t file_rows, file_bytes, file_head; /* of the training file, dropped rows included */
} csv_survey;

/* Empty, with the classes of the options if there are any. Errors: MEMORY. */
espalier_status csv_survey_create(columns *c, const espalier_table_options *options,
                                  csv_survey *s, espalier_error *error);
void csv_survey_clear(csv_survey *s);

/* Goes through a file and adds its rows. learn: it is the training file, not the test file;
 * what the options do not give, columns or classes, is found out of it.
 * Errors: FORMAT, MISMATCH, IO, MEMORY. */
espalier_status csv_survey_file(csv_survey *s, const char *path, bool learn,
                                espalier_error *error);

/* Whether the present row is to be kept: it has no missing value, or they are filled. */
bool csv_row_is_kept(const table_file *file);

/* ---- csv_mixed.c -------------------------------------------------------------- */

/* Whether a column is categories by its first value, while most of its values are numbers, or
 * look like some (12%, 1,000.5); they are in the order of their appearance. */
bool csv_is_mixed(const columns *c, const column *one);

/* Lists these columns in the data set. Errors: MEMORY. */
espalier_status csv_list_mixed(const columns *c, espalier_dataset *dataset, espalier_error *error);

/* ---- csv_fit.c ---------------------------------------------------------------- */

/* Puts the classes in order and the labels with them.
 * Errors: FORMAT (one class only, hardly one row for each), MEMORY. */
espalier_status csv_fit_classes(csv_survey *s, const char *path, espalier_error *error);

/* 0, 1, 2, … without a gap need no names. */
bool csv_classes_are_numbers(const dictionary *classes);

/* Leaves each column the categories of the training rows, in order.
 * is_training  [survey rows] */
espalier_status csv_fit_categories(csv_survey *s, const uint8_t *is_training,
                                   espalier_error *error);

/* Fills in missing values, which are NaN in the rows so far. learn: what they become is
 * found out of the training rows first. Errors: MEMORY. */
espalier_status csv_fit_fills(columns *c, bool learn, espalier_dataset *dataset,
                              espalier_error *error);

#endif
