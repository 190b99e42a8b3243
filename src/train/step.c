/* One batch: forward and backward by chunks of rows, then the update by blocks of
 * weights. */
#include "train/batch.h"

#include "math/pass.h"

/* deltas of the layer below, for rows [first, first + rows):
 *   deltas[l-1] = (deltas[l] W_l) where values[l] > 0 */
static void backward_layer(const batch *out, const work *copy, size_t l, size_t first, size_t rows)
{
    const work_layer *layer = &copy->layers[l];
    float *below = out->deltas[l - 1] + first * layer->input_stride;
    out->math->gemm(false, false, rows, layer->input_stride, layer->outputs,
                    out->deltas[l] + first * layer->output_stride, layer->output_stride,
                    layer->transposed, layer->input_stride, false, below, layer->input_stride);
    pass_relu_backward(below, out->values[l] + first * layer->input_stride, rows,
                       layer->input_stride);
}

/* Forward and backward for one chunk of rows of the batch; scale is the factor
 * that the loss's derivative carries. */
static void run_chunk(batch *out, const work *copy, size_t chunk, size_t thread, size_t rows_all,
                      float scale)
{
    size_t first = chunk * BATCH_CHUNK, last = out->layer_count - 1;
    size_t rows = rows_all - first < BATCH_CHUNK ? rows_all - first : BATCH_CHUNK;
    uint64_t *counts = out->counting ? out->counts[thread] : NULL;
    for (size_t l = 0; l <= last; l++) {
        const work_layer *layer = &copy->layers[l];
        float *y = (l < last ? out->values[l + 1] : out->deltas[l]) + first * layer->output_stride;
        out->math->gemm(false, false, rows, layer->output_stride, layer->inputs,
                        out->values[l] + first * layer->input_stride, layer->input_stride,
                        layer->weights, layer->output_stride, false, y, layer->output_stride);
        if (l < last)
            pass_bias_relu_count(y, rows, layer->output_stride, layer->biases,
                                 counts ? counts + out->count_start[l] : NULL);
        else
            out->losses[chunk] = pass_softmax_loss(y, rows, layer->outputs, layer->output_stride,
                                                   layer->biases, out->labels + first, scale,
                                                   &out->corrects[chunk]);
    }
    for (size_t l = last; l > 0; l--)
        backward_layer(out, copy, l, first, rows);
}

/* Plain SGD needs no gradient: deltas carry -rate / rows already, so the
 * product adds the update straight to the weights. */
static void update_fused(batch *out, work_layer *layer, const batch_block *block, size_t rows,
                         const optimizer_step *step, const float *x, float *w)
{
    size_t stride = layer->output_stride;
    if (step->decay > 0.0f) {
        float keep = 1.0f - step->rate * step->decay;
        for (size_t i = 0; i < block->rows * stride; i++)
            w[i] *= keep;
    }
    out->math->gemm(true, false, block->rows, stride, rows, x, layer->input_stride,
                    out->deltas[block->layer], stride, true, w, stride);
}

static void update_biases(batch *out, work_layer *layer, size_t l, size_t rows,
                          const optimizer_step *step, float *sums)
{
    size_t stride = layer->output_stride;
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
    const float *x = out->values[block->layer] + block->first;
    if (step->kind == ESPALIER_SGD) {
        update_fused(out, layer, block, rows, step, x, w);
    } else {
        out->math->gemm(true, false, block->rows, stride, rows, x, layer->input_stride,
                        out->deltas[block->layer], stride, false, scratch, stride);
        optimizer_update(step, count, scratch, w, layer->states[0] + offset,
                         layer->states[1] ? layer->states[1] + offset : NULL);
    }
    if (layer->masked)
        pass_mask(w, layer->mask + offset, count);
    if (layer->transposed)
        pass_transpose(w, stride, block->rows, layer->outputs, layer->transposed + block->first,
                       layer->input_stride);
    if (block->first == 0)
        update_biases(out, layer, block->layer, rows, step, scratch);
}

/* What the pieces of a step share. */
typedef struct step_job {
    batch *batch;
    work *copy;
    const espalier_network *network;
    const espalier_dataset *dataset;
    const uint32_t *indices;
    size_t rows;
    const optimizer_step *step;
    float scale;
} step_job;

static void chunk_task(void *context, size_t chunk, size_t thread)
{
    const step_job *job = context;
    size_t first = chunk * BATCH_CHUNK, rest = job->rows - first;
    batch_gather(job->batch, job->copy, job->network, job->dataset, ESPALIER_TRAINING,
                 job->indices + first, 0, rest < BATCH_CHUNK ? rest : BATCH_CHUNK,
                 job->batch->values[0] + first * job->copy->layers[0].input_stride);
    job->batch->corrects[chunk] = 0;
    run_chunk(job->batch, job->copy, chunk, thread, job->rows, job->scale);
}

static void block_task(void *context, size_t block, size_t thread)
{
    const step_job *job = context;
    update_block(job->batch, job->copy, &job->batch->blocks[block], thread, job->rows, job->step);
}

batch_result batch_train(batch *out, work *copy, const espalier_network *network,
                         const espalier_dataset *dataset, const uint32_t *indices, size_t rows,
                         const optimizer_step *step)
{
    size_t chunks = batch_chunks(rows);
    float scale = (step->kind == ESPALIER_SGD ? -step->rate : 1.0f) / (float)rows;
    step_job job = {out, copy, network, dataset, indices, rows, step, scale};
    for (size_t r = 0; r < rows; r++)
        out->labels[r] = dataset->labels[dataset->rows[ESPALIER_TRAINING][indices[r]]];
    parallel_run(out->team, chunks, chunk_task, &job);
    parallel_run(out->team, out->block_count, block_task, &job);
    return batch_add_chunks(out, chunks);
}
