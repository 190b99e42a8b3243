/* The ONNX file: unpacked again and computed node by node, it gives the network's scores. */
#include "espalier/export.h"

#include "net/networks.h"

#ifdef ESPALIER_HAVE_ONNX
#include "onnx/onnx.pb-c.h"

#define FILE_NAME "test_export_onnx.onnx"

static Onnx__ModelProto *export(const espalier_network *network, bool gather)
{
    static uint8_t bytes[1 << 18];
    espalier_export_options options = espalier_export_options_defaults();
    espalier_error error = {0};
    options.gather = gather;
    if (espalier_network_export(network, FILE_NAME, &options, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    FILE *file = fopen(FILE_NAME, "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, count, bytes);
    assert_non_null(model);
    return model;
}

static const Onnx__TensorProto *find(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0)
            return graph->initializer[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static float item(const Onnx__TensorProto *tensor, size_t index)
{
    float value;
    memcpy(&value, tensor->raw_data.data + index * sizeof value, sizeof value);
    return value;
}

static bool is(const Onnx__NodeProto *node, const char *operator)
{
    return strcmp(node->op_type, operator) == 0;
}

static const char *const operators[ESPALIER_ACTIVATION_COUNT] = {"Relu", NULL, "LeakyRelu",
                                                                 "Sigmoid", "Tanh"};

static size_t gather(const Onnx__TensorProto *indices, double *x)
{
    size_t count = (size_t)indices->dims[0];
    double y[64];
    for (size_t i = 0; i < count; i++) {
        int64_t index;
        memcpy(&index, indices->raw_data.data + i * sizeof index, sizeof index);
        assert_true(index >= 0 && index < 64);
        y[i] = x[index];
    }
    memcpy(x, y, count * sizeof *x);
    return count;
}

static void scale(const Onnx__NodeProto *node, const Onnx__TensorProto *by, size_t width, double *x)
{
    assert_int_equal(by->n_dims, 1);
    assert_true(by->dims[0] == 1 || by->dims[0] == (int64_t)width);
    for (size_t i = 0; i < width; i++) {
        double value = (double)item(by, by->dims[0] > 1 ? i : 0);
        x[i] = is(node, "Sub") ? x[i] - value : x[i] * value;
    }
}

static size_t multiply(const Onnx__GraphProto *graph, const Onnx__NodeProto *node, size_t width,
                       double *x)
{
    const Onnx__TensorProto *w = find(graph, node->input[1]), *b = find(graph, node->input[2]);
    size_t outputs = (size_t)w->dims[0];
    double y[64];
    assert_int_equal(node->n_attribute, 1);
    assert_string_equal(node->attribute[0]->name, "transB");
    assert_int_equal(node->attribute[0]->type, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    assert_int_equal(node->attribute[0]->i, 1);
    assert_int_equal(w->dims[1], width);
    assert_int_equal(b->dims[0], outputs);
    for (size_t o = 0; o < outputs; o++) {
        y[o] = (double)item(b, o);
        for (size_t i = 0; i < width; i++)
            y[o] += (double)item(w, o * width + i) * x[i];
    }
    memcpy(x, y, outputs * sizeof *x);
    return outputs;
}

static void activate(const Onnx__NodeProto *node, size_t width, double *x)
{
    espalier_activation activation = ESPALIER_ACTIVATION_COUNT;
    for (int a = 0; a < ESPALIER_ACTIVATION_COUNT; a++)
        if (operators[a] && is(node, operators[a]))
            activation = (espalier_activation)a;
    if (activation == ESPALIER_ACTIVATION_COUNT)
        fail_msg("node %s", node->op_type);
    float slope = 0.0f;
    assert_int_equal(node->n_attribute, activation == ESPALIER_LEAKY_RELU);
    if (node->n_attribute) {
        assert_string_equal(node->attribute[0]->name, "alpha");
        slope = node->attribute[0]->f;
    }
    for (size_t i = 0; i < width; i++)
        x[i] = function_at(activation, slope, x[i]);
}

/* Up to the softmax at its end; x has at least 64 places. */
static void run(const Onnx__GraphProto *graph, size_t width, double *x)
{
    const char *last = "x";
    for (size_t n = 0; n + 1 < graph->n_node; n++) {
        const Onnx__NodeProto *node = graph->node[n];
        assert_string_equal(node->input[0], last);
        last = node->output[0];
        if (is(node, "Gather"))
            width = gather(find(graph, node->input[1]), x);
        else if (is(node, "Sub") || is(node, "Mul"))
            scale(node, find(graph, node->input[1]), width, x);
        else if (is(node, "Gemm"))
            width = multiply(graph, node, width, x);
        else
            activate(node, width, x);
    }
    const Onnx__NodeProto *softmax = graph->node[graph->n_node - 1];
    assert_true(is(softmax, "Softmax"));
    assert_string_equal(softmax->input[0], last);
    assert_string_equal(softmax->output[0], "probabilities");
    assert_int_equal(softmax->attribute[0]->i, 1);
}

static void check(draws *d, const espalier_network *network, bool gathered)
{
    Onnx__ModelProto *model = export(network, gathered);
    size_t width = espalier_network_row_width(network), nodes = model->graph->n_node;
    double x[64], expected[64];
    float row[64];
    for (size_t i = 0; i < width; i++) {
        size_t pair = network->scaling_count > 1 ? i : 0;
        x[i] = (double)draw_float(d);
        row[i] = network->scaling_count
                     ? (float)((x[i] - (double)network->shift[pair]) * (double)network->scale[pair])
                     : (float)x[i];
    }
    run(model->graph, width, x);
    run_naively(network, row, expected);
    for (size_t o = 0; o < espalier_network_class_count(network); o++)
        if (fabs(x[o] - expected[o]) > 1e-4 * fmax(1.0, fabs(expected[o])))
            fail_msg("class %zu: %g, expected %g", o, x[o], expected[o]);
    assert_int_equal(is(model->graph->node[0], "Gather"), gathered && network->kept_inputs);
    assert_true(nodes >= network->layer_count + 1);
    onnx__model_proto__free_unpacked(model, NULL);
}

static void test_scores(void **state)
{
    (void)state;
    draws d = {23, 0};
    for (int round = 0; round < 60; round++) {
        espalier_network *network = draw_network(&d, 50), *small = NULL;
        if (round % 2)
            load_up(&d, network);
        assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
        check(&d, network, round % 4 < 2);
        check(&d, small, false);
        check(&d, small, true);
        espalier_network_destroy(network);
        espalier_network_destroy(small);
    }
}

static const char *metadata(const Onnx__ModelProto *model, const char *key)
{
    for (size_t i = 0; i < model->n_metadata_props; i++)
        if (strcmp(model->metadata_props[i]->key, key) == 0)
            return model->metadata_props[i]->value;
    return NULL;
}

static void test_what_travels(void **state)
{
    (void)state;
    const char *const names[] = {"left", NULL, "\"right\""};
    espalier_network *network = make_network((size_t[]){4, 3, 3}, 3);
    espalier_network_mask(network, 0)[2] = 0;
    assert_int_equal(espalier_network_set_class_names(network, names), ESPALIER_OK);
    assert_int_equal(espalier_network_set_metadata(network, "columns", "[1]"), ESPALIER_OK);
    assert_int_equal(espalier_network_set_metadata(network, "history", "[2]"), ESPALIER_OK);
    Onnx__ModelProto *model = export(network, false);
    assert_string_equal(metadata(model, "classes"), "[\"left\",\"1\",\"\\\"right\\\"\"]");
    assert_string_equal(metadata(model, "columns"), "[1]");
    assert_null(metadata(model, "history"));
    assert_non_null(strstr(model->doc_string, "2 layers and 21 weights, of which 1 are zero"));
    assert_string_equal(model->graph->input[0]->name, "x");
    assert_string_equal(model->graph->output[0]->name, "probabilities");
    assert_int_equal(model->graph->n_output, 1);
    onnx__model_proto__free_unpacked(model, NULL);
    espalier_network_destroy(network);
}

/* Of an imported network the metadata say whether its scaling is known. */
static void test_known_scaling(void **state)
{
    (void)state;
    static const float zero = 0, one = 1;
    for (int i = 0; i < 4; i++) {
        espalier_network *network = make_network((size_t[]){4, 3, 3}, 3);
        if (i & 1)
            assert_int_equal(espalier_network_set_metadata(network, "imported", "NumPy"), ESPALIER_OK);
        if (i & 2)
            assert_int_equal(espalier_network_set_scaling(network, 1, &zero, &one), ESPALIER_OK);
        Onnx__ModelProto *model = export(network, false);
        if (i == 3)
            assert_string_equal(metadata(model, "input_scaling"), "{\"shift\":0.0,\"scale\":1.0}");
        else
            assert_null(metadata(model, "input_scaling"));
        onnx__model_proto__free_unpacked(model, NULL);
        espalier_network_destroy(network);
    }
}

/* Scaling that changes nothing leaves no node. */
static void test_no_empty_steps(void **state)
{
    (void)state;
    static const struct {
        float shift, scale;
        const char *first;
    } cases[] = {{0, 1, "Gemm"}, {0, 2, "Mul"}, {1, 1, "Sub"}};
    espalier_network *network = make_network((size_t[]){2, 2}, 2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(espalier_network_set_scaling(network, 1, &cases[i].shift, &cases[i].scale),
                         ESPALIER_OK);
        Onnx__ModelProto *model = export(network, false);
        assert_string_equal(model->graph->node[0]->op_type, cases[i].first);
        assert_int_equal(model->graph->n_node, 2 + (i > 0));
        onnx__model_proto__free_unpacked(model, NULL);
    }
    espalier_network_destroy(network);
}

static void test_activations(void **state)
{
    (void)state;
    for (int a = 0; a < ESPALIER_ACTIVATION_COUNT; a++) {
        espalier_network *network = make_network((size_t[]){2, 3, 2}, 3);
        assert_int_equal(espalier_network_set_activation(network, 0, (espalier_activation)a, 0.125f,
                                                         NULL),
                         ESPALIER_OK);
        Onnx__ModelProto *model = export(network, false);
        assert_int_equal(model->graph->n_node, operators[a] ? 4 : 3);
        if (operators[a])
            assert_string_equal(model->graph->node[1]->op_type, operators[a]);
        if (a == ESPALIER_LEAKY_RELU) {
            assert_string_equal(model->graph->node[1]->attribute[0]->name, "alpha");
            assert_true(model->graph->node[1]->attribute[0]->f == 0.125f);
        }
        onnx__model_proto__free_unpacked(model, NULL);
        espalier_network_destroy(network);
    }
}

static void test_opset_out_of_range(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){2, 2}, 2);
    for (int opset = 8; opset <= 22; opset += 14) {
        espalier_export_options options = espalier_export_options_defaults();
        espalier_error error = {0};
        char expected[80];
        options.opset = opset;
        remove(FILE_NAME);
        assert_int_equal(espalier_network_export(network, FILE_NAME, &options, &error),
                         ESPALIER_ERROR_ARGUMENT);
        snprintf(expected, sizeof expected, "opset: expected 9 to 21, found %d", opset);
        assert_string_equal(error.message, expected);
        assert_int_not_equal(remove(FILE_NAME), 0);
    }
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores),         cmocka_unit_test(test_what_travels),
        cmocka_unit_test(test_known_scaling),
        cmocka_unit_test(test_no_empty_steps), cmocka_unit_test(test_activations),
        cmocka_unit_test(test_opset_out_of_range),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(FILE_NAME);
    return failed;
}

#else
static void test_says_so(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){2, 2}, 2);
    espalier_error error = {0};
    assert_int_equal(espalier_network_export(network, "none.onnx", NULL, &error),
                     ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "none.onnx: this build cannot write ONNX files"));
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_says_so)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
