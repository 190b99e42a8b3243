/* The folder of a run that was broken off. */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include "resume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "shell.h"

enum { PATH_BYTES = 4400 };

bool resume_slot_path(const char *folder, size_t slot, char *path, size_t size)
{
    return (size_t)snprintf(path, size, "%s/checkpoint-%zu.safetensors", folder, slot) < size;
}

char *resume_command(const char *command, const char *folder, char *text, size_t size)
{
    const char *const words[] = {"espalier", command, "--resume", folder};
    shell_words(words, 4, text, size);
    return text;
}

/* ---- texts -------------------------------------------------------------------- */

json_t *resume_text_json(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    value = json_array();
    for (; *text; text++)
        json_array_append_new(value, json_integer((unsigned char)*text));
    return value;
}

/* By malloc; NULL if it is no such value. */
static char *text_of(const json_t *value)
{
    const size_t length = json_is_string(value) ? json_string_length(value) : json_array_size(value);
    char *text = json_is_string(value) || json_is_array(value) ? memory_take(length + 1) : NULL;
    for (size_t i = 0; text && i < length; i++)
        text[i] = json_is_string(value)
                      ? json_string_value(value)[i]
                      : (char)(unsigned char)json_integer_value(json_array_get(value, i));
    return text;
}

/* ---- what must be as it was ----------------------------------------------------- */

json_t *resume_data_json(const espalier_dataset *dataset)
{
    char digest[24];
    if (!dataset)
        return json_null();
    snprintf(digest, sizeof digest, "%016" PRIx64, espalier_dataset_digest(dataset));
    return json_string(digest);
}

/* Size and time of a file's last change; null if it cannot be told. */
static json_t *file_json(const char *path)
{
    struct stat file;
    if (stat(path, &file) != 0)
        return json_null();
    return json_pack("[I, I, I]", (json_int_t)file.st_size, (json_int_t)file.st_mtim.tv_sec,
                     (json_int_t)file.st_mtim.tv_nsec);
}

json_t *resume_inputs_json(const char *const *files, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (files[i])
            json_array_append_new(list, json_pack("[o, o]", resume_text_json(files[i]),
                                                  file_json(files[i])));
    return list;
}

int resume_check_inputs(const resume *r, const espalier_dataset *dataset)
{
    size_t index;
    json_t *input, *data = resume_data_json(dataset);
    const bool same = json_equal(data, json_object_get(r->facts, "data"));
    int code = EXIT_NONE;
    json_decref(data);
    if (!same) {
        message("%s: the data are not those that the run began with", r->shown);
        return EXIT_FAILED;
    }
    json_array_foreach(json_object_get(r->facts, "inputs"), index, input) {
        char *path = text_of(json_array_get(input, 0));
        json_t *now = path ? file_json(path) : NULL;
        if (code == EXIT_NONE && !json_equal(now, json_array_get(input, 1))) {
            message("%s: %s has changed since the run began", r->shown, path ? path : "a file");
            code = EXIT_FAILED;
        }
        json_decref(now);
        free(path);
    }
    return code;
}

const char *resume_initial(const resume *r)
{
    return json_string_value(json_object_get(r->facts, "initial"));
}

const char *resume_before(const resume *r)
{
    return json_string_value(json_object_get(r->facts, "before"));
}

size_t resume_history(const resume *r)
{
    const json_t *value = json_object_get(r->facts, "history");
    return json_is_integer(value) ? (size_t)json_integer_value(value) : SIZE_MAX;
}

bool resume_unscaled(const resume *r)
{
    return json_is_true(json_object_get(r->facts, "unscaled"));
}

/* ---- the folder --------------------------------------------------------------------- */

int folder_lock(const char *folder, const char *shown, int *lock)
{
    *lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0) {
        message("%s: cannot open this folder: %s", shown, strerror(errno));
        return EXIT_FAILED;
    }
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
        return EXIT_NONE;
    const bool used = errno == EWOULDBLOCK;
    close(*lock);
    *lock = -1;
    if (used)
        message("%s: another process works on this run", shown);
    return used ? EXIT_FAILED : EXIT_NONE; /* else a file system that knows no locks */
}

/* What a killed process wrote aside; nobody else works here. */
void folder_sweep(int folder)
{
    if (folder < 0)
        return;
    DIR *directory = fdopendir(dup(folder));
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (strncmp(entry->d_name, ".espalier-", 10) == 0)
            unlinkat(folder, entry->d_name, 0);
    if (directory)
        closedir(directory);
}

static bool exists(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    struct stat file;
    return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path &&
           stat(path, &file) == 0;
}

/* A finished run needs nothing of what it could have been gone on with. */
static int say_finished(const resume *r)
{
    char path[PATH_BYTES];
    json_error_t where;
    size_t index;
    json_t *result = NULL, *sentence;
    for (size_t slot = 0; slot < RESUME_SLOTS; slot++)
        if (resume_slot_path(r->folder, slot, path, sizeof path))
            unlink(path);
    if (snprintf(path, sizeof path, "%s/" RESUME_FACTS, r->folder) < (int)sizeof path)
        unlink(path);
    if (snprintf(path, sizeof path, "%s/" RESUME_RESULT, r->folder) < (int)sizeof path)
        result = read_json(path, &where);
    const json_t *failed = json_object_get(result, RESUME_FAILED);
    int code = result && r->json ? print_json(result) : EXIT_NONE;
    if (!r->quiet)
        message("%s: this run is finished; its network is %s/model.safetensors", r->shown, r->shown);
    json_array_foreach(failed, index, sentence)
        message("%s", json_is_string(sentence) ? json_string_value(sentence) : RESUME_FAILED);
    if (code == EXIT_NONE)
        code = finish_stdout(json_array_size(failed) ? EXIT_CHECK : EXIT_DONE);
    json_decref(result);
    return code;
}

/* ---- resume.json ------------------------------------------------------------------------ */

static int damaged(const resume *r, const char *what)
{
    message("%s/" RESUME_FACTS ": expected %s", r->shown, what);
    return EXIT_FAILED;
}

static int other_command(const char *command, const char *its, const resume *r)
{
    return usage_error(command, "--resume: %s holds a run of 'espalier %s'", r->shown, its);
}

/* Of a finished run, whose resume.json may be gone. */
static int check_command(const char *command, const resume *r)
{
    char path[PATH_BYTES];
    json_error_t where;
    snprintf(path, sizeof path, "%s/config.json", r->folder);
    json_t *config = read_json(path, &where);
    const char *its = json_string_value(json_object_get(config, "command"));
    const int code = its && strcmp(its, command) != 0 ? other_command(command, its, r) : EXIT_NONE;
    json_decref(config);
    return code;
}

static int read_arguments(const char *command, resume *r)
{
    const json_t *list = json_object_get(r->facts, "arguments");
    const char *its = json_string_value(json_object_get(r->facts, "command"));
    if (!its || !json_is_array(list) || json_array_size(list) > 10000)
        return damaged(r, "'command' and the list 'arguments'");
    if (strcmp(its, command) != 0)
        return other_command(command, its, r);
    r->argv = memory_take((json_array_size(list) + 2) * sizeof *r->argv);
    r->argv[r->argc++] = text_of(json_object_get(r->facts, "command"));
    for (size_t i = 0; i < json_array_size(list) && r->argv[r->argc - 1]; i++)
        r->argv[r->argc++] = text_of(json_array_get(list, i));
    return r->argv[r->argc - 1] ? EXIT_NONE : damaged(r, "texts in 'arguments'");
}

static int read_facts(const char *command, resume *r)
{
    char path[PATH_BYTES];
    json_error_t where;
    snprintf(path, sizeof path, "%s/" RESUME_FACTS, r->folder);
    if (!exists(r->folder, RESUME_FACTS)) {
        message(exists(r->folder, "config.json")
                    ? "%s: a run that cannot be gone on with: it has no " RESUME_FACTS
                    : "%s: expected the folder of a run, found no " RESUME_FACTS "; a run that was "
                      "stopped before it wrote one is started again by its own command",
                r->shown);
        return EXIT_FAILED;
    }
    r->facts = read_json(path, &where);
    if (!r->facts && where.line > 0) {
        message("%s/" RESUME_FACTS ": line %d: expected a JSON object: %s", r->shown, where.line, where.text);
        return EXIT_FAILED;
    }
    if (!json_is_object(r->facts))
        return damaged(r, r->facts ? "a JSON object" : where.text);
    const char *version = json_string_value(json_object_get(r->facts, "version"));
    if (!version || strcmp(version, espalier_version()) != 0)
        message("%s: begun by version %s, gone on with by version %s: the numbers may differ from "
                "those of a run by one version", r->shown, version ? version : "(none)",
                espalier_version());
    return read_arguments(command, r);
}

/* Relative paths of the run's command line count from where it was given. */
static int enter_directory(const resume *r)
{
    char *directory = text_of(json_object_get(r->facts, "directory"));
    int code = EXIT_NONE;
    if (!directory)
        code = damaged(r, "the text 'directory'");
    else if (chdir(directory) != 0) {
        message("%s: the run began in the folder %s, which its paths count from: %s", r->shown,
                directory, strerror(errno));
        code = EXIT_FAILED;
    }
    free(directory);
    return code;
}

/* ---- checkpoints ------------------------------------------------------------------------- */

/* The later of those that can be read. A damaged one is told of; the other then serves. */
static int find_checkpoint(resume *r)
{
    size_t found = 0;
    espalier_error first = {0};
    for (size_t slot = 0; slot < RESUME_SLOTS; slot++) {
        char path[PATH_BYTES];
        espalier_checkpoint *one = NULL;
        espalier_error error = {0};
        if (!resume_slot_path(r->folder, slot, path, sizeof path))
            continue;
        espalier_status status = espalier_checkpoint_read(path, NULL, &one, &error);
        if (status == ESPALIER_ERROR_MEMORY)
            return fail(&error); /* it may be whole: an older one would not do */
        found += status != ESPALIER_ERROR_NOT_FOUND;
        if (status != ESPALIER_OK && status != ESPALIER_ERROR_NOT_FOUND) {
            message("%s", error.message);
            first = first.status ? first : error;
        }
        if (one && (!r->checkpoint || espalier_checkpoint_serial(one) >
                                          espalier_checkpoint_serial(r->checkpoint))) {
            espalier_checkpoint_destroy(r->checkpoint);
            r->checkpoint = one;
            r->slot = slot;
            one = NULL;
        }
        espalier_checkpoint_destroy(one);
    }
    if (found && !r->checkpoint) {
        message("%s: no checkpoint of this run can be read", r->shown);
        return EXIT_FAILED;
    }
    if (first.status)
        message("%s: goes on from the checkpoint before, after epoch %zu", r->shown,
                espalier_checkpoint_epochs(r->checkpoint));
    return EXIT_NONE;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int check_alone(const option_set *set)
{
    static const char *const beside[] = {"resume", "threads", "quiet", "json"};
    for (size_t i = 0; i < set->count; i++) {
        bool allowed = !set->options[i].given;
        for (size_t b = 0; b < sizeof beside / sizeof *beside && !allowed; b++)
            allowed = strcmp(set->options[i].name, beside[b]) == 0;
        if (!allowed)
            return usage_error(set->command, "--%s: has no meaning with --resume, whose folder "
                                             "knows every option; --threads, --quiet and --json "
                                             "may be given", set->options[i].name);
    }
    if (set->file_count > 0)
        return usage_error(set->command, "--resume: expected no file beside it, found %s",
                           set->files[0]);
    return EXIT_NONE;
}

int resume_open(const option_set *set, const run_settings *s, resume *r)
{
    *r = (resume){.shown = s->resume, .lock = -1, .threads = s->train.threads, .quiet = s->quiet,
                  .json = s->json, .threads_given = option_given(set, "threads")};
    int code = check_alone(set);
    if (code != EXIT_NONE)
        return code;
    r->folder = realpath(s->resume, NULL);
    if (!r->folder || strlen(r->folder) > 4096 - 64) {
        message("%s: cannot open this folder: %s", s->resume,
                r->folder ? "its path is too long" : strerror(errno));
        return EXIT_FAILED;
    }
    code = folder_lock(r->folder, r->shown, &r->lock);
    if (code != EXIT_NONE)
        return code;
    if (exists(r->folder, RESUME_RESULT)) {
        code = check_command(set->command, r);
        return code == EXIT_NONE ? say_finished(r) : code;
    }
    code = read_facts(set->command, r);
    if (code == EXIT_NONE)
        folder_sweep(r->lock);
    if (code == EXIT_NONE)
        code = find_checkpoint(r);
    return code == EXIT_NONE ? enter_directory(r) : code;
}

void resume_override(const resume *r, run_settings *s)
{
    if (r->threads_given)
        s->train.threads = r->threads;
    const char *math = json_string_value(json_object_get(r->facts, "math"));
    const size_t index = math ? name_index(espalier_math_name, math) : SIZE_MAX;
    if (index != SIZE_MAX) /* else the trainer says what is missing */
        s->train.math = espalier_math_name(index);
    s->quiet = s->quiet || r->quiet;
    s->json = s->json || r->json;
    s->folder = r->folder;
}

void resume_close(resume *r)
{
    espalier_checkpoint_destroy(r->checkpoint);
    json_decref(r->facts);
    for (int i = 0; i < r->argc; i++)
        free(r->argv[i]);
    free(r->argv);
    free(r->folder);
    if (r->lock >= 0)
        close(r->lock);
    *r = (resume){.lock = -1};
}
