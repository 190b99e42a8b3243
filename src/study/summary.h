/* A study's results as groups, and the tables made of them.
 *
 * results.c reads the runs, summary.c puts them into groups and compares these,
 * summary_table.c makes a table of words of them, summary_write.c the files. */
#ifndef STUDY_SUMMARY_H
#define STUDY_SUMMARY_H

#include <jansson.h>

#include "espalier/study_summary.h"
#include "study/cells.h"

/* Sorts the runs that were read and makes the groups. Errors: MEMORY. */
espalier_status summary_group(espalier_study_results *results, espalier_error *error);

/* Is this what the record of the run `name` can be? Errors: FORMAT (names path, field, what was
 * expected and found), MEMORY. */
espalier_status summary_check_record(const char *path, const char *name, const json_t *record,
                                     const espalier_allocator *allocator, espalier_error *error);

/* How much of the table is wanted: `brief` has the columns that a terminal has room for.
 * cells: initialised by the caller. */
void summary_table(const espalier_study_results *results, bool brief, cells *table);

/* What a table cannot say in numbers, a sentence each, joined by blanks: units, intervals,
 * tests; and what is the same in every row. */
void summary_caption(const espalier_study_results *results, text *out);

/* summary.csv. */
void summary_csv(const espalier_study_results *results, text *out);

#endif
