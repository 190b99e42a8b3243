/* Writing files aside, so that a target is replaced whole or not at all. What
 * the bytes mean is left to format/. */
#define _XOPEN_SOURCE 700
#define _FILE_OFFSET_BITS 64
#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { BUFFER_BYTES = 1 << 16, NAME_ATTEMPTS = 1000 };

struct writer {
    const espalier_allocator *allocator;
    char *target; /* what is renamed over: the given path, symbolic links followed */
    char *folder; /* the target's */
    char *aside;  /* the file being written; NULL when the target is written straight */
    int file;
    espalier_error failure; /* the first error */
    uint8_t *buffer;        /* [BUFFER_BYTES] */
    size_t held;            /* bytes of it still to be written */
};

/* ---- opening ---------------------------------------------------------- */

/* The folder part of a path, "." if there is none. */
static char *folder_of(const espalier_allocator *allocator, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return memory_text(allocator, ".");
    size_t length = slash == path ? 1 : (size_t)(slash - path);
    char *folder = memory_array(allocator, length + 1, 1);
    return folder ? memcpy(folder, path, length) : NULL;
}

/* A new file in the target's folder. Its name does not contain the target's,
 * which may already be as long as a name can be. */
static espalier_status open_aside(writer *out, espalier_error *error)
{
    for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
        char name[64];
        snprintf(name, sizeof name, ".espalier-%ld-%d.tmp", (long)getpid(), attempt);
        out->aside = stream_join(out->allocator, out->folder, name);
        if (!out->aside)
            return error_memory(error);
        out->file = open(out->aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (out->file >= 0)
            return ESPALIER_OK;
        int code = errno;
        memory_release(out->allocator, out->aside);
        out->aside = NULL;
        if (code != EEXIST)
            return stream_error(error, ESPALIER_ERROR_IO, out->target,
                                "write a file in this folder", code);
    }
    return error_set(error, ESPALIER_ERROR_IO,
                     "%s: cannot write: %d left-over files .espalier-*.tmp are in the way; remove "
                     "them",
                     out->target, (int)NAME_ATTEMPTS);
}

/* Where a link leads that ends in no file yet, or the path itself; NULL without memory. Links in a
 * ring are refused before, by stat(). */
static char *follow(const espalier_allocator *allocator, const char *path)
{
    enum { LINKS_MOST = 40 }; /* as Linux has it */
    char next[PATH_MAX], *target = memory_text(allocator, path);
    for (int i = 0; target && i < LINKS_MOST; i++) {
        const ssize_t length = readlink(target, next, sizeof next - 1);
        if (length < 0)
            break;
        next[length] = '\0';
        char *folder = next[0] == '/' ? memory_text(allocator, "") : folder_of(allocator, target);
        memory_release(allocator, target);
        target = folder ? stream_join(allocator, folder, next) : NULL;
        memory_release(allocator, folder);
    }
    return target;
}

/* Takes the path as the target; a symbolic link stays and the file it leads to
 * is replaced, or made. */
static espalier_status set_target(writer *out, const char *path, bool exists, espalier_error *error)
{
    char real[PATH_MAX];
    bool resolved = exists && realpath(path, real);
    out->target = exists ? memory_text(out->allocator, resolved ? real : path)
                         : follow(out->allocator, path);
    out->folder = out->target ? folder_of(out->allocator, out->target) : NULL;
    return out->folder ? ESPALIER_OK : error_memory(error);
}

static espalier_status open_target(writer *out, const char *path, espalier_error *error)
{
    struct stat facts;
    bool exists = stat(path, &facts) == 0;
    if (!exists && errno != ENOENT)
        return stream_error(error, ESPALIER_ERROR_IO, path, "write", errno);
    size_t length = strlen(path);
    if ((exists && S_ISDIR(facts.st_mode)) || length == 0 || path[length - 1] == '/')
        return error_set(error, ESPALIER_ERROR_IO,
                         "%s: cannot write: expected the name of a file, found %s", path,
                         length ? "a folder" : "no name");
    bool straight = exists && !S_ISREG(facts.st_mode);
    espalier_status status = set_target(out, path, exists && !straight, error);
    if (!status && !straight)
        status = open_aside(out, error);
    if (!status && !straight && exists) /* where that fails, a new file's */
        (void)!fchmod(out->file, facts.st_mode & 0777);
    if (status || !straight)
        return status;
    out->file = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return out->file >= 0 ? ESPALIER_OK
                          : stream_error(error, ESPALIER_ERROR_IO, path, "write", errno);
}

espalier_status writer_open(const char *path, const espalier_allocator *allocator, writer **out,
                            espalier_error *error)
{
    writer *new = memory_array(allocator, 1, sizeof *new);
    if (!new)
        return error_memory(error);
    new->allocator = allocator;
    new->file = -1;
    new->buffer = memory_array(allocator, BUFFER_BYTES, 1);
    espalier_status status = new->buffer ? open_target(new, path, error) : error_memory(error);
    if (status)
        writer_abandon(new);
    else
        *out = new;
    return status;
}

void writer_clear_way(const char *path)
{
    struct stat facts;
    if (lstat(path, &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode))
        unlink(path); /* where that fails, so does the rename over it */
}

/* ---- writing ---------------------------------------------------------- */

/* Remembers the first failure and gives it out again. */
static espalier_status failed(const writer *out, espalier_error *error)
{
    return error_set(error, out->failure.status, "%s", out->failure.message);
}

static espalier_status system_failed(writer *out, const char *what, espalier_error *error)
{
    stream_error(&out->failure, ESPALIER_ERROR_IO, out->target, what, errno);
    return failed(out, error);
}

static espalier_status write_file(writer *out, const uint8_t *bytes, size_t count,
                                  espalier_error *error)
{
    while (count > 0) {
        ssize_t done = write(out->file, bytes, count);
        if (done < 0 && errno != EINTR)
            return system_failed(out, "write", error);
        if (done > 0) {
            bytes += done;
            count -= (size_t)done;
        }
    }
    return ESPALIER_OK;
}

static espalier_status flush(writer *out, espalier_error *error)
{
    size_t held = out->held;
    out->held = 0;
    return write_file(out, out->buffer, held, error);
}

espalier_status writer_write(writer *out, const void *bytes, size_t count, espalier_error *error)
{
    if (out->failure.status)
        return failed(out, error);
    if (count > BUFFER_BYTES - out->held) {
        espalier_status status = flush(out, error);
        if (status)
            return status;
    }
    if (count >= BUFFER_BYTES)
        return write_file(out, bytes, count, error);
    if (count > 0)
        memcpy(out->buffer + out->held, bytes, count);
    out->held += count;
    return ESPALIER_OK;
}

espalier_status writer_print(writer *out, espalier_error *error, const char *format, ...)
{
    char small[512], *text = small;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof small) {
        text = memory_array(out->allocator, (size_t)length + 1, 1);
        if (text)
            vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    if (length < 0 || !text) {
        if (!out->failure.status)
            error_memory(&out->failure);
        return failed(out, error);
    }
    espalier_status status = writer_write(out, text, (size_t)length, error);
    if (text != small)
        memory_release(out->allocator, text);
    return status;
}

/* ---- the end ---------------------------------------------------------- */

/* A rename lasts only once its folder is on disk. Some file systems cannot sync
 * a folder, and the target is in place by now: a failure changes nothing. */
static void sync_folder(const char *folder)
{
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        fsync(file);
        close(file);
    }
}

static espalier_status finish(writer *out, espalier_error *error)
{
    if (out->failure.status)
        return failed(out, error);
    espalier_status status = flush(out, error);
    if (status)
        return status;
    if (out->aside && fsync(out->file) != 0)
        return system_failed(out, "write to disk", error);
    int closed = close(out->file);
    out->file = -1;
    if (closed != 0)
        return system_failed(out, "write", error);
    if (!out->aside)
        return ESPALIER_OK;
    if (rename(out->aside, out->target) != 0)
        return system_failed(out, "replace", error);
    memory_release(out->allocator, out->aside);
    out->aside = NULL;
    sync_folder(out->folder);
    return ESPALIER_OK;
}

espalier_status writer_commit(writer *out, espalier_error *error)
{
    espalier_status status = finish(out, error);
    writer_abandon(out);
    return status;
}

void writer_abandon(writer *out)
{
    if (!out)
        return;
    if (out->file >= 0)
        close(out->file);
    if (out->aside)
        unlink(out->aside);
    memory_release(out->allocator, out->aside);
    memory_release(out->allocator, out->folder);
    memory_release(out->allocator, out->target);
    memory_release(out->allocator, out->buffer);
    memory_release(out->allocator, out);
}
