/* The trainer's working copy of a network: weights turned round to [in][out],
 * rows padded to whole vectors, and without the units that no longer take part.
 *
 * A hidden unit is left out when every weight to it and every weight from it is
 * pruned, an input when nothing reads it: this changes no result and makes a
 * step cheaper as the network shrinks. Optimizer state lives here, too. */
#ifndef TRAIN_WORK_H
#define TRAIN_WORK_H

#include <stdbool.h>

#include "math/kernels.h"
#include "net/network.h"

enum { WORK_STATES_MOST = 2 };

/* Floats from one row to the next: whole vectors, and not a multiple of a kilobyte,
 * because rows a power of two apart would crowd into a few places of a cache. */
size_t work_stride(size_t count);

/* The kept weights of a layer (lists.h), list after list: list b * outputs + o holds
 * output o's from block b of the inputs. */
typedef struct work_lists {
    size_t blocks;     /* of the inputs; 0 = the layer has no lists */
    weight_lists kept; /* places: inputs */
    float *states[WORK_STATES_MOST];
    float *gradient;   /* NULL without states */
} work_lists;

typedef struct work_layer {
    size_t inputs, outputs;             /* units that take part */
    size_t input_stride, output_stride; /* work_stride of them */
    size_t panels;     /* see work_panel */
    size_t panel;      /* columns of each but the last; 0: of all as even as can be */
    float *weights;    /* [inputs][output_stride], panel after panel */
    float *transposed; /* [outputs][input_stride], the same weights, by the panels of the layer
                          before; NULL in layer 0 and if wide */
    uint16_t *kept;    /* as weights, a bit for each, PASS_LANES in a word; padding 0 */
    float *biases;     /* [output_stride] */
    float *states[WORK_STATES_MOST];      /* as weights */
    float *bias_states[WORK_STATES_MOST]; /* [output_stride] */
    bool masked;       /* some weight between units that take part is pruned */
    work_lists lists;  /* if any, they hold what weights and states are; see lists_settle */
    espalier_activation activation; /* LINEAR of the output layer */
    float slope;
} work_layer;

typedef struct work {
    const espalier_allocator *allocator;
    size_t layer_count, state_count;
    const math_kernels *kernels;
    bool wide;           /* some layer is larger than a cache: see flow.c */
    double inputs_share; /* of the data's values that are not zero: 0.5, or as set later */
    work_layer *layers;
    uint64_t **units;    /* [layer_count + 1]: position p's units by their index in the network */
    size_t *unit_count;  /* [layer_count + 1] */
    float **home;        /* [state_count * layer_count]: states as [out][in], then bias [out] */
    void **blocks;       /* everything above, to be released */
    size_t block_count;
} work;

/* Some columns of a layer that lie together, row after row: a thread that works on them meets
 * no other's, and what comes from memory comes in one long run. So are cut the first layer of
 * a narrow network, into as many as one product's registers hold and two threads can share, and
 * all layers of a wide one, WORK_WIDE_PANEL columns each; any other is one panel. */
enum { WORK_WIDE_PANEL = 192 };

typedef struct work_panel {
    size_t first, columns; /* the last ones may be padding */
    size_t at;             /* where in weights, states and, by PASS_LANES, kept it begins */
} work_panel;

work_panel work_panel_of(const work_layer *layer, size_t index);
work_panel work_panel_at(const work_layer *layer, size_t column);

/* Panels of a narrow network's first layer with so many outputs: one, or an even number. */
size_t work_narrow_panels(const math_kernels *kernels, size_t outputs);

/* Floats of its weights. */
size_t work_weights(const work_layer *layer);

/* Where the weight from input i to output j is. */
size_t work_place(const work_layer *layer, size_t i, size_t j);

/* Whether that weight is kept. */
bool work_is_kept(const work_layer *layer, size_t i, size_t j);

/* Takes all memory for a network of this shape and batches of so many rows; loads nothing. */
espalier_status work_create(const espalier_network *network, size_t batch_rows, size_t state_count,
                            const espalier_allocator *allocator, work *copy, espalier_error *error);
void work_clear(work *copy);

/* Looks which units take part and copies the network in, and the states from the
 * last work_save_states. What a pruned weight has for a state is of no effect. */
void work_load(work *copy, const espalier_network *network);

/* Brings some rows of a layer's weights to its transposed ones. */
void work_turn(const math_kernels *kernels, const work_layer *layer, size_t first, size_t rows);

/* Copies weights and biases back; what units that are left out had stays. */
void work_store(const work *copy, espalier_network *network);

/* Brings the optimizer states to their home layout before the next work_load.
 * Those of weights that were pruned until now are zero there: a weight that an
 * observer lets grow back begins without a past. */
void work_save_states(work *copy, const espalier_network *network);

/* y = f(y + bias) of a hidden layer. y [rows][y_stride], `columns` outputs from `column` on;
 * those behind the layer's stay zero. */
void work_finish(const math_kernels *kernels, const work_layer *layer, size_t column, float *y,
                 size_t rows, size_t columns, size_t y_stride);

/* False if a weight or bias is NaN or infinite; *layer says where. */
bool work_is_finite(const work *copy, size_t *layer);

#endif
