/* Downloads of whole data sets, with a table row of the caller's own. */
#ifndef DATA_FETCH_H
#define DATA_FETCH_H

#include "data/names.h"

/* espalier_dataset_fetch() with a row that need not be in the table. */
espalier_status fetch_set(const named_set *set, const char *folder,
                          const espalier_fetch_options *options,
                          const espalier_allocator *allocator, espalier_fetch_result *result,
                          espalier_error *error);

#endif
