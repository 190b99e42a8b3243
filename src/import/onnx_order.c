/* The names of an ONNX graph, and an order of its nodes in which each comes behind what
 * it needs. The file may list them in any order, and more of them than are needed. */
#include "import/onnx_graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/safetensors.h"

/* ---- names --------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

static size_t count_entries(const onnx_file *file)
{
    size_t count = file->tensor_count + file->input_count;
    for (size_t n = 0; n < file->node_count; n++)
        count += file->nodes[n].output_count;
    return count;
}

/* An initializer may stand among the inputs, too: then it is their default, and that is
 * taken. Everything else has one maker. */
static espalier_status merge(importer *in)
{
    size_t kept = 0;
    for (size_t i = 0; i < in->entry_count; i++) {
        entry *from = &in->entries[i], *last = kept ? &in->entries[kept - 1] : NULL;
        if (!last || strcmp(last->name, from->name) != 0) {
            in->entries[kept++] = *from;
            continue;
        }
        if ((last->tensor && from->input) || (last->input && from->tensor)) {
            last->tensor = last->tensor ? last->tensor : from->tensor;
            last->input = NULL;
            continue;
        }
        return error_set(in->error, ESPALIER_ERROR_FORMAT, "%s: the name '%s' is given twice",
                         in->path, safetensors_show(from->name).text);
    }
    in->entry_count = kept;
    return ESPALIER_OK;
}

static espalier_status collect(importer *in)
{
    const onnx_file *file = in->file;
    in->entries = memory_array(in->allocator, count_entries(file), sizeof *in->entries);
    if (!in->entries)
        return error_memory(in->error);
    for (size_t i = 0; i < file->tensor_count; i++)
        if (*file->tensors[i].name)
            in->entries[in->entry_count++] = (entry){
                .name = file->tensors[i].name, .node = SIZE_MAX, .tensor = &file->tensors[i]};
    for (size_t i = 0; i < file->input_count; i++)
        in->entries[in->entry_count++] =
            (entry){.name = file->inputs[i].name, .node = SIZE_MAX, .input = &file->inputs[i]};
    for (size_t n = 0; n < file->node_count; n++)
        for (size_t o = 0; o < file->nodes[n].output_count; o++)
            if (*file->nodes[n].outputs[o])
                in->entries[in->entry_count++] =
                    (entry){.name = file->nodes[n].outputs[o], .node = n};
    qsort(in->entries, in->entry_count, sizeof *in->entries, by_name);
    return merge(in);
}

entry *graph_find(const importer *in, const char *name)
{
    entry key = {.name = name};
    return bsearch(&key, in->entries, in->entry_count, sizeof key, by_name);
}

/* ---- order ---------------------------------------------------------------------- */

typedef enum mark { MARK_NEW, MARK_OPEN, MARK_DONE } mark;

typedef struct visit {
    size_t node, next; /* the input that is looked at next */
} visit;

typedef struct walk {
    importer *in;
    unsigned char *marks; /* [node_count] */
    visit *stack;         /* [NODES_MOST] */
    size_t depth;
} walk;

static espalier_status enter(walk *w, size_t node)
{
    importer *in = w->in;
    if (w->marks[node] == MARK_DONE)
        return ESPALIER_OK;
    if (w->marks[node] == MARK_OPEN)
        return graph_refuse(in, &in->file->nodes[node], ESPALIER_ERROR_FORMAT,
                            "needs its own output: the graph goes in a circle");
    if (in->order_count + w->depth >= NODES_MOST)
        return error_set(in->error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: the outputs need more than %d nodes; expected a plain network of "
                         "fully connected layers", in->path, NODES_MOST);
    w->marks[node] = MARK_OPEN;
    w->stack[w->depth++] = (visit){node, 0};
    return ESPALIER_OK;
}

/* The graph's input that the rows come in by: there must be one only. */
static espalier_status meet_input(importer *in, const onnx_value *input)
{
    if (in->input && in->input != input)
        return error_set(in->error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: several inputs, '%s' and '%s'; expected one", in->path,
                         safetensors_show(in->input->name).text, safetensors_show(input->name).text);
    in->input = input;
    return ESPALIER_OK;
}

static espalier_status need(walk *w, const char *name, const onnx_node *by)
{
    importer *in = w->in;
    if (!*name)
        return ESPALIER_OK; /* left out */
    const entry *e = graph_find(in, name);
    if (!e && by)
        return graph_refuse(in, by, ESPALIER_ERROR_FORMAT,
                            "input '%s' is made by no node and is no input or initializer%s",
                            safetensors_show(name).text,
                            in->file->sparse_count ? " (sparse initializers are not taken)" : "");
    if (!e)
        return error_set(in->error, ESPALIER_ERROR_FORMAT, "%s: output '%s' is made by no node",
                         in->path, safetensors_show(name).text);
    if (e->input)
        return meet_input(in, e->input);
    return e->node == SIZE_MAX ? ESPALIER_OK : enter(w, e->node);
}

static espalier_status go(walk *w)
{
    importer *in = w->in;
    espalier_status status = ESPALIER_OK;
    while (status == ESPALIER_OK && w->depth > 0) {
        visit *top = &w->stack[w->depth - 1];
        const onnx_node *node = &in->file->nodes[top->node];
        if (top->next < node->input_count) {
            status = need(w, node->inputs[top->next++], node);
        } else {
            w->marks[top->node] = MARK_DONE;
            in->order[in->order_count++] = top->node;
            w->depth--;
        }
    }
    return status;
}

espalier_status graph_sort(importer *in)
{
    walk w = {.in = in};
    espalier_status status = collect(in);
    if (status != ESPALIER_OK)
        return status;
    if (in->file->output_count == 0)
        return error_set(in->error, ESPALIER_ERROR_FORMAT, "%s: the graph has no output", in->path);
    w.marks = memory_array(in->allocator, in->file->node_count, 1);
    w.stack = memory_array(in->allocator, NODES_MOST, sizeof *w.stack);
    in->order = memory_array(in->allocator, NODES_MOST, sizeof *in->order);
    if (!w.marks || !w.stack || !in->order)
        status = error_memory(in->error);
    for (size_t i = 0; status == ESPALIER_OK && i < in->file->output_count; i++) {
        status = need(&w, in->file->outputs[i].name, NULL);
        if (status == ESPALIER_OK)
            status = go(&w);
    }
    memory_release(in->allocator, w.marks);
    memory_release(in->allocator, w.stack);
    if (status == ESPALIER_OK && !in->input)
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: no input of the graph leads to its outputs", in->path);
    return status;
}
