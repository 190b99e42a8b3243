/* A batch by parts of the first hidden layer: one after the other by as many threads as
 * there are parts or fewer, phase by phase by more. */
#include "train/parts.h"

#include "math/pass.h"
#include "net/activation.h"
#include "train/sparse.h"

/* Rows of a part's weights that are updated and go on to the next batch together, while they
 * are in a near cache; a batch's derivatives are read anew for them. */
enum { SLAB_ROWS = 2 * MARK_BITS };

typedef struct parts_job {
    flow_job *flow;
    const update_job *update;
    float **inputs;          /* copies of those of the batch that goes through the first layer */
    const uint32_t *indices; /* its rows in the training split */
    size_t rows;             /* how many; 0: there is none */
    size_t slabs;            /* of a part's first layer */
    size_t padded_rows;      /* of its values */
} parts_job;

/* The units of a part, their values and derivatives [rows][panel.columns]. */
typedef struct units {
    work_panel panel; /* of the first layer's weights */
    size_t rows;      /* of the second layer's weights; the panel's other columns are padding */
    float *values, *deltas;
} units;

size_t parts_of(const work *copy)
{
    const bool dense = copy->layer_count > 1 && !sparse_is(copy, 0) && !sparse_is(copy, 1);
    const size_t panels = copy->layers[0].panels;
    return dense && !copy->wide && panels > 1 ? panels : 0;
}

size_t parts_most(const math_kernels *kernels, const espalier_network *network)
{
    const size_t panels = work_narrow_panels(kernels, network->layers[0].outputs);
    return network->layer_count > 1 && panels > 1 ? panels : 0;
}

size_t parts_groups(const batch *out)
{
    return out->parts == 0 ? 0 : out->alone || out->threads > out->parts ? 1 : out->threads;
}

static units units_of(const parts_job *job, size_t part)
{
    const work_layer *layer = &job->flow->copy->layers[0];
    const work_panel panel = work_panel_of(layer, part);
    const size_t left = layer->outputs - panel.first;
    const size_t begin = panel.first * job->padded_rows;
    return (units){panel, left < panel.columns ? left : panel.columns,
                   job->flow->batch->values[1] + begin, job->flow->batch->deltas[0] + begin};
}

/* ---- forward ------------------------------------------------------------ */

/* Rows of a chunk of the batch that goes forward. */
static flow_part chunk_of(const parts_job *job, size_t chunk)
{
    const size_t chunk_rows = job->flow->batch->chunk_rows, first = chunk * chunk_rows;
    const size_t left = job->rows - first;
    return (flow_part){.first = first, .rows = left < chunk_rows ? left : chunk_rows};
}

static size_t chunks_of(const parts_job *job)
{
    return batch_chunks(job->rows, job->flow->batch->chunk_rows);
}

static size_t first_part(const batch *out, size_t group)
{
    return group * out->parts / out->groups;
}

/* Of the inputs, which a part takes: its group's. */
static size_t copy_of(const batch *out, size_t part)
{
    return ((part + 1) * out->copies - 1) / out->parts;
}

/* A chunk of a copy of the inputs, and marks where they are not zero. */
static void gather(const parts_job *job, size_t copy, size_t chunk)
{
    const flow_job *flow = job->flow;
    const batch *out = flow->batch;
    const work_layer *layer = &flow->copy->layers[0];
    const flow_part p = chunk_of(job, chunk);
    float *const to = job->inputs[copy] + p.first * layer->input_stride;
    batch_gather(out, flow->copy, flow->network, flow->dataset, ESPALIER_TRAINING,
                 job->indices + p.first, 0, p.rows, to);
    out->input_found[copy][chunk] =
        out->kernels->mark_rows(to, p.rows, layer->inputs, layer->input_stride,
                                out->input_marks[copy] + p.first * mark_words(layer->inputs));
}

/* Begins the way of some rows of the batch from memory. */
static void expect(const parts_job *job, const flow_part *p)
{
    const size_t left = job->rows > p->first ? job->rows - p->first : 0;
    if (left > 0)
        dataset_expect(job->flow->dataset, ESPALIER_TRAINING, job->indices + p->first,
                       left < p->rows ? left : p->rows);
}

/* Adds what the inputs of one slab give to a part's units; where few of them are zero, of all
 * slabs with the last, in one product. */
static void forward_slab(const parts_job *job, const units *u, size_t part, size_t slab,
                         size_t chunk)
{
    const batch *out = job->flow->batch;
    const work_layer *layer = &job->flow->copy->layers[0];
    const size_t from = slab * SLAB_ROWS, left = layer->inputs - from;
    const size_t columns = u->panel.columns, stride = layer->input_stride, copy = copy_of(out, part);
    const size_t words = mark_words(layer->inputs);
    const flow_part p = chunk_of(job, chunk);
    const float *const x = job->inputs[copy] + p.first * stride;
    const float *const w = layer->weights + u->panel.at;
    float *const y = u->values + p.first * columns;
    const bool accumulate = slab > 0;
    if (skip_pays(out->input_found[copy][chunk], p.rows * layer->inputs, columns))
        out->kernels->skip_gemm(false, p.rows, columns, left < SLAB_ROWS ? left : SLAB_ROWS, x + from,
                                stride, out->input_marks[copy] + p.first * words + from / MARK_BITS,
                                words, w + from * columns, columns, accumulate, y, columns,
                                (math_ahead){0});
    else if (left <= SLAB_ROWS)
        out->math->gemm(false, false, p.rows, columns, layer->inputs, x, stride, w, columns, false,
                        y, columns);
}

/* A part's values, whose products are there, and what the second layer gets from them. */
static void give(const parts_job *job, const units *u, size_t part, size_t chunk, size_t thread)
{
    const batch *out = job->flow->batch;
    const work_layer *layers = job->flow->copy->layers;
    const size_t columns = u->panel.columns, to = layers[1].output_stride;
    const flow_part p = chunk_of(job, chunk);
    float *const x = u->values + p.first * columns;
    work_finish(out->kernels, &layers[0], u->panel.first, x, p.rows, columns, columns);
    batch_multiply(out, thread, p.rows, to, u->rows, x, columns,
                   layers[1].weights + u->panel.first * to, to, false,
                   out->sums[part] + p.first * to, to);
}

/* ---- the rest, by rows of the batch --------------------------------------- */

/* The thread's own copy of the weights that rows go back through. */
static void turn_rest(const parts_job *job, size_t thread)
{
    batch *out = job->flow->batch;
    batch_turned *turned = &out->turned[thread];
    for (size_t l = 2; l < out->layer_count && batch_is_turned(out, l) && !turned->done; l++) {
        const work_layer *layer = &job->flow->copy->layers[l];
        if (!sparse_is(job->flow->copy, l))
            out->kernels->transpose(layer->weights, layer->output_stride, layer->inputs,
                                    layer->outputs, turned->weights + out->turned_start[l],
                                    layer->input_stride);
    }
    turned->done = true;
}

static void rest_task(void *context, size_t chunk, size_t thread)
{
    const parts_job *job = context;
    const flow_job *flow = job->flow;
    const batch *out = flow->batch;
    const work_layer *layer = &flow->copy->layers[1];
    const flow_part p = flow_rows(flow, chunk);
    const bool hidden = out->layer_count > 2;
    const size_t at = p.first * layer->output_stride, count = p.rows * layer->output_stride;
    float *const y = (hidden ? out->values[2] : out->deltas[1]) + at;
    if (out->copies == 1)
        expect(job, &p);
    for (size_t i = 0; i < count; i++)
        y[i] = out->sums[0][at + i] + out->sums[1][at + i];
    for (size_t part = 2; part < out->parts; part++)
        for (size_t i = 0; i < count; i++)
            y[i] += out->sums[part][at + i];
    if (hidden)
        work_finish(out->kernels, layer, 0, y, p.rows, layer->output_stride, layer->output_stride);
    turn_rest(job, thread);
    flow_turn_values(flow, 1, &p, thread);
    flow_chunk(flow, chunk, 2, thread);
    flow_turn_deltas(flow, 1, &p, thread);
    if (out->copies == 1 && p.first < job->rows)
        gather(job, 0, chunk);
}

/* ---- back, update, and on ---------------------------------------------------- */

static void backward(const parts_job *job, const units *u, size_t chunk, size_t thread)
{
    const batch *out = job->flow->batch;
    const work_layer *layers = job->flow->copy->layers, *layer = &layers[1];
    const size_t columns = u->panel.columns;
    const flow_part p = flow_rows(job->flow, chunk);
    float *const deltas = u->deltas + p.first * columns;
    batch_multiply(out, thread, p.rows, columns, layer->outputs,
                   out->deltas[1] + p.first * layer->output_stride, layer->output_stride,
                   layer->transposed + layer->outputs * u->panel.first, columns, false, deltas,
                   columns);
    activation_backward(layers[0].activation, layers[0].slope, deltas,
                        u->values + p.first * columns, p.rows, columns, columns);
}

static void update_slab(const parts_job *job, const units *u, size_t part, size_t slab,
                        size_t thread)
{
    const batch *out = job->flow->batch;
    const work_layer *layer = &job->flow->copy->layers[0];
    const size_t first = slab * SLAB_ROWS, left = layer->inputs - first;
    const batch_block block = {0, part, first, left < SLAB_ROWS ? left : SLAB_ROWS};
    const update_factors factors = {.x = out->inputs[copy_of(out, part)] + first,
                                    .deltas = u->deltas,
                                    .x_stride = layer->input_stride,
                                    .d_stride = u->panel.columns};
    update_block(job->update, &block, &factors, thread);
}

/* A part's rows of the second layer, and the biases of its units. */
static void update_second(const parts_job *job, const units *u, size_t part, size_t thread)
{
    const batch *out = job->flow->batch;
    const size_t columns = u->panel.columns, stride = job->flow->copy->layers[1].output_stride;
    for (size_t first = 0; first < u->rows; first += SLAB_ROWS) {
        const size_t left = u->rows - first, rows = left < SLAB_ROWS ? left : SLAB_ROWS;
        const batch_block block = {1, 0, u->panel.first + first, rows};
        const update_factors factors = {.x = u->values + first,
                                        .deltas = out->deltas[1],
                                        .x_stride = columns,
                                        .d_stride = stride};
        update_block(job->update, &block, &factors, thread);
    }
    update_biases(job->update, 0, u->panel.first, columns, u->deltas, columns, thread);
    if (part == 0)
        update_biases(job->update, 1, 0, stride, out->deltas[1], stride, thread);
}

/* A part's first layer, updated, and what its units give to the next batch. */
static void go_on(const parts_job *job, const units *u, size_t part, size_t thread)
{
    for (size_t slab = 0; slab < job->slabs; slab++) {
        update_slab(job, u, part, slab, thread);
        for (size_t chunk = 0; chunk < chunks_of(job); chunk++)
            forward_slab(job, u, part, slab, chunk);
    }
    for (size_t chunk = 0; chunk < chunks_of(job); chunk++)
        give(job, u, part, chunk, thread);
}

/* All parts of a group, from their derivatives on. */
static void whole_group(const parts_job *job, size_t group, size_t thread)
{
    const flow_job *flow = job->flow;
    const batch *out = flow->batch;
    const size_t chunks = batch_chunks(flow->rows, out->chunk_rows), first = first_part(out, group);
    const bool own = out->copies > 1;
    if (own)
        expect(job, &(flow_part){.rows = job->rows});
    for (size_t part = first; part < first_part(out, group + 1); part++) {
        const units u = units_of(job, part);
        for (size_t chunk = 0; chunk < chunks; chunk++)
            backward(job, &u, chunk, thread);
        update_second(job, &u, part, thread);
        for (size_t chunk = 0; own && part == first && chunk < chunks_of(job); chunk++)
            gather(job, group, chunk);
        go_on(job, &u, part, thread);
    }
}

/* The groups, each behind its share of the other layers' blocks: a thread takes its pieces from the
 * end, others from the beginning. */
static void whole_task(void *context, size_t index, size_t thread)
{
    const parts_job *job = context;
    const batch *out = job->flow->batch;
    size_t group = 0;
    while (out->block_count * (group + 1) / out->groups + group < index)
        group++;
    if (out->block_count * (group + 1) / out->groups + group == index)
        whole_group(job, group, thread);
    else
        update_other(job->update, index - group, thread);
}

/* ---- more threads than parts: the same, but piece by piece ------------------ */

static void forward_task(void *context, size_t index, size_t thread)
{
    const parts_job *job = context;
    const size_t part = index / chunks_of(job), chunk = index % chunks_of(job);
    const units u = units_of(job, part);
    for (size_t slab = 0; slab < job->slabs; slab++)
        forward_slab(job, &u, part, slab, chunk);
    give(job, &u, part, chunk, thread);
}

static void backward_task(void *context, size_t index, size_t thread)
{
    const parts_job *job = context;
    const size_t chunks = batch_chunks(job->flow->rows, job->flow->batch->chunk_rows);
    const units u = units_of(job, index / chunks);
    backward(job, &u, index % chunks, thread);
}

static void update_task(void *context, size_t index, size_t thread)
{
    const parts_job *job = context;
    const batch *out = job->flow->batch;
    if (index < out->block_count) {
        update_other(job->update, index, thread);
        return;
    }
    index -= out->block_count;
    const size_t part = index / (job->slabs + 1), slab = index % (job->slabs + 1);
    const units u = units_of(job, part);
    if (slab == job->slabs)
        update_second(job, &u, part, thread);
    else
        update_slab(job, &u, part, slab, thread);
}

/* ---- a batch ------------------------------------------------------------------ */

static void gather_task(void *context, size_t index, size_t thread)
{
    const parts_job *job = context;
    (void)thread;
    gather(job, index / chunks_of(job), index % chunks_of(job));
}

/* This batch's inputs: gathered before, with what the parts give, or now. */
static void begin(parts_job *job)
{
    batch *out = job->flow->batch;
    if (out->next_rows == job->flow->rows && out->next_indices == job->flow->indices) {
        for (size_t c = 0; c < out->copies; c++) {
            float *const inputs = out->inputs[c];
            out->inputs[c] = out->next_inputs[c];
            out->next_inputs[c] = inputs;
        }
        out->values[0] = out->inputs[0];
        return;
    }
    job->inputs = out->inputs;
    job->indices = job->flow->indices;
    job->rows = job->flow->rows;
    batch_run(out, out->copies * chunks_of(job), gather_task, job);
    batch_run(out, out->parts * chunks_of(job), forward_task, job);
}

void parts_run(flow_job *flow, const update_job *update)
{
    batch *out = flow->batch;
    const size_t threads = out->alone ? 1 : out->threads;
    parts_job job = {.flow = flow, .update = update,
                     .slabs = (flow->copy->layers[0].inputs + SLAB_ROWS - 1) / SLAB_ROWS,
                     .padded_rows = batch_chunks(out->rows_most, out->chunk_rows) *
                                    out->column_rows};
    begin(&job);
    job.inputs = out->next_inputs;
    job.indices = flow->indices + flow->rows;
    job.rows = flow->ahead;
    const size_t chunks = batch_chunks(flow->rows, out->chunk_rows);
    for (size_t t = 0; t < out->threads; t++)
        out->turned[t].done = false;
    batch_run(out, chunks, rest_task, &job);
    if (threads <= out->parts) {
        batch_run(out, out->block_count + out->groups, whole_task, &job);
    } else {
        batch_run(out, out->parts * chunks, backward_task, &job);
        batch_run(out, out->block_count + out->parts * (job.slabs + 1), update_task, &job);
        batch_run(out, out->parts * chunks_of(&job), forward_task, &job);
    }
    out->next_rows = job.rows;
    out->next_indices = job.indices;
}
