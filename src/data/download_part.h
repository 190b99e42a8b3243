/* A file that grows while it is fetched: FILE.part, which takes its name when it is whole.
 * What is written into it is download.c's business. */
#ifndef DATA_DOWNLOAD_PART_H
#define DATA_DOWNLOAD_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/memory.h"
#include "espalier/status.h"

typedef struct download_part {
    char *path;
    int descriptor; /* open for reading and writing, locked; -1: not open */
    uint64_t held;  /* bytes of it, good so far as is known */
} download_part;

/* Opens, or makes, FILE.part; close it also after an error. Errors: IO (another process
 * writes it, it is no file), MEMORY. */
espalier_status download_part_open(download_part *part, const char *file,
                                   const espalier_allocator *allocator, espalier_error *error);

/* Keeps its first bytes only. Errors: IO. */
espalier_status download_part_cut(download_part *part, uint64_t bytes, espalier_error *error);

/* Adds bytes at its end. Errors: IO. */
espalier_status download_part_append(download_part *part, const char *bytes, size_t count,
                                     espalier_error *error);

/* Gives it the file's name, when it is on the disk. Errors: IO. */
espalier_status download_part_place(const download_part *part, const char *file,
                                    espalier_error *error);

/* failed: a part without bytes, which is of no use to anybody, goes. */
void download_part_close(download_part *part, bool failed, const espalier_allocator *allocator);

#endif
