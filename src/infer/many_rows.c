/* A block of rows through the network, layer by layer. A dense layer takes rows side
 * by side and steps over their zeros, or hands the product to math/backend.h where
 * there are few; a layer of lists takes columns, every input's values of all rows
 * side by side. What lies the other way is turned round in between. */
#include "infer/rows.h"

#include <string.h>

#include "math/backend.h"
#include "math/pass.h"
#include "net/activation.h"

/* The values on their way: [rows][stride], or [stride's width][filled] as columns. */
typedef struct block {
    const espalier_predictor *p;
    size_t rows, filled; /* filled: up to whole vectors, the columns' stride */
    const float *x;
    size_t stride, width;
    bool columns;
    float *free, *other; /* room for a layer each; x is in `other` or the caller's */
    float *turned;       /* room for the columns of a block of inputs */
    math_ahead ahead;    /* the rows after these */
    uint32_t *marks;
} block;

/* ---- inputs ----------------------------------------------------------- */

static float *next(block *b)
{
    float *place = b->free;
    b->free = b->other;
    b->other = place;
    return place;
}

static void scale(block *b)
{
    float *to = next(b);
    for (size_t r = 0; r < b->rows; r++)
        rows_scale(b->p, b->x + r * b->stride, to + r * b->width);
    b->x = to;
}

static void pick(block *b)
{
    const size_t inputs = b->p->layers[0].inputs;
    float *to = next(b);
    for (size_t r = 0; r < b->rows; r++)
        rows_pick(b->p, b->x + r * b->stride, to + r * inputs);
    b->x = to;
    b->stride = b->width = inputs;
}

/* ---- layers ----------------------------------------------------------- */

static void to_rows(block *b)
{
    float *to = next(b);
    b->p->kernels->transpose(b->x, b->filled, b->width, b->rows, to, b->width);
    b->x = to;
    b->stride = b->width;
    b->columns = false;
}

/* The columns of a block of inputs, which stay in a near cache; turned round there if x is rows. */
static const float *block_columns(const block *b, const uint32_t *firsts)
{
    if (b->columns)
        return b->x + firsts[0] * b->filled;
    b->p->kernels->transpose(b->x + firsts[0], b->stride, b->rows, firsts[1] - firsts[0], b->turned,
                             b->filled);
    return b->turned;
}

static void multiply_columns(block *b, const layout_layer *layer)
{
    const block_lists *const lists = &layer->by_output;
    float *y = next(b);
    for (size_t k = 0; k < lists->blocks; k++)
        b->p->kernels->multiply_lists(lists, k, layer->outputs, layer->biases,
                                      block_columns(b, lists->firsts + k), b->filled,
                                      layer->activation == ESPALIER_RELU, y, &b->ahead);
    b->ahead = (math_ahead){0};
    if (layer->activation != ESPALIER_RELU)
        activation_apply(b->p->kernels, layer->activation, layer->slope, y,
                         layer->outputs * b->filled);
    b->x = y;
    b->width = layer->outputs;
    b->columns = true;
}

/* Y = B + X W by the backend, rows beyond whole vectors apart: a backend that makes
 * code for each shape has few shapes to make. */
static void multiply_dense(const block *b, const layout_layer *layer, float *y)
{
    const math_kernels *kernels = b->p->kernels;
    const size_t whole = b->rows / PASS_LANES * PASS_LANES, words = mark_words(layer->inputs);
    if (whole)
        math_backend_find(NULL)->gemm(false, false, whole, layer->stride, layer->inputs, b->x,
                                      b->stride, layer->weights, layer->stride, true, y,
                                      layer->stride);
    kernels->skip_gemm(false, b->rows - whole, layer->stride, layer->inputs, b->x + whole * b->stride,
                       b->stride, b->marks + whole * words, words, layer->weights, layer->stride, true,
                       y + whole * layer->stride, layer->stride, (math_ahead){0});
}

static void multiply_rows(block *b, const layout_layer *layer)
{
    const math_kernels *kernels = b->p->kernels;
    if (b->columns)
        to_rows(b);
    float *y = next(b);
    for (size_t r = 0; r < b->rows; r++)
        memcpy(y + r * layer->stride, layer->biases, layer->stride * sizeof *y);
    const size_t nonzero = kernels->mark_rows(b->x, b->rows, layer->inputs, b->stride, b->marks);
    if (skip_pays(nonzero, b->rows * layer->inputs, layer->stride))
        kernels->skip_gemm(false, b->rows, layer->stride, layer->inputs, b->x, b->stride, b->marks,
                           mark_words(layer->inputs), layer->weights, layer->stride, true, y,
                           layer->stride, b->ahead);
    else
        multiply_dense(b, layer, y);
    b->ahead = (math_ahead){0};
    if (layer->activation == ESPALIER_RELU)
        kernels->relu(y, b->rows * layer->stride);
    else
        activation_apply(kernels, layer->activation, layer->slope, y, b->rows * layer->stride);
    b->x = y;
    b->stride = layer->stride;
    b->width = layer->outputs;
}

/* ---- the way ---------------------------------------------------------- */

/* A column whose last vector is not whole ends in rows that are none: nobody looks at what comes of
 * them, but it is computed. They are zeros, set once for all blocks: turning round leaves them alone. */
static void clear_ends(const block *b)
{
    float *end = b->turned + b->filled - PASS_LANES;
    for (size_t c = 0; b->rows < b->filled && c < b->p->block_columns; c++, end += b->filled)
        memset(end, 0, PASS_LANES * sizeof *end);
}

/* Two rooms for a layer's values, one for a block's columns, marks of every row. */
size_t many_rows_workspace(const espalier_predictor *p, size_t rows)
{
    const size_t filled = pass_stride(rows);
    return filled * (2 * p->widest + p->block_columns + mark_words(p->widest));
}

void many_rows_run(const espalier_predictor *p, const float *values, size_t rows, size_t after,
                   float *logits, float *workspace)
{
    const size_t filled = pass_stride(rows), room = filled * p->widest;
    block b = {.p = p, .rows = rows, .filled = filled, .x = values, .stride = p->row_width,
               .width = p->row_width, .free = workspace, .other = workspace + room,
               .turned = workspace + 2 * room,
               .ahead = {values + rows * p->row_width, after * p->row_width},
               .marks = (uint32_t *)(void *)(workspace + 2 * room + filled * p->block_columns)};
    clear_ends(&b);
    if (p->shift)
        scale(&b);
    if (p->many_picks)
        pick(&b);
    for (size_t l = 0; l < p->layer_count; l++) {
        if (p->layers[l].many == FORM_LISTS)
            multiply_columns(&b, &p->layers[l]);
        else
            multiply_rows(&b, &p->layers[l]);
    }
    if (b.columns)
        to_rows(&b);
    for (size_t r = 0; r < rows; r++)
        memcpy(logits + r * p->classes, b.x + r * b.stride, p->classes * sizeof *logits);
}
