/* Reads JSON files: not by jansson's own reader of files, which would wait for ever at a
 * pipe. What they mean is up to the caller. */
#include "base/error.h"
#include "report/text.h"
#include "report/value.h"

/* The record of a run with all of its spectra stays far below. */
enum { BYTES_MOST = 1 << 30 };

espalier_status value_read(const char *path, const espalier_allocator *allocator, json_t **value,
                           espalier_error *error)
{
    text t = {.allocator = allocator};
    json_error_t where;
    *value = NULL;
    espalier_status status = text_read(&t, path, BYTES_MOST, error);
    if (status == ESPALIER_OK) {
        *value = json_loadb(text_content(&t), t.length, JSON_REJECT_DUPLICATES, &where);
        if (!*value)
            status = error_set(error, ESPALIER_ERROR_FORMAT, "%s: line %d: expected JSON: %s", path,
                               where.line, where.text);
    }
    text_clear(&t);
    return status;
}
