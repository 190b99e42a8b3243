/* Cutting rows into chunks and handing them to threads. What is done with a
 * chunk is the caller's business. */
#include "infer/chunks.h"

#include "base/memory.h"
#include "base/parallel.h"

typedef struct chunks_job {
    chunks_task *task;
    void *context;
    size_t rows;
    float *scratch;        /* [threads][scratch_floats] */
    size_t scratch_floats; /* of one thread */
} chunks_job;

static void do_chunk(void *context, size_t chunk, size_t thread)
{
    const chunks_job *job = context;
    const size_t first = chunk * CHUNK_ROWS, left = job->rows - first;
    job->task(job->context, chunk, first, left < CHUNK_ROWS ? left : CHUNK_ROWS,
              job->scratch + thread * job->scratch_floats);
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
    chunks_job job = {task, context, rows, NULL, scratch_floats};
    size_t wanted = parallel_threads(threads), floats;
    if (chunks == 0)
        return ESPALIER_OK;
    wanted = wanted < chunks ? wanted : chunks; /* no thread without a chunk */
    parallel_team *team = parallel_team_create(wanted, allocator);
    if (team && size_multiply(parallel_team_size(team), scratch_floats, &floats))
        job.scratch = memory_array(allocator, floats, sizeof *job.scratch);
    if (job.scratch)
        parallel_run(team, chunks, do_chunk, &job);
    const bool done = job.scratch != NULL;
    memory_release(allocator, job.scratch);
    parallel_team_destroy(team);
    return done ? ESPALIER_OK : error_memory(error);
}
