/* Named tensors as a network. */
#include "import/state_dict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "espalier/import.h"
#include "format/safetensors.h"
#include "import/pieces.h"
#include "import/state_dict_names.h"
#include "import/state_dict_order.h"
#include "net/network.h"

/* Most matrices; deeper networks come as ONNX or as model files. */
enum { LAYERS_MOST = 4096 };

/* A tensor and what its name says. */
typedef struct item {
    const dict_tensor *tensor;
    dict_name name;
} item;

/* A matrix with what belongs to it. */
typedef struct layer {
    const item *weight;
    const dict_tensor *mask, *bias, *bias_mask;
} layer;

typedef struct maker {
    const char *path;
    const espalier_allocator *allocator;
    espalier_error *error;
    item *items; /* [item_count], in the natural order of their names */
    size_t item_count;
    layer *layers;
    size_t layer_count;
    link *links;
    size_t *order;
} maker;

static espalier_status refuse(const maker *m, const dict_tensor *t, const char *why)
{
    char shape[192];
    safetensors_shape_text(t->shape, t->rank, shape);
    return error_set(m->error, ESPALIER_ERROR_UNSUPPORTED, "%s: tensor '%s' %s of shape %s: %s",
                     m->path, safetensors_show(t->name).text, t->type, shape, why);
}

static int by_natural_name(const void *a, const void *b)
{
    return compare_naturally(((const item *)a)->tensor->name, ((const item *)b)->tensor->name);
}

/* ---- what each tensor is -------------------------------------------------------------- */

static bool ends_in(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Tensors that are no part of fully connected layers, with a reason each. */
static espalier_status check_tensor(const maker *m, const item *i)
{
    const dict_tensor *t = i->tensor;
    if (ends_in(t->name, "running_mean") || ends_in(t->name, "running_var") ||
        ends_in(t->name, "moving_mean") || ends_in(t->name, "moving_variance"))
        return refuse(m, t, "statistics of a batch normalisation; save the network as ONNX, where "
                            "it is folded into the layers");
    if (i->name.role == ROLE_RECURRENT)
        return refuse(m, t, "of a recurrent layer (RNN, GRU, LSTM); expected fully connected ones");
    if (i->name.role == ROLE_ATTENTION)
        return refuse(m, t, "of attention (MultiheadAttention); expected fully connected layers");
    if (t->rank > 2)
        return refuse(m, t, "expected matrices and vectors (convolutions are no fully connected "
                            "layers)");
    if (t->rank == 0)
        return refuse(m, t, "expected matrices and vectors");
    if (!t->number)
        return refuse(m, t, "expected floating-point numbers");
    if (t->rank == 1 && i->name.role == ROLE_WEIGHT)
        return refuse(m, t, "weights that are no matrix: those of a normalisation cannot be taken");
    if (t->rank == 2 && (i->name.role == ROLE_BIAS || i->name.role == ROLE_BIAS_MASK) && t->shape[0] != 1)
        return refuse(m, t, "a bias that is no vector");
    if (t->rank == 1 && i->name.role == ROLE_WEIGHT_MASK)
        return refuse(m, t, "a mask that is no matrix");
    for (size_t d = 0; d < t->rank; d++)
        if (t->shape[d] < 1 || t->shape[d] > NETWORK_WIDTH_MOST)
            return refuse(m, t, "expected widths from 1 to 2^24");
    return ESPALIER_OK;
}

static espalier_status take_items(maker *m, const dict_tensor *tensors, size_t count)
{
    espalier_status status = ESPALIER_OK;
    m->items = memory_array(m->allocator, count, sizeof *m->items);
    if (!m->items)
        return error_memory(m->error);
    for (size_t i = 0; i < count; i++) {
        if (ends_in(tensors[i].name, "num_batches_tracked"))
            continue; /* its neighbours say what it is */
        item *to = &m->items[m->item_count++];
        to->tensor = &tensors[i];
        if (!dict_name_read(m->allocator, tensors[i].name, &to->name))
            return error_memory(m->error);
    }
    qsort(m->items, m->item_count, sizeof *m->items, by_natural_name);
    for (size_t i = 0; status == ESPALIER_OK && i < m->item_count; i++)
        status = check_tensor(m, &m->items[i]);
    return status;
}

/* ---- what belongs together --------------------------------------------------------------- */

static bool is_matrix(const item *i)
{
    return i->tensor->rank == 2 && (i->name.role == ROLE_WEIGHT || i->name.role == ROLE_UNKNOWN);
}

/* Values of a vector, also of one that is written [1, n]. */
static uint64_t length_of(const dict_tensor *t)
{
    return t->shape[t->rank - 1];
}

static espalier_status take_layers(maker *m)
{
    for (size_t i = 0; i < m->item_count; i++)
        m->layer_count += is_matrix(&m->items[i]);
    if (m->layer_count == 0 || m->layer_count > LAYERS_MOST)
        return error_set(m->error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: expected 1 to %d matrices of weights, found %zu", m->path,
                         LAYERS_MOST, m->layer_count);
    m->layers = memory_array(m->allocator, m->layer_count, sizeof *m->layers);
    m->links = memory_array(m->allocator, m->layer_count, sizeof *m->links);
    m->order = memory_array(m->allocator, m->layer_count, sizeof *m->order);
    if (!m->layers || !m->links || !m->order)
        return error_memory(m->error);
    for (size_t i = 0, l = 0; i < m->item_count; i++)
        if (is_matrix(&m->items[i]))
            m->layers[l++].weight = &m->items[i];
    return ESPALIER_OK;
}

/* The layer whose weights' name differs from this by the role only. */
static layer *find_partner(const maker *m, const item *i)
{
    for (size_t l = 0; l < m->layer_count; l++)
        if (m->layers[l].weight->name.role == ROLE_WEIGHT &&
            strcmp(m->layers[l].weight->name.key, i->name.key) == 0)
            return &m->layers[l];
    return NULL;
}

/* The layer whose matrix stands right before item `index` of no known role. */
static layer *find_before(const maker *m, size_t index)
{
    for (size_t l = 0; index > 0 && l < m->layer_count; l++)
        if (m->layers[l].weight == &m->items[index - 1] && m->items[index - 1].name.role == ROLE_UNKNOWN)
            return &m->layers[l];
    return NULL;
}

/* True if no name says what its tensor is, and there is a vector for each matrix. */
static bool names_say_nothing(const maker *m)
{
    for (size_t i = 0; i < m->item_count; i++)
        if (m->items[i].name.role != ROLE_UNKNOWN)
            return false;
    return m->item_count == 2 * m->layer_count;
}

/* The first vector belongs to the first matrix and so on, whether they stand in turn
 * (arr_0, arr_1, ...) or apart (c0, c1, i0, i1); shapes that do not fit are found later. */
static void pair_in_turn(maker *m)
{
    for (size_t i = 0, l = 0; i < m->item_count; i++)
        if (!is_matrix(&m->items[i]))
            m->layers[l++].bias = m->items[i].tensor;
}

static espalier_status pair(maker *m)
{
    if (names_say_nothing(m)) {
        pair_in_turn(m);
        return ESPALIER_OK;
    }
    for (size_t i = 0; i < m->item_count; i++) {
        const item *it = &m->items[i];
        if (is_matrix(it))
            continue;
        layer *to = it->name.role == ROLE_UNKNOWN ? find_before(m, i) : find_partner(m, it);
        const dict_tensor **place = !to                            ? NULL
                                    : it->name.role == ROLE_WEIGHT_MASK ? &to->mask
                                    : it->name.role == ROLE_BIAS_MASK   ? &to->bias_mask
                                                                   : &to->bias;
        if (!place)
            return refuse(m, it->tensor, "belongs to no matrix of weights by its name");
        if (*place)
            return refuse(m, it->tensor, "a second one for the same weights");
        *place = it->tensor;
    }
    return ESPALIER_OK;
}

static espalier_status check_pairs(const maker *m)
{
    for (size_t l = 0; l < m->layer_count; l++) {
        const layer *y = &m->layers[l];
        const uint64_t *shape = y->weight->tensor->shape;
        if (y->mask && (y->mask->rank != 2 || memcmp(y->mask->shape, shape, 2 * sizeof *shape) != 0))
            return refuse(m, y->mask, "a mask of another shape than its weights");
        if (y->bias && length_of(y->bias) != shape[0] && length_of(y->bias) != shape[1])
            return refuse(m, y->bias, "a bias of another length than its weights have outputs");
        if (y->bias_mask && (!y->bias || length_of(y->bias_mask) != length_of(y->bias)))
            return refuse(m, y->bias_mask, "a mask of another length than its bias");
    }
    return ESPALIER_OK;
}

/* ---- the order ------------------------------------------------------------------------------ */

static chained chain(maker *m, bool in_first)
{
    for (size_t l = 0; l < m->layer_count; l++) {
        const uint64_t *shape = m->layers[l].weight->tensor->shape;
        m->links[l] = in_first ? (link){shape[0], shape[1]} : (link){shape[1], shape[0]};
        if (m->layers[l].bias && length_of(m->layers[l].bias) != m->links[l].outputs)
            return CHAINED_NOT;
    }
    return chain_links(m->links, m->layer_count, m->allocator, m->order);
}

/* Whether the matrices chain in the order that they have. */
static bool in_sequence(const maker *m)
{
    for (size_t l = 0; l < m->layer_count; l++)
        if (m->order[l] != l)
            return false;
    return true;
}

/* As the names have it, or the other way round: first whichever keeps the order. */
static espalier_status find_order(maker *m, bool *in_first)
{
    bool named = true;
    for (size_t l = 0; l < m->layer_count; l++)
        named &= m->layers[l].weight->name.in_first;
    *in_first = named;
    chained found = chain(m, named);
    if (found == CHAINED_NOT || (found == CHAINED && !in_sequence(m))) {
        const chained other = chain(m, !named);
        *in_first = other == CHAINED && (found == CHAINED_NOT || in_sequence(m)) ? !named : named;
        found = *in_first == named && other != CHAINED_NO_MEMORY ? chain(m, named) : other;
    }
    if (found == CHAINED_NO_MEMORY)
        return error_memory(m->error);
    if (found == CHAINED)
        return ESPALIER_OK;
    char first[192], second[192];
    const dict_tensor *a = m->layers[0].weight->tensor;
    const dict_tensor *b = m->layers[m->layer_count > 1].weight->tensor;
    safetensors_shape_text(a->shape, a->rank, first);
    safetensors_shape_text(b->shape, b->rank, second);
    return error_set(m->error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: expected matrices that chain, each taking what the one before gives, with "
                     "biases as long as the outputs; found %zu that do not, from '%s' %s and '%s' %s "
                     "on", m->path, m->layer_count, safetensors_show(a->name).text, first,
                     safetensors_show(b->name).text, second);
}

/* Whether the numbers in the names of two layers say that the first comes first. */
static bool numbers_decide(const void *context, size_t taken, size_t other)
{
    const layer *layers = context;
    return taken < other && differ_in_digits(layers[taken].weight->tensor->name,
                                             layers[other].weight->tensor->name);
}

/* Says in the metadata what order was taken, if others would do as well. */
static espalier_status tell_order(const maker *m, espalier_network *network)
{
    if (in_sequence(m))
        return ESPALIER_OK;
    size_t *last = memory_array(m->allocator, m->layer_count, sizeof *last);
    if (!last)
        return error_memory(m->error);
    const bool ambiguous =
        chain_is_ambiguous(m->links, m->order, m->layer_count, numbers_decide, m->layers, last);
    memory_release(m->allocator, last);
    if (!ambiguous)
        return ESPALIER_OK;
    char text[400] = "";
    size_t used = 0;
    for (size_t l = 0; l < m->layer_count && used < sizeof text - 100; l++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", l ? ", " : "",
                                 safetensors_show(m->layers[m->order[l]].weight->tensor->name).text);
    if (used >= sizeof text - 100)
        snprintf(text + used, sizeof text - used, ", ...");
    espalier_status status = espalier_network_set_metadata(network, ESPALIER_GUESSED_ORDER, text);
    return status == ESPALIER_ERROR_MEMORY ? error_memory(m->error) : ESPALIER_OK;
}

/* ---- the network ------------------------------------------------------------------------------- */

static double masked(const dict_tensor *t, const dict_tensor *mask, size_t index)
{
    double value = t->number(t->data, index);
    return mask && mask->number(mask->data, index) == 0 ? 0 : value;
}

static espalier_status add_piece(const maker *m, pieces *p, const layer *from, const link *as,
                                 bool in_first)
{
    piece *to = pieces_add(p, (size_t)as->inputs, (size_t)as->outputs);
    if (!to)
        return error_memory(m->error);
    to->name = from->weight->tensor->name;
    to->activation = ESPALIER_RELU;
    for (size_t o = 0; o < to->outputs; o++)
        for (size_t i = 0; i < to->inputs; i++)
            to->weights[o * to->inputs + i] =
                masked(from->weight->tensor, from->mask,
                       in_first ? i * to->outputs + o : o * to->inputs + i);
    for (size_t o = 0; from->bias && o < to->outputs; o++)
        to->biases[o] = masked(from->bias, from->bias_mask, o);
    return ESPALIER_OK;
}

static espalier_status make(maker *m, const char *origin, bool in_first, espalier_network **network)
{
    pieces p = {.allocator = m->allocator, .origin = origin};
    espalier_status status = ESPALIER_OK;
    const link *last = &m->links[m->order[m->layer_count - 1]];
    if (last->outputs == 1)
        return refuse(m, m->layers[m->order[m->layer_count - 1]].weight->tensor,
                      "the last layer, with one output; expected one for each class (two classes by "
                      "one Sigmoid can be taken from ONNX)");
    for (size_t l = 0; status == ESPALIER_OK && l < m->layer_count; l++)
        status = add_piece(m, &p, &m->layers[m->order[l]], &m->links[m->order[l]], in_first);
    if (status == ESPALIER_OK)
        status = pieces_build(&p, m->path, network, m->error);
    pieces_clear(&p);
    return status;
}

espalier_status state_dict_network(const dict_tensor *tensors, size_t count, const char *path,
                                   const char *origin, const espalier_allocator *allocator,
                                   espalier_network **network, espalier_error *error)
{
    maker m = {.path = path, .allocator = allocator, .error = error};
    espalier_network *made = NULL;
    bool in_first = false;
    espalier_status status = take_items(&m, tensors, count);
    if (status == ESPALIER_OK)
        status = take_layers(&m);
    if (status == ESPALIER_OK)
        status = pair(&m);
    if (status == ESPALIER_OK)
        status = check_pairs(&m);
    if (status == ESPALIER_OK)
        status = find_order(&m, &in_first);
    if (status == ESPALIER_OK)
        status = make(&m, origin, in_first, &made);
    if (status == ESPALIER_OK)
        status = tell_order(&m, made);
    if (status == ESPALIER_OK)
        *network = made;
    else
        espalier_network_destroy(made);
    for (size_t i = 0; i < m.item_count; i++)
        memory_release(allocator, m.items[i].name.key);
    memory_release(allocator, m.items);
    memory_release(allocator, m.layers);
    memory_release(allocator, m.links);
    memory_release(allocator, m.order);
    return status;
}
