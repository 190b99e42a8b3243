/* Data sets that are known by name: what they are, where they lie, and getting them. */
#ifndef ESPALIER_NAMED_H
#define ESPALIER_NAMED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/memory.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A file as its publisher offers it. */
typedef struct espalier_named_file {
    const char *name;   /* the address is the set's address and this name */
    uint64_t bytes;
    const char *sha256; /* 64 hexadecimal digits */
} espalier_named_file;

/* Facts about a known data set. All pointers are to constants that live for ever. */
typedef struct espalier_named_set {
    const char *name;               /* "mnist" */
    const char *what;               /* in a few words */
    const char *source;             /* who made it, and where that is told */
    const char *licence;
    size_t training_rows, test_rows;
    size_t height, width;           /* of an image; inputs are height * width */
    size_t class_count;             /* labels are 0 … class_count - 1 */
    const char *const *class_names; /* [class_count], or NULL: no names beyond the numbers */
    const char *system_folder;      /* where a system package puts it, or NULL */
    const char *advice;             /* how to get it, in one phrase */
    const char *address;            /* where its publisher offers the files; ends with a slash */
    size_t file_count;
    const espalier_named_file *files;
} espalier_named_set;

/* The data sets in the order of the table; NULL beyond the last. */
ESPALIER_API const espalier_named_set *espalier_named_set_at(size_t index);

/* NULL for a name that is not known. */
ESPALIER_API const espalier_named_set *espalier_named_set_find(const char *name);

/* Where espalier_dataset_open() would find a name: the first of the directories that
 * holds something of this name, or the system's own place.
 *
 * directories  [directory_count] where is looked, in this order
 * path         [path_bytes], receives the path
 * Returns false, and leaves path alone, where there is none or it does not fit. */
ESPALIER_API bool espalier_named_set_locate(const espalier_named_set *set,
                                            const char *const *directories,
                                            size_t directory_count, char *path, size_t path_bytes);

/* ---- downloads --------------------------------------------------------- */

typedef enum espalier_fetch_stage {
    ESPALIER_FETCH_DOWNLOAD, /* bytes come in */
    ESPALIER_FETCH_CHECK,    /* a file's SHA-256 is computed */
    ESPALIER_FETCH_UNPACK,   /* files are taken out of an archive */
    ESPALIER_FETCH_WAIT      /* a moment's rest before another attempt */
} espalier_fetch_stage;

typedef struct espalier_fetch_progress {
    espalier_fetch_stage stage;
    const char *file;        /* its name; borrowed for the call */
    size_t index, count;     /* which of the set's files, from 0 */
    uint64_t bytes;          /* of the file, done so far */
    uint64_t total_bytes;    /* of the file; 0 = not known */
} espalier_fetch_progress;

typedef struct espalier_fetch_options {
    const char *base_url;    /* another place that offers the files under their names; NULL = the
                                publisher's. http and https; the digests are the same. Borrowed */
    unsigned retries;        /* attempts after one that brought nothing new; at most 100 */
    double retry_seconds;    /* rest before the first of them, doubled for each; 0 to 60 */
    bool (*progress)(void *context, const espalier_fetch_progress *progress); /* false = stop; or NULL */
    void *context;
} espalier_fetch_options;

/* Three attempts more, after 1, 2 and 4 seconds. */
ESPALIER_API espalier_fetch_options espalier_fetch_options_defaults(void);

/* What a download came to. */
typedef struct espalier_fetch_result {
    uint64_t received_bytes; /* over the network, this time */
    uint64_t resumed_bytes;  /* taken over from attempts before */
    size_t present;          /* files that were there already, complete and right */
} espalier_fetch_result;

/* Downloads the files of a known data set into a folder, which is made if need be
 * (not its parents).
 *
 * name     such as "mnist"
 * folder   receives the files; what is there already is checked and not fetched again
 * options  NULL = defaults
 * result   receives the figures, also after an error; NULL = not asked for
 *
 * A file grows as NAME.part, is compared with the size and the SHA-256 of the table
 * and takes its name only if they are right. A part that is left is gone on with the
 * next time; of a server that does not know ranges it is fetched anew. No more bytes are
 * taken than the table promises. Redirections to anything but http and https are refused.
 * The test files come first, so that a folder which is not finished is no data set yet.
 *
 * emnist-letters: the publisher's images are transposed and its labels begin at 1. The
 * files in the folder are written from the archive upright and with labels from 0,
 * as plain IDX files under the usual names; the archive is removed if it was fetched
 * by this call.
 *
 * Errors: NOT_FOUND (no such name; the server has no such file), ARGUMENT, IO (the
 * network, a server, the folder), FORMAT (a wrong size or digest: the part is removed),
 * CANCELLED (progress asked to stop: the part stays), UNSUPPORTED (this build has no
 * libcurl, or for emnist-letters no libzip), MEMORY.
 * One call at a time for a folder; another gets IO. */
ESPALIER_API espalier_status espalier_dataset_fetch(const char *name, const char *folder,
                                                    const espalier_fetch_options *options,
                                                    const espalier_allocator *allocator,
                                                    espalier_fetch_result *result,
                                                    espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
