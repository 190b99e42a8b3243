/* Passes over the rows of a split in chunks of a fixed size, by several threads. */
#ifndef INFER_CHUNKS_H
#define INFER_CHUNKS_H

#include <stddef.h>

#include "base/error.h"
#include "espalier/memory.h"

/* The same for every number of threads, so that results are, too. */
enum { CHUNK_ROWS = 256 };

/* Works on rows first … first + count - 1, which are chunk `chunk`. scratch is
 * this thread's own, its contents left from the chunk before. */
typedef void chunks_task(void *context, size_t chunk, size_t first, size_t count, float *scratch);

size_t chunks_count(size_t rows);

/* Calls the task once for every chunk, from several threads and in any order.
 * threads 0 = all. Errors: MEMORY. */
espalier_status chunks_run(size_t rows, size_t threads, size_t scratch_floats,
                           const espalier_allocator *allocator, chunks_task *task, void *context,
                           espalier_error *error);

#endif
