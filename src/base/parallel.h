/* A team of threads that share the pieces of a job, and the clock.
 *
 * Work is cut by problem size, never by the number of threads; which thread
 * takes which piece is left open. A thread without work spins for a moment and
 * then sleeps, so that a busy machine is not made busier. */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stddef.h>

#include "espalier/memory.h"

enum { PARALLEL_MOST = 256 };

/* wanted, or for 0 the processors that this process may use; 1 … PARALLEL_MOST. */
size_t parallel_threads(size_t wanted);

/* The caller of parallel_run and up to threads - 1 workers. */
typedef struct parallel_team parallel_team;

/* NULL without memory. Where the system gives fewer threads the team is smaller. */
parallel_team *parallel_team_create(size_t threads, const espalier_allocator *allocator);
/* NULL does nothing. All that a forked process can do with a team that it was not made in. */
void parallel_team_destroy(parallel_team *team);

/* Threads of the team, the caller included. */
size_t parallel_team_size(const parallel_team *team);

/* One piece: index < count, thread < team size and not shared at the same time. */
typedef void parallel_task(void *context, size_t index, size_t thread);

/* Runs task for every index 0 … count - 1 (< 2^32) and returns when all are
 * done. One caller at a time; not from inside a task. */
void parallel_run(parallel_team *team, size_t count, parallel_task *task, void *context);

/* Seconds on a clock that never goes back. */
double clock_seconds(void);

#endif
