/* How many threads to use. Work is cut by problem size, never by this number. */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stddef.h>

/* wanted, or for 0 what OpenMP offers (affinity and OMP_NUM_THREADS included);
 * 1 without OpenMP; at most PARALLEL_MOST. */
enum { PARALLEL_MOST = 256 };
size_t parallel_threads(size_t wanted);

/* The calling thread's number inside a parallel region, 0 outside. */
size_t parallel_thread(void);

/* Seconds on a clock that never goes back. */
double clock_seconds(void);

#endif
