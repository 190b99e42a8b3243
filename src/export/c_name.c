/* Names out of paths and options. */
#include "export/c_name.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* Letters and digits of ASCII, whatever the locale. */
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_part(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

static espalier_status check(const char *given, espalier_error *error)
{
    size_t length = 0;
    while (is_part(given[length]))
        length++;
    if (is_letter(*given) && !given[length] && length < C_NAME_BYTES)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_ARGUMENT,
                     "name: expected a letter, then letters, digits and underscores, at most %d "
                     "in all; found '%.80s'", C_NAME_BYTES - 1, given);
}

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "3d-model.c": m_3d_model. */
static void derive(const char *path, char name[C_NAME_BYTES])
{
    const char *file = base(path);
    const size_t length = strlen(file) - strlen(".c");
    size_t at = 0;
    if (!is_letter(*file))
        at = (size_t)snprintf(name, C_NAME_BYTES, "m_");
    for (size_t i = 0; i < length && at < C_NAME_BYTES - 1; i++)
        name[at++] = is_part(file[i]) ? file[i] : '_';
    name[at] = '\0';
}

espalier_status c_name_find(const char *path, const char *given, char name[C_NAME_BYTES],
                            espalier_error *error)
{
    if (!given) {
        derive(path, name);
        return ESPALIER_OK;
    }
    espalier_status status = check(given, error);
    if (status == ESPALIER_OK)
        snprintf(name, C_NAME_BYTES, "%s", given);
    return status;
}

/* ---- files ------------------------------------------------------------ */

/* What means something in an #include, or would be the header that the program needs. */
static espalier_status check_header(const char *path, const char *name, espalier_error *error)
{
    bool bad = strcmp(name, "stdint.h") == 0;
    for (const char *c = name; *c; c++)
        bad = bad || strchr("\"\\?", *c) || (unsigned char)*c < 0x20 || *c == 0x7f;
    if (!bad)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_ARGUMENT,
                     "%s: expected a name whose header can stand in an #include: no quotes, "
                     "backslashes, question marks or control characters, and not stdint.c", path);
}

/* The path with another ending in the place of ".c". */
static char *with_ending(const char *path, const char *ending,
                         const espalier_allocator *allocator)
{
    const size_t stem = strlen(path) - strlen(".c"), length = strlen(ending);
    char *made = memory_array(allocator, stem + length + 1, 1);
    if (made) {
        memcpy(made, path, stem);
        memcpy(made + stem, ending, length);
    }
    return made;
}

espalier_status c_paths_find(const char *path, const espalier_allocator *allocator, c_paths *paths,
                             espalier_error *error)
{
    *paths = (c_paths){.header = with_ending(path, ".h", allocator),
                       .test = with_ending(path, "_test.c", allocator)};
    if (!paths->header || !paths->test)
        return error_memory(error);
    paths->header_name = base(paths->header);
    return check_header(path, paths->header_name, error);
}

void c_paths_clear(c_paths *paths, const espalier_allocator *allocator)
{
    memory_release(allocator, paths->header);
    memory_release(allocator, paths->test);
    *paths = (c_paths){0};
}
