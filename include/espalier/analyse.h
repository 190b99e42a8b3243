/* What a network costs, what rank its layers have, how far two networks agree. */
#ifndef ESPALIER_ANALYSE_H
#define ESPALIER_ANALYSE_H

#include <stddef.h>
#include <stdint.h>

#include "espalier/dataset.h"
#include "espalier/memory.h"
#include "espalier/network.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Cost of one layer, or summed over all. */
typedef struct espalier_cost {
    uint64_t weights;  /* places in the matrix, pruned ones included */
    uint64_t nonzero;  /* weights kept by the mask */
    uint64_t flops;    /* of one prediction: 2 per kept weight */
    uint64_t bytes;    /* float32 kept weights and biases of live neurons, without indices */
    size_t live;       /* live neurons; the output layer's are all live */
} espalier_cost;

/* layer: 0 … layer count - 1. */
ESPALIER_API espalier_cost espalier_network_layer_cost(const espalier_network *network, size_t layer);
/* Over all layers; live counts hidden layers only. */
ESPALIER_API espalier_cost espalier_network_cost(const espalier_network *network);

/* Pruned fraction of the original network's weights: of all, and of the hidden
 * layers' weights. What compaction took out counts as pruned. */
ESPALIER_API double espalier_network_sparsity(const espalier_network *network);
ESPALIER_API double espalier_network_sparsity_prunable(const espalier_network *network);

/* All singular values of a layer's weights, largest first.
 * values: [min(inputs, outputs)], written. Their last bits may depend on the
 * number of threads that the BLAS behind LAPACK uses. Errors: UNSUPPORTED (no LAPACK),
 * NUMERIC (no convergence or non-finite weights), MEMORY. */
ESPALIER_API espalier_status espalier_network_singular_values(const espalier_network *network,
                                                              size_t layer,
                                                              const espalier_allocator *allocator,
                                                              float *values, espalier_error *error);

/* Number of singular values above sigma_max * max(rows, columns) * 2^-23
 * (numpy's default tolerance for float32). */
ESPALIER_API size_t espalier_rank(const float *singular_values, size_t count, size_t rows,
                                  size_t columns);

/* Largest absolute difference of the class probabilities of two networks over
 * every row of every split, and the number of rows whose class differs. A NaN on
 * either side counts as infinitely far. difference is untouched on an error.
 * Errors: MISMATCH, MEMORY. */
typedef struct espalier_difference {
    double largest;
    uint64_t rows;
    uint64_t class_changes;
} espalier_difference;
ESPALIER_API espalier_status espalier_compare(const espalier_network *a, const espalier_network *b,
                                              const espalier_dataset *dataset, size_t threads,
                                              espalier_difference *difference,
                                              espalier_error *error);

/* Nanoseconds per prediction of one row at a time on one thread: the median of
 * `runs` (>= 1) passes over up to 1000 rows of a split; a pass before them is not
 * counted. Errors: MISMATCH, ARGUMENT (no runs, no rows), MEMORY. */
ESPALIER_API espalier_status espalier_time_prediction(const espalier_network *network,
                                                      const espalier_dataset *dataset,
                                                      espalier_split split, size_t runs,
                                                      double *nanoseconds, espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
