/* Checked sizes and allocation through a caller's allocator. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "espalier/memory.h"

/* A cache line and the widest vector: all blocks are aligned to it. */
enum { MEMORY_ALIGNMENT = 64 };

/* *product = a * b, *sum = a + b; false (and untouched) when it does not fit. */
bool size_multiply(size_t a, size_t b, size_t *product);
bool size_add(size_t a, size_t b, size_t *sum);

/* count * size_bytes bytes, zeroed, aligned to MEMORY_ALIGNMENT; NULL when the
 * product overflows or there is no memory. A zero product gives one byte. */
void *memory_array(const espalier_allocator *allocator, size_t count, size_t size_bytes);

/* Takes back what memory_array gave. NULL does nothing. */
void memory_release(const espalier_allocator *allocator, void *memory);

/* A copy of a text; NULL without memory. */
char *memory_text(const espalier_allocator *allocator, const char *text);

#endif
