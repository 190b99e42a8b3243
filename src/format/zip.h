/* libzip, loaded when an archive is opened: with the cryptography behind it, it takes 2.5 ms.
 * Built with ESPALIER_HAVE_LIBZIP only. */
#ifndef FORMAT_ZIP_H
#define FORMAT_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <zip.h>

/* libzip's functions by their names without zip_. */
typedef struct zip_functions {
    __typeof__(zip_open) *open;
    __typeof__(zip_discard) *discard;
    __typeof__(zip_strerror) *strerror;
    __typeof__(zip_get_error) *get_error;
    __typeof__(zip_get_num_entries) *get_num_entries;
    __typeof__(zip_get_name) *get_name;
    __typeof__(zip_name_locate) *name_locate;
    __typeof__(zip_stat_index) *stat_index;
    __typeof__(zip_fopen_index) *fopen_index;
    __typeof__(zip_fread) *fread;
    __typeof__(zip_fclose) *fclose;
    __typeof__(zip_file_strerror) *file_strerror;
    __typeof__(zip_file_get_error) *file_get_error;
    __typeof__(zip_error_init_with_code) *error_init_with_code;
    __typeof__(zip_error_strerror) *error_strerror;
    __typeof__(zip_error_code_zip) *error_code_zip;
    __typeof__(zip_error_code_system) *error_code_system;
    __typeof__(zip_error_fini) *error_fini;
} zip_functions;

/* False, with the reason in why[room], if it cannot be loaded. May be called from any thread. */
bool zip_load(zip_functions *zip, char *why, size_t room);

#endif
