/* Strict readers of option values. Ranges and messages are options.c's business. */
#include "values.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool parse_count(const char *text, uint64_t *value)
{
    size_t length = strlen(text);
    if (length == 0 || strspn(text, "0123456789") != length)
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, NULL, 10);
    if (errno || number > UINT64_MAX)
        return false;
    *value = number;
    return true;
}

bool parse_real(const char *text, double *value)
{
    size_t length = strlen(text);
    if (length == 0 || *text == '+' || strspn(text, "0123456789.eE+-") != length)
        return false;
    char *end = NULL;
    double number = strtod(text, &end);
    if (*end || !isfinite(number))
        return false;
    *value = number + 0.0; /* no -0 */
    return true;
}

bool parse_fraction(const char *text, double *value)
{
    char number[64];
    size_t length = strlen(text);
    if (length >= sizeof number)
        return false;
    memcpy(number, text, length + 1);
    bool percent = length > 0 && number[length - 1] == '%';
    if (percent)
        number[length - 1] = '\0';
    if (!parse_real(number, value))
        return false;
    if (percent)
        *value /= 100.0;
    return true;
}

bool parse_widths(const char *text, width_list *value)
{
    static const char like[] = "like:";
    width_list list = {0};
    char number[32];
    if (strncmp(text, like, sizeof like - 1) == 0) {
        list.like = text + sizeof like - 1;
        *value = list;
        return *list.like;
    }
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        uint64_t width;
        if (length >= sizeof number || list.count == WIDTHS_MOST)
            return false;
        memcpy(number, at, length);
        number[length] = '\0';
        if (!parse_count(number, &width) || width < 1 || width > WIDTH_MOST)
            return false;
        list.widths[list.count++] = (size_t)width;
        at += length;
        if (!*at)
            break;
    }
    *value = list;
    return true;
}

bool parse_rows(const char *text, row_range *value)
{
    char first[32] = "0";
    const char *colon = strchr(text, ':');
    const char *end = text;
    if (colon) {
        size_t length = (size_t)(colon - text);
        if (length >= sizeof first)
            return false;
        memcpy(first, text, length);
        first[length] = '\0';
        end = colon + 1;
    }
    uint64_t from, to = SIZE_MAX;
    const bool open = colon && !*end; /* to the last row */
    if (!parse_count(first, &from) || (!open && (!parse_count(end, &to) || to == SIZE_MAX)) || from >= to)
        return false;
    *value = (row_range){(size_t)from, (size_t)to};
    return true;
}

size_t name_index(name_table *names, const char *text)
{
    for (size_t i = 0; names(i); i++) {
        if (strcmp(names(i), text) == 0)
            return i;
    }
    return SIZE_MAX;
}

enum { WORD_MOST = 40 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Changes between two words: insertions, deletions, replacements and swaps of
 * neighbours (Damerau 1964, restricted form). */
static size_t word_distance(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b);
    if (m > WORD_MOST || n > WORD_MOST)
        return SIZE_MAX;
    size_t d[WORD_MOST + 1][WORD_MOST + 1];
    for (size_t i = 0; i <= m; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= n; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        for (size_t j = 1; j <= n; j++) {
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
                            d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[m][n];
}

/* How far a name is from what was written: that which begins with it is the nearest, and that
 * which it begins with the next; else one change for each three letters is near enough. */
static size_t distance_to(const char *text, const char *name)
{
    const size_t length = strlen(text), most = length / 3;
    if (length > 2 && strncmp(name, text, length) == 0)
        return 0;
    if (strlen(name) > 3 && strncmp(name, text, strlen(name)) == 0)
        return 1;
    const size_t distance = word_distance(text, name);
    return distance <= (most ? most : 1) ? distance : SIZE_MAX;
}

void suggestion_offer(suggestion *s, const char *name)
{
    const size_t distance = distance_to(s->text, name);
    const bool nearer = !s->name || distance < s->distance;
    if (distance != SIZE_MAX && (nearer || (distance == s->distance && strlen(name) < strlen(s->name))))
        *s = (suggestion){s->text, name, distance};
}

const char *name_nearest(name_table *names, const char *text)
{
    suggestion s = {.text = text};
    for (size_t i = 0; names(i); i++)
        suggestion_offer(&s, names(i));
    return s.name;
}
