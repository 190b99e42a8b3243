/* Random networks and data sets, and the forward pass as it is defined. */
#ifndef TESTS_INFER_MADE_H
#define TESTS_INFER_MADE_H

#include "tests/test.h"

#include <math.h>

#include "base/random.h"
#include "espalier/dataset.h"
#include "net/network.h"
#include "tests/net/functions.h"

static inline double made_uniform(uint32_t what, size_t index)
{
    return random_uniform(11, random_stream(RANDOM_TEST, what), index);
}

/* Glorot weights, biases in -0.5 … 0.5; each weight of a hidden layer is pruned
 * with probability `pruned`. */
static inline espalier_network *made_network(const size_t *widths, size_t count, uint32_t seed,
                                             double pruned)
{
    espalier_network *network = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_network_create(widths, count, NULL, &network, &error), ESPALIER_OK);
    espalier_network_initialise(network, ESPALIER_GLOROT_UNIFORM, seed);
    for (size_t l = 0, drawn = 0; l < network->layer_count; l++) {
        network_layer *layer = &network->layers[l];
        for (size_t o = 0; o < layer->outputs; o++)
            layer->biases[o] = (float)made_uniform(seed, drawn++) - 0.5f;
        for (size_t i = 0; l + 1 < network->layer_count && i < layer->inputs * layer->outputs; i++)
            layer->mask[i] = made_uniform(seed, drawn++) >= pruned;
    }
    espalier_network_apply_masks(network);
    return network;
}

/* About half of the values are zero, as in images. */
static inline void made_values(uint32_t seed, size_t count, float *values)
{
    for (size_t i = 0; i < count; i++) {
        const double u = made_uniform(seed + 1000, i);
        values[i] = u < 0.5 ? 0.0f : (float)(4.0 * u - 3.0);
    }
}

static inline espalier_dataset *made_dataset(uint32_t seed, size_t training, size_t test,
                                             size_t inputs, size_t classes)
{
    const size_t rows = training + test;
    float *values = malloc(rows * inputs * sizeof *values);
    uint32_t *labels = malloc(rows * sizeof *labels);
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    assert_non_null(values);
    assert_non_null(labels);
    made_values(seed, rows * inputs, values);
    for (size_t r = 0; r < rows; r++)
        labels[r] = (uint32_t)random_below(seed, random_stream(RANDOM_TEST, 3), r, classes);
    assert_int_equal(espalier_dataset_from_floats(values, labels, training, test, inputs, classes,
                                                  NULL, NULL, &dataset, &error),
                     ESPALIER_OK);
    free(values);
    free(labels);
    return dataset;
}

/* logits of one row as it comes from the data, in double precision. */
UNSANITIZED
static inline void made_logits(const espalier_network *network, const float *row, double *logits)
{
    size_t width = network->layers[0].inputs;
    double *x = calloc(width, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < width; i++) {
        const size_t column = network->kept_inputs ? (size_t)network->kept_inputs[i] : i;
        const size_t pair = network->scaling_count == 1 ? 0 : column;
        x[i] = network->scaling_count ? (row[column] - network->shift[pair]) * network->scale[pair]
                                      : row[column];
    }
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        double *y = calloc(layer->outputs, sizeof *y);
        assert_non_null(y);
        for (size_t o = 0; o < layer->outputs; o++) {
            y[o] = layer->biases[o];
            for (size_t i = 0; i < layer->inputs; i++)
                y[o] += (double)layer->weights[o * layer->inputs + i] * x[i];
            y[o] = function_at(layer->activation, layer->slope, y[o]);
        }
        free(x);
        x = y;
    }
    memcpy(logits, x, espalier_network_class_count(network) * sizeof *logits);
    free(x);
}

#endif
