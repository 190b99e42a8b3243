/* Paths, and messages for what the system refuses. Reading is stream_read.c,
 * writing stream_write.c. */
#define _POSIX_C_SOURCE 200809L
#include "base/stream.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

espalier_status stream_error(espalier_error *error, espalier_status status, const char *path,
                             const char *what, int code)
{
    char text[128];
    if (strerror_r(code, text, sizeof text) != 0)
        snprintf(text, sizeof text, "system error %d", code);
    return error_set(error, status, "%s: cannot %s: %s", path[0] ? path : "''", what, text);
}

char *stream_join(const espalier_allocator *allocator, const char *folder, const char *name)
{
    size_t length = strlen(folder);
    bool slash = length > 0 && folder[length - 1] != '/';
    size_t bytes = length + slash + strlen(name) + 1;
    char *path = memory_array(allocator, bytes, 1);
    if (path)
        snprintf(path, bytes, "%s%s%s", folder, slash ? "/" : "", name);
    return path;
}
