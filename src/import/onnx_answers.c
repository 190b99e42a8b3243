/* What follows the last layer: probabilities, labels, names of classes. */
#include "import/onnx_graph.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "format/safetensors.h"

/* ---- probabilities ------------------------------------------------------------------ */

/* True where `axis` is the one that the values of a row lie on. */
static bool is_value_axis(const flow *f, int64_t axis)
{
    if (axis < 0)
        axis += (int64_t)f->rank;
    return axis >= 0 && axis < (int64_t)f->rank && axis != (int64_t)flow_batch(f) &&
           (size_t)f->dims[axis] == flow_width(f);
}

/* Up to opset 12 all axes from the one given on belong to the softmax. */
static bool is_over_rows(const importer *in, const onnx_node *node, const flow *f)
{
    if (in->file->opset >= 13)
        return is_value_axis(f, graph_attribute(node, "axis", -1));
    int64_t axis = graph_attribute(node, "axis", 1);
    if (axis < 0)
        axis += (int64_t)f->rank;
    bool whole = axis >= 1 && axis < (int64_t)f->rank && !f->turned;
    for (int64_t i = 1; whole && i < axis; i++)
        whole = f->dims[i] == 1;
    return whole;
}

static espalier_status end(importer *in, const onnx_node *node, answer kind)
{
    value v = graph_input(in, node, 0);
    if (v.kind != VALUE_FLOW)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "cannot follow Softmax or another end of the network");
    espalier_status status = flow_check(in, node, &v.flow);
    if (status != ESPALIER_OK)
        return status;
    if (in->pieces.count == 0 || in->stage != STAGE_PLAIN)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "expected it behind a layer without activation");
    if (!is_over_rows(in, node, &v.flow))
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "its axis is not that of the classes");
    v.kind = VALUE_ANSWER;
    v.answer = kind;
    return graph_give(in, node, &v);
}

espalier_status take_softmax(importer *in, const onnx_node *node)
{
    return end(in, node, ANSWER_SOFTMAX);
}

espalier_status take_log_softmax(importer *in, const onnx_node *node)
{
    return end(in, node, ANSWER_LOG_SOFTMAX);
}

/* [1 - p, p] of a sigmoid's p: the only thing that may be joined. */
espalier_status take_concat(importer *in, const onnx_node *node)
{
    const value a = graph_input(in, node, 0), b = graph_input(in, node, 1);
    bool reversed = a.kind == VALUE_FLOW;
    const value *p = reversed ? &a : &b, *rest = reversed ? &b : &a;
    if (node->input_count != 2 || p->kind != VALUE_FLOW || rest->kind != VALUE_ANSWER ||
        rest->answer != ANSWER_COMPLEMENT || p->flow.tick != in->tick ||
        !is_value_axis(&p->flow, graph_attribute(node, "axis", 1)))
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "joins several ways through the graph");
    value v = {.kind = VALUE_ANSWER, .answer = ANSWER_PAIR, .swapped = reversed, .flow = p->flow};
    v.flow.dims[v.flow.turned ? 0 : v.flow.rank - 1] = 2;
    return graph_give(in, node, &v);
}

/* ---- labels --------------------------------------------------------------------------- */

espalier_status take_arg_max(importer *in, const onnx_node *node)
{
    value v = graph_input(in, node, 0);
    espalier_status status = flow_check(in, node, &v.flow);
    if (status != ESPALIER_OK)
        return status;
    if (!is_value_axis(&v.flow, graph_attribute(node, "axis", 0)))
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "its axis is not that of the classes");
    v.kind = VALUE_ANSWER;
    v.answer = ANSWER_LABELS;
    return graph_give(in, node, &v);
}

espalier_status take_labels(importer *in, const onnx_node *node)
{
    value v = {.kind = VALUE_NONE};
    for (size_t i = 0; i < node->input_count && v.kind != VALUE_ANSWER; i++)
        v = graph_input(in, node, i);
    return graph_give(in, node, &v);
}

/* Room for names, if there are none yet; the first ones that the graph has are taken. */
static espalier_status start_names(importer *in, size_t count, bool numbers, bool *wanted)
{
    *wanted = in->pieces.class_names == NULL;
    if (!*wanted)
        return ESPALIER_OK;
    in->pieces.class_names = memory_array(in->allocator, count, sizeof *in->pieces.class_names);
    in->pieces.class_name_count = count;
    if (numbers)
        in->name_texts = memory_array(in->allocator, count, NUMBER_BYTES);
    return in->pieces.class_names && (in->name_texts || !numbers) ? ESPALIER_OK
                                                                  : error_memory(in->error);
}

static void name_by_number(importer *in, size_t index, int64_t number)
{
    char *text = in->name_texts + index * NUMBER_BYTES;
    snprintf(text, NUMBER_BYTES, "%" PRId64, number);
    in->pieces.class_names[index] = text;
}

static espalier_status names_from_numbers(importer *in, const int64_t *numbers, size_t count)
{
    bool wanted;
    espalier_status status = start_names(in, count, true, &wanted);
    for (size_t i = 0; status == ESPALIER_OK && wanted && i < count; i++)
        name_by_number(in, i, numbers[i]);
    return status;
}

static espalier_status names_from_texts(importer *in, const char *const *texts, size_t count)
{
    bool wanted;
    espalier_status status = start_names(in, count, false, &wanted);
    for (size_t i = 0; status == ESPALIER_OK && wanted && i < count; i++)
        in->pieces.class_names[i] = texts[i];
    return status;
}

static espalier_status names_from_constant(importer *in, const onnx_node *node, const constant *c)
{
    bool wanted;
    if (c->tensor && c->tensor->store == ONNX_TEXTS)
        return names_from_texts(in, c->tensor->data, c->count);
    if (!c->tensor || !onnx_is_integer(c->tensor))
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "expected the classes as texts or whole numbers");
    espalier_status status = start_names(in, c->count, true, &wanted);
    for (size_t i = 0; status == ESPALIER_OK && wanted && i < c->count; i++)
        name_by_number(in, i, onnx_integer(c->tensor, i));
    return status;
}

/* The class of a label: ArrayFeatureExtractor or Gather of the classes by it. */
espalier_status take_extractor(importer *in, const onnx_node *node)
{
    const value classes = graph_input(in, node, 0), label = graph_input(in, node, 1);
    if (classes.kind != VALUE_CONSTANT || label.kind != VALUE_ANSWER)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "expected it to look up the class of a label");
    espalier_status status = names_from_constant(in, node, &classes.constant);
    return status == ESPALIER_OK ? graph_give(in, node, &label) : status;
}

/* Probabilities with the classes beside them. */
espalier_status take_zip_map(importer *in, const onnx_node *node)
{
    const onnx_attribute *numbers = onnx_find(node, "classlabels_int64s", ONNX_ATTRIBUTE_INTS);
    const onnx_attribute *texts = onnx_find(node, "classlabels_strings", ONNX_ATTRIBUTE_TEXTS);
    espalier_status status = ESPALIER_OK;
    if (texts && texts->count)
        status = names_from_texts(in, texts->texts, texts->count);
    else if (numbers && numbers->count)
        status = names_from_numbers(in, numbers->integers, numbers->count);
    return status == ESPALIER_OK ? take_same(in, node) : status;
}

/* Names of the labels 0, 1, … */
espalier_status take_label_encoder(importer *in, const onnx_node *node)
{
    const onnx_attribute *keys = onnx_find(node, "keys_int64s", ONNX_ATTRIBUTE_INTS);
    const onnx_attribute *texts = onnx_find(node, "values_strings", ONNX_ATTRIBUTE_TEXTS);
    bool in_order = keys && texts && keys->count == texts->count;
    for (size_t i = 0; in_order && i < keys->count; i++)
        in_order = keys->integers[i] == (int64_t)i;
    espalier_status status = in_order ? names_from_texts(in, texts->texts, texts->count)
                                      : graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                                                     "expected the keys 0, 1, ... and a text each");
    return status == ESPALIER_OK ? take_labels(in, node) : status;
}

/* ---- the end ---------------------------------------------------------------------------- */

static espalier_status check_output(const importer *in, const char *name)
{
    const value v = graph_value(in, name);
    const char *fault = v.kind == VALUE_CONSTANT ? "is a constant"
                        : v.kind == VALUE_NONE   ? "is not what its node gives here"
                        : v.flow.tick != in->tick
                            ? "does not come out of the last layer; expected the answer alone"
                            : NULL;
    return fault ? error_set(in->error, ESPALIER_ERROR_UNSUPPORTED, "%s: output '%s' %s", in->path,
                             safetensors_show(name).text, fault)
                 : ESPALIER_OK;
}

/* Of p, 1 - p, [1 - p, p] and [p, 1 - p] some call the other class the first. */
static espalier_status check_swapped(const importer *in, bool *swapped)
{
    const char *first = in->file->outputs[0].name;
    *swapped = graph_value(in, first).swapped;
    for (size_t i = 1; i < in->file->output_count; i++)
        if (graph_value(in, in->file->outputs[i].name).swapped != *swapped)
            return error_set(in->error, ESPALIER_ERROR_UNSUPPORTED,
                             "%s: outputs '%s' and '%s' have the two classes in different orders; "
                             "expected one of them", in->path, safetensors_show(first).text,
                             safetensors_show(in->file->outputs[i].name).text);
    return ESPALIER_OK;
}

espalier_status graph_take_outputs(importer *in)
{
    espalier_status status = ESPALIER_OK;
    if (in->pieces.count == 0)
        return error_set(in->error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: expected fully connected layers, found none", in->path);
    for (size_t i = 0; status == ESPALIER_OK && i < in->file->output_count; i++)
        status = check_output(in, in->file->outputs[i].name);
    if (status == ESPALIER_OK)
        status = check_swapped(in, &in->pieces.reversed);
    if (status != ESPALIER_OK)
        return status;
    size_t outputs = in->pieces.layers[in->pieces.count - 1].outputs;
    bool plain = in->stage == STAGE_PLAIN;
    in->pieces.binary = !plain && in->activation == ESPALIER_SIGMOID && outputs == 1 &&
                        in->affine.count == 0;
    if (in->pieces.binary)
        return ESPALIER_OK;
    if (!plain && in->activation == ESPALIER_SIGMOID && outputs > 1)
        return error_set(in->error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: ends in Sigmoid over %zu outputs: classes that do not exclude one "
                         "another cannot be taken; expected Softmax", in->path, outputs);
    if (!plain)
        return error_set(in->error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: ends in activation '%s'; expected a layer's plain outputs, Softmax, or "
                         "Sigmoid of one", in->path, espalier_activation_name(in->activation));
    if (outputs == 1)
        return error_set(in->error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: ends in one output without Sigmoid: a regression, or a classifier of "
                         "two classes whose Sigmoid was left out; expected Sigmoid, or an output "
                         "for each class", in->path);
    graph_finish_layer(in);
    return ESPALIER_OK;
}
