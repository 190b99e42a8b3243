/* ONNX models that cannot be taken: graphs that are wrong, operators that are no layers.
 * Each message names operator and node; nothing is left, and nothing is taken that the
 * file does not warrant. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "base/test_allocator.h"
#include "format/test_files_onnx.h"
#include "import/models.h"

#define FILE_NAME "test_onnx_refused.onnx"

#ifdef ESPALIER_HAVE_ONNX

enum { BYTES_MOST = 4 << 20 };

static espalier_status open_file(const char *path, espalier_error *error)
{
    meter m = {0};
    const espalier_allocator allocator = meter_allocator(&m);
    espalier_network *network = NULL;
    espalier_status status = espalier_network_open(path, &allocator, &network, error);
    assert_int_equal(status == ESPALIER_OK, network != NULL);
    espalier_network_destroy(network);
    assert_int_equal(m.live, 0);
    assert_true(m.bytes < BYTES_MOST);
    return status;
}

static void refuse(const model_parts *m, espalier_status status, const char *fragment)
{
    espalier_error error = {0};
    put_model(FILE_NAME, m);
    espalier_status found = open_file(FILE_NAME, &error);
    if (found != status || !strstr(error.message, fragment) || strchr(error.message, '\n') ||
        !strstr(error.message, FILE_NAME ": "))
        fail_msg("expected %d '%s', found %d '%s'", status, fragment, found, error.message);
}

/* The small model with something done to it. */
static void refuse_edit(void (*edit)(model_parts *m), espalier_status status, const char *fragment)
{
    static model_parts m;
    small_model(&m);
    edit(&m);
    refuse(&m, status, fragment);
}

static void rename_node(wire *node, const char *op, const char *inputs, const char *outputs)
{
    static model_parts scratch;
    scratch.node_count = 0;
    scratch.nodes[0].count = 0;
    *node = *add_node(&scratch, op, inputs, outputs, NULL);
}

/* ---- graphs ------------------------------------------------------------------------- */

static void edit_nothing(model_parts *m) { (void)m; }
static void edit_circle(model_parts *m) { rename_node(&m->nodes[0], "Gemm", "h w1 b1", "a"); }
static void edit_self(model_parts *m) { rename_node(&m->nodes[1], "Relu", "h", "h"); }
static void edit_missing_weights(model_parts *m) { m->tensor_count = 2; }
static void edit_missing_input(model_parts *m) { rename_node(&m->nodes[1], "Relu", "nowhere", "h"); }
static void edit_no_output(model_parts *m) { m->output = NULL; }
static void edit_wrong_output(model_parts *m) { m->output = "z"; }
static void edit_made_twice(model_parts *m) { add_node(m, "Relu", "a", "h", NULL); }
static void edit_makes_input(model_parts *m) { add_node(m, "Relu", "a", "x", NULL); }
static void edit_makes_weights(model_parts *m) { add_node(m, "Relu", "a", "w2", NULL); }
static void edit_tensor_twice(model_parts *m) { add_floats(m, "w1", 2, DIMS(2, 3)); }
static void edit_constant_output(model_parts *m) { m->output = "w1"; }
static void edit_input_is_output(model_parts *m) { m->output = "x"; }
static void edit_no_opset(model_parts *m) { m->opset = 0; }
static void edit_old_opset(model_parts *m) { m->opset = 6; }
static void edit_negative_opset(model_parts *m) { m->opset = -1; }
static void edit_nameless_op(model_parts *m) { rename_node(&m->nodes[1], "", "a", "h"); }
static void edit_no_inputs(model_parts *m) { rename_node(&m->nodes[1], "Relu", "", "h"); }
static void edit_many_inputs(model_parts *m) { rename_node(&m->nodes[1], "Relu", "a a a", "h"); }
static void edit_left_out(model_parts *m) { rename_node(&m->nodes[1], "Relu", "-", "h"); }

static void edit_two_inputs(model_parts *m)
{
    const wire second = value_info("x2", 2, DIMS(-1, 2));
    put_wire(&m->more, 11, &second);
    rename_node(&m->nodes[0], "Gemm", "x w1 x2", "a");
}

static void edit_second_output(model_parts *m)
{
    wire output = {0};
    put_text(&output, 1, "h");
    put_wire(&m->more, 12, &output);
}

static void test_graphs(void **state)
{
    (void)state;
    static model_parts m;
    espalier_error error = {0};
    small_model(&m);
    edit_nothing(&m);
    put_model(FILE_NAME, &m);
    assert_int_equal(open_file(FILE_NAME, &error), ESPALIER_OK);
    refuse_edit(edit_circle, ESPALIER_ERROR_FORMAT, "the graph goes in a circle");
    refuse_edit(edit_self, ESPALIER_ERROR_FORMAT, "operator Relu (node 1): needs its own output");
    refuse_edit(edit_missing_weights, ESPALIER_ERROR_FORMAT,
                "operator Gemm (node 2): input 'w2' is made by no node");
    refuse_edit(edit_missing_input, ESPALIER_ERROR_FORMAT, "input 'nowhere' is made by no node");
    refuse_edit(edit_no_output, ESPALIER_ERROR_FORMAT, "no output");
    refuse_edit(edit_wrong_output, ESPALIER_ERROR_FORMAT, "output 'z' is made by no node");
    refuse_edit(edit_made_twice, ESPALIER_ERROR_FORMAT, "the name 'h' is given twice");
    refuse_edit(edit_makes_input, ESPALIER_ERROR_FORMAT, "the name 'x' is given twice");
    refuse_edit(edit_makes_weights, ESPALIER_ERROR_FORMAT, "the name 'w2' is given twice");
    refuse_edit(edit_tensor_twice, ESPALIER_ERROR_FORMAT, "the name 'w1' is given twice");
    refuse_edit(edit_constant_output, ESPALIER_ERROR_FORMAT, "no input of the graph leads");
    refuse_edit(edit_input_is_output, ESPALIER_ERROR_UNSUPPORTED, "found none");
    refuse_edit(edit_no_opset, ESPALIER_ERROR_UNSUPPORTED, "opset 0; expected 7 or newer");
    refuse_edit(edit_old_opset, ESPALIER_ERROR_UNSUPPORTED, "opset 6; expected 7 or newer");
    refuse_edit(edit_negative_opset, ESPALIER_ERROR_UNSUPPORTED, "opset -1; expected 7");
    refuse_edit(edit_nameless_op, ESPALIER_ERROR_UNSUPPORTED, "without a name");
    refuse_edit(edit_no_inputs, ESPALIER_ERROR_FORMAT, "no input of the graph leads");
    refuse_edit(edit_many_inputs, ESPALIER_ERROR_FORMAT, "3 inputs; expected 1");
    refuse_edit(edit_left_out, ESPALIER_ERROR_FORMAT, "no input of the graph leads");
    refuse_edit(edit_two_inputs, ESPALIER_ERROR_UNSUPPORTED, "several inputs, 'x' and 'x2'");
    refuse_edit(edit_second_output, ESPALIER_ERROR_UNSUPPORTED,
                "output 'h' does not come out of the last layer");
}

/* A chain of more nodes than any network has, in one file, and found without recursion. */
static void test_long_chain(void **state)
{
    (void)state;
    enum { NODES = 5000 };
    static uint8_t bytes[NODES * 40 + 400];
    static model_parts m;
    char name[16], from[16];
    size_t used = 0;
    static wire graph, model;
    small_model(&m);
    m.node_count = 0;
    m.output = "n4999";
    graph = graph_of(&m);
    for (int i = 0; i < NODES; i++) {
        static model_parts one;
        one.node_count = 0;
        one.nodes[0].count = 0;
        snprintf(name, sizeof name, "n%d", i);
        snprintf(from, sizeof from, i ? "n%d" : "x", i - 1);
        const wire *node = add_node(&one, "Identity", from, name, NULL);
        wire field = {0};
        put_wire(&field, 1, node);
        memcpy(bytes + used, field.bytes, field.count);
        used += field.count;
    }
    static uint8_t file[sizeof bytes + 2 * WIRE_MOST];
    model.count = 0;
    put_int(&model, 1, 7);
    put_varint(&model, 7 << 3 | 2);
    put_varint(&model, used + graph.count);
    memcpy(file, model.bytes, model.count);
    memcpy(file + model.count, bytes, used);
    memcpy(file + model.count + used, graph.bytes, graph.count);
    size_t count = model.count + used + graph.count;
    model.count = 0;
    wire opset = {0};
    put_int(&opset, 2, 13);
    put_wire(&model, 8, &opset);
    memcpy(file + count, model.bytes, model.count);
    put_file(FILE_NAME, file, count + model.count);
    espalier_error error = {0};
    espalier_network *network = NULL;
    espalier_network_open(FILE_NAME, NULL, &network, &error);
    if (!strstr(error.message, "more than 4096 nodes"))
        fail_msg("%s", error.message);
}

/* ---- operators -------------------------------------------------------------------------- */

/* The activation's node replaced by another. */
static void refuse_middle(const char *op, const char *inputs, const char *fragment)
{
    static model_parts m;
    small_model(&m);
    rename_node(&m.nodes[1], op, inputs, "h");
    add_floats(&m, "c", 1, DIMS(3));
    add_floats(&m, "wide", 1, DIMS(5));
    add_floats(&m, "square", 2, DIMS(3, 3));
    refuse(&m, ESPALIER_ERROR_UNSUPPORTED, fragment);
}

static void test_operators(void **state)
{
    (void)state;
    refuse_middle("Conv", "a c", "operator Conv (node 1): convolutions are no fully connected");
    refuse_middle("LSTM", "a c", "recurrent");
    refuse_middle("If", "a", "branches");
    refuse_middle("QLinearMatMul", "a c", "quantised");
    refuse_middle("Gelu", "a", "this activation is not known");
    refuse_middle("Frobnicate", "a", "operator Frobnicate (node 1): cannot be taken");
    refuse_middle("Softmax", "a", "a layer cannot follow Softmax");
    refuse_middle("ArgMax", "a", "axis is not that of the classes");
    refuse_middle("Clip", "a", "bounds other than 0");
    refuse_middle("PRelu", "a c", "a slope for each neuron");
    refuse_middle("Add", "a a", "joins two ways");
    refuse_middle("Add", "a wide", "a constant of shape [5] does not go with rows of 3 values");
    refuse_middle("Add", "a square", "a constant of shape [3, 3] does not go with rows");
    refuse_middle("Div", "c a", "divides by the rows");
    refuse_middle("MatMul", "a a", "expected the rows and a constant matrix");
    refuse_middle("MatMul", "square a", "weights on the left of rows");
    refuse_middle("Concat", "a a", "joins several ways");
    refuse_middle("Gather", "a c", "expected it to pick inputs of the rows");
    refuse_middle("Reshape", "a c", "its shape is no constant");
    refuse_middle("Transpose", "a", "the product would go over the rows");
    refuse_middle("ConstantOfShape", "a", "cannot be taken on the rows' way");
    refuse_middle("BatchNormalization", "a c c square c", "input 3 is no constant");
}

/* What leads up to an LSTM is not what the network is known by. */
static void test_operator_behind_an_unknown_one(void **state)
{
    (void)state;
    static model_parts m;
    small_model(&m);
    rename_node(&m.nodes[0], "Expand", "x b1", "a");
    rename_node(&m.nodes[1], "LSTM", "a w1", "h");
    refuse(&m, ESPALIER_ERROR_UNSUPPORTED, "operator LSTM (node 1): recurrent");
}

static void test_named_node(void **state)
{
    (void)state;
    static model_parts m;
    small_model(&m);
    rename_node(&m.nodes[1], "Conv", "a w1", "h");
    put_text(&m.nodes[1], 3, "features.0");
    put_text(&m.nodes[1], 7, "com.example");
    refuse(&m, ESPALIER_ERROR_UNSUPPORTED, "operator com.example.Conv (node 'features.0'): ");
}

static void edit_skip(model_parts *m)
{
    add_node(m, "Add", "y a", "z", NULL);
    m->output = "z";
}

static void edit_fork(model_parts *m)
{
    add_node(m, "Tanh", "a", "t", NULL);
    add_node(m, "Gemm", "t w2 b2", "z", NULL);
    add_node(m, "Add", "y z", "s", NULL);
    m->output = "s";
}

static void edit_relu_twice(model_parts *m)
{
    rename_node(&m->nodes[2], "Relu", "h", "y");
}

static void edit_relu_last(model_parts *m)
{
    add_node(m, "Relu", "y", "z", NULL);
    m->output = "z";
}

static void edit_sigmoids(model_parts *m)
{
    add_node(m, "Sigmoid", "y", "z", NULL);
    m->output = "z";
}

static void edit_scaled_last(model_parts *m)
{
    add_node(m, "Tanh", "y", "t", NULL);
    add_node(m, "Mul", "t b2", "z", NULL);
    m->output = "z";
}

static void edit_relu_first(model_parts *m)
{
    rename_node(&m->nodes[0], "Relu", "x", "a");
    rename_node(&m->nodes[1], "Gemm", "a w1 b1", "h");
}

static void edit_one_output(model_parts *m)
{
    m->tensors[2] = tensor_floats("w2", 2, DIMS(3, 1));
    m->tensors[3] = tensor_floats("b2", 1, DIMS(1));
}

static void edit_unchained(model_parts *m)
{
    m->tensors[2] = tensor_floats("w2", 2, DIMS(4, 2));
}

static void edit_wide_input(model_parts *m)
{
    m->width = 7;
}

static void edit_huge_input(model_parts *m)
{
    m->width = INT64_MAX;
}

static void edit_vast_input(model_parts *m)
{
    m->width = 1 << 24;
    rename_node(&m->nodes[0], "Add", "x w1", "a");
}

static void edit_turned_rows(model_parts *m)
{
    put_attribute_int(&m->nodes[0], "transA", 1);
}

static void edit_weights_vector(model_parts *m)
{
    m->tensors[0] = tensor_floats("w1", 1, DIMS(6));
}

static void edit_no_weights(model_parts *m)
{
    m->tensors[0] = tensor_floats("w1", 2, DIMS(2, 0));
}

static void edit_text_weights(model_parts *m)
{
    m->tensors[0] = tensor_head("w1", 8, 2, DIMS(1, 1));
    put_text(&m->tensors[0], 6, "a");
}

static void edit_infinite(model_parts *m)
{
    put_attribute_float(&m->nodes[0], "alpha", INFINITY);
}

static void edit_nan(model_parts *m)
{
    put_attribute_float(&m->nodes[2], "beta", NAN);
}

static void edit_divides_by_zero(model_parts *m)
{
    m->tensors[1] = tensor_floats("b1", 1, DIMS(5)); /* -1, -0.75, -0.5, -0.25, 0 */
    m->width = 5;
    add_node(m, "Div", "x b1", "d", NULL);
    rename_node(&m->nodes[0], "Gemm", "d w1", "a");
}

static void edit_cast_to_integer(model_parts *m)
{
    rename_node(&m->nodes[1], "Cast", "a", "h");
    put_attribute_int(&m->nodes[1], "to", 7);
}

static void edit_cut_rows(model_parts *m)
{
    wire t = tensor_head("to", 7, 1, DIMS(2));
    const int64_t shape[2] = {-1, 1};
    put_bytes(&t, 9, shape, sizeof shape);
    add_tensor(m, &t);
    rename_node(&m->nodes[1], "Reshape", "a to", "h");
}

static void edit_training_norm(model_parts *m)
{
    rename_node(&m->nodes[1], "BatchNormalization", "a b1 b1 b1 b1", "h");
    put_attribute_int(&m->nodes[1], "training_mode", 1);
}

static void edit_negative_variance(model_parts *m)
{
    rename_node(&m->nodes[1], "BatchNormalization", "a b1 b1 b1 b1", "h");
}

static void edit_softmax_axis(model_parts *m)
{
    put_attribute_int(add_node(m, "Softmax", "y", "p", NULL), "axis", 0);
    m->output = "p";
}

static void edit_few_names(model_parts *m)
{
    wire names = {0}, *zip = add_node(m, "ZipMap", "y", "p", NULL);
    put_text(&names, 1, "classlabels_strings");
    put_text(&names, 9, "only");
    put_int(&names, 20, 8);
    put_wire(zip, 5, &names);
    put_text(zip, 7, "ai.onnx.ml");
    m->output = "p";
}

static void name_classes(model_parts *m, const char *first, const char *second)
{
    wire names = {0}, *zip = add_node(m, "ZipMap", "y", "p", NULL);
    put_text(&names, 1, "classlabels_strings");
    put_text(&names, 9, first);
    put_text(&names, 9, second);
    put_int(&names, 20, 8);
    put_wire(zip, 5, &names);
    put_text(zip, 7, "ai.onnx.ml");
    m->output = "p";
}

static void edit_wrong_names(model_parts *m)
{
    name_classes(m, "good", "\xff\xfe");
}

static void edit_same_names(model_parts *m)
{
    name_classes(m, "crane", "crane");
}

/* p and 1 - p of one sigmoid: which is that of the second class? */
static void edit_both_orders(model_parts *m)
{
    wire output = {0}, one = tensor_head("one", 1, 0, NULL);
    edit_one_output(m);
    put_bytes(&one, 9, &(float){1}, sizeof(float));
    add_tensor(m, &one);
    add_node(m, "Sigmoid", "y", "p", NULL);
    add_node(m, "Sub", "one p", "q", NULL);
    m->output = "p";
    put_text(&output, 1, "q");
    put_wire(&m->more, 12, &output);
}

/* x in the shape that an operator makes of its own, d, and c. */
static void shape_by(model_parts *m, const char *op, const char *inputs, int64_t first, int64_t second)
{
    wire t = tensor_head("c", 7, 1, DIMS(2));
    put_bytes(&t, 9, (const int64_t[]){first, second}, 2 * sizeof first);
    add_tensor(m, &t);
    add_node(m, "Shape", "x", "d", NULL);
    add_node(m, op, inputs, "to", NULL);
    add_node(m, "Reshape", "x to", "u", NULL);
    rename_node(&m->nodes[0], "Gemm", "u w1 b1", "a");
}

static void edit_many_rows(model_parts *m) { shape_by(m, "Mul", "d c", 2, 1); }
static void edit_rows_less(model_parts *m) { shape_by(m, "Sub", "c d", 0, 4); }
static void edit_remainder(model_parts *m) { shape_by(m, "Div", "d c", 1, 3); }
static void edit_by_zero(model_parts *m) { shape_by(m, "Div", "d c", 1, 0); }
static void edit_vast_product(model_parts *m) { shape_by(m, "Mul", "d c", 1, INT64_MAX); }
static void edit_vast_sum(model_parts *m) { shape_by(m, "Add", "d c", 0, INT64_MAX); }
static void edit_unlike_lists(model_parts *m) { shape_by(m, "Add", "d b1", 0, 0); }
static void edit_cut_in_half(model_parts *m) { shape_by(m, "Sub", "d c", 0, 1); }
static void edit_no_rows(model_parts *m) { shape_by(m, "ReduceProd", "d", 0, 0); }
static void edit_right_shape(model_parts *m) { shape_by(m, "Add", "d c", 0, 0); }

static void edit_counted_rows(model_parts *m)
{
    add_node(m, "Shape", "x", "d", NULL);
    add_node(m, "Div", "a d", "n", NULL);
    rename_node(&m->nodes[1], "Relu", "n", "h");
}

static void edit_computed_weights(model_parts *m)
{
    add_node(m, "MatMul", "w1 w2", "v", NULL);
    rename_node(&m->nodes[2], "Gemm", "h v", "y");
}

static void edit_scaled_weights(model_parts *m)
{
    add_node(m, "Mul", "w2 b2", "v", NULL);
    rename_node(&m->nodes[2], "Gemm", "h v", "y");
}

static void open_input(model_parts *m)
{
    static wire input;
    input = value_info("x", 3, DIMS(-1, -1, 2));
    m->input = &input;
}

static void edit_open_flat(model_parts *m)
{
    open_input(m);
    add_node(m, "Flatten", "x", "u", NULL);
    rename_node(&m->nodes[0], "Gemm", "u w1 b1", "a");
}

static void edit_open_spread(model_parts *m)
{
    edit_open_flat(m);
    add_node(m, "Sub", "x b2", "s", NULL);
    rename_node(&m->nodes[3], "Flatten", "s", "u");
}

static void edit_open_shape(model_parts *m)
{
    edit_right_shape(m);
    open_input(m);
}

static void test_computed_shapes(void **state)
{
    (void)state;
    static model_parts m;
    const espalier_status no = ESPALIER_ERROR_UNSUPPORTED;
    espalier_error error = {0};
    small_model(&m);
    edit_right_shape(&m);
    put_model(FILE_NAME, &m);
    if (open_file(FILE_NAME, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    refuse_edit(edit_many_rows, no, "operator Mul (node 4): of a shape's numbers does not give");
    refuse_edit(edit_rows_less, no, "operator Sub (node 4): of a shape's numbers");
    refuse_edit(edit_remainder, no, "operator Div (node 4): of a shape's numbers");
    refuse_edit(edit_by_zero, no, "operator Div (node 4): of a shape's numbers");
    refuse_edit(edit_vast_product, no, "operator Mul (node 4): of a shape's numbers");
    refuse_edit(edit_vast_sum, no, "operator Add (node 4): of a shape's numbers");
    refuse_edit(edit_unlike_lists, no, "operator Add (node 4): of constants alone is not worked out");
    refuse_edit(edit_cut_in_half, no, "would mix rows");
    refuse_edit(edit_no_rows, no, "operator ReduceProd (node 4): of constants alone");
    refuse_edit(edit_counted_rows, no, "operator Div (node 4): an open number of rows; expected");
    refuse_edit(edit_computed_weights, no, "operator MatMul (node 3): of constants alone is not worked "
                                           "out here; simplify the file (onnxsim), or in PyTorch "
                                           "remove spectral_norm");
    refuse_edit(edit_scaled_weights, no, "operator Mul (node 3): of constants alone");
    refuse_edit(edit_open_flat, no, "operator Flatten (node 3): input 'x' of the graph has open "
                                    "dimensions besides the first; expected fixed ones");
    refuse_edit(edit_open_spread, no, "operator Sub (node 4): input 'x' of the graph has open");
    refuse_edit(edit_open_shape, no, "operator Shape (node 3): input 'x' of the graph has open");
}

static void test_networks(void **state)
{
    (void)state;
    const espalier_status no = ESPALIER_ERROR_UNSUPPORTED, bad = ESPALIER_ERROR_FORMAT;
    refuse_edit(edit_skip, no, "joins two ways");
    refuse_edit(edit_fork, no, "the graph forks");
    refuse_edit(edit_relu_twice, no, "operator Relu (node 2): a second activation");
    refuse_edit(edit_relu_last, no, "ends in activation 'relu'");
    refuse_edit(edit_sigmoids, no, "ends in Sigmoid over 2 outputs");
    refuse_edit(edit_scaled_last, no, "ends in activation 'tanh'");
    refuse_edit(edit_relu_first, no, "an activation of the inputs");
    refuse_edit(edit_one_output, no, "ends in one output without Sigmoid");
    refuse_edit(edit_unchained, bad, "weights 'w2' for rows of 4 values; expected 3");
    refuse_edit(edit_wide_input, bad, "weights 'w1' for rows of 2 values; expected 7");
    refuse_edit(edit_huge_input, no, "expected [rows, inputs] with 1 to 2^24");
    refuse_edit(edit_vast_input, no, "does not go with rows of 16777216 values");
    refuse_edit(edit_turned_rows, no, "transA: the product would go over the rows");
    refuse_edit(edit_weights_vector, no, "weights that are no matrix");
    refuse_edit(edit_no_weights, no, "a width that is not from 1");
    refuse_edit(edit_text_weights, no, "weights that are no matrix of numbers");
    refuse_edit(edit_infinite, bad, "expected a finite float32");
    refuse_edit(edit_nan, bad, "tensor 'w2', place 0: NaN; expected a finite float32");
    refuse_edit(edit_divides_by_zero, bad, "makes an infinite number");
    refuse_edit(edit_cast_to_integer, no, "to INT64 makes whole numbers");
    refuse_edit(edit_cut_rows, no, "would mix rows");
    refuse_edit(edit_training_norm, no, "model.eval()");
    refuse_edit(edit_negative_variance, bad, "a scale that is not finite");
    refuse_edit(edit_softmax_axis, no, "axis is not that of the classes");
    refuse_edit(edit_both_orders, no, "outputs 'p' and 'q' have the two classes in different orders");
    refuse_edit(edit_few_names, bad, "1 class names; expected 2");
    refuse_edit(edit_wrong_names, bad, "class names: expected UTF-8, and a name of its own for each");
    refuse_edit(edit_same_names, bad, "a name of its own for each class");
}

/* One small tensor as the weights of many layers would fill the memory. */
static void test_shared_weights(void **state)
{
    (void)state;
    enum { WIDTH = 50 };
    static model_parts m;
    static uint8_t tensor[WIDTH * WIDTH];
    memset(&m, 0, sizeof m);
    m.opset = 13;
    m.width = WIDTH;
    m.output = "y";
    wire t = tensor_head("i", 3, 2, DIMS(WIDTH, WIDTH)); /* INT8: as small as weights can be */
    put_bytes(&t, 9, tensor, sizeof tensor);
    add_tensor(&m, &t);
    put_attribute_int(add_node(&m, "Cast", "i", "w", NULL), "to", 1);
    for (int i = 0; i < 8; i++) {
        char from[8], to[8], inputs[16];
        snprintf(from, sizeof from, i ? "n%d" : "x", i - 1);
        snprintf(to, sizeof to, i < 7 ? "n%d" : "y", i);
        snprintf(inputs, sizeof inputs, "%s w", from);
        add_node(&m, "MatMul", inputs, to, NULL);
    }
    refuse(&m, ESPALIER_ERROR_UNSUPPORTED, "so many copies of them cannot be taken");
}

/* ---- damaged files ------------------------------------------------------------------------- */

static const char *const samples[] = {"sklearn_binary", "reshape_computed", "batch_norms",
                                      "columns",        "torch_normalised", "gemm_all",
                                      "reshape_sums"};
enum { SAMPLES = sizeof samples / sizeof *samples };

/* A file in memory, for there are a hundred thousand of them. */
static void try_bytes(const uint8_t *bytes, size_t count)
{
    char path[64];
    espalier_error error = {0};
    int file = memfd_create("model", MFD_CLOEXEC);
    assert_true(file >= 0 && write(file, bytes, count) == (ssize_t)count);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    espalier_status status = open_file(path, &error);
    close(file);
    assert_int_equal(status, error.status);
    assert_null(strchr(error.message, '\n'));
    assert_int_not_equal(status, ESPALIER_ERROR_ARGUMENT);
}

static void test_truncations(void **state)
{
    (void)state;
    char path[MODEL_PATH_BYTES];
    for (size_t s = 0; s < SAMPLES; s++) {
        size_t count;
        assert_true(model_path(samples[s], ".onnx", path));
        uint8_t *bytes = get_file(path, &count);
        for (size_t cut = 0; cut < count; cut++)
            try_bytes(bytes, cut);
        free(bytes);
    }
}

static void test_bit_flips(void **state)
{
    (void)state;
    char path[MODEL_PATH_BYTES];
    for (size_t s = 0; s < SAMPLES; s++) {
        size_t count;
        assert_true(model_path(samples[s], ".onnx", path));
        uint8_t *bytes = get_file(path, &count);
        for (size_t bit = 0; bit < 8 * (count < 2048 ? count : 2048); bit++) {
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            try_bytes(bytes, count);
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(bytes);
    }
}

/* Each allocation refused in turn: an error, and nothing left. */
static void test_no_memory(void **state)
{
    (void)state;
    char path[MODEL_PATH_BYTES];
    for (size_t s = 0; s < SAMPLES; s++) {
        assert_true(model_path(samples[s], ".onnx", path));
        for (size_t refused = 1;; refused++) {
            meter m = {.refuse_from = refused};
            const espalier_allocator allocator = meter_allocator(&m);
            espalier_network *network = NULL;
            espalier_error error = {0};
            espalier_status status = espalier_network_open(path, &allocator, &network, &error);
            espalier_network_destroy(network);
            assert_int_equal(m.live, 0);
            assert_int_equal(status, m.requests < refused ? ESPALIER_OK : ESPALIER_ERROR_MEMORY);
            if (m.requests < refused)
                break;
        }
    }
    remove(FILE_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graphs),         cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_operators),      cmocka_unit_test(test_named_node),
        cmocka_unit_test(test_operator_behind_an_unknown_one),
        cmocka_unit_test(test_computed_shapes),
        cmocka_unit_test(test_networks),       cmocka_unit_test(test_shared_weights),
        cmocka_unit_test(test_truncations),    cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 0;
}

#endif
