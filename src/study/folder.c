/* The folder of a study: held by one process at a time, compared with the plan, searched for
 * what is finished. What study.json says is describe.c's business, a run's record record.c's. */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/stream.h"
#include "format/json_text.h"
#include "report/text.h"
#include "report/value.h"
#include "study/study.h"
#include "study/summary.h"

/* How the spectra begin in a record; they are its last member. No text in JSON has such quotes. */
#define SPECTRA ", \"spectra\": "

enum { RECORD_BYTES_MOST = 1 << 30 };

char *study_path(const study *s, const study_job *job, const char *ending)
{
    char name[STUDY_NAME_BYTES + 16];
    snprintf(name, sizeof name, "%s%s", job->name, ending);
    return stream_join(s->allocator, s->runs_folder, name);
}

static espalier_status write_plan(const study *s, const char *path, const json_t *plan,
                                  espalier_error *error)
{
    char *json = json_text_of(plan, VALUE_FORMAT | JSON_INDENT(2), s->allocator);
    if (!json)
        return error_memory(error);
    text t = {.allocator = s->allocator};
    text_print(&t, "%s\n", json);
    const espalier_status status = text_write(&t, path, error);
    text_clear(&t);
    memory_release(s->allocator, json);
    return status;
}

/* The spectra are put in as the text that they are: read by jansson and written again they would
 * need much memory, and it does not tell when it had too little for a number. */
espalier_status study_write_record(const study *s, const char *path, const json_t *record,
                                   const char *spectra, espalier_error *error)
{
    char *json = json_text_of(record, VALUE_FORMAT, s->allocator);
    if (!json)
        return error_memory(error);
    text t = {.allocator = s->allocator};
    text_add(&t, json, strlen(json) - 1);
    if (spectra) {
        text_add(&t, SPECTRA, sizeof SPECTRA - 1);
        text_add(&t, spectra, strlen(spectra));
    }
    text_add(&t, "}\n", 2);
    const espalier_status status = text_write(&t, path, error);
    text_clear(&t);
    memory_release(s->allocator, json);
    return status;
}

espalier_status study_read_spectra(const study *s, const char *path, char **spectra,
                                   espalier_error *error)
{
    text t = {.allocator = s->allocator};
    *spectra = NULL;
    espalier_status status = text_read(&t, path, RECORD_BYTES_MOST, error);
    const char *begin = status ? NULL : strstr(text_content(&t), SPECTRA);
    const char *end = begin ? strrchr(begin, '}') : NULL;
    if (end) {
        begin += sizeof SPECTRA - 1;
        const size_t bytes = (size_t)(end - begin);
        *spectra = memory_array(s->allocator, bytes + 1, 1);
        if (*spectra)
            memcpy(*spectra, begin, bytes);
        else
            status = error_memory(error);
    }
    text_clear(&t);
    return status;
}

espalier_status study_read_network(const study *s, const study_job *job,
                                   espalier_network **network, espalier_error *error)
{
    char *path = study_path(s, job, ".safetensors");
    espalier_status status = path ? espalier_network_read(path, s->allocator, network, error)
                                  : error_memory(error);
    memory_release(s->allocator, path);
    return status;
}

/* ---- taking it up again -------------------------------------------------------- */

static void short_text(const json_t *value, char shown[64])
{
    char *whole = json_text_of(value, VALUE_FORMAT | JSON_ENCODE_ANY | JSON_COMPACT, NULL);
    snprintf(shown, 64, "%s", whole ? whole : "nothing");
    memory_release(NULL, whole);
}

/* Sets the error at the first value that differs, within objects the innermost one. Values are
 * compared as they are written. */
static espalier_status compare(const char *path, const char *within, const json_t *there,
                               const json_t *here, espalier_error *error)
{
    const char *key;
    json_t *value;
    espalier_status status = ESPALIER_OK;
    json_object_foreach((json_t *)(uintptr_t)here, key, value) {
        char old[64], new[64], name[128];
        const json_t *other = json_object_get(there, key);
        snprintf(name, sizeof name, "%s%s%s", within, *within ? "." : "", key);
        if (json_is_object(other) && json_is_object(value) && status == ESPALIER_OK)
            status = compare(path, name, other, value, error);
        if (status != ESPALIER_OK)
            return status;
        short_text(other, old);
        short_text(value, new);
        if (!other || !json_equal(other, value))
            return error_set(error, ESPALIER_ERROR_MISMATCH,
                             "%s: the study there is another one: %s is %s there and %s here",
                             path, name, old, new);
    }
    json_object_foreach((json_t *)(uintptr_t)there, key, value) {
        char old[64];
        short_text(value, old);
        if (!json_object_get(here, key))
            return error_set(error, ESPALIER_ERROR_MISMATCH,
                             "%s: the study there is another one: %s%s%s is %s there and nothing "
                             "here", path, within, *within ? "." : "", key, old);
    }
    return ESPALIER_OK;
}

static bool in_plan(const study *s, const char *name)
{
    for (size_t i = 0; i < s->job_count; i++) {
        if (strcmp(s->jobs[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The plan may have grown; nothing may have left it. */
static espalier_status compare_runs(const study *s, const char *path, const json_t *runs,
                                    espalier_error *error)
{
    size_t index, missing = 0;
    json_t *run;
    const char *first = NULL;
    json_array_foreach((json_t *)(uintptr_t)runs, index, run) {
        const char *name = json_string_value(run);
        if (name && !in_plan(s, name)) {
            first = first ? first : name;
            missing++;
        }
    }
    if (!missing)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_MISMATCH,
                     "%s: the study there is another one: %zu of its runs are not in this plan, "
                     "such as %s; a study may grow, but not shrink", path, missing, first);
}

static espalier_status compare_studies(const study *s, const char *path, const json_t *there,
                                       const json_t *here, espalier_error *error)
{
    const json_t *version = json_object_get(there, "version");
    if (!json_equal(version, json_object_get(here, "version")))
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "%s: the study there was begun by version %s, this is version %s; all "
                         "runs of a study share their code", path,
                         json_is_string(version) ? json_string_value(version) : "(none)",
                         espalier_version());
    espalier_status status = compare(path, "", json_object_get(there, "options"),
                                     json_object_get(here, "options"), error);
    if (status == ESPALIER_OK)
        status = compare(path, "", json_object_get(there, "data"), json_object_get(here, "data"),
                         error);
    return status ? status : compare_runs(s, path, json_object_get(there, "runs"), error);
}

json_t *study_as_written(const json_t *value)
{
    return json_copy_of(value, VALUE_DIGITS);
}

/* Compares with a study.json that is there, and writes the new one. */
static espalier_status settle_plan(const study *s, const char *path, espalier_error *error)
{
    struct stat file;
    json_t *value = study_describe(s), *here = value ? study_as_written(value) : NULL;
    espalier_status status = here ? ESPALIER_OK : error_memory(error);
    if (status == ESPALIER_OK && stat(path, &file) == 0) {
        json_t *there = NULL;
        status = value_read(path, s->allocator, &there, error);
        if (status == ESPALIER_OK)
            status = compare_studies(s, path, there, here, error);
        json_decref(there);
    }
    if (status == ESPALIER_OK)
        status = write_plan(s, path, value, error);
    json_decref(value);
    json_decref(here);
    return status;
}

/* ---- what is finished ------------------------------------------------------------ */

/* A record that is no JSON or holds what cannot be, or whose network cannot be read, counts as not
 * there; one that another run left under this name, too. */
static espalier_status find_finished(study *s, study_job *job, espalier_error *error)
{
    char note[STUDY_NAME_BYTES + 600];
    espalier_error why = {0};
    struct stat file;
    json_t *record = NULL;
    espalier_network *network = NULL;
    char *path = study_path(s, job, ".json");
    if (!path)
        return error_memory(error);
    const bool there = stat(path, &file) == 0;
    espalier_status status = there ? value_read(path, s->allocator, &record, &why) : ESPALIER_OK;
    const bool fits = record && study_record_fits(s, job, record);
    const char *ended = json_string_value(json_object_get(record, "status"));
    const bool failed = ended && strcmp(ended, "failed") == 0;
    if (fits)
        status = summary_check_record(path, job->name, record, s->allocator, &why);
    if (fits && status == ESPALIER_OK)
        status = study_read_network(s, job, &network, &why);
    if (status == ESPALIER_ERROR_MEMORY) { /* what cannot be read now may be whole */
        status = error_memory(error);
    } else if (fits && status == ESPALIER_OK) {
        json_object_del(record, "spectra");
        job->record = json_incref(record);
        job->state = JOB_DONE;
        s->found++;
    } else if (there && !failed) {
        snprintf(note, sizeof note, "%s runs again: %s", job->name,
                 fits || !record ? why.message : "its record is damaged, or that of another run");
        study_tell(s, NULL, note);
    }
    json_decref(record);
    espalier_network_destroy(network);
    memory_release(s->allocator, path);
    return status == ESPALIER_ERROR_MEMORY ? status : ESPALIER_OK;
}

/* What a killed process wrote aside; nobody else works here. */
static void sweep(const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        const size_t length = strlen(entry->d_name);
        if (strncmp(entry->d_name, ".espalier-", 10) == 0 && length > 14 &&
            strcmp(entry->d_name + length - 4, ".tmp") == 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    if (directory)
        closedir(directory);
}

/* ---- its life ---------------------------------------------------------------------- */

static espalier_status make_folder(const char *path, espalier_error *error)
{
    struct stat there;
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &there) == 0 &&
                                   S_ISDIR(there.st_mode)))
        return ESPALIER_OK;
    return stream_error(error, ESPALIER_ERROR_IO, path, "make the folder", errno);
}

/* Files of a run, of a data set, of somebody: no study is put among them. A folder with `runs`
 * but no study.json is one that was killed as it began. */
static espalier_status check_folder(const study *s, const char *plan, espalier_error *error)
{
    struct stat file;
    const bool ours = stat(plan, &file) == 0 || stat(s->runs_folder, &file) == 0;
    DIR *directory = ours ? NULL : opendir(s->options->folder);
    bool empty = ours || directory;
    if (!empty)
        return stream_error(error, ESPALIER_ERROR_IO, s->options->folder, "list the folder", errno);
    for (struct dirent *entry; directory && empty && (entry = readdir(directory));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (directory)
        closedir(directory);
    if (empty)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_MISMATCH,
                     "%s: expected a new or empty folder, or that of a study, found other files",
                     s->options->folder);
}

static espalier_status hold(study *s, espalier_error *error)
{
    s->lock_file = open(s->runs_folder, O_RDONLY | O_CLOEXEC);
    if (s->lock_file < 0)
        return stream_error(error, ESPALIER_ERROR_IO, s->runs_folder, "open", errno);
    if (flock(s->lock_file, LOCK_EX | LOCK_NB) == 0)
        return ESPALIER_OK;
    return errno == EWOULDBLOCK
               ? error_set(error, ESPALIER_ERROR_CANCELLED,
                           "%s: another process works on this study", s->options->folder)
               : stream_error(error, ESPALIER_ERROR_IO, s->runs_folder, "lock", errno);
}

espalier_status study_folder_open(study *s, espalier_error *error)
{
    const char *folder = s->options->folder;
    char *path = stream_join(s->allocator, folder, "study.json");
    s->runs_folder = stream_join(s->allocator, folder, "runs");
    espalier_status status = path && s->runs_folder ? make_folder(folder, error)
                                                    : error_memory(error);
    if (status == ESPALIER_OK)
        status = check_folder(s, path, error);
    if (status == ESPALIER_OK)
        status = make_folder(s->runs_folder, error);
    if (status == ESPALIER_OK)
        status = hold(s, error);
    if (status == ESPALIER_OK) {
        sweep(folder);
        sweep(s->runs_folder);
        status = settle_plan(s, path, error);
    }
    for (size_t i = 0; status == ESPALIER_OK && i < s->job_count; i++)
        status = find_finished(s, &s->jobs[i], error);
    memory_release(s->allocator, path);
    return status;
}

void study_folder_close(study *s)
{
    if (s->lock_file >= 0)
        close(s->lock_file);
    memory_release(s->allocator, s->runs_folder);
}
