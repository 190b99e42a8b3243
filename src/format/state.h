/* The state of something in a run as a JSON object that reads back bit by bit. Both ways
 * the first thing that goes wrong is remembered, so that a caller looks once, at the end.
 *
 * Numbers that are not finite are the texts "nan", "inf" and "-inf". */
#ifndef FORMAT_STATE_H
#define FORMAT_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct state {
    json_t *object;
    const char *wrong; /* writing: "" without memory; reading: the first key that is missing or
                          holds something else; NULL: all is well */
    bool borrowed;     /* the object belongs to another one */
} state;

/* ---- writing ----------------------------------------------------------- */

state state_new(void);
void state_put_count(state *s, const char *key, uint64_t count); /* from 2^63 on only to compare */
void state_put_real(state *s, const char *key, double value);
void state_put_flag(state *s, const char *key, bool flag);
void state_put_text(state *s, const char *key, const char *text);
/* Takes over the reference; NULL = no memory. */
void state_put(state *s, const char *key, json_t *value);
/* The value of a finished object within another one; takes it over. */
json_t *state_value(state *s);
/* Its text, by malloc; NULL without memory. Ends it. */
char *state_text(state *s);

/* ---- reading ----------------------------------------------------------- */

/* Begins to read a text, or an object that is there (borrowed). */
state state_read(const char *text);
state state_of(const json_t *object);
uint64_t state_count(state *s, const char *key, uint64_t most);
double state_real(state *s, const char *key);
bool state_flag(state *s, const char *key);
const char *state_string(state *s, const char *key); /* borrowed; "" if there is none */
/* A list; of `length` if that is not SIZE_MAX. Borrowed, NULL if there is none. */
const json_t *state_list(state *s, const char *key, size_t length);
/* Ends it. Errors: FORMAT, naming the key and what the state is of. */
espalier_status state_end(state *s, const char *of, espalier_error *error);

/* The object `key` holds options of a run; those that are given now, `here` (a new reference,
 * taken over; NULL = no memory), must have the same values. Older texts do not hold all, or
 * any. Errors: MISMATCH (names the option and both values), MEMORY. */
espalier_status state_same_options(const state *s, const char *key, json_t *here, const char *of,
                                   espalier_error *error);

/* ---- values ------------------------------------------------------------- */

json_t *state_real_value(double value);
/* False if it is no such value. */
bool state_take_real(const json_t *value, double *number);
bool state_take_count(const json_t *value, uint64_t most, uint64_t *count);

#endif
