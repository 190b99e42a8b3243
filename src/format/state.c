/* Small states as JSON. */
#include "format/state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ------------------------------------------------------------- */

json_t *state_real_value(double value)
{
    if (isfinite(value))
        return json_real(value);
    return json_string(isnan(value) ? "nan" : value > 0.0 ? "inf" : "-inf");
}

bool state_take_real(const json_t *value, double *number)
{
    const char *text = json_string_value(value);
    *number = json_number_value(value);
    if (!text)
        return json_is_number(value);
    *number = text[0] == 'n' ? NAN : text[0] == '-' ? -INFINITY : INFINITY;
    return strcmp(text, "nan") == 0 || strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0;
}

bool state_take_count(const json_t *value, uint64_t most, uint64_t *count)
{
    const json_int_t number = json_integer_value(value);
    *count = (uint64_t)number;
    return json_is_integer(value) && number >= 0 && *count <= most;
}

/* ---- writing ------------------------------------------------------------ */

state state_new(void)
{
    json_t *object = json_object();
    return (state){.object = object, .wrong = object ? NULL : ""};
}

void state_put(state *s, const char *key, json_t *value)
{
    if (json_object_set_new(s->object, key, value) != 0)
        s->wrong = "";
}

void state_put_count(state *s, const char *key, uint64_t count)
{
    state_put(s, key, json_integer((json_int_t)count));
}

void state_put_real(state *s, const char *key, double value)
{
    state_put(s, key, state_real_value(value));
}

void state_put_flag(state *s, const char *key, bool flag)
{
    state_put(s, key, json_boolean(flag));
}

void state_put_text(state *s, const char *key, const char *text)
{
    state_put(s, key, json_string(text));
}

json_t *state_value(state *s)
{
    json_t *object = s->object;
    s->object = NULL;
    if (!s->wrong)
        return object;
    json_decref(object);
    return NULL;
}

char *state_text(state *s)
{
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(17);
    json_t *object = state_value(s);
    const size_t bytes = object ? json_dumpb(object, NULL, 0, flags) : 0;
    char *text = bytes ? calloc(bytes + 1, 1) : NULL; /* jansson's own may be another allocator's */
    if (text && json_dumpb(object, text, bytes, flags) != bytes) {
        free(text);
        text = NULL;
    }
    json_decref(object);
    return text;
}

/* ---- reading ------------------------------------------------------------ */

state state_read(const char *text)
{
    json_t *object = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_object(object))
        return (state){.object = object};
    json_decref(object);
    return (state){.wrong = "(the object itself)"};
}

state state_of(const json_t *object)
{
    if (!json_is_object(object))
        return (state){.wrong = "(the object itself)", .borrowed = true};
    return (state){.object = (json_t *)(uintptr_t)object, .borrowed = true};
}

static void note(state *s, const char *key, bool right)
{
    if (!right && !s->wrong)
        s->wrong = key;
}

uint64_t state_count(state *s, const char *key, uint64_t most)
{
    uint64_t count;
    const bool right = state_take_count(json_object_get(s->object, key), most, &count);
    note(s, key, right);
    return right ? count : 0;
}

double state_real(state *s, const char *key)
{
    double number;
    note(s, key, state_take_real(json_object_get(s->object, key), &number));
    return number;
}

bool state_flag(state *s, const char *key)
{
    const json_t *value = json_object_get(s->object, key);
    note(s, key, json_is_boolean(value));
    return json_is_true(value);
}

const char *state_string(state *s, const char *key)
{
    const char *text = json_string_value(json_object_get(s->object, key));
    note(s, key, text != NULL);
    return text ? text : "";
}

const json_t *state_list(state *s, const char *key, size_t length)
{
    const json_t *list = json_object_get(s->object, key);
    const bool right =
        json_is_array(list) && (length == SIZE_MAX || json_array_size(list) == length);
    note(s, key, right);
    return right ? list : NULL;
}

espalier_status state_end(state *s, const char *of, espalier_error *error)
{
    const char *wrong = s->wrong;
    if (!s->borrowed)
        json_decref(s->object);
    *s = (state){0};
    return wrong ? error_set(error, ESPALIER_ERROR_FORMAT,
                             "the state of the %s: %s is missing or no valid value", of, wrong)
                 : ESPALIER_OK;
}

/* ---- options ------------------------------------------------------------ */

/* A value as a person reads it. */
static const char *show(const json_t *value, char *text, size_t size)
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        snprintf(text, size, "%llu", (unsigned long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, size, "%.15g", json_real_value(value));
    else
        return json_is_true(value) ? "true" : "false";
    return text;
}

espalier_status state_same_options(const state *s, const char *key, json_t *here, const char *of,
                                   espalier_error *error)
{
    const json_t *there = json_object_get(s->object, key);
    espalier_status status = here ? ESPALIER_OK : error_memory(error);
    const char *name;
    json_t *mine;
    json_object_foreach(here, name, mine) {
        const json_t *its = json_object_get(there, name);
        char first[32], second[32];
        if (its && !json_equal(its, mine) && status == ESPALIER_OK)
            status = error_set(error, ESPALIER_ERROR_MISMATCH,
                               "the run cannot go on here: %s of the %s was %s, here it is %s", name,
                               of, show(its, first, sizeof first), show(mine, second, sizeof second));
    }
    json_decref(here);
    return status;
}
