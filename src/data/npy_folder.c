/* .npy files as a data set: a folder of them, or one file with the others beside it. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "data/numpy_data.h"
#include "data/readers.h"

static bool is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length > tail && strcasecmp(text + length - tail, ending) == 0;
}

static size_t ending_length(const char *name)
{
    return ends_in(name, ".gz") ? 7 : 4;
}

static bool is_npy(const char *name)
{
    return name[0] != '.' && (ends_in(name, ".npy") || ends_in(name, ".npy.gz"));
}

/* ---- whether it is one ---------------------------------------------------- */

/* A folder of IDX files may hold arrays of its user, too: it stays one. */
bool npy_folder_recognises(const char *path)
{
    DIR *entries = is_folder(path) ? opendir(path) : NULL;
    bool found = false, idx = false;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        idx = idx || strstr(entry->d_name, "-ubyte") || strstr(entry->d_name, "idx");
        found = found || is_npy(entry->d_name);
    }
    if (entries)
        closedir(entries);
    return found && !idx;
}

bool npy_file_recognises(const char *path)
{
    const char *slash = strrchr(path, '/');
    return is_npy(slash ? slash + 1 : path);
}

/* ---- the files ------------------------------------------------------------- */

typedef struct npy_entry {
    char *name;
    numpy_role role;
} npy_entry;

typedef struct npy_folder {
    const char *path; /* "" = the present one */
    const espalier_allocator *allocator;
    npy_entry *entries; /* [count], by name */
    size_t count, room;
    const char *source; /* what was asked for, for messages */
    const char *base;   /* only files of that one; NULL = of any */
    numpy_data data;
} npy_folder;

static espalier_status grow(npy_folder *folder, espalier_error *error)
{
    size_t room = folder->room ? 2 * folder->room : 16;
    npy_entry *entries = memory_array(folder->allocator, room, sizeof *entries);
    if (!entries)
        return error_memory(error);
    if (folder->count)
        memcpy(entries, folder->entries, folder->count * sizeof *entries);
    memory_release(folder->allocator, folder->entries);
    folder->entries = entries;
    folder->room = room;
    return ESPALIER_OK;
}

static espalier_status add(npy_folder *folder, const char *name, espalier_error *error)
{
    espalier_status status = folder->count == folder->room ? grow(folder, error) : ESPALIER_OK;
    char *copy = status ? NULL : memory_text(folder->allocator, name);
    if (!copy)
        return status ? status : error_memory(error);
    char *end = copy + strlen(copy) - ending_length(copy), kept = *end;
    *end = '\0';
    npy_entry entry = {copy, numpy_role_of(copy)};
    *end = kept;
    folder->entries[folder->count++] = entry;
    return ESPALIER_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const npy_entry *)a)->name, ((const npy_entry *)b)->name);
}

static espalier_status scan(npy_folder *folder, espalier_error *error)
{
    DIR *entries = opendir(*folder->path ? folder->path : ".");
    if (!entries)
        return stream_error(error, ESPALIER_ERROR_IO, folder->source, "list the folder", errno);
    espalier_status status = ESPALIER_OK;
    errno = 0;
    for (struct dirent *entry; !status && (entry = readdir(entries)); errno = 0)
        if (is_npy(entry->d_name))
            status = add(folder, entry->d_name, error);
    if (!status && errno)
        status = stream_error(error, ESPALIER_ERROR_IO, folder->source, "list the folder", errno);
    closedir(entries);
    if (folder->count > 1)
        qsort(folder->entries, folder->count, sizeof *folder->entries, by_name);
    return status;
}

/* ---- which file is which ---------------------------------------------------- */

static espalier_status open_entry(npy_folder *folder, const npy_entry *entry, numpy_kind kind,
                                  espalier_error *error)
{
    npy_file *place =
        numpy_place(&folder->data, (numpy_role){.part = entry->role.part, .kind = kind});
    if (numpy_is_open(place))
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "%s: expected one file of %s %s, found %s and %s; give the path of one of "
                         "them",
                         folder->source, numpy_part_name(entry->role.part),
                         kind == NUMPY_LABELS ? "labels" : "values", place->source.name,
                         entry->name);
    char *path = *folder->path ? stream_join(folder->allocator, folder->path, entry->name)
                               : memory_text(folder->allocator, entry->name);
    if (!path)
        return error_memory(error);
    espalier_status status = npy_open(path, folder->allocator, place, error);
    memory_release(folder->allocator, path);
    return status;
}

/* The files of that kind that belong to labels: of the same part and base. */
static espalier_status open_values(npy_folder *folder, const npy_entry *labels, numpy_kind kind,
                                   espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; !status && i < folder->count; i++) {
        const npy_entry *entry = &folder->entries[i];
        if (entry->role.kind == kind && entry->role.part == labels->role.part &&
            strcmp(entry->role.base, labels->role.base) == 0)
            status = open_entry(folder, entry, NUMPY_VALUES, error);
    }
    return status;
}

/* Labels and what belongs to them: x_train.npy to y_train.npy, else NAME.npy to
 * NAME_labels.npy. Other files are left alone. */
static espalier_status open_pair(npy_folder *folder, const npy_entry *labels,
                                 espalier_error *error)
{
    const npy_file *values = &folder->data.values[labels->role.part];
    espalier_status status = open_entry(folder, labels, NUMPY_LABELS, error);
    if (!status)
        status = open_values(folder, labels, NUMPY_VALUES, error);
    if (!status && !numpy_is_open(values))
        status = open_values(folder, labels, NUMPY_NO_KIND, error);
    return status;
}

static espalier_status open_all(npy_folder *folder, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    bool found = false;
    for (size_t i = 0; !status && i < folder->count; i++) {
        const npy_entry *entry = &folder->entries[i];
        if (folder->base && strcmp(folder->base, entry->role.base) != 0)
            continue;
        found = found || entry->role.kind == NUMPY_LABELS;
        if (entry->role.kind == NUMPY_LABELS)
            status = open_pair(folder, entry, error);
        else if (entry->role.kind == NUMPY_CLASS_NAMES)
            status = open_entry(folder, entry, NUMPY_CLASS_NAMES, error);
    }
    if (status || found)
        return status;
    return error_set(error, ESPALIER_ERROR_NOT_FOUND,
                     "%s: expected values and labels in files named like x_train.npy and "
                     "y_train.npy, X.npy and y.npy, or NAME.npy and NAME_labels.npy; found no "
                     "labels",
                     folder->source);
}

static espalier_status read_folder(espalier_dataset *dataset, npy_folder *folder,
                                   const espalier_dataset_options *options, size_t class_count,
                                   espalier_error *error)
{
    folder->data.path = folder->source;
    espalier_status status = scan(folder, error);
    if (!status)
        status = open_all(folder, error);
    if (!status)
        status = numpy_read(dataset, &folder->data, options, class_count, error);
    numpy_close(&folder->data);
    for (size_t i = 0; i < folder->count; i++)
        memory_release(folder->allocator, folder->entries[i].name);
    memory_release(folder->allocator, folder->entries);
    return status;
}

/* ---- the readers -------------------------------------------------------------- */

espalier_status npy_folder_read(espalier_dataset *dataset, const char *path,
                                const espalier_dataset_options *options, size_t class_count,
                                espalier_error *error)
{
    npy_folder folder = {.path = path, .source = path, .allocator = dataset->allocator};
    return read_folder(dataset, &folder, options, class_count, error);
}

/* The folder around the file, and of it only what shares the file's base. */
espalier_status npy_file_read(espalier_dataset *dataset, const char *path,
                              const espalier_dataset_options *options, size_t class_count,
                              espalier_error *error)
{
    char *copy = memory_text(dataset->allocator, path);
    if (!copy)
        return error_memory(error);
    char *slash = strrchr(copy, '/'), *name = slash ? slash + 1 : copy;
    name[strlen(name) - ending_length(name)] = '\0';
    numpy_role role = numpy_role_of(name);
    *name = '\0';
    npy_folder folder = {.path = copy, .source = path, .allocator = dataset->allocator,
                         .base = role.base};
    espalier_status status = read_folder(dataset, &folder, options, class_count, error);
    memory_release(dataset->allocator, copy);
    return status;
}
