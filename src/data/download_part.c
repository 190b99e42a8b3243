/* FILE.part: the part of a download that is on the disk. */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#define _FILE_OFFSET_BITS 64
#include "data/download_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/stream.h"

/* Another process that writes the same part would spoil it. */
espalier_status download_part_open(download_part *part, const char *file,
                                   const espalier_allocator *allocator, espalier_error *error)
{
    size_t bytes = strlen(file) + sizeof ".part";
    struct stat facts;
    *part = (download_part){.path = memory_array(allocator, bytes, 1), .descriptor = -1};
    if (!part->path)
        return error_memory(error);
    snprintf(part->path, bytes, "%s.part", file);
    part->descriptor =
        open(part->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (part->descriptor < 0)
        return stream_error(error, ESPALIER_ERROR_IO, part->path, "write", errno);
    if (fstat(part->descriptor, &facts) != 0 || !S_ISREG(facts.st_mode))
        return error_set(error, ESPALIER_ERROR_IO, "%s: expected a file, found something else",
                         part->path);
    if (flock(part->descriptor, LOCK_EX | LOCK_NB) != 0)
        return error_set(error, ESPALIER_ERROR_IO, "%s: another fetch is writing this file",
                         part->path);
    part->held = (uint64_t)facts.st_size;
    return ESPALIER_OK;
}

espalier_status download_part_cut(download_part *part, uint64_t bytes, espalier_error *error)
{
    if (ftruncate(part->descriptor, (off_t)bytes) != 0)
        return stream_error(error, ESPALIER_ERROR_IO, part->path, "write", errno);
    part->held = bytes;
    return ESPALIER_OK;
}

espalier_status download_part_append(download_part *part, const char *bytes, size_t count,
                                     espalier_error *error)
{
    while (count > 0) {
        ssize_t done = pwrite(part->descriptor, bytes, count, (off_t)part->held);
        if (done < 0 && errno != EINTR)
            return stream_error(error, ESPALIER_ERROR_IO, part->path, "write", errno);
        if (done > 0) {
            bytes += done;
            count -= (size_t)done;
            part->held += (uint64_t)done;
        }
    }
    return ESPALIER_OK;
}

espalier_status download_part_place(const download_part *part, const char *file,
                                    espalier_error *error)
{
    if (fsync(part->descriptor) != 0)
        return stream_error(error, ESPALIER_ERROR_IO, part->path, "write to disk", errno);
    if (rename(part->path, file) != 0)
        return stream_error(error, ESPALIER_ERROR_IO, file, "write", errno);
    return ESPALIER_OK;
}

void download_part_close(download_part *part, bool failed, const espalier_allocator *allocator)
{
    struct stat facts;
    if (failed && part->descriptor >= 0 && fstat(part->descriptor, &facts) == 0 &&
        facts.st_size == 0)
        unlink(part->path);
    if (part->descriptor >= 0)
        close(part->descriptor);
    memory_release(allocator, part->path);
    *part = (download_part){.descriptor = -1};
}
