/* One file from a server to a folder, complete and checked or not at all. */
#ifndef DATA_DOWNLOAD_H
#define DATA_DOWNLOAD_H

#include "espalier/named.h"

typedef struct download {
    const char *url;
    const char *path;         /* the file; it grows as "PATH.part" */
    uint64_t bytes;           /* how long it must be, and the most that is taken */
    const char *sha256;
    const espalier_fetch_options *options;
    espalier_fetch_progress progress; /* file, index and count are set by the caller */
    uint64_t received, resumed;       /* set: over the network; from attempts before */
} download;

/* Fetches the file unless it is there. Errors: see espalier_dataset_fetch(). */
espalier_status download_run(download *file, const espalier_allocator *allocator,
                             espalier_error *error);

/* Compares a file with size and digest: FORMAT if it differs, naming both; NOT_FOUND
 * where there is none; CANCELLED. */
espalier_status download_check(download *file, const char *path, espalier_error *error);

/* Tells progress; CANCELLED where that asks to stop. */
espalier_status download_tell(download *file, espalier_fetch_stage stage, uint64_t bytes,
                              espalier_error *error);

#endif
