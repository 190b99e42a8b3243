/* Shared libraries that are loaded when they are first needed: what few commands ask for
 * does not hold up the start of all. */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct library_function {
    const char *name;
    void *address; /* of a function pointer, which is written */
} library_function;

/* Loads the library that the dynamic linker knows as file ("libcurl.so.4"), unless it is, and
 * looks up functions[count] in it. False if one of them is not to be had, with the linker's
 * reason in why[room] (room > 0). What is loaded stays until the process ends. May be called
 * from any thread, and again: about a microsecond. */
bool library_load(const char *file, const library_function *functions, size_t count, char *why,
                  size_t room);

#endif
