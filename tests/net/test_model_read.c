/* Reading model files: state dicts of others, and every kind of bad file with
 * its message. */
#define _POSIX_C_SOURCE 200809L
#include "net/network.h"

#include "format/safetensors.h"
#include "format/test_files_safetensors.h"
#include "net/networks.h"

#define FILE_NAME "test_model_read.safetensors"

/* ---- files put together from a list of tensors ------------------------------ */

/* A network 3-2-2: its tensors and metadata, to be changed by a test. */
typedef struct model {
    safetensors_tensor tensors[12];
    safetensors_pair pairs[8];
    size_t tensor_count, pair_count;
} model;

static const float first_weight[6] = {1, -0.0f, 3, 0, 5, 6}, second_weight[4] = {7, 8, 9, 10};
static const float first_bias[2] = {0.5f, 0}, second_bias[2] = {-0.5f, 0};
static const uint8_t first_mask[6] = {1, 1, 0, 1, 1, 1}, bad_mask[6] = {1, 0, 1, 0, 2, 1};
static const int64_t counts[2] = {40, 2}, negative[2] = {4, -1};

static safetensors_tensor *add(model *m, const char *name, const char *dtype, uint64_t rows,
                               uint64_t columns, const void *data)
{
    safetensors_tensor *tensor = &m->tensors[m->tensor_count++];
    *tensor = (safetensors_tensor){.name = name, .dtype = dtype, .rank = columns ? 2 : 1,
                                   .shape = {rows, columns}, .data = data};
    tensor->bytes = (size_t)(rows * (columns ? columns : 1)) * safetensors_item_bytes(dtype);
    return tensor;
}

static void add_pair(model *m, const char *key, const char *value)
{
    m->pairs[m->pair_count++] = (safetensors_pair){key, value};
}

/* Tensor 0 and 1 are weight and bias of layer 0, 2 and 3 those of layer 1. */
static model plain(void)
{
    model m = {0};
    add(&m, "layers.0.weight", "F32", 2, 3, first_weight);
    add(&m, "layers.0.bias", "F32", 2, 0, first_bias);
    add(&m, "layers.1.weight", "F32", 2, 2, second_weight);
    add(&m, "layers.1.bias", "F32", 2, 0, second_bias);
    return m;
}

static void put(const model *m)
{
    assert_int_equal(safetensors_write(FILE_NAME, NULL, m->tensors, m->tensor_count, m->pairs,
                                       m->pair_count, NULL), ESPALIER_OK);
}

static espalier_network *accept(const model *m)
{
    espalier_network *network = NULL;
    espalier_error error = {0};
    put(m);
    if (espalier_network_read(FILE_NAME, NULL, &network, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    return network;
}

static void refuse_as(const model *m, espalier_status status, const char *text)
{
    espalier_network *network = NULL;
    espalier_error error = {0};
    char expected[600];
    put(m);
    assert_int_equal(espalier_network_read(FILE_NAME, NULL, &network, &error), status);
    snprintf(expected, sizeof expected, FILE_NAME ": %s", text);
    assert_string_equal(error.message, expected);
    assert_int_equal(error.status, status);
    assert_null(network);
}

static void refuse(const model *m, const char *text)
{
    refuse_as(m, ESPALIER_ERROR_FORMAT, text);
}

/* ---- what is accepted -------------------------------------------------------- */

static void test_state_dict(void **state)
{
    (void)state;
    model m = plain();
    espalier_network *network = accept(&m);
    assert_int_equal(espalier_network_layer_count(network), 2);
    assert_memory_equal(network->layers[0].mask, ((uint8_t[]){1, 0, 1, 0, 1, 1}), 6);
    assert_int_equal(espalier_network_pruned_count(network, 1), 0);
    assert_true(network->layers[0].weights[1] == 0.0f && !signbit(network->layers[0].weights[1]));
    assert_true(network->layers[0].weights[5] == 6.0f && network->layers[1].biases[0] == -0.5f);
    assert_string_equal(espalier_network_class_name(network, 1), "1");
    assert_int_equal(espalier_network_inputs_counted(network), 0);
    assert_int_equal(espalier_network_scaling(network, NULL, NULL), 0);
    espalier_network_destroy(network);
}

/* One mask anywhere: zeros are what the masks say, and no mask means all kept. */
static void test_masks(void **state)
{
    (void)state;
    for (int boolean = 0; boolean < 2; boolean++) {
        model m = plain();
        add(&m, "layers.0.mask", boolean ? "BOOL" : "U8", 2, 3, first_mask);
        m.tensors[2].data = (const float[4]){0, 8, 9, 10};
        espalier_network *network = accept(&m);
        assert_memory_equal(network->layers[0].mask, first_mask, 6);
        assert_true(network->layers[0].weights[2] == 0.0f);
        assert_int_equal(espalier_network_pruned_count(network, 1), 0);
        espalier_network_destroy(network);
    }
}

static void test_other_floats(void **state)
{
    (void)state;
    /* 1, -2, 2^-24 (subnormal), 65504 (largest), 0.333…, -0 as binary16; 1, -2, 0.5, 3 as bfloat16. */
    const uint16_t halves[6] = {0x3C00, 0xC000, 0x0001, 0x7BFF, 0x3555, 0x8000};
    const uint16_t bfloats[4] = {0x3F80, 0xC000, 0x3F00, 0x4040};
    const float expected[6] = {1, -2, 0x1p-24f, 65504, 0x1.554p-2f, 0};
    const double doubles[2] = {0.1, 1e-300};
    model m = plain();
    m.tensors[0].dtype = "F16", m.tensors[0].bytes = sizeof halves, m.tensors[0].data = halves;
    m.tensors[1].dtype = "F64", m.tensors[1].bytes = sizeof doubles, m.tensors[1].data = doubles;
    m.tensors[2].dtype = "BF16", m.tensors[2].bytes = sizeof bfloats, m.tensors[2].data = bfloats;
    espalier_network *network = accept(&m);
    assert_memory_equal(network->layers[0].weights, expected, sizeof expected);
    assert_memory_equal(network->layers[0].biases, ((float[]){0.1f, 0}), 8);
    assert_memory_equal(network->layers[1].weights, ((float[]){1, -2, 0.5f, 3}), 16);
    espalier_network_destroy(network);
}

/* Counts without their number; kept indices without the original widths. */
static void test_missing_metadata(void **state)
{
    (void)state;
    const int64_t kept[2] = {1, 6}, kept_inputs[3] = {0, 1, 9}, all[2] = {0, 1};
    model m = plain();
    add(&m, "layers.0.activations", "I64", 2, 0, counts);
    safetensors_tensor *neurons = add(&m, "layers.0.kept", "I64", 2, 0, kept);
    add(&m, "kept_inputs", "I64", 3, 0, kept_inputs);
    espalier_network *network = accept(&m);
    assert_int_equal(espalier_network_inputs_counted(network), 40);
    assert_int_equal(espalier_network_row_width(network), 10);
    assert_int_equal(espalier_network_original_width(network, 1), 7);
    assert_int_equal(espalier_network_kept(network, 0)[1], 6);
    assert_int_equal(espalier_network_kept(network, SIZE_MAX)[2], 9);
    espalier_network_destroy(network);
    neurons->data = all;
    network = accept(&m);
    assert_null(espalier_network_kept(network, 0));
    assert_int_equal(espalier_network_original_width(network, 1), 2);
    espalier_network_destroy(network);
}

static void test_unknown_is_kept(void **state)
{
    (void)state;
    model m = plain();
    add(&m, "layers.0.gamma", "F32", 2, 0, first_bias);
    add(&m, "layers.00.weight", "U8", 6, 0, first_mask);
    add(&m, "Layers.0.weight", "U8", 2, 3, first_mask);
    add_pair(&m, "format", "pt");
    espalier_network *network = accept(&m);
    assert_int_equal(network->tensor_count, 3);
    assert_string_equal(network->tensors[0].name, "Layers.0.weight");
    assert_string_equal(network->tensors[1].name, "layers.0.gamma");
    assert_string_equal(network->tensors[2].name, "layers.00.weight");
    assert_string_equal(espalier_network_metadata(network, "format"), "pt");
    assert_int_equal(espalier_network_write(network, FILE_NAME, NULL), ESPALIER_OK);
    espalier_network *again = NULL;
    assert_int_equal(espalier_network_read(FILE_NAME, NULL, &again, NULL), ESPALIER_OK);
    assert_network_equal(network, again);
    espalier_network_destroy(network);
    espalier_network_destroy(again);
}

/* ---- what is not ---------------------------------------------------------------- */

static void test_missing_tensors(void **state)
{
    (void)state;
    model m = {0};
    refuse(&m, "expected tensor 'layers.0.weight', found none");
    m = plain();
    m.tensor_count = 3;
    refuse(&m, "expected tensor 'layers.1.bias', found none");
    m = plain();
    m.tensors[2].name = "layers.2.weight";
    refuse(&m, "expected tensor 'layers.1.weight', found none");
    m = plain();
    add(&m, "layers.2.mask", "U8", 2, 2, first_mask);
    refuse(&m, "found tensor 'layers.2.mask'; expected layers 0 to 1 only, as many as "
               "there are weights");
    m = plain();
    m.tensors[0].name = "fc1.weight";
    refuse(&m, "expected tensor 'layers.0.weight', found none");
}

static void test_shapes(void **state)
{
    (void)state;
    model m = plain();
    m.tensors[0].shape[0] = 3, m.tensors[0].shape[1] = 2, m.tensors[1].shape[0] = 3;
    m.tensors[1].bytes = 12, m.tensors[1].data = first_weight;
    refuse(&m, "tensor 'layers.1.weight': shape [2, 2]; expected 3 inputs, the outputs of layer 0");
    m = plain();
    m.tensors[1].shape[0] = 1, m.tensors[1].bytes = 4;
    refuse(&m, "tensor 'layers.0.bias': shape [1]; expected [2]");
    m = plain();
    m.tensors[0].rank = 3, m.tensors[0].shape[2] = 1;
    refuse(&m, "tensor 'layers.0.weight': shape [2, 3, 1]; expected [outputs, inputs], each 1 to "
               "16777216");
    m = plain();
    m.tensors[0].shape[0] = 0, m.tensors[0].bytes = 0;
    refuse(&m, "tensor 'layers.0.weight': shape [0, 3]; expected [outputs, inputs], each 1 to "
               "16777216");
    m = plain();
    add(&m, "layers.0.mask", "U8", 3, 2, first_mask);
    refuse(&m, "tensor 'layers.0.mask': shape [3, 2]; expected [2, 3]");
    m = plain();
    add(&m, "kept_inputs", "I64", 2, 0, counts);
    refuse(&m, "tensor 'kept_inputs': shape [2]; expected [3]");
    m = plain();
    add(&m, "layers.1.activations", "I64", 2, 0, counts);
    refuse(&m, "tensor 'layers.1.activations': expected none for the output layer");
}

static void test_dtypes(void **state)
{
    (void)state;
    model m = plain();
    m.tensors[0].dtype = "I32";
    refuse(&m, "tensor 'layers.0.weight': dtype I32; expected F32, F64, F16 or BF16");
    m = plain();
    add(&m, "layers.0.mask", "I8", 2, 3, first_mask);
    refuse(&m, "tensor 'layers.0.mask': dtype I8; expected U8 or BOOL");
    m = plain();
    add(&m, "layers.0.activations", "U64", 2, 0, counts);
    refuse(&m, "tensor 'layers.0.activations': dtype U64; expected I64");
}

static void test_values(void **state)
{
    (void)state;
    const int64_t falling[2] = {5, 5}, outside[2] = {0, 1 << 24};
    model m = plain();
    m.tensors[0].data = (const float[6]){1, 2, 3, 4, NAN, 6};
    refuse(&m, "tensor 'layers.0.weight', place [1, 1]: NaN; expected a finite float32");
    m = plain();
    m.tensors[3].data = (const float[2]){1, -INFINITY};
    refuse(&m, "tensor 'layers.1.bias', place [1]: infinite; expected a finite float32");
    m = plain();
    m.tensors[1].dtype = "F64", m.tensors[1].bytes = 16;
    m.tensors[1].data = (const double[2]){1e39, 0};
    refuse(&m, "tensor 'layers.0.bias', place [0]: infinite; expected a finite float32");
    m = plain();
    add(&m, "layers.0.mask", "U8", 2, 3, bad_mask);
    refuse(&m, "tensor 'layers.0.mask', place [1, 1]: neither; expected 0 or 1");
    m = plain();
    add(&m, "layers.0.activations", "I64", 2, 0, negative);
    refuse(&m, "tensor 'layers.0.activations', place [1]: negative; expected 0 or more");
    m = plain();
    add(&m, "layers.0.kept", "I64", 2, 0, falling);
    refuse(&m, "tensor 'layers.0.kept', place [1]: 5; expected rising indices below 6");
    m = plain();
    add(&m, "layers.0.kept", "I64", 2, 0, negative);
    refuse(&m, "tensor 'layers.0.kept', place [1]: negative; expected 0 or more");
    m = plain();
    add(&m, "layers.0.kept", "I64", 2, 0, outside);
    refuse(&m, "tensor 'layers.0.kept', place [1]: 16777216; expected rising indices below 2");
    m = plain();
    add(&m, "layers.0.kept", "I64", 2, 0, (const int64_t[]){0, 4});
    add_pair(&m, "original_widths", "[3, 4, 2]");
    refuse(&m, "tensor 'layers.0.kept', place [1]: 4; expected rising indices below 4");
}

static void refuse_pair(const char *key, const char *value, espalier_status status,
                        const char *text)
{
    model m = plain();
    add_pair(&m, key, value);
    refuse_as(&m, status, text);
}

static void test_bad_metadata(void **state)
{
    (void)state;
    const espalier_status format = ESPALIER_ERROR_FORMAT;
    refuse_pair("espalier", "4", ESPALIER_ERROR_UNSUPPORTED,
                "model format 4; this version reads up to 3");
    refuse_pair("espalier", "one", format, "metadata 'espalier': expected the format's version, "
                                           "a whole number from 1 on");
    refuse_pair("espalier", "", format, "metadata 'espalier': expected the format's version, "
                                        "a whole number from 1 on");
    refuse_pair("inputs_counted", "-1", format,
                "metadata 'inputs_counted': expected a whole number below 2^63");
    refuse_pair("inputs_counted", "9223372036854775808", format,
                "metadata 'inputs_counted': expected a whole number below 2^63");
    refuse_pair("inputs_counted", "18446744073709551616", format,
                "metadata 'inputs_counted': expected a whole number below 2^63");
    refuse_pair("classes", "[\"a\"]", format, "metadata 'classes': expected 2 names, found 1");
    refuse_pair("classes", "[\"a\", 1]", format, "metadata 'classes': expected a JSON list of names");
    refuse_pair("classes", "[\"a\", \"a\"]", format,
                "metadata 'classes': expected a name of its own for each class");
    refuse_pair("classes", "a,b", format, "metadata 'classes': expected a JSON list of names");
    refuse_pair("original_widths", "[3, 2]", format,
                "metadata 'original_widths': expected a JSON list of 3 widths");
    refuse_pair("original_widths", "[3, 1, 2]", format,
                "metadata 'original_widths', position 1: expected 2 to 16777216");
    refuse_pair("original_widths", "[3, 2, 3]", format,
                "metadata 'original_widths', position 2: expected 2 to 2");
    refuse_pair("original_widths", "[3, 4, 2]", format,
                "metadata 'original_widths', position 1: 4; expected 2 where no tensor says which "
                "were kept");
    refuse_pair("original_widths", "[4, 2, 2]", format,
                "metadata 'original_widths', position 0: 4; expected 3 where no tensor says which "
                "were kept");
}

static void test_linear(void **state)
{
    (void)state;
    model m = plain();
    add_pair(&m, "linear", "[0]");
    espalier_network *network = accept(&m);
    assert_int_equal(espalier_network_activation(network, 0), ESPALIER_LINEAR);
    assert_int_equal(espalier_network_prunable_count(network), 0);
    espalier_network_destroy(network);
    add_pair(&m, "espalier", "2");
    espalier_network_destroy(accept(&m));
    m.pairs[1].value = "1";
    refuse(&m, "metadata 'linear': expected format 2, found 1");
    m.pairs[1].value = "2";
    add(&m, "layers.0.activations", "I64", 2, 0, counts);
    refuse(&m, "tensor 'layers.0.activations': expected none for a linear layer");
    m.pairs[0].value = "[]";
    network = accept(&m);
    assert_int_equal(espalier_network_activation(network, 0), ESPALIER_RELU);
    assert_int_equal(espalier_network_inputs_counted(network), 40);
    espalier_network_destroy(network);
}

/* Counts of the layers that are not linear are all counts. */
static void test_linear_counts(void **state)
{
    (void)state;
    model m = plain();
    add(&m, "layers.2.weight", "F32", 2, 2, second_weight);
    add(&m, "layers.2.bias", "F32", 2, 0, second_bias);
    add(&m, "layers.1.activations", "I64", 2, 0, counts);
    add_pair(&m, "inputs_counted", "50");
    add_pair(&m, "linear", "[0]");
    espalier_network *network = accept(&m);
    assert_int_equal(espalier_network_inputs_counted(network), 50);
    assert_int_equal(espalier_network_activations(network, 0)[0], 0);
    assert_int_equal(espalier_network_activations(network, 1)[0], 40);
    espalier_network_destroy(network);
}

static void test_bad_linear(void **state)
{
    (void)state;
    const espalier_status format = ESPALIER_ERROR_FORMAT;
    static const char list[] = "metadata 'linear': expected a JSON list of hidden layers";
    refuse_pair("linear", "0", format, list);
    refuse_pair("linear", "", format, list);
    refuse_pair("linear", "{\"0\": 1}", format, list);
    refuse_pair("linear", "[0.0]", format,
                "metadata 'linear', position 0: expected a whole number");
    refuse_pair("linear", "[true]", format,
                "metadata 'linear', position 0: expected a whole number");
    refuse_pair("linear", "[1]", format, "metadata 'linear', position 0: layer 1; expected a "
                                         "hidden layer, of which there are 1");
    refuse_pair("linear", "[-1]", format, "metadata 'linear', position 0: layer -1; expected a "
                                          "hidden layer, of which there are 1");
    refuse_pair("linear", "[0, 0]", format,
                "metadata 'linear', position 1: layer 0; expected each layer once");
}

/* A 3-2-2-2 network, the first pair of which is its activation. */
static model deeper(const char *activation)
{
    model m = plain();
    add(&m, "layers.2.weight", "F32", 2, 2, second_weight);
    add(&m, "layers.2.bias", "F32", 2, 0, second_bias);
    add_pair(&m, "activation", activation);
    return m;
}

static void assert_activations(const char *text, espalier_activation first,
                               espalier_activation second, float slope)
{
    model m = deeper(text);
    for (int version = 0; version < 2; version++) { /* without one, or with 3 */
        espalier_network *network = accept(&m);
        assert_int_equal(espalier_network_activation(network, 0), first);
        assert_int_equal(espalier_network_activation(network, 1), second);
        assert_int_equal(espalier_network_activation(network, 2), ESPALIER_LINEAR);
        assert_true(espalier_network_slope(network, 0) == 0.0f);
        assert_true(espalier_network_slope(network, 1) == slope);
        espalier_network_destroy(network);
        add_pair(&m, "espalier", "3");
    }
}

static void test_activations(void **state)
{
    (void)state;
    assert_activations("relu", ESPALIER_RELU, ESPALIER_RELU, 0.0f);
    assert_activations("tanh", ESPALIER_TANH, ESPALIER_TANH, 0.0f);
    assert_activations("linear", ESPALIER_LINEAR, ESPALIER_LINEAR, 0.0f);
    assert_activations("[\"tanh\", \"sigmoid\"]", ESPALIER_TANH, ESPALIER_SIGMOID, 0.0f);
    assert_activations("[\"relu\", {\"leaky-relu\": 0.01}]", ESPALIER_RELU, ESPALIER_LEAKY_RELU,
                       0.01f);
    assert_activations("[\"linear\", {\"leaky-relu\": -2}]", ESPALIER_LINEAR,
                       ESPALIER_LEAKY_RELU, -2.0f);
}

static void refuse_activation(const char *text, espalier_status status, const char *message)
{
    model m = deeper(text);
    refuse_as(&m, status, message);
}

static void test_bad_activations(void **state)
{
    (void)state;
    const espalier_status format = ESPALIER_ERROR_FORMAT, unknown = ESPALIER_ERROR_UNSUPPORTED;
    refuse_activation("ta\nnh", unknown,
                      "activation 'ta?nh'; this version knows 'relu', 'linear', 'sigmoid', "
                      "'tanh', and lists of them and of {\"leaky-relu\": slope}");
    refuse_activation("leaky-relu", unknown,
                      "activation 'leaky-relu'; this version knows 'relu', 'linear', 'sigmoid', "
                      "'tanh', and lists of them and of {\"leaky-relu\": slope}");
    refuse_activation("[\"tanh\"]", format,
                      "metadata 'activation': expected one for each of 2 hidden layers, found 1");
    refuse_activation("[\"tanh\", \"gelu\"]", unknown,
                      "metadata 'activation', layer 1: 'gelu'; this version knows 'relu', "
                      "'linear', {\"leaky-relu\": slope}, 'sigmoid', 'tanh'");
    refuse_activation("[{\"elu\": 1}, \"tanh\"]", unknown,
                      "metadata 'activation', layer 0: 'elu'; this version knows 'relu', "
                      "'linear', {\"leaky-relu\": slope}, 'sigmoid', 'tanh'");
    refuse_activation("[\"tanh\", 4]", format,
                      "metadata 'activation', layer 1: expected a name or "
                      "{\"leaky-relu\": slope}");
    static const char *const slopes[] = {"{}", "{\"leaky-relu\": \"0.1\"}",
                                         "{\"leaky-relu\": 1e39}",
                                         "{\"leaky-relu\": 0.1, \"a\": 1}"};
    for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++) {
        char text[80];
        snprintf(text, sizeof text, "[\"tanh\", %s]", slopes[i]);
        refuse_activation(text, format, "metadata 'activation', layer 1: expected "
                                        "{\"leaky-relu\": slope} with a finite slope");
    }
    model m = deeper("[\"tanh\", \"relu\"]");
    add_pair(&m, "linear", "[0]");
    refuse(&m, "metadata 'linear': expected none beside activation '[\"tanh\", \"relu\"]'");
    m = deeper("tanh");
    add_pair(&m, "espalier", "2");
    refuse(&m, "metadata 'activation': expected 'relu' in format 2, found 'tanh'");
}

static void test_bad_scaling(void **state)
{
    (void)state;
    static const char expected[] = "metadata 'input_scaling': expected {\"shift\": …, \"scale\": …} "
                                   "with one number each or 3, found %zu and %zu";
    static const struct {
        const char *text;
        size_t shifts, scales;
    } cases[] = {
        {"", 0, 0},
        {"[1, 2]", 0, 0},
        {"{\"shift\": 1}", 1, 0},
        {"{\"shift\": \"1\", \"scale\": 1}", 0, 1},
        {"{\"shift\": [1, 2], \"scale\": [1, 2]}", 2, 2},
        {"{\"shift\": [1, 2, 3], \"scale\": 1}", 3, 1},
        {"{\"shift\": 1, \"shift\": 2, \"scale\": 1}", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, expected, cases[i].shifts, cases[i].scales);
        refuse_pair("input_scaling", cases[i].text, ESPALIER_ERROR_FORMAT, text);
    }
    refuse_pair("input_scaling", "{\"shift\": 1e39, \"scale\": 1}", ESPALIER_ERROR_FORMAT,
                "metadata 'input_scaling': expected finite numbers");
    refuse_pair("input_scaling", "{\"shift\": [1, true, 2], \"scale\": [1, 2, 3]}",
                ESPALIER_ERROR_FORMAT, "metadata 'input_scaling': expected finite numbers");
}

/* A number of inputs without counts, or counts of some layers only: not counted. */
static void test_incomplete_counts(void **state)
{
    (void)state;
    model m = plain();
    add_pair(&m, "inputs_counted", "50");
    espalier_network *network = accept(&m);
    assert_int_equal(espalier_network_inputs_counted(network), 0);
    espalier_network_destroy(network);
    safetensors_tensor *some = add(&m, "layers.0.activations", "I64", 2, 0, counts);
    network = accept(&m);
    assert_int_equal(espalier_network_inputs_counted(network), 50);
    espalier_network_destroy(network);
    add(&m, "layers.2.weight", "F32", 2, 2, second_weight);
    add(&m, "layers.2.bias", "F32", 2, 0, second_bias);
    for (int layer = 0; layer < 2; layer++) {
        some->name = layer ? "layers.1.activations" : "layers.0.activations";
        network = accept(&m);
        assert_int_equal(espalier_network_inputs_counted(network), 0);
        assert_int_equal(espalier_network_activations(network, 0)[0], 0);
        assert_int_equal(espalier_network_activations(network, 1)[0], 0);
        espalier_network_destroy(network);
    }
}

/* Any single byte changed, or any end cut off: an error or a valid network, and
 * nothing worse. */
static void test_damaged(void **state)
{
    (void)state;
    const int64_t kept[2] = {1, 6};
    model m = plain();
    add(&m, "layers.0.mask", "U8", 2, 3, first_mask);
    add(&m, "layers.0.activations", "I64", 2, 0, counts);
    add(&m, "layers.0.kept", "I64", 2, 0, kept);
    add_pair(&m, "classes", "[\"a\",\"b\"]");
    add_pair(&m, "input_scaling", "{\"shift\":0,\"scale\":1}");
    put(&m);
    size_t bytes, refused = 0;
    uint8_t *file = get_file(FILE_NAME, &bytes);
    draws d = {16, 0};
    for (size_t i = 0; i < 2 * bytes; i++) {
        espalier_network *network = NULL;
        espalier_error error = {0};
        uint8_t *place = file + i % bytes, old = *place;
        if (i < bytes)
            *place = (uint8_t)draw_below(&d, 256);
        put_file(FILE_NAME, file, i < bytes ? bytes : i - bytes);
        *place = old;
        espalier_status status = espalier_network_read(FILE_NAME, NULL, &network, &error);
        assert_int_equal(status == ESPALIER_OK, network != NULL);
        assert_int_equal(error.status, status);
        assert_true(i < bytes || status == ESPALIER_ERROR_FORMAT);
        refused += status != ESPALIER_OK;
        espalier_network_destroy(network);
    }
    assert_true(refused > bytes + bytes / 4 && refused < 2 * bytes);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_dict),       cmocka_unit_test(test_masks),
        cmocka_unit_test(test_other_floats),     cmocka_unit_test(test_missing_metadata),
        cmocka_unit_test(test_unknown_is_kept),  cmocka_unit_test(test_missing_tensors),
        cmocka_unit_test(test_shapes),           cmocka_unit_test(test_dtypes),
        cmocka_unit_test(test_values),           cmocka_unit_test(test_bad_metadata),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_linear_counts),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_bad_activations),
        cmocka_unit_test(test_bad_linear),
        cmocka_unit_test(test_bad_scaling),      cmocka_unit_test(test_incomplete_counts),
        cmocka_unit_test(test_damaged),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(FILE_NAME);
    return failed;
}
