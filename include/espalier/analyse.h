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
 *
 * layer   0 … layer count - 1
 * values  [min(inputs, outputs)], written
 * Errors: ARGUMENT (another layer), UNSUPPORTED (no LAPACK, or a matrix beyond its integers),
 * NUMERIC (no convergence or non-finite weights), MEMORY. */
ESPALIER_API espalier_status espalier_network_singular_values(const espalier_network *network,
                                                              size_t layer,
                                                              const espalier_allocator *allocator,
                                                              float *values, espalier_error *error);

/* Number of singular values above sigma_max * max(rows, columns) * 2^-23
 * (numpy's default tolerance for float32). */
ESPALIER_API size_t espalier_rank(const float *singular_values, size_t count, size_t rows,
                                  size_t columns);

/* What the singular values of a layer's weights tell. A zero matrix has the stable
 * rank 0. */
typedef struct espalier_spectrum {
    float *values;        /* [count], largest first; owned, from the allocator given */
    size_t count;         /* min(inputs, outputs) */
    size_t rank;          /* espalier_rank() */
    double stable_rank;   /* frobenius^2 / spectral^2 */
    double spectral;      /* the largest */
    double frobenius;     /* root of the sum of squares */
    double nuclear;       /* sum */
} espalier_spectrum;
/* spectrum is untouched on an error. Errors: as espalier_network_singular_values(). */
ESPALIER_API espalier_status espalier_network_spectrum(const espalier_network *network, size_t layer,
                                                       const espalier_allocator *allocator,
                                                       espalier_spectrum *spectrum,
                                                       espalier_error *error);
ESPALIER_API void espalier_spectrum_clear(espalier_spectrum *spectrum,
                                          const espalier_allocator *allocator);

/* How a layer is brought down to a rank. */
typedef enum espalier_low_rank {
    ESPALIER_LOW_RANK_PCA, /* the r first principal components of the rows of W (samples are the
                              columns of W: [inputs] points of [outputs] values), centred, the mean
                              added back (the authors): the rank may come out one higher */
    ESPALIER_LOW_RANK_SVD, /* the r largest singular values: the nearest matrix of that rank */
    ESPALIER_LOW_RANK_COUNT
} espalier_low_rank;

/* The name used on the command line ("pca", "svd"); NULL out of range. */
ESPALIER_API const char *espalier_low_rank_name(espalier_low_rank method);

/* A copy of the network whose hidden layers have at most the given ranks; the output
 * layer is copied as it is. Masks of the replaced layers are all kept: the nearest matrix of
 * a lower rank has weights everywhere. Copied unchanged, masks included, is a layer whose
 * given rank is min(inputs, outputs) or more, and one whose own is no higher than the given
 * one: by espalier_rank() that of W, with PCA that of the centred W.
 * If any was replaced, activation counts and "history" stay behind: they tell of another
 * network. Linear layers count as hidden layers.
 *
 * ranks  [layer count - 1], each >= 1
 * low    receives the new network (owned); untouched on an error
 * Errors: ARGUMENT (an unknown method; a rank of 0, names the layer), UNSUPPORTED (no
 * LAPACK), NUMERIC, MEMORY. */
ESPALIER_API espalier_status espalier_network_low_rank(const espalier_network *network,
                                                       const size_t *ranks,
                                                       espalier_low_rank method,
                                                       const espalier_allocator *allocator,
                                                       espalier_network **low,
                                                       espalier_error *error);

/* The same function with each replaced layer written as two thin factors, a linear layer
 * of r' neurons and the layer itself, W = (U S^1/2)(S^1/2 V^T), wherever r' (inputs +
 * outputs) is less than the weights that it keeps; other layers as in
 * espalier_network_low_rank().
 * Trained further it keeps its rank. r' is the rank that came out: r, less where the layer
 * had less, and with PCA one more for the mean. Errors: as there. */
ESPALIER_API espalier_status espalier_network_factor(const espalier_network *network,
                                                     const size_t *ranks,
                                                     espalier_low_rank method,
                                                     const espalier_allocator *allocator,
                                                     espalier_network **factored,
                                                     espalier_error *error);

/* |A - B| / |A| in the Frobenius norm, A and B the weights of a layer that has the same
 * shape in both networks (0 … layer count - 1 of both). 0 where both are zero, infinite
 * where only A is, NaN where a weight is none. */
ESPALIER_API double espalier_network_weight_change(const espalier_network *before,
                                                   const espalier_network *after, size_t layer);

/* Largest absolute difference of the class probabilities of two networks over
 * every row of every split, and the number of rows whose class differs. A NaN on
 * either side counts as infinitely far. threads 0 = all, at most 256. difference is untouched on
 * an error.
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
