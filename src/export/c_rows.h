/* The program over many rows of a data set, on all processors. */
#ifndef EXPORT_C_ROWS_H
#define EXPORT_C_ROWS_H

#include "export/c_program.h"

/* `count` of the split's rows, evenly spread over it (all of them if it has no more):
 * how many the program classifies rightly. Does not depend on the number of threads.
 * Errors: MEMORY. */
espalier_status c_rows_right(const c_program *program, const espalier_dataset *data,
                             espalier_split split, size_t count, uint64_t *right,
                             espalier_error *error);

/* Row i of `count` rows spread evenly over `rows`. */
size_t c_row_at(size_t i, size_t count, size_t rows);

#endif
