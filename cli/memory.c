/* JSON is put together from hundreds of small values, and jansson leaves out of an object what it
 * had no memory for: a result would lack a number and look whole, a file would be called damaged.
 * So the program does not go on from there. What is being written aside is never a target yet;
 * standard output, if anything waits for it, is not flushed. */
#define _POSIX_C_SOURCE 200809L
#include "memory.h"

#include <stdlib.h>
#include <unistd.h>

#include "common.h"

int out_of_memory(void)
{
    message("out of memory");
    return EXIT_FAILED;
}

/* Other threads may still be at work: nothing is torn down. */
static void *checked(void *memory)
{
    if (!memory)
        _exit(out_of_memory());
    return memory;
}

static void *take(size_t bytes)
{
    return checked(malloc(bytes ? bytes : 1));
}

void *memory_take(size_t bytes)
{
    return checked(calloc(bytes ? bytes : 1, 1));
}

void *memory_more(void *old, size_t bytes)
{
    return checked(realloc(old, bytes));
}

static bool watched;

static void at_end(void)
{
    if (watched)
        _exit(out_of_memory());
}

void memory_watch(bool on)
{
    watched = on;
}

void memory_hold(void)
{
    if (atexit(at_end) != 0)
        _exit(out_of_memory());
    json_set_alloc_funcs(take, free);
}
