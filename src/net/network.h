/* The network's inside, for the rooms downstream. */
#ifndef NET_NETWORK_H
#define NET_NETWORK_H

#include "espalier/network.h"

/* Largest width of a layer: 2^24, so that an index is exact in a float32 and
 * the product of two widths fits 64 bits with room to spare. */
#define NETWORK_WIDTH_MOST ((size_t)1 << 24)

/* The metadata key under which training notes how many of its rows' values are not zero,
 * as the network reads them: a whole number, in percent. */
#define NETWORK_NONZERO_INPUTS "nonzero_inputs"

typedef struct network_layer {
    size_t inputs, outputs;
    float *weights;        /* [outputs][inputs] */
    float *biases;         /* [outputs] */
    uint8_t *mask;         /* [outputs][inputs], 1 = kept */
    uint64_t *activations; /* [outputs]; NULL for the output layer */
    uint64_t *kept;        /* [outputs] original indices, or NULL; NULL for the output layer */
    espalier_activation activation; /* LINEAR of the output layer */
    float slope;           /* of LEAKY_RELU, else 0 */
} network_layer;

/* A key and its text; or a tensor of an unknown name, kept when a file is rewritten. */
typedef struct network_metadata {
    char *key, *value;
} network_metadata;

typedef struct network_tensor {
    char *name;
    char dtype[8];     /* as in the file: "F32", "I64" … */
    size_t rank;
    uint64_t shape[8];
    size_t bytes;
    void *data;
} network_tensor;

struct espalier_network {
    const espalier_allocator *allocator;
    size_t layer_count;
    network_layer *layers;     /* [layer_count] */
    void *block;               /* the one block of parameters, masks and counts */
    uint64_t *kept_inputs;     /* [layers[0].inputs] original indices, or NULL */
    size_t *original_widths;   /* [layer_count + 1]; 0 is the row width */
    uint64_t inputs_counted;
    size_t scaling_count;      /* 0, 1 or the row width */
    float *shift, *scale;      /* one allocation, shift first */
    char **class_names;        /* [class count]; never NULL; one allocation with the texts */
    network_metadata *metadata; /* sorted by key */
    size_t metadata_count;
    network_tensor *tensors;   /* unknown ones, sorted by name */
    size_t tensor_count;
};

/* True for a hidden layer that is not linear: those are counted and pruned. */
bool network_has_activation(const espalier_network *network, size_t layer);

/* What a neuron without incoming weights gives on, f(bias). A NaN counts as nothing where
 * ReLU follows. */
double network_constant(const network_layer *layer, double bias);

/* The rest is travel.c: what travels with the parameters. */

/* Copies everything but parameters, masks, counts and kept indices to a network
 * with the same classes whose own is still as created. Errors: MEMORY. */
espalier_status network_copy_travellers(const espalier_network *from, espalier_network *to);
/* As espalier_network_compact(), but *small is NULL where nothing would go. */
espalier_status network_shrink(const espalier_network *network, const espalier_allocator *allocator,
                               espalier_network **small, espalier_error *error);
/* Frees all that network_copy_travellers copies. */
void network_release_travellers(espalier_network *network);
/* Adds a tensor of a name that is not there yet behind the others, whose order is the caller's
 * to keep; all of it is copied. Errors: MEMORY. */
espalier_status network_add_tensor(espalier_network *network, const network_tensor *tensor);
/* True for the metadata keys that are derived from the network when it is written. */
bool network_is_derived_key(const char *key);
/* A checkpoint is a model file with more in it: tensors and metadata of these names,
 * "checkpoint" and "checkpoint.…". A network does not take them in. */
#define NETWORK_CHECKPOINT "checkpoint"
bool network_is_checkpoint_name(const char *name);

#endif
