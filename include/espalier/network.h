/* A fully connected network: layers, masks, activation counts, its file.
 *
 * Layer l (0-based) computes  y = f(W x + b),  W [outputs][inputs] row-major; f is ReLU
 * or another activation, softmax in the last layer. A mask byte says for each weight
 * whether it is kept (1) or pruned (0); a pruned weight is exactly 0.0f. Hidden layers
 * carry a count for each neuron: how many training inputs activated it. */
#ifndef ESPALIER_NETWORK_H
#define ESPALIER_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/memory.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Any number of threads may read a network; a writer must be alone. */
typedef struct espalier_network espalier_network;

typedef enum espalier_initialiser {
    ESPALIER_GLOROT_UNIFORM, /* U(-a, a), a = sqrt(6 / (inputs + outputs)) (the paper) */
    ESPALIER_GLOROT_NORMAL,  /* N(0, 2 / (inputs + outputs)) */
    ESPALIER_HE_UNIFORM,     /* U(-a, a), a = sqrt(6 / inputs) */
    ESPALIER_HE_NORMAL,      /* N(0, 2 / inputs) */
    ESPALIER_INITIALISER_COUNT
} espalier_initialiser;

/* The name used on the command line ("glorot-uniform" …); NULL out of range. */
ESPALIER_API const char *espalier_initialiser_name(espalier_initialiser initialiser);

/* Makes a network with zero weights, all kept, no counts, no metadata.
 *
 * widths   [width_count]: inputs, hidden widths…, classes; width_count >= 2,
 *          each 1 … 2^24
 * network  receives the handle (owned); untouched on an error
 * Errors: ARGUMENT (names the layer), MEMORY. */
ESPALIER_API espalier_status espalier_network_create(const size_t *widths, size_t width_count,
                                                     const espalier_allocator *allocator,
                                                     espalier_network **network,
                                                     espalier_error *error);

/* A deep copy, metadata included. Errors: MEMORY. */
ESPALIER_API espalier_status espalier_network_copy(const espalier_network *network,
                                                   const espalier_allocator *allocator,
                                                   espalier_network **copy, espalier_error *error);

/* Frees the network. NULL does nothing. */
ESPALIER_API void espalier_network_destroy(espalier_network *network);

/* Draws the kept weights anew and sets the biases to zero. The value of a
 * weight depends on the seed and its place only, not on masks or threads. An initialiser
 * out of range changes nothing. */
ESPALIER_API void espalier_network_initialise(espalier_network *network,
                                              espalier_initialiser initialiser, uint64_t seed);

/* ---- shape ---------------------------------------------------------- */

ESPALIER_API size_t espalier_network_layer_count(const espalier_network *network);
/* Inputs and outputs of a layer (< layer count). */
ESPALIER_API size_t espalier_network_inputs(const espalier_network *network, size_t layer);
ESPALIER_API size_t espalier_network_outputs(const espalier_network *network, size_t layer);
/* Width of the rows the network is fed: more than the first layer's inputs
 * where compaction has dropped inputs that no neuron reads. */
ESPALIER_API size_t espalier_network_row_width(const espalier_network *network);
ESPALIER_API size_t espalier_network_class_count(const espalier_network *network);
/* All weights; weights of the hidden layers that are not linear (those that can be
 * pruned); pruned weights of one layer. Biases are never counted. */
ESPALIER_API uint64_t espalier_network_weight_count(const espalier_network *network);
ESPALIER_API uint64_t espalier_network_prunable_count(const espalier_network *network);
ESPALIER_API uint64_t espalier_network_pruned_count(const espalier_network *network, size_t layer);

/* ---- parameters (borrowed, valid until the network is destroyed) ----- */

ESPALIER_API float *espalier_network_weights(espalier_network *network, size_t layer); /* [out][in] */
ESPALIER_API float *espalier_network_biases(espalier_network *network, size_t layer);  /* [out] */
ESPALIER_API uint8_t *espalier_network_mask(espalier_network *network, size_t layer);  /* [out][in] */
ESPALIER_API const float *espalier_network_weights_const(const espalier_network *network, size_t layer);
ESPALIER_API const float *espalier_network_biases_const(const espalier_network *network, size_t layer);
ESPALIER_API const uint8_t *espalier_network_mask_const(const espalier_network *network, size_t layer);

/* Sets every pruned weight to +0.0f: call it after writing to weights or masks. */
ESPALIER_API void espalier_network_apply_masks(espalier_network *network);

/* ---- activation counts ------------------------------------------------ */

/* Counts of a hidden layer, [outputs], writable; NULL for the output layer. Those of a
 * linear layer stay 0.
 * Meaningless while espalier_network_inputs_counted() is 0. */
ESPALIER_API uint64_t *espalier_network_activations(espalier_network *network, size_t layer);
ESPALIER_API const uint64_t *espalier_network_activations_const(const espalier_network *network,
                                                                size_t layer);
/* How many training inputs were looked at since counting began. */
ESPALIER_API uint64_t espalier_network_inputs_counted(const espalier_network *network);
ESPALIER_API void espalier_network_set_inputs_counted(espalier_network *network, uint64_t count);
/* Forgets all counts. */
ESPALIER_API void espalier_network_clear_activations(espalier_network *network);

/* A neuron of a hidden layer is live when it has a kept incoming and a kept
 * outgoing weight. live: [outputs] bytes, written, or NULL. Returns their number. */
ESPALIER_API size_t espalier_network_live(const espalier_network *network, size_t layer,
                                          uint8_t *live);

/* ---- activations ------------------------------------------------------- */

/* What follows z = W x + b in a hidden layer. A neuron is activated by an input where its
 * output is greater than 0: where z is, but for a sigmoid, which every input activates,
 * and a leaky ReLU with a negative slope, which does so where z is not 0.
 *
 * A linear layer hands z on as it is. Two layers, the first of them linear, are one layer
 * written as two thin factors (espalier_network_factor). Linear layers are never pruned
 * or counted, and their weights are not among the prunable ones. */
typedef enum espalier_activation {
    ESPALIER_RELU,       /* max(z, 0) (the paper) */
    ESPALIER_LINEAR,     /* z */
    ESPALIER_LEAKY_RELU, /* z where z > 0, else slope * z */
    ESPALIER_SIGMOID,    /* 1 / (1 + exp(-z)); always greater than 0 */
    ESPALIER_TANH,       /* tanh(z) */
    ESPALIER_ACTIVATION_COUNT
} espalier_activation;

/* The name used on the command line and in files ("relu", "linear", "leaky-relu",
 * "sigmoid", "tanh"); NULL out of range. */
ESPALIER_API const char *espalier_activation_name(espalier_activation activation);

/* Sets the activation of a hidden layer. slope is that of LEAKY_RELU, finite; others
 * ignore it. One with a negative slope cannot be trained. A layer that becomes linear
 * loses its counts; any other change of an activation takes all counts of the network
 * with it, for those of the layer no longer hold.
 * Errors: ARGUMENT (the output layer, an unknown activation, a slope that is not finite). */
ESPALIER_API espalier_status espalier_network_set_activation(espalier_network *network,
                                                             size_t layer,
                                                             espalier_activation activation,
                                                             float slope, espalier_error *error);
/* ESPALIER_LINEAR for the output layer. */
ESPALIER_API espalier_activation espalier_network_activation(const espalier_network *network,
                                                             size_t layer);
/* The slope of a LEAKY_RELU layer; 0 for all others. */
ESPALIER_API float espalier_network_slope(const espalier_network *network, size_t layer);

/* ---- starting again ---------------------------------------------------- */

/* From which weights a pruned network is trained again. */
typedef enum espalier_restart {
    ESPALIER_RESTART_FINE_TUNE, /* from those it has */
    ESPALIER_RESTART_REWIND,    /* from those it had before its first epoch, masks kept */
    ESPALIER_RESTART_REINIT,    /* from fresh ones, masks kept */
    ESPALIER_RESTART_SHUFFLE,   /* from fresh ones; each layer keeps as many weights, elsewhere */
    ESPALIER_RESTART_COUNT
} espalier_restart;

/* The name used on the command line ("fine-tune" …); NULL out of range. */
ESPALIER_API const char *espalier_restart_name(espalier_restart restart);

/* Gives a network the weights and biases to start again from. Activation counts are
 * cleared; SHUFFLE also forgets "history", whose places no longer hold.
 *
 * A compacted network takes the rows and columns that it kept, of the initial network
 * or of a fresh one at the original widths; SHUFFLE moves its masks within its matrices.
 *
 * initial      REWIND: the network before its first epoch; else not read
 * initialiser, seed   REINIT and SHUFFLE: other weights than those which
 *              espalier_network_initialise() draws with the same seed
 * Errors: ARGUMENT (no initial network, an unknown way or initialiser), MISMATCH (names
 * both shapes), MEMORY; the network is then unchanged. */
ESPALIER_API espalier_status espalier_network_restart(espalier_network *network,
                                                      espalier_restart restart,
                                                      const espalier_network *initial,
                                                      espalier_initialiser initialiser,
                                                      uint64_t seed, espalier_error *error);

/* ---- what travels with it --------------------------------------------- */

/* Input scaling x' = (x - shift) * scale: count is 1 (one pair for all inputs),
 * the row width, or 0 (none; shift and scale may be NULL). Copied. Errors: ARGUMENT
 * (another count, no numbers, a number that is not finite), MEMORY. */
ESPALIER_API espalier_status espalier_network_set_scaling(espalier_network *network, size_t count,
                                                          const float *shift, const float *scale);
/* Number of pairs (0 = no scaling: x' = x). shift and scale may be NULL; what they receive is
 * borrowed until the scaling is set again, or the network is destroyed. A trainer, made for a
 * network without scaling, sets it. */
ESPALIER_API size_t espalier_network_scaling(const espalier_network *network, const float **shift,
                                             const float **scale);

/* Class names, [class count], UTF-8, copied; NULL entries or no names: "0", "1", …
 * Errors: ARGUMENT (not UTF-8, or two classes with the same name), MEMORY. */
ESPALIER_API espalier_status espalier_network_set_class_names(espalier_network *network,
                                                              const char *const *names);
/* Never NULL for index < class count; borrowed until names are set again, or the network is
 * destroyed. A trainer, made for a network without names, sets them. */
ESPALIER_API const char *espalier_network_class_name(const espalier_network *network, size_t index);

/* Free text by key, such as "training" and "history" (JSON). value NULL removes
 * the key. The keys that the library itself derives from the network
 * (marked in docs/model-format.md) are refused with ARGUMENT, and so is what is not UTF-8.
 * Copied. */
ESPALIER_API espalier_status espalier_network_set_metadata(espalier_network *network,
                                                           const char *key, const char *value);
/* The text (borrowed until it is set again), or NULL. */
ESPALIER_API const char *espalier_network_metadata(const espalier_network *network, const char *key);

/* Original index of each input of the first layer (layer == SIZE_MAX) or of
 * each neuron of a hidden layer; NULL where nothing was taken out. Borrowed. */
ESPALIER_API const uint64_t *espalier_network_kept(const espalier_network *network, size_t layer);
/* Widths before any compaction; position 0 is the row width. */
ESPALIER_API size_t espalier_network_original_width(const espalier_network *network, size_t position);

/* ---- compaction ------------------------------------------------------- */

/* What compaction took out. */
typedef struct espalier_compaction {
    size_t neurons_removed; /* over all hidden layers */
    size_t inputs_removed;
} espalier_compaction;

/* Makes the network with the same function and smaller matrices: dead neurons
 * go (a constant one is folded into the next layer's biases), and so do inputs
 * that no live neuron reads. Repeated until nothing changes. A hidden layer
 * keeps at least one neuron, and the first layer one input.
 *
 * small   receives the new network (owned); the given one is not changed
 * report  may be NULL
 * Errors: MEMORY. Equal in function up to the order of float sums. */
ESPALIER_API espalier_status espalier_network_compact(const espalier_network *network,
                                                      const espalier_allocator *allocator,
                                                      espalier_network **small,
                                                      espalier_compaction *report,
                                                      espalier_error *error);

/* ---- the model file (safetensors; docs/model-format.md) --------------- */

/* Reads a model file or a plain state dict with the names layers.{i}.weight
 * and layers.{i}.bias. Without masks in the file exact zeros are taken as pruned.
 * Errors: NOT_FOUND, IO, FORMAT, UNSUPPORTED (a newer format), MEMORY. */
ESPALIER_API espalier_status espalier_network_read(const char *path,
                                                   const espalier_allocator *allocator,
                                                   espalier_network **network,
                                                   espalier_error *error);

/* Writes a model file aside and renames it: an existing file is replaced whole
 * or not at all. The same network gives the same bytes. Errors: IO, MEMORY, ARGUMENT
 * (a mask byte other than 0 and 1, or a pruned weight that is not zero, named by its
 * place: see espalier_network_apply_masks), NUMERIC (a weight or bias that is NaN or
 * infinite, named by its place; a count of 2^63 or more), UNSUPPORTED (metadata beyond
 * 100 MB). An error leaves an existing file as it was. */
ESPALIER_API espalier_status espalier_network_write(const espalier_network *network,
                                                    const char *path, espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
