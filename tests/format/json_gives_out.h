/* jansson whose memory gives out: its n-th request fails, or all from the n-th on. */
#ifndef TESTS_FORMAT_JSON_GIVES_OUT_H
#define TESTS_FORMAT_JSON_GIVES_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

static size_t json_asked, json_fails; /* json_fails 0: never */
static bool json_fails_on;

static void *json_take(size_t bytes)
{
    json_asked++;
    if (json_fails && (json_asked == json_fails || (json_fails_on && json_asked > json_fails)))
        return NULL;
    return malloc(bytes);
}

static inline void json_gives_out(size_t n, bool on)
{
    json_set_alloc_funcs(json_take, free);
    json_asked = 0;
    json_fails = n;
    json_fails_on = on;
}

static inline void json_has_memory(void)
{
    json_fails = 0;
}

/* Everything that a clock said taken out, within texts that are JSON, too, and a checkpoint's digest
 * of it. Takes the value over. */
static inline json_t *json_without_times(json_t *value)
{
    static const char *const times[] = {"seconds", "elapsed", "nanoseconds", "nanoseconds_dense",
                                        "checkpoint.digest"};
    const char *key;
    json_t *item;
    size_t index;
    void *next;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        json_object_del(value, times[i]);
    json_object_foreach_safe(value, next, key, item)
        json_object_set_new(value, key, json_without_times(json_incref(item)));
    json_array_foreach(value, index, item)
        json_array_set_new(value, index, json_without_times(json_incref(item)));
    json_t *within = json_is_string(value) ? json_loads(json_string_value(value), 0, NULL) : NULL;
    if (!within)
        return value;
    json_decref(value);
    return json_without_times(within);
}

#endif
