/* Texts numbered in the order in which they came. */
#ifndef DATA_DICTIONARY_H
#define DATA_DICTIONARY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "espalier/memory.h"

/* Zeros and an allocator are an empty one. */
typedef struct dictionary {
    const espalier_allocator *allocator;
    char **texts; /* [count], owned */
    size_t count, room;
    uint32_t *slots; /* [slot_count], index + 1 or 0; a power of two */
    size_t slot_count;
} dictionary;

/* The index of a text, or SIZE_MAX. */
size_t dictionary_find(const dictionary *words, const char *text, size_t length);

/* Takes in a text that is not there yet; its index is the count before. Errors: MEMORY. */
espalier_status dictionary_add(dictionary *words, const char *text, size_t length,
                               espalier_error *error);

/* Puts the texts in order: as numbers if all are numbers, else by their bytes.
 * order  [count] receives the old index of each, or NULL. Errors: MEMORY. */
espalier_status dictionary_sort(dictionary *words, char point, size_t *order,
                                espalier_error *error);

void dictionary_clear(dictionary *words);

#endif
