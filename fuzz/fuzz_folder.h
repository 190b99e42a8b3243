/* Bytes from the fuzzer as the files of a folder: parts between zero bytes. */
#ifndef FUZZ_FOLDER_H
#define FUZZ_FOLDER_H

#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int fuzz_remove(const char *path, const struct stat *about, int kind, struct FTW *at)
{
    (void)about, (void)kind, (void)at;
    return remove(path);
}

/* Of a file system in memory where there is one: files are flushed at every run. */
static inline const char *fuzz_place(void)
{
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir;
}

/* Makes a folder, with a folder `inner` in it if that is not NULL; fuzz_folder_remove()
 * takes all away. Needs _GNU_SOURCE. */
static inline void fuzz_folder_make(char path[64], const char *inner)
{
    char deeper[96];
    snprintf(path, 64, "%s/fuzz.XXXXXX", fuzz_place());
    if (!mkdtemp(path))
        abort();
    snprintf(deeper, sizeof deeper, "%s/%s", path, inner ? inner : "");
    if (inner && mkdir(deeper, 0700) != 0)
        abort();
}

static inline void fuzz_folder_remove(const char *path)
{
    nftw(path, fuzz_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Part i goes into names[i], what is left into the last one; a missing or empty part is a
 * missing file. */
static inline void fuzz_folder_fill(const char *folder, const char *const *names, size_t count,
                                    const uint8_t *data, size_t size)
{
    char path[128];
    for (size_t i = 0; i < count; i++) {
        const bool last = i + 1 == count;
        const uint8_t *end = size > 0 && !last ? memchr(data, 0, size) : NULL;
        const size_t part = end ? (size_t)(end - data) : size;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        FILE *file = part > 0 ? fopen(path, "wb") : NULL;
        if (part > 0 && (!file || fwrite(data, 1, part, file) != part || fclose(file) != 0))
            abort();
        data += part + (end != NULL);
        size -= part + (end != NULL);
    }
}

#endif
