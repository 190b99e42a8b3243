/* Update rules. Each works on a run of parameters with their gradient and up to
 * two state values for each parameter. */
#ifndef TRAIN_OPTIMIZER_H
#define TRAIN_OPTIMIZER_H

#include "espalier/train.h"

/* Constants of one step, computed once. */
typedef struct optimizer_step {
    espalier_optimizer kind;
    float rate;          /* learning rate */
    float decay;         /* weight decay; 0 for biases */
    float momentum;
    float beta1, beta2;
    float rate_adam;     /* rate / (1 - beta1^t) */
    float scale_adam;    /* 1 / sqrt(1 - beta2^t) */
    float epsilon;
} optimizer_step;

/* State values per parameter: 0, 1 or 2. */
size_t optimizer_states(espalier_optimizer kind);

/* t = 1, 2, … counts all steps of the run. */
optimizer_step optimizer_at(const espalier_train_options *options, double rate, uint64_t t);

/* Updates w[count] by the gradient g[count]; states: the arrays that the rule needs, NULL where it
 * has none, of which those from `at` on belong to w. With g' = g + decay w (plain L2 decay):
 *   sgd       w += g, which is -rate times the gradient by then; its decay is optimizer_decay()
 *   momentum  m = momentum m + g';  w -= rate m
 *   nesterov  m = momentum m + g';  w -= rate (g' + momentum m)
 *   adam      m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
 *             w -= rate decay w + rate/(1-b1^t) m / (sqrt(v)/sqrt(1-b2^t) + epsilon) */
void optimizer_update(const optimizer_step *step, size_t count, const float *g, float *w,
                      float *const states[2], size_t at);

/* What sgd does before its products are added: w -= rate decay w. Nothing for the others. */
void optimizer_decay(const optimizer_step *step, size_t count, float *w);

#endif
