/* Rows that are in a data set more than once. */
#ifndef DATA_REPEATS_H
#define DATA_REPEATS_H

#include "data/dataset.h"
#include "espalier/describe.h"

/* Rows of the training file among themselves, and test rows against them.
 * Errors: MEMORY. */
espalier_status repeats_find(const espalier_dataset *dataset, const espalier_allocator *allocator,
                             espalier_repeats *training, espalier_repeats *test,
                             espalier_error *error);

#endif
