/* The data set's inside, for the rooms that gather batches and the readers. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "espalier/dataset.h"

/* The most classes: as many as the widest layer of a network. */
#define DATASET_CLASSES_MOST ((size_t)1 << 24)

struct espalier_dataset {
    const espalier_allocator *allocator;
    size_t inputs, classes;
    size_t training_rows;     /* of the training file, validation rows included */
    size_t stored_rows;       /* training file rows, then test rows; at most 2^32 - 1 */
    uint8_t *bytes;           /* [stored_rows][inputs]; or NULL */
    float *floats;            /* [stored_rows][inputs]; or NULL */
    uint32_t *labels;         /* [stored_rows] */
    uint32_t *rows[ESPALIER_SPLIT_COUNT]; /* stored row of each row of a split, ascending */
    size_t row_count[ESPALIER_SPLIT_COUNT];
    char **class_names;       /* [classes], or NULL */
    size_t image_height, image_width; /* 0: not images */
    char **input_names;       /* [inputs], or NULL */
    char *columns;            /* JSON text, or NULL */
    size_t *missing;          /* [inputs] values that were missing and filled in, at the first
                                 input of their column; NULL: none */
    espalier_mixed_column *mixed; /* [mixed_count], or NULL */
    size_t mixed_count;
    size_t *counting;         /* [counting_count] places of columns that count the rows, or NULL */
    size_t counting_count;
    espalier_unknown unknown[2];  /* of the table, of the second file with the test rows */
    size_t dropped_rows;      /* of a table, that were left out for their missing values */
    size_t scaling_count;     /* 0, 1 or inputs */
    float *shift, *scale;     /* one allocation, shift first */
    bool is_table;            /* rows may be sorted by class */
    espalier_validation validation; /* how the validation rows were chosen */
};

/* ---- making one (dataset.c) ------------------------------------------- */

/* An empty data set to fill; espalier_dataset_destroy takes it back at any stage. */
espalier_status dataset_create(const espalier_allocator *allocator, espalier_dataset **dataset,
                               espalier_error *error);

/* Sets the shape and takes memory for labels and for bytes or floats.
 * source: the file or folder that messages name; NULL = rows from the caller, and
 * ARGUMENT takes the place of FORMAT.
 * Errors: FORMAT (no training rows, no inputs, more than 2^32 - 1 rows), MEMORY. */
espalier_status dataset_reserve(espalier_dataset *dataset, const char *source, size_t training_rows,
                                size_t test_rows, size_t inputs, bool as_bytes,
                                espalier_error *error);

/* The same in two steps, for readers that know the labels before the inputs. rows: without a
 * check that there are any for training. values: rows must be reserved. */
espalier_status dataset_reserve_rows(espalier_dataset *dataset, const char *source,
                                     size_t training_rows, size_t test_rows,
                                     espalier_error *error);
espalier_status dataset_reserve_values(espalier_dataset *dataset, size_t inputs, bool as_bytes,
                                       espalier_error *error);

/* Check `rows` rows from stored row `first` on. Labels must be below class_count
 * (0: not known, DATASET_CLASSES_MOST) and make the number of classes grow to it, or
 * to the largest label plus one.
 * Errors: FORMAT, or ARGUMENT without a source (names the row, counted from `first`). */
espalier_status dataset_check_labels(espalier_dataset *dataset, const char *source, size_t first,
                                     size_t rows, size_t class_count, espalier_error *error);
/* Values must be finite (names the column, too). */
espalier_status dataset_check_values(const espalier_dataset *dataset, const char *source,
                                     size_t first, size_t rows, espalier_error *error);

/* ---- splits (splits.c) ------------------------------------------------ */

/* Cuts the stored rows into the splits; does nothing where that was done before. Options
 * NULL = defaults. Errors: MEMORY. */
espalier_status dataset_split(espalier_dataset *dataset, const espalier_dataset_options *options,
                              espalier_error *error);

/* What test rows are drawn by. */
uint64_t dataset_test_seed(const espalier_dataset_options *options);

/* Marks floor(fraction * rows) rows of each class, drawn with the seed.
 * labels  [rows], each < classes;  marks  [rows], set to 1 where drawn, else not touched */
espalier_status split_stratified(const uint32_t *labels, size_t rows, size_t classes,
                                 double fraction, uint64_t seed, uint64_t stream,
                                 const espalier_allocator *allocator, uint8_t *marks,
                                 espalier_error *error);

/* ---- scaling (scaling.c) ---------------------------------------------- */

/* Fits the scaling to the training rows. source: as above. Errors: NUMERIC (a column whose scaled
 * values would be infinite), MEMORY. */
espalier_status dataset_fit_scaling(espalier_dataset *dataset, const char *source,
                                    espalier_scaling scaling, espalier_error *error);

/* ---- use (gather.c) --------------------------------------------------- */

/* Says that these rows of a split will be gathered soon: they are fetched from
 * memory meanwhile. indices [count]. */
void dataset_expect(const espalier_dataset *dataset, espalier_split split, const uint32_t *indices,
                    size_t count);

/* Gathers rows for a network: picks the kept inputs, scales, lays them side by side.
 *   values[i][c] = (x[row_i][column_c] - shift) * scale
 *
 * split, indices  [count] rows of the split; NULL = first, first + 1, …
 * columns         [column_count] inputs to read, or NULL = all (column_count = inputs)
 * scaling_count   0: none; 1: one pair; else one pair for each input of the data set
 * values          [count][stride], stride >= column_count; the rest of a row is not touched */
void dataset_gather(const espalier_dataset *dataset, espalier_split split, const uint32_t *indices,
                    size_t first, size_t count, const uint64_t *columns, size_t column_count,
                    size_t scaling_count, const float *shift, const float *scale, float *values,
                    size_t stride);

#endif
