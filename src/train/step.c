/* One batch: forward and backward by flow.c, then the update by blocks of weights. In a
 * wide network a block is both, the way back and the update. */
#include <string.h>

#include "math/pass.h"
#include "net/activation.h"
#include "train/flow.h"
#include "train/parts.h"
#include "train/sparse.h"
#include "train/step.h"
#include "train/tiles.h"

/* A block of weights and what its update needs, for all rows of the batch or one chunk. The
 * block's inputs are marked where they are not zero, in `found` places of all rows. */
typedef struct piece {
    const batch *out;
    const work *copy;
    const work_layer *layer;
    const batch_block *block;
    work_panel panel;
    update_factors by;
    const uint32_t *marks;
    size_t thread, rows, all_rows, found;
    const optimizer_step *step;
    bool straight; /* products are added to the weights themselves */
} piece;

/* Plain SGD needs no gradient: deltas carry -rate / rows already, so a product may add the update
 * straight to the weights, row by row of the batch. What a row adds should not vanish beside the
 * weight, though: measured, an update is a thousandth off at a rate of 1e-5 a row, and a tenth at
 * 5e-7. Below that, rows are summed first, as for the others. */
static bool is_straight(const optimizer_step *step, size_t rows)
{
    static const float least = 5e-6f;
    return step->kind == ESPALIER_SGD && step->rate >= least * (float)rows;
}

/* A block's weights in its panel: w, kept their masks or NULL, g their gradient, all of them
 * row after row. */
typedef struct tile {
    float *w, *g;
    const uint16_t *kept;
} tile;

/* Adds the activations of a block's inputs x, which are the hidden layer below. What is
 * marked is what ReLU left above zero; others also give what is below. A linear layer is
 * not counted. */
static void count_block(const piece *p)
{
    const batch *out = p->out;
    const batch_block *block = p->block;
    const work_layer *layer = p->layer;
    if (!out->counting || block->layer == 0 || layer[-1].activation == ESPALIER_LINEAR)
        return;
    uint64_t *counts = out->counts[p->thread] + out->count_start[block->layer - 1] + block->first;
    if (layer[-1].activation != ESPALIER_RELU) {
        pass_count_positive(p->by.x, p->rows, block->rows, p->by.x_stride, counts);
        return;
    }
    for (size_t w = 0; w < mark_words(p->rows); w++)
        out->kernels->count_marks(p->marks + w * block->rows, block->rows, counts);
}

/* G = X' D (+ G) for a tile; what is added to weights that are pruned is lost. */
static void gradient(const piece *p, const tile *t, bool accumulate, const uint16_t *kept,
                     math_ahead ahead)
{
    const batch *out = p->out;
    const update_factors *by = &p->by;
    const size_t n = p->panel.columns, m = p->block->rows, words = n / PASS_LANES;
    if (!skip_pays(p->found, p->all_rows * m, n)) {
        tiles_gemm(out, true, m, n, p->rows, by->x, by->x_stride, by->deltas, by->d_stride,
                   accumulate, t->g, n, ahead);
        if (kept)
            out->kernels->keep(t->g, kept, m * words);
    } else if (kept) {
        out->kernels->skip_update(m, n, p->rows, by->x, by->x_stride, p->marks, m, by->deltas,
                                  by->d_stride, kept, words, t->g, n, ahead);
    } else {
        out->kernels->skip_gemm(true, m, n, p->rows, by->x, by->x_stride, p->marks, m, by->deltas,
                                by->d_stride, accumulate, t->g, n, ahead);
    }
}

/* deltas[l - 1] += D W' for a chunk, by a tile of W turned round; of the first panel =.
 * turned [columns][TILE_STRIDE]. */
static void backward(const piece *p, size_t chunk, const float *turned, math_ahead ahead)
{
    const batch *out = p->out;
    const size_t outputs = p->layer->outputs, left = outputs - p->panel.first;
    const size_t k = left < p->panel.columns ? left : p->panel.columns;
    const tiles_place to = tiles_inputs(out, p->copy, p->block->layer, chunk, p->block->first);
    tiles_multiply(out, chunk, tiles_count(outputs), p->panel.first / TILE_SIDE, p->rows,
                   pass_stride(p->block->rows), k, p->by.deltas, p->by.d_stride, turned, TILE_STRIDE,
                   p->panel.first > 0, out->deltas[p->block->layer - 1] + to.at, to.stride, ahead);
}

/* What becomes of a tile's weights before its products are summed, and after. */
static void begin_tile(const piece *p, const tile *t)
{
    optimizer_decay(p->step, p->block->rows * p->panel.columns, t->w);
}

static void end_tile(const piece *p, const tile *t)
{
    const work_layer *layer = p->layer;
    const size_t count = p->block->rows * p->panel.columns;
    if (p->straight)
        return;
    optimizer_update(p->step, count, t->g, t->w, layer->states, (size_t)(t->w - layer->weights));
    if (t->kept)
        p->out->kernels->keep(t->w, t->kept, count / PASS_LANES);
}

/* Sums a tile's gradient, or adds to its weights. */
static void add_rows(const piece *p, const tile *t, bool first, math_ahead ahead)
{
    gradient(p, t, p->straight || !first, p->straight ? t->kept : NULL, ahead);
}

static tile tile_of(const piece *p)
{
    const work_layer *layer = p->layer;
    const size_t at = p->panel.at + p->block->first * p->panel.columns;
    return (tile){.w = layer->weights + at,
                  .g = p->straight ? layer->weights + at : p->out->scratch[p->thread],
                  .kept = layer->masked ? layer->kept + at / PASS_LANES : NULL};
}

/* The block of a narrow network: flow.c has been through the layer. */
static void update_narrow(const piece *p)
{
    const tile t = tile_of(p);
    begin_tile(p, &t);
    add_rows(p, &t, true, (math_ahead){0});
    end_tile(p, &t);
    if (p->layer->transposed && !batch_is_turned(p->out, p->block->layer))
        work_turn(p->out->kernels, p->layer, p->block->first, p->block->rows);
}

/* Chunk `chunk` of a wide network's block and panel. */
static piece chunk_of(const piece *p, size_t chunk)
{
    const batch *out = p->out;
    const size_t l = p->block->layer, first = chunk * out->chunk_rows, left = p->all_rows - first;
    const tiles_place x = tiles_inputs(out, p->copy, l, chunk, p->block->first);
    const tiles_place d = tiles_outputs(out, p->copy, l, chunk, p->panel.first);
    piece part = *p;
    part.rows = left < out->chunk_rows ? left : out->chunk_rows;
    part.by = (update_factors){out->values[l] + x.at, out->deltas[l] + d.at, x.stride, d.stride};
    part.marks = p->marks + first / MARK_BITS * p->block->rows;
    return part;
}

/* The tile after this one: of the next panel, or of the next block. */
static math_ahead next_tile(const piece *p)
{
    const work_layer *layer = p->layer;
    const bool last = p->panel.first + layer->panel >= layer->outputs;
    const size_t from = p->block->first + (last ? p->block->rows : 0);
    const work_panel next = work_panel_of(layer, last ? 0 : p->panel.first / layer->panel + 1);
    const size_t left = layer->inputs - from, rows = left < TILE_SIDE ? left : TILE_SIDE;
    return (math_ahead){layer->weights + next.at + from * next.columns, rows * next.columns};
}

/* What comes from memory while a chunk's derivatives of the inputs are summed and its gradient:
 * the derivatives that the next chunk adds to and reads, behind the last chunk the next tile. */
static void look_ahead(const piece *p, size_t chunk, size_t chunks, math_ahead ahead[2])
{
    const batch *out = p->out;
    const size_t l = p->block->layer;
    if (chunk + 1 == chunks) {
        const math_ahead next = next_tile(p);
        ahead[0] = tiles_share(next, 0, 1, 2);
        ahead[1] = tiles_share(next, 1, 2, 2);
        return;
    }
    const piece next = chunk_of(p, chunk + 1);
    const tiles_place to = tiles_inputs(out, p->copy, l, chunk + 1, p->block->first);
    ahead[0] = l ? (math_ahead){out->deltas[l - 1] + to.at, next.rows * to.stride} : (math_ahead){0};
    ahead[1] = (math_ahead){next.by.deltas, next.rows * p->panel.columns};
}

/* One tile of a wide network: the derivatives of its inputs by the weights as they were,
 * and its update, so that a weight comes from memory once for both. */
static void update_tile(const piece *p, float *turned)
{
    const batch *out = p->out;
    const size_t m = p->block->rows, n = p->panel.columns;
    const size_t chunks = batch_chunks(p->all_rows, out->chunk_rows);
    const tile t = tile_of(p);
    if (p->block->layer > 0)
        out->kernels->transpose(t.w, n, m, n, turned, TILE_STRIDE);
    begin_tile(p, &t);
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        const piece part = chunk_of(p, chunk);
        math_ahead ahead[2];
        look_ahead(p, chunk, chunks, ahead);
        if (p->block->layer > 0)
            backward(&part, chunk, turned, ahead[0]);
        add_rows(&part, &t, chunk == 0, ahead[1]);
    }
    end_tile(p, &t);
}

/* Marks and counts the inputs of a wide network's block. */
static void mark_wide(piece *p)
{
    const batch *out = p->out;
    uint32_t *marks = out->marks[p->thread];
    for (size_t chunk = 0; chunk < batch_chunks(p->all_rows, out->chunk_rows); chunk++) {
        const piece part = chunk_of(p, chunk);
        p->found += out->kernels->mark_columns(part.by.x, part.rows, p->block->rows,
                                               part.by.x_stride, marks);
        marks += mark_words(part.rows) * p->block->rows;
        count_block(&part);
    }
}

/* The block of a wide network, panel by panel; its inputs' derivatives are its own. */
static void update_wide(piece *p)
{
    const batch *out = p->out;
    const work_layer *layer = p->layer;
    const size_t l = p->block->layer, panels = (layer->outputs + layer->panel - 1) / layer->panel;
    float *turned = out->scratch[p->thread] + TILE_SIDE * TILE_SIDE;
    memset(turned, 0, TILE_SIDE * TILE_STRIDE * sizeof *turned); /* behind the rows */
    mark_wide(p);
    for (size_t panel = 0; panel < panels; panel++) {
        p->panel = work_panel_of(layer, panel);
        update_tile(p, turned);
    }
    for (size_t chunk = 0; l > 0 && chunk < batch_chunks(p->all_rows, out->chunk_rows); chunk++) {
        const piece part = chunk_of(p, chunk);
        const tiles_place to = tiles_inputs(out, p->copy, l, chunk, p->block->first);
        activation_backward(layer[-1].activation, layer[-1].slope, out->deltas[l - 1] + to.at,
                            part.by.x, part.rows, pass_stride(p->block->rows), to.stride);
    }
}

/* sums[j] = sum over the rows of a wide network's deltas[l], chunk after chunk.
 * other: room for as many. */
static void bias_sums_wide(const update_job *job, size_t l, float *sums, float *other)
{
    const batch *out = job->batch;
    const work_layer *layer = &job->copy->layers[l];
    memset(sums, 0, layer->output_stride * sizeof *sums);
    for (size_t chunk = 0; chunk < batch_chunks(job->rows, out->chunk_rows); chunk++) {
        const size_t left = job->rows - chunk * out->chunk_rows;
        const size_t rows = left < out->chunk_rows ? left : out->chunk_rows;
        for (size_t panel = 0; panel < layer->panels; panel++) {
            const work_panel p = work_panel_of(layer, panel);
            const tiles_place d = tiles_outputs(out, job->copy, l, chunk, p.first);
            pass_column_sums(out->deltas[l] + d.at, rows, p.columns, d.stride, other);
            for (size_t j = 0; j < p.columns; j++)
                sums[p.first + j] += other[j];
        }
    }
}

void update_biases(const update_job *job, size_t l, size_t first, size_t count,
                   const float *deltas, size_t d_stride, size_t thread)
{
    const work_layer *layer = &job->copy->layers[l];
    float *const biases = layer->biases + first, *const sums = job->batch->scratch[thread];
    if (layer->lists.blocks)
        sparse_bias_gradient(job->batch, layer, l, job->rows, sums);
    else if (job->batch->wide)
        bias_sums_wide(job, l, sums, sums + layer->output_stride);
    else
        pass_column_sums(deltas, job->rows, count, d_stride, sums);
    optimizer_step plain = *job->step;
    plain.decay = 0.0f;
    optimizer_update(&plain, count, sums, biases, layer->bias_states, first);
}

void update_block(const update_job *job, const batch_block *block, const update_factors *factors,
                  size_t thread)
{
    const batch *out = job->batch;
    const work_layer *layer = &job->copy->layers[block->layer];
    piece p = {.out = out,
               .copy = job->copy,
               .layer = layer,
               .block = block,
               .panel = work_panel_of(layer, block->panel),
               .marks = out->marks[thread],
               .thread = thread,
               .rows = job->rows,
               .all_rows = job->rows,
               .step = job->step,
               .straight = is_straight(job->step, job->rows)};
    if (!factors) {
        update_wide(&p);
        return;
    }
    p.by = *factors;
    p.found = out->kernels->mark_columns(factors->x, job->rows, block->rows, factors->x_stride,
                                         out->marks[thread]);
    count_block(&p);
    update_narrow(&p);
}

void update_other(const update_job *job, size_t index, size_t thread)
{
    const batch *out = job->batch;
    const batch_block *block = &out->blocks[index];
    const size_t l = block->layer;
    const work_layer *layer = &job->copy->layers[l];
    const update_factors factors = {.x = out->values[l] + block->first,
                                    .deltas = out->deltas[l] + work_panel_of(layer, block->panel).first,
                                    .x_stride = layer->input_stride,
                                    .d_stride = layer->output_stride};
    if (layer->lists.blocks)
        sparse_update(out, layer, block, job->rows, job->step);
    else
        update_block(job, block, out->wide ? NULL : &factors, thread);
    if (block->first == 0 && block->panel == 0)
        update_biases(job, l, 0, layer->output_stride, out->deltas[l], layer->output_stride, thread);
}

static void block_task(void *context, size_t index, size_t thread)
{
    const update_job *job = context;
    update_other(job, job->first + index, thread);
}

batch_result batch_train(batch *out, work *copy, const espalier_network *network,
                         const espalier_dataset *dataset, const uint32_t *indices, size_t rows,
                         size_t ahead, const optimizer_step *step)
{
    float scale = (step->kind == ESPALIER_SGD ? -step->rate : 1.0f) / (float)rows;
    flow_job flow = {out, copy, network, dataset, indices, rows, ahead, scale};
    update_job update = {out, copy, rows, 0, step};
    for (size_t r = 0; r < rows; r++)
        out->labels[r] = dataset->labels[dataset->rows[ESPALIER_TRAINING][indices[r]]];
    if (out->parts > 0) {
        parts_run(&flow, &update);
    } else {
        flow_run(&flow);
        for (size_t l = out->wide ? out->layer_count : 0; l-- > 0;) {
            flow_back(&flow, l);
            update.first = out->block_start[l];
            batch_run(out, out->block_start[l + 1] - update.first, block_task, &update);
        }
        if (!out->wide)
            batch_run(out, out->block_count, block_task, &update);
    }
    return batch_add_chunks(out, batch_chunks(rows, out->chunk_rows));
}
