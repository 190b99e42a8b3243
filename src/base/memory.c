/* The one place where sizes are multiplied and memory is taken. */
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool size_multiply(size_t a, size_t b, size_t *product)
{
    if (a != 0 && b > SIZE_MAX / a)
        return false;
    *product = a * b;
    return true;
}

bool size_add(size_t a, size_t b, size_t *sum)
{
    if (b > SIZE_MAX - a)
        return false;
    *sum = a + b;
    return true;
}

void *memory_array(const espalier_allocator *allocator, size_t count, size_t size_bytes)
{
    size_t bytes, rounded;
    if (!size_multiply(count, size_bytes, &bytes) ||
        !size_add(bytes, bytes ? MEMORY_ALIGNMENT - 1 : 1, &rounded))
        return NULL;
    if (bytes)
        rounded -= rounded % MEMORY_ALIGNMENT; /* aligned_alloc asks for a multiple */
    else
        rounded = MEMORY_ALIGNMENT;
    if (rounded > PTRDIFF_MAX)
        return NULL;
    void *memory = allocator ? allocator->allocate(allocator->context, rounded, MEMORY_ALIGNMENT)
                             : aligned_alloc(MEMORY_ALIGNMENT, rounded);
    if (memory)
        memset(memory, 0, rounded);
    return memory;
}

void memory_release(const espalier_allocator *allocator, void *memory)
{
    if (!memory)
        return;
    if (allocator)
        allocator->release(allocator->context, memory);
    else
        free(memory);
}

char *memory_text(const espalier_allocator *allocator, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = memory_array(allocator, bytes, 1);
    return copy ? memcpy(copy, text, bytes) : NULL;
}
