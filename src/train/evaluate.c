/* Loss and accuracy of the working copy on a whole split, for validation while
 * training. */
#include "train/batch.h"

#include <string.h>

#include "base/parallel.h"
#include "math/pass.h"

/* One chunk of an evaluation, in the thread's two halves of scratch. */
static void evaluate_chunk(batch *out, const work *copy, const espalier_network *network,
                           const espalier_dataset *dataset, espalier_split split, size_t chunk,
                           size_t rows, size_t half)
{
    uint32_t labels[BATCH_CHUNK];
    float *x = out->scratch[parallel_thread()], *y = x + half, *other;
    size_t first = chunk * BATCH_CHUNK, last = out->layer_count - 1;
    memset(x, 0, rows * copy->layers[0].input_stride * sizeof *x);
    batch_gather(out, copy, network, dataset, split, NULL, first, rows, x);
    for (size_t l = 0; l <= last; l++) {
        const work_layer *layer = &copy->layers[l];
        out->math->gemm(false, false, rows, layer->output_stride, layer->inputs, x,
                        layer->input_stride, layer->weights, layer->output_stride, false, y,
                        layer->output_stride);
        if (l < last)
            pass_bias_relu_count(y, rows, layer->output_stride, layer->biases, NULL);
        other = x, x = y, y = other;
    }
    for (size_t r = 0; r < rows; r++)
        labels[r] = dataset->labels[dataset->rows[split][first + r]];
    out->corrects[chunk] = 0;
    out->losses[chunk] =
        pass_softmax_loss(x, rows, copy->layers[last].outputs, copy->layers[last].output_stride,
                          copy->layers[last].biases, labels, 1.0f, &out->corrects[chunk]);
}

batch_result batch_evaluate(batch *out, const work *copy, const espalier_network *network,
                            const espalier_dataset *dataset, espalier_split split)
{
    size_t rows = dataset->row_count[split], chunks = batch_chunks(rows);
    size_t half = BATCH_CHUNK * copy->layers[0].input_stride;
    for (size_t l = 0; l < out->layer_count; l++)
        if (BATCH_CHUNK * copy->layers[l].output_stride > half)
            half = BATCH_CHUNK * copy->layers[l].output_stride;
#pragma omp parallel for schedule(static) num_threads((int)out->threads) if (out->threads > 1)
    for (size_t c = 0; c < chunks; c++) {
        size_t rest = rows - c * BATCH_CHUNK;
        evaluate_chunk(out, copy, network, dataset, split, c, rest < BATCH_CHUNK ? rest : BATCH_CHUNK,
                       half);
    }
    return batch_add_chunks(out, chunks);
}
