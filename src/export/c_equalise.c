/* Factors moved from the weights that read a neuron into those that make it.
 *
 * All values of a layer share one unit, so that those of a neuron whose values stay small
 * are rounded coarsely; the weights of a neuron share another, in which those that read
 * small values are the large ones. A batch normalisation behind ReLU makes such layers.
 * As f(s z) = s f(z) for s > 0, a neuron's weights and bias times s and the weights that
 * read it by s are the same function. With a the largest value and w the largest weight
 * that reads it,
 *   s = sqrt(w / a)   makes both   sqrt(a w)
 * (Nagel et al. 2019, Data-Free Quantization, equation 11); s is rounded to a power of two,
 * so that no weight is rounded. */
#include "export/c_equalise.h"

#include <math.h>

#include "export/c_curve.h"

/* Powers beyond are of no use to 8 bits; within them nothing below 2^96 overflows. */
enum { SHIFT_MOST = 30 };
static const float weight_most = 0x1p96f;

static void find_readers(const c_layer *next, float *readers)
{
    for (size_t o = 0; o < next->inputs; o++)
        readers[o] = 0.0f;
    for (size_t i = 0; i < next->starts[next->outputs]; i++)
        readers[next->places[i]] = fmaxf(readers[next->places[i]], fabsf(next->weights[i]));
}

static bool may_grow(const c_layer *layer, size_t o)
{
    bool may = fabsf(layer->biases[o]) < weight_most;
    for (size_t i = layer->starts[o]; may && i < layer->starts[o + 1]; i++)
        may = fabsf(layer->weights[i]) < weight_most;
    return may;
}

static int shift_of(double size, double reader)
{
    if (!(size > 0.0) || !(reader > 0.0) || !(reader < (double)weight_most))
        return 0;
    return (int)fmax(-SHIFT_MOST, fmin(SHIFT_MOST, round(0.5 * log2(reader / size))));
}

bool c_equalise_find(const c_program *p, const float *sizes, float *readers, int *shifts)
{
    bool any = false;
    size_t neuron = 0;
    for (size_t l = 0; l + 1 < p->layer_count; l++) {
        const c_layer *layer = &p->layers[l];
        find_readers(layer + 1, readers + neuron);
        for (size_t o = 0; o < layer->outputs; o++, neuron++) {
            const bool fixed = c_is_curve(layer->activation) || !may_grow(layer, o);
            shifts[neuron] = fixed ? 0 : shift_of((double)sizes[neuron], (double)readers[neuron]);
            any = any || shifts[neuron] != 0;
        }
    }
    return any;
}

void c_equalise(c_program *p, const int *shifts, int direction)
{
    for (size_t l = 0; l + 1 < p->layer_count; l++) {
        c_layer *layer = &p->layers[l], *next = layer + 1;
        for (size_t o = 0; o < layer->outputs; o++) {
            const int shift = direction * shifts[o];
            for (size_t i = layer->starts[o]; i < layer->starts[o + 1]; i++)
                layer->weights[i] = ldexpf(layer->weights[i], shift);
            layer->biases[o] = ldexpf(layer->biases[o], shift);
            layer->exact_biases[o] = ldexp(layer->exact_biases[o], shift);
        }
        for (size_t i = 0; i < next->starts[next->outputs]; i++)
            next->weights[i] = ldexpf(next->weights[i], -direction * shifts[next->places[i]]);
        shifts += layer->outputs;
    }
}
