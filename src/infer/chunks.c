/* Cutting rows into chunks and handing them to threads. What is done with a
 * chunk is the caller's business. */
#include "infer/chunks.h"

#ifdef _OPENMP
#include <omp.h>
#endif

#include "base/memory.h"
#include "base/parallel.h"

static size_t own_number(void)
{
#ifdef _OPENMP
    return (size_t)omp_get_thread_num();
#else
    return 0;
#endif
}

size_t chunks_count(size_t rows)
{
    return rows / CHUNK_ROWS + (rows % CHUNK_ROWS != 0);
}

espalier_status chunks_run(size_t rows, size_t threads, size_t scratch_floats,
                           const espalier_allocator *allocator, chunks_task *task, void *context,
                           espalier_error *error)
{
    const size_t chunks = chunks_count(rows);
    size_t workers = parallel_threads(threads), floats;
    if (workers > chunks)
        workers = chunks;
    if (workers == 0)
        return ESPALIER_OK;
    if (!size_multiply(workers, scratch_floats, &floats))
        return error_memory(error);
    float *scratch = memory_array(allocator, floats, sizeof *scratch);
    if (!scratch)
        return error_memory(error);
#pragma omp parallel for num_threads((int)workers) schedule(dynamic)
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        const size_t first = chunk * CHUNK_ROWS, left = rows - first;
        task(context, chunk, first, left < CHUNK_ROWS ? left : CHUNK_ROWS,
             scratch + own_number() * scratch_floats);
    }
    memory_release(allocator, scratch);
    return ESPALIER_OK;
}
