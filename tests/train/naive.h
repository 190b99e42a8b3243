/* The update rules in double, straight from their formulas. */
#ifndef TESTS_TRAIN_NAIVE_H
#define TESTS_TRAIN_NAIVE_H

#include <math.h>

#include "espalier/train.h"

/* One parameter, step t = 1, 2, …; decay is 0 for a bias. */
static inline void naive_update(const espalier_train_options *o, double rate, uint64_t t,
                                double decay, double g, double *w, double *m, double *v)
{
    double pulled = g + decay * *w;
    switch (o->optimizer) {
    case ESPALIER_MOMENTUM:
        *m = o->momentum * *m + pulled;
        *w -= rate * *m;
        break;
    case ESPALIER_NESTEROV:
        *m = o->momentum * *m + pulled;
        *w -= rate * (pulled + o->momentum * *m);
        break;
    case ESPALIER_ADAM:
        *m = o->beta1 * *m + (1.0 - o->beta1) * g;
        *v = o->beta2 * *v + (1.0 - o->beta2) * g * g;
        *w -= rate * decay * *w + rate * (*m / (1.0 - pow(o->beta1, (double)t))) /
                                      (sqrt(*v / (1.0 - pow(o->beta2, (double)t))) + o->epsilon);
        break;
    default:
        *w -= rate * pulled;
    }
}

#endif
