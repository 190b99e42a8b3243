/* The memory of a batch, how its work is cut, and the counts it gathers. */
#include "train/batch.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "math/pass.h"

/* Bytes of weights that an update block should have: half of a usual 32 KiB
 * first-level cache, so that product, mask and transposition find them there. */
enum { BLOCK_BYTES = 16 * 1024, BLOCK_ROWS_LEAST = 16 };

size_t batch_chunks(size_t rows)
{
    return (rows + BATCH_CHUNK - 1) / BATCH_CHUNK;
}

static size_t block_rows(size_t stride)
{
    size_t rows = BLOCK_BYTES / (stride * sizeof(float));
    return rows > BLOCK_ROWS_LEAST ? rows : BLOCK_ROWS_LEAST;
}

static void *take(batch *out, size_t count, size_t size_bytes)
{
    void *memory = memory_array(out->allocator, count, size_bytes);
    if (memory)
        out->memory[out->memory_count++] = memory;
    return memory;
}

/* Floats of a thread's scratch: the largest block's gradient, a bias gradient
 * behind it, or a chunk's values of two layers side by side. */
static size_t scratch_floats(const espalier_network *network)
{
    size_t most = 0, widest = pass_stride(network->layers[0].inputs);
    for (size_t l = 0; l < network->layer_count; l++) {
        size_t stride = pass_stride(network->layers[l].outputs);
        size_t block = (block_rows(stride) + 1) * stride;
        most = block > most ? block : most;
        widest = stride > widest ? stride : widest;
    }
    /* a compacted layer has a smaller stride and more rows in a block, within BLOCK_BYTES */
    most = most > BLOCK_BYTES / sizeof(float) + widest ? most : BLOCK_BYTES / sizeof(float) + widest;
    return most > 2 * BATCH_CHUNK * widest ? most : 2 * BATCH_CHUNK * widest;
}

static size_t blocks_most(const espalier_network *network)
{
    size_t count = 0;
    for (size_t l = 0; l < network->layer_count; l++)
        count += network->layers[l].inputs / BLOCK_ROWS_LEAST + 1;
    return count;
}

static bool take_all(batch *out, const espalier_network *network, size_t evaluation_rows)
{
    size_t layers = network->layer_count, rows = out->rows_most;
    size_t chunks = batch_chunks(rows > evaluation_rows ? rows : evaluation_rows);
    bool done = (out->values = take(out, layers, sizeof *out->values)) &&
                (out->deltas = take(out, layers, sizeof *out->deltas)) &&
                (out->scratch = take(out, out->threads, sizeof *out->scratch)) &&
                (out->counts = take(out, out->threads, sizeof *out->counts)) &&
                (out->count_start = take(out, layers, sizeof *out->count_start)) &&
                (out->blocks = take(out, blocks_most(network), sizeof *out->blocks)) &&
                (out->losses = take(out, chunks, sizeof *out->losses)) &&
                (out->corrects = take(out, chunks, sizeof *out->corrects)) &&
                (out->labels = take(out, rows, sizeof *out->labels)) &&
                (out->columns = take(out, network->layers[0].inputs, sizeof *out->columns));
    for (size_t l = 0; l < layers && done; l++) {
        size_t in, count;
        done = size_multiply(rows, pass_stride(network->layers[l].inputs), &in) &&
               size_multiply(rows, pass_stride(network->layers[l].outputs), &count) &&
               (out->values[l] = take(out, in, sizeof(float))) &&
               (out->deltas[l] = take(out, count, sizeof(float)));
        out->count_total += l + 1 < layers ? pass_stride(network->layers[l].outputs) : 0;
    }
    for (size_t t = 0; t < out->threads && done; t++)
        done = (out->scratch[t] = take(out, scratch_floats(network), sizeof(float))) &&
               (out->counts[t] = take(out, out->count_total, sizeof(uint64_t)));
    return done;
}

espalier_status batch_create(const work *copy, const espalier_network *network,
                             const math_backend *math, size_t threads, size_t rows_most,
                             size_t evaluation_rows, const espalier_allocator *allocator,
                             batch *out, espalier_error *error)
{
    *out = (batch){.allocator = allocator,
                   .math = math,
                   .threads = threads,
                   .layer_count = copy->layer_count,
                   .rows_most = rows_most};
    size_t most = 10 + 2 * copy->layer_count + 2 * threads;
    out->memory = memory_array(allocator, most, sizeof *out->memory);
    out->team = parallel_team_create(threads, allocator);
    if (!out->team || !out->memory || !take_all(out, network, evaluation_rows)) {
        batch_clear(out);
        return error_memory(error);
    }
    batch_fit(out, copy, network);
    return ESPALIER_OK;
}

void batch_clear(batch *out)
{
    parallel_team_destroy(out->team);
    for (size_t i = 0; i < out->memory_count; i++)
        memory_release(out->allocator, out->memory[i]);
    memory_release(out->allocator, out->memory);
    *out = (batch){0};
}

/* Which inputs of the data set the first layer reads. */
static void fit_columns(batch *out, const work *copy, const espalier_network *network)
{
    size_t count = copy->unit_count[0];
    out->has_columns = network->kept_inputs || count < network->layers[0].inputs;
    for (size_t i = 0; i < count; i++) {
        uint64_t unit = copy->units[0][i];
        out->columns[i] = network->kept_inputs ? network->kept_inputs[unit] : unit;
    }
}

void batch_fit(batch *out, const work *copy, const espalier_network *network)
{
    size_t start = 0;
    out->block_count = 0;
    fit_columns(out, copy, network);
    for (size_t l = 0; l < out->layer_count; l++) {
        const work_layer *layer = &copy->layers[l];
        size_t rows = block_rows(layer->output_stride);
        for (size_t first = 0; first < layer->inputs; first += rows) {
            size_t rest = layer->inputs - first;
            out->blocks[out->block_count++] = (batch_block){l, first, rest < rows ? rest : rows};
        }
        out->count_start[l] = start;
        start += l + 1 < out->layer_count ? layer->output_stride : 0;
        /* padding must be zero for the new strides; the first columns are written anew */
        memset(out->values[l], 0, out->rows_most * layer->input_stride * sizeof(float));
    }
}

void batch_gather(const batch *out, const work *copy, const espalier_network *network,
                        const espalier_dataset *dataset, espalier_split split,
                        const uint32_t *indices, size_t first, size_t rows, float *values)
{
    dataset_gather(dataset, split, indices, first, rows, out->has_columns ? out->columns : NULL,
                   copy->unit_count[0], network->scaling_count, network->shift, network->scale,
                   values, copy->layers[0].input_stride);
}

batch_result batch_add_chunks(const batch *out, size_t chunks)
{
    batch_result sum = {0};
    for (size_t c = 0; c < chunks; c++) {
        sum.loss += out->losses[c];
        sum.correct += out->corrects[c];
    }
    return sum;
}

void batch_take_counts(batch *out, const work *copy, espalier_network *network)
{
    for (size_t t = 0; t < out->threads; t++) {
        for (size_t l = 0; l + 1 < out->layer_count; l++) {
            uint64_t *target = network->layers[l].activations;
            const uint64_t *counts = out->counts[t] + out->count_start[l];
            for (size_t j = 0; j < copy->unit_count[l + 1]; j++)
                target[copy->units[l + 1][j]] += counts[j];
        }
        memset(out->counts[t], 0, out->count_total * sizeof(uint64_t));
    }
}
