/* Networks with many equal scores, and the plain truth to compare with. */
#ifndef TESTS_PRUNE_FIXTURE_H
#define TESTS_PRUNE_FIXTURE_H

#include "tests/net/functions.h"
#include "tests/test.h"

#include "base/random.h"
#include "espalier/prune.h"
#include "net/network.h"
#include "prune/scratch.h"
#include "prune/select.h"

static inline uint64_t fixture_below(uint64_t seed, uint64_t index, uint64_t bound)
{
    return random_below(seed, random_stream(RANDOM_TEST, 0), index, bound);
}

/* Weights are one of ±1 … ±9 tenths, biases -3 … 3 tenths, counts below 6: many
 * ties. `share` percent of the hidden weights are pruned. */
static inline espalier_network *fixture_network(const size_t *widths, size_t count, uint64_t seed,
                                                uint64_t share)
{
    espalier_network *network = NULL;
    uint64_t draw = 0;
    assert_int_equal(espalier_network_create(widths, count, NULL, &network, NULL), ESPALIER_OK);
    for (size_t l = 0; l < network->layer_count; l++) {
        network_layer *layer = &network->layers[l];
        bool hidden = l + 1 < network->layer_count;
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++) {
            float size = (float)(1 + fixture_below(seed, draw++, 9)) / 10.0f;
            layer->weights[i] = fixture_below(seed, draw++, 2) ? size : -size;
            layer->mask[i] = !hidden || fixture_below(seed, draw++, 100) >= share;
        }
        for (size_t j = 0; j < layer->outputs; j++) {
            layer->biases[j] = ((float)fixture_below(seed, draw++, 7) - 3.0f) / 10.0f;
            if (hidden)
                layer->activations[j] = fixture_below(seed, draw++, 6);
        }
    }
    network->inputs_counted = 1000;
    espalier_network_apply_masks(network);
    return network;
}

/* Bit l of `linear`: hidden layer l is linear, else it has ReLU. */
static inline espalier_network *fixture_linear(espalier_network *network, uint64_t linear)
{
    for (size_t l = 0; l + 1 < network->layer_count; l++)
        set_function(&network->layers[l], &function_kinds[linear >> l & 1]);
    return network;
}

/* Everything a test of the inner rooms needs, ready after select_survey. */
typedef struct fixture {
    espalier_network *network;
    scratch work;
    select_ranking ranking;
} fixture;

static inline fixture fixture_open(espalier_network *network, const char *criterion_name)
{
    fixture f = {.network = network, .ranking = {criterion_find(criterion_name), {network, 7, 3}}};
    assert_int_equal(scratch_create(network, NULL, &f.work, NULL), ESPALIER_OK);
    scratch_load(&f.work, network);
    select_survey(&f.ranking, &f.work);
    return f;
}

static inline void fixture_close(fixture *f)
{
    scratch_clear(&f->work, NULL);
    espalier_network_destroy(f->network);
}

static inline uint64_t fixture_pruned(const espalier_network *network)
{
    uint64_t pruned = 0;
    for (size_t l = 0; l < network->layer_count; l++)
        pruned += espalier_network_pruned_count(network, l);
    return pruned;
}

/* Logits of one row in double precision, masks honoured; x and y up to 64 wide. */
static inline void fixture_forward(const espalier_network *network, const double *x, double *y)
{
    double from[64], to[64];
    memcpy(from, x, network->layers[0].inputs * sizeof *x);
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t j = 0; j < layer->outputs; j++) {
            double sum = (double)layer->biases[j];
            for (size_t i = 0; i < layer->inputs; i++)
                if (layer->mask[j * layer->inputs + i])
                    sum += (double)layer->weights[j * layer->inputs + i] * from[i];
            to[j] = function_at(layer->activation, layer->slope, sum);
        }
        memcpy(from, to, layer->outputs * sizeof *to);
    }
    memcpy(y, from, network->layers[network->layer_count - 1].outputs * sizeof *y);
}

/* A hidden neuron has both kept incoming and kept outgoing weights, or neither. */
static inline bool fixture_settled(const espalier_network *network)
{
    for (size_t l = 0; l + 1 < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l], *next = layer + 1;
        for (size_t j = 0; j < layer->outputs; j++) {
            size_t in = 0, out = 0;
            for (size_t i = 0; i < layer->inputs; i++)
                in += layer->mask[j * layer->inputs + i];
            for (size_t k = 0; k < next->outputs; k++)
                out += next->mask[k * next->inputs + j];
            if ((in > 0) != (out > 0))
                return false;
        }
    }
    return true;
}

/* Every pruned weight is exactly zero. */
static inline bool fixture_zeroed(const espalier_network *network)
{
    for (size_t l = 0; l < network->layer_count; l++)
        for (size_t i = 0; i < network->layers[l].inputs * network->layers[l].outputs; i++)
            if (!network->layers[l].mask[i] && network->layers[l].weights[i] != 0.0f)
                return false;
    return true;
}

#endif
