/* Strict readers of option values, and the nearest name to a misspelt one. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIDTHS_MOST = 64 };
#define WIDTH_MOST 16777216 /* 2^24, as espalier_network_create() says */

/* Widths of hidden layers; or `like`: those of the live neurons of this model file. */
typedef struct width_list {
    size_t count;
    size_t widths[WIDTHS_MOST];
    const char *like; /* part of the text that was read */
} width_list;

/* Rows first … end - 1; end SIZE_MAX = to the last one. */
typedef struct row_range {
    size_t first, end;
} row_range;

/* All return false, and leave *value alone, unless the whole text is a value:
 * no spaces, no signs on counts, no hexadecimal, no NaN, no infinity. */
bool parse_count(const char *text, uint64_t *value);
bool parse_real(const char *text, double *value);
bool parse_fraction(const char *text, double *value); /* "0.9" or "90%" */
bool parse_widths(const char *text, width_list *value); /* "300,200,100,50", "like:FILE" */
bool parse_rows(const char *text, row_range *value);    /* "N", "A:B", "A:" */

/* A table of names: the index-th one, NULL past the end. */
typedef const char *name_table(size_t index);

/* The index of a name, or SIZE_MAX. */
size_t name_index(name_table *names, const char *text);

/* What somebody who wrote `text` may have meant: of the names offered the nearest that is near,
 * else NULL. */
typedef struct suggestion {
    const char *text, *name;
    size_t distance;
} suggestion;
void suggestion_offer(suggestion *s, const char *name);
/* The same of a table. */
const char *name_nearest(name_table *names, const char *text);

#endif
