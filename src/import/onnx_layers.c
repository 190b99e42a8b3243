/* Layers: Gemm and MatMul, and where what is affine beside them goes. */
#include "import/onnx_graph.h"

#include "base/memory.h"
#include "format/safetensors.h"
#include "net/network.h"

/* ---- the layer ------------------------------------------------------------------ */

void graph_finish_layer(importer *in)
{
    if (in->pieces.count == 0) {
        in->pieces.inputs = in->affine; /* the pieces own it now */
        in->affine = (affine){0};
        return;
    }
    piece *last = &in->pieces.layers[in->pieces.count - 1];
    last->activation = in->stage == STAGE_ACTIVATED ? in->activation : ESPALIER_LINEAR;
    last->slope = in->stage == STAGE_ACTIVATED ? in->slope : 0;
    if (in->stage == STAGE_PLAIN) {
        affine_into_outputs(&in->affine, last);
        affine_clear(in->allocator, &in->affine);
    }
}

/* Weights as they stand in the constant, c[i][o] or with `turned` c[o][i], times alpha. */
static void copy_weights(const constant *c, bool turned, double alpha, piece *layer)
{
    for (size_t o = 0; o < layer->outputs; o++)
        for (size_t i = 0; i < layer->inputs; i++)
            layer->weights[o * layer->inputs + i] =
                alpha * constant_number(c, turned ? o * layer->inputs + i : i * layer->outputs + o);
}

static espalier_status check_weights(const importer *in, const onnx_node *node, const flow *f,
                                     const constant *c, size_t inputs, size_t outputs)
{
    const char *fault = NULL;
    if (c->rank != 2 || !constant_is_numeric(c) || !c->tensor)
        fault = "weights that are no matrix of numbers";
    else if (inputs < 1 || inputs > NETWORK_WIDTH_MOST || outputs < 1 || outputs > NETWORK_WIDTH_MOST)
        fault = "weights with a width that is not from 1 to 2^24";
    if (fault)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED, "%s", fault);
    if (f->known && flow_width(f) != inputs)
        return graph_refuse(in, node, ESPALIER_ERROR_FORMAT,
                            "weights '%s' for rows of %zu values; expected %zu",
                            safetensors_show(c->tensor->name).text, inputs, flow_width(f));
    /* One small tensor used a thousand times must not fill the memory. */
    if (in->weights + (uint64_t)inputs * outputs > in->file->bytes)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "its weights are those of other layers, too, and so many copies of them "
                            "cannot be taken");
    return ESPALIER_OK;
}

/* Adds a layer with the weights and gives the flow behind it. */
static espalier_status add_layer(importer *in, const onnx_node *node, const flow *f,
                                 const constant *c, bool out_first, double alpha, flow *behind)
{
    size_t inputs = (size_t)c->dims[out_first ? 1 : 0], outputs = (size_t)c->dims[out_first ? 0 : 1];
    espalier_status status = flow_check(in, node, f);
    if (status == ESPALIER_OK)
        status = check_weights(in, node, f, c, inputs, outputs);
    if (status != ESPALIER_OK)
        return status;
    graph_finish_layer(in);
    piece *layer = pieces_add(&in->pieces, inputs, outputs);
    if (!layer)
        return error_memory(in->error);
    in->weights += (uint64_t)inputs * outputs;
    layer->name = c->tensor->name;
    copy_weights(c, out_first, alpha, layer);
    affine_into_inputs(&in->affine, layer); /* what followed the last activation */
    affine_clear(in->allocator, &in->affine);
    in->stage = STAGE_PLAIN;
    *behind = *f;
    behind->known = true;
    behind->tick = ++in->tick;
    behind->dims[f->turned ? 0 : f->rank - 1] = (int64_t)outputs;
    return ESPALIER_OK;
}

/* Rows must be flat: only then is the product with a matrix that with each row. */
static espalier_status check_flat(const importer *in, const onnx_node *node, const flow *f)
{
    bool flat = f->rank >= 2;
    for (size_t i = 1; flat && i + 1 < f->rank; i++)
        flat = f->dims[i] == 1;
    return flat ? ESPALIER_OK
                : graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                               "expected rows that were flattened, [rows, inputs]; found %zu "
                               "dimensions", f->rank);
}

static espalier_status is_no_layer(const importer *in, const onnx_node *node)
{
    if (graph_input(in, node, 0).kind == VALUE_ANSWER || graph_input(in, node, 1).kind == VALUE_ANSWER)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "a layer cannot follow Softmax or another end of the network");
    return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                        "expected the rows and a constant matrix of weights, found two that both "
                        "come out of the graph");
}

espalier_status take_matmul(importer *in, const onnx_node *node)
{
    const value a = graph_input(in, node, 0), b = graph_input(in, node, 1);
    value out = {.kind = VALUE_FLOW};
    bool left = a.kind == VALUE_FLOW && b.kind == VALUE_CONSTANT;
    if (!left && !(a.kind == VALUE_CONSTANT && b.kind == VALUE_FLOW))
        return is_no_layer(in, node);
    const flow *f = left ? &a.flow : &b.flow;
    espalier_status status = check_flat(in, node, f);
    if (status == ESPALIER_OK && left == f->turned)
        status = graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                              left ? "weights on the right of columns; expected them on the left"
                                   : "weights on the left of rows; expected them on the right");
    if (status == ESPALIER_OK)
        status = add_layer(in, node, f, left ? &b.constant : &a.constant, !left, 1, &out.flow);
    return status == ESPALIER_OK ? graph_give(in, node, &out) : status;
}

/* Y = alpha A' B' + beta C, A' and B' transposed as asked. */
static espalier_status add_beta_c(importer *in, const onnx_node *node, const flow *f)
{
    const value c = graph_input(in, node, 2);
    double beta = (double)graph_attribute_float(node, "beta", 1), *numbers = NULL;
    size_t count = 0;
    value out = {.kind = VALUE_FLOW, .flow = *f};
    if (c.kind == VALUE_NONE || beta == 0)
        return graph_give(in, node, &out);
    if (c.kind != VALUE_CONSTANT)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED, "its C is no constant");
    espalier_status status = flow_spread(in, node, f, &c.constant, &numbers, &count);
    for (size_t i = 0; status == ESPALIER_OK && i < count; i++)
        numbers[i] *= beta;
    if (status == ESPALIER_OK)
        status = graph_follow(in, node, f, NULL, 1, numbers, count);
    memory_release(in->allocator, numbers);
    return status;
}

espalier_status take_gemm(importer *in, const onnx_node *node)
{
    const value a = graph_input(in, node, 0), b = graph_input(in, node, 1);
    bool turn_a = graph_attribute(node, "transA", 0) != 0;
    bool turn_b = graph_attribute(node, "transB", 0) != 0;
    double alpha = (double)graph_attribute_float(node, "alpha", 1);
    bool left = a.kind == VALUE_FLOW && b.kind == VALUE_CONSTANT;
    if (!left && !(a.kind == VALUE_CONSTANT && b.kind == VALUE_FLOW))
        return is_no_layer(in, node);
    flow f = left ? a.flow : b.flow, behind;
    if (f.rank != 2)
        return check_flat(in, node, &f) == ESPALIER_OK
                   ? graph_refuse(in, node, ESPALIER_ERROR_FORMAT, "expected two dimensions, found "
                                                                   "%zu", f.rank)
                   : ESPALIER_ERROR_UNSUPPORTED;
    if (left ? turn_a : turn_b) {
        int64_t rows = f.dims[0];
        f.dims[0] = f.dims[1];
        f.dims[1] = rows;
        f.turned = !f.turned;
    }
    if (left == f.turned)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "trans%c: the product would go over the rows, not over their values",
                            left ? 'A' : 'B');
    /* x W is weights [in, out]; W x is weights [out, in]. */
    espalier_status status = add_layer(in, node, &f, left ? &b.constant : &a.constant,
                                       left ? turn_b : !turn_a, alpha, &behind);
    return status == ESPALIER_OK ? add_beta_c(in, node, &behind) : status;
}
