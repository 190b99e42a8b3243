/* A network as the two ways through it want it: one row at a time, many rows at a
 * time. For the rows' code in this room only. */
#ifndef INFER_LAYOUT_H
#define INFER_LAYOUT_H

#include <stdint.h>

#include "espalier/predict.h"
#include "infer/form.h"
#include "math/kernels.h"

typedef struct layout_layer {
    size_t inputs, outputs;
    size_t stride;          /* outputs rounded up to whole vectors */
    size_t nonzero;
    espalier_activation activation; /* of what it gives on */
    float slope;
    double share;           /* of its inputs that are not zero, as form.c assumes */
    form one, many;
    float *biases;          /* [stride], zero behind the outputs */
    float *weights;         /* [inputs][stride], likewise; NULL unless a form is dense */
    weight_lists by_input;  /* [inputs], where one row goes by lists */
    weight_tiles tiles;     /* where it goes by tiles */
    block_lists by_output;  /* where many rows go by lists */
} layout_layer;

struct espalier_predictor {
    const espalier_allocator *allocator;
    const math_kernels *kernels;
    size_t row_width, classes, layer_count;
    layout_layer *layers;
    size_t few_rows;        /* fewer are run one by one */
    size_t widest;          /* largest stride, that of whole rows included, in whole tiles */
    size_t block_columns;   /* most of a block of lists by output */
    /* (value - shift) * scale of a whole row; NULL where the first layer's weights
     * have taken the scale in */
    float *shift, *scale;   /* [row_width] */
    /* where not all inputs are read: */
    uint32_t *places;       /* [row_width] of each column, the input or PLACE_DROPPED */
    uint32_t *columns;      /* [layers[0].inputs] of each input */
    /* whether one row, many rows have their read columns put side by side before the
     * first layer; else its lists and tiles name the columns themselves */
    bool one_picks, many_picks;
};

/* Fills a predictor that holds an allocator only. The network is compacted already. False
 * without memory. */
bool layout_fill(espalier_predictor *p, const espalier_network *network, form wish);
void layout_release(espalier_predictor *p);

#endif
