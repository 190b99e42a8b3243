/* Layers: Gemm and MatMul, and all that is affine, which goes into them.
 *
 * An affine map v * scale + shift is collected in the importer until something follows
 * that it cannot pass: before the first layer it is the scaling of the inputs, behind a
 * layer it goes into that one's rows, behind an activation into the next one's columns.
 * Exact up to one rounding of each weight. */
#include "import/onnx_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/safetensors.h"
#include "net/network.h"

/* Follows the flow by v * scale + shift, both constants or NULL (1 and 0). */
static espalier_status follow(importer *in, const onnx_node *node, const flow *f,
                              const double *scale, size_t scale_count, const double *shift,
                              size_t shift_count)
{
    size_t count = scale_count > shift_count ? scale_count : shift_count;
    double *both = memory_array(in->allocator, 2 * count, sizeof *both);
    for (size_t i = 0; both && i < count; i++) {
        both[i] = scale ? scale[scale_count == 1 ? 0 : i] : 1;
        both[count + i] = shift ? shift[shift_count == 1 ? 0 : i] : 0;
    }
    bool done = both && affine_follow(in->allocator, &in->affine, count, both, both + count);
    memory_release(in->allocator, both);
    if (!done)
        return error_memory(in->error);
    value v = {.kind = VALUE_FLOW, .flow = *f};
    v.flow.tick = ++in->tick;
    return graph_give(in, node, &v);
}

/* ---- the layer ------------------------------------------------------------------ */

espalier_status graph_finish_layer(importer *in)
{
    if (in->pieces.count == 0) {
        in->pieces.inputs = in->affine; /* the pieces own it now */
        in->affine = (affine){0};
        return ESPALIER_OK;
    }
    piece *last = &in->pieces.layers[in->pieces.count - 1];
    last->activation = in->stage == STAGE_ACTIVATED ? in->activation : ESPALIER_LINEAR;
    last->slope = in->stage == STAGE_ACTIVATED ? in->slope : 0;
    if (in->stage == STAGE_PLAIN) {
        affine_into_outputs(&in->affine, last);
        affine_clear(in->allocator, &in->affine);
    }
    return ESPALIER_OK;
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
                            "its weights are those of another layer, too: shared weights cannot be "
                            "taken");
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
    if (status == ESPALIER_OK)
        status = graph_finish_layer(in);
    if (status != ESPALIER_OK)
        return status;
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
        status = follow(in, node, f, NULL, 1, numbers, count);
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

/* ---- sums and products with constants ---------------------------------------------- */

typedef enum sum { SUM_ADD, SUM_SUB, SUM_MUL, SUM_DIV } sum;

/* The map that a constant c beside the rows v stands for, into scale and shift. */
static bool map_of(sum kind, bool rows_first, double c, double *scale, double *shift)
{
    *scale = kind == SUM_MUL ? c : kind == SUM_DIV ? 1 / c : kind == SUM_SUB && !rows_first ? -1 : 1;
    *shift = kind == SUM_ADD ? c : kind == SUM_SUB ? (rows_first ? -c : c) : 0;
    return isfinite(*scale) && isfinite(*shift);
}

static espalier_status take_map(importer *in, const onnx_node *node, sum kind)
{
    const value a = graph_input(in, node, 0), b = graph_input(in, node, 1);
    bool rows_first = a.kind == VALUE_FLOW;
    const value *rows = rows_first ? &a : &b, *other = rows_first ? &b : &a;
    double *scale = NULL, *shift = NULL;
    size_t count = 0;
    if (rows->kind == VALUE_FLOW && other->kind == VALUE_FLOW)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "joins two ways through the graph (a skip connection or a gate)");
    if (rows->kind != VALUE_FLOW || other->kind != VALUE_CONSTANT)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "cannot be taken behind the network's answer");
    if (kind == SUM_DIV && !rows_first)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "divides by the rows; expected a constant divisor");
    espalier_status status = flow_check(in, node, &rows->flow);
    if (status == ESPALIER_OK)
        status = flow_spread(in, node, &rows->flow, &other->constant, &scale, &count);
    if (status == ESPALIER_OK && !(shift = memory_array(in->allocator, count, sizeof *shift)))
        status = error_memory(in->error);
    for (size_t i = 0; status == ESPALIER_OK && i < count; i++)
        if (!map_of(kind, rows_first, scale[i], &scale[i], &shift[i]))
            status = graph_refuse(in, node, ESPALIER_ERROR_FORMAT,
                                  "its constant, place %zu, makes an infinite number or NaN", i);
    if (status == ESPALIER_OK)
        status = follow(in, node, &rows->flow, scale, count, shift, count);
    memory_release(in->allocator, scale);
    memory_release(in->allocator, shift);
    return status;
}

espalier_status take_add(importer *in, const onnx_node *node)
{
    return take_map(in, node, SUM_ADD);
}

/* 1 - p of a sigmoid's p is the first of two classes, not a layer. */
static bool is_complement(const importer *in, const onnx_node *node)
{
    const value a = graph_input(in, node, 0), b = graph_input(in, node, 1);
    return a.kind == VALUE_CONSTANT && b.kind == VALUE_FLOW && in->stage == STAGE_ACTIVATED &&
           in->activation == ESPALIER_SIGMOID && in->affine.count == 0 && b.flow.tick == in->tick &&
           flow_width(&b.flow) == 1 && a.constant.count == 1 && constant_is_numeric(&a.constant) &&
           constant_number(&a.constant, 0) == 1;
}

espalier_status take_sub(importer *in, const onnx_node *node)
{
    if (!is_complement(in, node))
        return take_map(in, node, SUM_SUB);
    value v = {.kind = VALUE_ANSWER, .answer = ANSWER_COMPLEMENT,
               .flow = graph_input(in, node, 1).flow};
    return graph_give(in, node, &v);
}

espalier_status take_mul(importer *in, const onnx_node *node)
{
    return take_map(in, node, SUM_MUL);
}

espalier_status take_div(importer *in, const onnx_node *node)
{
    return take_map(in, node, SUM_DIV);
}

static espalier_status take_rows_only(const importer *in, const onnx_node *node, value *v)
{
    *v = graph_input(in, node, 0);
    return v->kind == VALUE_FLOW ? flow_check(in, node, &v->flow)
                                 : graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                                                "cannot be taken behind the network's answer");
}

espalier_status take_neg(importer *in, const onnx_node *node)
{
    const double minus = -1;
    value v;
    espalier_status status = take_rows_only(in, node, &v);
    return status == ESPALIER_OK ? follow(in, node, &v.flow, &minus, 1, NULL, 1) : status;
}

/* ---- normalisations -------------------------------------------------------------------- */

/* Numbers of input `index` for each channel: dimension 1, or with flat rows each value. */
static espalier_status channel_numbers(const importer *in, const onnx_node *node, const flow *f,
                                       size_t index, double **numbers, size_t *count)
{
    const value v = graph_input(in, node, index);
    if (v.kind != VALUE_CONSTANT || v.constant.rank != 1)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "input %zu is no constant with a number for each channel", index);
    constant c = v.constant; /* [channels] as [channels, 1, 1 …] */
    for (size_t i = f->rank; i > 2; i--)
        c.dims[c.rank++] = 1;
    return flow_spread(in, node, f, &c, numbers, count);
}

/* y = (x - mean) / sqrt(variance + epsilon) * scale + B, by the statistics of training. */
espalier_status take_batch_normalization(importer *in, const onnx_node *node)
{
    value v;
    espalier_status status = take_rows_only(in, node, &v);
    double *of[4] = {NULL}, epsilon = (double)graph_attribute_float(node, "epsilon", 1e-5f);
    size_t counts[4] = {1, 1, 1, 1};
    if (status == ESPALIER_OK && graph_attribute(node, "training_mode", 0) != 0)
        status = graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                              "in training mode, where each batch has its own statistics; export "
                              "the network for inference (model.eval())");
    if (status == ESPALIER_OK && (v.flow.turned || v.flow.rank < 2))
        status = graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED, "expected [rows, channels]");
    for (size_t i = 0; status == ESPALIER_OK && i < 4; i++)
        status = channel_numbers(in, node, &v.flow, i + 1, &of[i], &counts[i]);
    size_t count = counts[0];
    for (size_t i = 1; i < 4; i++)
        if (status == ESPALIER_OK && counts[i] != count)
            status = graph_refuse(in, node, ESPALIER_ERROR_FORMAT,
                                  "its four constants are of different length");
    for (size_t i = 0; status == ESPALIER_OK && i < count; i++) {
        of[0][i] /= sqrt(of[3][i] + epsilon);
        of[1][i] -= of[2][i] * of[0][i];
        if (!isfinite(of[0][i]) || !isfinite(of[1][i]))
            status = graph_refuse(in, node, ESPALIER_ERROR_FORMAT,
                                  "channel %zu: a scale that is not finite", i);
    }
    if (status == ESPALIER_OK)
        status = follow(in, node, &v.flow, of[0], count, of[1], count);
    for (size_t i = 0; i < 4; i++)
        memory_release(in->allocator, of[i]);
    return status;
}

/* (x - offset) * scale, one number or one for each value. */
espalier_status take_scaler(importer *in, const onnx_node *node)
{
    const onnx_attribute *offset = onnx_find(node, "offset", ONNX_ATTRIBUTE_FLOATS);
    const onnx_attribute *scale = onnx_find(node, "scale", ONNX_ATTRIBUTE_FLOATS);
    value v;
    espalier_status status = take_rows_only(in, node, &v);
    if (status != ESPALIER_OK)
        return status;
    size_t width = flow_width(&v.flow), count = offset ? offset->count : 0;
    if (!offset || !scale || scale->count != count || v.flow.turned || v.flow.rank != 2 ||
        (count != 1 && count != width))
        return graph_refuse(in, node, ESPALIER_ERROR_FORMAT,
                            "expected offset and scale, one number or %zu each", width);
    double *both = memory_array(in->allocator, count, 2 * sizeof *both);
    if (!both)
        return error_memory(in->error);
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        both[i] = (double)scale->numbers[i];
        both[count + i] = -(double)offset->numbers[i] * both[i];
        finite &= isfinite(both[i]) && isfinite(both[count + i]);
    }
    status = finite ? follow(in, node, &v.flow, both, count, both + count, count)
                    : graph_refuse(in, node, ESPALIER_ERROR_FORMAT,
                                   "an offset or a scale is not finite");
    memory_release(in->allocator, both);
    return status;
}
