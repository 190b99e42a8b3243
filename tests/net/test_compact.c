/* Compaction: the same function, nothing dead left, everything mapped back. */
#include "net/network.h"

#include "base/test_allocator.h"
#include "net/dead.h"
#include "net/networks.h"

static espalier_network *compact(const espalier_network *network, espalier_compaction *report)
{
    espalier_network *small = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_network_compact(network, NULL, &small, report, &error), ESPALIER_OK);
    return small;
}

static void assert_same_function(draws *d, const espalier_network *a, const espalier_network *b)
{
    float row[64];
    double x[64], y[64];
    for (int r = 0; r < 5; r++) {
        for (size_t i = 0; i < espalier_network_row_width(a); i++)
            row[i] = draw_float(d);
        run_naively(a, row, x);
        run_naively(b, row, y);
        for (size_t c = 0; c < espalier_network_class_count(a); c++)
            assert_true(fabs(x[c] - y[c]) <= 1e-5 * (1.0 + fabs(x[c])));
    }
}

/* Where each thing of the small network came from. */
static size_t origin(const uint64_t *kept, size_t index)
{
    return kept ? (size_t)kept[index] : index;
}

static void assert_mapped(const espalier_network *network, const espalier_network *small)
{
    uint8_t states[64];
    dead_find(network, states);
    const uint8_t *next = states;
    for (size_t l = 0; l + 1 < network->layer_count; l++) {
        const network_layer *from = &network->layers[l], *to = &small->layers[l];
        size_t alive = 0;
        for (size_t j = 0; j < from->outputs; j++)
            alive += next[j] == NEURON_ALIVE;
        assert_int_equal(to->outputs, alive ? alive : 1);
        assert_int_equal(to->activation, from->activation);
        assert_true(to->slope == from->slope);
        assert_int_equal(!to->kept, to->outputs == from->outputs);
        for (size_t j = 0; j < to->outputs; j++) {
            size_t old = origin(to->kept, j);
            assert_true(!alive || next[old] == NEURON_ALIVE);
            assert_int_equal(to->activations[j], from->activations[old]);
            if (!alive) /* there only since a layer has to have a neuron */
                assert_null(memchr(to->mask, 1, to->inputs));
            for (size_t i = 0; alive && i < to->inputs; i++) {
                size_t source = origin(l ? small->layers[l - 1].kept : small->kept_inputs, i);
                assert_int_equal(to->mask[j * to->inputs + i],
                                 from->mask[old * from->inputs + source]);
                assert_true(to->weights[j * to->inputs + i] ==
                            from->weights[old * from->inputs + source]);
            }
        }
        assert_int_equal(espalier_network_original_width(small, l + 1), from->outputs);
        next += from->outputs;
    }
}

/* The same as compaction, or nothing where that would change nothing. */
static void check_shrink(const espalier_network *network, const espalier_network *compacted, bool changed)
{
    espalier_network *small = NULL;
    assert_int_equal(network_shrink(network, NULL, &small, NULL), ESPALIER_OK);
    assert_int_equal(small != NULL, changed);
    if (small)
        assert_network_equal(small, compacted);
    espalier_network_destroy(small);
}

static void test_random(void **state)
{
    (void)state;
    draws d = {8, 0};
    size_t collapsed = 0, shrunk = 0;
    for (int round = 0; round < 1500; round++) {
        espalier_network *network = draw_network(&d, 5 + draw_below(&d, 60));
        espalier_compaction report, again;
        load_up(&d, network);
        espalier_network *small = compact(network, &report), *smaller = compact(small, &again);
        assert_same_function(&d, network, small);
        assert_mapped(network, small);
        assert_int_equal(report.inputs_removed,
                         network->layers[0].inputs - small->layers[0].inputs);
        shrunk += report.neurons_removed > 0;
        assert_int_equal(again.neurons_removed, 0);
        assert_int_equal(again.inputs_removed, 0);
        assert_network_equal(small, smaller);
        check_shrink(network, small, report.neurons_removed > 0 || report.inputs_removed > 0);
        check_shrink(small, small, false);
        bool path = network->layer_count == 1;
        for (size_t l = 0; l + 1 < small->layer_count; l++)
            path |= espalier_network_live(small, l, NULL) > 0;
        collapsed += !path;
        assert_int_equal(small->metadata_count, 2);
        assert_int_equal(small->tensor_count, 1);
        assert_int_equal(small->inputs_counted, 1000);
        assert_int_equal(small->scaling_count, network->scaling_count);
        espalier_network_destroy(network);
        espalier_network_destroy(small);
        espalier_network_destroy(smaller);
    }
    assert_true(collapsed > 50 && shrunk > 200);
}

/* Pruning what is compact already and compacting again: maps lead to the first. */
static void test_twice(void **state)
{
    (void)state;
    draws d = {9, 0};
    for (int round = 0; round < 500; round++) {
        espalier_network *network = draw_network(&d, 50);
        load_up(&d, network);
        espalier_network *small = compact(network, NULL);
        for (size_t l = 0; l < small->layer_count; l++) {
            network_layer *layer = &small->layers[l];
            for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
                layer->mask[i] &= draw_below(&d, 3) > 0;
        }
        espalier_network_apply_masks(small);
        espalier_network *smaller = compact(small, NULL);
        assert_same_function(&d, small, smaller);
        assert_int_equal(espalier_network_row_width(smaller), espalier_network_row_width(network));
        for (size_t l = 0; l + 1 < smaller->layer_count; l++) {
            const network_layer *to = &smaller->layers[l], *middle = &small->layers[l];
            for (size_t j = 0; j < to->outputs; j++) {
                size_t first = origin(to->kept, j), found = 0;
                assert_true(first < network->layers[l].outputs);
                for (size_t m = 0; m < middle->outputs; m++)
                    found += origin(middle->kept, m) == first;
                assert_int_equal(found, 1);
                assert_int_equal(to->activations[j], network->layers[l].activations[first]);
            }
        }
        espalier_network_destroy(network);
        espalier_network_destroy(small);
        espalier_network_destroy(smaller);
    }
}

/* A constant goes through two dead layers before it reaches the classes. */
static void test_chain_of_constants(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){3, 2, 2, 2}, 4);
    memset(network->layers[0].mask, 0, 6);
    network->layers[0].biases[0] = 2.0f;
    network->layers[0].biases[1] = -7.0f; /* gives nothing */
    const float middle[4] = {3, 100, -1, 100}, last[4] = {0.5f, 10, 1, 20};
    memcpy(network->layers[1].weights, middle, sizeof middle);
    memcpy(network->layers[2].weights, last, sizeof last);
    network->layers[1].biases[0] = 1.0f; /* relu(6 + 1) = 7 */
    network->layers[1].biases[1] = 1.0f; /* relu(-2 + 1) = 0 */
    network->layers[2].biases[0] = 0.25f;
    espalier_compaction report;
    espalier_network *small = compact(network, &report);
    assert_int_equal(report.neurons_removed, 2);
    assert_int_equal(report.inputs_removed, 2);
    assert_true(small->layers[2].biases[0] == 3.75f && small->layers[2].biases[1] == 7.0f);
    for (size_t l = 0; l < 3; l++)
        assert_int_equal(espalier_network_pruned_count(small, l), small->layers[l].outputs);
    espalier_network_destroy(network);
    espalier_network_destroy(small);
}

/* A linear layer hands a negative constant on as it is. */
static void test_chain_of_linear_constants(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){3, 2, 2, 2}, 4);
    assert_int_equal(espalier_network_set_activation(network, 0, ESPALIER_LINEAR, 0.0f, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_set_activation(network, 1, ESPALIER_LINEAR, 0.0f, NULL), ESPALIER_OK);
    memset(network->layers[0].mask, 0, 6);
    network->layers[0].biases[0] = 2.0f;
    network->layers[0].biases[1] = -7.0f;
    const float middle[4] = {3, 100, -1, 100}, last[4] = {0.5f, 10, 1, 20};
    memcpy(network->layers[1].weights, middle, sizeof middle);
    memcpy(network->layers[2].weights, last, sizeof last);
    network->layers[1].biases[0] = 1.0f; /* 6 - 700 + 1 = -693 */
    network->layers[1].biases[1] = 1.0f; /* -2 - 700 + 1 = -701 */
    network->layers[2].biases[0] = 0.5f;
    espalier_network *small = compact(network, NULL);
    assert_true(small->layers[2].biases[0] == 0.5f - 346.5f - 7010.0f);
    assert_true(small->layers[2].biases[1] == -693.0f - 14020.0f);
    for (size_t l = 0; l < 3; l++)
        assert_int_equal(espalier_network_activation(small, l), ESPALIER_LINEAR);
    espalier_network_destroy(network);
    espalier_network_destroy(small);
}

/* Inputs that only dead neurons read go, too. */
static void test_unread_inputs(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){4, 2, 2}, 3);
    memcpy(network->layers[0].mask, (uint8_t[]){0, 1, 0, 0, 1, 1, 0, 1}, 8);
    memcpy(network->layers[1].mask, (uint8_t[]){1, 0, 1, 0}, 4); /* neuron 1 is idle */
    espalier_network *small = compact(network, NULL);
    assert_int_equal(small->layers[0].inputs, 1);
    assert_int_equal(small->layers[0].outputs, 1);
    assert_int_equal(espalier_network_kept(small, SIZE_MAX)[0], 1);
    assert_int_equal(espalier_network_kept(small, 0)[0], 0);
    assert_null(espalier_network_kept(small, 1));
    assert_int_equal(espalier_network_row_width(small), 4);
    espalier_network_destroy(network);
    espalier_network_destroy(small);
}

static void test_no_memory(void **state)
{
    (void)state;
    draws d = {11, 0};
    espalier_network *network = draw_network(&d, 30), *small = NULL;
    load_up(&d, network);
    for (size_t from = 1; !small; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_status status =
            espalier_network_compact(network, &allocator, &small, NULL, NULL);
        assert_int_equal(status, small ? ESPALIER_OK : ESPALIER_ERROR_MEMORY);
        if (small) {
            assert_true(from > 10);
            espalier_network_destroy(small);
        }
        assert_int_equal(m.live, 0);
    }
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_chain_of_constants),
        cmocka_unit_test(test_chain_of_linear_constants),
        cmocka_unit_test(test_unread_inputs),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
