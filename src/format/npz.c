/* Reading .npz archives by libzip. The arrays inside are npy_read.c's. */
#include "format/npz.h"

#ifdef ESPALIER_HAVE_LIBZIP
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "format/zip.h"

/* An array of the archive. */
typedef struct member {
    zip_uint64_t place; /* among all members */
    char *name;         /* without ".npy" */
} member;

struct npz_file {
    const espalier_allocator *allocator;
    char *path;
    uint64_t bytes; /* of the archive */
    zip_functions zip;
    zip_t *archive;
    size_t count;
    member *members; /* [count] */
};

/* ---- the archive -------------------------------------------------------------- */

/* Opens the file as all files are opened, so that devices and folders are refused, and
 * looks at its first bytes for a message that helps more than "not a zip archive". */
static espalier_status look_at_file(npz_file *file, uint8_t begin[4], espalier_error *error)
{
    reader *in;
    size_t got = 0;
    espalier_status status = reader_open(file->path, file->allocator, &in, error);
    if (status)
        return status;
    file->bytes = reader_file_bytes(in);
    if (reader_is_gzip(in))
        status = error_set(error, ESPALIER_ERROR_FORMAT,
                           "%s: expected a .npz archive, found a gzipped file; unpack it first",
                           file->path);
    else
        status = reader_some(in, begin, 4, &got, error);
    reader_close(in);
    if (!status && got == 0)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: empty: expected a .npz archive, found 0 bytes", file->path);
    return status;
}

static espalier_status open_failed(const npz_file *file, int code, const uint8_t begin[4],
                                   espalier_error *error)
{
    if (code == ZIP_ER_MEMORY || errno == ENOMEM) /* libzip calls a failed fopen() by other names */
        return error_memory(error);
    if (begin[0] != 'P' || begin[1] != 'K')
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: not a .npz archive: expected it to begin with PK, found bytes "
                         "%02x %02x %02x %02x",
                         file->path, begin[0], begin[1], begin[2], begin[3]);
    if (code == ZIP_ER_NOZIP)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: truncated or damaged: expected a zip archive's list of members at the end of "
                         "the file, found none",
                         file->path);
    zip_error_t reason;
    file->zip.error_init_with_code(&reason, code);
    error_set(error, code == ZIP_ER_READ || code == ZIP_ER_OPEN ? ESPALIER_ERROR_IO
                                                               : ESPALIER_ERROR_FORMAT,
              "%s: damaged zip archive: %s", file->path, file->zip.error_strerror(&reason));
    file->zip.error_fini(&reason);
    return error ? error->status : ESPALIER_ERROR_FORMAT;
}

/* ---- its arrays ---------------------------------------------------------------- */

static bool is_array(const char *name)
{
    size_t length = name ? strlen(name) : 0;
    return length > 4 && strcmp(name + length - 4, ".npy") == 0;
}

/* Names go into messages and pages: control characters are refused here. */
static espalier_status add_member(npz_file *file, zip_uint64_t place, const char *name,
                                  espalier_error *error)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: expected names of printable characters, found byte %02x in that "
                             "of member %llu",
                             file->path, (unsigned)*c, (unsigned long long)place);
    /* libzip's look-up gives the first member of a name. */
    if (file->zip.name_locate(file->archive, name, ZIP_FL_ENC_RAW) != (zip_int64_t)place)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected each name once, found %s twice", file->path, name);
    char *copy = memory_text(file->allocator, name);
    if (!copy)
        return error_memory(error);
    copy[strlen(copy) - 4] = '\0';
    file->members[file->count++] = (member){place, copy};
    return ESPALIER_OK;
}

static espalier_status list_members(npz_file *file, espalier_error *error)
{
    zip_int64_t entries = file->zip.get_num_entries(file->archive, 0);
    size_t most = entries > 0 ? (size_t)entries : 0;
    file->members = memory_array(file->allocator, most, sizeof *file->members);
    espalier_status status = file->members ? ESPALIER_OK : error_memory(error);
    for (zip_uint64_t i = 0; !status && i < most; i++) {
        const char *name = file->zip.get_name(file->archive, i, ZIP_FL_ENC_RAW);
        if (is_array(name))
            status = add_member(file, i, name, error);
    }
    return status;
}

static espalier_status open_archive(npz_file *file, espalier_error *error)
{
    uint8_t begin[4] = {0};
    espalier_status status = look_at_file(file, begin, error);
    if (status)
        return status;
    char why[256];
    if (!zip_load(&file->zip, why, sizeof why))
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED, "%s: no libzip to read it with: %s",
                         file->path, why);
    int code = errno = 0;
    file->archive = file->zip.open(file->path, ZIP_RDONLY, &code);
    return file->archive ? list_members(file, error) : open_failed(file, code, begin, error);
}

espalier_status npz_open(const char *path, const espalier_allocator *allocator, npz_file **out,
                         espalier_error *error)
{
    npz_file *file = memory_array(allocator, 1, sizeof *file);
    if (!file)
        return error_memory(error);
    file->allocator = allocator;
    file->path = memory_text(allocator, path);
    espalier_status status = file->path ? open_archive(file, error) : error_memory(error);
    if (status)
        npz_close(file);
    else
        *out = file;
    return status;
}

const char *npz_path(const npz_file *file)
{
    return file->path;
}

size_t npz_count(const npz_file *file)
{
    return file->count;
}

const char *npz_name(const npz_file *file, size_t index)
{
    return file->members[index].name;
}

size_t npz_find(const npz_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->members[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

void npz_close(npz_file *file)
{
    if (!file)
        return;
    if (file->archive)
        file->zip.discard(file->archive);
    for (size_t i = 0; i < file->count; i++)
        memory_release(file->allocator, file->members[i].name);
    memory_release(file->allocator, file->members);
    memory_release(file->allocator, file->path);
    memory_release(file->allocator, file);
}

/* ---- one array ------------------------------------------------------------------ */

/* What an npy_source reads from. */
typedef struct unpacker {
    const espalier_allocator *allocator;
    const zip_functions *zip; /* the file's */
    char *name;               /* "PATH: NAME" */
    zip_file_t *in;
    uint64_t left;            /* of the stated size */
} unpacker;

static void close_unpacker(void *context)
{
    unpacker *u = context;
    if (u->in)
        u->zip->fclose(u->in);
    memory_release(u->allocator, u->name);
    memory_release(u->allocator, u);
}

/* zlib's Z_MEM_ERROR, which libzip passes on with a code of its own. */
enum { ZLIB_MEMORY = -4 };

static espalier_status damaged(const unpacker *u, zip_error_t *reason, espalier_error *error)
{
    const int code = u->zip->error_code_zip(reason);
    if (code == ZIP_ER_MEMORY ||
        (code == ZIP_ER_ZLIB && u->zip->error_code_system(reason) == ZLIB_MEMORY))
        return error_memory(error);
    bool io = u->zip->error_code_zip(reason) == ZIP_ER_READ || u->zip->error_code_zip(reason) == ZIP_ER_SEEK;
    return error_set(error, io ? ESPALIER_ERROR_IO : ESPALIER_ERROR_FORMAT,
                     "%s: damaged or truncated in the zip archive: %s", u->name,
                     u->zip->error_strerror(reason));
}

/* Never more than the stated size, whatever the compressed data hold; the read that
 * finds the end has the checksum compared. */
static espalier_status some(void *context, void *buffer, size_t bytes, size_t *got,
                            espalier_error *error)
{
    static const size_t call_bytes_most = (size_t)1 << 30;
    unpacker *u = context;
    zip_int64_t count = u->zip->fread(u->in, buffer, bytes < call_bytes_most ? bytes : call_bytes_most);
    *got = 0;
    if (count < 0)
        return damaged(u, u->zip->file_get_error(u->in), error);
    if ((uint64_t)count > u->left)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: damaged in the zip archive: expected data of the stated size, found "
                         "more",
                         u->name);
    u->left -= (uint64_t)count;
    *got = (size_t)count;
    return ESPALIER_OK;
}

/* Whether the stated sizes can be true. */
static espalier_status check_member(const npz_file *file, const char *name, const zip_stat_t *facts,
                                    espalier_error *error)
{
    const zip_uint64_t needed =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if ((facts->valid & needed) != needed)
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: the archive does not state its size",
                         name);
    if (facts->encryption_method != ZIP_EM_NONE)
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: is encrypted; save it without a password", name);
    if (facts->comp_method != ZIP_CM_STORE && facts->comp_method != ZIP_CM_DEFLATE)
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: expected stored or deflated data (zip methods 0 and 8), found method "
                         "%u",
                         name, (unsigned)facts->comp_method);
    uint64_t packed = facts->comp_size, most = packed;
    if (facts->comp_method == ZIP_CM_DEFLATE)
        most = packed > UINT64_MAX / READER_GZIP_MOST ? UINT64_MAX : packed * READER_GZIP_MOST;
    if (packed <= file->bytes && facts->size <= most)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_FORMAT,
                     "%s: the archive of %llu bytes states %llu bytes, packed to %llu: more than "
                     "these can hold",
                     name, (unsigned long long)file->bytes, (unsigned long long)facts->size,
                     (unsigned long long)packed);
}

static char *join_name(const npz_file *file, const char *name)
{
    size_t bytes = strlen(file->path) + strlen(name) + 3;
    char *joined = memory_array(file->allocator, bytes, 1);
    if (joined)
        snprintf(joined, bytes, "%s: %s", file->path, name);
    return joined;
}

/* Opens the member behind an unpacker that has its name already. */
static espalier_status open_member(npz_file *file, zip_uint64_t place, unpacker *u,
                                   espalier_error *error)
{
    zip_stat_t facts;
    if (file->zip.stat_index(file->archive, place, 0, &facts) != 0)
        return damaged(u, file->zip.get_error(file->archive), error);
    espalier_status status = check_member(file, u->name, &facts, error);
    if (status)
        return status;
    u->left = facts.size;
    u->in = file->zip.fopen_index(file->archive, place, 0);
    return u->in ? ESPALIER_OK : damaged(u, file->zip.get_error(file->archive), error);
}

espalier_status npz_array(npz_file *file, size_t index, npy_file *array, espalier_error *error)
{
    const member *m = &file->members[index];
    unpacker *u = memory_array(file->allocator, 1, sizeof *u);
    if (!u)
        return error_memory(error);
    u->allocator = file->allocator;
    u->zip = &file->zip;
    u->name = join_name(file, m->name);
    espalier_status status = u->name ? open_member(file, m->place, u, error) : error_memory(error);
    if (status) {
        close_unpacker(u);
        return status;
    }
    npy_source source = {u, some, close_unpacker, u->name, u->left, true};
    return npy_open_source(source, file->allocator, array, error);
}

#else

#include "base/error.h"

espalier_status npz_open(const char *path, const espalier_allocator *allocator, npz_file **out,
                         espalier_error *error)
{
    (void)allocator, (void)out;
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: this build reads no .npz (it has no libzip); save .npy files instead",
                     path);
}

const char *npz_path(const npz_file *file)
{
    return (const char *)file;
}

size_t npz_count(const npz_file *file)
{
    (void)file;
    return 0;
}

const char *npz_name(const npz_file *file, size_t index)
{
    (void)file, (void)index;
    return NULL;
}

size_t npz_find(const npz_file *file, const char *name)
{
    (void)file, (void)name;
    return SIZE_MAX;
}

espalier_status npz_array(npz_file *file, size_t index, npy_file *array, espalier_error *error)
{
    (void)index, (void)array;
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED, "%s: this build has no libzip",
                     npz_path(file));
}

void npz_close(npz_file *file)
{
    (void)file;
}
#endif
