/* How fast a data set is read, whatever it is kept in.
 *
 *   bench_dataset file=PATH [rounds=5]
 *
 * MB are 10^6 bytes of the values in memory, seconds those of the processor (one thread,
 * reading from the page cache and unpacking included), so that other work on the machine
 * counts little; the clock's are shown beside. The first round is not counted: it fills
 * the page cache. The peak is the process's own. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "common.h"
#include "data/dataset.h"

enum { ROUNDS_MOST = 50 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds that the processor spent on this program. */
static double processor(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static espalier_dataset *open_whole(const char *path)
{
    espalier_error error = {0};
    espalier_dataset *dataset;
    if (espalier_dataset_open(path, NULL, NULL, &dataset, &error))
        bench_die("%s", error.message);
    return dataset;
}

static double megabytes_of(const espalier_dataset *dataset)
{
    return (double)dataset->stored_rows * (double)dataset->inputs *
           (dataset->bytes ? 1 : sizeof(float)) / 1e6;
}

int main(int count, char **arguments)
{
    const char *path = bench_option(count, arguments, "file", "fashion-mnist");
    size_t rounds = bench_number(count, arguments, "rounds", 5);
    double seconds[ROUNDS_MOST], clock[ROUNDS_MOST];
    struct rusage usage;
    if (rounds < 1 || rounds > ROUNDS_MOST)
        bench_die("expected 1 to %d rounds", ROUNDS_MOST);
    espalier_dataset *first = open_whole(path);
    double megabytes = megabytes_of(first);
    printf("%s: %zu rows of %zu inputs, %.1f MB; %s\n", path, first->stored_rows, first->inputs,
           megabytes, BENCH_FLAGS);
    espalier_dataset_destroy(first);
    getrusage(RUSAGE_SELF, &usage);
    for (size_t i = 0; i < rounds; i++) {
        double start = processor(), begin = bench_clock();
        espalier_dataset *dataset = open_whole(path);
        seconds[i] = processor() - start;
        clock[i] = bench_clock() - begin;
        espalier_dataset_destroy(dataset);
    }
    qsort(seconds, rounds, sizeof *seconds, ascending);
    qsort(clock, rounds, sizeof *clock, ascending);
    size_t middle = rounds / 2, last = rounds - 1;
    printf("%.0f MB/s   processor %.3f s (%.3f to %.3f)   clock %.3f s (%.3f to %.3f)   peak "
           "%.1f MB\n",
           megabytes / seconds[middle], seconds[middle], seconds[0], seconds[last], clock[middle],
           clock[0], clock[last], (double)usage.ru_maxrss * 1024 / 1e6);
    return 0;
}
