/* What a data set is like, and what in it may spoil training. */
#ifndef ESPALIER_DESCRIBE_H
#define ESPALIER_DESCRIBE_H

#include "espalier/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ESPALIER_SAME_ROWS_MOST = 8 };

/* Two rows with the same values. Rows are counted from 0; those of training and
 * validation together, as they lie in the training file. */
typedef struct espalier_same_rows {
    size_t row, earlier; /* `row` repeats `earlier` */
    bool labels_differ;
} espalier_same_rows;

/* Rows that repeat others. */
typedef struct espalier_repeats {
    size_t count;         /* rows that repeat one before */
    size_t labels_differ; /* those of them with another label than the first such row */
    size_t listed;        /* of `first` */
    espalier_same_rows first[ESPALIER_SAME_ROWS_MOST];
} espalier_repeats;

/* Values are as they are stored, without scaling, of the training rows (validation
 * rows left out), unless something else is said. */
typedef struct espalier_description {
    size_t rows[ESPALIER_SPLIT_COUNT];
    size_t inputs, classes;
    size_t *class_rows;     /* [ESPALIER_SPLIT_COUNT][classes] rows of each class */
    size_t missing_classes; /* without a training row */
    size_t learnt_classes;  /* with one; 1 = nothing to tell apart */
    float low, high;        /* least and greatest value */
    double mean;
    double zeros;           /* share of values that are zero, 0..1 */
    float *input_low, *input_high; /* [inputs] */
    double *input_mean;     /* [inputs] */
    size_t missing_values;  /* of a table, in all rows, that were filled in on reading */
    size_t *input_missing;  /* [inputs] the same by column: at its input, of categories at that of the
                               one that was filled in */
    size_t dropped_rows;    /* of a table, left out for their missing values: not in `rows` */
    size_t constant_inputs; /* whose least and greatest value are the same */
    bool repeats_sought;    /* whether the next two were asked for */
    espalier_repeats training; /* rows of the training file that repeat an earlier one of it */
    espalier_repeats test;     /* test rows (`row`) that are also in the training file */
    const espalier_allocator *allocator;
} espalier_description;

/* Describes a data set.
 *
 * repeats      also look for rows that are there twice: exact values, by hashing
 * description  written (clear it); untouched on an error
 * Errors: MEMORY. Cost: one pass over the training rows; with repeats also one over all
 * rows, and 8 bytes for each. */
ESPALIER_API espalier_status espalier_dataset_describe(const espalier_dataset *dataset,
                                                       bool repeats,
                                                       const espalier_allocator *allocator,
                                                       espalier_description *description,
                                                       espalier_error *error);

/* Frees what a description holds. An empty one ({0}) is fine. */
ESPALIER_API void espalier_description_clear(espalier_description *description);

#ifdef __cplusplus
}
#endif
#endif
