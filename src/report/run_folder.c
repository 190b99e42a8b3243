/* Reads a run's folder: JSON, the log line by line, networks. What it means is left to
 * the figures (run_*.c). */
#include "report/run_folder.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/stream.h"
#include "report/text.h"
#include "report/value.h"

/* A log of 10,000 epochs with the spectra of a hundred steps stays far below. */
enum { BYTES_MOST = 1 << 30 };

/* ---- looking into JSON ------------------------------------------------------ */

double json_number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *json_text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

size_t json_size_at(const json_t *object, const char *key)
{
    const json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (size_t)value : 0;
}

size_t json_as_size(double number)
{
    return number >= 1 ? (size_t)fmin(number, 0x1p53) : 0;
}

size_t json_list_size(const json_t *object, const char *key)
{
    return json_array_size(json_object_get(object, key));
}

double json_list_number(const json_t *object, const char *key, size_t index)
{
    const json_t *value = json_array_get(json_object_get(object, key), index);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

run_counted run_folder_counted(const run_folder *f)
{
    const char *mode = json_text_at(json_object_get(f->config, "options"), "count");
    return !mode                               ? COUNTED_ACTIVE
           : strcmp(mode, "sample-sum") == 0   ? COUNTED_SUMS
           : strcmp(mode, "sample-zeros") == 0 ? COUNTED_ZEROS
                                               : COUNTED_ACTIVE;
}

bool run_step_within(const json_t *step)
{
    return json_size_at(step, "epoch") > 0 &&
           json_is_null(json_object_get(step, "training_accuracy"));
}

/* ---- what numbers may be ---------------------------------------------------------- */

static const value_range event_ranges[] = {
    {"epoch", 0, INFINITY, true},
    {"step", 0, INFINITY, true},
    {"training_accuracy", 0, 1, false},
    {"validation_accuracy", 0, 1, false},
    {"training_loss", 0, INFINITY, false},
    {"validation_loss", 0, INFINITY, false},
    {"sparsity", 0, 1, false},
    {"sparsity_prunable", 0, 1, false},
    {"requested", 0, INFINITY, true},
    {"removed_by_rank", 0, INFINITY, true},
    {"removed_by_propagation", 0, INFINITY, true},
    {"neurons_removed", 0, INFINITY, true},
    {"neurons_guarded", 0, INFINITY, true},
    {"inputs_counted", 0, INFINITY, true},
};

/* Of evaluation.json and result.json. */
#define EVALUATED(when, split)                                                                      \
    {when "." split ".accuracy", 0, 1, false}, {when "." split ".loss", 0, INFINITY, false},        \
    {when "." split ".rows", 0, INFINITY, true}
static const value_range object_ranges[] = {
    EVALUATED("before", "train"), EVALUATED("before", "validation"), EVALUATED("before", "test"),
    EVALUATED("after", "train"), EVALUATED("after", "validation"), EVALUATED("after", "test"),
    {"epochs", 0, INFINITY, true},
    {"target", 0, 1, false},
    {"sparsity.all", 0, 1, false},
    {"sparsity.prunable", 0, 1, false},
    {"accuracy.train", 0, 1, false},
    {"accuracy.validation", 0, 1, false},
    {"accuracy.test", 0, 1, false},
    {"seconds.total", 0, INFINITY, false},
};
#undef EVALUATED

/* ---- the log ------------------------------------------------------------------ */

/* Where events of a kind are kept; NULL for those that no figure needs. */
static json_t *list_of(const run_folder *f, const char *event)
{
    const struct {
        const char *event;
        json_t *list;
    } lists[] = {{"epoch", f->epochs},
                 {"prune", f->steps},
                 {"counts", f->counts},
                 {"spectrum", f->spectra},
                 {"note", f->notes}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (strcmp(lists[i].event, event) == 0)
            return lists[i].list;
    return NULL;
}

static espalier_status keep_line(run_folder *f, const char *path, size_t number, const char *line,
                                 size_t length, espalier_error *error)
{
    json_error_t what;
    json_t *object = json_loadb(line, length, 0, &what);
    const char *event = json_text_at(object, "event");
    const size_t ranges = sizeof event_ranges / sizeof *event_ranges;
    char words[160];
    espalier_status status = ESPALIER_OK;
    if (!object)
        status = error_set(error, ESPALIER_ERROR_FORMAT, "%s: line %zu: expected a JSON object: %s",
                           path, number, what.text);
    else if (!event)
        status = error_set(error, ESPALIER_ERROR_FORMAT,
                           "%s: line %zu: expected an object with the key 'event'", path, number);
    else if (list_of(f, event) && !value_in_range(object, event_ranges, ranges, words, sizeof words))
        status = error_set(error, ESPALIER_ERROR_FORMAT, "%s: line %zu: %s", path, number, words);
    else if (list_of(f, event) && json_array_append(list_of(f, event), object) != 0)
        status = error_memory(error);
    json_decref(object);
    return status;
}

static espalier_status read_lines(run_folder *f, const char *path, const text *log,
                                  espalier_error *error)
{
    const char *at = text_content(log), *end = at + log->length;
    for (size_t number = 1; at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) {
            f->cut = true;
            return ESPALIER_OK;
        }
        espalier_status status = keep_line(f, path, number, at, (size_t)(stop - at), error);
        if (status)
            return status;
        at = stop + 1;
    }
    return ESPALIER_OK;
}

static espalier_status read_log(run_folder *f, const char *path, espalier_error *error)
{
    text log = {.allocator = f->allocator};
    espalier_status status = text_read(&log, path, BYTES_MOST, error);
    if (status == ESPALIER_OK)
        status = read_lines(f, path, &log, error);
    text_clear(&log);
    return status;
}

/* ---- the other files ------------------------------------------------------------ */

static espalier_status read_object(const char *path, const text *t, json_t **object,
                                   espalier_error *error)
{
    const size_t ranges = sizeof object_ranges / sizeof *object_ranges;
    char words[160];
    json_error_t what;
    json_t *value = json_loadb(text_content(t), t->length, 0, &what);
    if (json_is_object(value) && value_in_range(value, object_ranges, ranges, words, sizeof words)) {
        *object = value;
        return ESPALIER_OK;
    }
    const bool known = json_is_object(value);
    json_decref(value);
    if (known)
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: %s", path, words);
    return error_set(error, ESPALIER_ERROR_FORMAT, "%s: line %d: expected a JSON object%s%s", path,
                     value ? 1 : what.line, value ? "" : ": ", value ? "" : what.text);
}

static espalier_status read_json(const run_folder *f, const char *path, json_t **object,
                                 espalier_error *error)
{
    text t = {.allocator = f->allocator};
    espalier_status status = text_read(&t, path, BYTES_MOST, error);
    if (status == ESPALIER_OK)
        status = read_object(path, &t, object, error);
    text_clear(&t);
    return status;
}

/* Reads FOLDER/name into the one of the two that is not NULL. A file that is not there
 * leaves it NULL and is no error. */
static espalier_status read_part(const run_folder *f, const char *folder, const char *name,
                                 json_t **object, espalier_network **network, espalier_error *error)
{
    espalier_error failure = {0};
    char *path = stream_join(f->allocator, folder, name);
    if (!path)
        return error_memory(error);
    espalier_status status = object ? read_json(f, path, object, &failure)
                                    : espalier_network_read(path, f->allocator, network, &failure);
    memory_release(f->allocator, path);
    if (status == ESPALIER_OK || status == ESPALIER_ERROR_NOT_FOUND)
        return ESPALIER_OK;
    return error_set(error, status, "%s", failure.message);
}

static espalier_status read_parts(run_folder *f, const char *folder, espalier_error *error)
{
    char *path = stream_join(f->allocator, folder, "log.jsonl");
    espalier_status status = path ? read_log(f, path, error) : error_memory(error);
    memory_release(f->allocator, path);
    if (status == ESPALIER_OK)
        status = read_part(f, folder, "config.json", &f->config, NULL, error);
    if (status == ESPALIER_OK)
        status = read_part(f, folder, "result.json", &f->result, NULL, error);
    if (status == ESPALIER_OK)
        status = read_part(f, folder, "evaluation.json", &f->evaluation, NULL, error);
    if (status == ESPALIER_OK)
        status = read_part(f, folder, "before.safetensors", NULL, &f->before, error);
    if (status == ESPALIER_OK)
        status = read_part(f, folder, "model.safetensors", NULL, &f->model, error);
    return status;
}

espalier_status run_folder_read(const char *folder, const espalier_allocator *allocator,
                                run_folder *f, espalier_error *error)
{
    *f = (run_folder){.allocator = allocator,
                      .epochs = json_array(),
                      .steps = json_array(),
                      .counts = json_array(),
                      .spectra = json_array(),
                      .notes = json_array()};
    const bool complete = f->epochs && f->steps && f->counts && f->spectra && f->notes;
    espalier_status status = complete ? read_parts(f, folder, error) : error_memory(error);
    if (status)
        run_folder_clear(f);
    return status;
}

void run_folder_clear(run_folder *f)
{
    json_t *values[] = {f->config, f->result, f->evaluation, f->epochs,
                        f->steps,  f->counts, f->spectra,    f->notes};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        json_decref(values[i]);
    espalier_network_destroy(f->before);
    espalier_network_destroy(f->model);
    *f = (run_folder){.allocator = f->allocator};
}
