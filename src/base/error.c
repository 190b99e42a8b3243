/* Statuses, their texts, and messages; the version. */
#include "base/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

const char *espalier_status_text(espalier_status status)
{
    static const char *const texts[] = {
#define TEXT(name, text) text,
        ESPALIER_STATUS_LIST(TEXT)
#undef TEXT
    };
    size_t index = (size_t)status;
    return index < sizeof texts / sizeof *texts ? texts[index] : "unknown status";
}

const char *espalier_version(void)
{
    return ESPALIER_VERSION;
}

/* Names of files and what stands in them may hold anything: a message is one
 * line, and does nothing to the terminal that shows it. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

espalier_status error_set(espalier_error *error, espalier_status status, const char *format, ...)
{
    if (error && error->status == ESPALIER_OK) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        make_printable(error->message);
        error->status = status;
    }
    return status;
}

espalier_status error_range(espalier_error *error, const char *field, uint64_t found,
                            uint64_t least, uint64_t most)
{
    if (found >= least && found <= most)
        return ESPALIER_OK;
    if (most == UINT64_MAX)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "%s: expected at least %" PRIu64 ", found %" PRIu64, field, least, found);
    return error_set(error, ESPALIER_ERROR_ARGUMENT,
                     "%s: expected %" PRIu64 " to %" PRIu64 ", found %" PRIu64, field, least, most,
                     found);
}

espalier_status error_memory(espalier_error *error)
{
    return error_set(error, ESPALIER_ERROR_MEMORY, "out of memory");
}
