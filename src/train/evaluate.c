/* The working copy on rows that it does not learn from: loss and accuracy on a whole
 * split, for validation while training; which units answer to a few rows. */
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

/* y = layer l's values for the rows in x, of the last layer the plain product. */
static void forward(const batch *out, const work *copy, size_t l, size_t thread, size_t rows,
                    const float *x, float *y)
{
    const work_layer *layer = &copy->layers[l];
    batch_multiply_layer(out, thread, rows, layer, x, y);
    if (l + 1 < out->layer_count)
        work_finish(out->kernels, layer, 0, y, rows, layer->output_stride, layer->output_stride);
}

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
        forward(out, copy, l, thread, rows, x, y);
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

static size_t half_of(const batch *out, const work *copy)
{
    size_t half = CHUNK_EVALUATION * copy->layers[0].input_stride;
    for (size_t l = 0; l < out->layer_count; l++)
        if (CHUNK_EVALUATION * copy->layers[l].output_stride > half)
            half = CHUNK_EVALUATION * copy->layers[l].output_stride;
    return half;
}

batch_result batch_evaluate(batch *out, const work *copy, const espalier_network *network,
                            const espalier_dataset *dataset, espalier_split split)
{
    size_t chunks = batch_chunks(dataset->row_count[split], CHUNK_EVALUATION);
    evaluation_job job = {out, copy, network, dataset, split, half_of(out, copy)};
    batch_run(out, chunks, chunk_task, &job);
    return batch_add_chunks(out, chunks);
}

/* ---- which units answer ---------------------------------------------------------- */

static size_t count_answering(const work_layer *layer, const float *y, size_t rows)
{
    size_t count = 0;
    for (size_t j = 0; j < layer->outputs; j++) {
        size_t r = 0;
        while (r < rows && !(y[r * layer->output_stride + j] > 0.0f))
            r++;
        count += r < rows;
    }
    return count;
}

size_t batch_answering(batch *out, const work *copy, const espalier_network *network,
                       const espalier_dataset *dataset, size_t *answering)
{
    const size_t all = dataset->row_count[ESPALIER_TRAINING];
    const size_t rows = all < CHUNK_EVALUATION ? all : CHUNK_EVALUATION;
    uint32_t spread[CHUNK_EVALUATION];
    float *x = out->scratch[0], *y = x + half_of(out, copy), *other;
    for (size_t r = 0; r < rows; r++) /* classes may lie one after the other */
        spread[r] = (uint32_t)((uint64_t)r * all / rows);
    memset(x, 0, rows * copy->layers[0].input_stride * sizeof *x);
    batch_gather(out, copy, network, dataset, ESPALIER_TRAINING, spread, 0, rows, x);
    for (size_t l = 0; l + 1 < out->layer_count; l++) {
        const work_layer *layer = &copy->layers[l];
        forward(out, copy, l, 0, rows, x, y);
        answering[l] = layer->activation == ESPALIER_RELU ? count_answering(layer, y, rows)
                                                          : layer->outputs;
        other = x, x = y, y = other;
    }
    return rows;
}
