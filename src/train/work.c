/* Loading, storing and laying out the working copy. */
#include "train/work.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "math/pass.h"
#include "net/activation.h"
#include "train/lists.h"

size_t work_stride(size_t count)
{
    size_t stride = pass_stride(count);
    return stride % (16 * PASS_LANES) ? stride : stride + PASS_LANES;
}

size_t work_narrow_panels(const math_kernels *kernels, size_t outputs)
{
    const size_t stride = work_stride(outputs), most = kernels->skip_columns;
    return stride <= most ? 1 : (stride + 2 * most - 1) / (2 * most) * 2;
}

static size_t panel_begin(const work_layer *layer, size_t index)
{
    const size_t stride = layer->output_stride, at = index * layer->panel;
    if (layer->panel)
        return at < stride ? at : stride;
    return stride / PASS_LANES * index / layer->panels * PASS_LANES;
}

work_panel work_panel_of(const work_layer *layer, size_t index)
{
    const size_t first = panel_begin(layer, index);
    return (work_panel){first, panel_begin(layer, index + 1) - first, layer->inputs * first};
}

work_panel work_panel_at(const work_layer *layer, size_t column)
{
    const size_t groups = layer->output_stride / PASS_LANES, after = column / PASS_LANES + 1;
    return work_panel_of(layer, layer->panel ? column / layer->panel
                                             : (after * layer->panels - 1) / groups);
}

size_t work_weights(const work_layer *layer)
{
    return layer->inputs * layer->output_stride;
}

size_t work_place(const work_layer *layer, size_t i, size_t j)
{
    if (layer->panels == 1)
        return i * layer->output_stride + j;
    const work_panel p = work_panel_at(layer, j);
    return p.at + i * p.columns + j - p.first;
}

/* Memory that the copy owns; NULL once an allocation has failed. */
static void *take(work *copy, size_t count, size_t size_bytes)
{
    void *block = memory_array(copy->allocator, count, size_bytes);
    if (block)
        copy->blocks[copy->block_count++] = block;
    return block;
}

/* Bytes of a layer from which on a batch goes layer by layer: those of a second-level cache,
 * and fewer where the values of many rows need it, too. Measured by epochs in turn: 1.6 MB take
 * 0.89 of the time with batches of 256, 1.0 with 32; 0.9 MB 0.78 with 1024, 1.0 with 512. */
static size_t wide_bytes(size_t batch_rows)
{
    return (batch_rows >= 1024 ? 512 : batch_rows >= 256 ? 1024 : 2048) * (size_t)1024;
}

static bool is_wide(const espalier_network *network, size_t batch_rows)
{
    const size_t floats = wide_bytes(batch_rows) / sizeof(float);
    for (size_t l = 0; l < network->layer_count; l++)
        if (network->layers[l].inputs > floats / network->layers[l].outputs)
            return true;
    return false;
}

static bool take_layer(work *copy, size_t l, size_t inputs, size_t outputs)
{
    work_layer *layer = &copy->layers[l];
    size_t in = work_stride(inputs), out = work_stride(outputs), count, back;
    if (!size_multiply(inputs, out, &count) || !size_multiply(outputs, in, &back))
        return false;
    layer->weights = take(copy, count, sizeof(float));
    layer->kept = take(copy, count / PASS_LANES, sizeof(uint16_t));
    layer->biases = take(copy, out, sizeof(float));
    const bool back_too = l > 0 && !copy->wide;
    layer->transposed = back_too ? take(copy, back, sizeof(float)) : NULL;
    bool done = layer->weights && layer->kept && layer->biases && (!back_too || layer->transposed);
    for (size_t s = 0; s < copy->state_count && done; s++) {
        layer->states[s] = take(copy, count, sizeof(float));
        layer->bias_states[s] = take(copy, out, sizeof(float));
        float *home = take(copy, inputs * outputs + outputs, sizeof(float));
        copy->home[s * copy->layer_count + l] = home;
        done = layer->states[s] && layer->bias_states[s] && home;
    }
    return done;
}

espalier_status work_create(const espalier_network *network, size_t batch_rows, size_t state_count,
                            const espalier_allocator *allocator, work *copy, espalier_error *error)
{
    size_t layers = network->layer_count;
    *copy = (work){.allocator = allocator, .layer_count = layers, .state_count = state_count,
                   .kernels = math_kernels_at(0), .wide = is_wide(network, batch_rows),
                   .inputs_share = 0.5};
    /* 4 blocks of a layer, 3 for each of its states, 1 for each position, 4 tables */
    copy->blocks = memory_array(allocator, layers * (5 + 3 * WORK_STATES_MOST) + 5, sizeof(void *));
    if (!copy->blocks)
        return error_memory(error);
    copy->layers = take(copy, layers, sizeof *copy->layers);
    copy->units = take(copy, layers + 1, sizeof *copy->units);
    copy->unit_count = take(copy, layers + 1, sizeof *copy->unit_count);
    copy->home = take(copy, layers * WORK_STATES_MOST, sizeof *copy->home);
    bool done = copy->layers && copy->units && copy->unit_count && copy->home;
    for (size_t p = 0; p <= layers && done; p++) {
        size_t width = p ? network->layers[p - 1].outputs : network->layers[0].inputs;
        copy->units[p] = take(copy, width, sizeof **copy->units);
        done = copy->units[p] && (p == 0 || take_layer(copy, p - 1, network->layers[p - 1].inputs,
                                                       network->layers[p - 1].outputs));
    }
    if (!done) {
        work_clear(copy);
        return error_memory(error);
    }
    return ESPALIER_OK;
}

void work_clear(work *copy)
{
    lists_clear(copy);
    for (size_t i = 0; i < copy->block_count; i++)
        memory_release(copy->allocator, copy->blocks[i]);
    memory_release(copy->allocator, copy->blocks);
    *copy = (work){0};
}

static bool has_input(const network_layer *layer, size_t neuron)
{
    return memchr(layer->mask + neuron * layer->inputs, 1, layer->inputs) != NULL;
}

static bool has_output(const network_layer *layer, size_t input)
{
    for (size_t j = 0; j < layer->outputs; j++)
        if (layer->mask[j * layer->inputs + input])
            return true;
    return false;
}

/* Lists the units of every position that take part; at least one each. */
static void list_units(work *copy, const espalier_network *network)
{
    for (size_t p = 0; p <= copy->layer_count; p++) {
        bool last = p == copy->layer_count;
        const network_layer *before = p ? &network->layers[p - 1] : NULL;
        const network_layer *after = last ? NULL : &network->layers[p];
        size_t width = p ? before->outputs : after->inputs, count = 0;
        for (size_t i = 0; i < width; i++)
            if (last || (p && has_input(before, i)) || has_output(after, i))
                copy->units[p][count++] = i;
        if (count == 0)
            copy->units[p][count++] = 0;
        copy->unit_count[p] = count;
    }
}

/* Columns copied side by side: one line of a cache of the copy, so many rows of the
 * network at a time. */
enum { COPY_COLUMNS = 16 };

/* Whether all units of the network's layer take part. */
static bool is_whole(const work_layer *layer, const network_layer *of)
{
    return layer->inputs == of->inputs && layer->outputs == of->outputs;
}

/* Of all units, panel by panel: to[i][j] = from[j][i], or back. */
static void turn_whole(const work *copy, size_t l, bool back, const float *from, float *to)
{
    const work_layer *layer = &copy->layers[l];
    const size_t inputs = layer->inputs;
    for (size_t panel = 0; panel < layer->panels; panel++) {
        const work_panel p = work_panel_of(layer, panel);
        const size_t left = layer->outputs - p.first, outputs = left < p.columns ? left : p.columns;
        if (back)
            copy->kernels->transpose(from + p.at, p.columns, inputs, outputs, to + p.first * inputs, inputs);
        else
            copy->kernels->transpose(from + p.first * inputs, inputs, outputs, inputs, to + p.at, p.columns);
    }
}

/* to[i][j] = from[units_out[j]][units_in[i]], padding zero. */
static void gather(const work *copy, size_t l, const network_layer *of, const float *from, float *to)
{
    const work_layer *layer = &copy->layers[l];
    const uint64_t *in = copy->units[l], *out = copy->units[l + 1];
    const size_t width = of->inputs;
    memset(to, 0, layer->inputs * layer->output_stride * sizeof *to);
    if (is_whole(layer, of)) {
        turn_whole(copy, l, false, from, to);
        return;
    }
    for (size_t first = 0; first < layer->outputs; first += COPY_COLUMNS) {
        size_t end = first + COPY_COLUMNS < layer->outputs ? first + COPY_COLUMNS : layer->outputs;
        for (size_t i = 0; i < layer->inputs; i++)
            for (size_t j = first, at = work_place(layer, i, first); j < end; j++, at++)
                to[at] = from[out[j] * width + in[i]];
    }
}

bool work_is_kept(const work_layer *layer, size_t i, size_t j)
{
    const size_t at = work_place(layer, i, j);
    return layer->kept[at / PASS_LANES] >> at % PASS_LANES & 1;
}

/* The way back; pruned places keep what they hold, which of weights is +0.0 on either side. */
static void scatter(const work *copy, size_t l, const network_layer *of, const float *from, float *to)
{
    const work_layer *layer = &copy->layers[l];
    const uint64_t *in = copy->units[l], *out = copy->units[l + 1];
    const size_t width = of->inputs;
    if (is_whole(layer, of) && (!layer->masked || from == layer->weights)) {
        turn_whole(copy, l, true, from, to);
        return;
    }
    for (size_t first = 0; first < layer->outputs; first += COPY_COLUMNS) {
        size_t end = first + COPY_COLUMNS < layer->outputs ? first + COPY_COLUMNS : layer->outputs;
        for (size_t i = 0; i < layer->inputs; i++)
            for (size_t j = first, at = work_place(layer, i, first); j < end; j++, at++) {
                float *const place = &to[out[j] * width + in[i]];
                const float both[2] = {*place, from[at]}; /* a branch would often be foreseen wrongly */
                *place = both[layer->kept[at / PASS_LANES] >> at % PASS_LANES & 1];
            }
    }
}

static void load_mask(const work *copy, size_t l, const network_layer *source)
{
    work_layer *layer = &copy->layers[l];
    const uint64_t *in = copy->units[l], *out = copy->units[l + 1];
    memset(layer->kept, 0,
           layer->inputs * layer->output_stride / PASS_LANES * sizeof *layer->kept);
    layer->masked = false;
    for (size_t j = 0; j < layer->outputs; j++) {
        for (size_t i = 0; i < layer->inputs; i++) {
            bool kept = source->mask[out[j] * source->inputs + in[i]];
            const size_t at = work_place(layer, i, j);
            layer->kept[at / PASS_LANES] |= (uint16_t)(kept << at % PASS_LANES);
            layer->masked = layer->masked || !kept;
        }
    }
}

static void load_states(work *copy, size_t l, const network_layer *source)
{
    work_layer *layer = &copy->layers[l];
    for (size_t s = 0; s < copy->state_count; s++) {
        const float *home = copy->home[s * copy->layer_count + l];
        gather(copy, l, source, home, layer->states[s]);
        memset(layer->bias_states[s], 0, layer->output_stride * sizeof(float));
        for (size_t j = 0; j < layer->outputs; j++)
            layer->bias_states[s][j] = home[source->inputs * source->outputs + copy->units[l + 1][j]];
    }
}

void work_turn(const math_kernels *kernels, const work_layer *layer, size_t first, size_t rows)
{
    const work_layer *before = layer - 1;
    for (size_t next; rows > 0; first += next, rows -= next) {
        const work_panel p = work_panel_at(before, first);
        const size_t left = p.first + p.columns - first;
        next = rows < left ? rows : left;
        kernels->transpose(layer->weights + first * layer->output_stride, layer->output_stride, next,
                           layer->outputs,
                           layer->transposed + layer->outputs * p.first + first - p.first, p.columns);
    }
}

void work_load(work *copy, const espalier_network *network)
{
    list_units(copy, network);
    for (size_t l = 0; l < copy->layer_count; l++) {
        const network_layer *source = &network->layers[l];
        work_layer *layer = &copy->layers[l];
        layer->inputs = copy->unit_count[l];
        layer->outputs = copy->unit_count[l + 1];
        layer->activation = source->activation;
        layer->slope = source->slope;
        layer->input_stride = work_stride(layer->inputs);
        layer->output_stride = work_stride(layer->outputs);
        layer->panel = copy->wide ? WORK_WIDE_PANEL : 0;
        layer->panels = copy->wide ? (layer->output_stride + WORK_WIDE_PANEL - 1) / WORK_WIDE_PANEL
                        : l        ? 1
                                   : work_narrow_panels(copy->kernels, layer->outputs);
        gather(copy, l, source, source->weights, layer->weights);
        load_mask(copy, l, source);
        load_states(copy, l, source);
        memset(layer->biases, 0, layer->output_stride * sizeof(float));
        for (size_t j = 0; j < layer->outputs; j++)
            layer->biases[j] = source->biases[copy->units[l + 1][j]];
        if (layer->transposed) {
            memset(layer->transposed, 0, layer->outputs * layer->input_stride * sizeof(float));
            work_turn(copy->kernels, layer, 0, layer->inputs);
        }
    }
}

void work_store(const work *copy, espalier_network *network)
{
    lists_settle(copy);
    for (size_t l = 0; l < copy->layer_count; l++) {
        const work_layer *layer = &copy->layers[l];
        network_layer *target = &network->layers[l];
        scatter(copy, l, target, layer->weights, target->weights);
        for (size_t j = 0; j < layer->outputs; j++)
            target->biases[copy->units[l + 1][j]] = layer->biases[j];
    }
}

void work_save_states(work *copy, const espalier_network *network)
{
    lists_settle(copy);
    for (size_t s = 0; s < copy->state_count; s++) {
        for (size_t l = 0; l < copy->layer_count; l++) {
            const work_layer *layer = &copy->layers[l];
            const network_layer *source = &network->layers[l];
            size_t weights = source->inputs * source->outputs;
            float *home = copy->home[s * copy->layer_count + l];
            memset(home, 0, (weights + source->outputs) * sizeof *home);
            scatter(copy, l, source, layer->states[s], home);
            for (size_t j = 0; j < layer->outputs; j++)
                home[weights + copy->units[l + 1][j]] = layer->bias_states[s][j];
        }
    }
}

void work_finish(const math_kernels *kernels, const work_layer *layer, size_t column, float *y,
                 size_t rows, size_t columns, size_t y_stride)
{
    const size_t left = layer->outputs > column ? layer->outputs - column : 0;
    if (layer->activation == ESPALIER_SIGMOID && columns > left)
        columns = left; /* f(0) is not 0 */
    activation_with_bias(kernels, layer->activation, layer->slope, y, rows, columns, y_stride,
                         layer->biases + column);
}

bool work_is_finite(const work *copy, size_t *layer)
{
    for (size_t l = 0; l < copy->layer_count; l++) {
        const work_layer *w = &copy->layers[l];
        float sum = 0.0f; /* 0 x is NaN for a NaN or infinite x, and stays NaN */
        for (size_t i = 0; i < w->inputs * w->output_stride; i++)
            sum += 0.0f * w->weights[i];
        for (size_t j = 0; j < w->output_stride; j++)
            sum += 0.0f * w->biases[j];
        if (isnan(sum)) {
            *layer = l;
            return false;
        }
    }
    return true;
}
