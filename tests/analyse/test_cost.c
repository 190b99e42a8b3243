/* Costs of networks that can be counted by hand. */
#include "tests/infer/made.h"

#include "espalier/analyse.h"

/* 3-2-2, all kept: 6 + 4 weights. */
static espalier_network *dense(void)
{
    static const size_t widths[] = {3, 2, 2};
    return made_network(widths, 3, 1, 0.0);
}

static void check(espalier_cost cost, uint64_t weights, uint64_t nonzero, uint64_t flops,
                  uint64_t bytes, size_t live)
{
    assert_int_equal(cost.weights, weights);
    assert_int_equal(cost.nonzero, nonzero);
    assert_int_equal(cost.flops, flops);
    assert_int_equal(cost.bytes, bytes);
    assert_int_equal(cost.live, live);
}

static void dense_network(void **state)
{
    (void)state;
    espalier_network *network = dense();
    check(espalier_network_layer_cost(network, 0), 6, 6, 12, 4 * (6 + 2), 2);
    check(espalier_network_layer_cost(network, 1), 4, 4, 8, 4 * (4 + 2), 2);
    check(espalier_network_cost(network), 10, 10, 20, 4 * (10 + 4), 2);
    assert_float_equal(espalier_network_sparsity(network), 0.0, 0.0);
    assert_float_equal(espalier_network_sparsity_prunable(network), 0.0, 0.0);
    espalier_network_destroy(network);
}

/* Neuron 1 of the hidden layer loses its inputs; one weight of neuron 0 goes, too. */
static void masked_and_compacted(void **state)
{
    static const uint8_t mask[] = {1, 0, 1, 0, 0, 0};
    (void)state;
    espalier_network *network = dense(), *small = NULL;
    memcpy(network->layers[0].mask, mask, sizeof mask);
    espalier_network_apply_masks(network);
    check(espalier_network_layer_cost(network, 0), 6, 2, 4, 4 * (2 + 1), 1);
    check(espalier_network_layer_cost(network, 1), 4, 4, 8, 4 * (4 + 2), 2);
    check(espalier_network_cost(network), 10, 6, 12, 4 * (6 + 3), 1);
    assert_float_equal(espalier_network_sparsity(network), 0.4, 1e-15);
    assert_float_equal(espalier_network_sparsity_prunable(network), 4.0 / 6.0, 1e-15);

    /* What compaction takes out, the dead neuron's outgoing weights and an input, is pruned. */
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    check(espalier_network_layer_cost(small, 0), 2, 2, 4, 4 * (2 + 1), 1);
    check(espalier_network_layer_cost(small, 1), 2, 2, 4, 4 * (2 + 2), 2);
    check(espalier_network_cost(small), 4, 4, 8, 4 * (4 + 3), 1);
    assert_float_equal(espalier_network_sparsity(small), 0.6, 1e-15);
    assert_float_equal(espalier_network_sparsity_prunable(small), 4.0 / 6.0, 1e-15);
    espalier_network_destroy(small);
    espalier_network_destroy(network);
}

/* A linear layer has its cost, and no part in what can be pruned. */
static void linear_layer(void **state)
{
    static const size_t widths[] = {3, 2, 4, 2};
    (void)state;
    espalier_network *network = made_network(widths, 4, 1, 0.0);
    assert_int_equal(espalier_network_set_activation(network, 0, ESPALIER_LINEAR, 0.0f, NULL), ESPALIER_OK);
    network->layers[0].mask[0] = network->layers[1].mask[3] = 0;
    espalier_network_apply_masks(network);
    check(espalier_network_layer_cost(network, 0), 6, 5, 10, 4 * (5 + 2), 2);
    assert_float_equal(espalier_network_sparsity(network), 2.0 / 22.0, 1e-15);
    assert_float_equal(espalier_network_sparsity_prunable(network), 1.0 / 8.0, 1e-15);
    espalier_network_destroy(network);
}

static void one_layer(void **state)
{
    static const size_t widths[] = {4, 3};
    (void)state;
    espalier_network *network = made_network(widths, 2, 1, 0.0);
    check(espalier_network_cost(network), 12, 12, 24, 4 * (12 + 3), 0);
    network->layers[0].mask[5] = 0;
    espalier_network_apply_masks(network);
    assert_float_equal(espalier_network_sparsity(network), 1.0 / 12.0, 1e-15);
    assert_float_equal(espalier_network_sparsity_prunable(network), 0.0, 0.0);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense_network),
        cmocka_unit_test(masked_and_compacted),
        cmocka_unit_test(linear_layer),
        cmocka_unit_test(one_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
