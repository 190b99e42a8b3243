/* The integer program's steps, bit by bit those that c_write_integer.c writes. */
#include "export/c_curve.h"
#include "export/c_run.h"

static int32_t level(uint32_t sum, const c_rescale *scale, uint32_t top)
{
    sum >>= scale->before;
    if (sum > 65535)
        sum = 65535;
    sum = (sum * scale->multiplier + ((UINT32_C(1) << scale->after) >> 1)) >> scale->after;
    return (int32_t)(sum < top ? sum : top);
}

static uint32_t size_of(int32_t sum)
{
    return (uint32_t)(sum < 0 ? -sum : sum);
}

/* sigmoid and tanh, in levels. */
static int32_t curve(const c_program *p, const c_layer *layer, int32_t sum, const c_rescale *scale)
{
    const int16_t *table = p->curves[layer->activation == ESPALIER_TANH];
    const unsigned fine = C_CURVE_BITS - c_curve_bits(p->type);
    const int32_t half = (INT32_C(1) << fine) >> 1;
    const uint32_t z = (uint32_t)level(size_of(sum), scale, C_CURVE_TOP);
    const int32_t from = table[z >> fine], to = table[(z >> fine) + 1];
    int32_t y = from + (((to - from) * (int32_t)(z & ((1u << fine) - 1)) + half) >> fine);
    if (layer->activation == ESPALIER_SIGMOID && sum < 0)
        y = c_curve_one(p->type, layer->activation) - y;
    y = (y + ((INT32_C(1) << layer->table_shift) >> 1)) >> layer->table_shift;
    y = y < layer->top ? y : layer->top;
    return layer->activation == ESPALIER_TANH && sum < 0 ? -y : y;
}

static int32_t activate(const c_program *p, const c_layer *layer, size_t o, int32_t sum)
{
    const uint32_t top = (uint32_t)layer->top;
    int32_t y;
    switch (layer->activation) {
    case ESPALIER_RELU:
        return sum > 0 ? level((uint32_t)sum, &layer->above[o], top) : 0;
    case ESPALIER_LEAKY_RELU:
        if (sum >= 0)
            return level((uint32_t)sum, &layer->above[o], top);
        y = level(size_of(sum), &layer->below[o], top);
        return layer->slope < 0.0f ? y : -y;
    case ESPALIER_SIGMOID:
    case ESPALIER_TANH:
        return curve(p, layer, sum, &layer->above[o]);
    default:
        y = level(size_of(sum), &layer->above[o], top);
        return sum < 0 ? -y : y;
    }
}

static int32_t sum_of(const c_layer *layer, size_t o, const int16_t *x)
{
    const size_t first = layer->starts[o], count = layer->starts[o + 1] - first;
    const int16_t *w = layer->wholes + first;
    int32_t sum = layer->sums[o];
    if (count == layer->inputs) /* all of them: no need to look where */
        for (size_t i = 0; i < count; i++)
            sum += (int32_t)w[i] * x[i];
    else
        for (size_t i = 0; i < count; i++)
            sum += (int32_t)w[i] * x[layer->places[first + i]];
    return sum;
}

size_t c_run_whole(const c_program *p, const int16_t *levels, int32_t *scores, void *workspace)
{
    int16_t *const buffers[] = {workspace, (int16_t *)workspace + p->widest[0]};
    const int16_t *x = levels;
    size_t l = 0, best = 0;
    for (; l + 1 < p->layer_count; l++) {
        const c_layer *layer = &p->layers[l];
        int16_t *y = buffers[l % 2];
        for (size_t o = 0; o < layer->outputs; o++)
            y[o] = (int16_t)activate(p, layer, o, sum_of(layer, o, x));
        x = y;
    }
    for (size_t k = 0; k < p->classes; k++) {
        scores[k] = sum_of(&p->layers[l], k, x) * p->layers[l].factors[k];
        best = scores[k] > scores[best] ? k : best;
    }
    return best;
}

/* Halves away from 0; what is no number becomes the lowest level. */
void c_run_levels(const c_program *p, const float *row, int16_t *levels)
{
    const c_input *input = &p->input;
    const float top = (float)input->top, low = input->bytes ? 0.0f : -top;
    for (size_t c = 0; c < p->row_width; c++) {
        const float v = input->bytes ? row[c] : (row[c] - input->offset[c]) * input->gain[c];
        levels[c] = (int16_t)(v >= top ? top : v > low ? v < 0.0f ? -(float)(int)(0.5f - v)
                                                                  : (float)(int)(v + 0.5f) : low);
    }
}
