/* JSON values as texts and as copies that are whole or not there. jansson's own copies leave out
 * what they had no memory for, and its texts belong to the application's allocator. */
#ifndef FORMAT_JSON_TEXT_H
#define FORMAT_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "espalier/memory.h"

/* flags: jansson's. Owned; NULL without memory (or for NULL). */
char *json_text_of(const json_t *value, size_t flags, const espalier_allocator *allocator);

/* A deep copy whose real numbers have so many significant digits, as if it had been written with
 * them and read again (17: the numbers themselves). A new reference; NULL without memory. */
json_t *json_copy_of(const json_t *value, int digits);

#endif
