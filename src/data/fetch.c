/* The files of a data set, one after the other into its folder. How a file comes is
 * download.c's business; what is done with EMNIST's archive, emnist.c's. */
#define _POSIX_C_SOURCE 200809L
#include "data/fetch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/stream.h"
#include "data/download.h"
#include "data/emnist.h"

enum { RETRIES_MOST = 100, RETRY_SECONDS_MOST = 60 };

espalier_fetch_options espalier_fetch_options_defaults(void)
{
    return (espalier_fetch_options){.retries = 3, .retry_seconds = 1};
}

static espalier_status check_options(const espalier_fetch_options *o, espalier_error *error)
{
    if (o->base_url && strncmp(o->base_url, "http://", 7) != 0 &&
        strncmp(o->base_url, "https://", 8) != 0)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "base_url: expected an address that begins with http:// or https://, "
                         "found '%s'",
                         o->base_url);
    if (o->retries > RETRIES_MOST)
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "retries: expected at most %d, found %u",
                         (int)RETRIES_MOST, o->retries);
    if (!(o->retry_seconds >= 0 && o->retry_seconds <= RETRY_SECONDS_MOST))
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "retry_seconds: expected 0 to %d, found %g", (int)RETRY_SECONDS_MOST,
                         o->retry_seconds);
    return ESPALIER_OK;
}

static espalier_status make_folder(const char *folder, bool *made, espalier_error *error)
{
    struct stat facts;
    *made = mkdir(folder, 0777) == 0;
    if (*made)
        return ESPALIER_OK;
    int code = errno;
    if (code == EEXIST && stat(folder, &facts) == 0 && S_ISDIR(facts.st_mode))
        return ESPALIER_OK;
    return stream_error(error, ESPALIER_ERROR_IO, folder, "make this folder",
                        code == EEXIST ? ENOTDIR : code);
}

/* Fetches a file unless the right one is there; one that differs is not replaced,
 * because it is not ours. */
static espalier_status get(download *file, const espalier_allocator *allocator, bool *fetched,
                           espalier_error *error)
{
    espalier_error found = {0};
    espalier_status status = download_check(file, file->path, &found);
    *fetched = status == ESPALIER_ERROR_NOT_FOUND;
    if (*fetched)
        return download_run(file, allocator, error);
    if (!status)
        return ESPALIER_OK;
    return error_set(error, status, "%s%s", found.message,
                     status == ESPALIER_ERROR_FORMAT
                         ? "; this is not the published file: move it away and fetch again"
                         : "");
}

static bool is_archive(const named_set *set)
{
    size_t length = strlen(set->files[0].name);
    return set->file_count == 1 && length > 4 && strcmp(set->files[0].name + length - 4, ".zip") == 0;
}

/* One file of the set; an archive is unpacked and, if it came just now, removed. */
static espalier_status take(const named_set *set, size_t index, const char *folder, download *file,
                            const espalier_allocator *allocator, espalier_fetch_result *result,
                            espalier_error *error)
{
    bool fetched = false;
    const espalier_named_file *wanted = &set->files[index];
    const char *base = file->options->base_url ? file->options->base_url : set->address;
    char *path = stream_join(allocator, folder, wanted->name);
    char *url = stream_join(allocator, base, wanted->name);
    file->path = path;
    file->url = url;
    file->bytes = wanted->bytes;
    file->sha256 = wanted->sha256;
    file->progress = (espalier_fetch_progress){.file = wanted->name, .index = index,
                                               .count = set->file_count};
    file->received = file->resumed = 0;
    espalier_status status = path && url ? ESPALIER_OK : error_memory(error);
    if (!status)
        status = get(file, allocator, &fetched, error);
    result->received_bytes += file->received;
    result->resumed_bytes += file->resumed;
    result->present += !status && !fetched;
    if (!status && is_archive(set)) {
        status = emnist_unpack(file, path, folder, allocator, error);
        if (!status && fetched)
            unlink(path);
    }
    memory_release(allocator, url);
    memory_release(allocator, path);
    return status;
}

espalier_status fetch_set(const named_set *set, const char *folder,
                          const espalier_fetch_options *options,
                          const espalier_allocator *allocator, espalier_fetch_result *result,
                          espalier_error *error)
{
    espalier_fetch_options defaults = espalier_fetch_options_defaults();
    espalier_fetch_result unused;
    download file = {.options = options ? options : &defaults};
    if (!result)
        result = &unused;
    *result = (espalier_fetch_result){0};
    bool made = false;
    espalier_status status = check_options(file.options, error);
    if (!status)
        status = make_folder(folder, &made, error);
    if (!status && is_archive(set) && emnist_is_there(folder)) {
        result->present = set->file_count;
        return ESPALIER_OK;
    }
    for (size_t i = 0; i < set->file_count && !status; i++)
        status = take(set, i, folder, &file, allocator, result, error);
    if (status && made)
        rmdir(folder); /* only if there is nothing in it */
    return status;
}

espalier_status espalier_dataset_fetch(const char *name, const char *folder,
                                       const espalier_fetch_options *options,
                                       const espalier_allocator *allocator,
                                       espalier_fetch_result *result, espalier_error *error)
{
    const named_set *set = named_set_find(name);
    if (set)
        return fetch_set(set, folder, options, allocator, result, error);
    char known[256] = "";
    for (size_t i = 0; (set = espalier_named_set_at(i)); i++) {
        strncat(known, i ? ", " : "", sizeof known - strlen(known) - 1);
        strncat(known, set->name, sizeof known - strlen(known) - 1);
    }
    return error_set(error, ESPALIER_ERROR_NOT_FOUND, "%s: no such data set: expected one of %s",
                     name, known);
}
