/* The memory of a batch, how its work is cut, and the counts it gathers. */
#include "train/batch.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/processors.h"
#include "math/pass.h"
#include "train/lists.h"
#include "train/parts.h"
#include "train/sparse.h"
#include "train/tiles.h"

/* Bytes and rows of weights that an update block should have: the batch's derivatives
 * are read anew for each block, while mask and transposition should still find its
 * weights in the second-level cache. */
enum { BLOCK_BYTES = 64 * 1024, BLOCK_ROWS_LEAST = 64 };

/* Weights of lists that a task updates: some microseconds. */
enum { BLOCK_WEIGHTS = 4096 };

size_t batch_chunks(size_t rows, size_t chunk_rows)
{
    return (rows + chunk_rows - 1) / chunk_rows;
}

/* Operations of a batch's products from which on a second thread pays: the threads wait
 * for each other twice in a batch, and weights that one of them changed come to the
 * other from its cache. Measured on two cores with batches of 32: at 26 million two
 * threads took 1.27 times as long as one, at 40 million 0.75. In parts, where each has most
 * of its weights to itself, 0.66 at 8 million, 0.85 at 15, 0.63 at 17 and 0.60 at 28. */
static const double PARALLEL_OPERATIONS = 32e6, PARTED_OPERATIONS = 8e6;

/* Multiplications and additions of a batch as if no value were zero. */
static double operations(const batch *out, const work *copy)
{
    double sum = 0.0;
    for (size_t l = 0; l < copy->layer_count; l++) {
        const work_layer *layer = &copy->layers[l];
        const double weights = (double)layer->inputs * (double)layer->outputs;
        sum += (l ? 6.0 : 4.0) * (sparse_is(copy, l) ? lists_equivalent(layer) : weights);
    }
    return sum * (double)out->rows_most;
}

static bool is_alone(const batch *out, const work *copy)
{
    const double least = parts_of(copy) > 0 ? PARTED_OPERATIONS : PARALLEL_OPERATIONS;
    return out->sparing && operations(out, copy) < least;
}

void batch_run(const batch *out, size_t count, parallel_task *task, void *context)
{
    if (!out->alone)
        parallel_run(out->team, count, task, context);
    for (size_t i = out->alone ? count : 0; i-- > 0;)
        task(context, i, 0);
}

static size_t chunk_rows_for(size_t batch_rows, bool wide)
{
    if (wide)
        return CHUNK_MOST;
    size_t rows = batch_rows / 8 / CHUNK_LEAST * CHUNK_LEAST;
    return rows < CHUNK_LEAST ? CHUNK_LEAST : rows > CHUNK_MOST ? CHUNK_MOST : rows;
}

static size_t block_rows(size_t stride)
{
    size_t rows = BLOCK_BYTES / (stride * sizeof(float)) / PASS_LANES * PASS_LANES;
    return rows > BLOCK_ROWS_LEAST ? rows : BLOCK_ROWS_LEAST;
}

static void *take(batch *out, size_t count, size_t size_bytes)
{
    void *memory = memory_array(out->allocator, count, size_bytes);
    if (memory)
        out->memory[out->memory_count++] = memory;
    return memory;
}

/* Floats of a thread's scratch: the largest block's gradient, in a wide network a tile's
 * and the tile turned round; a bias gradient; or a validation chunk's values of two layers
 * side by side. */
static size_t scratch_floats(const espalier_network *network, bool wide)
{
    size_t most = 0, widest = work_stride(network->layers[0].inputs);
    for (size_t l = 0; l < network->layer_count; l++) {
        size_t stride = work_stride(network->layers[l].outputs);
        size_t block = (block_rows(stride) + 1) * stride;
        most = block > most ? block : most;
        widest = stride > widest ? stride : widest;
    }
    /* a compacted layer has a smaller stride and more rows in a block, within BLOCK_BYTES */
    most = most > BLOCK_BYTES / sizeof(float) + widest ? most : BLOCK_BYTES / sizeof(float) + widest;
    if (wide)
        most = TILE_SIDE * TILE_SIDE + TILE_SIDE * TILE_STRIDE;
    most = most > widest ? most : widest;
    return most > 2 * CHUNK_EVALUATION * widest ? most : 2 * CHUNK_EVALUATION * widest;
}

static size_t widest_layer(const espalier_network *network)
{
    size_t widest = network->layers[0].inputs;
    for (size_t l = 0; l < network->layer_count; l++)
        widest = network->layers[l].outputs > widest ? network->layers[l].outputs : widest;
    return widest;
}

/* Words of a thread's marks: of a chunk's rows in the widest layer, or of a batch's
 * columns in the block with the most rows. */
static size_t mark_count(const batch *out, const espalier_network *network)
{
    size_t chunk = out->chunk_rows > CHUNK_EVALUATION ? out->chunk_rows : CHUNK_EVALUATION;
    size_t rows = chunk * mark_words(widest_layer(network));
    size_t columns = mark_words(out->rows_most) * block_rows(PASS_LANES);
    if (out->wide)
        columns = mark_words(out->rows_most) * TILE_SIDE;
    return rows > columns ? rows : columns;
}

/* A task of lists has BLOCK_WEIGHTS, or is the last of its block of inputs. */
static size_t list_blocks_most(const espalier_network *network, size_t l)
{
    const network_layer *layer = &network->layers[l];
    return layer->inputs * layer->outputs / BLOCK_WEIGHTS + lists_blocks(layer->inputs);
}

static size_t blocks_most(const math_kernels *kernels, const espalier_network *network)
{
    size_t count = 0;
    for (size_t l = 0; l < network->layer_count; l++)
        count += network->layers[l].inputs / BLOCK_ROWS_LEAST + 1 + list_blocks_most(network, l);
    /* the first layer has as many in each of its panels */
    const network_layer *first = &network->layers[0];
    return count + (first->inputs / BLOCK_ROWS_LEAST + 1) * work_narrow_panels(kernels, first->outputs);
}

/* Tiles that a wide network's widest layer is marked by, 0 of a narrow one. */
static size_t tiles_most(const batch *out, const espalier_network *network)
{
    return out->wide ? tiles_count(widest_layer(network)) : 0;
}

/* A copy of the inputs; the first one's is there. */
static bool take_inputs(batch *out, const espalier_network *network, size_t padded, size_t chunks,
                        size_t c)
{
    size_t count, words;
    const size_t inputs = network->layers[0].inputs;
    bool done = size_multiply(padded, work_stride(inputs), &count) &&
                size_multiply(padded, mark_words(inputs), &words) &&
                (out->next_inputs[c] = take(out, count, sizeof(float))) &&
                (out->input_marks[c] = take(out, words, sizeof(uint32_t))) &&
                (out->input_found[c] = take(out, chunks, sizeof(size_t)));
    out->inputs[c] = c ? NULL : out->values[0];
    return done && (out->inputs[c] || (out->inputs[c] = take(out, count, sizeof(float))));
}

bool batch_is_turned(const batch *out, size_t l)
{
    return out->groups > 1 && l > 1;
}

static size_t turned_floats(const espalier_network *network)
{
    size_t floats = 0;
    for (size_t l = 2; l < network->layer_count; l++)
        floats += network->layers[l].outputs * work_stride(network->layers[l].inputs);
    return floats;
}

static bool take_all(batch *out, const espalier_network *network, size_t evaluation_rows)
{
    size_t layers = network->layer_count, rows = out->rows_most;
    size_t chunks = batch_chunks(rows, out->chunk_rows), padded = chunks * out->column_rows;
    size_t others = batch_chunks(evaluation_rows, CHUNK_EVALUATION);
    size_t parts = out->wide ? 0 : parts_most(out->kernels, network);
    size_t groups = out->threads <= parts ? out->threads : parts > 0;
    size_t count, tiles = chunks * tiles_most(out, network);
    size_t turned = groups > 1 ? turned_floats(network) : 0;
    chunks = chunks > others ? chunks : others;
    bool done = (out->values = take(out, layers, sizeof *out->values)) &&
                (out->deltas = take(out, layers, sizeof *out->deltas)) &&
                (out->sums = take(out, parts, sizeof *out->sums)) &&
                (out->inputs = take(out, groups, sizeof *out->inputs)) &&
                (out->next_inputs = take(out, groups, sizeof *out->next_inputs)) &&
                (out->input_marks = take(out, groups, sizeof *out->input_marks)) &&
                (out->input_found = take(out, groups, sizeof *out->input_found)) &&
                (out->turned = take(out, out->threads, sizeof *out->turned)) &&
                (out->turned_start = take(out, layers, sizeof *out->turned_start)) &&
                (out->scratch = take(out, out->threads, sizeof *out->scratch)) &&
                (out->marks = take(out, out->threads, sizeof *out->marks)) &&
                (out->counts = take(out, out->threads, sizeof *out->counts)) &&
                (out->count_start = take(out, layers, sizeof *out->count_start)) &&
                (out->blocks = take(out, blocks_most(out->kernels, network), sizeof *out->blocks)) &&
                (out->block_start = take(out, layers + 1, sizeof *out->block_start)) &&
                (out->losses = take(out, chunks, sizeof *out->losses)) &&
                (out->corrects = take(out, chunks, sizeof *out->corrects)) &&
                (out->labels = take(out, rows, sizeof *out->labels)) &&
                (out->tile_found = take(out, tiles, sizeof *out->tile_found)) &&
                (out->tile_marks = take(out, tiles * out->column_rows * mark_words(TILE_SIDE),
                                        sizeof *out->tile_marks)) &&
                (out->columns = take(out, network->layers[0].inputs, sizeof *out->columns));
    for (size_t part = 0; part < parts && done; part++)
        done = size_multiply(padded, work_stride(network->layers[1].outputs), &count) &&
               (out->sums[part] = take(out, count, sizeof(float)));
    for (size_t l = 0; l < layers && done; l++) {
        size_t in;
        done = size_multiply(padded, work_stride(network->layers[l].inputs), &in) &&
               size_multiply(padded, work_stride(network->layers[l].outputs), &count) &&
               (out->values[l] = take(out, in, sizeof(float))) &&
               (out->deltas[l] = take(out, count, sizeof(float)));
        out->count_total += l + 1 < layers ? work_stride(network->layers[l].outputs) : 0;
    }
    for (size_t c = 0; c < groups && done; c++)
        done = take_inputs(out, network, padded, chunks, c);
    for (size_t t = 0; t < out->threads && done; t++)
        done = (out->scratch[t] = take(out, scratch_floats(network, out->wide), sizeof(float))) &&
               (out->marks[t] = take(out, mark_count(out, network), sizeof(uint32_t))) &&
               (out->counts[t] = take(out, out->count_total, sizeof(uint64_t))) &&
               (out->turned[t].weights = take(out, turned, sizeof(float)));
    return done;
}

espalier_status batch_create(const work *copy, const espalier_network *network,
                             const math_backend *math, size_t threads, size_t rows_most,
                             size_t evaluation_rows, const espalier_allocator *allocator,
                             batch *out, espalier_error *error)
{
    *out = (batch){.allocator = allocator,
                   .math = math,
                   .best_math = math == math_backend_at(0),
                   .kernels = copy->kernels,
                   .sparing = threads == 0,
                   .layer_count = copy->layer_count,
                   .rows_most = rows_most,
                   .wide = copy->wide};
    out->chunk_rows = chunk_rows_for(rows_most, out->wide);
    out->column_rows = rows_most < out->chunk_rows ? pass_stride(rows_most) : out->chunk_rows;
    out->alone = is_alone(out, copy);
    out->threads = out->alone ? 1 : parallel_threads(threads);
    threads = out->threads;
    size_t most = 21 + 2 * copy->layer_count + 4 * threads + 5 * parts_most(out->kernels, network);
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

static void cut_rows(batch *out, const work_layer *layer, size_t l)
{
    const size_t panels = out->wide ? 1 : layer->panels;
    const size_t rows = out->wide ? TILE_SIDE : block_rows(work_panel_of(layer, panels - 1).columns);
    for (size_t panel = 0; panel < panels; panel++) {
        for (size_t first = 0; first < layer->inputs; first += rows) {
            const size_t rest = layer->inputs - first;
            out->blocks[out->block_count++] =
                (batch_block){l, panel, first, rest < rows ? rest : rows};
        }
    }
}

static void cut_lists(batch *out, const work_layer *layer, size_t l)
{
    const uint32_t *starts = layer->lists.kept.starts;
    for (size_t b = 0; b < layer->lists.blocks; b++) {
        const size_t end = (b + 1) * layer->outputs;
        for (size_t first = b * layer->outputs, next; first < end; first = next) {
            for (next = first + 1; next < end && starts[next] - starts[first] < BLOCK_WEIGHTS;)
                next++;
            out->blocks[out->block_count++] = (batch_block){l, 0, first, next - first};
        }
    }
}

/* Padding must be zero for the new strides. */
static void fit_turned(batch *out, const work *copy)
{
    size_t floats = 0;
    for (size_t l = 2; l < out->layer_count; l++) {
        out->turned_start[l] = floats;
        floats += copy->layers[l].outputs * copy->layers[l].input_stride;
    }
    for (size_t t = 0; t < out->threads && out->groups > 1; t++)
        memset(out->turned[t].weights, 0, floats * sizeof(float));
}

/* Each group gathers the inputs for itself, unless they are too many to stay near: then it may as
 * well be done once. Measured with two threads, 512K of cache: 0.40 MB of them in one copy take 0.98
 * of the time of two, 0.60 MB 1.02, 0.80 MB 0.91, 1.6 MB 0.92. */
static size_t copies_of(const batch *out, const work *copy)
{
    const size_t bytes = out->rows_most * copy->layers[0].input_stride * sizeof(float);
    return out->groups > 1 && bytes > processor_second_cache() ? 1 : out->groups;
}

void batch_fit(batch *out, const work *copy, const espalier_network *network)
{
    size_t start = 0;
    out->block_count = 0;
    out->alone = is_alone(out, copy);
    out->parts = parts_of(copy);
    out->groups = parts_groups(out);
    out->copies = copies_of(out, copy);
    out->next_rows = 0;
    fit_columns(out, copy, network);
    fit_turned(out, copy);
    for (size_t l = 0; l < out->layer_count; l++) {
        const work_layer *layer = &copy->layers[l];
        out->block_start[l] = out->block_count;
        if (sparse_is(copy, l))
            cut_lists(out, layer, l);
        else if (l > 1 || out->parts == 0)
            cut_rows(out, layer, l);
        out->count_start[l] = start;
        start += l + 1 < out->layer_count ? layer->output_stride : 0;
        /* padding must be zero for the new strides; the first columns are written anew */
        const size_t rows = batch_chunks(out->rows_most, out->chunk_rows) * out->column_rows;
        memset(out->values[l], 0, rows * layer->input_stride * sizeof(float));
        memset(out->deltas[l], 0, rows * layer->output_stride * sizeof(float));
    }
    out->block_start[out->layer_count] = out->block_count;
    for (size_t c = 0; c < out->copies; c++) {
        const size_t floats = batch_chunks(out->rows_most, out->chunk_rows) * out->column_rows *
                              copy->layers[0].input_stride;
        memset(out->inputs[c], 0, floats * sizeof(float));
        memset(out->next_inputs[c], 0, floats * sizeof(float));
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

void batch_multiply(const batch *out, size_t thread, size_t rows, size_t columns, size_t k,
                    const float *x, size_t x_stride, const float *w, size_t w_stride,
                    bool accumulate, float *y, size_t y_stride)
{
    uint32_t *const marks = out->marks[thread];
    const size_t found = out->kernels->mark_rows(x, rows, k, x_stride, marks);
    if (skip_pays(found, rows * k, columns))
        out->kernels->skip_gemm(false, rows, columns, k, x, x_stride, marks, mark_words(k), w, w_stride,
                                accumulate, y, y_stride, (math_ahead){0});
    else
        out->math->gemm(false, false, rows, columns, k, x, x_stride, w, w_stride, accumulate, y,
                        y_stride);
}

void batch_multiply_layer(const batch *out, size_t thread, size_t rows, const work_layer *layer,
                          const float *x, float *y)
{
    for (size_t panel = 0; panel < layer->panels; panel++) {
        const work_panel p = work_panel_of(layer, panel);
        batch_multiply(out, thread, rows, p.columns, layer->inputs, x, layer->input_stride,
                       layer->weights + p.at, p.columns, false, y + p.first, layer->output_stride);
    }
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
