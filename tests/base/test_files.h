/* Files for tests: written and read in one go, in a folder that goes afterwards. */
#ifndef BASE_TEST_FILES_H
#define BASE_TEST_FILES_H

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef ESPALIER_HAVE_ZLIB
#include <zlib.h>
#endif

#include "test.h"

/* Removed before it is written anew: file systems may flush a file that is cut to
 * nothing and refilled, which takes milliseconds. */
static inline void put_file(const char *path, const void *bytes, size_t count)
{
    remove(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

/* The whole file (freed by the caller). */
static inline uint8_t *get_file(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *count = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*count + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *count, file), *count);
    fclose(file);
    return bytes;
}

static inline size_t entry_count(const char *folder)
{
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(entries));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(entries);
    return count;
}

/* Removes a folder and the files in it. */
static inline void remove_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    if (!entries)
        return;
    for (struct dirent *entry; (entry = readdir(entries));)
        unlinkat(dirfd(entries), entry->d_name, 0); /* "." and ".." are refused */
    closedir(entries);
    rmdir(folder);
}

#ifdef ESPALIER_HAVE_ZLIB
/* Bytes as one gzip member (freed by the caller). */
static inline uint8_t *gzipped(const void *bytes, size_t count, size_t *out_count)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, count) + 64;
    uint8_t *out = malloc(room);
    assert_non_null(out);
    z.next_in = (Bytef *)bytes;
    z.avail_in = (uInt)count;
    z.next_out = out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    *out_count = room - z.avail_out;
    deflateEnd(&z);
    return out;
}
#endif

#endif
