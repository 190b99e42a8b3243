/* Names: the prefix of a program's names, and its files'. */
#ifndef EXPORT_C_NAME_H
#define EXPORT_C_NAME_H

#include "base/error.h"
#include "export/c_print.h"

/* The prefix: as given, which must be an identifier that is nobody's but the user's; or
 * made of the file's name, whatever that is. Keywords are no matter, for a name never
 * stands alone. Errors: ARGUMENT. */
espalier_status c_name_find(const char *path, const char *given, char name[C_NAME_BYTES],
                            espalier_error *error);

/* Paths beside `path`: FILE.h and FILE_test.c (owned). The header's name must be able to
 * stand in an #include. Errors: ARGUMENT, MEMORY. */
typedef struct c_paths {
    char *header, *test;
    const char *header_name; /* part of `header` */
} c_paths;

espalier_status c_paths_find(const char *path, const espalier_allocator *allocator, c_paths *paths,
                             espalier_error *error);
void c_paths_clear(c_paths *paths, const espalier_allocator *allocator);

#endif
