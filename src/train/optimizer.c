/* The update rules, one loop each. */
#include "train/optimizer.h"

#include <float.h>
#include <math.h>

#include "math/clones.h"

size_t optimizer_states(espalier_optimizer kind)
{
    return kind == ESPALIER_SGD ? 0 : kind == ESPALIER_ADAM ? 2 : 1;
}

optimizer_step optimizer_at(const espalier_train_options *options, double rate, uint64_t t)
{
    return (optimizer_step){
        .kind = options->optimizer,
        .rate = (float)rate,
        .decay = (float)options->weight_decay,
        .momentum = (float)options->momentum,
        .beta1 = (float)options->beta1,
        .beta2 = (float)options->beta2,
        .rate_adam = (float)(rate / (1.0 - pow(options->beta1, (double)t))),
        .scale_adam = (float)(1.0 / sqrt(1.0 - pow(options->beta2, (double)t))),
        .epsilon = (float)options->epsilon,
    };
}

/* The state of a weight without a gradient (of a pixel that is always 0, say) halves again and
 * again, until it is no normal number any more; processors take many times as long over such ones, and
 * what they add to a weight cannot be seen in it. */
static inline float settled(float state)
{
    return fabsf(state) < FLT_MIN ? 0.0f : state;
}

VECTOR_CLONES
static void multiply(size_t count, float factor, float *w)
{
    for (size_t i = 0; i < count; i++)
        w[i] *= factor;
}

VECTOR_CLONES
static void add(size_t count, const float *restrict g, float *restrict w)
{
    for (size_t i = 0; i < count; i++)
        w[i] += g[i];
}

VECTOR_CLONES
static void momentum(const optimizer_step *s, size_t count, const float *restrict g,
                     float *restrict w, float *restrict m)
{
    const float rate = s->rate, decay = s->decay, mu = s->momentum;
    for (size_t i = 0; i < count; i++) {
        m[i] = settled(mu * m[i] + (g[i] + decay * w[i]));
        w[i] -= rate * m[i];
    }
}

VECTOR_CLONES
static void nesterov(const optimizer_step *s, size_t count, const float *restrict g,
                     float *restrict w, float *restrict m)
{
    const float rate = s->rate, decay = s->decay, mu = s->momentum;
    for (size_t i = 0; i < count; i++) {
        const float gradient = g[i] + decay * w[i];
        m[i] = settled(mu * m[i] + gradient);
        w[i] -= rate * (gradient + mu * m[i]);
    }
}

/* v is let go with m only: with gradients that small it decides how large a step is. */
VECTOR_CLONES
static void adam(const optimizer_step *s, size_t count, const float *restrict g, float *restrict w,
                 float *restrict m, float *restrict v)
{
    const float beta1 = s->beta1, beta2 = s->beta2, rest1 = 1.0f - beta1, rest2 = 1.0f - beta2;
    const float rate = s->rate_adam, scale = s->scale_adam, epsilon = s->epsilon;
    const float shrink = s->rate * s->decay;
    for (size_t i = 0; i < count; i++) {
        const float mean = settled(beta1 * m[i] + rest1 * g[i]);
        const float square = beta2 * v[i] + rest2 * (g[i] * g[i]);
        m[i] = mean;
        v[i] = mean == 0.0f ? settled(square) : square;
        w[i] -= shrink * w[i] + rate * mean / (sqrtf(square) * scale + epsilon);
    }
}

void optimizer_update(const optimizer_step *step, size_t count, const float *g, float *w,
                      float *const states[2], size_t at)
{
    switch (step->kind) {
    case ESPALIER_MOMENTUM:
        momentum(step, count, g, w, states[0] + at);
        break;
    case ESPALIER_NESTEROV:
        nesterov(step, count, g, w, states[0] + at);
        break;
    case ESPALIER_ADAM:
        adam(step, count, g, w, states[0] + at, states[1] + at);
        break;
    default:
        add(count, g, w);
    }
}

void optimizer_decay(const optimizer_step *step, size_t count, float *w)
{
    if (step->kind == ESPALIER_SGD && step->decay > 0.0f)
        multiply(count, 1.0f - step->rate * step->decay, w);
}
