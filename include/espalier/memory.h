/* Where the library takes its memory from. */
#ifndef ESPALIER_MEMORY_H
#define ESPALIER_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A source of memory. Handles keep the pointer to it (borrowed): it must
 * outlive them. Everywhere in this library NULL stands for the C library's
 * allocator. Both functions may be called from several threads at once. */
typedef struct espalier_allocator {
    void *context; /* handed to both functions */
    /* Returns size_bytes (> 0) aligned to alignment_bytes (a power of two), or NULL. */
    void *(*allocate)(void *context, size_t size_bytes, size_t alignment_bytes);
    /* Takes back what allocate returned; never called with NULL. */
    void (*release)(void *context, void *memory);
} espalier_allocator;

#ifdef __cplusplus
}
#endif
#endif
