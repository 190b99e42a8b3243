/* Operators that leave the values of a row as they are, in their order, and only change
 * how the row is written: Reshape and its like. */
#include "import/onnx_graph.h"

#include "base/memory.h"

/* Gives input 0 on as it is. */
espalier_status take_same(importer *in, const onnx_node *node)
{
    const value v = graph_input(in, node, 0);
    return graph_give(in, node, &v);
}

/* In use nothing is dropped, also where the file was saved in training mode. */
espalier_status take_dropout(importer *in, const onnx_node *node)
{
    if (graph_input(in, node, 0).kind == VALUE_CONSTANT)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED, "of a constant is not worked out");
    return take_same(in, node);
}

espalier_status take_cast(importer *in, const onnx_node *node)
{
    int64_t to = graph_attribute(node, "to", ONNX_FLOAT);
    bool real = to == ONNX_FLOAT || to == ONNX_DOUBLE || to == ONNX_FLOAT16 || to == ONNX_BFLOAT16;
    if (graph_input(in, node, 0).kind == VALUE_FLOW && !real)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "to %s makes whole numbers of the rows' values",
                            onnx_type_name(to > 0 && to < 100 ? (int)to : 0));
    return take_same(in, node);
}

/* The rows that change their shape; answers are given on as they are, for that is only
 * how they are written down. done: that has happened. */
static espalier_status rows_of(importer *in, const onnx_node *node, value *v, bool *done)
{
    *v = graph_input(in, node, 0);
    *done = v->kind == VALUE_ANSWER;
    if (*done)
        return graph_give(in, node, v);
    if (v->kind == VALUE_FLOW && !v->flow.known)
        return graph_refuse_open(in, node);
    if (v->kind != VALUE_FLOW)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "the shape of its input is not known");
    if (v->flow.turned)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED, "of [inputs, rows], expected "
                                                                  "[rows, inputs]");
    return ESPALIER_OK;
}

static espalier_status mixes_rows(const importer *in, const onnx_node *node)
{
    return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                        "would mix rows, or cut them into pieces; expected each row to stay one");
}

espalier_status take_flatten(importer *in, const onnx_node *node)
{
    value v;
    bool done;
    espalier_status status = rows_of(in, node, &v, &done);
    if (status != ESPALIER_OK || done)
        return status;
    int64_t axis = graph_attribute(node, "axis", 1);
    if (axis != 1 && axis + (int64_t)v.flow.rank != 1)
        return mixes_rows(in, node);
    v.flow.dims[1] = (int64_t)flow_width(&v.flow);
    v.flow.rank = 2;
    return graph_give(in, node, &v);
}

/* ---- Reshape --------------------------------------------------------------------- */

/* The shape asked for, put onto f; false if a row would not stay a row. */
static bool reshape(flow *f, const int64_t *asked, size_t count, bool zero_copies)
{
    flow made = *f;
    int64_t rest = (int64_t)flow_width(f);
    size_t open = 0;
    if (count < 1 || count > ONNX_RANK_MOST || rest < 1)
        return false;
    bool first = asked[0] == BATCH || asked[0] == -1 || (asked[0] == 0 && zero_copies) ||
                 (f->dims[0] > 0 && asked[0] == f->dims[0]);
    made.rank = count;
    for (size_t i = 1; i < count; i++) {
        int64_t size = asked[i] == 0 && zero_copies && i < f->rank ? f->dims[i] : asked[i];
        if (size == -1 && !open && asked[0] != -1) {
            open = i;
            continue;
        }
        if (size < 1 || rest % size != 0)
            return false;
        made.dims[i] = size;
        rest /= size;
    }
    if (open)
        made.dims[open] = rest;
    else if (rest != 1)
        return false;
    *f = made;
    return first;
}

espalier_status take_reshape(importer *in, const onnx_node *node)
{
    value v;
    bool done, given;
    int64_t asked[SMALL_MOST];
    size_t count;
    espalier_status status = rows_of(in, node, &v, &done);
    if (status != ESPALIER_OK || done)
        return status;
    if (!graph_integers(in, node, "shape", 1, asked, &count, &given))
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED, "its shape is no constant");
    if (!reshape(&v.flow, asked, count, graph_attribute(node, "allowzero", 0) == 0))
        return mixes_rows(in, node);
    return graph_give(in, node, &v);
}

/* ---- Squeeze and Unsqueeze ---------------------------------------------------------- */

/* Marks the axes, those below zero counted from the end; false if one is out of range. */
static bool mark_axes(const int64_t *axes, size_t count, size_t rank, bool marks[SMALL_MOST])
{
    for (size_t i = 0; i < SMALL_MOST; i++)
        marks[i] = false;
    for (size_t i = 0; i < count; i++) {
        int64_t axis = axes[i] < 0 && axes[i] >= -(int64_t)rank ? axes[i] + (int64_t)rank : axes[i];
        if (axis < 0 || axis >= (int64_t)rank)
            return false;
        marks[axis] = true;
    }
    return true;
}

espalier_status take_squeeze(importer *in, const onnx_node *node)
{
    value v;
    bool done, given, marks[SMALL_MOST];
    int64_t axes[SMALL_MOST];
    size_t count, kept = 1;
    espalier_status status = rows_of(in, node, &v, &done);
    if (status != ESPALIER_OK || done)
        return status;
    bool read = graph_integers(in, node, "axes", 1, axes, &count, &given);
    if (given && (!read || !mark_axes(axes, count, v.flow.rank, marks)))
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED, "its axes are no constants in range");
    if (given ? marks[0] : v.flow.dims[0] == 1)
        return mixes_rows(in, node);
    for (size_t i = 1; i < v.flow.rank; i++) {
        bool goes = given ? marks[i] : v.flow.dims[i] == 1;
        if (goes && v.flow.dims[i] != 1)
            return mixes_rows(in, node);
        if (!goes)
            v.flow.dims[kept++] = v.flow.dims[i];
    }
    v.flow.rank = kept;
    return graph_give(in, node, &v);
}

espalier_status take_unsqueeze(importer *in, const onnx_node *node)
{
    value v;
    bool done, given, marks[SMALL_MOST];
    int64_t axes[SMALL_MOST];
    size_t count;
    espalier_status status = rows_of(in, node, &v, &done);
    if (status != ESPALIER_OK || done)
        return status;
    if (!graph_integers(in, node, "axes", 1, axes, &count, &given) ||
        v.flow.rank + count > ONNX_RANK_MOST ||
        !mark_axes(axes, count, v.flow.rank + count, marks))
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED, "its axes are no constants in range");
    flow made = v.flow;
    made.rank = v.flow.rank + count;
    for (size_t i = 0, from = 0; i < made.rank; i++) {
        if (!marks[i] && from >= v.flow.rank)
            return mixes_rows(in, node); /* an axis given twice */
        made.dims[i] = marks[i] ? 1 : v.flow.dims[from++];
    }
    if (marks[0])
        return mixes_rows(in, node);
    v.flow = made;
    return graph_give(in, node, &v);
}

/* ---- Transpose ------------------------------------------------------------------------ */

/* True where the dimensions that are not 1 keep their order behind the first. */
static bool keeps_order(const flow *f, const int64_t *order)
{
    int64_t last = 0;
    for (size_t i = 1; i < f->rank; i++) {
        if (f->dims[order[i]] == 1)
            continue;
        if (order[i] < last)
            return false;
        last = order[i];
    }
    return order[0] == 0;
}

static bool is_permutation(const int64_t *order, size_t count)
{
    unsigned seen = 0;
    for (size_t i = 0; i < count; i++)
        if (order[i] >= 0 && order[i] < (int64_t)count)
            seen |= 1u << order[i];
    return seen == (1u << count) - 1;
}

/* Two dimensions may change places: then the rows stand in columns. */
espalier_status take_transpose(importer *in, const onnx_node *node)
{
    const onnx_attribute *a = onnx_find(node, "perm", ONNX_ATTRIBUTE_INTS);
    value v = graph_input(in, node, 0);
    int64_t order[ONNX_RANK_MOST];
    if (v.kind == VALUE_FLOW && !v.flow.known)
        return graph_refuse_open(in, node);
    if (v.kind != VALUE_FLOW)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED, "expected rows");
    size_t rank = v.flow.rank;
    for (size_t i = 0; i < rank; i++)
        order[i] = a && i < a->count ? a->integers[i] : (int64_t)(rank - 1 - i);
    if ((a && a->count != rank) || !is_permutation(order, rank))
        return graph_refuse(in, node, ESPALIER_ERROR_FORMAT, "perm is no order of %zu axes", rank);
    flow made = v.flow;
    for (size_t i = 0; i < rank; i++)
        made.dims[i] = v.flow.dims[order[i]];
    if (rank == 2 && order[0] == 1)
        made.turned = !made.turned;
    else if (v.flow.turned ? rank != 2 : !keeps_order(&v.flow, order))
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "changes the order of the values in a row");
    v.flow = made;
    return graph_give(in, node, &v);
}

/* ---- Gather --------------------------------------------------------------------------- */

static espalier_status take_indices(importer *in, const onnx_node *node, const constant *c,
                                    size_t width)
{
    int64_t last = -1;
    in->pieces.kept = memory_array(in->allocator, c->count, sizeof *in->pieces.kept);
    if (!in->pieces.kept)
        return error_memory(in->error);
    for (size_t i = 0; i < c->count; i++) {
        int64_t index = onnx_integer(c->tensor, i);
        if (index <= last || index >= (int64_t)width)
            return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                                "expected rising indices of inputs below %zu", width);
        in->pieces.kept[i] = (uint64_t)(last = index);
    }
    in->pieces.row_width = width;
    if (c->count == width) { /* all of them, in their order */
        memory_release(in->allocator, in->pieces.kept);
        in->pieces.kept = NULL;
    }
    return ESPALIER_OK;
}

/* Inputs picked out of the rows, before anything else: those that a compacted network
 * reads. Behind the labels it looks up the class. */
espalier_status take_gather(importer *in, const onnx_node *node)
{
    value v = graph_input(in, node, 0);
    const value at = graph_input(in, node, 1);
    const constant *c = &at.constant;
    size_t width = flow_width(&v.flow);
    int64_t axis = graph_attribute(node, "axis", 0);
    if (v.kind != VALUE_FLOW)
        return take_extractor(in, node);
    if (at.kind != VALUE_CONSTANT || in->tick > 0 || in->pieces.kept || v.flow.rank != 2 ||
        (axis != 1 && axis != -1) || c->rank != 1 || !c->tensor || !onnx_is_integer(c->tensor) ||
        c->count < 1 || c->count > width || width / 64 > in->file->bytes)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "expected it to pick inputs of the rows, before anything else");
    espalier_status status = take_indices(in, node, c, width);
    v.flow.dims[1] = (int64_t)c->count;
    v.flow.tick = ++in->tick;
    return status == ESPALIER_OK ? graph_give(in, node, &v) : status;
}
