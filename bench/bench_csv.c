/* How fast a table is read, and how much memory that takes.
 *
 *   bench_csv [rows=1000000] [columns=50] [rounds=5] [categories=0] [file=bench_csv.csv] [keep=0]
 *
 * Writes a table of normally distributed numbers with seven significant digits (and
 * columns of one of ten texts, if asked for) and a label in the last column, then measures
 * in this order: the tokenizer alone, row by row as for prediction, the whole as a data set.
 * MB are 10^6 bytes of the file, seconds those of the processor (one thread, reading from the
 * page cache included), so that other work on the machine counts little; the clock's are shown
 * beside. The peak is the process's own, in units of the floats that the data set holds. The
 * first round of each is not counted: it fills the page cache. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/random.h"
#include "common.h"
#include "espalier/dataset.h"
#include "format/csv.h"

enum { ROUNDS_MOST = 50 };

typedef struct bench {
    const char *path;
    size_t rows, columns, categories, rounds, inputs;
    double megabytes;
    char *text; /* "columns" of the table */
} bench;

static void write_row(FILE *file, const bench *b, size_t row)
{
    static const char *const texts[] = {"red",  "green", "blue",  "white", "black",
                                        "grey", "pink",  "brown", "cyan",  "orange"};
    for (size_t c = 0; c < b->columns; c++) {
        size_t index = row * b->columns + c;
        if (c < b->categories)
            fprintf(file, "%s,", texts[random_below(1, random_stream(RANDOM_TEST, 1), index, 10)]);
        else
            fprintf(file, "%.7g,", random_normal(1, random_stream(RANDOM_TEST, 0), index));
    }
    fprintf(file, "%d\n", (int)random_below(1, random_stream(RANDOM_TEST, 2), row, 10));
}

static void write_table(bench *b)
{
    FILE *file = fopen(b->path, "w");
    struct stat facts;
    if (!file)
        bench_die("%s: cannot be written", b->path);
    for (size_t c = 0; c < b->columns; c++)
        fprintf(file, "column%zu,", c + 1);
    fputs("label\n", file);
    for (size_t row = 0; row < b->rows; row++)
        write_row(file, b, row);
    if (fclose(file) != 0 || stat(b->path, &facts) != 0)
        bench_die("%s: cannot be written", b->path);
    b->megabytes = (double)facts.st_size / 1e6;
}

static void must(espalier_status status, const espalier_error *error)
{
    if (status)
        bench_die("%s", error->message);
}

/* ---- what is measured --------------------------------------------------- */

static void tokenize(bench *b)
{
    espalier_error error = {0};
    csv_record record = {.count = 1};
    csv *in;
    must(csv_open(b->path, NULL, NULL, &in, &error), &error);
    while (record.count > 0)
        must(csv_next(in, &record, &error), &error);
    csv_close(in);
}

static void read_rows(bench *b)
{
    espalier_error error = {0};
    espalier_table_options options = {.columns = b->text};
    espalier_table *table;
    float *values = bench_floats(b->inputs);
    must(espalier_table_open(b->path, b->inputs, &options, NULL, &table, &error), &error);
    for (bool end = false; !end;)
        must(espalier_table_next(table, values, &end, &error), &error);
    espalier_table_close(table);
    free(values);
}

static espalier_dataset *open_whole(const bench *b)
{
    espalier_error error = {0};
    espalier_dataset *dataset;
    must(espalier_dataset_open(b->path, NULL, NULL, &dataset, &error), &error);
    return dataset;
}

static void read_whole(bench *b)
{
    espalier_dataset_destroy(open_whole(b));
}

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

static void measure(bench *b, const char *what, void (*run)(bench *))
{
    double seconds[ROUNDS_MOST], clock[ROUNDS_MOST];
    run(b);
    for (size_t i = 0; i < b->rounds; i++) {
        double start = processor(), begin = bench_clock();
        run(b);
        seconds[i] = processor() - start;
        clock[i] = bench_clock() - begin;
    }
    qsort(seconds, b->rounds, sizeof *seconds, ascending);
    qsort(clock, b->rounds, sizeof *clock, ascending);
    size_t middle = b->rounds / 2, last = b->rounds - 1;
    printf("%-12s %5.0f MB/s   processor %.2f s (%.2f to %.2f)   clock %.2f s (%.2f to %.2f)\n",
           what, b->megabytes / seconds[middle], seconds[middle], seconds[0], seconds[last],
           clock[middle], clock[0], clock[last]);
    fflush(stdout);
}

int main(int count, char **arguments)
{
    bench b = {.path = bench_option(count, arguments, "file", "bench_csv.csv"),
               .rows = bench_number(count, arguments, "rows", 1000000),
               .columns = bench_number(count, arguments, "columns", 50),
               .categories = bench_number(count, arguments, "categories", 0),
               .rounds = bench_number(count, arguments, "rounds", 5)};
    if (b.rounds < 1 || b.rounds > ROUNDS_MOST || b.categories > b.columns)
        bench_die("expected 1 to %d rounds, and no more categories than columns", ROUNDS_MOST);
    write_table(&b);
    espalier_dataset *dataset = open_whole(&b);
    b.inputs = espalier_dataset_input_count(dataset);
    const char *text = espalier_dataset_columns(dataset);
    b.text = malloc(strlen(text) + 1);
    if (!b.text)
        bench_die("out of memory");
    strcpy(b.text, text);
    espalier_dataset_destroy(dataset);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double floats = (double)b.rows * (double)b.inputs * sizeof(float);
    printf("%zu rows, %zu columns, %zu inputs, %.1f MB; %s\n", b.rows, b.columns, b.inputs,
           b.megabytes, BENCH_FLAGS);
    printf("%-12s %.1f MB, %.3f times the %.1f MB of floats\n", "peak memory",
           (double)usage.ru_maxrss * 1024 / 1e6, (double)usage.ru_maxrss * 1024 / floats,
           floats / 1e6);
    measure(&b, "tokenizer", tokenize);
    measure(&b, "row by row", read_rows);
    measure(&b, "data set", read_whole);
    free(b.text);
    if (!bench_number(count, arguments, "keep", 0))
        remove(b.path);
    return 0;
}
