/* Numbers that a file of a run may hold. What kind of value stands where is the reader's business. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/value.h"

/* The value at "accuracy.test" of an object, or NULL. */
static const json_t *value_at(const json_t *object, const char *key)
{
    char name[64];
    for (;;) {
        const size_t length = strcspn(key, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, key);
        object = json_object_get(object, name);
        if (!key[length])
            return object;
        key += length + 1;
    }
}

static void say(const value_range *r, double found, char *words, size_t size)
{
    char limits[80];
    if (isinf(r->high))
        snprintf(limits, sizeof limits, "%s%g or more", r->whole ? "a whole number, " : "", r->low);
    else if (isinf(r->low))
        snprintf(limits, sizeof limits, "at most %g", r->high);
    else
        snprintf(limits, sizeof limits, "%s%g to %g", r->whole ? "a whole number, " : "", r->low,
                 r->high);
    snprintf(words, size, "%s: expected %s, found %.12g", r->key, limits, found);
}

bool value_in_range(const json_t *object, const value_range *ranges, size_t count, char *words,
                    size_t size)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = value_at(object, ranges[i].key);
        const double found = json_is_number(value) ? json_number_value(value) : NAN;
        if (isnan(found) || (found >= ranges[i].low && found <= ranges[i].high &&
                             (!ranges[i].whole || found == floor(found))))
            continue;
        say(&ranges[i], found, words, size);
        return false;
    }
    return true;
}
