/* The update rules, one loop each. */
#include "train/optimizer.h"

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

VECTOR_CLONES
static void sgd(const optimizer_step *s, size_t count, const float *g, float *w)
{
    float rate = s->rate, decay = s->decay;
    for (size_t i = 0; i < count; i++)
        w[i] -= rate * (g[i] + decay * w[i]);
}

VECTOR_CLONES
static void momentum(const optimizer_step *s, size_t count, const float *g, float *w, float *m)
{
    float rate = s->rate, decay = s->decay, mu = s->momentum;
    for (size_t i = 0; i < count; i++) {
        m[i] = mu * m[i] + (g[i] + decay * w[i]);
        w[i] -= rate * m[i];
    }
}

VECTOR_CLONES
static void nesterov(const optimizer_step *s, size_t count, const float *g, float *w, float *m)
{
    float rate = s->rate, decay = s->decay, mu = s->momentum;
    for (size_t i = 0; i < count; i++) {
        float gradient = g[i] + decay * w[i];
        m[i] = mu * m[i] + gradient;
        w[i] -= rate * (gradient + mu * m[i]);
    }
}

VECTOR_CLONES
static void adam(const optimizer_step *s, size_t count, const float *g, float *w, float *m,
                 float *v)
{
    float rest1 = 1.0f - s->beta1, rest2 = 1.0f - s->beta2, shrink = s->rate * s->decay;
    for (size_t i = 0; i < count; i++) {
        m[i] = s->beta1 * m[i] + rest1 * g[i];
        v[i] = s->beta2 * v[i] + rest2 * (g[i] * g[i]);
        w[i] -= shrink * w[i] + s->rate_adam * m[i] / (sqrtf(v[i]) * s->scale_adam + s->epsilon);
    }
}

void optimizer_update(const optimizer_step *step, size_t count, const float *g, float *w, float *m,
                      float *v)
{
    switch (step->kind) {
    case ESPALIER_MOMENTUM:
        momentum(step, count, g, w, m);
        break;
    case ESPALIER_NESTEROV:
        nesterov(step, count, g, w, m);
        break;
    case ESPALIER_ADAM:
        adam(step, count, g, w, m, v);
        break;
    default:
        sgd(step, count, g, w);
    }
}
