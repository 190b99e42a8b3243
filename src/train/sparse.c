/* Products by lists of kept weights, in columns. What is dense is flow.c's and step.c's. */
#include "train/sparse.h"

#include <math.h>
#include <string.h>

#include "math/clones.h"
#include "math/pass.h"
#include "net/activation.h"

bool sparse_is(const work *copy, size_t l)
{
    return l < copy->layer_count && copy->layers[l].lists.blocks > 0;
}

/* Where the columns of a chunk begin, `stride` floats for each row. */
static size_t chunk_at(const batch *out, size_t first, size_t stride)
{
    return first / out->chunk_rows * out->column_rows * stride;
}

/* ---- rows and columns ------------------------------------------------- */

void sparse_columns(const batch *out, size_t rows, size_t units, size_t stride, const float *from,
                    float *to)
{
    out->kernels->transpose(from, stride, rows, units, to, out->column_rows);
    /* rows of padding: zero, so that they add nothing to a gradient */
    for (size_t u = 0; rows < pass_stride(rows) && u < units; u++)
        memset(to + u * out->column_rows + rows, 0, (pass_stride(rows) - rows) * sizeof *to);
}

void sparse_turn(const batch *out, size_t thread, bool from, bool to, size_t first, size_t rows,
                 size_t units, size_t stride, size_t panel, float *values)
{
    float *const other = out->scratch[thread], *const chunk = values + chunk_at(out, first, stride);
    if (from == to)
        return;
    memcpy(other, chunk, out->column_rows * stride * sizeof *other);
    if (!to)
        memset(chunk, 0, out->column_rows * stride * sizeof *chunk);
    for (size_t unit = 0; unit < units; unit += panel) {
        const size_t count = units - unit < panel ? units - unit : panel;
        const size_t columns = stride - unit < panel ? stride - unit : panel;
        const size_t at = unit * out->column_rows; /* in both forms */
        if (to)
            sparse_columns(out, rows, count, columns, other + at, chunk + at);
        else
            out->kernels->transpose(other + at, out->column_rows, count, rows, chunk + at, columns);
    }
}

/* ---- forward and backward --------------------------------------------- */

/* y = y + bias, or of ReLU max(y + bias, 0).  y [units][stride]. */
VECTOR_CLONES
static void add_biases(float *restrict y, size_t units, size_t stride, size_t rows,
                       const float *restrict bias, bool relu)
{
    const float least = relu ? 0.0f : -INFINITY;
    for (size_t u = 0; u < units; u++, y += stride) {
        for (size_t r = 0; r < rows; r++) {
            const float value = y[r] + bias[u];
            y[r] = value > least ? value : least;
        }
    }
}

/* y = f(y + bias) */
static void finish(const math_kernels *kernels, const work_layer *layer, float *y, size_t stride,
                   size_t rows)
{
    const bool relu = layer->activation == ESPALIER_RELU;
    add_biases(y, layer->outputs, stride, rows, layer->biases, relu);
    for (size_t u = 0; !relu && u < layer->outputs; u++)
        activation_apply(kernels, layer->activation, layer->slope, y + u * stride, rows);
}

/* counts[u] += how many of a unit's rows are positive. x [units][stride]. */
VECTOR_CLONES
static void count_positive(const float *x, size_t units, size_t stride, size_t rows,
                           uint64_t *counts)
{
    for (size_t u = 0; u < units; u++, x += stride) {
        uint32_t count = 0;
        for (size_t r = 0; r < rows; r++)
            count += x[r] > 0.0f;
        counts[u] += count;
    }
}

/* Adds the activations of the layer's inputs. What ReLU gives is positive or zero. */
static void count(const batch *out, const work_layer *layer, size_t l, size_t thread,
                  const float *x, size_t rows)
{
    if (!out->counting || l == 0 || layer[-1].activation == ESPALIER_LINEAR)
        return;
    (layer[-1].activation == ESPALIER_RELU ? out->kernels->count_columns : count_positive)(
        x, layer->inputs, out->column_rows, rows, out->counts[thread] + out->count_start[l - 1]);
}

/* Lists of the layer from `first` on. */
static weight_lists lists_from(const work_layer *layer, size_t first)
{
    weight_lists lists = layer->lists.kept;
    lists.starts += first;
    return lists;
}

void sparse_forward(const batch *out, const work *copy, size_t l, size_t thread, size_t first,
                    size_t rows)
{
    const work_layer *layer = &copy->layers[l];
    const bool hidden = l + 1 < out->layer_count;
    const size_t padded = pass_stride(rows), inside = first % out->chunk_rows;
    const float *x = out->values[l] + chunk_at(out, first, layer->input_stride) + inside;
    float *y = (hidden ? out->values[l + 1] : out->deltas[l]) +
               chunk_at(out, first, layer->output_stride) + inside;
    count(out, layer, l, thread, x, rows);
    for (size_t b = 0; b < layer->lists.blocks; b++) {
        const weight_lists lists = lists_from(layer, b * layer->outputs);
        out->kernels->forward_lists(&lists, layer->outputs, x, out->column_rows, padded, b > 0, y);
    }
    if (hidden)
        finish(out->kernels, layer, y, out->column_rows, padded);
}

void sparse_backward(const batch *out, const work *copy, size_t l, size_t first, size_t rows)
{
    const work_layer *layer = &copy->layers[l];
    const size_t padded = pass_stride(rows), inside = first % out->chunk_rows;
    const size_t at = chunk_at(out, first, layer->input_stride) + inside;
    const float *d = out->deltas[l] + chunk_at(out, first, layer->output_stride) + inside;
    float *dx = out->deltas[l - 1] + at;
    for (size_t u = 0; u < layer->inputs; u++)
        memset(dx + u * out->column_rows, 0, padded * sizeof *dx);
    for (size_t b = 0; b < layer->lists.blocks; b++) {
        const weight_lists lists = lists_from(layer, b * layer->outputs);
        out->kernels->backward_lists(&lists, layer->outputs, d, out->column_rows, padded, dx);
    }
    activation_backward(layer[-1].activation, layer[-1].slope, dx, out->values[l] + at,
                        layer->inputs, padded, out->column_rows);
}

/* ---- update ----------------------------------------------------------- */

/* g[e] = sum over the rows of the batch of x[input] d[output] (+ g[e]). */
static void gradient(const batch *out, const work_layer *layer, const batch_block *block,
                     size_t rows, bool accumulate, float *g)
{
    const size_t full = rows / out->chunk_rows, rest = rows % out->chunk_rows;
    const size_t x_step = out->column_rows * layer->input_stride;
    const size_t d_step = out->column_rows * layer->output_stride;
    const float *x = out->values[block->layer];
    const float *d = out->deltas[block->layer] + block->first % layer->outputs * out->column_rows;
    const weight_lists lists = lists_from(layer, block->first);
    if (full)
        out->kernels->gradient_lists(&lists, block->rows, x, x_step, d, d_step, out->column_rows,
                                     full, out->chunk_rows, accumulate, g);
    if (rest)
        out->kernels->gradient_lists(&lists, block->rows, x + full * x_step, x_step,
                                     d + full * d_step, d_step, out->column_rows, 1,
                                     pass_stride(rest), accumulate || full, g);
}

void sparse_update(const batch *out, const work_layer *layer, const batch_block *block,
                   size_t rows, const optimizer_step *step)
{
    const work_lists *lists = &layer->lists;
    const uint32_t begin = lists->kept.starts[block->first];
    const uint32_t end = lists->kept.starts[block->first + block->rows];
    float *const weights = lists->kept.weights;
    optimizer_decay(step, end - begin, weights + begin);
    if (step->kind == ESPALIER_SGD) { /* as in step.c: deltas carry -rate / rows, no gradient is needed */
        gradient(out, layer, block, rows, true, weights);
    } else {
        gradient(out, layer, block, rows, false, lists->gradient);
        optimizer_update(step, end - begin, lists->gradient + begin, weights + begin, lists->states, begin);
    }
}

void sparse_bias_gradient(const batch *out, const work_layer *layer, size_t l, size_t rows,
                          float *sums)
{
    memset(sums, 0, layer->output_stride * sizeof *sums);
    for (size_t first = 0; first < rows; first += out->chunk_rows) {
        const size_t rest = rows - first;
        const size_t padded = pass_stride(rest < out->chunk_rows ? rest : out->chunk_rows);
        const float *d = out->deltas[l] + chunk_at(out, first, layer->output_stride);
        out->kernels->sum_columns(d, layer->outputs, out->column_rows, padded, sums);
    }
}
