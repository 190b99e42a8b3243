/* Listens to a run, remembers what happened and appends it to the log, one JSON
 * object to a line. What the run came to is told by result.c. */
#include "report/record.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/value.h"

enum { FIRST_CAPACITY = 16 };

/* Adds one item of size_bytes; the list grows by doubling. */
static bool add(const espalier_allocator *allocator, record_list *list, const void *item,
                size_t size_bytes)
{
    if (list->count == list->capacity) {
        size_t capacity = FIRST_CAPACITY;
        if (list->capacity && !size_multiply(list->capacity, 2, &capacity))
            return false;
        void *items = memory_array(allocator, capacity, size_bytes);
        if (!items)
            return false;
        if (list->count)
            memcpy(items, list->items, list->count * size_bytes);
        memory_release(allocator, list->items);
        list->items = items;
        list->capacity = capacity;
    }
    memcpy((char *)list->items + list->count++ * size_bytes, item, size_bytes);
    return true;
}

/* ---- the log ----------------------------------------------------------- */

static espalier_status write_line(espalier_record *record, const json_t *object,
                                  espalier_error *error)
{
    const size_t flags = VALUE_FORMAT | JSON_COMPACT;
    errno = 0;
    if (json_dumpf(object, record->log, flags) == 0 && fputc('\n', record->log) != EOF &&
        fflush(record->log) == 0)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_IO, "%s: cannot append to the log: %s",
                     record->log_path, errno ? strerror(errno) : "writing failed");
}

/* {"event": name, …the fields of `fields`}. Takes over the reference; NULL = no memory. */
static espalier_status log_event(espalier_record *record, const char *name, json_t *fields,
                                 espalier_error *error)
{
    json_t *line = json_object();
    const bool complete = value_put(line, "event", value_text(name)) && fields &&
                          json_object_update(line, fields) == 0;
    espalier_status status = complete ? write_line(record, line, error) : error_memory(error);
    json_decref(fields);
    json_decref(line);
    return status;
}

static json_t *begin_fields(const espalier_event *event)
{
    json_t *object = json_object();
    bool ok = value_put(object, "epochs", value_count(event->epochs));
    ok = value_put(object, "version", value_text(espalier_version())) && ok;
    return value_complete(object, ok);
}

static json_t *one_field(const char *key, json_t *value)
{
    json_t *object = json_object();
    return value_complete(object, value_put(object, key, value));
}

/* ---- listening ---------------------------------------------------------- */

static espalier_status keep_epoch(espalier_record *record, const espalier_epoch *epoch,
                                  espalier_error *error)
{
    if (!add(record->allocator, &record->epochs, epoch, sizeof *epoch))
        return error_memory(error);
    return record->log ? log_event(record, "epoch", value_epoch(epoch), error) : ESPALIER_OK;
}

static espalier_status keep_step(espalier_record *record, const espalier_prune_step *step,
                                 espalier_error *error)
{
    if (!add(record->allocator, &record->steps, step, sizeof *step))
        return error_memory(error);
    return record->log ? log_event(record, "prune", value_step(step), error) : ESPALIER_OK;
}

static espalier_status keep_note(espalier_record *record, const espalier_event *event,
                                 espalier_error *error)
{
    char *note = memory_text(record->allocator, event->note);
    if (!note || !add(record->allocator, &record->notes, &note, sizeof note)) {
        memory_release(record->allocator, note);
        return error_memory(error);
    }
    if (!record->log)
        return ESPALIER_OK;
    json_t *fields = one_field("note", value_text(note));
    const bool complete = fields && value_put(fields, "epoch", value_count(event->epoch));
    return log_event(record, "note", value_complete(fields, complete), error);
}

static espalier_status notify(void *context, espalier_trainer *trainer, const espalier_event *event,
                              espalier_error *error)
{
    espalier_record *record = context;
    (void)trainer;
    switch (event->kind) {
    case ESPALIER_EVENT_BEGIN:
        return record->log ? log_event(record, "begin", begin_fields(event), error) : ESPALIER_OK;
    case ESPALIER_EVENT_EPOCH:
        return keep_epoch(record, event->result, error);
    case ESPALIER_EVENT_PRUNE:
        return keep_step(record, event->step, error);
    case ESPALIER_EVENT_NOTE:
        return keep_note(record, event, error);
    case ESPALIER_EVENT_END:
        return record->log ? log_event(record, "end",
                                       one_field("epoch", value_count(event->epoch)), error)
                           : ESPALIER_OK;
    case ESPALIER_EVENT_EPOCH_BEGIN:
    case ESPALIER_EVENT_BATCH:
    case ESPALIER_EVENT_PRUNE_BEGIN:
        break;
    }
    return ESPALIER_OK;
}

espalier_observer espalier_record_observer(espalier_record *record)
{
    return (espalier_observer){.context = record, .notify = notify, .batches = false};
}

espalier_status espalier_record_add_step(espalier_record *record, const espalier_prune_step *step)
{
    return keep_step(record, step, NULL);
}

/* ---- its life ----------------------------------------------------------- */

espalier_status espalier_record_create(const char *log_path, const espalier_allocator *allocator,
                                       espalier_record **record, espalier_error *error)
{
    espalier_record *made = memory_array(allocator, 1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->allocator = allocator;
    if (log_path) {
        made->log_path = memory_text(allocator, log_path);
        if (!made->log_path) {
            espalier_record_destroy(made);
            return error_memory(error);
        }
        made->log = fopen(log_path, "a");
        if (!made->log) {
            error_set(error, ESPALIER_ERROR_IO, "%s: cannot open the log: %s", log_path,
                      strerror(errno));
            espalier_record_destroy(made);
            return ESPALIER_ERROR_IO;
        }
    }
    *record = made;
    return ESPALIER_OK;
}

void espalier_record_destroy(espalier_record *record)
{
    if (!record)
        return;
    const espalier_allocator *allocator = record->allocator;
    char **notes = record->notes.items;
    for (size_t i = 0; i < record->notes.count; i++)
        memory_release(allocator, notes[i]);
    memory_release(allocator, record->notes.items);
    memory_release(allocator, record->steps.items);
    memory_release(allocator, record->epochs.items);
    memory_release(allocator, record->log_path);
    if (record->log)
        fclose(record->log);
    memory_release(allocator, record);
}
