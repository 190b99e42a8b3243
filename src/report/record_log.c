/* The log of a run: one JSON object to a line, there as soon as it happened. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/record.h"
#include "report/value.h"

json_t *record_event(const char *name, json_t *fields)
{
    json_t *event = json_object();
    const bool complete = value_put(event, "event", value_text(name)) && fields &&
                          json_object_update(event, fields) == 0;
    json_decref(fields);
    return value_complete(event, complete);
}

static espalier_status write_line(espalier_record *record, const json_t *event,
                                  espalier_error *error)
{
    char *text = value_dump(event, record->allocator);
    if (!text)
        return error_memory(error);
    errno = 0;
    const bool written = fputs(text, record->log) != EOF && fputc('\n', record->log) != EOF &&
                         fflush(record->log) == 0;
    const int code = errno;
    memory_release(record->allocator, text);
    return written ? ESPALIER_OK
                   : error_set(error, ESPALIER_ERROR_IO, "%s: cannot append to the log: %s",
                               record->log_path, code ? strerror(code) : "writing failed");
}

espalier_status record_write(espalier_record *record, json_t *event, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    if (!event)
        return error_memory(error);
    if (record->log)
        status = write_line(record, event, error);
    json_decref(event);
    return status;
}
