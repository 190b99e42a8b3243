/* The plain forward pass over a network as it is, layer by layer: for samples,
 * counting passes and as the reference that faster paths are checked against. */
#ifndef NET_FORWARD_H
#define NET_FORWARD_H

#include "math/backend.h"
#include "net/network.h"

/* y = f(W x + b) for `rows` rows, f the layer's activation (logits if the last).
 * x [rows][inputs], y [rows][outputs]. */
void forward_layer(const espalier_network *network, size_t layer, const math_backend *math,
                   const float *x, size_t rows, float *y);

/* Floats of workspace that forward_rows needs for that many rows. */
size_t forward_workspace(const espalier_network *network, size_t rows);

/* Class probabilities of rows as they come from the data: kept inputs picked and
 * scaled, then every layer as it stands, dead neurons included.
 * values [rows][row width], probabilities [rows][classes]. */
void forward_rows(const espalier_network *network, const math_backend *math, const float *values,
                  size_t rows, float *probabilities, float *workspace);

/* In place: rows of logits [rows][count] to probabilities, shifted by each row's
 * largest so that logits of any size are safe. */
void forward_softmax(float *values, size_t rows, size_t count);

#endif
