/* The operators that are taken, one row each. */
#include "import/onnx_graph.h"

#include <string.h>

/* Which of the functions has to do with a node depends on its inputs:
 * labels among them, constants only, or else the rows on their way. */
static const struct {
    const char *domain, *op;
    size_t least, most;          /* inputs */
    take_function *on_rows;      /* NULL: has nothing to do with rows */
    take_function *on_constants; /* NULL: not worked out here */
    bool labels;                 /* may follow ArgMax */
} operators[] = {
    {"", "Gemm", 2, 3, take_gemm, NULL, false},
    {"", "MatMul", 2, 2, take_matmul, NULL, false},
    {"", "Add", 2, 2, take_add, fold_add, false},
    {"", "Sub", 2, 2, take_sub, fold_sub, false},
    {"", "Mul", 2, 2, take_mul, fold_mul, false},
    {"", "Div", 2, 2, take_div, fold_div, false},
    {"", "Neg", 1, 1, take_neg, NULL, false},
    {"", "BatchNormalization", 5, 5, take_batch_normalization, NULL, false},
    {"ai.onnx.ml", "Scaler", 1, 1, take_scaler, NULL, false},

    {"", "Relu", 1, 1, take_relu, NULL, false},
    {"", "LeakyRelu", 1, 1, take_leaky_relu, NULL, false},
    {"", "PRelu", 2, 2, take_prelu, NULL, false},
    {"", "Clip", 1, 3, take_clip, NULL, false},
    {"", "Sigmoid", 1, 1, take_sigmoid, NULL, false},
    {"", "Tanh", 1, 1, take_tanh, NULL, false},
    {"", "Softmax", 1, 1, take_softmax, NULL, false},
    {"", "LogSoftmax", 1, 1, take_log_softmax, NULL, false},

    {"", "Identity", 1, 1, take_same, fold_same, true},
    {"", "Dropout", 1, 3, take_dropout, NULL, false},
    {"", "Cast", 1, 1, take_cast, fold_same, true},
    {"", "Flatten", 1, 1, take_flatten, NULL, true},
    {"", "Reshape", 1, 2, take_reshape, fold_reshape, true},
    {"", "Squeeze", 1, 2, take_squeeze, fold_squeeze, true},
    {"", "Unsqueeze", 1, 2, take_unsqueeze, fold_unsqueeze, true},
    {"", "Transpose", 1, 1, take_transpose, fold_transpose, false},

    {"", "Constant", 0, 0, NULL, fold_constant, false},
    {"", "ConstantOfShape", 1, 1, NULL, fold_constant_of_shape, false},
    {"", "Shape", 1, 1, take_shape, take_shape, false},
    {"", "Gather", 2, 2, take_gather, fold_gather, true},
    {"", "Slice", 1, 5, NULL, fold_slice, false},
    {"", "Concat", 1, SIZE_MAX, take_concat, fold_concat, false},
    {"", "ReduceProd", 1, 2, NULL, fold_product, false},

    {"", "ArgMax", 1, 1, take_arg_max, NULL, false},
    {"ai.onnx.ml", "ZipMap", 1, 1, take_zip_map, NULL, false},
    {"ai.onnx.ml", "ArrayFeatureExtractor", 2, 2, take_extractor, NULL, true},
    {"ai.onnx.ml", "LabelEncoder", 1, 1, take_label_encoder, NULL, true},
};

enum { OPERATOR_COUNT = sizeof operators / sizeof *operators };

/* Operators that people ask for: why not, and what then. */
static const struct {
    const char *op, *why;
} reasons[] = {
    {"Conv", "convolutions are no fully connected layers"},
    {"ConvTranspose", "convolutions are no fully connected layers"},
    {"MaxPool", "pooling is no fully connected layer"},
    {"AveragePool", "pooling is no fully connected layer"},
    {"GlobalAveragePool", "pooling is no fully connected layer"},
    {"LSTM", "recurrent layers cannot be taken"},
    {"GRU", "recurrent layers cannot be taken"},
    {"RNN", "recurrent layers cannot be taken"},
    {"LayerNormalization", "its statistics are those of each row, so that it cannot be folded into a "
                           "layer"},
    {"QuantizeLinear", "quantised networks cannot be taken; export the network in float"},
    {"DequantizeLinear", "quantised networks cannot be taken; export the network in float"},
    {"QLinearMatMul", "quantised networks cannot be taken; export the network in float"},
    {"DynamicQuantizeLinear", "quantised networks cannot be taken; export the network in float"},
    {"If", "graphs with branches cannot be taken"},
    {"Loop", "graphs with loops cannot be taken"},
    {"Scan", "graphs with loops cannot be taken"},
    {"Elu", "this activation is not known; expected Relu, LeakyRelu, Sigmoid or Tanh"},
    {"Selu", "this activation is not known; expected Relu, LeakyRelu, Sigmoid or Tanh"},
    {"Gelu", "this activation is not known; expected Relu, LeakyRelu, Sigmoid or Tanh"},
    {"Erf", "this activation is not known; expected Relu, LeakyRelu, Sigmoid or Tanh"},
    {"Softplus", "this activation is not known; expected Relu, LeakyRelu, Sigmoid or Tanh"},
    {"HardSigmoid", "this activation is not known; expected Relu, LeakyRelu, Sigmoid or Tanh"},
    {"HardSwish", "this activation is not known; expected Relu, LeakyRelu, Sigmoid or Tanh"},
    {"TreeEnsembleClassifier", "trees are no networks"},
    {"LinearClassifier", "expected a network of Gemm or MatMul"},
};

static const char *reason_of(const onnx_node *node)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(node->op, reasons[i].op) == 0)
            return reasons[i].why;
    return NULL;
}

/* Names the node, or one of the graph that says more about what the network is: what leads
 * up to an LSTM (Expand, Slice) is nothing that people know their network by. */
static espalier_status unknown(const importer *in, const onnx_node *node)
{
    const onnx_node *named = node;
    for (size_t i = 0; !reason_of(named) && i < in->order_count; i++)
        if (reason_of(&in->file->nodes[in->order[i]]))
            named = &in->file->nodes[in->order[i]];
    if (reason_of(named))
        return graph_refuse(in, named, ESPALIER_ERROR_UNSUPPORTED, "%s", reason_of(named));
    return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                        "cannot be taken; expected fully connected layers and what "
                        "docs/networks.md lists");
}

/* What the inputs of a node are. */
typedef struct sorts {
    size_t constants, flows, labels, answers, nothing;
} sorts;

static sorts sorts_of(const importer *in, const onnx_node *node)
{
    sorts s = {0};
    for (size_t i = 0; i < node->input_count; i++) {
        const value v = graph_input(in, node, i);
        s.constants += v.kind == VALUE_CONSTANT;
        s.flows += v.kind == VALUE_FLOW;
        s.labels += v.kind == VALUE_ANSWER && v.answer == ANSWER_LABELS;
        s.answers += v.kind == VALUE_ANSWER && v.answer != ANSWER_LABELS;
        s.nothing += v.kind == VALUE_NONE && *node->inputs[i];
    }
    return s;
}

/* Operators behind the labels that tell the names of the classes. */
static bool names_classes(take_function *take)
{
    return take == take_extractor || take == take_label_encoder || take == take_gather;
}

espalier_status graph_take_node(importer *in, const onnx_node *node)
{
    size_t row = 0;
    while (row < OPERATOR_COUNT && (strcmp(operators[row].op, node->op) != 0 ||
                                    strcmp(operators[row].domain, node->domain) != 0))
        row++;
    if (row == OPERATOR_COUNT)
        return unknown(in, node);
    if (node->input_count < operators[row].least || node->input_count > operators[row].most)
        return graph_refuse(in, node, ESPALIER_ERROR_FORMAT, "%zu inputs; expected %zu to %zu",
                            node->input_count, operators[row].least, operators[row].most);
    const sorts s = sorts_of(in, node);
    if (s.nothing)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "one of its inputs is an output that its node does not give here");
    if (s.labels)
        return operators[row].labels && !s.flows && !s.answers
                   ? names_classes(operators[row].on_rows) ? operators[row].on_rows(in, node)
                                                           : take_labels(in, node)
                   : graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                                  "cannot be taken behind the labels");
    if (s.flows || s.answers)
        return operators[row].on_rows
                   ? operators[row].on_rows(in, node)
                   : graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                                  "cannot be taken on the rows' way through the network");
    return operators[row].on_constants
               ? operators[row].on_constants(in, node)
               : fold_nothing(in, node);
}
