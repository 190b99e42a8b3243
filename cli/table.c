/* Numbers and tables for people. */
#include "table.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "memory.h"

const char *digits(char text[DIGITS_BYTES], uint64_t number)
{
    char plain[DIGITS_BYTES];
    size_t count = (size_t)snprintf(plain, sizeof plain, "%llu", (unsigned long long)number);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = plain[i];
    }
    text[at] = '\0';
    return text;
}

const char *clock_time(char text[TIME_BYTES], double seconds)
{
    /* 10^7 hours are far beyond any run and fit the text. */
    double most = 3.6e10;
    uint64_t s = seconds > 0 ? (uint64_t)(fmin(seconds, most) + 0.5) : 0;
    unsigned hours = (unsigned)(s / 3600), minutes = (unsigned)(s / 60 % 60);
    if (seconds < 60)
        snprintf(text, TIME_BYTES, "%.1f s", seconds > 0 ? seconds : 0.0);
    else if (hours)
        snprintf(text, TIME_BYTES, "%u:%02u:%02u", hours, minutes, (unsigned)(s % 60));
    else
        snprintf(text, TIME_BYTES, "%u:%02u", minutes, (unsigned)(s % 60));
    return text;
}

static const char *hidden(char text[WIDTHS_BYTES], const espalier_network *network, bool live)
{
    size_t at = 0, layers = espalier_network_layer_count(network);
    snprintf(text, WIDTHS_BYTES, "none");
    for (size_t l = 0; l + 1 < layers && at < WIDTHS_BYTES; l++) {
        size_t count = live ? espalier_network_live(network, l, NULL)
                            : espalier_network_original_width(network, l + 1);
        at += (size_t)snprintf(text + at, WIDTHS_BYTES - at, "%s%zu", l ? "-" : "", count);
    }
    return text;
}

const char *live_neurons(char text[WIDTHS_BYTES], const espalier_network *network)
{
    return hidden(text, network, true);
}

const char *hidden_widths(char text[WIDTHS_BYTES], const espalier_network *network)
{
    return hidden(text, network, false);
}

enum { CELL_BYTES = 160 };

struct table {
    size_t columns, cells, room;
    uint32_t left; /* a bit for each column */
    char (*texts)[CELL_BYTES]; /* row by row */
};

table *table_create(size_t columns)
{
    table *t = memory_take(sizeof *t);
    t->columns = columns;
    t->left = 1;
    return t;
}

void table_left(table *t, size_t column)
{
    if (column < 32)
        t->left |= UINT32_C(1) << column;
}

void table_destroy(table *t)
{
    if (t)
        free(t->texts);
    free(t);
}

/* No control characters, and no part of a character where a cell was cut short. */
static void tidy(char *text)
{
    size_t end = strlen(printable(text)), start = end;
    if (end + 1 < CELL_BYTES)
        return;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0)
        text[start - 1] = '\0';
}

void table_cell(table *t, const char *format, ...)
{
    if (t->cells == t->room) {
        size_t room = t->room ? 2 * t->room : 64;
        t->texts = memory_more(t->texts, room * sizeof *t->texts);
        t->room = room;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(t->texts[t->cells], CELL_BYTES, format, arguments);
    va_end(arguments);
    tidy(t->texts[t->cells++]);
}

/* Columns on a terminal: characters of UTF-8, not bytes. */
static size_t width(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static size_t column_width(const table *t, size_t column)
{
    size_t widest = 0;
    for (size_t i = column; i < t->cells; i += t->columns) {
        size_t one = width(t->texts[i]);
        widest = one > widest ? one : widest;
    }
    return widest;
}

void table_print(const table *t, size_t indent)
{
    size_t *widths = memory_take(t->columns * sizeof *widths);
    for (size_t c = 0; c < t->columns; c++)
        widths[c] = column_width(t, c);
    for (size_t i = 0; i < t->cells; i++) {
        size_t column = i % t->columns;
        int pad = (int)(widths[column] - width(t->texts[i]));
        bool last = column + 1 == t->columns, left = column < 32 && t->left >> column & 1;
        int before = (column ? 2 : (int)indent) + (left ? 0 : pad), after = left && !last ? pad : 0;
        if (column == 0 || !last || *t->texts[i]) /* no spaces at the end of a line */
            printf("%*s%s%*s", before, "", t->texts[i], after, "");
        if (last)
            putchar('\n');
    }
    free(widths);
}
