/* Labelled rows to learn from, split into training, validation and test part. */
#ifndef ESPALIER_DATASET_H
#define ESPALIER_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/memory.h"
#include "espalier/status.h"
#include "espalier/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable after opening; any number of threads may read it. It has at most 2^32 - 1 rows,
 * training and test rows together, and 2^24 classes (10,000 in a table); more are refused. */
typedef struct espalier_dataset espalier_dataset;

typedef enum espalier_split {
    ESPALIER_TRAINING,   /* the training rows less the validation rows */
    ESPALIER_VALIDATION, /* cut from the training rows */
    ESPALIER_TEST,       /* the test rows; may be empty */
    ESPALIER_SPLIT_COUNT
} espalier_split;

/* How the validation rows are chosen among the training rows. */
typedef enum espalier_validation {
    ESPALIER_VALIDATION_FIRST,     /* the first rows of the file (the paper) */
    ESPALIER_VALIDATION_RANDOM,    /* drawn with the seed */
    ESPALIER_VALIDATION_STRATIFIED, /* drawn with the seed, the same share of each class */
    ESPALIER_VALIDATION_AUTO        /* STRATIFIED for tables, which are often sorted; else FIRST */
} espalier_validation;

/* How inputs are scaled before the first layer: x' = (x - shift) * scale. Fitted on the
 * training rows (validation rows left out) and stored in the model. */
typedef enum espalier_scaling {
    ESPALIER_SCALING_AUTO,     /* bytes: 0 and 1/255; anything else as STANDARD */
    ESPALIER_SCALING_NONE,     /* x' = x */
    ESPALIER_SCALING_RANGE,    /* each column to 0..1; a constant one to 0 */
    ESPALIER_SCALING_STANDARD, /* each column to mean 0, standard deviation 1; a constant one to 0 */
    ESPALIER_SCALING_COUNT
} espalier_scaling;

/* The name used on the command line ("auto" …); NULL out of range. */
ESPALIER_API const char *espalier_scaling_name(espalier_scaling scaling);

typedef struct espalier_dataset_options {
    const char *const *directories; /* where named data sets are sought, in this order; borrowed */
    size_t directory_count;
    double validation_fraction;     /* 0 <= f < 1; floor(f * rows) rows (per class if stratified) */
    espalier_validation validation;
    uint64_t seed;                  /* for RANDOM and STRATIFIED, and a table's test rows */
    espalier_scaling scaling;       /* what espalier_dataset_scaling() fits */
    espalier_table_options table;   /* for .csv and its relatives */
} espalier_dataset_options;

/* No directories, a tenth as validation, chosen by AUTO, seed 1, scaling AUTO. */
ESPALIER_API espalier_dataset_options espalier_dataset_options_defaults(void);

/* Returns ESPALIER_ERROR_ARGUMENT and names the field that is out of range. */
ESPALIER_API espalier_status espalier_dataset_options_check(const espalier_dataset_options *options,
                                                            espalier_error *error);

/* Opens a data set: a folder with IDX files, a table (.csv, .tsv, .tab, .txt, .data, each
 * also gzipped, .gz), NumPy arrays (an .npz, a folder with .npy files or one of its files), or
 * a name such as "fashion-mnist" that is a folder in one of the directories (or in the system's
 * own place). docs/data.md says what each must hold.
 *
 * source     path or name; a path wins where both exist
 * options    NULL = defaults
 * dataset    receives the handle (owned by the caller); untouched on an error
 *
 * Class names and the number of classes come with a known name; else classes are
 * counted: the largest label plus one. A table's labels may be any texts, which name the
 * classes; labels 0, 1, 2, … stay numbers.
 *
 * Errors: ARGUMENT (options), NOT_FOUND (says where was looked), IO, FORMAT (labels
 * out of range and values that are not finite included), MISMATCH (images and
 * labels of different number or size, columns that are missing), UNSUPPORTED (a kind of file that this build
 * does not read), NUMERIC (a column too wide to be scaled as asked: named, with its least and its
 * largest value), MEMORY.
 * Cost: one pass over the files, two over tables; bytes stay bytes in memory. */
ESPALIER_API espalier_status espalier_dataset_open(const char *source,
                                                   const espalier_dataset_options *options,
                                                   const espalier_allocator *allocator,
                                                   espalier_dataset **dataset,
                                                   espalier_error *error);

/* Makes a data set of rows in memory (copied).
 *
 * values       [training_rows + test_rows][inputs], row-major; training rows first
 * labels       [training_rows + test_rows], each < class_count
 * class_count  0 = the largest label plus one
 * Errors: ARGUMENT (no training rows, no inputs, too many rows or classes, a label out of
 * range, NaN or infinity: row and column are named, counted from 0), NUMERIC (as there), MEMORY. */
ESPALIER_API espalier_status espalier_dataset_from_floats(
    const float *values, const uint32_t *labels, size_t training_rows, size_t test_rows,
    size_t inputs, size_t class_count, const espalier_dataset_options *options,
    const espalier_allocator *allocator, espalier_dataset **dataset, espalier_error *error);

/* The same for values 0..255, which stay bytes in memory. */
ESPALIER_API espalier_status espalier_dataset_from_bytes(
    const uint8_t *values, const uint32_t *labels, size_t training_rows, size_t test_rows,
    size_t inputs, size_t class_count, const espalier_dataset_options *options,
    const espalier_allocator *allocator, espalier_dataset **dataset, espalier_error *error);

/* Frees the data set. NULL does nothing. */
ESPALIER_API void espalier_dataset_destroy(espalier_dataset *dataset);

/* 0 for a split out of range. */
ESPALIER_API size_t espalier_dataset_row_count(const espalier_dataset *dataset, espalier_split split);
ESPALIER_API size_t espalier_dataset_input_count(const espalier_dataset *dataset);
ESPALIER_API size_t espalier_dataset_class_count(const espalier_dataset *dataset);

/* How the validation rows were chosen: the options' choice, never AUTO. */
ESPALIER_API espalier_validation espalier_dataset_validation(const espalier_dataset *dataset);

/* The name of class `index` (borrowed), or NULL where the data set has no names. */
ESPALIER_API const char *espalier_dataset_class_name(const espalier_dataset *dataset, size_t index);

/* Height and width of a row that is an image; false where rows are not images. */
ESPALIER_API bool espalier_dataset_image_shape(const espalier_dataset *dataset, size_t *height,
                                               size_t *width);

/* The label of row `row` (< row count) of a split. */
ESPALIER_API uint32_t espalier_dataset_label(const espalier_dataset *dataset, espalier_split split,
                                             size_t row);

/* Copies rows as they are stored, bytes as 0..255, without scaling.
 * values  [count][inputs], written. first + count <= row count. */
ESPALIER_API void espalier_dataset_rows(const espalier_dataset *dataset, espalier_split split,
                                        size_t first, size_t count, float *values);

/* The scaling that the options asked for, fitted on the training rows:
 * x' = (x - shift) * scale. Returns the number of pairs: 0 (none), 1 (for all inputs)
 * or the number of inputs. The pointers are borrowed and NULL with 0 pairs. */
ESPALIER_API size_t espalier_dataset_scaling(const espalier_dataset *dataset, const float **shift,
                                             const float **scale);

/* The name of an input (borrowed), such as a column's header, or NULL where inputs have none. */
ESPALIER_API const char *espalier_dataset_input_name(const espalier_dataset *dataset, size_t input);

/* A column of a table that became categories because its first value is no number that is read,
 * though most of its different values are numbers or look like some (12%, $3, 1,000.5); nobody
 * called it categorical. */
typedef struct espalier_mixed_column {
    char name[256];         /* empty where the table has no names */
    char text[256];         /* the first value */
    size_t position;        /* in a record, from 0 */
    size_t values, numbers; /* different values, and those that look like numbers */
} espalier_mixed_column;

/* Returns how many such columns there are. columns: receives them (borrowed), NULL with none. */
ESPALIER_API size_t espalier_dataset_mixed_columns(const espalier_dataset *dataset,
                                                   const espalier_mixed_column **columns);

/* Columns of a table of ten rows or more that hold 0, 1, 2, … or 1, 2, 3, …, so only say which row is which;
 * where columns were found out, not given. Returns how many; positions: receives their places in a record,
 * from 0 (borrowed). */
ESPALIER_API size_t espalier_dataset_counting_columns(const espalier_dataset *dataset,
                                                      const size_t **positions);

/* What a table, or the second file with its test rows, holds of categories that were not learnt from
 * it, but from its training file or by the network whose columns it was read by. Borrowed. */
ESPALIER_API const espalier_unknown *espalier_dataset_unknown(const espalier_dataset *dataset,
                                                              bool test_file);

/* How rows of a table become rows of numbers (which columns, which categories, what a
 * missing value becomes), as JSON text to keep in a network's metadata "columns"; NULL
 * where rows are numbers from the start. Borrowed. docs/model-format.md#columns has its form. */
ESPALIER_API const char *espalier_dataset_columns(const espalier_dataset *dataset);

/* A number that changes when rows, labels, splits or the scaling do, to tell whether this is
 * the data set that a run began with. No protection against data made to fit. Cost: one
 * pass over the data, about 5 GB/s. */
ESPALIER_API uint64_t espalier_dataset_digest(const espalier_dataset *dataset);

#ifdef __cplusplus
}
#endif
#endif
