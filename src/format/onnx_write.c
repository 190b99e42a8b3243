/* Building an ONNX model of protobuf-c's messages, and packing it into a file. */
#include "format/onnx_write.h"

#ifdef ESPALIER_HAVE_ONNX
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/stream.h"
#include "onnx/onnx.pb-c.h"

/* Everything a model is made of hangs in one chain of blocks and goes with it. */
typedef union block {
    union block *next;
    char aligned[MEMORY_ALIGNMENT]; /* what follows stays aligned */
} block;

struct onnx_writer_node {
    Onnx__NodeProto message;
};

struct onnx_writer {
    const espalier_allocator *allocator;
    block *blocks;
    bool failed; /* there was no memory for something */
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
};

/* ---- memory ------------------------------------------------------------ */

static void *take(onnx_writer *w, size_t count, size_t item_bytes)
{
    size_t bytes;
    block *new = NULL;
    if (size_multiply(count, item_bytes, &bytes) && size_add(bytes, sizeof *new, &bytes))
        new = memory_array(w->allocator, bytes, 1);
    if (!new) {
        w->failed = true;
        return NULL;
    }
    new->next = w->blocks;
    w->blocks = new;
    return new + 1;
}

static void *copy(onnx_writer *w, const void *from, size_t bytes)
{
    void *to = take(w, bytes, 1);
    return to ? memcpy(to, from, bytes) : NULL;
}

static char *text(onnx_writer *w, const char *from)
{
    return copy(w, from, strlen(from) + 1);
}

/* Adds to an array of pointers, which `items` points to. It moves to twice its size at
 * every power of two, and the old ones stay in the chain: together less than the last. */
static void append(onnx_writer *w, void *items, size_t *count, void *item)
{
    void **list;
    memcpy(&list, items, sizeof list);
    if (!item)
        return;
    if ((*count & (*count - 1)) == 0) {
        void **wider = take(w, *count ? 2 * *count : 1, sizeof *wider);
        if (!wider)
            return;
        if (*count)
            memcpy(wider, list, *count * sizeof *wider);
        memcpy(items, &wider, sizeof wider);
        list = wider;
    }
    list[(*count)++] = item;
}

/* A message of its own in the chain, as its type's INIT says. */
#define NEW(w, type, init) copy(w, &(type)init, sizeof(type))

/* ---- the model --------------------------------------------------------- */

/* The version of the format that came out with each version of the operators
 * (docs/Versioning.md): an older program that knows the operators knows it, too. */
static int64_t format_of(int opset)
{
    static const int64_t versions[] = {4, 5, 6, 7, 7, 7, 8, 8, 8, 8, 9, 9, 10};
    _Static_assert(sizeof versions / sizeof *versions == ONNX_OPSET_MOST - ONNX_OPSET_LEAST + 1,
                   "a version for each opset");
    return versions[opset - ONNX_OPSET_LEAST];
}

onnx_writer *onnx_writer_create(const espalier_allocator *allocator, int opset)
{
    onnx_writer *w = memory_array(allocator, 1, sizeof *w);
    if (!w)
        return NULL;
    w->allocator = allocator;
    w->model = (Onnx__ModelProto)ONNX__MODEL_PROTO__INIT;
    w->graph = (Onnx__GraphProto)ONNX__GRAPH_PROTO__INIT;
    w->opset = (Onnx__OperatorSetIdProto)ONNX__OPERATOR_SET_ID_PROTO__INIT;
    w->opset.domain = "";
    w->opset.has_version = true;
    w->opset.version = opset;
    w->opsets[0] = &w->opset;
    w->model.has_ir_version = true;
    w->model.ir_version = format_of(opset);
    w->model.n_opset_import = 1;
    w->model.opset_import = w->opsets;
    w->model.producer_name = "espalier";
    w->model.producer_version = ESPALIER_VERSION;
    w->model.graph = &w->graph;
    return w;
}

void onnx_writer_destroy(onnx_writer *w)
{
    if (!w)
        return;
    for (block *next, *b = w->blocks; b; b = next) {
        next = b->next;
        memory_release(w->allocator, b);
    }
    memory_release(w->allocator, w);
}

void onnx_writer_describe(onnx_writer *w, const char *graph, const char *description)
{
    w->graph.name = text(w, graph);
    w->model.doc_string = text(w, description);
}

void onnx_writer_metadata(onnx_writer *w, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *entry =
        NEW(w, Onnx__StringStringEntryProto, ONNX__STRING_STRING_ENTRY_PROTO__INIT);
    if (!entry)
        return;
    entry->key = text(w, key);
    entry->value = text(w, value);
    append(w, &w->model.metadata_props, &w->model.n_metadata_props, entry);
}

/* ---- inputs, outputs, tensors ------------------------------------------ */

static int32_t type_of(onnx_item item)
{
    return item == ONNX_INT64 ? ONNX__TENSOR_PROTO__DATA_TYPE__INT64
                              : ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
}

/* [batch, width], or [batch]. */
static Onnx__TensorShapeProto *make_shape(onnx_writer *w, size_t width)
{
    typedef Onnx__TensorShapeProto__Dimension dimension;
    Onnx__TensorShapeProto *shape = NEW(w, Onnx__TensorShapeProto, ONNX__TENSOR_SHAPE_PROTO__INIT);
    for (int i = 0; shape && i < (width ? 2 : 1); i++) {
        dimension *d = NEW(w, dimension, ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT);
        if (d && i == 0) {
            d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            d->dim_param = text(w, "batch");
        } else if (d) {
            d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            d->dim_value = (int64_t)width;
        }
        append(w, &shape->dim, &shape->n_dim, d);
    }
    return shape;
}

static Onnx__ValueInfoProto *make_value(onnx_writer *w, const char *name, onnx_item item,
                                        size_t width, const char *description)
{
    Onnx__ValueInfoProto *value = NEW(w, Onnx__ValueInfoProto, ONNX__VALUE_INFO_PROTO__INIT);
    Onnx__TypeProto *type = NEW(w, Onnx__TypeProto, ONNX__TYPE_PROTO__INIT);
    Onnx__TypeProto__Tensor *tensor =
        NEW(w, Onnx__TypeProto__Tensor, ONNX__TYPE_PROTO__TENSOR__INIT);
    if (!value || !type || !tensor)
        return NULL;
    tensor->has_elem_type = true;
    tensor->elem_type = type_of(item);
    tensor->shape = make_shape(w, width);
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    value->name = text(w, name);
    value->type = type;
    value->doc_string = text(w, description);
    return value;
}

void onnx_writer_input(onnx_writer *w, const char *name, onnx_item item, size_t width,
                       const char *description)
{
    append(w, &w->graph.input, &w->graph.n_input, make_value(w, name, item, width, description));
}

void onnx_writer_output(onnx_writer *w, const char *name, onnx_item item, size_t width,
                        const char *description)
{
    append(w, &w->graph.output, &w->graph.n_output, make_value(w, name, item, width, description));
}

void onnx_writer_tensor(onnx_writer *w, const char *name, onnx_item item, size_t rows,
                        size_t columns, const void *data)
{
    Onnx__TensorProto *tensor = NEW(w, Onnx__TensorProto, ONNX__TENSOR_PROTO__INIT);
    if (!tensor)
        return;
    tensor->name = text(w, name);
    tensor->has_data_type = true;
    tensor->data_type = type_of(item);
    tensor->n_dims = columns ? 2 : 1;
    tensor->dims = copy(w, (const int64_t[]){(int64_t)rows, (int64_t)columns}, 2 * sizeof(int64_t));
    tensor->has_raw_data = true;
    tensor->raw_data.len = rows * (columns ? columns : 1) *
                           (item == ONNX_INT64 ? sizeof(int64_t) : sizeof(float));
    tensor->raw_data.data = (uint8_t *)data;
    append(w, &w->graph.initializer, &w->graph.n_initializer, tensor);
}

/* ---- nodes ------------------------------------------------------------- */

onnx_writer_node *onnx_writer_add(onnx_writer *w, const char *operator, const char *const *inputs,
                                  const char *output)
{
    onnx_writer_node *node = NEW(w, onnx_writer_node, {ONNX__NODE_PROTO__INIT});
    if (!node)
        return NULL;
    Onnx__NodeProto *message = &node->message;
    for (size_t i = 0; inputs[i]; i++)
        append(w, &message->input, &message->n_input, text(w, inputs[i]));
    append(w, &message->output, &message->n_output, text(w, output));
    message->name = text(w, output);
    message->op_type = text(w, operator);
    append(w, &w->graph.node, &w->graph.n_node, message);
    return node;
}

static Onnx__AttributeProto *add_attribute(onnx_writer *w, onnx_writer_node *node,
                                           const char *name)
{
    Onnx__AttributeProto *attribute =
        node ? NEW(w, Onnx__AttributeProto, ONNX__ATTRIBUTE_PROTO__INIT) : NULL;
    if (!attribute)
        return NULL;
    attribute->name = text(w, name);
    attribute->has_type = true;
    append(w, &node->message.attribute, &node->message.n_attribute, attribute);
    return attribute;
}

void onnx_writer_integer(onnx_writer *w, onnx_writer_node *node, const char *name, int64_t value)
{
    Onnx__AttributeProto *attribute = add_attribute(w, node, name);
    if (!attribute)
        return;
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    attribute->has_i = true;
    attribute->i = value;
}

void onnx_writer_real(onnx_writer *w, onnx_writer_node *node, const char *name, float value)
{
    Onnx__AttributeProto *attribute = add_attribute(w, node, name);
    if (!attribute)
        return;
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    attribute->has_f = true;
    attribute->f = value;
}

/* ---- the file ---------------------------------------------------------- */

/* Where protobuf-c puts what it has packed. */
typedef struct sink {
    ProtobufCBuffer base;
    writer *out;
} sink;

/* The writer keeps its first error for the commit. */
static void put(ProtobufCBuffer *buffer, size_t count, const uint8_t *bytes)
{
    writer_write(((sink *)buffer)->out, bytes, count, NULL);
}

espalier_status onnx_writer_write(const onnx_writer *w, const char *path, espalier_error *error)
{
    if (w->failed)
        return error_memory(error);
    uint64_t bytes = onnx__model_proto__get_packed_size(&w->model);
    if (bytes > ONNX_BYTES_MOST)
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: the network takes %" PRIu64 " bytes as ONNX; such a file holds at "
                         "most %" PRIu64, path, bytes, ONNX_BYTES_MOST);
    sink out = {.base = {.append = put}};
    espalier_status status = writer_open(path, w->allocator, &out.out, error);
    if (status)
        return status;
    onnx__model_proto__pack_to_buffer(&w->model, &out.base);
    return writer_commit(out.out, error);
}
#endif
