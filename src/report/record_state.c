/* What a record must know to go on in another process: what it has heard, and how far the
 * log was. What stands in the log behind that place was written by a process that ended
 * before its next checkpoint, and is cut off. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "format/state.h"
#include "report/record.h"

/* ---- saving ---------------------------------------------------------------------- */

static json_t *epoch_value(const espalier_epoch *epoch)
{
    state s = state_new();
    state_put_count(&s, "epoch", epoch->epoch);
    state_put_real(&s, "training_accuracy", epoch->training_accuracy);
    state_put_real(&s, "training_loss", epoch->training_loss);
    state_put_real(&s, "validation_accuracy", epoch->validation_accuracy);
    state_put_real(&s, "validation_loss", epoch->validation_loss);
    state_put_real(&s, "learning_rate", epoch->learning_rate);
    state_put_real(&s, "seconds", epoch->seconds);
    return state_value(&s);
}

static json_t *step_value(const espalier_prune_step *step)
{
    state s = state_new();
    state_put_count(&s, "step", step->step);
    state_put_count(&s, "epoch", step->epoch);
    state_put_real(&s, "training_accuracy", step->training_accuracy);
    state_put_count(&s, "requested", step->requested);
    state_put_count(&s, "removed_by_rank", step->removed_by_rank);
    state_put_count(&s, "removed_by_propagation", step->removed_by_propagation);
    state_put_count(&s, "neurons_removed", step->neurons_removed);
    state_put_count(&s, "neurons_guarded", step->neurons_guarded);
    state_put_flag(&s, "forced", step->forced);
    state_put_flag(&s, "last", step->last);
    state_put_real(&s, "sparsity_all", step->sparsity_all);
    state_put_real(&s, "sparsity_prunable", step->sparsity_prunable);
    return state_value(&s);
}

static json_t *list_of_epochs(const record_list *epochs)
{
    const espalier_epoch *items = epochs->items;
    json_t *list = json_array();
    for (size_t i = 0; i < epochs->count; i++)
        if (json_array_append_new(list, epoch_value(&items[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *list_of_steps(const record_list *steps)
{
    const espalier_prune_step *items = steps->items;
    json_t *list = json_array();
    for (size_t i = 0; i < steps->count; i++)
        if (json_array_append_new(list, step_value(&items[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *list_of_texts(const record_list *texts)
{
    char *const *items = texts->items;
    json_t *list = json_array();
    for (size_t i = 0; i < texts->count; i++)
        if (json_array_append_new(list, json_string(items[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* Brings the log to the disk: a checkpoint must not know of more than is there. */
static espalier_status log_place(const espalier_record *record, uint64_t *place,
                                 espalier_error *error)
{
    struct stat facts;
    *place = 0;
    if (!record->log)
        return ESPALIER_OK;
    if (fflush(record->log) != 0 || fsync(fileno(record->log)) != 0 ||
        fstat(fileno(record->log), &facts) != 0)
        return error_set(error, ESPALIER_ERROR_IO, "%s: cannot write the log to disk: %s",
                         record->log_path, strerror(errno));
    *place = (uint64_t)facts.st_size;
    return ESPALIER_OK;
}

static espalier_status save(void *context, char **text, espalier_error *error)
{
    const espalier_record *record = context;
    uint64_t place;
    espalier_status status = log_place(record, &place, error);
    if (status != ESPALIER_OK)
        return status;
    state s = state_new();
    state_put_count(&s, "log_bytes", place);
    state_put(&s, "epochs", list_of_epochs(&record->epochs));
    state_put(&s, "steps", list_of_steps(&record->steps));
    state_put(&s, "notes", list_of_texts(&record->notes));
    state_put(&s, "spectra", list_of_texts(&record->spectra));
    *text = state_text(&s);
    return *text ? ESPALIER_OK : error_memory(error);
}

/* ---- restoring --------------------------------------------------------------------- */

static bool take_epoch(const json_t *value, espalier_epoch *epoch)
{
    state s = state_of(value);
    *epoch = (espalier_epoch){
        .epoch = (size_t)state_count(&s, "epoch", SIZE_MAX),
        .training_accuracy = state_real(&s, "training_accuracy"),
        .training_loss = state_real(&s, "training_loss"),
        .validation_accuracy = state_real(&s, "validation_accuracy"),
        .validation_loss = state_real(&s, "validation_loss"),
        .learning_rate = state_real(&s, "learning_rate"),
        .seconds = state_real(&s, "seconds"),
    };
    return state_end(&s, "record", NULL) == ESPALIER_OK;
}

static bool take_step(const json_t *value, espalier_prune_step *step)
{
    state s = state_of(value);
    *step = (espalier_prune_step){
        .step = (size_t)state_count(&s, "step", SIZE_MAX),
        .epoch = (size_t)state_count(&s, "epoch", SIZE_MAX),
        .training_accuracy = state_real(&s, "training_accuracy"),
        .requested = state_count(&s, "requested", INT64_MAX),
        .removed_by_rank = state_count(&s, "removed_by_rank", INT64_MAX),
        .removed_by_propagation = state_count(&s, "removed_by_propagation", INT64_MAX),
        .neurons_removed = state_count(&s, "neurons_removed", INT64_MAX),
        .neurons_guarded = state_count(&s, "neurons_guarded", INT64_MAX),
        .forced = state_flag(&s, "forced"),
        .last = state_flag(&s, "last"),
        .sparsity_all = state_real(&s, "sparsity_all"),
        .sparsity_prunable = state_real(&s, "sparsity_prunable"),
    };
    return state_end(&s, "record", NULL) == ESPALIER_OK;
}

static espalier_status take_text(espalier_record *record, record_list *list, const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text)
        return ESPALIER_ERROR_FORMAT;
    char *copy = memory_text(record->allocator, text);
    if (copy && record_add(record->allocator, list, &copy, sizeof copy))
        return ESPALIER_OK;
    memory_release(record->allocator, copy);
    return ESPALIER_ERROR_MEMORY;
}

static espalier_status keep(const espalier_allocator *allocator, record_list *list, bool right,
                            const void *item, size_t size_bytes)
{
    return !right                                            ? ESPALIER_ERROR_FORMAT
           : record_add(allocator, list, item, size_bytes) ? ESPALIER_OK
                                                             : ESPALIER_ERROR_MEMORY;
}

/* FORMAT or MEMORY, without a message. */
static espalier_status take_lists(espalier_record *record, const json_t *epochs, const json_t *steps,
                       const json_t *notes, const json_t *spectra)
{
    const espalier_allocator *allocator = record->allocator;
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; i < json_array_size(epochs) && !status; i++) {
        espalier_epoch epoch;
        const bool right = take_epoch(json_array_get(epochs, i), &epoch);
        status = keep(allocator, &record->epochs, right, &epoch, sizeof epoch);
    }
    for (size_t i = 0; i < json_array_size(steps) && !status; i++) {
        espalier_prune_step step;
        const bool right = take_step(json_array_get(steps, i), &step);
        status = keep(allocator, &record->steps, right, &step, sizeof step);
    }
    for (size_t i = 0; i < json_array_size(notes) && !status; i++)
        status = take_text(record, &record->notes, json_array_get(notes, i));
    for (size_t i = 0; i < json_array_size(spectra) && !status; i++)
        status = take_text(record, &record->spectra, json_array_get(spectra, i));
    return status;
}

/* Cuts the log back to where the checkpoint knew it. */
static espalier_status cut_log(const espalier_record *record, uint64_t place, espalier_error *error)
{
    struct stat facts;
    if (!record->log)
        return ESPALIER_OK;
    if (fstat(fileno(record->log), &facts) != 0)
        return error_set(error, ESPALIER_ERROR_IO, "%s: cannot examine the log: %s",
                         record->log_path, strerror(errno));
    if ((uint64_t)facts.st_size < place)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "%s: expected at least the %llu bytes that the checkpoint knows of, found "
                         "%llu", record->log_path, (unsigned long long)place,
                         (unsigned long long)facts.st_size);
    if (ftruncate(fileno(record->log), (off_t)place) != 0)
        return error_set(error, ESPALIER_ERROR_IO, "%s: cannot cut the log: %s", record->log_path,
                         strerror(errno));
    return ESPALIER_OK;
}

static espalier_status restore(void *context, const char *text, espalier_error *error)
{
    espalier_record *record = context;
    state s = state_read(text);
    const uint64_t place = state_count(&s, "log_bytes", INT64_MAX);
    const json_t *epochs = state_list(&s, "epochs", SIZE_MAX);
    const json_t *steps = state_list(&s, "steps", SIZE_MAX);
    const json_t *notes = state_list(&s, "notes", SIZE_MAX);
    const json_t *spectra = state_list(&s, "spectra", SIZE_MAX);
    const espalier_status taken =
        s.wrong ? ESPALIER_OK : take_lists(record, epochs, steps, notes, spectra);
    if (taken == ESPALIER_ERROR_FORMAT)
        s.wrong = "one of its lists";
    const espalier_status status = state_end(&s, "record", error);
    if (taken == ESPALIER_ERROR_MEMORY)
        return error_memory(error);
    return status ? status : cut_log(record, place, error);
}

const espalier_keeper record_keeper = {"record", save, restore};
