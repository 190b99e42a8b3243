/* The table of ways to read a data set. Adding one is a file and a line in
 * readers.c. */
#ifndef DATA_READERS_H
#define DATA_READERS_H

#include <stdbool.h>

#include "data/dataset.h"

typedef struct data_reader {
    const char *what; /* "a folder of IDX files" */

    /* Whether an existing path looks like one of its own. */
    bool (*recognises)(const char *path);

    /* Reads values, labels and shape into an empty data set by dataset_reserve and
     * the two checks; class_count (0 = not known) is for the latter. Splits (unless it
     * needs them itself: dataset_split), scaling and the class names of known data sets
     * are not its business. */
    espalier_status (*read)(espalier_dataset *dataset, const char *path,
                            const espalier_dataset_options *options, size_t class_count,
                            espalier_error *error);
} data_reader;

/* The reader for an existing path. Errors: UNSUPPORTED (names those there are). */
espalier_status data_reader_find(const char *path, const data_reader **found,
                                 espalier_error *error);

/* ---- the readers ------------------------------------------------------- */

bool idx_folder_recognises(const char *path);
espalier_status idx_folder_read(espalier_dataset *dataset, const char *path,
                                const espalier_dataset_options *options, size_t class_count,
                                espalier_error *error);

/* npz_data.c */
bool npz_data_recognises(const char *path);
espalier_status npz_data_read(espalier_dataset *dataset, const char *path,
                              const espalier_dataset_options *options, size_t class_count,
                              espalier_error *error);

/* npy_folder.c */
bool npy_folder_recognises(const char *path);
espalier_status npy_folder_read(espalier_dataset *dataset, const char *path,
                                const espalier_dataset_options *options, size_t class_count,
                                espalier_error *error);
bool npy_file_recognises(const char *path);
espalier_status npy_file_read(espalier_dataset *dataset, const char *path,
                              const espalier_dataset_options *options, size_t class_count,
                              espalier_error *error);

/* csv_table.c */
bool csv_table_recognises(const char *path);
espalier_status csv_table_read(espalier_dataset *dataset, const char *path,
                               const espalier_dataset_options *options, size_t class_count,
                               espalier_error *error);

#endif
