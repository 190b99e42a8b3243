/* Texts and copies of JSON values. Every step is looked at: jansson's printing may fail half-way,
 * and its copying does not tell. */
#include "format/json_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

char *json_text_of(const json_t *value, size_t flags, const espalier_allocator *allocator)
{
    const size_t bytes = value ? json_dumpb(value, NULL, 0, flags) : 0;
    char *text = bytes ? memory_array(allocator, bytes + 1, 1) : NULL;
    if (text && json_dumpb(value, text, bytes, flags) != bytes) {
        memory_release(allocator, text);
        return NULL;
    }
    return text;
}

static json_t *copy_real(const json_t *value, int digits)
{
    char text[64]; /* in the language that reads it again */
    snprintf(text, sizeof text, "%.*g", digits, json_real_value(value));
    return json_real(strtod(text, NULL));
}

/* The object or array if all went in, else NULL. */
static json_t *whole(json_t *made, bool complete)
{
    if (complete)
        return made;
    json_decref(made);
    return NULL;
}

static json_t *copy_object(const json_t *value, int digits)
{
    const char *key;
    json_t *item, *made = json_object();
    bool ok = made;
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
        ok = ok && json_object_set_new(made, key, json_copy_of(item, digits)) == 0;
    return whole(made, ok);
}

static json_t *copy_array(const json_t *value, int digits)
{
    size_t index;
    json_t *item, *made = json_array();
    bool ok = made;
    json_array_foreach((json_t *)(uintptr_t)value, index, item)
        ok = ok && json_array_append_new(made, json_copy_of(item, digits)) == 0;
    return whole(made, ok);
}

json_t *json_copy_of(const json_t *value, int digits)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return copy_object(value, digits);
    case JSON_ARRAY:
        return copy_array(value, digits);
    case JSON_REAL:
        return copy_real(value, digits);
    default:
        return json_deep_copy(value); /* a single value */
    }
}
