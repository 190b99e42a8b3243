/* Reading an ONNX file: its bytes, and protobuf-c within a budget. */
#include "format/onnx_inside.h"

#include <string.h>

#include "base/memory.h"
#include "base/stream.h"

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

/* ---- all of it ------------------------------------------------------------------- */

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
        status = onnx_take_graph(in, &made);
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
