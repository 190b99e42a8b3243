/* An allocator that counts what is out and refuses from the n-th request on. */
#ifndef BASE_TEST_ALLOCATOR_H
#define BASE_TEST_ALLOCATOR_H

#include <stdlib.h>

#include "espalier/memory.h"

typedef struct meter {
    size_t requests, live, refuse_from; /* refuse_from 0: never */
    size_t bytes;                       /* given out in all */
} meter;

static inline void *meter_allocate(void *context, size_t size_bytes, size_t alignment_bytes)
{
    meter *m = context;
    m->requests++;
    if (m->refuse_from && m->requests >= m->refuse_from)
        return NULL;
    void *memory = aligned_alloc(alignment_bytes, size_bytes);
    m->live += memory != NULL;
    m->bytes += size_bytes;
    return memory;
}

static inline void meter_release(void *context, void *memory)
{
    ((meter *)context)->live--;
    free(memory);
}

static inline espalier_allocator meter_allocator(meter *m)
{
    return (espalier_allocator){m, meter_allocate, meter_release};
}

#endif
