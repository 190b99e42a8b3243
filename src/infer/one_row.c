/* One row through the network: of every layer only the weights of inputs that are not
 * zero are read. */
#include "infer/rows.h"

#include <string.h>

#include "math/clones.h"
#include "math/pass.h"
#include "net/activation.h"

/* x, y, index, value: a row of the widest layer each. */
size_t one_row_workspace(const espalier_predictor *p)
{
    return 4 * p->widest;
}

VECTOR_CLONES
void rows_scale(const espalier_predictor *p, const float *restrict values, float *restrict x)
{
    const float *shift = p->shift, *scale = p->scale;
    for (size_t c = 0; c < p->row_width; c++)
        x[c] = (values[c] - shift[c]) * scale[c];
}

void rows_pick(const espalier_predictor *p, const float *values, float *x)
{
    for (size_t i = 0; i < p->layers[0].inputs; i++)
        x[i] = values[p->columns[i]];
}

/* The first layer's inputs where they can be read: the caller's, or made in x. Tiles
 * are read whole, beyond the caller's row. */
static const float *inputs_of(const espalier_predictor *p, const float *values, float *x,
                              float *scaled)
{
    if (p->shift) {
        rows_scale(p, values, scaled);
        values = scaled;
    }
    if (p->one_picks)
        rows_pick(p, values, x);
    else if (p->shift || p->layers[0].one == FORM_TILES)
        memcpy(x, values, p->row_width * sizeof *x);
    else
        return values;
    return x;
}

/* y = W x + b of layer l, negative values of x counting as zero if the layer before has
 * ReLU. */
static void one_layer(const espalier_predictor *p, size_t l, const float *x, uint32_t *index,
                      float *value, float *y)
{
    const math_kernels *kernels = p->kernels;
    const layout_layer *layer = &p->layers[l];
    if (layer->one == FORM_TILES) {
        kernels->multiply_tiles(&layer->tiles, layer->stride, layer->biases, x, y);
        return;
    }
    const bool whole = l == 0 && !p->one_picks;
    const size_t count =
        l > 0 && layer[-1].activation == ESPALIER_RELU
            ? kernels->list_positive(x, layer->inputs, index, value)
            : kernels->list_nonzero(x, whole ? p->places : NULL,
                                    whole ? p->row_width : layer->inputs, index, value);
    if (layer->one == FORM_LISTS)
        kernels->add_lists(&layer->by_input, layer->stride, layer->biases, index, value, count,
                           y);
    else
        kernels->add_rows(layer->weights, layer->stride, layer->biases, index, value, count, y);
}

/* y = f(y) of layer l. ReLU is left to the list of what is positive, where there is one. */
static void activate(const espalier_predictor *p, size_t l, float *y)
{
    const layout_layer *layer = &p->layers[l];
    if (layer->activation != ESPALIER_RELU)
        activation_apply(p->kernels, layer->activation, layer->slope, y, layer->outputs);
    else if (layer[1].one == FORM_TILES)
        p->kernels->relu(y, layer->stride);
}

void one_row_run(const espalier_predictor *p, const float *values, float *logits,
                 float *workspace)
{
    float *const rooms[] = {workspace, workspace + p->widest};
    float *const value = workspace + 2 * p->widest;
    uint32_t *const index = (uint32_t *)(void *)(value + p->widest);
    for (size_t c = 0; c < p->row_width; c += PASS_LANES)
        __builtin_prefetch(values + c); /* all of the row's way at once, wherever it comes from */
    const float *x = inputs_of(p, values, rooms[1], rooms[0]);
    for (size_t l = 0; l < p->layer_count; l++) {
        float *y = rooms[l % 2];
        one_layer(p, l, x, index, value, y);
        activate(p, l, y);
        x = y;
    }
    memcpy(logits, x, p->classes * sizeof *logits);
}
