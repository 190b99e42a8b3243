/* What follows W x + b in a hidden layer: y = f(z), and its derivative from y.
 *
 *   relu        f = max(z, 0)                  f' = 1 where y > 0, else 0
 *   linear      f = z                          f' = 1
 *   leaky-relu  f = z where z > 0, else s z    f' = 1 where y > 0, else s     (s >= 0)
 *   sigmoid     f = 1 / (1 + e^-z)             f' = y (1 - y)
 *   tanh        f = tanh z                     f' = 1 - y^2
 *
 * With a slope s < 0 both signs of z give a positive y, so that y does not tell the
 * derivative: such a layer is run, counted and pruned, but not trained. */
#ifndef NET_ACTIVATION_H
#define NET_ACTIVATION_H

#include "espalier/network.h"
#include "math/kernels.h"

/* Below it a sigmoid stays where it is, at 1.6e-38: so that in float, too, it is always
 * greater than 0. */
#define SIGMOID_LEAST (-87.0f)

/* f(z) as it is defined: the truth for the passes below. A NaN stays a NaN. */
double activation_at(espalier_activation activation, float slope, double z);

/* y = f(y) for count values, within a few units of the last place. Of which sign, and
 * whether zero, is exact. A NaN stays a NaN. */
void activation_apply(const math_kernels *kernels, espalier_activation activation, float slope,
                      float *y, size_t count);

/* y = f(y + bias) in the first count columns of every row. y [rows][stride]; of ReLU a
 * NaN becomes 0. */
void activation_with_bias(const math_kernels *kernels, espalier_activation activation, float slope,
                          float *y, size_t rows, size_t count, size_t stride, const float *bias);

/* d = d f'(z) in the first count columns of every row, z from y = f(z). */
void activation_backward(espalier_activation activation, float slope, float *d, const float *y,
                         size_t rows, size_t count, size_t stride);

#endif
