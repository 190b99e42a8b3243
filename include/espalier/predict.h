/* Prediction and evaluation with a finished network. */
#ifndef ESPALIER_PREDICT_H
#define ESPALIER_PREDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/dataset.h"
#include "espalier/memory.h"
#include "espalier/network.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A network made ready to predict: weights laid out for speed, dead parts left
 * out. Immutable: any number of threads may use it, each with its own workspace.
 * A layer is kept as all its weights (4 bytes each), as those that are not zero (for
 * many rows 6 bytes each, for one row about 10), or both ways, as the two want it. */
typedef struct espalier_predictor espalier_predictor;

/* Copies what it needs of the network. Errors: MEMORY. */
ESPALIER_API espalier_status espalier_predictor_create(const espalier_network *network,
                                                       const espalier_allocator *allocator,
                                                       espalier_predictor **predictor,
                                                       espalier_error *error);
ESPALIER_API void espalier_predictor_destroy(espalier_predictor *predictor);

/* How a predictor computes a layer, dead parts left out: by all its weights, or by
 * those that are not zero. Chosen when it is made, by a model of the time that either
 * takes; docs/performance.md has the measured points. */
typedef struct espalier_predictor_layer {
    size_t inputs, outputs;
    uint64_t nonzero;            /* weights that are not zero */
    bool one_row_sparse;         /* only those are read, a row at a time */
    bool many_rows_sparse;       /* the same for many rows at a time */
    double one_row_break_even;   /* share of zero weights, scattered, from which on that */
    double many_rows_break_even; /* is faster for a layer with so many outputs; 1 = never */
} espalier_predictor_layer;

ESPALIER_API size_t espalier_predictor_layer_count(const espalier_predictor *predictor);
ESPALIER_API espalier_predictor_layer
espalier_predictor_layer_form(const espalier_predictor *predictor, size_t layer);

/* Floats of workspace that one call needs for that many rows. */
ESPALIER_API size_t espalier_predictor_workspace(const espalier_predictor *predictor, size_t rows);

/* Class probabilities of rows as they come from the data (scaling is applied).
 *
 * values         [rows][row width]
 * probabilities  [rows][classes], written
 * workspace      espalier_predictor_workspace(rows) floats, the caller's, not shared
 * Allocates nothing, one thread; a row's result does not depend on the others
 * beyond rounding. */
ESPALIER_API void espalier_predictor_run(const espalier_predictor *predictor, const float *values,
                                         size_t rows, float *probabilities, float *workspace);

/* A confusion matrix grows with the square of the classes: there is none for more. */
enum { ESPALIER_CONFUSION_CLASSES_MOST = 4096 };

/* Evaluation of a network on one split. */
typedef struct espalier_evaluation {
    uint64_t rows;
    double accuracy;         /* top 1; the first of equal probabilities wins */
    size_t k;
    double top_k_accuracy;   /* label among the k most probable */
    double loss;             /* mean cross-entropy, nats */
    size_t class_count;
    uint64_t *confusion;     /* [true class][predicted class], owned, from the C library's
                                allocator; NULL after clear, and for more classes than
                                ESPALIER_CONFUSION_CLASSES_MOST */
} espalier_evaluation;

/* Runs the network over a split. k 0 = min(5, classes); threads 0 = all, at most 256. Rows are
 * scaled as the network says, not the data set: one without scaling reads them as they are stored.
 * evaluation is written whole, untouched on an error; clear it after use.
 * Errors: MISMATCH (another row width, or more classes than the network knows),
 * ARGUMENT (empty split, k > classes), MEMORY.
 * The result does not depend on the number of threads. Needs as much stack as training
 * does (espalier/train.h). */
ESPALIER_API espalier_status espalier_evaluate(const espalier_network *network,
                                               const espalier_dataset *dataset, espalier_split split,
                                               size_t k, size_t threads,
                                               espalier_evaluation *evaluation,
                                               espalier_error *error);
ESPALIER_API void espalier_evaluation_clear(espalier_evaluation *evaluation);

#ifdef __cplusplus
}
#endif
#endif
