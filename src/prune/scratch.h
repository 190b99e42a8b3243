/* Memory of a pruning step: masks and biases to try things on, and what is known
 * of each neuron before the step. All of it is taken when the pruner is made. */
#ifndef PRUNE_SCRATCH_H
#define PRUNE_SCRATCH_H

#include <stdbool.h>

#include "net/network.h"

/* Values of select.c's digits: 16 bits at a time. */
enum { SCRATCH_DIGITS = 1 << 16 };

typedef struct scratch_layer {
    size_t inputs, outputs;
    bool linear;       /* or the output layer: its weights do not compete */
    size_t *kept;      /* [outputs] incoming weights kept before the step */
    uint64_t *least;   /* [outputs] smallest key among them */
    uint64_t *best;    /* [outputs] largest */
    uint8_t *live;     /* [outputs] in the last trial */
    uint8_t *viable;   /* [outputs] live before the step, on a path that is live throughout */
    uint8_t *protect;  /* [outputs] the step takes none of its incoming weights */
    uint8_t *lost;     /* [outputs] would die without protection */
    size_t need;       /* live neurons that must be left */
    size_t live_count; /* in the last trial */
    size_t protected_count;
    size_t guarded; /* neurons that are alive only by protection */
} scratch_layer;

typedef struct scratch {
    size_t layer_count, hidden;
    scratch_layer *layers;     /* [layer_count]; only the shape is of use for the output layer */
    espalier_network *network; /* borrowed for a step; unchanged until scratch_accept */
    uint8_t **trial;           /* [layer_count] masks, [outputs][inputs] */
    float **biases;            /* [layer_count] biases that go with them, [outputs] */
    uint8_t *flags;            /* [largest width] */
    size_t *list;              /* [largest width] */
    uint64_t *keys;            /* [largest width] */
    uint64_t *histogram;       /* [SCRATCH_DIGITS] */
    uint8_t *bytes;            /* the blocks behind them */
    uint64_t *words;
    size_t *sizes;
    float *floats;
} scratch;

espalier_status scratch_create(const espalier_network *network, const espalier_allocator *allocator,
                               scratch *work, espalier_error *error);
void scratch_clear(scratch *work, const espalier_allocator *allocator);

/* False if the network has another shape than the one it was made for, or other linear layers. */
bool scratch_fits(const scratch *work, const espalier_network *network);

/* Starts a step on a network, or its trial afresh: masks and biases as they are. */
void scratch_load(scratch *work, espalier_network *network);
void scratch_reset_trial(scratch *work);

/* The trial's masks and biases become the network's, pruned weights zero. */
void scratch_accept(scratch *work);

#endif
