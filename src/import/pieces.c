/* Pieces of a network put together. */
#include "import/pieces.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "format/safetensors.h"
#include "net/network.h"

void pieces_clear(pieces *p)
{
    for (size_t l = 0; l < p->count; l++) {
        memory_release(p->allocator, p->layers[l].weights);
        memory_release(p->allocator, p->layers[l].biases);
    }
    memory_release(p->allocator, p->layers);
    memory_release(p->allocator, p->class_names);
    memory_release(p->allocator, p->kept);
    affine_clear(p->allocator, &p->inputs);
    *p = (pieces){.allocator = p->allocator};
}

/* One more place, in an array that doubles. */
static bool make_room(pieces *p)
{
    if (p->count < p->room)
        return true;
    size_t room = p->room ? 2 * p->room : 8;
    piece *layers = memory_array(p->allocator, room, sizeof *layers);
    if (!layers)
        return false;
    if (p->count)
        memcpy(layers, p->layers, p->count * sizeof *layers);
    memory_release(p->allocator, p->layers);
    p->layers = layers;
    p->room = room;
    return true;
}

piece *pieces_add(pieces *p, size_t inputs, size_t outputs)
{
    size_t weights;
    if (!make_room(p) || !size_multiply(inputs, outputs, &weights))
        return NULL;
    piece *layer = &p->layers[p->count];
    *layer = (piece){.inputs = inputs, .outputs = outputs, .name = ""};
    layer->weights = memory_array(p->allocator, weights, sizeof *layer->weights);
    layer->biases = memory_array(p->allocator, outputs, sizeof *layer->biases);
    p->count++; /* pieces_clear gives back what there is */
    return layer->weights && layer->biases ? layer : NULL;
}

/* ---- affine maps --------------------------------------------------------------- */

void affine_clear(const espalier_allocator *allocator, affine *a)
{
    memory_release(allocator, a->scale);
    *a = (affine){0};
}

bool affine_follow(const espalier_allocator *allocator, affine *a, size_t count,
                   const double *scale, const double *shift)
{
    if (a->count < count) {
        double *wide = memory_array(allocator, 2 * count, sizeof *wide);
        if (!wide)
            return false;
        for (size_t i = 0; i < count; i++) {
            wide[i] = a->count ? a->scale[0] : 1;
            wide[count + i] = a->count ? a->shift[0] : 0;
        }
        affine_clear(allocator, a);
        *a = (affine){count, wide, wide + count};
    }
    for (size_t i = 0; i < a->count; i++) {
        size_t j = count == 1 ? 0 : i;
        a->scale[i] *= scale[j];
        a->shift[i] = a->shift[i] * scale[j] + shift[j];
    }
    return true;
}

static double scale_at(const affine *a, size_t i)
{
    return a->scale[a->count == 1 ? 0 : i];
}

static double shift_at(const affine *a, size_t i)
{
    return a->shift[a->count == 1 ? 0 : i];
}

void affine_into_outputs(const affine *a, piece *layer)
{
    if (!a->count)
        return;
    for (size_t o = 0; o < layer->outputs; o++) {
        double scale = scale_at(a, o);
        for (size_t i = 0; scale != 1 && i < layer->inputs; i++)
            layer->weights[o * layer->inputs + i] *= scale;
        layer->biases[o] = layer->biases[o] * scale + shift_at(a, o);
    }
}

void affine_into_inputs(const affine *a, piece *layer)
{
    if (!a->count)
        return;
    for (size_t o = 0; o < layer->outputs; o++) {
        double *row = layer->weights + o * layer->inputs, sum = 0;
        for (size_t i = 0; i < layer->inputs; i++) {
            sum += row[i] * shift_at(a, i);
            row[i] *= scale_at(a, i);
        }
        layer->biases[o] += sum;
    }
}

/* ---- the network ------------------------------------------------------------------ */

/* One output z with a sigmoid is two classes with the outputs -z/2 and z/2: their
 * softmax is 1 / (1 + exp(z)) and 1 / (1 + exp(-z)). Halving is exact. */
static bool split_output(pieces *p)
{
    piece one = p->layers[--p->count];
    piece *two = pieces_add(p, one.inputs, 2);
    for (size_t c = 0; two && c < 2; c++) {
        double factor = (c == 1) != p->reversed ? 0.5 : -0.5;
        for (size_t i = 0; i < one.inputs; i++)
            two->weights[c * one.inputs + i] = factor * one.weights[i];
        two->biases[c] = factor * one.biases[0];
    }
    if (two)
        two->name = one.name;
    memory_release(p->allocator, one.weights);
    memory_release(p->allocator, one.biases);
    return two != NULL;
}

/* True where scale * x + shift can be said as (x - s) * scale with float32s. */
static bool is_scaling(const affine *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (!isnormal((float)a->scale[i]) || !(fabs(a->shift[i] / a->scale[i]) < FLT_MAX))
            return false;
    return a->count > 0;
}

/* Pairs for a whole row; inputs that are not kept stay as they are. What is no scaling
 * (a factor of 0) goes into the first layer. */
static bool set_scaling(pieces *p, espalier_network *network)
{
    const affine *a = &p->inputs;
    if (!is_scaling(a)) {
        affine_into_inputs(a, &p->layers[0]);
        return true;
    }
    size_t count = a->count > 1 && p->kept ? p->row_width : a->count;
    float *numbers = memory_array(p->allocator, count, 2 * sizeof *numbers);
    if (!numbers)
        return false;
    for (size_t i = 0; i < count; i++)
        numbers[count + i] = 1;
    for (size_t i = 0; i < a->count; i++) {
        size_t place = a->count > 1 && p->kept ? (size_t)p->kept[i] : i;
        numbers[place] = (float)(-a->shift[i] / a->scale[i]);
        numbers[count + place] = (float)a->scale[i];
    }
    bool set = espalier_network_set_scaling(network, count, numbers, numbers + count) == ESPALIER_OK;
    memory_release(p->allocator, numbers);
    return set;
}

static espalier_status copy_values(const double *from, size_t count, float *to, const piece *layer,
                                   const char *what, const char *path, espalier_error *error)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (float)from[i];
        if (!isfinite(to[i]))
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: %s of tensor '%s', place %zu: %s; expected a finite float32", path,
                             what, safetensors_show(layer->name).text, i,
                             isnan(to[i]) ? "NaN" : "infinite");
    }
    return ESPALIER_OK;
}

static espalier_status fill(const pieces *p, espalier_network *network, const char *path,
                            espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    for (size_t l = 0; status == ESPALIER_OK && l < p->count; l++) {
        const piece *from = &p->layers[l];
        network_layer *to = &network->layers[l];
        size_t weights = from->inputs * from->outputs;
        status = copy_values(from->weights, weights, to->weights, from, "weights", path, error);
        if (status == ESPALIER_OK)
            status = copy_values(from->biases, from->outputs, to->biases, from,
                                 "biases beside the weights", path, error);
        for (size_t i = 0; i < weights; i++)
            to->mask[i] = to->weights[i] != 0.0f;
        if (status == ESPALIER_OK && l + 1 < p->count)
            status = espalier_network_set_activation(network, l, from->activation, from->slope,
                                                     error);
    }
    if (status == ESPALIER_OK)
        espalier_network_apply_masks(network);
    return status;
}

static espalier_status set_names(const pieces *p, espalier_network *network, const char *path,
                                 espalier_error *error)
{
    size_t classes = espalier_network_class_count(network);
    if (!p->class_names)
        return ESPALIER_OK;
    if (p->class_name_count != classes)
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: %zu class names; expected %zu, one for "
                                                       "each output", path, p->class_name_count,
                         classes);
    espalier_status status = espalier_network_set_class_names(network, p->class_names);
    if (status == ESPALIER_ERROR_MEMORY)
        return error_memory(error);
    return status == ESPALIER_OK
               ? status
               : error_set(error, ESPALIER_ERROR_FORMAT,
                           "%s: class names: expected UTF-8, and a name of its own for each class",
                           path);
}

static espalier_status create(const pieces *p, espalier_network **network, espalier_error *error)
{
    size_t *widths = memory_array(p->allocator, p->count + 1, sizeof *widths);
    if (!widths)
        return error_memory(error);
    widths[0] = p->layers[0].inputs;
    for (size_t l = 0; l < p->count; l++)
        widths[l + 1] = p->layers[l].outputs;
    espalier_status status =
        espalier_network_create(widths, p->count + 1, p->allocator, network, error);
    memory_release(p->allocator, widths);
    return status;
}

espalier_status pieces_build(pieces *p, const char *path, espalier_network **network,
                             espalier_error *error)
{
    espalier_network *made = NULL;
    if (p->binary && !split_output(p))
        return error_memory(error);
    espalier_status status = create(p, &made, error);
    if (status == ESPALIER_OK && p->kept) {
        made->original_widths[0] = p->row_width;
        made->kept_inputs = p->kept; /* the network's own now */
        status = set_scaling(p, made) ? ESPALIER_OK : error_memory(error);
        p->kept = NULL;
    } else if (status == ESPALIER_OK && !set_scaling(p, made))
        status = error_memory(error);
    if (status == ESPALIER_OK)
        status = fill(p, made, path, error);
    if (status == ESPALIER_OK)
        status = set_names(p, made, path, error);
    if (status == ESPALIER_OK && p->origin &&
        espalier_network_set_metadata(made, "imported", p->origin) != ESPALIER_OK)
        status = error_memory(error);
    if (status == ESPALIER_OK)
        *network = made;
    else
        espalier_network_destroy(made);
    return status;
}
