#ifdef ESPALIER_HAVE_LIBZIP
#include "format/zip.h"

#include "base/library.h"

bool zip_load(zip_functions *zip, char *why, size_t room)
{
    const library_function functions[] = {
        {"zip_open", &zip->open},
        {"zip_discard", &zip->discard},
        {"zip_strerror", &zip->strerror},
        {"zip_get_error", &zip->get_error},
        {"zip_get_num_entries", &zip->get_num_entries},
        {"zip_get_name", &zip->get_name},
        {"zip_name_locate", &zip->name_locate},
        {"zip_stat_index", &zip->stat_index},
        {"zip_fopen_index", &zip->fopen_index},
        {"zip_fread", &zip->fread},
        {"zip_fclose", &zip->fclose},
        {"zip_file_strerror", &zip->file_strerror},
        {"zip_file_get_error", &zip->file_get_error},
        {"zip_error_init_with_code", &zip->error_init_with_code},
        {"zip_error_strerror", &zip->error_strerror},
        {"zip_error_code_zip", &zip->error_code_zip},
        {"zip_error_code_system", &zip->error_code_system},
        {"zip_error_fini", &zip->error_fini},
    };
    return library_load(ESPALIER_ZIP_FILE, functions, sizeof functions / sizeof *functions, why,
                        room);
}
#else
typedef int zip_is_not_built; /* ISO C asks for a declaration */
#endif
