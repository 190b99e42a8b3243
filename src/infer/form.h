/* Which form of a layer is the fastest: all its weights, or only those that are not
 * zero, in lists or in tiles (math/kernels.h). */
#ifndef INFER_FORM_H
#define INFER_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "math/kernels.h"

typedef enum form {
    FORM_DENSE,
    FORM_LISTS,
    FORM_TILES,   /* one row, where the processor has a kernel for it; else lists */
    FORM_BY_MODEL /* as a wish: what the model says */
} form;

/* What a layer's cost depends on. */
typedef struct form_layer {
    size_t inputs, outputs, nonzero;
    size_t tiles, steps; /* of the tiles; 0 where there is no kernel for them */
    double share;        /* of its inputs that are not zero, as far as one knows */
} form_layer;

/* That of images and of what ReLU gives. Other activations give no zeros. */
#define FORM_USUAL_SHARE 0.5

/* The faster form one row at a time, and many rows at a time (not tiles), by these kernels. */
form form_one(const math_kernels *kernels, const form_layer *layer);
form form_many(const math_kernels *kernels, const form_layer *layer);

/* The share of zero weights, scattered at random, from which on that is not dense;
 * 1 = never. */
double form_one_break_even(const math_kernels *kernels, size_t outputs, double share);
double form_many_break_even(const math_kernels *kernels, size_t outputs, double share);

#endif
