/* Loss and accuracy of the working copy on a whole split, for validation while
 * training. */
#include "train/batch.h"

#include <string.h>

#include "math/pass.h"

typedef struct evaluation_job {
    batch *batch;
    const work *copy;
    const espalier_network *network;
    const espalier_dataset *dataset;
    espalier_split split;
    size_t half; /* floats between the two halves of a thread's scratch */
} evaluation_job;

/* One chunk forward, from one half of the scratch to the other and back. */
static void chunk_task(void *context, size_t chunk, size_t thread)
{
    const evaluation_job *job = context;
    batch *out = job->batch;
    const work *copy = job->copy;
    uint32_t labels[CHUNK_EVALUATION];
    float *x = out->scratch[thread], *y = x + job->half, *other;
    size_t first = chunk * CHUNK_EVALUATION, last = out->layer_count - 1;
    size_t rest = job->dataset->row_count[job->split] - first;
    size_t rows = rest < CHUNK_EVALUATION ? rest : CHUNK_EVALUATION;
    memset(x, 0, rows * copy->layers[0].input_stride * sizeof *x);
    batch_gather(out, copy, job->network, job->dataset, job->split, NULL, first, rows, x);
    for (size_t l = 0; l <= last; l++) {
        const work_layer *layer = &copy->layers[l];
        batch_multiply(out, thread, rows, layer->output_stride, layer->inputs, x,
                       layer->input_stride, layer->weights, layer->output_stride, y);
        if (l < last)
            work_finish(out->kernels, layer, 0, y, rows, layer->output_stride);
        other = x, x = y, y = other;
    }
    for (size_t r = 0; r < rows; r++)
        labels[r] = job->dataset->labels[job->dataset->rows[job->split][first + r]];
    const work_layer *output = &copy->layers[last];
    out->corrects[chunk] = 0;
    out->losses[chunk] = pass_softmax_loss(out->kernels, x, rows, output->outputs,
                                           output->output_stride, output->biases, labels, 1.0f,
                                           &out->corrects[chunk]);
}

batch_result batch_evaluate(batch *out, const work *copy, const espalier_network *network,
                            const espalier_dataset *dataset, espalier_split split)
{
    size_t chunks = batch_chunks(dataset->row_count[split], CHUNK_EVALUATION);
    size_t half = CHUNK_EVALUATION * copy->layers[0].input_stride;
    for (size_t l = 0; l < out->layer_count; l++)
        if (CHUNK_EVALUATION * copy->layers[l].output_stride > half)
            half = CHUNK_EVALUATION * copy->layers[l].output_stride;
    evaluation_job job = {out, copy, network, dataset, split, half};
    batch_run(out, chunks, chunk_task, &job);
    return batch_add_chunks(out, chunks);
}
