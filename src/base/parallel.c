/* Threads and the clock. */
#define _POSIX_C_SOURCE 200809L
#include "base/parallel.h"

#include <time.h>

#ifdef _OPENMP
#include <omp.h>
#endif

size_t parallel_threads(size_t wanted)
{
#ifdef _OPENMP
    size_t count = wanted ? wanted : (size_t)omp_get_max_threads();
#else
    size_t count = 1;
    (void)wanted;
#endif
    return count < PARALLEL_MOST ? count : PARALLEL_MOST;
}

size_t parallel_thread(void)
{
#ifdef _OPENMP
    return (size_t)omp_get_thread_num();
#else
    return 0;
#endif
}

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
