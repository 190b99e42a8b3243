/* Making the float program: dead parts out, scaling into the first layer, weights into
 * lists. */
#include "export/c_program.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "net/network.h"

/* ---- scaling ---------------------------------------------------------- */

/* x' = (x - shift) scale, by column. */
typedef struct scaling {
    size_t pairs;
    const float *shift, *scale;
} scaling;

static size_t pair(const scaling *s, size_t column)
{
    return s->pairs > 1 ? column : 0;
}

static double scale_at(const scaling *s, size_t column)
{
    return s->pairs ? (double)s->scale[pair(s, column)] : 1.0;
}

static double shift_at(const scaling *s, size_t column)
{
    return s->pairs ? (double)s->shift[pair(s, column)] : 0.0;
}

static size_t column_at(const espalier_network *network, size_t input)
{
    const uint64_t *kept = espalier_network_kept(network, SIZE_MAX);
    return kept ? (size_t)kept[input] : input;
}

/* w (x - s) = w x - w s  rounds a float sum of terms as large as w s, by about 2^-24 of
 * them each. Where they come to more than 4 in a neuron, the shift stays where it was. */
static const double shift_most = 4.0;

static bool can_fold_shift(const espalier_network *network, const scaling *s)
{
    const size_t inputs = espalier_network_inputs(network, 0);
    const float *w = espalier_network_weights_const(network, 0);
    for (size_t o = 0; o < espalier_network_outputs(network, 0); o++, w += inputs) {
        double sum = 0.0;
        for (size_t i = 0; i < inputs; i++) {
            const size_t column = column_at(network, i);
            sum += fabs((double)w[i] * scale_at(s, column) * shift_at(s, column));
        }
        if (sum > shift_most)
            return false;
    }
    return true;
}

static bool keep_shift(c_program *p, const scaling *s)
{
    p->one_shift = s->pairs == 1;
    p->shift = memory_array(p->allocator, p->row_width, sizeof *p->shift);
    for (size_t c = 0; p->shift && c < p->row_width; c++)
        p->shift[c] = s->shift[pair(s, c)];
    return p->shift != NULL;
}

/* ---- layers ----------------------------------------------------------- */

static espalier_status not_finite(size_t layer, espalier_error *error)
{
    return error_set(error, ESPALIER_ERROR_NUMERIC,
                     "layer %zu: a weight or bias is not a finite number%s", layer,
                     layer ? "" : " (after the scaling of the inputs, if any)");
}

static bool reserve_layer(c_program *p, c_layer *layer, size_t nonzero)
{
    layer->starts = memory_array(p->allocator, layer->outputs + 1, sizeof *layer->starts);
    layer->places = memory_array(p->allocator, nonzero, sizeof *layer->places);
    layer->weights = memory_array(p->allocator, nonzero, sizeof *layer->weights);
    layer->biases = memory_array(p->allocator, layer->outputs, sizeof *layer->biases);
    layer->exact_biases =
        memory_array(p->allocator, layer->outputs, sizeof *layer->exact_biases);
    return layer->starts && layer->places && layer->weights && layer->biases &&
           layer->exact_biases;
}

static size_t count_nonzero(const float *values, size_t count)
{
    size_t nonzero = 0;
    for (size_t i = 0; i < count; i++)
        nonzero += values[i] != 0.0f;
    return nonzero;
}

/* b' = b - sum of w scale shift;  w' = w scale. */
static bool fill_neuron(c_program *p, size_t index, size_t o, const scaling *s, size_t *at)
{
    c_layer *layer = &p->layers[index];
    const size_t inputs = espalier_network_inputs(p->network, index);
    const float *w = espalier_network_weights_const(p->network, index) + o * inputs;
    double bias = (double)espalier_network_biases_const(p->network, index)[o];
    const double plain = bias;
    bool finite = isfinite(bias);
    layer->starts[o] = *at;
    for (size_t i = 0; i < inputs; i++) {
        const size_t column = index ? i : column_at(p->network, i);
        const double exact = (double)w[i] * (index ? 1.0 : scale_at(s, column));
        const float folded = (float)exact;
        finite = finite && isfinite(folded);
        bias -= index ? 0.0 : (double)folded * shift_at(s, column); /* as x is multiplied */
        if (folded == 0.0f)
            continue;
        layer->places[*at] = (uint32_t)column;
        layer->weights[(*at)++] = folded;
    }
    layer->starts[o + 1] = *at;
    layer->exact_biases[o] = bias;
    layer->biases[o] = (float)(index == 0 && p->shift ? plain : bias);
    return finite && isfinite((float)bias);
}

static espalier_status fill_layer(c_program *p, size_t index, const scaling *s,
                                  espalier_error *error)
{
    c_layer *layer = &p->layers[index];
    const size_t inputs = espalier_network_inputs(p->network, index);
    size_t at = 0;
    layer->inputs = index ? inputs : p->row_width;
    layer->outputs = espalier_network_outputs(p->network, index);
    layer->activation = espalier_network_activation(p->network, index);
    layer->slope = espalier_network_slope(p->network, index);
    if (!reserve_layer(p, layer, count_nonzero(espalier_network_weights_const(p->network, index),
                                               inputs * layer->outputs)))
        return error_memory(error);
    for (size_t o = 0; o < layer->outputs; o++)
        if (!fill_neuron(p, index, o, s, &at))
            return not_finite(index, error);
    return ESPALIER_OK;
}

/* Layers write to the two buffers in turn, the last one to the scores. */
static void size_buffers(c_program *p)
{
    for (size_t l = 0; l + 1 < p->layer_count; l++)
        if (p->layers[l].outputs > p->widest[l % 2])
            p->widest[l % 2] = p->layers[l].outputs;
}

/* ---- the whole -------------------------------------------------------- */

static espalier_status fill(c_program *p, espalier_error *error)
{
    scaling s;
    s.pairs = espalier_network_scaling(p->network, &s.shift, &s.scale);
    p->row_width = espalier_network_row_width(p->network);
    p->classes = espalier_network_class_count(p->network);
    p->layer_count = espalier_network_layer_count(p->network);
    p->layers = memory_array(p->allocator, p->layer_count, sizeof *p->layers);
    p->columns = memory_array(p->allocator, espalier_network_inputs(p->network, 0),
                              sizeof *p->columns);
    if (!p->layers || !p->columns)
        return error_memory(error);
    if (s.pairs && !can_fold_shift(p->network, &s) && !keep_shift(p, &s))
        return error_memory(error);
    espalier_status status = ESPALIER_OK;
    for (size_t l = 0; l < p->layer_count && status == ESPALIER_OK; l++)
        status = fill_layer(p, l, &s, error);
    size_buffers(p);
    return status;
}

espalier_status c_program_create(const espalier_network *network,
                                 const espalier_export_options *options, const char *name,
                                 c_program **program, espalier_error *error)
{
    const espalier_allocator *allocator = network->allocator;
    espalier_network *small = NULL;
    espalier_status status = espalier_network_compact(network, allocator, &small, NULL, error);
    if (status != ESPALIER_OK)
        return status;
    c_program *p = memory_array(allocator, 1, sizeof *p);
    if (!p) {
        espalier_network_destroy(small);
        return error_memory(error);
    }
    *p = (c_program){.allocator = allocator, .network = small, .type = options->type, .speed = options->speed,
                     .probabilities = options->probabilities, .threads = options->threads, .name = name};
    status = fill(p, error);
    if (status == ESPALIER_OK)
        *program = p;
    else
        c_program_destroy(p);
    return status;
}

static void release_layer(const espalier_allocator *allocator, c_layer *layer)
{
    memory_release(allocator, layer->starts);
    memory_release(allocator, layer->places);
    memory_release(allocator, layer->weights);
    memory_release(allocator, layer->biases);
    memory_release(allocator, layer->exact_biases);
    memory_release(allocator, layer->wholes);
    memory_release(allocator, layer->sums);
    memory_release(allocator, layer->above);
    memory_release(allocator, layer->below);
    memory_release(allocator, layer->factors);
}

void c_program_destroy(c_program *p)
{
    if (!p)
        return;
    for (size_t l = 0; p->layers && l < p->layer_count; l++)
        release_layer(p->allocator, &p->layers[l]);
    memory_release(p->allocator, p->layers);
    memory_release(p->allocator, p->shift);
    memory_release(p->allocator, p->columns);
    memory_release(p->allocator, p->input.offset);
    memory_release(p->allocator, p->input.range);
    memory_release(p->allocator, p->input.gain);
    memory_release(p->allocator, p->curves[0]);
    memory_release(p->allocator, p->curves[1]);
    espalier_network_destroy(p->network);
    memory_release(p->allocator, p);
}

bool c_has(const c_program *p, espalier_activation activation)
{
    for (size_t l = 0; l + 1 < p->layer_count; l++)
        if (p->layers[l].activation == activation)
            return true;
    return false;
}

bool c_has_factors(const c_layer *layer)
{
    for (size_t o = 0; o < layer->outputs; o++)
        if (layer->factors[o] != 1)
            return true;
    return false;
}
