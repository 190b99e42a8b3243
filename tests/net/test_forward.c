/* The forward pass against a naive one in double precision. */
#include "net/forward.h"

#include "net/networks.h"

static void test_against_naive(void **state)
{
    (void)state;
    const math_backend *math = math_backend_find("reference");
    draws d = {6, 0};
    assert_non_null(math);
    for (int round = 0; round < 200; round++) {
        espalier_network *network = draw_network(&d, 70);
        size_t rows = 1 + draw_below(&d, 5), inputs = network->layers[0].inputs;
        float x[5 * 12], y[5 * 12], first[5 * 12];
        for (size_t i = 0; i < rows * inputs; i++)
            first[i] = x[i] = draw_float(&d);
        for (size_t l = 0; l < network->layer_count; l++) {
            forward_layer(network, l, math, x, rows, y);
            memcpy(x, y, sizeof x);
        }
        size_t classes = espalier_network_class_count(network);
        for (size_t r = 0; r < rows; r++) {
            double logits[64];
            run_naively(network, first + r * inputs, logits);
            for (size_t c = 0; c < classes; c++)
                assert_true(fabs((double)x[r * classes + c] - logits[c]) <
                            1e-4 * (1.0 + fabs(logits[c])));
        }
        espalier_network_destroy(network);
    }
}

/* Negative sums become zero in a hidden layer only; a NaN is not hidden. */
static void test_relu(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){1, 3, 1}, 3);
    const float biases[3] = {-1.0f, 2.0f, NAN}, x = 0.0f;
    float y[3];
    memcpy(network->layers[0].biases, biases, sizeof biases);
    network->layers[1].biases[0] = -5.0f;
    forward_layer(network, 0, math_backend_find("reference"), &x, 1, y);
    assert_true(y[0] == 0.0f && y[1] == 2.0f && isnan(y[2]));
    y[2] = 0.0f;
    forward_layer(network, 1, math_backend_find("reference"), y, 1, y + 1);
    assert_true(y[1] == -5.0f);
    espalier_network_destroy(network);
}

/* Neither are negative sums of a linear layer made zero. */
static void test_linear(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){1, 3, 1}, 3);
    const float biases[3] = {-1.0f, 2.0f, -3.0f}, x = 0.0f;
    float y[3];
    memcpy(network->layers[0].biases, biases, sizeof biases);
    assert_int_equal(espalier_network_set_activation(network, 0, ESPALIER_LINEAR, 0.0f, NULL), ESPALIER_OK);
    forward_layer(network, 0, math_backend_find("reference"), &x, 1, y);
    assert_memory_equal(y, biases, sizeof biases);
    espalier_network_destroy(network);
}

static void test_activations(void **state)
{
    (void)state;
    const float biases[3] = {-1.0f, 2.0f, -0.25f}, x = 0.0f;
    for (size_t k = 0; k < FUNCTION_KINDS; k++) {
        espalier_network *network = make_network((size_t[]){1, 3, 1}, 3);
        float y[3];
        memcpy(network->layers[0].biases, biases, sizeof biases);
        set_function(&network->layers[0], &function_kinds[k]);
        forward_layer(network, 0, math_backend_find("reference"), &x, 1, y);
        for (size_t j = 0; j < 3; j++)
            assert_true(fabs((double)y[j] - function_at(function_kinds[k].activation,
                                                        function_kinds[k].slope,
                                                        (double)biases[j])) < 1e-7);
        espalier_network_destroy(network);
    }
}

static void test_softmax(void **state)
{
    (void)state;
    float rows[4][3] = {{1e4f, -1e4f, 1e4f}, {-1e4f, -1e4f, -9.999e3f}, {0, 0, 0}, {1, 2, 3}};
    forward_softmax(rows[0], 4, 3);
    assert_true(rows[0][0] == 0.5f && rows[0][1] == 0.0f && rows[0][2] == 0.5f);
    assert_true(fabsf(rows[1][2] - 1.0f / (1.0f + 2.0f * expf(-1.0f))) < 1e-6f);
    for (size_t c = 0; c < 3; c++) {
        assert_true(fabsf(rows[2][c] - 1.0f / 3.0f) < 1e-7f);
        float sum = expf(1.0f) + expf(2.0f) + expf(3.0f);
        assert_true(fabsf(rows[3][c] - expf((float)c + 1.0f) / sum) < 1e-6f);
    }
}

/* Rows of the original width, scaled by one pair for all inputs or by a pair for each:
 * x' = (x - shift) scale, and of a compacted network the pairs and values of the columns it kept. */
static void check_scaling(espalier_network *network, size_t pairs)
{
    const float shift[4] = {3.0f, -1.5f, 0.25f, 7.0f}, scale[4] = {0.5f, 2.0f, -4.0f, 0.125f};
    const float values[2][4] = {{1.0f, 2.0f, -3.0f, 4.5f}, {-0.5f, 0.75f, 6.0f, -8.0f}};
    const network_layer *first = &network->layers[0];
    float found[2][3], expected[2][3], x[2 * 4], workspace[16];
    assert_int_equal(espalier_network_set_scaling(network, pairs, shift, scale), ESPALIER_OK);
    assert_true(forward_workspace(network, 2) <= sizeof workspace / sizeof *workspace);
    for (size_t r = 0; r < 2; r++)
        for (size_t i = 0; i < first->inputs; i++) {
            const size_t column = network->kept_inputs ? (size_t)network->kept_inputs[i] : i;
            const size_t pair = pairs > 1 ? column : 0;
            x[r * first->inputs + i] = pairs ? (values[r][column] - shift[pair]) * scale[pair]
                                             : values[r][column];
        }
    forward_layer(network, 0, math_backend_find("reference"), x, 2, expected[0]);
    forward_softmax(expected[0], 2, 3);
    forward_rows(network, math_backend_find("reference"), values[0], 2, found[0], workspace);
    assert_memory_equal(found, expected, sizeof found);
}

static void test_scaling(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){4, 3}, 2), *small;
    for (size_t i = 0; i < 12; i++)
        network->layers[0].weights[i] = 0.25f * (float)(i % 5) - 0.375f;
    for (size_t o = 0; o < 3; o++) /* column 1 is read by none */
        network->layers[0].mask[o * 4 + 1] = 0;
    espalier_network_apply_masks(network);
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    assert_int_equal(small->layers[0].inputs, 3);
    for (size_t k = 0; k < 3; k++) {
        check_scaling(network, (size_t[]){0, 1, 4}[k]);
        check_scaling(small, (size_t[]){0, 1, 4}[k]);
    }
    espalier_network_destroy(small);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_naive),
        cmocka_unit_test(test_relu),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_scaling),
        cmocka_unit_test(test_softmax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
