/* Values of an ONNX graph by name; constants as numbers; what shapes have to do with
 * one another. */
#include "import/onnx_graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "format/safetensors.h"
#include "net/network.h"

espalier_status graph_refuse(const importer *in, const onnx_node *node, espalier_status status,
                             const char *format, ...)
{
    char why[320], which[96];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    if (*node->name)
        snprintf(which, sizeof which, "'%s'", safetensors_show(node->name).text);
    else
        snprintf(which, sizeof which, "%zu", (size_t)(node - in->file->nodes));
    return error_set(in->error, status, "%s: operator %s%s%s (node %s): %s", in->path,
                     safetensors_show(node->domain).text, *node->domain ? "." : "",
                     *node->op ? safetensors_show(node->op).text : "without a name", which, why);
}

/* ---- by name ------------------------------------------------------------------- */

/* The graph's input, with the batch in front. One without a shape is taken for flat rows
 * as wide as the first layer wants them. */
static value input_value(const importer *in, const onnx_value *input)
{
    value v = {.kind = VALUE_FLOW};
    v.flow.known = input->shaped;
    v.flow.rank = input->rank;
    memcpy(v.flow.dims, input->dims, sizeof v.flow.dims);
    for (size_t i = 1; i < input->rank; i++)
        v.flow.known &= input->dims[i] > 0;
    if (!v.flow.known && in->width && (!input->shaped || input->rank == 2))
        v.flow = (flow){.known = true, .rank = 2, .dims = {-1, (int64_t)in->width}};
    return v;
}

value graph_value(const importer *in, const char *name)
{
    const entry *e = *name ? graph_find(in, name) : NULL;
    if (e && e->tensor)
        return (value){.kind = VALUE_CONSTANT, .constant = constant_of(e->tensor)};
    if (e && e->input)
        return input_value(in, e->input);
    return e && e->value ? *e->value : (value){.kind = VALUE_NONE};
}

value graph_input(const importer *in, const onnx_node *node, size_t index)
{
    return index < node->input_count ? graph_value(in, node->inputs[index])
                                     : (value){.kind = VALUE_NONE};
}

espalier_status graph_give(importer *in, const onnx_node *node, const value *v)
{
    if (node->output_count == 0 || !*node->outputs[0])
        return ESPALIER_OK;
    entry *e = graph_find(in, node->outputs[0]);
    e->value = memory_array(in->allocator, 1, sizeof *e->value);
    if (!e->value)
        return error_memory(in->error);
    *e->value = *v;
    return ESPALIER_OK;
}

int64_t graph_attribute(const onnx_node *node, const char *name, int64_t otherwise)
{
    const onnx_attribute *a = onnx_find(node, name, ONNX_ATTRIBUTE_INT);
    return a ? a->integer : otherwise;
}

float graph_attribute_float(const onnx_node *node, const char *name, float otherwise)
{
    const onnx_attribute *a = onnx_find(node, name, ONNX_ATTRIBUTE_FLOAT);
    return a ? a->number : otherwise;
}

/* ---- constants ------------------------------------------------------------------ */

constant constant_of(const onnx_tensor *tensor)
{
    constant c = {.tensor = tensor, .rank = tensor->rank, .count = tensor->count};
    memcpy(c.dims, tensor->dims, sizeof c.dims);
    return c;
}

bool constant_is_numeric(const constant *c)
{
    for (size_t i = 0; !c->tensor && i < c->count; i++)
        if (c->small[i] == BATCH)
            return false;
    return !c->tensor || onnx_is_numeric(c->tensor);
}

double constant_number(const constant *c, size_t index)
{
    if (!c->tensor)
        return (double)c->small[index];
    if (c->turned) { /* [i][j] stands at [j][i] in the tensor */
        size_t columns = (size_t)c->dims[1], rows = (size_t)c->dims[0];
        index = index % columns * rows + index / columns;
    }
    return onnx_number(c->tensor, index);
}

bool constant_integers(const constant *c, int64_t integers[SMALL_MOST], size_t *count)
{
    if (c->count > SMALL_MOST || c->turned || (c->tensor && !onnx_is_integer(c->tensor)))
        return false;
    *count = c->count;
    for (size_t i = 0; i < c->count; i++)
        integers[i] = c->tensor ? onnx_integer(c->tensor, i) : c->small[i];
    return true;
}

bool graph_integers(const importer *in, const onnx_node *node, const char *attribute, size_t input,
                    int64_t integers[SMALL_MOST], size_t *count, bool *given)
{
    const onnx_attribute *a = onnx_find(node, attribute, ONNX_ATTRIBUTE_INTS);
    const value v = graph_input(in, node, input);
    *given = a || v.kind != VALUE_NONE;
    if (v.kind == VALUE_CONSTANT)
        return constant_integers(&v.constant, integers, count);
    if (!a || v.kind != VALUE_NONE || a->count > SMALL_MOST)
        return false;
    *count = a->count;
    if (a->count)
        memcpy(integers, a->integers, a->count * sizeof *integers);
    return true;
}

/* ---- flows ------------------------------------------------------------------------ */

size_t flow_batch(const flow *f)
{
    return f->turned ? 1 : 0;
}

size_t flow_width(const flow *f)
{
    uint64_t width = 1;
    for (size_t i = 0; f->known && i < f->rank; i++)
        if (i != flow_batch(f))
            width = width <= NETWORK_WIDTH_MOST && (uint64_t)f->dims[i] <= NETWORK_WIDTH_MOST
                        ? width * (uint64_t)f->dims[i]
                        : NETWORK_WIDTH_MOST + 1;
    return f->known && width <= NETWORK_WIDTH_MOST ? (size_t)width : 0;
}

espalier_status flow_check(const importer *in, const onnx_node *node, const flow *f)
{
    return f->tick == in->tick
               ? ESPALIER_OK
               : graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                              "its input is used elsewhere, too: the graph forks (skip connections "
                              "and branches cannot be taken)");
}

espalier_status graph_refuse_open(const importer *in, const onnx_node *node)
{
    return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                        in->input->shaped
                            ? "input '%s' of the graph has open dimensions besides the first; expected "
                              "fixed ones (export with the first alone in dynamic_axes)"
                            : "input '%s' of the graph has no shape; expected one",
                        safetensors_show(in->input->name).text);
}

static espalier_status shapes_differ(const importer *in, const onnx_node *node, const flow *f,
                                     const constant *c)
{
    char constant_shape[192];
    if (!f->known)
        return graph_refuse_open(in, node);
    safetensors_shape_text(c->dims, c->rank, constant_shape);
    return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                        "a constant of shape %s does not go with rows of %zu values each",
                        constant_shape, flow_width(f));
}

/* Place in the constant of place `index` of a row: dimensions match from the last one on,
 * those of size 1 go with all. */
static size_t spread_place(const flow *f, const constant *c, size_t index)
{
    size_t place = 0, step = 1;
    for (size_t i = 0; i < c->rank; i++) {
        size_t in_flow = f->rank - 1 - i, in_constant = c->rank - 1 - i;
        if (in_flow == flow_batch(f))
            continue;
        size_t size = (size_t)f->dims[in_flow];
        if (c->dims[in_constant] != 1)
            place += index % size * step;
        index /= size;
        step *= (size_t)c->dims[in_constant];
    }
    return place;
}

static bool goes_with(const flow *f, const constant *c)
{
    if (!f->known || c->rank > f->rank)
        return false;
    for (size_t i = 0; i < c->rank; i++) {
        size_t in_flow = f->rank - 1 - i;
        uint64_t size = c->dims[c->rank - 1 - i];
        if (size != 1 && (in_flow == flow_batch(f) || size != (uint64_t)f->dims[in_flow]))
            return false;
    }
    return true;
}

espalier_status flow_spread(const importer *in, const onnx_node *node, const flow *f,
                            const constant *c, double **numbers, size_t *count)
{
    size_t width = flow_width(f);
    if (!constant_is_numeric(c))
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED, "%s; expected constant numbers",
                            c->tensor ? onnx_type_name(c->tensor->type) : "an open number of rows");
    if (c->count != 1 && (!goes_with(f, c) || width == 0))
        return shapes_differ(in, node, f, c);
    /* Rows may be declared far wider than the file can tell apart. */
    if (c->count != 1 && width / 64 > in->file->bytes)
        return shapes_differ(in, node, f, c);
    *count = c->count == 1 ? 1 : width;
    *numbers = memory_array(in->allocator, *count, sizeof **numbers);
    if (!*numbers)
        return error_memory(in->error);
    for (size_t i = 0; i < *count; i++)
        (*numbers)[i] = constant_number(c, *count == 1 ? 0 : spread_place(f, c, i));
    return ESPALIER_OK;
}
