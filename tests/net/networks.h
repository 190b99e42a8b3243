/* Networks for tests: drawn at random, run naively, compared bit by bit. */
#ifndef NET_NETWORKS_H
#define NET_NETWORKS_H

#include <math.h>

#include "base/random.h"
#include "net/functions.h"
#include "net/network.h"
#include "test.h"

/* Numbers drawn one after another. */
typedef struct draws {
    uint64_t seed, next;
} draws;

static inline size_t draw_below(draws *d, size_t bound)
{
    return (size_t)random_below(d->seed, random_stream(RANDOM_TEST, 0), d->next++, bound);
}

static inline float draw_float(draws *d)
{
    return (float)random_normal(d->seed, random_stream(RANDOM_TEST, 1), d->next++);
}

static inline espalier_network *make_network(const size_t *widths, size_t count)
{
    espalier_network *network = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_network_create(widths, count, NULL, &network, &error), ESPALIER_OK);
    return network;
}

/* 1 to 4 layers of 1 to 12 neurons; random weights, biases and masks, of which
 * about `kept` of 100 are kept; now and then a whole matrix is pruned. Half of the
 * hidden layers have another activation than ReLU. */
static inline espalier_network *draw_network(draws *d, size_t kept)
{
    size_t widths[5], count = 2 + draw_below(d, 4);
    for (size_t i = 0; i < count; i++)
        widths[i] = 1 + draw_below(d, 12);
    espalier_network *network = make_network(widths, count);
    for (size_t l = 0; l < network->layer_count; l++) {
        network_layer *layer = &network->layers[l];
        size_t share = draw_below(d, 20) ? kept : 0;
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++) {
            layer->mask[i] = draw_below(d, 100) < share;
            layer->weights[i] = draw_float(d);
        }
        if (l + 1 < network->layer_count && draw_below(d, 2) == 0)
            set_function(layer, &function_kinds[draw_below(d, FUNCTION_KINDS)]);
        for (size_t o = 0; o < layer->outputs; o++) {
            layer->biases[o] = draw_float(d);
            if (network_has_activation(network, l))
                layer->activations[o] = draw_below(d, 1000);
        }
    }
    espalier_network_apply_masks(network);
    espalier_network_set_inputs_counted(network, 1000);
    return network;
}

/* Logits of one row of the original width, in double precision, scaling left out. */
static inline void run_naively(const espalier_network *network, const float *row, double *logits)
{
    double x[64], y[64];
    for (size_t i = 0; i < network->layers[0].inputs; i++)
        x[i] = (double)row[network->kept_inputs ? network->kept_inputs[i] : i];
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t o = 0; o < layer->outputs; o++) {
            y[o] = (double)layer->biases[o];
            for (size_t i = 0; i < layer->inputs; i++)
                y[o] += (double)layer->weights[o * layer->inputs + i] * x[i];
            if (l + 1 < network->layer_count)
                y[o] = function_at(layer->activation, layer->slope, y[o]);
        }
        memcpy(x, y, sizeof x);
    }
    memcpy(logits, x, espalier_network_class_count(network) * sizeof *logits);
}

static inline void assert_list_equal(const uint64_t *a, const uint64_t *b, size_t count)
{
    assert_int_equal(!a, !b);
    if (a)
        assert_memory_equal(a, b, count * sizeof *a);
}

/* Everything equal, floats bit by bit. */
static inline void assert_network_equal(const espalier_network *a, const espalier_network *b)
{
    assert_int_equal(a->layer_count, b->layer_count);
    for (size_t l = 0; l < a->layer_count; l++) {
        const network_layer *x = &a->layers[l], *y = &b->layers[l];
        size_t weights = x->inputs * x->outputs;
        assert_int_equal(x->inputs, y->inputs);
        assert_int_equal(x->outputs, y->outputs);
        assert_int_equal(x->activation, y->activation);
        assert_true(x->slope == y->slope);
        assert_memory_equal(x->weights, y->weights, weights * sizeof *x->weights);
        assert_memory_equal(x->biases, y->biases, x->outputs * sizeof *x->biases);
        assert_memory_equal(x->mask, y->mask, weights);
        assert_list_equal(x->activations, y->activations, x->outputs);
        assert_list_equal(x->kept, y->kept, x->outputs);
    }
    assert_list_equal(a->kept_inputs, b->kept_inputs, a->layers[0].inputs);
    assert_memory_equal(a->original_widths, b->original_widths,
                        (a->layer_count + 1) * sizeof *a->original_widths);
    assert_int_equal(a->inputs_counted, b->inputs_counted);
    assert_int_equal(a->scaling_count, b->scaling_count);
    if (a->scaling_count)
        assert_memory_equal(a->shift, b->shift, 2 * a->scaling_count * sizeof *a->shift);
    for (size_t i = 0; i < espalier_network_class_count(a); i++)
        assert_string_equal(a->class_names[i], b->class_names[i]);
    assert_int_equal(a->metadata_count, b->metadata_count);
    for (size_t i = 0; i < a->metadata_count; i++) {
        assert_string_equal(a->metadata[i].key, b->metadata[i].key);
        assert_string_equal(a->metadata[i].value, b->metadata[i].value);
    }
    assert_int_equal(a->tensor_count, b->tensor_count);
    for (size_t i = 0; i < a->tensor_count; i++) {
        assert_string_equal(a->tensors[i].name, b->tensors[i].name);
        assert_string_equal(a->tensors[i].dtype, b->tensors[i].dtype);
        assert_int_equal(a->tensors[i].rank, b->tensors[i].rank);
        assert_memory_equal(a->tensors[i].shape, b->tensors[i].shape, sizeof a->tensors[i].shape);
        assert_int_equal(a->tensors[i].bytes, b->tensors[i].bytes);
        assert_memory_equal(a->tensors[i].data, b->tensors[i].data, a->tensors[i].bytes);
    }
}

/* Scaling, class names, metadata and a tensor of its own. */
static inline void load_up(draws *d, espalier_network *network)
{
    size_t width = espalier_network_row_width(network);
    size_t count = draw_below(d, 2) ? 1 : width, classes = espalier_network_class_count(network);
    float shift[64], scale[64];
    char texts[64][40];
    const char *names[64];
    for (size_t i = 0; i < count; i++) {
        shift[i] = draw_float(d);
        scale[i] = draw_float(d) * ldexpf(1.0f, (int)draw_below(d, 200) - 100);
    }
    for (size_t i = 0; i < classes; i++) {
        snprintf(texts[i], sizeof texts[i], "Gr\xc3\xb6\xc3\x9f" "e \"%zu\"", i);
        names[i] = draw_below(d, 3) ? texts[i] : NULL;
    }
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6};
    network_tensor tensor = {.name = "extra", .dtype = "I16", .rank = 2, .shape = {1, 3},
                             .bytes = sizeof bytes, .data = (void *)bytes};
    assert_int_equal(espalier_network_set_scaling(network, count, shift, scale), ESPALIER_OK);
    assert_int_equal(espalier_network_set_class_names(network, names), ESPALIER_OK);
    assert_int_equal(espalier_network_set_metadata(network, "training", "{\"seed\":1}"),
                     ESPALIER_OK);
    assert_int_equal(espalier_network_set_metadata(network, "author", "a\nb\t\"c\""), ESPALIER_OK);
    assert_int_equal(network_add_tensor(network, &tensor), ESPALIER_OK);
}

#endif
