/* Operators that are affine in the rows: sums and products with constants, and
 * normalisations by fixed numbers.
 *
 * An affine map v * scale + shift is collected in the importer until something follows
 * that it cannot pass: before the first layer it is the scaling of the inputs, behind a
 * layer it goes into that one's rows, behind an activation into the next one's columns.
 * Exact up to one rounding of each weight. */
#include "import/onnx_graph.h"

#include <math.h>

#include "base/memory.h"

espalier_status graph_follow(importer *in, const onnx_node *node, const flow *f,
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
        status = graph_follow(in, node, &rows->flow, scale, count, shift, count);
    memory_release(in->allocator, scale);
    memory_release(in->allocator, shift);
    return status;
}

espalier_status take_add(importer *in, const onnx_node *node)
{
    return take_map(in, node, SUM_ADD);
}

/* 1 - p of a sigmoid's p is no layer: beside p it is the first of two classes, alone the
 * second, which swaps them. */
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
    value v = {.kind = VALUE_ANSWER, .answer = ANSWER_COMPLEMENT, .swapped = true,
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
    return status == ESPALIER_OK ? graph_follow(in, node, &v.flow, &minus, 1, NULL, 1) : status;
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
        status = graph_follow(in, node, &v.flow, of[0], count, of[1], count);
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
    status = finite ? graph_follow(in, node, &v.flow, both, count, both + count, count)
                    : graph_refuse(in, node, ESPALIER_ERROR_FORMAT,
                                   "an offset or a scale is not finite");
    memory_release(in->allocator, both);
    return status;
}
