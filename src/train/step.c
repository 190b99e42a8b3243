/* One batch: forward and backward by flow.c, then the update by blocks of weights. */
#include "math/pass.h"
#include "train/flow.h"
#include "train/sparse.h"

/* Adds the activations of a block's inputs x, which are the hidden layer below. What is
 * marked is what ReLU left above zero; others also give what is below. A linear layer is
 * not counted. */
static void count_block(const batch *out, size_t thread, const work_layer *layer,
                        const batch_block *block, size_t rows, const float *x)
{
    if (!out->counting || block->layer == 0 || layer[-1].activation == ESPALIER_LINEAR)
        return;
    const uint32_t *marks = out->marks[thread];
    uint64_t *counts = out->counts[thread] + out->count_start[block->layer - 1] + block->first;
    if (layer[-1].activation != ESPALIER_RELU) {
        pass_count_positive(x, rows, block->rows, layer->input_stride, counts);
        return;
    }
    for (size_t w = 0; w < mark_words(rows); w++)
        for (size_t i = 0; i < block->rows; i++)
            counts[i] += (uint64_t)__builtin_popcount(*marks++);
}

/* G = X' D (+ G) for one block of weight rows, summed over the rows of the batch; what
 * is added to weights that are pruned is lost.
 * x the block's first input in the first row, kept the block's masks or NULL. */
static void gradient(const batch *out, size_t thread, const work_layer *layer,
                     const batch_block *block, size_t rows, const float *x, bool accumulate,
                     const uint16_t *kept, float *g)
{
    size_t stride = layer->output_stride, words = stride / PASS_LANES;
    uint32_t *marks = out->marks[thread];
    const float *deltas = out->deltas[block->layer];
    size_t found = out->kernels->mark_columns(x, rows, block->rows, layer->input_stride, marks);
    count_block(out, thread, layer, block, rows, x);
    if (!skip_pays(found, rows * block->rows, stride)) {
        out->math->gemm(true, false, block->rows, stride, rows, x, layer->input_stride, deltas,
                        stride, accumulate, g, stride);
        if (kept)
            out->kernels->keep(g, kept, block->rows * words);
    } else if (kept) {
        out->kernels->skip_update(block->rows, stride, rows, x, 1, layer->input_stride, marks, 1,
                                  block->rows, deltas, stride, kept, words, g, stride);
    } else {
        out->kernels->skip_gemm(block->rows, stride, rows, x, 1, layer->input_stride, marks, 1,
                                block->rows, deltas, stride, accumulate, g, stride);
    }
}

/* Weight decay, w -= rate decay w. */
static void shrink(const optimizer_step *step, size_t count, float *w)
{
    float keep = 1.0f - step->rate * step->decay;
    for (size_t i = 0; i < count && step->decay > 0.0f; i++)
        w[i] *= keep;
}

static void update_biases(batch *out, work_layer *layer, size_t l, size_t rows,
                          const optimizer_step *step, float *sums)
{
    size_t stride = layer->output_stride;
    if (layer->lists.blocks)
        sparse_bias_gradient(out, layer, l, rows, sums);
    else
        pass_column_sums(out->deltas[l], rows, stride, sums);
    if (step->kind == ESPALIER_SGD) {
        for (size_t j = 0; j < stride; j++)
            layer->biases[j] += sums[j];
    } else {
        optimizer_step plain = *step;
        plain.decay = 0.0f;
        optimizer_update(&plain, stride, sums, layer->biases, layer->bias_states[0],
                         layer->bias_states[1]);
    }
}

/* Updates one block of weight rows: W[i][j] by sum over rows of x[.][i] delta[.][j]. */
static void update_block(batch *out, work *copy, const batch_block *block, size_t thread,
                         size_t rows, const optimizer_step *step)
{
    work_layer *layer = &copy->layers[block->layer];
    size_t stride = layer->output_stride, count = block->rows * stride;
    size_t offset = block->first * stride;
    float *scratch = out->scratch[thread], *w = layer->weights + offset;
    const uint16_t *kept = layer->masked ? layer->kept + offset / PASS_LANES : NULL;
    const float *x = out->values[block->layer] + block->first;
    if (step->kind == ESPALIER_SGD) {
        /* no gradient is needed: deltas carry -rate / rows already, so the product adds
         * the update straight to the weights */
        shrink(step, count, w);
        gradient(out, thread, layer, block, rows, x, true, kept, w);
    } else {
        gradient(out, thread, layer, block, rows, x, false, NULL, scratch);
        optimizer_update(step, count, scratch, w, layer->states[0] + offset,
                         layer->states[1] ? layer->states[1] + offset : NULL);
        if (kept)
            out->kernels->keep(w, kept, count / PASS_LANES);
    }
    if (layer->transposed)
        pass_transpose(w, stride, block->rows, layer->outputs, layer->transposed + block->first,
                       layer->input_stride);
}

/* What the pieces of an update share. */
typedef struct update_job {
    batch *batch;
    work *copy;
    size_t rows;
    const optimizer_step *step;
} update_job;

static void block_task(void *context, size_t block, size_t thread)
{
    const update_job *job = context;
    const batch_block *piece = &job->batch->blocks[block];
    work_layer *layer = &job->copy->layers[piece->layer];
    if (layer->lists.blocks)
        sparse_update(job->batch, layer, piece, job->rows, job->step);
    else
        update_block(job->batch, job->copy, piece, thread, job->rows, job->step);
    if (piece->first == 0)
        update_biases(job->batch, layer, piece->layer, job->rows, job->step,
                      job->batch->scratch[thread]);
}

batch_result batch_train(batch *out, work *copy, const espalier_network *network,
                         const espalier_dataset *dataset, const uint32_t *indices, size_t rows,
                         size_t ahead, const optimizer_step *step)
{
    float scale = (step->kind == ESPALIER_SGD ? -step->rate : 1.0f) / (float)rows;
    flow_job flow = {out, copy, network, dataset, indices, rows, ahead, scale};
    update_job update = {out, copy, rows, step};
    for (size_t r = 0; r < rows; r++)
        out->labels[r] = dataset->labels[dataset->rows[ESPALIER_TRAINING][indices[r]]];
    flow_run(&flow);
    batch_run(out, out->block_count, block_task, &update);
    return batch_add_chunks(out, batch_chunks(rows, out->chunk_rows));
}
