/* Reads a file again and again, each time cut short or with one bit turned over.
 *
 *   mutate HOW SOURCE FILE HEADER_BITS STEP MEGABYTES
 *
 * HOW      data, network, checkpoint, table, rows, report, study: which door of the library
 * SOURCE   what is opened there: FILE itself or the folder it lies in
 * FILE     a small valid file, which is put back at the end
 * STEP     every STEP-th truncation and every STEP-th of the first HEADER_BITS bits
 * MEGABYTES  of memory there may be beyond what the program has to begin with; 0 = no limit
 *
 * Then the file is cut and made whole by another thread while it is read. Every reading
 * must end, in a few seconds, with success or with one line that names the file. Prints
 * the number of files read, of refused ones, and of readings of the file that shrank; the
 * file `at`, in the folder where it runs, says where it was if it did not get so far. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "espalier/espalier.h"

enum { SECONDS_MOST = 20, SHRINKING_READS = 60, INPUTS = 4 };

typedef espalier_status door(const char *source, espalier_error *error);

/* ---- the doors ------------------------------------------------------------- */

static espalier_status open_data(const char *source, espalier_error *error)
{
    espalier_dataset *dataset = NULL;
    espalier_status status = espalier_dataset_open(source, NULL, NULL, &dataset, error);
    espalier_dataset_destroy(dataset);
    return status;
}

static espalier_status open_network(const char *source, espalier_error *error)
{
    espalier_network *network = NULL;
    espalier_status status = espalier_network_open(source, NULL, &network, error);
    espalier_network_destroy(network);
    return status;
}

static espalier_status open_checkpoint(const char *source, espalier_error *error)
{
    espalier_checkpoint *checkpoint = NULL;
    espalier_status status = espalier_checkpoint_read(source, NULL, &checkpoint, error);
    espalier_checkpoint_destroy(checkpoint);
    return status;
}

static espalier_status open_table(const char *source, espalier_error *error)
{
    espalier_table *table = NULL;
    float values[INPUTS];
    bool end = false;
    espalier_status status = espalier_table_open(source, INPUTS, NULL, NULL, &table, error);
    while (!status && !end)
        status = espalier_table_next(table, values, &end, error);
    espalier_table_close(table);
    return status;
}

static espalier_status open_rows(const char *source, espalier_error *error)
{
    espalier_npy *rows = NULL;
    float values[INPUTS];
    bool end = false;
    espalier_status status = espalier_npy_open(source, INPUTS, NULL, &rows, error);
    while (!status && !end)
        status = espalier_npy_next(rows, values, &end, error);
    espalier_npy_close(rows);
    return status;
}

static espalier_status write_report(const char *source, espalier_error *error)
{
    return espalier_report_write(source, NULL, NULL, NULL, error);
}

static espalier_status summarise(const char *source, espalier_error *error)
{
    return espalier_study_summarise(source, NULL, error);
}

static door *find_door(const char *name)
{
    static const struct {
        const char *name;
        door *open;
    } doors[] = {{"data", open_data},       {"network", open_network}, {"checkpoint", open_checkpoint},
                 {"table", open_table},     {"rows", open_rows},       {"report", write_report},
                 {"study", summarise}};
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
        if (strcmp(doors[i].name, name) == 0)
            return doors[i].open;
    return NULL;
}

/* ---- one file ------------------------------------------------------------------ */

typedef struct victim {
    door *open;
    const char *source, *path;
    int file, at;
    unsigned char *bytes;
    size_t count;
    unsigned long tried, refused;
} victim;

static void give_up(const char *why, const char *what)
{
    fprintf(stderr, "mutate: %s%s\n", why, what);
    exit(EXIT_FAILURE);
}

static void put(const victim *v, size_t count)
{
    if (pwrite(v->file, v->bytes, count, 0) != (ssize_t)count || ftruncate(v->file, (off_t)count) != 0)
        give_up("cannot write ", v->path);
}

/* The last part of a path: messages may have another one before it. */
static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static espalier_status try_it(victim *v)
{
    espalier_error error = {0};
    alarm(SECONDS_MOST);
    espalier_status status = v->open(v->source, &error);
    alarm(0);
    v->tried++;
    v->refused += status != ESPALIER_OK;
    if (status != error.status)
        give_up("the status is not that of the message: ", error.message);
    if (status && (!error.message[0] || strchr(error.message, '\n')))
        give_up("expected a message of one line, found: ", error.message);
    if (status && !strstr(error.message, base(v->path)) && !strstr(error.message, base(v->source)))
        give_up("expected a message that names the file, found: ", error.message);
    return status;
}

static void note(const victim *v, const char *what, size_t where)
{
    char line[64];
    int length = snprintf(line, sizeof line, "%-20s %20zu\n", what, where);
    if (pwrite(v->at, line, (size_t)length, 0) != length)
        give_up("cannot write ", "at");
}

/* ---- all of them ----------------------------------------------------------------- */

static void cut(victim *v, size_t step)
{
    for (size_t count = 0; count < v->count; count += step) {
        note(v, "cut to bytes", count);
        put(v, count);
        try_it(v);
    }
    put(v, v->count);
}

static void turn_bits(victim *v, size_t bits, size_t step)
{
    for (size_t bit = 0; bit < bits && bit < 8 * v->count; bit += step) {
        note(v, "turned over bit", bit);
        v->bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        put(v, v->count);
        try_it(v);
        v->bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    put(v, v->count);
}

static atomic_bool ended;

static void *shrink(void *argument)
{
    victim *v = argument;
    for (size_t i = 1; !ended; i++) {
        if (ftruncate(v->file, (off_t)(v->count * (i % 8) / 8)) != 0)
            give_up("cannot cut ", v->path);
        put(v, v->count);
    }
    return NULL;
}

/* A reader that maps the file, or trusts its first size, ends here by a signal. */
static unsigned long read_while_it_shrinks(victim *v)
{
    const unsigned long before = v->tried, refused = v->refused;
    pthread_t thread;
    note(v, "shrinking", 0);
    if (pthread_create(&thread, NULL, shrink, v) != 0)
        give_up("cannot start a thread", "");
    for (int i = 0; i < SHRINKING_READS; i++)
        try_it(v);
    ended = true;
    pthread_join(thread, NULL);
    put(v, v->count);
    const unsigned long count = v->tried - before;
    v->tried = before;
    v->refused = refused;
    return count;
}

/* What is there already, the allocator's own included, and so much more. */
static void limit(size_t megabytes)
{
    unsigned long ignored[5], data = 0; /* in pages */
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%lu %lu %lu %lu %lu %lu", &ignored[0], &ignored[1], &ignored[2],
                        &ignored[3], &ignored[4], &data) != 6)
        give_up("cannot read ", "/proc/self/statm");
    fclose(file);
    const rlim_t bytes = data * (rlim_t)sysconf(_SC_PAGESIZE) + megabytes * (rlim_t)1048576;
    if (setrlimit(RLIMIT_DATA, &(struct rlimit){bytes, bytes}) != 0)
        give_up("cannot limit the memory", "");
}

static void load(victim *v)
{
    struct stat facts;
    v->file = open(v->path, O_RDWR | O_CLOEXEC);
    v->at = open("at", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (v->file < 0 || v->at < 0 || fstat(v->file, &facts) != 0)
        give_up("cannot open ", v->path);
    v->count = (size_t)facts.st_size;
    v->bytes = malloc(v->count + 1);
    if (!v->bytes || read(v->file, v->bytes, v->count) != (ssize_t)v->count)
        give_up("cannot read ", v->path);
}

int main(int argc, char **argv)
{
    if (argc != 7)
        give_up("expected ", "HOW SOURCE FILE HEADER_BITS STEP MEGABYTES");
    victim v = {.open = find_door(argv[1]), .source = argv[2], .path = argv[3]};
    const size_t bits = strtoul(argv[4], NULL, 10), step = strtoul(argv[5], NULL, 10);
    if (!v.open || step == 0)
        give_up("unknown door or step: ", argv[1]);
    load(&v);
    if (try_it(&v) != ESPALIER_OK)
        give_up("expected a valid file to begin with: ", v.path);
    if (strtoul(argv[6], NULL, 10))
        limit(strtoul(argv[6], NULL, 10));
    cut(&v, step);
    turn_bits(&v, bits, step);
    const unsigned long shrunk = read_while_it_shrinks(&v);
    const espalier_status status = try_it(&v);
    printf("%lu %lu %lu\n", v.tried - 2, v.refused, shrunk);
    free(v.bytes);
    close(v.file);
    close(v.at);
    return status == ESPALIER_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
