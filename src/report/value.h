/* JSON values of what a run consists of, made with jansson. */
#ifndef REPORT_VALUE_H
#define REPORT_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "espalier/memory.h"
#include "espalier/observe.h"
#include "espalier/status.h"

/* How numbers are written: twelve digits tell float32 results apart and do not
 * show that 0.9 is no binary fraction. */
enum { VALUE_DIGITS = 12 };
#define VALUE_FORMAT (JSON_REAL_PRECISION(VALUE_DIGITS))

/* All return a new reference, NULL without memory. */
json_t *value_number(double number); /* null where it is NaN or infinite */
json_t *value_count(uint64_t count); /* a string of digits where it does not fit 63 bits */
json_t *value_text(const char *text); /* null for NULL */
json_t *value_epoch(const espalier_epoch *epoch); /* without seconds: the log of a run is the
                                                     same whenever and wherever it is made */
json_t *value_step(const espalier_prune_step *step);

/* Puts a new reference in and gives it up whether that works or not. False for a
 * NULL value or without memory: `a = value_put(…) && a` gathers many of them. */
bool value_put(json_t *object, const char *key, json_t *value);
bool value_append(json_t *array, json_t *value);

/* One line of JSON in the library's own memory: jansson's may belong to the application. */
char *value_dump(const json_t *value, const espalier_allocator *allocator);

/* Reads a JSON file; a key may be there once. *value: a new reference, NULL after an error.
 * Errors: NOT_FOUND, IO, FORMAT (names file and line; a device, a pipe), MEMORY. */
espalier_status value_read(const char *path, const espalier_allocator *allocator, json_t **value,
                           espalier_error *error);

/* What a number may be. key: a path such as "accuracy.test". */
typedef struct value_range {
    const char *key;
    double low, high; /* infinite: no limit */
    bool whole;
} value_range;
/* False for the first number that is out of its range: words[size] then says "KEY: expected …,
 * found …". What is missing, null or of another kind is no number and passes. */
bool value_in_range(const json_t *object, const value_range *ranges, size_t count, char *words,
                    size_t size);

/* The object if it is complete, else NULL and the object is released. */
json_t *value_complete(json_t *object, bool complete);

#endif
