/* Small data sets and networks for the tests of training. */
#ifndef TESTS_TRAIN_SMALL_H
#define TESTS_TRAIN_SMALL_H

#include "tests/test.h"

#include "base/random.h"
#include "data/dataset.h"
#include "net/network.h"

/* rows of `inputs` normal values around one centre for each class, a share of them zero:
 * learnable, not separable. test_rows follow; options NULL = defaults. Inputs are not scaled,
 * so that a network can be followed by hand. */
static inline espalier_dataset *small_dataset_zeros(size_t rows, size_t test_rows, size_t inputs,
                                                    size_t classes, double zeros,
                                                    const espalier_dataset_options *options)
{
    size_t all = rows + test_rows;
    float *values = malloc(all * inputs * sizeof *values);
    uint32_t *labels = malloc(all * sizeof *labels);
    espalier_dataset *dataset = NULL;
    assert_non_null(values);
    assert_non_null(labels);
    for (size_t r = 0; r < all; r++) {
        labels[r] = (uint32_t)random_below(5, random_stream(RANDOM_TEST, 1), r, classes);
        for (size_t i = 0; i < inputs; i++)
            values[r * inputs + i] =
                (float)(random_normal(5, random_stream(RANDOM_TEST, 2), r * inputs + i) +
                        1.5 * random_normal(5, random_stream(RANDOM_TEST, 3),
                                            labels[r] * inputs + i));
        for (size_t i = 0; i < inputs; i++)
            if (random_uniform(5, random_stream(RANDOM_TEST, 4), r * inputs + i) < zeros)
                values[r * inputs + i] = 0.0f;
    }
    espalier_error error = {0};
    espalier_dataset_options chosen = options ? *options : espalier_dataset_options_defaults();
    chosen.scaling = ESPALIER_SCALING_NONE;
    assert_int_equal(espalier_dataset_from_floats(values, labels, rows, test_rows, inputs, classes,
                                                  &chosen, NULL, &dataset, &error),
                     ESPALIER_OK);
    free(values);
    free(labels);
    return dataset;
}

static inline espalier_dataset *small_dataset_split(size_t rows, size_t test_rows, size_t inputs,
                                                    size_t classes,
                                                    const espalier_dataset_options *options)
{
    return small_dataset_zeros(rows, test_rows, inputs, classes, 0.0, options);
}

/* The first tenth is validation. */
static inline espalier_dataset *small_dataset(size_t rows, size_t test_rows, size_t inputs,
                                              size_t classes)
{
    return small_dataset_split(rows, test_rows, inputs, classes, NULL);
}

static inline espalier_network *small_network(const size_t *widths, size_t count, uint64_t seed)
{
    espalier_network *network = NULL;
    assert_int_equal(espalier_network_create(widths, count, NULL, &network, NULL), ESPALIER_OK);
    espalier_network_initialise(network, ESPALIER_GLOROT_UNIFORM, seed);
    return network;
}

/* Prunes each hidden weight with probability `share`, and all of one neuron of
 * every hidden layer, incoming and outgoing. */
static inline void small_prune(espalier_network *network, double share)
{
    for (size_t l = 0; l + 1 < network->layer_count; l++) {
        network_layer *layer = &network->layers[l], *next = &network->layers[l + 1];
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
            if (random_uniform(6, random_stream(RANDOM_TEST, (uint32_t)l), i) < share)
                layer->mask[i] = 0;
        memset(layer->mask + layer->inputs, 0, layer->inputs); /* neuron 1 */
        for (size_t j = 0; j < next->outputs; j++)
            next->mask[j * next->inputs + 1] = 0;
    }
    espalier_network_apply_masks(network);
}

#endif
