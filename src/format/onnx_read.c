/* Reading an ONNX file: the bytes, protobuf-c within a budget, and the plain view of the
 * graph. Tensors are onnx_tensor.c. */
#include "format/onnx_inside.h"

#include <string.h>

#include "base/memory.h"
#include "base/stream.h"
#include "format/safetensors.h"

const onnx_attribute *onnx_find(const onnx_node *node, const char *name, onnx_attribute_kind kind)
{
    for (size_t i = 0; i < node->attribute_count; i++)
        if (node->attributes[i].kind == kind && strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

#ifndef ESPALIER_HAVE_ONNX

bool onnx_is_supported(void)
{
    return false;
}

espalier_status onnx_read(const char *path, const espalier_allocator *allocator, onnx_file *file,
                          espalier_error *error)
{
    (void)allocator, (void)file;
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: is an ONNX model, and this build has no protobuf-c to read it with", path);
}

void onnx_clear(onnx_file *file)
{
    (void)file;
}

#else

bool onnx_is_supported(void)
{
    return true;
}

/* ---- memory ----------------------------------------------------------------- */

void *onnx_take(onnx_inside *in, size_t count, size_t size_bytes)
{
    const espalier_allocator *allocator = in->file->allocator;
    onnx_block *block = memory_array(allocator, 1, sizeof *block);
    if (block && !(block->memory = memory_array(allocator, count, size_bytes))) {
        memory_release(allocator, block);
        block = NULL;
    }
    if (!block)
        return NULL;
    block->next = in->blocks;
    in->blocks = block;
    return block->memory;
}

char *onnx_take_text(onnx_inside *in, const ProtobufCBinaryData *bytes)
{
    char *text = onnx_take(in, bytes->len + 1, 1);
    if (text && bytes->len)
        memcpy(text, bytes->data, bytes->len);
    return text;
}

/* Messages in memory are larger than in the file: 16 times as large is ample for graphs
 * that people save, whose weights lie there as they are. */
enum { BUDGET_FACTOR = 16, BUDGET_BYTES = 256 * 1024 };

/* protobuf-c asks for many small pieces. They are cut from blocks, and given back all at
 * once: so the budget is what they really take. */
enum { PIECE_ALIGNMENT = 16, CUT_BYTES = 64 * 1024 };

static void *protobuf_allocate(void *context, size_t bytes)
{
    onnx_inside *in = context;
    size_t cost;
    if (!size_add(bytes, PIECE_ALIGNMENT, &cost) || cost > in->budget) {
        in->over_budget = true;
        return NULL;
    }
    cost -= cost % PIECE_ALIGNMENT;
    in->budget -= cost;
    if (cost > CUT_BYTES / 8) {
        void *own = onnx_take(in, cost, 1);
        in->no_memory |= own == NULL;
        return own;
    }
    if (cost > in->cut_left) {
        in->cut = onnx_take(in, CUT_BYTES, 1);
        in->cut_left = in->cut ? CUT_BYTES : 0;
        in->no_memory |= in->cut == NULL;
    }
    if (!in->cut)
        return NULL;
    void *piece = in->cut;
    in->cut += cost;
    in->cut_left -= cost;
    return piece;
}

static void protobuf_release(void *context, void *memory)
{
    (void)context, (void)memory; /* with the blocks */
}

/* ---- the bytes ---------------------------------------------------------------- */

static espalier_status read_bytes(onnx_inside *in, uint8_t **bytes, size_t *count)
{
    reader *from = NULL;
    espalier_status status = reader_open(in->path, in->file->allocator, &from, in->error);
    if (status != ESPALIER_OK)
        return status;
    in->file->bytes = reader_file_bytes(from);
    if (reader_is_gzip(from))
        status = error_set(in->error, ESPALIER_ERROR_FORMAT, "%s: gzipped; expected a plain ONNX model",
                           in->path);
    else if (in->file->bytes > ONNX_FILE_MOST)
        status = error_set(in->error, ESPALIER_ERROR_FORMAT,
                           "%s: %llu bytes; expected at most %llu, the most that protobuf allows",
                           in->path, (unsigned long long)in->file->bytes,
                           (unsigned long long)ONNX_FILE_MOST);
    *count = (size_t)in->file->bytes;
    if (status == ESPALIER_OK && !(*bytes = memory_array(in->file->allocator, *count, 1)))
        status = error_memory(in->error);
    if (status == ESPALIER_OK)
        status = reader_read(from, *bytes, *count, in->error);
    reader_close(from);
    return status;
}

static espalier_status decode(onnx_inside *in, const uint8_t *bytes, size_t count)
{
    size_t at;
    const char *fault = onnx_scan(&onnx__model_proto__descriptor, bytes, count, &at);
    if (fault)
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: no ONNX model, or a damaged one: byte %zu: %s", in->path, at, fault);
    in->budget = count * BUDGET_FACTOR + BUDGET_BYTES;
    in->model = onnx__model_proto__unpack(&in->protobuf, count, bytes);
    if (in->no_memory)
        return error_memory(in->error);
    if (!in->model && in->over_budget)
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: asks for more than %d times the memory of its %zu bytes", in->path,
                         BUDGET_FACTOR, count);
    if (!in->model)
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: no ONNX model, or a damaged one", in->path);
    if (!in->model->graph)
        return error_set(in->error, ESPALIER_ERROR_FORMAT, "%s: expected an ONNX model with a graph, "
                                                           "found none", in->path);
    return ESPALIER_OK;
}

/* ---- the plain view -------------------------------------------------------------- */

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

static espalier_status take_graph(onnx_inside *in, onnx_file *file)
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

espalier_status onnx_read(const char *path, const espalier_allocator *allocator, onnx_file *file,
                          espalier_error *error)
{
    onnx_file made = {.allocator = allocator};
    uint8_t *bytes = NULL;
    size_t count = 0;
    onnx_inside *in = memory_array(allocator, 1, sizeof *in);
    if (!in)
        return error_memory(error);
    *in = (onnx_inside){.path = path, .file = &made, .error = error,
                        .protobuf = {protobuf_allocate, protobuf_release, in}};
    made.inside = in;
    espalier_status status = read_bytes(in, &bytes, &count);
    if (status == ESPALIER_OK)
        status = decode(in, bytes, count);
    memory_release(allocator, bytes);
    if (status == ESPALIER_OK)
        status = take_graph(in, &made);
    in->path = NULL;
    in->error = NULL;
    if (status == ESPALIER_OK) {
        *file = made;
        in->file = file;
    } else {
        onnx_clear(&made);
    }
    return status;
}

void onnx_clear(onnx_file *file)
{
    onnx_inside *in = file->inside;
    if (!in)
        return;
    in->file = file; /* wherever it is by now */
    while (in->blocks) {
        onnx_block *block = in->blocks;
        in->blocks = block->next;
        memory_release(file->allocator, block->memory);
        memory_release(file->allocator, block);
    }
    memory_release(file->allocator, in);
    *file = (onnx_file){.allocator = file->allocator};
}

#endif
