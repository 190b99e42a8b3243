/* NumPy arrays as a data set: values and labels of up to three parts, whatever files they
 * come from (npz_data.c, npy_folder.c). */
#ifndef DATA_NUMPY_DATA_H
#define DATA_NUMPY_DATA_H

#include "data/dataset.h"
#include "data/numpy_names.h"
#include "format/npy.h"

/* Open arrays; those that are not there are not open (source.close == NULL). */
typedef struct numpy_data {
    const char *path; /* of the whole, for messages */
    npy_file values[NUMPY_PART_COUNT], labels[NUMPY_PART_COUNT];
    npy_file class_names;
} numpy_data;

static inline bool numpy_is_open(const npy_file *file)
{
    return file->source.close != NULL;
}

/* The place of an array of that role; NULL for none. */
npy_file *numpy_place(numpy_data *data, numpy_role role);

/* Checks that the arrays fit each other, and reads them. Values are [rows, …], labels
 * [rows], [rows, 1] or one-hot [rows, classes].
 * Without a test part all rows are test rows if the options say that they are for tests;
 * else the options' test fraction is drawn.
 * Errors: NOT_FOUND (no values, or values without labels), MISMATCH (rows, widths, types),
 * FORMAT (names array, row and column), ARGUMENT (a second file for tests), MEMORY. */
espalier_status numpy_read(espalier_dataset *dataset, numpy_data *data,
                           const espalier_dataset_options *options, size_t class_count,
                           espalier_error *error);

/* Closes all arrays. */
void numpy_close(numpy_data *data);

/* ---- numpy_tests.c -------------------------------------------------------- */

/* Draws the options' part of the rows of each class, and moves these rows behind the
 * others, as test rows. All rows are training rows before. Errors: MEMORY. */
espalier_status numpy_draw_tests(espalier_dataset *dataset,
                                 const espalier_dataset_options *options, espalier_error *error);

/* ---- numpy_labels.c ------------------------------------------------------- */

/* Reads the labels of all parts and gives every row its class.
 *
 * Labels 0 … n - 1, each of them there, are the classes. Others are numbered in their
 * order, and their texts become the classes' names. With the names of a network's classes
 * (options) or a number of classes they must be among those. Needs dataset_reserve.
 * first  stored row of each part's first row
 * Errors: FORMAT, MISMATCH, UNSUPPORTED, MEMORY. */
espalier_status numpy_read_labels(espalier_dataset *dataset, numpy_data *data,
                                  const size_t first[NUMPY_PART_COUNT],
                                  const espalier_dataset_options *options, size_t class_count,
                                  espalier_error *error);

#endif
