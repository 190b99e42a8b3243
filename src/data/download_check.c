/* Is a file what its publisher promised: size, then SHA-256. */
#define _XOPEN_SOURCE 700
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "base/stream.h"
#include "data/download.h"

espalier_status download_tell(download *file, espalier_fetch_stage stage, uint64_t bytes,
                              espalier_error *error)
{
    const espalier_fetch_options *o = file->options;
    file->progress.stage = stage;
    file->progress.bytes = bytes;
    file->progress.total_bytes = file->bytes;
    if (!o->progress || o->progress(o->context, &file->progress))
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_CANCELLED,
                     "stopped: what was fetched stays as %s.part, and another fetch goes on there",
                     file->path);
}

static espalier_status hash_file(download *file, const char *path, int descriptor,
                                 uint8_t digest[SHA256_BYTES], espalier_error *error)
{
    uint8_t buffer[1 << 16];
    uint64_t bytes = 0;
    sha256 hash;
    sha256_begin(&hash);
    for (;;) {
        ssize_t got = read(descriptor, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return stream_error(error, ESPALIER_ERROR_IO, path, "read", errno);
        if (got == 0)
            break;
        sha256_add(&hash, buffer, (size_t)got);
        bytes += (uint64_t)got;
        espalier_status status = download_tell(file, ESPALIER_FETCH_CHECK, bytes, error);
        if (status)
            return status;
    }
    sha256_end(&hash, digest);
    return ESPALIER_OK;
}

static espalier_status check(download *file, const char *path, int descriptor,
                             espalier_error *error)
{
    struct stat facts;
    uint8_t digest[SHA256_BYTES];
    char text[SHA256_TEXT_BYTES];
    if (fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode))
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected a file, found something else",
                         path);
    if ((uint64_t)facts.st_size != file->bytes)
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected %llu bytes, found %llu", path,
                         (unsigned long long)file->bytes, (unsigned long long)facts.st_size);
    espalier_status status = hash_file(file, path, descriptor, digest, error);
    if (!status && strcmp(sha256_text(digest, text), file->sha256) != 0)
        status = error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected SHA-256 %s, found %s", path,
                           file->sha256, text);
    return status;
}

espalier_status download_check(download *file, const char *path, espalier_error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return stream_error(error, errno == ENOENT ? ESPALIER_ERROR_NOT_FOUND : ESPALIER_ERROR_IO,
                            path, "open", errno);
    espalier_status status = check(file, path, descriptor, error);
    close(descriptor);
    return status;
}
