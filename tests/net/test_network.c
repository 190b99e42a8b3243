/* The network in memory: shapes, masks, counts, copies. */
#include "net/network.h"

#include "base/memory.h"
#include "base/test_allocator.h"
#include "net/networks.h"

static const size_t paper[] = {784, 300, 200, 100, 50, 10};
enum { PAPER_WIDTHS = sizeof paper / sizeof *paper };

static void test_create(void **state)
{
    (void)state;
    espalier_network *network = make_network(paper, PAPER_WIDTHS);
    assert_int_equal(espalier_network_layer_count(network), 5);
    assert_int_equal(espalier_network_row_width(network), 784);
    assert_int_equal(espalier_network_class_count(network), 10);
    assert_int_equal(espalier_network_weight_count(network), 320700);
    assert_int_equal(espalier_network_prunable_count(network), 320200);
    for (size_t l = 0; l < 5; l++) {
        size_t count = paper[l] * paper[l + 1];
        assert_int_equal(espalier_network_inputs(network, l), paper[l]);
        assert_int_equal(espalier_network_outputs(network, l), paper[l + 1]);
        assert_int_equal(espalier_network_pruned_count(network, l), 0);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(espalier_network_mask(network, l)[i], 1);
            assert_true(espalier_network_weights(network, l)[i] == 0.0f);
        }
        assert_int_equal((uintptr_t)espalier_network_weights(network, l) % MEMORY_ALIGNMENT, 0);
        assert_int_equal((uintptr_t)espalier_network_biases(network, l) % MEMORY_ALIGNMENT, 0);
        assert_int_equal((uintptr_t)espalier_network_mask(network, l) % MEMORY_ALIGNMENT, 0);
        assert_null(espalier_network_kept(network, l));
        assert_int_equal(!espalier_network_activations(network, l), l == 4);
    }
    assert_null(espalier_network_kept(network, SIZE_MAX));
    for (size_t i = 0; i < PAPER_WIDTHS; i++)
        assert_int_equal(espalier_network_original_width(network, i), paper[i]);
    assert_string_equal(espalier_network_class_name(network, 9), "9");
    assert_int_equal(espalier_network_scaling(network, NULL, NULL), 0);
    espalier_network_destroy(network);
    espalier_network_destroy(NULL);
}

static void refuse(const size_t *widths, size_t count, espalier_status status, const char *text)
{
    espalier_network *network = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_network_create(widths, count, NULL, &network, &error), status);
    assert_int_equal(error.status, status);
    assert_string_equal(error.message, text);
    assert_null(network);
}

static void test_bad_widths(void **state)
{
    (void)state;
    refuse(paper, 1, ESPALIER_ERROR_ARGUMENT,
           "1 widths; expected at least 2: inputs and classes");
    refuse((size_t[]){4, 1000000000000, 3}, 3, ESPALIER_ERROR_ARGUMENT,
           "layer 1: 1000000000000 neurons; expected 1 to 16777216");
    refuse((size_t[]){4, 5, 0}, 3, ESPALIER_ERROR_ARGUMENT,
           "layer 2: 0 neurons; expected 1 to 16777216");
    refuse((size_t[]){0, 5}, 2, ESPALIER_ERROR_ARGUMENT,
           "layer 0: 0 inputs; expected 1 to 16777216");
    refuse((size_t[]){1, 16777217}, 2, ESPALIER_ERROR_ARGUMENT,
           "layer 1: 16777217 neurons; expected 1 to 16777216");
    /* 2^48 weights: in range, but more than any machine has. */
    meter m = {.refuse_from = 4};
    espalier_allocator allocator = meter_allocator(&m);
    espalier_network *network = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_network_create((size_t[]){1 << 24, 1 << 24}, 2, &allocator, &network,
                                             &error),
                     ESPALIER_ERROR_MEMORY);
    assert_int_equal(m.requests, 4);
    assert_int_equal(m.live, 0);
}

static void test_masks(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){3, 2}, 2);
    float *weights = espalier_network_weights(network, 0);
    for (size_t i = 0; i < 6; i++) {
        weights[i] = i == 1 ? NAN : i == 2 ? -1.0f : 2.0f;
        espalier_network_mask(network, 0)[i] = i != 1 && i != 2;
    }
    espalier_network_apply_masks(network);
    assert_int_equal(espalier_network_pruned_count(network, 0), 2);
    for (size_t i = 0; i < 6; i++)
        assert_true(weights[i] == (i == 1 || i == 2 ? 0.0f : 2.0f) && !signbit(weights[i]));
    espalier_network_destroy(network);
}

static void test_counts(void **state)
{
    (void)state;
    espalier_network *network = make_network(paper, PAPER_WIDTHS);
    espalier_network_activations(network, 3)[49] = UINT64_MAX;
    espalier_network_set_inputs_counted(network, 7);
    assert_int_equal(espalier_network_inputs_counted(network), 7);
    espalier_network_clear_activations(network);
    assert_int_equal(espalier_network_inputs_counted(network), 0);
    assert_int_equal(espalier_network_activations_const(network, 3)[49], 0);
    espalier_network_destroy(network);
}

static bool is_live(const espalier_network *network, size_t l, size_t neuron)
{
    const network_layer *here = &network->layers[l], *next = here + 1;
    bool in = false, out = false;
    for (size_t i = 0; i < here->inputs; i++)
        in |= here->mask[neuron * here->inputs + i];
    for (size_t o = 0; o < next->outputs; o++)
        out |= next->mask[o * next->inputs + neuron];
    return in && out;
}

static void check_live(const espalier_network *network)
{
    uint8_t live[1024];
    for (size_t l = 0; l < network->layer_count; l++) {
        size_t expected = 0, outputs = network->layers[l].outputs;
        memset(live, 7, sizeof live);
        size_t found = espalier_network_live(network, l, live);
        for (size_t j = 0; j < outputs; j++) {
            bool alive = l + 1 == network->layer_count || is_live(network, l, j);
            assert_int_equal(live[j], alive);
            expected += alive;
        }
        assert_int_equal(live[outputs], 7);
        assert_int_equal(found, expected);
        assert_int_equal(espalier_network_live(network, l, NULL), expected);
    }
}

static void test_live(void **state)
{
    (void)state;
    draws d = {1, 0};
    for (int round = 0; round < 300; round++) {
        espalier_network *network = draw_network(&d, 5 + draw_below(&d, 30));
        check_live(network);
        espalier_network_destroy(network);
    }
    /* More neurons than are looked at in one lot. */
    espalier_network *wide = make_network((size_t[]){2, 600, 3}, 3);
    for (size_t j = 0; j < 600; j++) {
        wide->layers[0].mask[2 * j] = wide->layers[0].mask[2 * j + 1] = j % 3 != 0;
        for (size_t o = 0; o < 3; o++)
            wide->layers[1].mask[o * 600 + j] = j % 5 == o;
    }
    check_live(wide);
    espalier_network_destroy(wide);
}

static void test_copy(void **state)
{
    (void)state;
    draws d = {2, 0};
    for (int round = 0; round < 100; round++) {
        espalier_network *network = draw_network(&d, 60), *small = NULL, *copy = NULL;
        load_up(&d, network);
        assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
        assert_int_equal(espalier_network_copy(network, NULL, &copy, NULL), ESPALIER_OK);
        assert_network_equal(network, copy);
        float before = copy->layers[0].weights[0];
        network->layers[0].weights[0] += 1.0f;
        espalier_network_destroy(network);
        assert_true(copy->layers[0].weights[0] == before);
        espalier_network_destroy(copy);
        assert_int_equal(espalier_network_copy(small, NULL, &copy, NULL), ESPALIER_OK);
        assert_network_equal(small, copy);
        espalier_network_destroy(small);
        espalier_network_destroy(copy);
    }
}

static void test_linear(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){4, 3, 5, 2}, 4), *copy = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_network_prunable_count(network), 12 + 15);
    for (size_t l = 0; l < 2; l++)
        memset(espalier_network_activations(network, l), 1, 3 * sizeof(uint64_t));
    espalier_network_set_inputs_counted(network, 9);
    assert_int_equal(espalier_network_set_activation(network, 1, ESPALIER_LINEAR, 0.0f, &error), ESPALIER_OK);
    assert_int_equal(espalier_network_activation(network, 1), ESPALIER_LINEAR);
    assert_int_equal(espalier_network_activation(network, 0), ESPALIER_RELU);
    assert_int_equal(espalier_network_activation(network, 2), ESPALIER_LINEAR);
    assert_int_equal(espalier_network_prunable_count(network), 12);
    assert_int_equal(espalier_network_weight_count(network), 12 + 15 + 10);
    assert_int_equal(espalier_network_activations(network, 1)[0], 0);
    assert_int_not_equal(espalier_network_activations(network, 0)[0], 0);
    assert_int_equal(espalier_network_inputs_counted(network), 9);
    assert_int_equal(espalier_network_copy(network, NULL, &copy, NULL), ESPALIER_OK);
    assert_network_equal(network, copy);
    assert_int_equal(espalier_network_set_activation(network, 0, ESPALIER_RELU, 0.0f, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_inputs_counted(network), 9);
    assert_int_equal(espalier_network_set_activation(network, 1, ESPALIER_RELU, 0.0f, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_inputs_counted(network), 0);
    assert_int_equal(espalier_network_set_activation(network, 2, ESPALIER_LINEAR, 0.0f, &error),
                     ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message, "layer 2 takes no activation; expected a hidden layer, of "
                                       "which there are 2");
    assert_int_equal(espalier_network_set_activation(network, SIZE_MAX, ESPALIER_LINEAR, 0.0f, NULL),
                     ESPALIER_ERROR_ARGUMENT);
    espalier_network_destroy(network);
    espalier_network_destroy(copy);
}

/* Another activation makes counts void; the same one, or a slope that nobody reads, not. */
static void test_activations(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){4, 3, 2, 2}, 4), *copy = NULL;
    espalier_error error = {0};
    for (size_t k = 0; k < FUNCTION_KINDS; k++) {
        const function_kind *kind = &function_kinds[k];
        assert_int_equal(espalier_network_set_activation(network, 0, ESPALIER_TANH, 0, NULL), 0);
        espalier_network_set_inputs_counted(network, 9);
        assert_int_equal(espalier_network_set_activation(network, 0, ESPALIER_TANH, 5, NULL), 0);
        assert_int_equal(espalier_network_inputs_counted(network), 9);
        assert_int_equal(espalier_network_set_activation(network, 0, kind->activation,
                                                         kind->slope, NULL), ESPALIER_OK);
        assert_int_equal(espalier_network_activation(network, 0), kind->activation);
        assert_true(espalier_network_slope(network, 0) == kind->slope);
        assert_int_equal(espalier_network_inputs_counted(network),
                         kind->activation == ESPALIER_LINEAR || kind->activation == ESPALIER_TANH
                             ? 9 : 0);
        assert_int_equal(espalier_network_copy(network, NULL, &copy, NULL), ESPALIER_OK);
        assert_network_equal(network, copy);
        espalier_network_destroy(copy);
    }
    assert_int_equal(espalier_network_set_activation(network, 0, ESPALIER_ACTIVATION_COUNT, 0,
                                                     &error), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message,
                        "layer 0: expected one of the activations 0 to 4, found 5");
    error = (espalier_error){0};
    assert_int_equal(espalier_network_set_activation(network, 1, ESPALIER_LEAKY_RELU, NAN,
                                                     &error), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message,
                        "layer 1: expected a finite slope of leaky-relu, found nan");
    for (size_t a = 0; a < ESPALIER_ACTIVATION_COUNT; a++)
        assert_non_null(espalier_activation_name((espalier_activation)a));
    assert_null(espalier_activation_name(ESPALIER_ACTIVATION_COUNT));
    espalier_network_destroy(network);
}

/* Every request is refused once: an error, nothing left behind. */
static void test_no_memory(void **state)
{
    (void)state;
    draws d = {3, 0};
    espalier_network *network = draw_network(&d, 40);
    load_up(&d, network);
    size_t refused = 0;
    for (size_t from = 1;; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_network *copy = NULL;
        espalier_error error = {0};
        espalier_status status = espalier_network_copy(network, &allocator, &copy, &error);
        if (status == ESPALIER_OK) {
            assert_network_equal(network, copy);
            espalier_network_destroy(copy);
            assert_int_equal(m.live, 0);
            break;
        }
        assert_int_equal(status, ESPALIER_ERROR_MEMORY);
        assert_int_equal(error.status, ESPALIER_ERROR_MEMORY);
        assert_null(copy);
        assert_int_equal(m.live, 0);
        refused++;
    }
    assert_true(refused > 10);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create), cmocka_unit_test(test_bad_widths),
        cmocka_unit_test(test_masks),  cmocka_unit_test(test_counts),
        cmocka_unit_test(test_live),   cmocka_unit_test(test_copy),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_linear), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
