/* Operators whose inputs are all constants: shapes that the graph works out (rows, -1, a
 * product of dimensions), weights that are transposed, and constants given as nodes. No
 * tensor is copied, so that weights worked out of other weights are refused. */
#include "import/onnx_graph.h"

#include <string.h>

#include "base/memory.h"

static value small_value(void)
{
    return (value){.kind = VALUE_CONSTANT};
}

static void set_list(constant *c, size_t count)
{
    c->rank = 1;
    c->count = count;
    c->dims[0] = count;
}

static espalier_status not_worked_out(const importer *in, const onnx_node *node)
{
    return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                        "of constants alone is not worked out here; simplify the file (onnxsim), or "
                        "in PyTorch remove spectral_norm and its like before the export");
}

espalier_status fold_nothing(importer *in, const onnx_node *node)
{
    return not_worked_out(in, node);
}

/* Identity, and Cast as far as it changes no value. */
espalier_status fold_same(importer *in, const onnx_node *node)
{
    const value v = graph_input(in, node, 0);
    int64_t to = graph_attribute(node, "to", ONNX_FLOAT);
    bool real = to == ONNX_FLOAT || to == ONNX_DOUBLE || to == ONNX_FLOAT16 || to == ONNX_BFLOAT16;
    if (!constant_is_numeric(&v.constant) && strcmp(node->op, "Cast") == 0)
        return not_worked_out(in, node);
    if (!real && v.constant.tensor && !onnx_is_integer(v.constant.tensor))
        return not_worked_out(in, node);
    return graph_give(in, node, &v);
}

/* ---- another shape ---------------------------------------------------------------- */

static espalier_status give_shape(importer *in, const onnx_node *node, const int64_t *dims,
                                  size_t rank)
{
    value v = graph_input(in, node, 0);
    uint64_t rest = v.constant.count;
    size_t open = SIZE_MAX;
    if (rank > ONNX_RANK_MOST || v.constant.turned)
        return not_worked_out(in, node);
    for (size_t i = 0; i < rank; i++) {
        int64_t size = dims[i] == 0 && i < v.constant.rank ? (int64_t)v.constant.dims[i] : dims[i];
        if (size == -1 && open == SIZE_MAX) {
            open = i;
            continue;
        }
        if (size < 1 || rest % (uint64_t)size != 0)
            return not_worked_out(in, node);
        v.constant.dims[i] = (uint64_t)size;
        rest /= (uint64_t)size;
    }
    if (open != SIZE_MAX)
        v.constant.dims[open] = rest;
    else if (rest != 1)
        return not_worked_out(in, node);
    v.constant.rank = rank;
    return graph_give(in, node, &v);
}

espalier_status fold_reshape(importer *in, const onnx_node *node)
{
    int64_t dims[SMALL_MOST];
    size_t count;
    bool given;
    return graph_integers(in, node, "shape", 1, dims, &count, &given)
               ? give_shape(in, node, dims, count)
               : not_worked_out(in, node);
}

/* Puts dimensions of 1 in, or takes them out. */
static espalier_status change_rank(importer *in, const onnx_node *node, bool more)
{
    const value v = graph_input(in, node, 0);
    int64_t axes[SMALL_MOST], dims[2 * SMALL_MOST];
    size_t count = 0, made = 0, rank = v.constant.rank;
    bool given, read = graph_integers(in, node, "axes", 1, axes, &count, &given);
    if ((given || more) && !read)
        return not_worked_out(in, node);
    size_t full = more ? rank + count : rank;
    for (size_t i = 0, from = 0; i < full && from <= rank && made < 2 * SMALL_MOST; i++) {
        bool marked = !given && v.constant.dims[i] == 1;
        for (size_t a = 0; given && a < count; a++)
            marked |= axes[a] == (int64_t)i || axes[a] + (int64_t)full == (int64_t)i;
        if (more && marked)
            dims[made++] = 1;
        else if (more || !marked)
            dims[made++] = from < rank ? (int64_t)v.constant.dims[from] : 1;
        from += !(more && marked);
    }
    return give_shape(in, node, dims, made);
}

espalier_status fold_squeeze(importer *in, const onnx_node *node)
{
    return change_rank(in, node, false);
}

espalier_status fold_unsqueeze(importer *in, const onnx_node *node)
{
    return change_rank(in, node, true);
}

espalier_status fold_transpose(importer *in, const onnx_node *node)
{
    const onnx_attribute *a = onnx_find(node, "perm", ONNX_ATTRIBUTE_INTS);
    value v = graph_input(in, node, 0);
    constant *c = &v.constant;
    bool swaps = c->rank == 2 && (!a || (a->count == 2 && a->integers[0] == 1 && a->integers[1] == 0));
    bool stays = c->rank < 2 || (a && c->rank == 2 && a->count == 2 && a->integers[0] == 0 &&
                                 a->integers[1] == 1);
    if ((!swaps && !stays) || !c->tensor)
        return not_worked_out(in, node);
    if (swaps) {
        uint64_t rows = c->dims[0];
        c->dims[0] = c->dims[1];
        c->dims[1] = rows;
        c->turned = !c->turned;
    }
    return graph_give(in, node, &v);
}

/* ---- few whole numbers ---------------------------------------------------------------- */

/* Start or end of a slice of `count` numbers, from 0 to count. */
static int64_t clamp(int64_t place, size_t count)
{
    if (place < 0)
        place = place < -(int64_t)count ? 0 : place + (int64_t)count;
    return place > (int64_t)count ? (int64_t)count : place;
}

/* Shape, also of the rows, whose number is open. */
espalier_status take_shape(importer *in, const onnx_node *node)
{
    const value from = graph_input(in, node, 0);
    const flow *f = &from.flow;
    value v = small_value();
    size_t made = 0;
    if (from.kind == VALUE_ANSWER)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "cannot be taken behind the network's answer");
    if (from.kind == VALUE_FLOW && !f->known)
        return graph_refuse_open(in, node);
    size_t rank = from.kind == VALUE_FLOW ? f->rank : from.constant.rank;
    int64_t past = clamp(graph_attribute(node, "end", (int64_t)rank), rank);
    for (int64_t i = clamp(graph_attribute(node, "start", 0), rank); i < past; i++)
        v.constant.small[made++] = from.kind != VALUE_FLOW       ? (int64_t)from.constant.dims[i]
                                   : (size_t)i == flow_batch(f) ? BATCH
                                                                : f->dims[i];
    set_list(&v.constant, made);
    return graph_give(in, node, &v);
}

/* a op b; false where that is no number that a shape can hold. Division must leave nothing
 * over: the numbers may have been cast to floats. The number of rows stays what it is. */
static bool combine(char op, int64_t a, int64_t b, int64_t *result)
{
    const int64_t neutral = op == '*' || op == '/' ? 1 : 0, most = INT32_MAX;
    *result = BATCH;
    if (a == BATCH || (b == BATCH && (op == '*' || op == '+')))
        return (a == BATCH ? b : a) == neutral;
    if (a < -most || a > most || b < -most || b > most || (op == '/' && (b == 0 || a % b != 0)))
        return false;
    *result = op == '*' ? a * b : op == '/' ? a / b : op == '+' ? a + b : a - b;
    return true;
}

/* Two lists of as many numbers, or one number with each of a list. */
static espalier_status fold_numbers(importer *in, const onnx_node *node, char op)
{
    const value a = graph_input(in, node, 0), b = graph_input(in, node, 1);
    int64_t left[SMALL_MOST], right[SMALL_MOST];
    size_t lefts, rights;
    value v = small_value();
    if (a.constant.rank > 1 || b.constant.rank > 1 || !constant_integers(&a.constant, left, &lefts) ||
        !constant_integers(&b.constant, right, &rights) ||
        (lefts != rights && lefts != 1 && rights != 1))
        return not_worked_out(in, node);
    size_t count = lefts == 1 ? rights : lefts;
    for (size_t i = 0; i < count; i++)
        if (!combine(op, left[lefts == 1 ? 0 : i], right[rights == 1 ? 0 : i], &v.constant.small[i]))
            return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                                "of a shape's numbers does not give whole ones that are known; expected "
                                "each row to stay one, and sizes up to 2^31");
    set_list(&v.constant, count);
    v.constant.rank = a.constant.rank > b.constant.rank ? a.constant.rank : b.constant.rank;
    return graph_give(in, node, &v);
}

espalier_status fold_add(importer *in, const onnx_node *node)
{
    return fold_numbers(in, node, '+');
}

espalier_status fold_sub(importer *in, const onnx_node *node)
{
    return fold_numbers(in, node, '-');
}

espalier_status fold_mul(importer *in, const onnx_node *node)
{
    return fold_numbers(in, node, '*');
}

espalier_status fold_div(importer *in, const onnx_node *node)
{
    return fold_numbers(in, node, '/');
}

/* The product of all numbers of a list. */
espalier_status fold_product(importer *in, const onnx_node *node)
{
    const value from = graph_input(in, node, 0);
    int64_t numbers[SMALL_MOST], axes[SMALL_MOST], product = 1;
    size_t count, axis_count;
    bool given, read = graph_integers(in, node, "axes", 1, axes, &axis_count, &given);
    value v = small_value();
    if (from.constant.rank != 1 || !constant_integers(&from.constant, numbers, &count) ||
        (given && (!read || axis_count != 1 || (axes[0] != 0 && axes[0] != -1))))
        return not_worked_out(in, node);
    for (size_t i = 0; i < count; i++)
        if (!combine('*', product, numbers[i], &product))
            return not_worked_out(in, node);
    set_list(&v.constant, 1);
    v.constant.small[0] = product;
    v.constant.rank = graph_attribute(node, "keepdims", 1) != 0;
    return graph_give(in, node, &v);
}

espalier_status fold_gather(importer *in, const onnx_node *node)
{
    const value data = graph_input(in, node, 0), at = graph_input(in, node, 1);
    int64_t numbers[SMALL_MOST], places[SMALL_MOST];
    size_t count, place_count;
    value v = small_value();
    if (data.constant.rank != 1 || at.constant.rank > 1 || graph_attribute(node, "axis", 0) != 0 ||
        !constant_integers(&data.constant, numbers, &count) ||
        !constant_integers(&at.constant, places, &place_count))
        return not_worked_out(in, node);
    for (size_t i = 0; i < place_count; i++) {
        int64_t place = places[i] < 0 && places[i] >= -(int64_t)count ? places[i] + (int64_t)count
                                                                      : places[i];
        if (place < 0 || place >= (int64_t)count)
            return graph_refuse(in, node, ESPALIER_ERROR_FORMAT, "an index beyond the %zu numbers",
                                count);
        v.constant.small[i] = numbers[place];
    }
    set_list(&v.constant, place_count);
    v.constant.rank = at.constant.rank;
    return graph_give(in, node, &v);
}

espalier_status fold_slice(importer *in, const onnx_node *node)
{
    const value data = graph_input(in, node, 0);
    int64_t numbers[SMALL_MOST], start[SMALL_MOST], end[SMALL_MOST], more[SMALL_MOST];
    size_t count, starts, ends, axes = 0, steps = 0, made = 0;
    bool given, step_given;
    value v = small_value();
    if (data.constant.rank != 1 || !constant_integers(&data.constant, numbers, &count) ||
        !graph_integers(in, node, "starts", 1, start, &starts, &given) || starts != 1 ||
        !graph_integers(in, node, "ends", 2, end, &ends, &given) || ends != 1)
        return not_worked_out(in, node);
    bool axis = graph_integers(in, node, "axes", 3, more, &axes, &given);
    if (given && (!axis || axes != 1 || (more[0] != 0 && more[0] != -1)))
        return not_worked_out(in, node);
    bool step = graph_integers(in, node, "steps", 4, more, &steps, &step_given);
    if (step_given && (!step || steps != 1 || more[0] != 1))
        return not_worked_out(in, node);
    for (int64_t i = clamp(start[0], count), past = clamp(end[0], count); i < past; i++)
        v.constant.small[made++] = numbers[i];
    set_list(&v.constant, made);
    return graph_give(in, node, &v);
}

espalier_status fold_concat(importer *in, const onnx_node *node)
{
    value v = small_value();
    size_t made = 0;
    for (size_t i = 0; i < node->input_count; i++) {
        const value part = graph_input(in, node, i);
        int64_t numbers[SMALL_MOST];
        size_t count;
        if (part.constant.rank != 1 || !constant_integers(&part.constant, numbers, &count) ||
            made + count > SMALL_MOST)
            return not_worked_out(in, node);
        memcpy(v.constant.small + made, numbers, count * sizeof *numbers);
        made += count;
    }
    set_list(&v.constant, made);
    return graph_give(in, node, &v);
}

/* ---- constants as nodes ------------------------------------------------------------------- */

/* A tensor of floats that the file holds as an attribute. */
static espalier_status give_floats(importer *in, const onnx_node *node, const float *numbers,
                                   size_t count, size_t rank)
{
    onnx_tensor *t = memory_array(in->allocator, 1, sizeof *t);
    if (!t)
        return error_memory(in->error);
    in->made[in->made_count++] = t;
    *t = (onnx_tensor){.name = node->output_count ? node->outputs[0] : "", .type = ONNX_FLOAT,
                       .rank = rank, .dims = {count}, .count = count, .store = ONNX_FLOATS,
                       .data = numbers};
    value v = {.kind = VALUE_CONSTANT, .constant = constant_of(t)};
    return graph_give(in, node, &v);
}

espalier_status fold_constant(importer *in, const onnx_node *node)
{
    const onnx_attribute *a;
    value v = small_value();
    if ((a = onnx_find(node, "value", ONNX_ATTRIBUTE_TENSOR))) {
        v.constant = constant_of(a->tensor);
        return graph_give(in, node, &v);
    }
    if ((a = onnx_find(node, "value_float", ONNX_ATTRIBUTE_FLOAT)))
        return give_floats(in, node, &a->number, 1, 0);
    if ((a = onnx_find(node, "value_floats", ONNX_ATTRIBUTE_FLOATS)))
        return give_floats(in, node, a->numbers, a->count, 1);
    if ((a = onnx_find(node, "value_int", ONNX_ATTRIBUTE_INT))) {
        v.constant.count = 1;
        v.constant.small[0] = a->integer;
        return graph_give(in, node, &v);
    }
    a = onnx_find(node, "value_ints", ONNX_ATTRIBUTE_INTS);
    if (!a || a->count > SMALL_MOST)
        return graph_refuse(in, node, ESPALIER_ERROR_UNSUPPORTED,
                            "expected a tensor, numbers or a few whole numbers");
    if (a->count)
        memcpy(v.constant.small, a->integers, a->count * sizeof *a->integers);
    set_list(&v.constant, a->count);
    return graph_give(in, node, &v);
}

/* One number many times over goes with the rows as the number alone does. */
espalier_status fold_constant_of_shape(importer *in, const onnx_node *node)
{
    static const float zero = 0;
    const onnx_attribute *a = onnx_find(node, "value", ONNX_ATTRIBUTE_TENSOR);
    if (!a)
        return give_floats(in, node, &zero, 1, 0);
    if (a->tensor->count != 1 || !onnx_is_numeric(a->tensor) || onnx_is_integer(a->tensor))
        return not_worked_out(in, node);
    value v = {.kind = VALUE_CONSTANT, .constant = constant_of(a->tensor)};
    v.constant.rank = 0;
    return graph_give(in, node, &v);
}
