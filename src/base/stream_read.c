/* Reading files, plain or gzipped. What the bytes mean is left to format/. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef ESPALIER_HAVE_ZLIB
#include <zlib.h>
#endif

#include "base/memory.h"

enum { BUFFER_BYTES = 1 << 16 };

/* The most that one call of read() or inflate() is asked for: fits an int. */
#define CALL_BYTES_MOST ((size_t)1 << 30)

struct reader {
    const espalier_allocator *allocator;
    char *path;
    int file;
    bool gzip;
    bool input; /* standard input: not ours to close, and it may pause */
    uint64_t file_bytes, offset;
    uint8_t *buffer; /* [BUFFER_BYTES], the file as it is on disk */
    uint8_t *next;   /* first byte of the buffer that is not used yet */
    size_t ready;    /* bytes from there on */
#ifdef ESPALIER_HAVE_ZLIB
    z_stream inflater;
    bool inflater_ready;
    bool in_member; /* between the first and the last byte of a gzip member */
#endif
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static espalier_status read_file(reader *in, void *to, size_t bytes, size_t *got,
                                 espalier_error *error)
{
    ssize_t count;
    struct pollfd wait = {.fd = in->file, .events = POLLIN};
    do /* a descriptor that does not wait by itself is waited for */
        count = read(in->file, to, smaller(bytes, CALL_BYTES_MOST));
    while (count < 0 && (errno == EINTR || (errno == EAGAIN && poll(&wait, 1, -1) >= 0)));
    if (count < 0)
        return stream_error(error, ESPALIER_ERROR_IO, in->path, "read", errno);
    *got = (size_t)count;
    return ESPALIER_OK;
}

/* Fills the empty buffer; it stays empty at the end of the file. What comes from
 * standard input is handed on as soon as there are `least` bytes of it. */
static espalier_status refill(reader *in, size_t least, espalier_error *error)
{
    size_t wanted = in->input ? least : BUFFER_BYTES;
    in->next = in->buffer;
    for (size_t got = 1; got > 0 && in->ready < wanted; in->ready += got) {
        espalier_status status =
            read_file(in, in->buffer + in->ready, BUFFER_BYTES - in->ready, &got, error);
        if (status)
            return status;
    }
    return ESPALIER_OK;
}

static espalier_status plain_some(reader *in, void *to, size_t bytes, size_t *got,
                                  espalier_error *error)
{
    if (in->ready == 0 && bytes >= BUFFER_BYTES)
        return read_file(in, to, bytes, got, error);
    espalier_status status = in->ready ? ESPALIER_OK : refill(in, 1, error);
    if (status)
        return status;
    *got = smaller(bytes, in->ready);
    memcpy(to, in->next, *got);
    in->next += *got;
    in->ready -= *got;
    return ESPALIER_OK;
}

/* ---- gzip ------------------------------------------------------------- */

#ifdef ESPALIER_HAVE_ZLIB
static void *zlib_allocate(void *allocator, unsigned count, unsigned size_bytes)
{
    return memory_array(allocator, count, size_bytes);
}

static void zlib_release(void *allocator, void *memory)
{
    memory_release(allocator, memory);
}

static espalier_status gzip_open(reader *in, espalier_error *error)
{
    in->inflater.zalloc = zlib_allocate;
    in->inflater.zfree = zlib_release;
    in->inflater.opaque = (void *)in->allocator;
    /* 16 on top of the window size asks for the gzip wrapping, checksum included. */
    if (inflateInit2(&in->inflater, MAX_WBITS + 16) != Z_OK)
        return error_memory(error);
    in->inflater_ready = true;
    return ESPALIER_OK;
}

static void gzip_close(reader *in)
{
    if (in->inflater_ready)
        inflateEnd(&in->inflater);
}

/* Makes sure that a byte of a member is ready, or says that the file ended well. */
static espalier_status gzip_prepare(reader *in, bool *end, espalier_error *error)
{
    espalier_status status = in->ready ? ESPALIER_OK : refill(in, 1, error);
    *end = in->ready == 0;
    if (status)
        return status;
    if (*end && in->in_member && in->input)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: truncated: expected more gzip data, found the end", in->path);
    if (*end && in->in_member)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: truncated: expected more gzip data, found the end of the file after "
                         "%llu bytes",
                         in->path, (unsigned long long)in->file_bytes);
    if (*end || in->in_member)
        return ESPALIER_OK;
    if (*in->next != 0x1f)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected the end of the file after the gzip data, found byte 0x%02x",
                         in->path, *in->next);
    inflateReset(&in->inflater);
    return ESPALIER_OK;
}

static espalier_status gzip_some(reader *in, void *to, size_t bytes, size_t *got,
                                 espalier_error *error)
{
    z_stream *z = &in->inflater;
    uInt wanted = (uInt)smaller(bytes, CALL_BYTES_MOST);
    z->next_out = to;
    z->avail_out = wanted;
    while (z->avail_out == wanted) {
        bool end;
        espalier_status status = gzip_prepare(in, &end, error);
        if (status || end)
            return status;
        z->next_in = in->next;
        z->avail_in = (uInt)in->ready;
        int code = inflate(z, Z_NO_FLUSH);
        in->next = z->next_in;
        in->ready = z->avail_in;
        in->in_member = code != Z_STREAM_END;
        if (code == Z_MEM_ERROR)
            return error_memory(error);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: damaged gzip data after %llu plain bytes: %s", in->path,
                             (unsigned long long)in->offset, z->msg ? z->msg : "unknown reason");
    }
    *got = wanted - z->avail_out;
    return ESPALIER_OK;
}
#else
static espalier_status gzip_open(reader *in, espalier_error *error)
{
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: is gzipped, and this build has no zlib; unpack it first", in->path);
}

static void gzip_close(reader *in)
{
    (void)in;
}

static espalier_status gzip_some(reader *in, void *to, size_t bytes, size_t *got,
                                 espalier_error *error)
{
    (void)to, (void)bytes, (void)got;
    return gzip_open(in, error);
}
#endif

/* ---- the reader ------------------------------------------------------- */

/* The first bytes tell whether it is gzipped. */
static espalier_status begin(reader *in, espalier_error *error)
{
    espalier_status status = refill(in, 2, error);
    in->gzip = !status && in->ready >= 2 && in->next[0] == 0x1f && in->next[1] == 0x8b;
    return in->gzip ? gzip_open(in, error) : status;
}

static espalier_status open_file(reader *in, espalier_error *error)
{
    /* Without O_NONBLOCK a FIFO would make us wait before we could refuse it. */
    in->file = open(in->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (in->file < 0)
        return stream_error(error,
                            errno == ENOENT || errno == ENOTDIR ? ESPALIER_ERROR_NOT_FOUND
                                                                : ESPALIER_ERROR_IO,
                            in->path, "open", errno);
    struct stat facts;
    if (fstat(in->file, &facts) != 0)
        return stream_error(error, ESPALIER_ERROR_IO, in->path, "examine", errno);
    if (!S_ISREG(facts.st_mode))
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected a file, found a %s", in->path,
                         S_ISDIR(facts.st_mode) ? "folder" : "device or pipe");
    in->file_bytes = (uint64_t)facts.st_size;
    return begin(in, error);
}

static espalier_status open_input(reader *in, espalier_error *error)
{
    in->input = true;
    in->file = STDIN_FILENO;
    in->file_bytes = UINT64_MAX;
    return begin(in, error);
}

typedef espalier_status opener(reader *in, espalier_error *error);

static espalier_status make(const char *path, opener *open_it, const espalier_allocator *allocator,
                            reader **out, espalier_error *error)
{
    reader *in = memory_array(allocator, 1, sizeof *in);
    if (!in)
        return error_memory(error);
    in->allocator = allocator;
    in->file = -1;
    in->path = memory_text(allocator, path);
    in->buffer = memory_array(allocator, BUFFER_BYTES, 1);
    espalier_status status = in->path && in->buffer ? open_it(in, error) : error_memory(error);
    if (status)
        reader_close(in);
    else
        *out = in;
    return status;
}

espalier_status reader_open(const char *path, const espalier_allocator *allocator, reader **out,
                            espalier_error *error)
{
    return make(path, open_file, allocator, out, error);
}

espalier_status reader_open_input(const espalier_allocator *allocator, reader **out,
                                  espalier_error *error)
{
    return make("standard input", open_input, allocator, out, error);
}

espalier_status reader_some(reader *in, void *buffer, size_t bytes, size_t *got,
                            espalier_error *error)
{
    *got = 0;
    if (bytes == 0)
        return ESPALIER_OK;
    espalier_status status = in->gzip ? gzip_some(in, buffer, bytes, got, error)
                                      : plain_some(in, buffer, bytes, got, error);
    in->offset += *got;
    return status;
}

espalier_status reader_read(reader *in, void *buffer, size_t bytes, espalier_error *error)
{
    uint64_t start = in->offset;
    size_t done = 0;
    while (done < bytes) {
        size_t got;
        espalier_status status =
            reader_some(in, (uint8_t *)buffer + done, bytes - done, &got, error);
        if (status)
            return status;
        if (got == 0)
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: truncated: expected %zu bytes from byte %llu on, found %zu",
                             in->path, bytes, (unsigned long long)start, done);
        done += got;
    }
    return ESPALIER_OK;
}

uint64_t reader_file_bytes(const reader *in)
{
    return in->file_bytes;
}

bool reader_is_gzip(const reader *in)
{
    return in->gzip;
}

const char *reader_path(const reader *in)
{
    return in->path;
}

uint64_t reader_offset(const reader *in)
{
    return in->offset;
}

void reader_close(reader *in)
{
    if (!in)
        return;
    gzip_close(in);
    if (in->file >= 0 && !in->input)
        close(in->file);
    memory_release(in->allocator, in->buffer);
    memory_release(in->allocator, in->path);
    memory_release(in->allocator, in);
}
