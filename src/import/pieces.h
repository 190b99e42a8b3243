/* A network in pieces: what the readers of foreign files find, one layer after the
 * other, and how a network is made of it. */
#ifndef IMPORT_PIECES_H
#define IMPORT_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "espalier/network.h"

/* y = W x + b, and what follows it. Values are double until the network is made: what
 * is folded into them is rounded once. */
typedef struct piece {
    size_t inputs, outputs;
    double *weights; /* [outputs][inputs] */
    double *biases;  /* [outputs] */
    const char *name; /* of the weights in the file, for messages; borrowed */
    espalier_activation activation; /* of a hidden layer */
    float slope;
} piece;

/* v * scale + shift, one pair for all places or one for each; count 0 = v. */
typedef struct affine {
    size_t count;
    double *scale, *shift; /* one allocation, scale first */
} affine;

typedef struct pieces {
    const espalier_allocator *allocator;
    size_t count, room;
    piece *layers;
    affine inputs;  /* in front of the first layer; for each of its inputs, or one */
    uint64_t *kept; /* rising indices of its inputs among those of a row; owned; NULL: all */
    size_t row_width; /* where not all are kept */
    bool binary;    /* one output z with a sigmoid: p = 1 / (1 + exp(-z)) of the second class */
    bool reversed;  /* and p is that of the first class */
    const char **class_names; /* [class_name_count] or NULL; owned, the texts borrowed */
    size_t class_name_count;
    const char *origin;       /* "ONNX (pytorch 1.13.1)" …: for the metadata; NULL: none */
} pieces;

void pieces_clear(pieces *p);

/* Adds a layer with zero weights and biases; NULL without memory. */
piece *pieces_add(pieces *p, size_t inputs, size_t outputs);

/* Follows an affine map by another: v' = v * scale + shift, each with `count` values (1 or
 * the width). width 0 = not known yet. False without memory. */
bool affine_follow(const espalier_allocator *allocator, affine *a, size_t count,
                   const double *scale, const double *shift);
void affine_clear(const espalier_allocator *allocator, affine *a);
/* y' = scale * y + shift behind a layer, into it. */
void affine_into_outputs(const affine *a, piece *layer);
/* x' = scale * x + shift before a layer, into it. */
void affine_into_inputs(const affine *a, piece *layer);

/* Makes the network: scaling, activations, zeros pruned, the metadata "imported".
 * path is for messages. Errors: FORMAT (a weight that is no finite float32, class names
 * of another number or that are not UTF-8), MEMORY. */
espalier_status pieces_build(pieces *p, const char *path, espalier_network **network,
                             espalier_error *error);

#endif
