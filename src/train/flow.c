/* Forward and backward through the layers, for one batch. The update is step.c's.
 *
 * While all weights fit a cache the rows of the batch are cut into chunks, each
 * running through all layers without waiting for the others. A network with a
 * wider layer goes layer by layer, the columns cut as well, so that its weights
 * are read from memory once for many rows. */
#include "train/flow.h"

#include "math/pass.h"
#include "net/activation.h"
#include "train/sparse.h"
#include "train/tiles.h"

/* Rows of a piece of a layer of lists there: all of its list is read for each piece, but
 * an eighth of the batch feeds two cores. A chunk is a multiple of any of them. */
enum { STRIP_LEAST = 16, STRIP_MOST = 64 };

static size_t strip_rows(const batch *out)
{
    size_t rows = STRIP_LEAST;
    while (rows < STRIP_MOST && rows <= out->rows_most / 16)
        rows *= 2;
    return rows;
}

/* Y = X W for a chunk and a panel of the result in a wide network: tile after tile, the next
 * one, which may be the next panel's first, coming from memory meanwhile. */
static void multiply_wide(const batch *out, const work *copy, size_t l, const flow_part *p,
                          float *y, size_t y_stride)
{
    const work_layer *layer = &copy->layers[l];
    const work_panel panel = work_panel_at(layer, p->column);
    const size_t n = panel.columns, chunk = p->first / out->chunk_rows;
    const size_t tiles = tiles_count(layer->inputs);
    for (size_t tile = 0; tile < tiles; tile++) {
        const size_t from = tile * TILE_SIDE, left = layer->inputs - from;
        const size_t k = left < TILE_SIDE ? left : TILE_SIDE;
        const tiles_place x = tiles_inputs(out, copy, l, chunk, from);
        const size_t at = panel.at + from * n, after = work_weights(layer) - at - k * n;
        const float *const w = layer->weights + at;
        tiles_multiply(out, chunk, tiles, tile, p->rows, n, k, out->values[l] + x.at, x.stride, w,
                       n, tile > 0, y, y_stride,
                       (math_ahead){w + k * n, after < k * n ? after : k * n});
    }
}

/* values[l + 1] = f(values[l] W_l + b_l), of the last layer the plain product. */
static void forward(const batch *out, const work *copy, size_t l, const flow_part *p, size_t thread)
{
    if (sparse_is(copy, l)) {
        sparse_forward(out, copy, l, thread, p->first, p->rows);
        return;
    }
    const work_layer *layer = &copy->layers[l];
    const bool hidden = l + 1 < out->layer_count;
    const tiles_place place =
        out->wide ? tiles_outputs(out, copy, l, p->first / out->chunk_rows, p->column)
                  : (tiles_place){p->first * layer->output_stride, layer->output_stride};
    float *const y = (hidden ? out->values[l + 1] : out->deltas[l]) + place.at;
    if (out->wide)
        multiply_wide(out, copy, l, p, y, place.stride);
    else
        batch_multiply_layer(out, thread, p->rows, layer,
                             out->values[l] + p->first * layer->input_stride, y);
    if (hidden)
        work_finish(out->kernels, layer, p->column, y, p->rows, p->columns, place.stride);
}

/* deltas[l - 1] = (deltas[l] W_l') f'(z), where f(z) = values[l] */
static void backward(const batch *out, const work *copy, size_t l, const flow_part *p, size_t thread)
{
    if (sparse_is(copy, l)) {
        sparse_backward(out, copy, l, p->first, p->rows);
        return;
    }
    const work_layer *layer = &copy->layers[l];
    const size_t stride = layer->input_stride, offset = p->first * stride;
    const float *const turned = batch_is_turned(out, l)
                                    ? out->turned[thread].weights + out->turned_start[l]
                                    : layer->transposed;
    for (size_t panel = 0; panel < layer[-1].panels; panel++) {
        const work_panel to = work_panel_of(layer - 1, panel);
        batch_multiply(out, thread, p->rows, to.columns, layer->outputs,
                       out->deltas[l] + p->first * layer->output_stride, layer->output_stride,
                       turned + layer->outputs * to.first, to.columns, false,
                       out->deltas[l - 1] + offset + to.first, stride);
    }
    activation_backward(layer[-1].activation, layer[-1].slope, out->deltas[l - 1] + offset,
                        out->values[l] + offset, p->rows, p->columns, stride);
}

static void loss_chunk(const flow_job *job, size_t chunk, size_t first, size_t rows)
{
    const batch *out = job->batch;
    const size_t last = out->layer_count - 1;
    const work_layer *layer = &job->copy->layers[last];
    out->corrects[chunk] = 0;
    out->losses[chunk] = pass_softmax_loss(
        out->kernels, out->deltas[last] + first * layer->output_stride, rows, layer->outputs,
        layer->output_stride, layer->biases, out->labels + first, job->scale,
        &out->corrects[chunk]);
}

/* From the form of one layer to that of another. */
static void turn(const flow_job *job, size_t l, bool from, bool to, const flow_part *p,
                 size_t thread, float *values)
{
    const work_layer *layer = &job->copy->layers[l];
    const bool panels = job->batch->wide && l + 1 < job->batch->layer_count;
    sparse_turn(job->batch, thread, from, to, p->first, p->rows, layer->outputs,
                layer->output_stride, panels ? layer->panel : layer->output_stride, values);
}

void flow_turn_values(const flow_job *job, size_t l, const flow_part *p, size_t thread)
{
    const bool hidden = l + 1 < job->batch->layer_count;
    turn(job, l, sparse_is(job->copy, l), sparse_is(job->copy, l + 1), p, thread,
         hidden ? job->batch->values[l + 1] : job->batch->deltas[l]);
}

void flow_turn_deltas(const flow_job *job, size_t l, const flow_part *p, size_t thread)
{
    turn(job, l, sparse_is(job->copy, l + 1), sparse_is(job->copy, l), p, thread,
         job->batch->deltas[l]);
}

/* Inputs of a chunk; those of the batch after it begin their way from memory. */
static void gather_chunk(const flow_job *job, const flow_part *p, size_t thread)
{
    const batch *out = job->batch;
    const work_layer *layer = &job->copy->layers[0];
    float *const values = out->values[0] + p->first * layer->input_stride;
    float *const to = sparse_is(job->copy, 0) ? out->scratch[thread] : values;
    batch_gather(out, job->copy, job->network, job->dataset, ESPALIER_TRAINING,
                 job->indices + p->first, 0, p->rows, to);
    if (to != values)
        sparse_columns(out, p->rows, layer->inputs, layer->input_stride, to, values);
    if (p->first < job->ahead) {
        const size_t next = job->ahead - p->first;
        dataset_expect(job->dataset, ESPALIER_TRAINING, job->indices + job->rows + p->first,
                       next < p->rows ? next : p->rows);
    }
}

flow_part flow_rows(const flow_job *job, size_t chunk)
{
    const size_t first = chunk * job->batch->chunk_rows, rest = job->rows - first;
    return (flow_part){.first = first,
                  .rows = rest < job->batch->chunk_rows ? rest : job->batch->chunk_rows};
}

/* ---- row by row, through all layers ----------------------------------- */

void flow_chunk(const flow_job *job, size_t chunk, size_t from, size_t thread)
{
    const batch *out = job->batch;
    flow_part p = flow_rows(job, chunk);
    for (size_t l = from; l < out->layer_count; l++) {
        p.columns = job->copy->layers[l].output_stride;
        forward(out, job->copy, l, &p, thread);
        flow_turn_values(job, l, &p, thread);
    }
    loss_chunk(job, chunk, p.first, p.rows);
    for (size_t l = out->layer_count; l-- > from;) {
        flow_turn_deltas(job, l, &p, thread);
        p.columns = job->copy->layers[l].input_stride;
        if (l > 0)
            backward(out, job->copy, l, &p, thread);
    }
}

static void chunk_task(void *context, size_t chunk, size_t thread)
{
    const flow_part p = flow_rows(context, chunk);
    gather_chunk(context, &p, thread);
    flow_chunk(context, chunk, 0, thread);
}

/* ---- layer by layer --------------------------------------------------- */

typedef struct layer_job {
    const flow_job *flow;
    size_t layer, pieces, width; /* pieces of a row of the result, which is width wide */
    size_t strip;                /* rows of a piece of a layer of lists, else 0 */
} layer_job;

static flow_part piece_of(const layer_job *job, size_t index)
{
    if (job->strip) {
        const size_t first = index * job->strip, rest = job->flow->rows - first;
        return (flow_part){.first = first, .rows = rest < job->strip ? rest : job->strip};
    }
    flow_part p = flow_rows(job->flow, index / job->pieces);
    p.column = index % job->pieces * WORK_WIDE_PANEL;
    p.columns = job->width - p.column < WORK_WIDE_PANEL ? job->width - p.column : WORK_WIDE_PANEL;
    return p;
}

static void forward_task(void *context, size_t index, size_t thread)
{
    const layer_job *job = context;
    const flow_part p = piece_of(job, index);
    forward(job->flow->batch, job->flow->copy, job->layer, &p, thread);
}

static void backward_task(void *context, size_t index, size_t thread)
{
    const layer_job *job = context;
    const flow_part p = piece_of(job, index);
    (void)thread;
    sparse_backward(job->flow->batch, job->flow->copy, job->layer, p.first, p.rows);
}

static void gather_task(void *context, size_t chunk, size_t thread)
{
    const flow_part p = flow_rows(context, chunk);
    gather_chunk(context, &p, thread);
}

static void loss_task(void *context, size_t chunk, size_t thread)
{
    (void)thread;
    const flow_part p = flow_rows(context, chunk);
    loss_chunk(context, chunk, p.first, p.rows);
}

static void turn_values_task(void *context, size_t chunk, size_t thread)
{
    const layer_job *job = context;
    const flow_part p = flow_rows(job->flow, chunk);
    flow_turn_values(job->flow, job->layer, &p, thread);
}

static void turn_deltas_task(void *context, size_t chunk, size_t thread)
{
    const layer_job *job = context;
    const flow_part p = flow_rows(job->flow, chunk);
    flow_turn_deltas(job->flow, job->layer, &p, thread);
}

static void run_layer(const flow_job *flow, size_t l, size_t width, parallel_task *task)
{
    const size_t chunks = batch_chunks(flow->rows, flow->batch->chunk_rows);
    layer_job job = {flow, l, (width + WORK_WIDE_PANEL - 1) / WORK_WIDE_PANEL, width, 0};
    size_t count = chunks * job.pieces;
    if (sparse_is(flow->copy, l)) {
        job.strip = strip_rows(flow->batch);
        count = (flow->rows + job.strip - 1) / job.strip;
    }
    batch_run(flow->batch, count, task, &job);
}

/* What of a wide layer's inputs, or of the derivatives by its outputs, is marked. */
typedef struct mark_job {
    const flow_job *flow;
    size_t layer, tiles; /* of a chunk */
    bool back;
} mark_job;

static void mark_task(void *context, size_t index, size_t thread)
{
    const mark_job *job = context;
    const batch *out = job->flow->batch;
    const work *copy = job->flow->copy;
    const work_layer *layer = &copy->layers[job->layer];
    const size_t chunk = index / job->tiles, tile = index % job->tiles, first = tile * TILE_SIDE;
    const size_t left = (job->back ? layer->outputs : layer->inputs) - first;
    const tiles_place place = job->back ? tiles_outputs(out, copy, job->layer, chunk, first)
                                        : tiles_inputs(out, copy, job->layer, chunk, first);
    const float *const from = job->back ? out->deltas[job->layer] : out->values[job->layer];
    (void)thread;
    out->tile_found[index] = out->kernels->mark_rows(
        from + place.at, flow_rows(job->flow, chunk).rows, left < TILE_SIDE ? left : TILE_SIDE,
        place.stride, tiles_marks(out, chunk, job->tiles, tile));
}

static void run_marks(const flow_job *flow, size_t l, bool back)
{
    const work_layer *layer = &flow->copy->layers[l];
    const size_t width = back ? layer->outputs : layer->inputs;
    mark_job job = {flow, l, tiles_count(width), back};
    if (!sparse_is(flow->copy, l))
        batch_run(flow->batch, batch_chunks(flow->rows, flow->batch->chunk_rows) * job.tiles,
                  mark_task, &job);
}

/* Between two layers of different forms. */
static void run_turn(const flow_job *flow, size_t l, parallel_task *task)
{
    layer_job job = {.flow = flow, .layer = l};
    if (sparse_is(flow->copy, l) != sparse_is(flow->copy, l + 1))
        batch_run(flow->batch, batch_chunks(flow->rows, flow->batch->chunk_rows), task, &job);
}

void flow_run(flow_job *job)
{
    const batch *out = job->batch;
    const size_t chunks = batch_chunks(job->rows, out->chunk_rows);
    if (!out->wide) {
        batch_run(out, chunks, chunk_task, job);
        return;
    }
    batch_run(out, chunks, gather_task, job);
    for (size_t l = 0; l < out->layer_count; l++) {
        run_marks(job, l, false);
        run_layer(job, l, job->copy->layers[l].output_stride, forward_task);
        run_turn(job, l, turn_values_task);
    }
    batch_run(out, chunks, loss_task, job);
}

void flow_back(const flow_job *job, size_t l)
{
    run_turn(job, l, turn_deltas_task);
    if (l > 0)
        run_marks(job, l, true);
    if (l > 0 && sparse_is(job->copy, l))
        run_layer(job, l, job->copy->layers[l].input_stride, backward_task);
}
