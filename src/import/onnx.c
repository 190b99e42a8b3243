/* A network out of an ONNX model: the file is read, its nodes put in order and gone
 * through one by one, and what they amount to is put together. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "format/safetensors.h"
#include "import/metadata.h"
#include "import/onnx_graph.h"
#include "import/reader.h"
#include "net/network.h"

/* Operators changed their meaning in old versions: Gemm's broadcast, BatchNormalization's
 * inputs. From 7 on they are as they are here. */
enum { OPSET_LEAST = 7 };

static espalier_status check_opset(const importer *in)
{
    if (in->file->opset >= OPSET_LEAST)
        return ESPALIER_OK;
    return error_set(in->error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: opset %lld; expected %d or newer (convert it with onnx.version_converter)",
                     in->path, (long long)in->file->opset, OPSET_LEAST);
}

/* The width that the first layer wants, for an input that does not say its own. */
static size_t width_wanted(const importer *in)
{
    for (size_t i = 0; i < in->order_count; i++) {
        const onnx_node *node = &in->file->nodes[in->order[i]];
        const value a = graph_input(in, node, 0), b = graph_input(in, node, 1);
        bool gemm = strcmp(node->op, "Gemm") == 0, matmul = strcmp(node->op, "MatMul") == 0;
        if ((!gemm && !matmul) || *node->domain)
            continue;
        const value *weights = b.kind == VALUE_CONSTANT ? &b : &a;
        bool left = weights == &a, turn = graph_attribute(node, left ? "transA" : "transB", 0) != 0;
        uint64_t width = weights->constant.dims[left != (gemm && turn) ? 1 : 0];
        return weights->kind == VALUE_CONSTANT && weights->constant.rank == 2 &&
                       width <= NETWORK_WIDTH_MOST
                   ? (size_t)width
                   : 0;
    }
    return 0;
}

static espalier_status check_input(const importer *in)
{
    const value v = graph_value(in, in->input->name);
    if (v.flow.known && (v.flow.rank < 2 || flow_width(&v.flow) == 0))
        return error_set(in->error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: input '%s' has %zu dimensions; expected [rows, inputs] with 1 to 2^24 "
                         "inputs", in->path, safetensors_show(in->input->name).text, v.flow.rank);
    return ESPALIER_OK;
}

/* "ONNX (pytorch 1.13.1)": what is not plain ASCII is left out. */
static void origin_of(const onnx_file *file, char text[128])
{
    char full[128];
    size_t used = 0;
    snprintf(full, sizeof full, "ONNX%s%.40s%s%.40s%s", *file->producer ? " (" : "", file->producer,
             *file->producer && *file->producer_version ? " " : "",
             *file->producer ? file->producer_version : "", *file->producer ? ")" : "");
    for (const char *c = full; *c; c++)
        if (*c >= ' ' && *c < 0x7f)
            text[used++] = *c;
    text[used] = '\0';
}

/* True for espalier's own export: it says all there is to say about the rows. */
static bool is_own(const onnx_file *file)
{
    return strcmp(file->producer, "espalier") == 0;
}

static const char *key_at(const void *context, size_t index)
{
    const onnx_file *file = context;
    return index < file->pair_count ? file->pairs[index].key : NULL;
}

static const char *value_at(const void *context, size_t index)
{
    return ((const onnx_file *)context)->pairs[index].value;
}

static espalier_status build(importer *in, espalier_network **network)
{
    const metadata_source source = {in->file, key_at, value_at};
    espalier_network *made = NULL;
    char origin[128];
    origin_of(in->file, origin);
    in->pieces.origin = is_own(in->file) ? NULL : origin;
    espalier_status status = pieces_build(&in->pieces, in->path, &made, in->error);
    if (status == ESPALIER_OK && is_own(in->file))
        status = import_metadata(made, &source, in->path, in->error);
    if (status == ESPALIER_OK)
        *network = made;
    else
        espalier_network_destroy(made);
    return status;
}

static espalier_status take(importer *in, espalier_network **network)
{
    espalier_status status = check_opset(in);
    if (status == ESPALIER_OK)
        status = graph_sort(in);
    if (status == ESPALIER_OK && !(in->made = memory_array(in->allocator, NODES_MOST,
                                                           sizeof *in->made)))
        status = error_memory(in->error);
    if (status != ESPALIER_OK)
        return status;
    in->width = width_wanted(in);
    status = check_input(in);
    for (size_t i = 0; status == ESPALIER_OK && i < in->order_count; i++)
        status = graph_take_node(in, &in->file->nodes[in->order[i]]);
    if (status == ESPALIER_OK)
        status = graph_take_outputs(in);
    return status == ESPALIER_OK ? build(in, network) : status;
}

static void clear(importer *in)
{
    for (size_t i = 0; i < in->entry_count; i++)
        memory_release(in->allocator, in->entries[i].value);
    for (size_t i = 0; i < in->made_count; i++)
        memory_release(in->allocator, in->made[i]);
    memory_release(in->allocator, in->made);
    memory_release(in->allocator, in->name_texts);
    memory_release(in->allocator, in->entries);
    memory_release(in->allocator, in->order);
    affine_clear(in->allocator, &in->affine);
    pieces_clear(&in->pieces);
}

espalier_status import_onnx(const char *path, const espalier_allocator *allocator,
                            espalier_network **network, espalier_error *error)
{
    onnx_file file;
    espalier_status status = onnx_read(path, allocator, &file, error);
    if (status != ESPALIER_OK)
        return status;
    importer in = {.path = path, .allocator = allocator, .file = &file, .error = error,
                   .pieces = {.allocator = allocator}};
    status = take(&in, network);
    clear(&in);
    onnx_clear(&file);
    return status;
}
