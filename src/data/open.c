/* From a path or a name to a data set. What is in the files is the readers'. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/stream.h"
#include "data/names.h"
#include "data/readers.h"

static espalier_status name_classes(espalier_dataset *dataset, const named_set *known,
                                    espalier_error *error)
{
    if (!known || !known->class_names)
        return ESPALIER_OK;
    dataset->class_names = memory_array(dataset->allocator, dataset->classes, sizeof(char *));
    if (!dataset->class_names)
        return error_memory(error);
    for (size_t i = 0; i < known->class_count; i++) {
        dataset->class_names[i] = memory_text(dataset->allocator, known->class_names[i]);
        if (!dataset->class_names[i])
            return error_memory(error);
    }
    return ESPALIER_OK;
}

/* known: what the name says about the data, or NULL. */
static espalier_status open_path(const char *path, const named_set *known,
                                 const espalier_dataset_options *options,
                                 const espalier_allocator *allocator, espalier_dataset **dataset,
                                 espalier_error *error)
{
    const data_reader *kind;
    espalier_dataset *made = NULL;
    espalier_status status = data_reader_find(path, &kind, error);
    if (!status)
        status = dataset_create(allocator, &made, error);
    if (!status)
        status = kind->read(made, path, options, known ? known->class_count : 0, error);
    if (!status)
        status = name_classes(made, known, error);
    if (!status)
        status = dataset_split(made, options, error);
    if (!status)
        status = dataset_fit_scaling(made, path, options->scaling, error);
    if (status)
        espalier_dataset_destroy(made);
    else
        *dataset = made;
    return status;
}

static bool is_there(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0;
}

/* Looks for a name in the directories and the system's place; *path (owned) stays
 * NULL where there is none. */
static espalier_status seek(const char *name, const named_set *known,
                            const espalier_dataset_options *options,
                            const espalier_allocator *allocator, char **path,
                            espalier_error *error)
{
    for (size_t i = 0; i < options->directory_count; i++) {
        char *candidate = stream_join(allocator, options->directories[i], name);
        if (!candidate)
            return error_memory(error);
        if (is_there(candidate)) {
            *path = candidate;
            return ESPALIER_OK;
        }
        memory_release(allocator, candidate);
    }
    if (!known || !known->system_folder || !is_there(known->system_folder))
        return ESPALIER_OK;
    *path = memory_text(allocator, known->system_folder);
    return *path ? ESPALIER_OK : error_memory(error);
}

/* Appends to a list in a buffer, as far as there is room. */
static void list(char *text, size_t bytes, const char *folder, const char *name)
{
    size_t used = strlen(text);
    snprintf(text + used, bytes - used, "%s%s%s%s", used ? ", " : "", folder, *name ? "/" : "",
             name);
}

/* "mnist, fashion-mnist, …" */
static void list_known(char *text, size_t bytes)
{
    const named_set *set;
    text[0] = '\0';
    for (size_t i = 0; (set = espalier_named_set_at(i)); i++)
        list(text, bytes, set->name, "");
}

/* The known name that differs in capitals alone, or NULL. */
static const char *in_other_letters(const char *name)
{
    const named_set *set;
    for (size_t i = 0; (set = espalier_named_set_at(i)); i++)
        if (strcasecmp(set->name, name) == 0)
            return set->name;
    return NULL;
}

static espalier_status not_found(const char *name, const named_set *known,
                                 const espalier_dataset_options *options, espalier_error *error)
{
    char places[256] = "", names[128];
    list_known(names, sizeof names);
    list(places, sizeof places, ".", name);
    for (size_t i = 0; i < options->directory_count; i++)
        list(places, sizeof places, options->directories[i], name);
    if (known && known->system_folder)
        list(places, sizeof places, known->system_folder, "");
    if (!known && strchr(name, '.')) /* a file's name, for no known one has a point */
        return error_set(error, ESPALIER_ERROR_NOT_FOUND, "%s: no such file: looked for %s", name,
                         places);
    const char *meant = known ? NULL : in_other_letters(name);
    return error_set(error, ESPALIER_ERROR_NOT_FOUND,
                     "%s: no such data set: looked for %s; %s%s%s%s%s", name, places,
                     known ? known->advice : "expected a path or one of ", known ? "" : names,
                     meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
}

static espalier_status open_name(const char *name, const espalier_dataset_options *options,
                                 const espalier_allocator *allocator, espalier_dataset **dataset,
                                 espalier_error *error)
{
    char *path = NULL;
    const named_set *known = named_set_find(name);
    espalier_status status = seek(name, known, options, allocator, &path, error);
    if (!status && path)
        status = open_path(path, known, options, allocator, dataset, error);
    else if (!status)
        status = not_found(name, known, options, error);
    memory_release(allocator, path);
    return status;
}

espalier_status espalier_dataset_open(const char *source, const espalier_dataset_options *options,
                                      const espalier_allocator *allocator,
                                      espalier_dataset **dataset, espalier_error *error)
{
    espalier_dataset_options defaults = espalier_dataset_options_defaults();
    if (!options)
        options = &defaults;
    espalier_status status = espalier_dataset_options_check(options, error);
    if (status)
        return status;
    if (!source || !*source)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "data set: expected a name or a path, found nothing");
    if (is_there(source))
        return open_path(source, NULL, options, allocator, dataset, error);
    int code = errno;
    if (strchr(source, '/') || (code != ENOENT && code != ENOTDIR))
        return stream_error(error,
                            code == ENOENT || code == ENOTDIR ? ESPALIER_ERROR_NOT_FOUND
                                                              : ESPALIER_ERROR_IO,
                            source, "open the data set", code);
    return open_name(source, options, allocator, dataset, error);
}
