/* The columns of a table in memory. */
#include "data/columns.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

void columns_place(columns *c)
{
    c->inputs = 0;
    for (size_t i = 0; i < c->count; i++) {
        column *one = &c->items[i];
        one->first = c->inputs;
        c->inputs += one->kind == COLUMN_CATEGORY ? one->values.count : 1;
    }
}

espalier_status columns_choose_missing(columns *c, espalier_missing asked, espalier_error *error)
{
    const bool known = c->missing == ESPALIER_MISSING_MEAN || c->missing == ESPALIER_MISSING_MEDIAN;
    if (asked == ESPALIER_MISSING_AUTO || asked == c->missing)
        return ESPALIER_OK;
    if (asked == ESPALIER_MISSING_MEAN || asked == ESPALIER_MISSING_MEDIAN)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "missing: expected %s%serror or drop, found %s: the network was trained "
                         "without it and does not know what to fill in",
                         known ? espalier_missing_name(c->missing) : "", known ? ", " : "",
                         espalier_missing_name(asked));
    c->missing = asked;
    for (size_t i = 0; i < c->count; i++)
        c->items[i].filled = false;
    return ESPALIER_OK;
}

char *columns_input_name(const column *one, size_t value, const espalier_allocator *allocator)
{
    if (one->kind == COLUMN_NUMBER)
        return memory_text(allocator, one->name);
    const char *category = one->values.texts[value];
    const size_t length = strlen(one->name), tail = strlen(category);
    char *text = memory_array(allocator, length + tail + 2, 1);
    if (!text)
        return NULL;
    memcpy(text, one->name, length);
    text[length] = '=';
    memcpy(text + length + 1, category, tail);
    return text;
}

void columns_clear(columns *c)
{
    for (size_t i = 0; i < c->count; i++) {
        memory_release(c->allocator, c->items[i].name);
        dictionary_clear(&c->items[i].values);
    }
    memory_release(c->allocator, c->items);
    memory_release(c->allocator, c->label_name);
    *c = (columns){.allocator = c->allocator};
}
