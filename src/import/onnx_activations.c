/* Activations behind a layer. */
#include "import/onnx_graph.h"

#include <float.h>

static espalier_status activate(importer *in, const onnx_node *node, espalier_activation activation,
                                float slope)
{
    value v = graph_input(in, node, 0);
    if (v.kind != VALUE_FLOW)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "cannot follow Softmax or another end of the network");
    espalier_status status = flow_check(in, node, &v.flow);
    if (status != ESPALIER_OK)
        return status;
    if (in->pieces.count == 0 || in->stage == STAGE_ACTIVATED)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            in->pieces.count ? "a second activation behind the same layer"
                                             : "an activation of the inputs, before any layer");
    graph_finish_layer(in);
    in->stage = STAGE_ACTIVATED;
    in->activation = activation;
    in->slope = slope;
    v.flow.tick = ++in->tick;
    return graph_give(in, node, &v);
}

espalier_status take_relu(importer *in, const onnx_node *node)
{
    return activate(in, node, ESPALIER_RELU, 0);
}

espalier_status take_leaky_relu(importer *in, const onnx_node *node)
{
    return activate(in, node, ESPALIER_LEAKY_RELU, graph_attribute_float(node, "alpha", 0.01f));
}

/* LeakyRelu, if its slopes are all the same. */
espalier_status take_prelu(importer *in, const onnx_node *node)
{
    const value slope = graph_input(in, node, 1);
    const constant *c = &slope.constant;
    bool same = slope.kind == VALUE_CONSTANT && constant_is_numeric(c) && c->count > 0;
    for (size_t i = 1; same && i < c->count; i++)
        same = constant_number(c, i) == constant_number(c, 0);
    return same ? activate(in, node, ESPALIER_LEAKY_RELU, (float)constant_number(c, 0))
                : graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                               "with a slope for each neuron; expected one for all");
}

espalier_status take_sigmoid(importer *in, const onnx_node *node)
{
    return activate(in, node, ESPALIER_SIGMOID, 0);
}

espalier_status take_tanh(importer *in, const onnx_node *node)
{
    return activate(in, node, ESPALIER_TANH, 0);
}

/* A bound of Clip: attribute (opset 6) or input (from 11). */
static bool bound(const importer *in, const onnx_node *node, const char *name, size_t input,
                  double otherwise, double *number)
{
    const value v = graph_input(in, node, input);
    *number = (double)graph_attribute_float(node, name, (float)otherwise);
    if (v.kind == VALUE_NONE)
        return true;
    if (v.kind != VALUE_CONSTANT || v.constant.count != 1 || !constant_is_numeric(&v.constant))
        return false;
    *number = constant_number(&v.constant, 0);
    return true;
}

/* Clip from 0 on, without an upper bound, is Relu. */
espalier_status take_clip(importer *in, const onnx_node *node)
{
    double low, high;
    if (bound(in, node, "min", 1, -(double)FLT_MAX, &low) && low == 0 &&
        bound(in, node, "max", 2, (double)FLT_MAX, &high) && high >= (double)FLT_MAX)
        return activate(in, node, ESPALIER_RELU, 0);
    return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                        "with bounds other than 0 below and none above (that would be Relu)");
}
