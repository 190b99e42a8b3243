/* EMNIST letters out of its archive. The publisher keeps its images column by column, so
 * that other programs show them lying on their side, and counts its labels from 1
 * (Cohen et al. 2017, "EMNIST: an extension of MNIST to handwritten letters", and the
 * archive's mapping file). Both are put right here, once, so that the folder is one of
 * IDX files like any other. */
#define _POSIX_C_SOURCE 200809L
#include "data/emnist.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/stream.h"

typedef struct member {
    const char *inside, *outside; /* names in the archive and in the folder */
    bool images;
} member;

/* Test files first, training labels last: a folder with less is no data set. */
static const member members[] = {
    {"emnist-letters-test-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte", true},
    {"emnist-letters-test-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte", false},
    {"emnist-letters-train-images-idx3-ubyte.gz", "train-images-idx3-ubyte", true},
    {"emnist-letters-train-labels-idx1-ubyte.gz", "train-labels-idx1-ubyte", false},
};
enum { MEMBER_COUNT = sizeof members / sizeof *members, CLASSES = 26 };

bool emnist_is_there(const char *folder)
{
    struct stat facts;
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        char *path = stream_join(NULL, folder, members[i].outside);
        bool there = path && stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
        memory_release(NULL, path);
        if (!there)
            return false;
    }
    return true;
}

#if !defined ESPALIER_HAVE_LIBZIP || !defined ESPALIER_HAVE_ZLIB

espalier_status emnist_unpack(download *file, const char *archive, const char *folder,
                              const espalier_allocator *allocator, espalier_error *error)
{
    (void)file, (void)folder, (void)allocator;
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: this build has no libzip or no zlib and cannot unpack this archive",
                     archive);
}

#else

#include "format/idx.h"
#include "format/zip.h"

typedef struct unpacking {
    download *file;
    const char *archive, *folder;
    const espalier_allocator *allocator;
    zip_functions zip;
    zip_t *opened;
} unpacking;

/* ---- one member into a file ------------------------------------------------ */

static espalier_status faulty(const unpacking *u, const member *m, const char *why,
                              espalier_error *error)
{
    return error_set(error, ESPALIER_ERROR_FORMAT, "%s: %s: %s", u->archive, m->inside, why);
}

static espalier_status copy_out(unpacking *u, const member *m, zip_file_t *in, writer *out,
                                uint64_t bytes, espalier_error *error)
{
    uint8_t buffer[1 << 16];
    for (uint64_t done = 0; done < bytes;) {
        zip_int64_t got = u->zip.fread(in, buffer, sizeof buffer);
        if (got <= 0)
            return faulty(u, m, got < 0 ? u->zip.file_strerror(in) : "truncated", error);
        espalier_status status = writer_write(out, buffer, (size_t)got, error);
        if (!status)
            status = download_tell(u->file, ESPALIER_FETCH_UNPACK, done += (uint64_t)got, error);
        if (status)
            return status;
    }
    return ESPALIER_OK;
}

/* The member, still gzipped, as `path`. */
static espalier_status take_out(unpacking *u, const member *m, const char *path,
                                espalier_error *error)
{
    zip_stat_t facts;
    writer *out = NULL;
    zip_int64_t index = u->zip.name_locate(u->opened, m->inside, ZIP_FL_NODIR);
    if (index < 0 || u->zip.stat_index(u->opened, (zip_uint64_t)index, 0, &facts) != 0 ||
        !(facts.valid & ZIP_STAT_SIZE))
        return faulty(u, m, "expected this file in the archive, found none", error);
    zip_file_t *in = u->zip.fopen_index(u->opened, (zip_uint64_t)index, 0);
    if (!in)
        return faulty(u, m, u->zip.strerror(u->opened), error);
    u->file->progress.file = m->inside;
    espalier_status status = writer_open(path, u->allocator, &out, error);
    if (!status)
        status = copy_out(u, m, in, out, facts.size, error);
    if (status)
        writer_abandon(out);
    else
        status = writer_commit(out, error);
    u->zip.fclose(in);
    return status;
}

/* ---- putting right ------------------------------------------------------------ */

/* image[y][x] = stored[x][y], in place. side: height and width. */
static void turn(uint8_t *image, size_t side)
{
    for (size_t y = 0; y < side; y++)
        for (size_t x = y + 1; x < side; x++) {
            uint8_t pixel = image[y * side + x];
            image[y * side + x] = image[x * side + y];
            image[x * side + y] = pixel;
        }
}

/* Labels 1 … 26 become 0 … 25. */
static espalier_status shift_labels(const unpacking *u, const member *m, uint8_t *labels,
                                    size_t count, espalier_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (labels[i] < 1 || labels[i] > CLASSES)
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: %s: row %zu (counted from 0): expected a label of 1 to %d, found "
                             "%d",
                             u->archive, m->inside, i, (int)CLASSES, labels[i]);
        labels[i]--;
    }
    return ESPALIER_OK;
}

static espalier_status put_right(const unpacking *u, const member *m, const idx_file *in,
                                 uint8_t *values, espalier_error *error)
{
    if (!m->images)
        return shift_labels(u, m, values, in->count, error);
    size_t side = in->shape[1];
    for (size_t i = 0; i < in->shape[0]; i++)
        turn(values + i * side * side, side);
    return ESPALIER_OK;
}

static espalier_status write_idx(const idx_file *like, const uint8_t *values, const char *path,
                                 const espalier_allocator *allocator, espalier_error *error)
{
    writer *out = NULL;
    uint8_t header[4 + 4 * IDX_RANK_MOST] = {0, 0, IDX_U8, (uint8_t)like->rank};
    for (size_t d = 0; d < like->rank; d++)
        for (size_t i = 0; i < 4; i++)
            header[4 + 4 * d + i] = (uint8_t)(like->shape[d] >> (24 - 8 * i));
    espalier_status status = writer_open(path, allocator, &out, error);
    if (!status)
        status = writer_write(out, header, 4 + 4 * like->rank, error);
    if (!status)
        status = writer_write(out, values, like->count, error);
    if (!status)
        return writer_commit(out, error);
    writer_abandon(out);
    return status;
}

static espalier_status convert(const unpacking *u, const member *m, const char *from,
                               const char *to, espalier_error *error)
{
    idx_file in = {0};
    uint8_t *values = NULL;
    espalier_status status = idx_open(from, u->allocator, &in, error);
    bool form = !status && in.type == IDX_U8 &&
                (m->images ? in.rank == 3 && in.shape[1] == in.shape[2] : in.rank == 1);
    if (!status && !form)
        status = faulty(u, m, m->images ? "expected square images of bytes" : "expected labels of "
                                                                              "bytes", error);
    if (!status && !(values = memory_array(u->allocator, in.count, 1)))
        status = error_memory(error);
    if (!status)
        status = idx_read_bytes(&in, values, error);
    if (!status)
        status = put_right(u, m, &in, values, error);
    if (!status)
        status = write_idx(&in, values, to, u->allocator, error);
    memory_release(u->allocator, values);
    idx_close(&in);
    return status;
}

/* ---- all of them ----------------------------------------------------------------- */

static espalier_status unpack(unpacking *u, const member *m, espalier_error *error)
{
    char name[64];
    snprintf(name, sizeof name, "%s.part", m->inside);
    char *part = stream_join(u->allocator, u->folder, name);
    char *path = stream_join(u->allocator, u->folder, m->outside);
    espalier_status status = part && path ? ESPALIER_OK : error_memory(error);
    if (!status)
        status = take_out(u, m, part, error);
    if (!status)
        status = convert(u, m, part, path, error);
    if (part)
        unlink(part);
    memory_release(u->allocator, path);
    memory_release(u->allocator, part);
    return status;
}

espalier_status emnist_unpack(download *file, const char *archive, const char *folder,
                              const espalier_allocator *allocator, espalier_error *error)
{
    int code = 0;
    unpacking u = {.file = file, .archive = archive, .folder = folder, .allocator = allocator};
    char reason[256];
    if (!zip_load(&u.zip, reason, sizeof reason))
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED, "%s: no libzip to unpack it with: %s",
                         archive, reason);
    if (!(u.opened = u.zip.open(archive, ZIP_RDONLY, &code))) {
        zip_error_t why;
        u.zip.error_init_with_code(&why, code);
        error_set(error, ESPALIER_ERROR_FORMAT, "%s: not a zip archive: %s", archive,
                  u.zip.error_strerror(&why));
        u.zip.error_fini(&why);
        return ESPALIER_ERROR_FORMAT;
    }
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; i < MEMBER_COUNT && !status; i++)
        status = unpack(&u, &members[i], error);
    u.zip.discard(u.opened);
    return status;
}

#endif
