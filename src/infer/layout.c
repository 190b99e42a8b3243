/* Laying a compacted network out: scales folded, weights turned round or listed.
 * Which form a layer takes is form.c's business. */
#include "infer/layout.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "math/pass.h"

/* Inputs of a block of lists: 64 rows of them take 48 KiB, and blocks of 96 to 192
 * inputs are the fastest where first-level caches hold 32 KiB; but a list has its
 * sums fetched and put back, so LIST_LEAST weights is the least it should hold on
 * average. */
enum { BLOCK_INPUTS = 192, LIST_LEAST = 4 };

/* ---- lists ------------------------------------------------------------ */

static bool take_lists(espalier_predictor *p, size_t lists, size_t weights, weight_lists *to)
{
    to->starts = memory_array(p->allocator, lists + 1, sizeof *to->starts);
    to->places = memory_array(p->allocator, weights, sizeof *to->places);
    to->weights = memory_array(p->allocator, weights, sizeof *to->weights);
    return to->starts && to->places && to->weights;
}

/* w [outputs][inputs] */
static bool list_by_input(espalier_predictor *p, const float *w, layout_layer *layer)
{
    weight_lists *to = &layer->by_input;
    if (!take_lists(p, layer->inputs, layer->nonzero, to))
        return false;
    /* starts[i + 1] first counts list i, then is where its next weight goes */
    for (size_t o = 0; o < layer->outputs; o++)
        for (size_t i = 0; i < layer->inputs; i++)
            to->starts[i + 1] += w[o * layer->inputs + i] != 0.0f;
    uint32_t before = 0;
    for (size_t i = 0; i < layer->inputs; i++) {
        const uint32_t count = to->starts[i + 1];
        to->starts[i + 1] = before;
        before += count;
    }
    for (size_t o = 0; o < layer->outputs; o++) {
        for (size_t i = 0; i < layer->inputs; i++) {
            const float weight = w[o * layer->inputs + i];
            if (weight != 0.0f) {
                const uint32_t at = to->starts[i + 1]++;
                to->places[at] = (uint32_t)o;
                to->weights[at] = weight;
            }
        }
    }
    return true;
}

/* columns: the place of each input, or NULL for its number. */
static bool list_by_output(espalier_predictor *p, const float *w, const uint32_t *columns,
                           layout_layer *layer)
{
    const size_t inputs = layer->inputs, most = inputs / BLOCK_INPUTS + 1;
    const size_t filled = layer->nonzero / layer->outputs / LIST_LEAST;
    layer->blocks = filled < 1 ? 1 : filled < most ? filled : most;
    weight_lists *to = &layer->by_output;
    if (!take_lists(p, layer->blocks * layer->outputs, layer->nonzero, to))
        return false;
    uint32_t *start = to->starts, at = 0;
    for (size_t block = 0; block < layer->blocks; block++) {
        const size_t begin = inputs * block / layer->blocks;
        const size_t end = inputs * (block + 1) / layer->blocks;
        for (size_t o = 0; o < layer->outputs; o++, *++start = at) {
            for (size_t i = begin; i < end; i++) {
                const float weight = w[o * inputs + i];
                if (weight != 0.0f) {
                    to->places[at] = columns ? columns[i] : (uint32_t)i;
                    to->weights[at++] = weight;
                }
            }
        }
    }
    return true;
}

/* ---- tiles ------------------------------------------------------------ */

/* The inputs of a tile; columns ascend. */
typedef struct span {
    size_t begin, end; /* inputs */
    size_t first;      /* column */
} span;

static size_t column_of(const uint32_t *columns, size_t input)
{
    return columns ? columns[input] : input;
}

/* From the tile's first input on; false behind the last one. */
static bool next_span(const uint32_t *columns, size_t inputs, span *s)
{
    s->begin = s->end;
    if (s->begin == inputs)
        return false;
    s->first = column_of(columns, s->begin) / TILE_INPUTS * TILE_INPUTS;
    while (s->end < inputs && column_of(columns, s->end) < s->first + TILE_INPUTS)
        s->end++;
    return true;
}

/* The most weights that one output of the group has in the span. */
static size_t steps_of(const float *w, size_t inputs, size_t begin, size_t end, const span *s)
{
    size_t most = 0;
    for (size_t o = begin; o < end; o++) {
        size_t found = 0;
        for (size_t i = s->begin; i < s->end; i++)
            found += w[o * inputs + i] != 0.0f;
        most = found > most ? found : most;
    }
    return most;
}

static size_t group_end(size_t begin, size_t outputs)
{
    return outputs - begin < PASS_LANES ? outputs : begin + PASS_LANES;
}

static void count_tiles(const float *w, const uint32_t *columns, form_layer *layer)
{
    for (size_t o = 0; o < layer->outputs; o += PASS_LANES) {
        for (span s = {0}; next_span(columns, layer->inputs, &s);) {
            const size_t steps = steps_of(w, layer->inputs, o, group_end(o, layer->outputs), &s);
            layer->steps += steps;
            layer->tiles += steps > 0;
        }
    }
}

/* One step holds lane l of every output's next weight; the rest are zeros. */
static void fill_tile(const float *w, const uint32_t *columns, size_t inputs, size_t begin,
                      size_t end, const span *s, uint8_t *places, float *weights)
{
    for (size_t o = begin; o < end; o++) {
        size_t at = o - begin;
        for (size_t i = s->begin; i < s->end; i++) {
            if (w[o * inputs + i] != 0.0f) {
                places[at] = (uint8_t)(column_of(columns, i) - s->first);
                weights[at] = w[o * inputs + i];
                at += PASS_LANES;
            }
        }
    }
}

static bool fill_tiles(espalier_predictor *p, const float *w, const uint32_t *columns,
                       const form_layer *counts, layout_layer *layer)
{
    weight_tiles *to = &layer->tiles;
    const size_t inputs = layer->inputs, outputs = layer->outputs;
    to->starts = memory_array(p->allocator, layer->stride / PASS_LANES + 1, sizeof *to->starts);
    to->tiles = memory_array(p->allocator, counts->tiles, sizeof *to->tiles);
    to->places = memory_array(p->allocator, counts->steps, PASS_LANES * sizeof *to->places);
    to->weights = memory_array(p->allocator, counts->steps, PASS_LANES * sizeof *to->weights);
    if (!to->starts || !to->tiles || !to->places || !to->weights)
        return false;
    size_t tile = 0, step = 0;
    for (size_t o = 0; o < outputs; o += PASS_LANES) {
        const size_t end = group_end(o, outputs);
        for (span s = {0}; next_span(columns, inputs, &s);) {
            const size_t steps = steps_of(w, inputs, o, end, &s);
            if (steps == 0)
                continue;
            to->tiles[tile++] = (weight_tile){(uint32_t)s.first, (uint32_t)steps};
            fill_tile(w, columns, inputs, o, end, &s, to->places + step * PASS_LANES,
                      to->weights + step * PASS_LANES);
            step += steps;
        }
        to->starts[o / PASS_LANES + 1] = (uint32_t)tile;
    }
    return true;
}

/* ---- layers ----------------------------------------------------------- */

static size_t count_nonzero(const float *w, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += w[i] != 0.0f;
    return found;
}

static bool turn_round(espalier_predictor *p, const float *w, layout_layer *layer)
{
    size_t size;
    if (size_multiply(layer->inputs, layer->stride, &size))
        layer->weights = memory_array(p->allocator, size, sizeof(float));
    if (layer->weights)
        pass_transpose(w, layer->inputs, layer->outputs, layer->inputs, layer->weights,
                       layer->stride);
    return layer->weights != NULL;
}

/* The columns that lists or tiles of a layer name; NULL = its inputs. */
static const uint32_t *named(const espalier_predictor *p, size_t index, bool picks)
{
    return index == 0 && !picks ? p->columns : NULL;
}

static void choose(espalier_predictor *p, const float *w, size_t index, form wish,
                   form_layer *counts)
{
    layout_layer *layer = &p->layers[index];
    *counts = (form_layer){.inputs = layer->inputs, .outputs = layer->outputs};
    counts->nonzero = layer->nonzero = count_nonzero(w, layer->inputs * layer->outputs);
    const bool tiled = p->kernels->multiply_tiles && (wish == FORM_BY_MODEL || wish == FORM_TILES);
    if (tiled)
        count_tiles(w, named(p, index, p->one_picks), counts);
    layer->one = wish == FORM_BY_MODEL           ? form_one(counts)
                 : wish == FORM_TILES && !tiled ? FORM_LISTS
                                                 : wish;
    layer->many = wish == FORM_BY_MODEL ? form_many(counts)
                  : wish == FORM_DENSE  ? FORM_DENSE
                                        : FORM_LISTS;
    if (index == 0)
        p->many_picks = p->one_picks || (p->columns && layer->many == FORM_DENSE);
}

static bool fill_layer(espalier_predictor *p, const espalier_network *network, size_t index,
                       form wish)
{
    layout_layer *layer = &p->layers[index];
    const float *w = espalier_network_weights_const(network, index);
    form_layer counts;
    layer->inputs = espalier_network_inputs(network, index);
    layer->outputs = espalier_network_outputs(network, index);
    layer->stride = pass_stride(layer->outputs);
    layer->biases = memory_array(p->allocator, layer->stride, sizeof(float));
    if (!layer->biases)
        return false;
    memcpy(layer->biases, espalier_network_biases_const(network, index),
           layer->outputs * sizeof(float));
    p->widest = layer->stride > p->widest ? layer->stride : p->widest;
    choose(p, w, index, wish, &counts);
    if ((layer->one == FORM_DENSE || layer->many == FORM_DENSE) && !turn_round(p, w, layer))
        return false;
    if (layer->one == FORM_LISTS && !list_by_input(p, w, layer))
        return false;
    if (layer->one == FORM_TILES &&
        !fill_tiles(p, w, named(p, index, p->one_picks), &counts, layer))
        return false;
    return layer->many == FORM_DENSE ||
           list_by_output(p, w, named(p, index, p->many_picks), layer);
}

/* ---- inputs ----------------------------------------------------------- */

static bool fill_columns(espalier_predictor *p, const espalier_network *network)
{
    const uint64_t *kept = espalier_network_kept(network, SIZE_MAX);
    const size_t inputs = espalier_network_inputs(network, 0);
    if (!kept)
        return true;
    p->places = memory_array(p->allocator, p->row_width, sizeof *p->places);
    p->columns = memory_array(p->allocator, inputs, sizeof *p->columns);
    if (!p->places || !p->columns)
        return false;
    for (size_t c = 0; c < p->row_width; c++)
        p->places[c] = PLACE_DROPPED;
    for (size_t i = 0; i < inputs; i++) {
        p->columns[i] = (uint32_t)kept[i];
        p->places[kept[i]] = (uint32_t)i;
    }
    /* passing over a whole row costs a fourth of picking it value by value */
    p->one_picks = inputs < p->row_width / 4;
    return true;
}

/* w' = w scale is the same function where nothing is shifted, zeros stay zeros, and a
 * product cannot leave the range where it would not have done so before. */
static bool can_fold(const float *shift, const float *scale, size_t pairs)
{
    const float most = 1099511627776.0f; /* 2^40 */
    for (size_t i = 0; i < pairs; i++) {
        const float size = fabsf(scale[i]);
        if (shift[i] != 0.0f || size > most || size < 1.0f / most)
            return false;
    }
    return true;
}

static void fold(espalier_network *network, const float *scale, size_t pairs)
{
    const uint64_t *kept = espalier_network_kept(network, SIZE_MAX);
    const size_t inputs = espalier_network_inputs(network, 0);
    float *w = espalier_network_weights(network, 0);
    for (size_t o = 0; o < espalier_network_outputs(network, 0); o++, w += inputs)
        for (size_t i = 0; i < inputs; i++)
            w[i] *= scale[pairs == 1 ? 0 : kept ? (size_t)kept[i] : i];
}

static bool fill_scaling(espalier_predictor *p, espalier_network *network)
{
    const float *shift, *scale;
    const size_t pairs = espalier_network_scaling(network, &shift, &scale);
    if (can_fold(shift, scale, pairs)) {
        if (pairs)
            fold(network, scale, pairs);
        return true;
    }
    p->shift = memory_array(p->allocator, p->row_width, sizeof *p->shift);
    p->scale = memory_array(p->allocator, p->row_width, sizeof *p->scale);
    for (size_t c = 0; p->shift && p->scale && c < p->row_width; c++) {
        p->shift[c] = shift[pairs == 1 ? 0 : c];
        p->scale[c] = scale[pairs == 1 ? 0 : c];
    }
    return p->shift && p->scale;
}

/* ---- both together ---------------------------------------------------- */

bool layout_fill(espalier_predictor *p, espalier_network *network, form wish)
{
    p->kernels = math_kernels_at(0);
    p->row_width = espalier_network_row_width(network);
    p->classes = espalier_network_class_count(network);
    p->layer_count = espalier_network_layer_count(network);
    p->layers = memory_array(p->allocator, p->layer_count, sizeof *p->layers);
    if (!p->layers || !fill_scaling(p, network) || !fill_columns(p, network))
        return false;
    p->widest = p->row_width;
    for (size_t l = 0; l < p->layer_count; l++)
        if (!fill_layer(p, network, l, wish))
            return false;
    p->widest = (p->widest + TILE_INPUTS - 1) / TILE_INPUTS * TILE_INPUTS;
    return true;
}

static void release_lists(const espalier_predictor *p, const weight_lists *lists)
{
    memory_release(p->allocator, lists->starts);
    memory_release(p->allocator, lists->places);
    memory_release(p->allocator, lists->weights);
}

void layout_release(espalier_predictor *p)
{
    for (size_t l = 0; p->layers && l < p->layer_count; l++) {
        memory_release(p->allocator, p->layers[l].biases);
        memory_release(p->allocator, p->layers[l].weights);
        release_lists(p, &p->layers[l].by_input);
        release_lists(p, &p->layers[l].by_output);
        memory_release(p->allocator, p->layers[l].tiles.starts);
        memory_release(p->allocator, p->layers[l].tiles.tiles);
        memory_release(p->allocator, p->layers[l].tiles.places);
        memory_release(p->allocator, p->layers[l].tiles.weights);
    }
    memory_release(p->allocator, p->layers);
    memory_release(p->allocator, p->shift);
    memory_release(p->allocator, p->scale);
    memory_release(p->allocator, p->places);
    memory_release(p->allocator, p->columns);
}
