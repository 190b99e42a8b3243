/* A record's life, and what it does with each event: remembers what happened and
 * appends it to the log. What the run came to is told by result.c. */
#include "report/record.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/value.h"

enum { FIRST_CAPACITY = 16 };

bool record_add(const espalier_allocator *allocator, record_list *list, const void *item,
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

/* ---- listening ---------------------------------------------------------- */

static json_t *begin_fields(const espalier_event *event)
{
    json_t *object = json_object();
    bool ok = value_put(object, "epochs", value_count(event->epochs));
    ok = value_put(object, "version", value_text(espalier_version())) && ok;
    return value_complete(object, ok);
}

static espalier_status keep_epoch(espalier_record *record, const espalier_epoch *epoch,
                                  espalier_error *error)
{
    if (!record_add(record->allocator, &record->epochs, epoch, sizeof *epoch))
        return error_memory(error);
    return record_write(record, record_event("epoch", value_epoch(epoch)), error);
}

static json_t *note_fields(const char *note, size_t epoch)
{
    json_t *object = json_object();
    bool ok = value_put(object, "note", value_text(note));
    ok = value_put(object, "epoch", value_count(epoch)) && ok;
    return value_complete(object, ok);
}

espalier_status record_note(espalier_record *record, const char *text, size_t epoch,
                            espalier_error *error)
{
    char *note = memory_text(record->allocator, text);
    if (!note || !record_add(record->allocator, &record->notes, &note, sizeof note)) {
        memory_release(record->allocator, note);
        return error_memory(error);
    }
    return record_write(record, record_event("note", note_fields(text, epoch)), error);
}

static espalier_status begin(espalier_record *record, const espalier_network *network,
                             const espalier_event *event, espalier_error *error)
{
    espalier_status status =
        record_write(record, record_event("begin", begin_fields(event)), error);
    if (status != ESPALIER_OK)
        return status;
    return record_spectra_take(record, network, "begin", SIZE_MAX, event->epoch, error);
}

static json_t *end_fields(const espalier_event *event)
{
    json_t *object = json_object();
    return value_complete(object, value_put(object, "epoch", value_count(event->epoch)));
}

/* "end" is the last line of a log. */
static espalier_status end(espalier_record *record, const espalier_network *network,
                           const espalier_event *event, espalier_error *error)
{
    espalier_status status =
        record_spectra_take(record, network, "end", SIZE_MAX, event->epoch, error);
    if (status != ESPALIER_OK)
        return status;
    return record_write(record, record_event("end", end_fields(event)), error);
}

/* Only asked for where it is looked at: it may cost the trainer a copy. */
static const espalier_network *network_of(const espalier_record *record, espalier_trainer *trainer)
{
    return record->log || record->spectra_wanted ? espalier_trainer_network(trainer) : NULL;
}

static espalier_status notify(void *context, espalier_trainer *trainer, const espalier_event *event,
                              espalier_error *error)
{
    espalier_record *record = context;
    switch (event->kind) {
    case ESPALIER_EVENT_BEGIN:
        return begin(record, network_of(record, trainer), event, error);
    case ESPALIER_EVENT_EPOCH:
        return keep_epoch(record, event->result, error);
    case ESPALIER_EVENT_PRUNE_BEGIN:
        return record_step_begin(record, network_of(record, trainer), event->epoch, error);
    case ESPALIER_EVENT_PRUNE:
        return record_step_end(record, network_of(record, trainer), event->step, error);
    case ESPALIER_EVENT_NOTE:
        return record_note(record, event->note, event->epoch, error);
    case ESPALIER_EVENT_END:
        return end(record, network_of(record, trainer), event, error);
    case ESPALIER_EVENT_EPOCH_BEGIN:
    case ESPALIER_EVENT_BATCH:
        break;
    }
    return ESPALIER_OK;
}

espalier_observer espalier_record_observer(espalier_record *record)
{
    return (espalier_observer){.context = record, .notify = notify, .keeper = &record_keeper};
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

static void release_texts(const espalier_allocator *allocator, record_list *list)
{
    char **texts = list->items;
    for (size_t i = 0; i < list->count; i++)
        memory_release(allocator, texts[i]);
    memory_release(allocator, list->items);
}

void espalier_record_destroy(espalier_record *record)
{
    if (!record)
        return;
    const espalier_allocator *allocator = record->allocator;
    release_texts(allocator, &record->spectra);
    release_texts(allocator, &record->notes);
    memory_release(allocator, record->steps.items);
    memory_release(allocator, record->epochs.items);
    memory_release(allocator, record->log_path);
    json_decref(record->before);
    if (record->log)
        fclose(record->log);
    memory_release(allocator, record);
}
