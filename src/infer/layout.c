/* Laying a compacted network out: scales folded, weights turned round or listed.
 * Which form a layer takes is form.c's business. */
#include "infer/layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "infer/sparse.h"
#include "math/pass.h"
#include "net/network.h"

/* ---- layers ----------------------------------------------------------- */

static bool turn_round(espalier_predictor *p, const sparse_matrix *m, layout_layer *layer)
{
    size_t size;
    if (size_multiply(layer->inputs, layer->stride, &size))
        layer->weights = memory_array(p->allocator, size, sizeof(float));
    if (!layer->weights)
        return false;
    pass_transpose(m->weights, layer->inputs, layer->outputs, layer->inputs, layer->weights,
                   layer->stride);
    float *w = layer->weights;
    for (size_t i = 0; m->scale && i < layer->inputs; i++, w += layer->stride)
        for (size_t o = 0; o < layer->stride; o++)
            w[o] *= m->scale[i];
    return true;
}

/* Counts what the model asks for and grants the wish as far as possible. */
static void choose(const espalier_predictor *p, const sparse_matrix *m, form wish,
                   form_layer *counts, layout_layer *layer)
{
    const bool tiled = p->kernels->multiply_tiles && (wish == FORM_BY_MODEL || wish == FORM_TILES);
    *counts = (form_layer){m->inputs, m->outputs, sparse_nonzero(m), 0, 0, layer->share};
    if (tiled)
        sparse_count_tiles(m, &p->kernels->tile, &counts->tiles, &counts->steps);
    layer->nonzero = counts->nonzero;
    layer->one = wish == FORM_TILES && !tiled ? FORM_LISTS : wish;
    layer->many = wish == FORM_TILES ? FORM_LISTS : wish;
    if (wish == FORM_BY_MODEL) {
        layer->one = form_one(p->kernels, counts);
        layer->many = form_many(p->kernels, counts);
    }
}

/* What training has noted of its rows, else what is usual. Inputs that nobody reads any
 * more are counted as zeros: they mostly are, as pixels at the border that taught nothing. */
static double inputs_share(const espalier_network *network)
{
    const char *text = espalier_network_metadata(network, NETWORK_NONZERO_INPUTS);
    char *end = NULL;
    const long percent = text ? strtol(text, &end, 10) : 0;
    if (!text || *end != '\0' || percent <= 0 || percent > 100)
        return FORM_USUAL_SHARE;
    const double width = (double)espalier_network_row_width(network);
    return fmin((double)percent / 100.0 * width / (double)espalier_network_inputs(network, 0), 1.0);
}

/* scale: of the layer's inputs, or NULL. */
static bool fill_layer(espalier_predictor *p, const espalier_network *network, size_t index,
                       const float *scale, form wish)
{
    layout_layer *layer = &p->layers[index];
    const sparse_matrix m = {espalier_network_inputs(network, index),
                             espalier_network_outputs(network, index),
                             espalier_network_weights_const(network, index),
                             index == 0 && !p->one_picks ? p->columns : NULL, scale};
    form_layer counts;
    layer->inputs = m.inputs;
    layer->outputs = m.outputs;
    layer->activation = espalier_network_activation(network, index);
    layer->slope = espalier_network_slope(network, index);
    if (index == 0)
        layer->share = inputs_share(network);
    else
        layer->share = layer[-1].activation == ESPALIER_RELU ? FORM_USUAL_SHARE : 1.0;
    layer->stride = pass_stride(m.outputs);
    layer->biases = memory_array(p->allocator, layer->stride, sizeof(float));
    if (!layer->biases)
        return false;
    memcpy(layer->biases, espalier_network_biases_const(network, index),
           m.outputs * sizeof(float));
    p->widest = layer->stride > p->widest ? layer->stride : p->widest;
    choose(p, &m, wish, &counts, layer);
    if (index == 0)
        p->many_picks = p->one_picks || (p->columns && (layer->many == FORM_DENSE ||
                                                        p->row_width > SPARSE_COLUMNS_MOST));
    if ((layer->one == FORM_DENSE || layer->many == FORM_DENSE) &&
        !turn_round(p, &m, layer))
        return false;
    if (layer->one == FORM_LISTS &&
        !sparse_by_input(&m, counts.nonzero, p->allocator, &layer->by_input))
        return false;
    if (layer->one == FORM_TILES &&
        !sparse_tiles(&m, &p->kernels->tile, counts.tiles, counts.steps, p->allocator, &layer->tiles))
        return false;
    sparse_matrix many = m;
    many.columns = p->many_picks ? NULL : m.columns;
    if (layer->many == FORM_DENSE)
        return true;
    if (!sparse_by_output(&many, counts.nonzero, p->kernels->lists_together, p->allocator,
                          &layer->by_output))
        return false;
    for (size_t k = 0; k < layer->by_output.blocks; k++) {
        const size_t columns = layer->by_output.firsts[k + 1] - layer->by_output.firsts[k];
        p->block_columns = columns > p->block_columns ? columns : p->block_columns;
    }
    return true;
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

/* w' = w scale gives the same function where nothing is shifted, and zeros of the data
 * stay zeros. Scales beyond 2^40 might take a weight out of float's range. */
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

/* What the first layer's weights are multiplied by, of each input; NULL without memory. */
static float *factors(const espalier_predictor *p, const espalier_network *network, const float *scale,
                      size_t pairs)
{
    const uint64_t *kept = espalier_network_kept(network, SIZE_MAX);
    const size_t inputs = espalier_network_inputs(network, 0);
    float *of_input = memory_array(p->allocator, inputs, sizeof *of_input);
    for (size_t i = 0; of_input && i < inputs; i++)
        of_input[i] = scale[pairs == 1 ? 0 : kept ? (size_t)kept[i] : i];
    return of_input;
}

/* folded: receives what goes into the first layer (owned), or NULL. */
static bool fill_scaling(espalier_predictor *p, const espalier_network *network, float **folded)
{
    const float *shift, *scale;
    const size_t pairs = espalier_network_scaling(network, &shift, &scale);
    if (pairs == 0)
        return true;
    if (can_fold(shift, scale, pairs))
        return (*folded = factors(p, network, scale, pairs)) != NULL;
    p->shift = memory_array(p->allocator, p->row_width, sizeof *p->shift);
    p->scale = memory_array(p->allocator, p->row_width, sizeof *p->scale);
    for (size_t c = 0; p->shift && p->scale && c < p->row_width; c++) {
        p->shift[c] = shift[pairs == 1 ? 0 : c];
        p->scale[c] = scale[pairs == 1 ? 0 : c];
    }
    return p->shift && p->scale;
}

/* ---- both together ---------------------------------------------------- */

static bool fill_layers(espalier_predictor *p, const espalier_network *network, const float *scale,
                        form wish)
{
    for (size_t l = 0; l < p->layer_count; l++)
        if (!fill_layer(p, network, l, l == 0 ? scale : NULL, wish))
            return false;
    return true;
}

bool layout_fill(espalier_predictor *p, const espalier_network *network, form wish)
{
    float *scale = NULL;
    p->kernels = math_kernels_at(0);
    p->row_width = espalier_network_row_width(network);
    p->classes = espalier_network_class_count(network);
    p->layer_count = espalier_network_layer_count(network);
    p->layers = memory_array(p->allocator, p->layer_count, sizeof *p->layers);
    p->widest = p->row_width;
    const bool filled = p->layers && fill_scaling(p, network, &scale) && fill_columns(p, network) &&
                        fill_layers(p, network, scale, wish);
    memory_release(p->allocator, scale);
    p->widest = (p->widest + TILE_INPUTS_MOST - 1) / TILE_INPUTS_MOST * TILE_INPUTS_MOST;
    return filled;
}

void layout_release(espalier_predictor *p)
{
    for (size_t l = 0; p->layers && l < p->layer_count; l++) {
        memory_release(p->allocator, p->layers[l].biases);
        memory_release(p->allocator, p->layers[l].weights);
        sparse_release_lists(p->allocator, &p->layers[l].by_input);
        sparse_release_tiles(p->allocator, &p->layers[l].tiles);
        sparse_release_blocks(p->allocator, &p->layers[l].by_output);
    }
    memory_release(p->allocator, p->layers);
    memory_release(p->allocator, p->shift);
    memory_release(p->allocator, p->scale);
    memory_release(p->allocator, p->places);
    memory_release(p->allocator, p->columns);
}
