/* The plain view of an ONNX graph: what protobuf-c decoded, in our own structures. Texts
 * and lists of numbers are borrowed from it. Tensors are onnx_tensor.c. */
#include "format/onnx_inside.h"

#ifdef ESPALIER_HAVE_ONNX

#include <string.h>

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static espalier_status take_texts(onnx_inside *in, const Onnx__AttributeProto *from,
                                  onnx_attribute *to)
{
    const char **texts = onnx_take(in, from->n_strings, sizeof *texts);
    for (size_t i = 0; texts && i < from->n_strings; i++)
        if (!(texts[i] = onnx_take_text(in, &from->strings[i])))
            return error_memory(in->error);
    to->texts = texts;
    to->count = from->n_strings;
    return texts ? ESPALIER_OK : error_memory(in->error);
}

/* Which kind of attribute it is: old files leave the type out. */
static onnx_attribute_kind kind_of(const Onnx__AttributeProto *from)
{
    static const onnx_attribute_kind kinds[] = {
        [1] = ONNX_ATTRIBUTE_FLOAT,  [2] = ONNX_ATTRIBUTE_INT,  [3] = ONNX_ATTRIBUTE_TEXT,
        [4] = ONNX_ATTRIBUTE_TENSOR, [6] = ONNX_ATTRIBUTE_FLOATS, [7] = ONNX_ATTRIBUTE_INTS,
        [8] = ONNX_ATTRIBUTE_TEXTS,
    };
    int type = from->has_type ? (int)from->type : 0;
    if (type > 0)
        return type < (int)(sizeof kinds / sizeof *kinds) ? kinds[type] : ONNX_ATTRIBUTE_OTHER;
    return from->has_f         ? ONNX_ATTRIBUTE_FLOAT
           : from->has_i       ? ONNX_ATTRIBUTE_INT
           : from->has_s       ? ONNX_ATTRIBUTE_TEXT
           : from->t           ? ONNX_ATTRIBUTE_TENSOR
           : from->n_floats    ? ONNX_ATTRIBUTE_FLOATS
           : from->n_ints      ? ONNX_ATTRIBUTE_INTS
           : from->n_strings   ? ONNX_ATTRIBUTE_TEXTS
                               : ONNX_ATTRIBUTE_OTHER;
}

static espalier_status take_attribute(onnx_inside *in, const Onnx__AttributeProto *from,
                                      onnx_attribute *to)
{
    onnx_tensor *tensor;
    to->name = text_of(from->name);
    to->kind = kind_of(from);
    to->number = from->f;
    to->integer = from->i;
    switch (to->kind) {
    case ONNX_ATTRIBUTE_TEXT:
        to->text = onnx_take_text(in, &from->s);
        return to->text ? ESPALIER_OK : error_memory(in->error);
    case ONNX_ATTRIBUTE_TENSOR:
        if (!from->t) {
            to->kind = ONNX_ATTRIBUTE_OTHER;
            return ESPALIER_OK;
        }
        to->tensor = tensor = onnx_take(in, 1, sizeof *tensor);
        return tensor ? onnx_take_tensor(in, from->t, tensor) : error_memory(in->error);
    case ONNX_ATTRIBUTE_FLOATS:
        to->count = from->n_floats;
        to->numbers = from->floats;
        return ESPALIER_OK;
    case ONNX_ATTRIBUTE_INTS:
        to->count = from->n_ints;
        to->integers = from->ints;
        return ESPALIER_OK;
    case ONNX_ATTRIBUTE_TEXTS:
        return take_texts(in, from, to);
    default:
        return ESPALIER_OK;
    }
}

static espalier_status take_node(onnx_inside *in, const Onnx__NodeProto *from, onnx_node *to)
{
    espalier_status status = ESPALIER_OK;
    to->name = text_of(from->name);
    to->op = text_of(from->op_type);
    to->domain = strcmp(text_of(from->domain), "ai.onnx") == 0 ? "" : text_of(from->domain);
    to->input_count = from->n_input;
    to->inputs = from->input;
    to->output_count = from->n_output;
    to->outputs = from->output;
    to->attribute_count = from->n_attribute;
    to->attributes = onnx_take(in, from->n_attribute, sizeof *to->attributes);
    if (!to->attributes)
        return error_memory(in->error);
    for (size_t i = 0; status == ESPALIER_OK && i < from->n_attribute; i++)
        status = take_attribute(in, from->attribute[i], &to->attributes[i]);
    return status;
}

static void take_value(const Onnx__ValueInfoProto *from, onnx_value *to)
{
    const Onnx__TypeProto__Tensor *tensor =
        from->type && from->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
            ? from->type->tensor_type
            : NULL;
    const Onnx__TensorShapeProto *shape = tensor ? tensor->shape : NULL;
    to->name = text_of(from->name);
    to->shaped = shape && shape->n_dim <= ONNX_RANK_MOST;
    to->rank = to->shaped ? shape->n_dim : 0;
    for (size_t i = 0; i < to->rank; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        bool known = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        to->dims[i] = known && dim->dim_value >= 0 ? dim->dim_value : -1;
    }
}

static espalier_status take_values(onnx_inside *in, Onnx__ValueInfoProto *const *from, size_t count,
                                   onnx_value **to)
{
    *to = onnx_take(in, count, sizeof **to);
    for (size_t i = 0; *to && i < count; i++)
        take_value(from[i], &(*to)[i]);
    return *to ? ESPALIER_OK : error_memory(in->error);
}

static espalier_status take_pairs(onnx_inside *in, onnx_file *file)
{
    file->pairs = onnx_take(in, in->model->n_metadata_props, sizeof *file->pairs);
    if (!file->pairs)
        return error_memory(in->error);
    for (size_t i = 0; i < in->model->n_metadata_props; i++)
        file->pairs[file->pair_count++] = (onnx_pair){text_of(in->model->metadata_props[i]->key),
                                                      text_of(in->model->metadata_props[i]->value)};
    return ESPALIER_OK;
}

static int64_t opset_of(const Onnx__ModelProto *model)
{
    int64_t opset = 0;
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = text_of(model->opset_import[i]->domain);
        if (*domain == '\0' || strcmp(domain, "ai.onnx") == 0)
            opset = model->opset_import[i]->version;
    }
    return opset;
}

espalier_status onnx_take_graph(onnx_inside *in, onnx_file *file)
{
    const Onnx__GraphProto *graph = in->model->graph;
    file->nodes = onnx_take(in, graph->n_node, sizeof *file->nodes);
    file->tensors = onnx_take(in, graph->n_initializer, sizeof *file->tensors);
    espalier_status status = file->nodes && file->tensors ? take_pairs(in, file)
                                                          : error_memory(in->error);
    file->producer = text_of(in->model->producer_name);
    file->producer_version = text_of(in->model->producer_version);
    file->opset = opset_of(in->model);
    file->sparse_count = graph->n_sparse_initializer;
    for (size_t i = 0; status == ESPALIER_OK && i < graph->n_node; i++)
        status = take_node(in, graph->node[i], &file->nodes[file->node_count++]);
    for (size_t i = 0; status == ESPALIER_OK && i < graph->n_initializer; i++)
        status = onnx_take_tensor(in, graph->initializer[i], &file->tensors[file->tensor_count++]);
    if (status == ESPALIER_OK)
        status = take_values(in, graph->input, graph->n_input, &file->inputs);
    if (status == ESPALIER_OK)
        status = take_values(in, graph->output, graph->n_output, &file->outputs);
    file->input_count = graph->n_input;
    file->output_count = graph->n_output;
    return status;
}

#endif
