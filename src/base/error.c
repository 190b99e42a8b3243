/* Statuses, their texts, and messages; the version. */
#include "base/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

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

/* Whether these last bytes of a text are a character's first ones only. */
static bool is_cut(const char *text)
{
    size_t more = 1;
    while (((unsigned char)text[more] & 0xc0) == 0x80)
        more++;
    return (unsigned char)*text >= 0xc2 && !text[more];
}

/* Names of files and what stands in them may hold anything: a message is one line of
 * UTF-8, and does nothing to the terminal that shows it. */
static void make_printable(char *text, bool cut)
{
    while (*text) {
        uint32_t point;
        size_t bytes = utf8_next(text, &point);
        if (!bytes && cut && is_cut(text)) {
            *text = '\0';
            return;
        }
        const bool plain = bytes && point >= ' ' && (point < 0x7f || point > 0x9f);
        bytes += !bytes;
        if (!plain)
            memset(text, '?', bytes);
        text += bytes;
    }
}

espalier_status error_set(espalier_error *error, espalier_status status, const char *format, ...)
{
    if (error && error->status == ESPALIER_OK) {
        va_list arguments;
        va_start(arguments, format);
        const int length = vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        make_printable(error->message, length >= (int)sizeof error->message);
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
