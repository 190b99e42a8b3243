/* C text: prefixes, arrays, numbers, comments. */
#include "export/c_print.h"

#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

enum { LINE_COLUMNS = 96 };

static char capital(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Puts the name in place of its marks. False if it does not fit. */
static bool expand(const c_out *out, const char *format, char *expanded, size_t size)
{
    size_t at = 0;
    const size_t length = strlen(out->name);
    for (; *format; format++) {
        const bool mark = *format == '$' || *format == '@';
        if (at + (mark ? length : 1) >= size)
            return false;
        if (!mark)
            expanded[at++] = *format;
        for (size_t i = 0; mark && i < length; i++)
            expanded[at++] = *format == '$' ? out->name[i] : capital(out->name[i]);
    }
    expanded[at] = '\0';
    return true;
}

void c_put(c_out *out, const char *format, ...)
{
    char expanded[C_FORMAT_BYTES], text[C_FORMAT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = -1;
    if (expand(out, format, expanded, sizeof expanded))
        length = vsnprintf(text, sizeof text, expanded, arguments);
    va_end(arguments);
    if (length < 0 || length >= (int)sizeof text)
        error_set(out->error, ESPALIER_ERROR_ARGUMENT, "a piece of C text is too long");
    else
        writer_write(out->file, text, (size_t)length, out->error);
}

/* ---- arrays ----------------------------------------------------------- */

void c_array_begin(c_out *out, const char *type, const char *suffix, size_t layer, size_t count)
{
    char number[24] = "";
    if (layer)
        snprintf(number, sizeof number, "%zu", layer);
    c_put(out, "static const %s $_%s%s[%zu] = {", type, suffix, number, count ? count : 1);
    if (!count)
        c_put(out, "\n    0");
    out->column = 0;
}

void c_item_text(c_out *out, const char *text)
{
    const size_t length = strlen(text) + 2;
    if (out->column == 0 || out->column + length > LINE_COLUMNS) {
        c_put(out, "%s\n   ", out->column ? "," : "");
        out->column = 3;
    } else {
        c_put(out, ",");
    }
    c_put(out, " %s", text);
    out->column += length;
}

void c_item_float(c_out *out, float value)
{
    char text[C_FLOAT_BYTES];
    c_item_text(out, c_float(value, text));
}

void c_item_whole(c_out *out, int64_t value)
{
    char text[32];
    if (value == INT32_MIN)
        snprintf(text, sizeof text, "-2147483647 - 1");
    else
        snprintf(text, sizeof text, "%" PRId64, value);
    c_item_text(out, text);
}

void c_array_end(c_out *out)
{
    c_put(out, "\n};\n");
}

/* ---- numbers ---------------------------------------------------------- */

const char *c_float(float value, char text[C_FLOAT_BYTES])
{
    const char *point = localeconv()->decimal_point;
    int digits = 6;
    do /* the fewest that read back */
        snprintf(text, C_FLOAT_BYTES, "%.*g", digits, (double)value);
    while (digits++ < 9 && strtof(text, NULL) != value);
    char *comma = strstr(text, point);
    if (comma) {
        *comma = '.';
        memmove(comma + 1, comma + strlen(point), strlen(comma + strlen(point)) + 1);
    }
    if (!strpbrk(text, ".e"))
        strcat(text, ".0");
    return strcat(text, "f");
}

const char *c_index_type(size_t count)
{
    const size_t bytes = c_index_bytes(count);
    return bytes == 1 ? "uint8_t" : bytes == 2 ? "uint16_t" : "uint32_t";
}

/* ---- comments --------------------------------------------------------- */

/* Controls, separators of lines, and marks that turn the direction of writing. */
static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff ||
           (c >= 0xd800 && c <= 0xdfff);
}

/* Two of these side by side mean something to a compiler. */
static bool must_part(char before, char c)
{
    return (before == '*' && c == '/') || (before == '/' && (c == '*' || c == '/')) ||
           (before == '?' && c == '?');
}

void c_put_text(c_out *out, const char *text)
{
    const char *at = text;
    char before = ' ';
    while (*at) {
        uint32_t point;
        const size_t bytes = utf8_next(at, &point);
        const bool plain = bytes && !is_hidden(point);
        const char c = plain ? *at : '?';
        if (must_part(before, c))
            writer_write(out->file, " ", 1, out->error);
        if (plain)
            writer_write(out->file, at, bytes, out->error);
        else
            writer_write(out->file, "?", 1, out->error);
        before = c;
        at += bytes ? bytes : 1;
    }
}
