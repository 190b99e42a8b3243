/* The first layer for programs that know neither input scaling nor inputs that
 * compaction took out: it reads whole rows. */
#ifndef EXPORT_FIRST_LAYER_H
#define EXPORT_FIRST_LAYER_H

#include "base/error.h"
#include "espalier/network.h"

typedef struct first_layer {
    size_t inputs;        /* the row's width */
    const float *weights; /* [outputs][inputs]; 0 for inputs that were taken out */
    const float *biases;  /* [outputs] */
    float *owned;         /* what was made for this; NULL where the network's own do */
} first_layer;

/* fold  W'_oi = W_oi scale_i and b'_o = b_o - sum_i W'_oi shift_i instead of W and b, so
 *       that rows go in unscaled; without scaling it changes nothing
 * layer  borrows from the network; first_layer_clear() with the network's allocator
 * Errors: MEMORY, NUMERIC (a folded number that float32 cannot hold; names its place). */
espalier_status first_layer_make(const espalier_network *network, bool fold, first_layer *layer,
                                 espalier_error *error);
void first_layer_clear(const espalier_network *network, first_layer *layer);

#endif
