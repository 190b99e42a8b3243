/* Tensor data in files beside the model. A file from a stranger must not reach out of
 * its folder: no absolute path, no "..", and no link that leads elsewhere. */
#define _XOPEN_SOURCE 700
#define _FILE_OFFSET_BITS 64
#include "format/onnx_inside.h"

#ifdef ESPALIER_HAVE_ONNX

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/stream.h"
#include "format/safetensors.h"

typedef struct place {
    const char *tensor, *location;
    uint64_t offset, length;
    bool has_length;
} place;

static espalier_status refuse(const onnx_inside *in, const place *p, const char *found)
{
    return error_set(in->error, ESPALIER_ERROR_FORMAT, "%s: tensor '%s': data in '%s': %s",
                     in->path, safetensors_show(p->tensor).text,
                     safetensors_show(p->location).text, found);
}

/* ---- what the tensor says --------------------------------------------------- */

static bool parse_size(const char *text, uint64_t *size)
{
    *size = 0;
    if (!*text || strlen(text) > 18)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        *size = *size * 10 + (uint64_t)(*text - '0');
    }
    return true;
}

/* Relative, and every part of it a name. */
static bool stays_inside(const char *location)
{
    if (*location == '/' || *location == '\0' || strchr(location, '\\') || strlen(location) >= PATH_MAX)
        return false;
    for (const char *part = location; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
    return true;
}

static espalier_status take_place(const onnx_inside *in, const Onnx__TensorProto *from, place *p)
{
    p->location = "";
    for (size_t i = 0; i < from->n_external_data; i++) {
        const char *key = from->external_data[i]->key, *value = from->external_data[i]->value;
        if (!key || !value)
            continue;
        if (strcmp(key, "location") == 0)
            p->location = value;
        else if (strcmp(key, "offset") == 0 && !parse_size(value, &p->offset))
            return refuse(in, p, "an offset that is no number of bytes");
        else if (strcmp(key, "length") == 0 && !(p->has_length = parse_size(value, &p->length)))
            return refuse(in, p, "a length that is no number of bytes");
    }
    return stays_inside(p->location)
               ? ESPALIER_OK
               : refuse(in, p, "expected a file in the model's own folder, given by its name");
}

/* ---- opening it -------------------------------------------------------------- */

/* Opens what the path is after all links, one folder after the other without following
 * any: nothing can be changed under our feet that leads out of `folder`. */
static int open_below(const char *folder, const char *inside)
{
    char part[NAME_MAX + 1];
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (at >= 0) {
        size_t length = strcspn(inside, "/");
        bool last = inside[length] == '\0';
        snprintf(part, sizeof part, "%.*s", (int)(length < NAME_MAX ? length : NAME_MAX), inside);
        int next = openat(at, part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
                                        (last ? 0 : O_DIRECTORY));
        int code = errno;
        close(at);
        errno = code;
        if (last)
            return next;
        at = next;
        inside += length + 1;
    }
    return at;
}

/* The model's folder, as a path to be freed by the caller. */
static char *folder_of(const onnx_inside *in)
{
    const char *slash = strrchr(in->path, '/');
    size_t length = slash ? (size_t)(slash - in->path) + 1 : 1;
    char *text = memory_array(in->file->allocator, length + 1, 1);
    if (text)
        memcpy(text, slash ? in->path : ".", length);
    return text;
}

static espalier_status open_beside(const onnx_inside *in, const place *p, int *descriptor)
{
    char *folder = folder_of(in);
    char *path = folder ? stream_join(in->file->allocator, folder, p->location) : NULL;
    espalier_status status = path ? ESPALIER_OK : error_memory(in->error);
    char real_folder[PATH_MAX], real_path[PATH_MAX];
    if (status == ESPALIER_OK && (!realpath(folder, real_folder) || !realpath(path, real_path)))
        status = stream_error(in->error,
                              errno == ENOENT ? ESPALIER_ERROR_NOT_FOUND : ESPALIER_ERROR_IO,
                              safetensors_show(path).text, "open the model's data", errno);
    size_t length = status == ESPALIER_OK ? strlen(real_folder) : 0;
    while (length > 0 && real_folder[length - 1] == '/')
        length--; /* "/" itself */
    if (status == ESPALIER_OK &&
        (strncmp(real_path, real_folder, length) != 0 || real_path[length] != '/'))
        status = refuse(in, p, "a link that leads out of the model's folder");
    if (status == ESPALIER_OK &&
        (*descriptor = open_below(real_folder, real_path + length + 1)) < 0)
        status = stream_error(in->error, ESPALIER_ERROR_IO, safetensors_show(path).text,
                              "open the model's data", errno);
    memory_release(in->file->allocator, path);
    memory_release(in->file->allocator, folder);
    return status;
}

/* ---- reading it ----------------------------------------------------------------- */

static espalier_status read_whole(const onnx_inside *in, const place *p, int file, onnx_beside *to)
{
    size_t done = 0;
    while (done < to->bytes) {
        size_t left = (size_t)to->bytes - done;
        ssize_t got = read(file, to->data + done, left < ((size_t)1 << 30) ? left : (size_t)1 << 30);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return stream_error(in->error, ESPALIER_ERROR_IO, in->path, "read the model's data",
                                errno);
        if (got == 0)
            return refuse(in, p, "the file became shorter while it was read");
        done += (size_t)got;
    }
    return ESPALIER_OK;
}

/* Reads the file, or finds it among those that are read already: many tensors lie in
 * one file, and must not take its size many times. */
static espalier_status load(onnx_inside *in, const place *p, int file, const onnx_beside **out)
{
    struct stat facts;
    if (fstat(file, &facts) != 0)
        return stream_error(in->error, ESPALIER_ERROR_IO, in->path, "examine the model's data", errno);
    if (!S_ISREG(facts.st_mode))
        return refuse(in, p, "expected a file, found a folder, a device or a pipe");
    for (const onnx_beside *b = in->beside; b; b = b->next)
        if (b->device == (uint64_t)facts.st_dev && b->number == (uint64_t)facts.st_ino) {
            *out = b;
            return ESPALIER_OK;
        }
    onnx_beside *made = onnx_take(in, 1, sizeof *made);
    if (!made)
        return error_memory(in->error);
    made->device = (uint64_t)facts.st_dev;
    made->number = (uint64_t)facts.st_ino;
    made->bytes = (uint64_t)facts.st_size;
    made->data = made->bytes <= SIZE_MAX ? onnx_take(in, (size_t)made->bytes, 1) : NULL;
    if (!made->data)
        return error_memory(in->error);
    espalier_status status = read_whole(in, p, file, made);
    if (status != ESPALIER_OK)
        return status;
    made->next = in->beside;
    in->beside = made;
    in->file->bytes += made->bytes;
    *out = made;
    return ESPALIER_OK;
}

espalier_status onnx_take_external(onnx_inside *in, const Onnx__TensorProto *from,
                                   const char *name, size_t bytes, const void **data)
{
    place p = {.tensor = name};
    const onnx_beside *beside = NULL;
    int file = -1;
    espalier_status status = take_place(in, from, &p);
    if (status == ESPALIER_OK)
        status = open_beside(in, &p, &file);
    if (status == ESPALIER_OK)
        status = load(in, &p, file, &beside);
    if (file >= 0)
        close(file);
    if (status != ESPALIER_OK)
        return status;
    if ((p.has_length && p.length != bytes) || p.offset > beside->bytes ||
        bytes > beside->bytes - p.offset)
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: tensor '%s': data in '%s': expected %zu bytes from byte %llu on, "
                         "found a length of %llu in a file of %llu bytes",
                         in->path, safetensors_show(name).text, safetensors_show(p.location).text,
                         bytes, (unsigned long long)p.offset,
                         (unsigned long long)(p.has_length ? p.length : bytes),
                         (unsigned long long)beside->bytes);
    *data = beside->data + p.offset;
    return ESPALIER_OK;
}

#endif
