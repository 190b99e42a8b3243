/* Networks out of ONNX models: each in the form in which some program writes it, against
 * what that program or NumPy answers. */
#define _POSIX_C_SOURCE 200809L

#include "import/models.h"

#ifdef ESPALIER_HAVE_ONNX

static void test_all_models(void **state)
{
    (void)state;
    size_t compared = compare_all(".onnx", 1e-5);
    printf("%zu models\n", compared);
    assert_true(compared >= 90);
}

/* ---- what the probabilities do not show ------------------------------------------- */

static void expect_names(const char *model, const char *const *names)
{
    espalier_network *network = open_model(model, ".onnx");
    for (size_t c = 0; c < espalier_network_class_count(network); c++)
        assert_string_equal(espalier_network_class_name(network, c), names[c]);
    espalier_network_destroy(network);
}

static void test_class_names(void **state)
{
    (void)state;
    expect_names("sklearn_texts", (const char *[]){"setosa", "versicolor", "virginica"});
    expect_names("sklearn_numbers", (const char *[]){"3", "7", "40"});
    expect_names("sklearn_binary", (const char *[]){"0", "1"});
    expect_names("keras_binary", (const char *[]){"0", "1"});
}

static void test_activations(void **state)
{
    (void)state;
    static const espalier_activation expected[] = {ESPALIER_LEAKY_RELU, ESPALIER_SIGMOID,
                                                   ESPALIER_TANH, ESPALIER_LEAKY_RELU,
                                                   ESPALIER_LINEAR};
    espalier_network *network = open_model("torch_activations", ".onnx");
    assert_int_equal(espalier_network_layer_count(network), 5);
    for (size_t l = 0; l < 5; l++)
        assert_int_equal(espalier_network_activation(network, l), expected[l]);
    assert_float_equal(espalier_network_slope(network, 0), 0.1, 1e-7);
    assert_float_equal(espalier_network_slope(network, 3), 0.25, 0);
    espalier_network_destroy(network);
    network = open_model("leaky_default", ".onnx");
    assert_float_equal(espalier_network_slope(network, 0), 0.01, 1e-9);
    espalier_network_destroy(network);
}

/* Two layers without activation between them are thin factors. */
static void test_linear_layers(void **state)
{
    (void)state;
    espalier_network *network = open_model("torch_factors", ".onnx");
    assert_int_equal(espalier_network_layer_count(network), 3);
    assert_int_equal(espalier_network_activation(network, 0), ESPALIER_LINEAR);
    assert_int_equal(espalier_network_activation(network, 1), ESPALIER_RELU);
    assert_int_equal(espalier_network_outputs(network, 0), 2);
    espalier_network_destroy(network);
}

static void test_scaling(void **state)
{
    (void)state;
    const float *shift, *scale;
    espalier_network *network = open_model("torch_normalised", ".onnx");
    assert_int_equal(espalier_network_scaling(network, &shift, &scale), 1);
    assert_float_equal(*shift, 0.1307 * 255, 1e-4);
    assert_float_equal(*scale, 1 / (0.3081 * 255), 1e-7);
    espalier_network_destroy(network);
    network = open_model("sub_div", ".onnx");
    assert_int_equal(espalier_network_scaling(network, &shift, &scale), 6);
    espalier_network_destroy(network);
    network = open_model("torch_28x28", ".onnx");
    assert_int_equal(espalier_network_scaling(network, &shift, &scale), 0);
    assert_int_equal(espalier_network_row_width(network), 784);
    espalier_network_destroy(network);
}

static void test_zeros_are_pruned(void **state)
{
    (void)state;
    espalier_network *network = open_model("with_zeros", ".onnx");
    const float *weights = espalier_network_weights_const(network, 0);
    uint64_t zeros = 0;
    for (size_t i = 0; i < 30; i++)
        zeros += weights[i] == 0;
    assert_true(zeros > 5);
    assert_int_equal(espalier_network_pruned_count(network, 0), zeros);
    assert_int_equal(espalier_network_pruned_count(network, 1), 0);
    assert_int_equal(espalier_network_inputs_counted(network), 0);
    espalier_network_destroy(network);
}

static void test_origin(void **state)
{
    (void)state;
    espalier_network *network = open_model("torch_opset13", ".onnx");
    assert_memory_equal(espalier_network_metadata(network, "imported"), "ONNX (pytorch 1.13", 18);
    espalier_network_destroy(network);
    network = open_model("matmul_add", ".onnx");
    assert_string_equal(espalier_network_metadata(network, "imported"), "ONNX");
    espalier_network_destroy(network);
}

/* What was read can be written as a model file, which answers the same. */
static void test_travels_on(void **state)
{
    (void)state;
    const char *const path = "test_onnx.safetensors";
    static const float rows[12] = {0.5f, -1, 2, 0, 1, -3, 0.25f, 1, 1, -1, 2, 0};
    espalier_network *network = open_model("torch_activations", ".onnx"), *again = NULL;
    assert_int_equal(espalier_network_write(network, path, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_open(path, NULL, &again, NULL), ESPALIER_OK);
    float *first = predict_rows(network, rows, 2), *second = predict_rows(again, rows, 2);
    assert_memory_equal(first, second, 6 * sizeof *first);
    free(first);
    free(second);
    espalier_network_destroy(network);
    espalier_network_destroy(again);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_models),     cmocka_unit_test(test_class_names),
        cmocka_unit_test(test_activations),    cmocka_unit_test(test_linear_layers),
        cmocka_unit_test(test_scaling),        cmocka_unit_test(test_zeros_are_pruned),
        cmocka_unit_test(test_origin),         cmocka_unit_test(test_travels_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Without protobuf-c the message says so. */
static void test_unsupported(void **state)
{
    (void)state;
    espalier_network *network = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_network_open(MODELS "matmul_add.onnx", NULL, &network, &error),
                     ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "protobuf-c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unsupported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
