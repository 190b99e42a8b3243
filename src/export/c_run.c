/* The float program's steps, and a row of any program. The functions of one value
 * are those that c_write_float.c writes. */
#include "export/c_run.h"

static float exponential(float z)
{
    if (!(z >= -87.0f))
        return z < -87.0f ? 0.0f : z;
    int32_t n = (int32_t)(0.5f - z * 1.44269504f);
    const float r = (z + (float)n * 0.693359375f) - (float)n * 2.12194440e-4f;
    float y = 0.00138888889f + r * 0.000198412698f;
    y = 0.0416666667f + r * (0.00833333333f + r * y);
    y = 1.0f + r * (1.0f + r * (0.5f + r * (0.166666667f + r * y)));
    for (; n >= 16; n -= 16)
        y *= 1.52587890625e-5f;
    for (; n > 0; n--)
        y *= 0.5f;
    return y;
}

static float sigmoid(float z)
{
    const float e = exponential(z < 0.0f ? z : -z);
    return z < 0.0f ? e / (1.0f + e) : 1.0f / (1.0f + e);
}

static float tangent(float z)
{
    const float e = exponential(z < 0.0f ? 2.0f * z : -2.0f * z);
    const float t = (1.0f - e) / (1.0f + e);
    return z < 0.0f ? -t : t;
}

static float activate(const c_layer *layer, float sum)
{
    switch (layer->activation) {
    case ESPALIER_RELU:
        return sum < 0.0f ? 0.0f : sum;
    case ESPALIER_LEAKY_RELU:
        return sum > 0.0f ? sum : layer->slope * sum;
    case ESPALIER_SIGMOID:
        return sigmoid(sum);
    case ESPALIER_TANH:
        return tangent(sum);
    default:
        return sum;
    }
}

/* y = f(W x + b), or f(W (x - shift) + b). */
static void run_layer(const c_layer *layer, const float *shift, const float *x, float *y)
{
    const uint32_t *place = layer->places;
    const float *weight = layer->weights;
    for (size_t o = 0; o < layer->outputs; o++) {
        float sum = layer->biases[o];
        size_t n = layer->starts[o + 1] - layer->starts[o];
        if (shift)
            for (; n > 0; n--, place++)
                sum += *weight++ * (x[*place] - shift[*place]);
        for (; n > 0; n--)
            sum += *weight++ * x[*place++];
        y[o] = activate(layer, sum);
    }
}

/* All layers; where `kept` is given every hidden layer's values stay there, side by side. */
static void run_layers(const c_program *p, const float *row, float *scores, float *kept,
                       float *workspace)
{
    float *const buffers[] = {workspace, workspace + p->widest[0]};
    const float *x = row;
    for (size_t l = 0; l < p->layer_count; l++) {
        float *y = l + 1 == p->layer_count ? scores : kept ? kept : buffers[l % 2];
        if (!y) /* nobody asked for the scores */
            return;
        run_layer(&p->layers[l], l ? NULL : p->shift, x, y);
        if (kept)
            kept += p->layers[l].outputs;
        x = y;
    }
}

size_t c_run_workspace(const c_program *p)
{
    const size_t values = p->widest[0] + p->widest[1] + p->classes;
    return values * sizeof(int32_t) + p->row_width * sizeof(int16_t);
}

size_t c_run_float(const c_program *p, const float *row, float *scores, void *workspace)
{
    size_t best = 0;
    run_layers(p, row, scores, NULL, workspace);
    for (size_t k = 1; k < p->classes; k++)
        best = scores[k] > scores[best] ? k : best;
    return best;
}

void c_run_values(const c_program *p, const float *row, float *values, void *workspace)
{
    run_layers(p, row, NULL, values, workspace);
}

/* The buffers come first; behind them scores, then levels. */
size_t c_run_row(const c_program *p, const float *row, void *workspace)
{
    int32_t *scores = (int32_t *)workspace + p->widest[0] + p->widest[1];
    int16_t *levels = (int16_t *)(scores + p->classes);
    if (p->type == ESPALIER_EXPORT_FLOAT)
        return c_run_float(p, row, (float *)workspace + p->widest[0] + p->widest[1], workspace);
    c_run_levels(p, row, levels);
    return c_run_whole(p, levels, scores, workspace);
}
