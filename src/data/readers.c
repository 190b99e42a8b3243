/* Which reader reads what. */
#include "data/readers.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

static const data_reader readers[] = {
    {"a folder of .npy files", npy_folder_recognises, npy_folder_read},
    {"a folder of IDX files", idx_folder_recognises, idx_folder_read},
    {"NumPy arrays (.npz)", npz_data_recognises, npz_data_read},
    {"an .npy file with its labels beside it", npy_file_recognises, npy_file_read},
    {"a table (.csv, .tsv, .tab, .txt, .data, also with .gz)", csv_table_recognises,
     csv_table_read},
};
enum { READER_COUNT = sizeof readers / sizeof *readers };

/* The name's ending, ".csv", or "" if there is none. */
static const char *ending(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    return dot ? dot : "";
}

espalier_status data_reader_find(const char *path, const data_reader **found,
                                 espalier_error *error)
{
    errno = 0;
    for (size_t i = 0; i < READER_COUNT; i++) {
        if (readers[i].recognises(path)) {
            *found = &readers[i];
            return ESPALIER_OK;
        }
        if (errno == ENOMEM) /* a folder that could not be looked into may be its own */
            return error_memory(error);
    }
    char known[256] = "";
    for (size_t i = 0; i < READER_COUNT; i++) {
        strncat(known, i ? ", " : "", sizeof known - strlen(known) - 1);
        strncat(known, readers[i].what, sizeof known - strlen(known) - 1);
    }
    const char *tail = ending(path);
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: expected a data set: %s; found a %s%sfile",
                     path, known, tail, *tail ? " " : "");
}
