#define _POSIX_C_SOURCE 200809L
#include "base/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

bool library_load(const char *file, const library_function *functions, size_t count, char *why,
                  size_t room)
{
    void *handle = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
    bool found = handle != NULL;
    for (size_t i = 0; found && i < count; i++) {
        void *address = dlsym(handle, functions[i].name);
        found = address != NULL;
        memcpy(functions[i].address, &address, sizeof address);
    }
    if (!found) {
        const char *reason = dlerror();
        snprintf(why, room, "%s", reason ? reason : file);
    }
    return found;
}
