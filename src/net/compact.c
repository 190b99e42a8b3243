/* The same function in smaller matrices: dead neurons and unread inputs go.
 * Which neurons are dead is told by dead.c. */
#include "net/network.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/dead.h"

/* What stays, by its index in the given network. */
typedef struct plan {
    const espalier_allocator *allocator;
    size_t *widths;   /* [layer_count + 1] new widths; 0 is the inputs */
    uint8_t *states;  /* [hidden neurons], layer after layer */
    size_t *stays;    /* [inputs + hidden neurons + classes]: lists of old indices, side by side */
    double *biases;   /* [hidden neurons + classes] with the constants folded in */
} plan;

static void release(plan *p)
{
    memory_release(p->allocator, p->widths);
    memory_release(p->allocator, p->states);
    memory_release(p->allocator, p->stays);
    memory_release(p->allocator, p->biases);
}

static bool reserve(plan *p, const espalier_network *network)
{
    size_t hidden = dead_state_count(network), classes = espalier_network_class_count(network);
    p->widths = memory_array(p->allocator, network->layer_count + 1, sizeof *p->widths);
    p->states = memory_array(p->allocator, hidden, 1);
    p->stays = memory_array(p->allocator, network->layers[0].inputs + hidden + classes,
                            sizeof *p->stays);
    p->biases = memory_array(p->allocator, hidden + classes, sizeof *p->biases);
    return p->widths && p->states && p->stays && p->biases;
}

/* b'^l = b^l + W^l c^{l-1},  c^l_j = f(b'^l_j) where neuron j is not reached, else 0:
 * what constant neurons give moves into the next biases, layer by layer. */
static void fold(const espalier_network *network, const uint8_t *states, double *biases)
{
    const double *constants = NULL; /* b' of the layer before, whose states are `before` */
    const uint8_t *before = NULL;
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t o = 0; o < layer->outputs; o++) {
            const float *row = layer->weights + o * layer->inputs;
            const uint8_t *mask = layer->mask + o * layer->inputs;
            double sum = (double)layer->biases[o];
            for (size_t i = 0; before && i < layer->inputs; i++) {
                double constant =
                    before[i] & NEURON_REACHED ? 0.0 : network_constant(layer - 1, constants[i]);
                if (mask[i] && constant != 0.0)
                    sum += (double)row[i] * constant;
            }
            biases[o] = sum;
        }
        constants = biases;
        before = l ? before + layer->inputs : states;
        biases += layer->outputs;
    }
}

/* Indices of what is alive, the first one if nothing is; returns their number. */
static size_t list_alive(const uint8_t *states, size_t count, size_t *stays)
{
    size_t alive = 0;
    stays[0] = 0;
    for (size_t i = 0; i < count; i++)
        if (states[i] == NEURON_ALIVE)
            stays[alive++] = i;
    return alive ? alive : 1;
}

/* Indices of the inputs that a live neuron of the first layer reads; at least one. */
static size_t list_read(const espalier_network *network, const uint8_t *states, size_t *stays)
{
    const network_layer *first = &network->layers[0];
    bool classes = network->layer_count == 1; /* they are always alive */
    size_t read = 0;
    for (size_t i = 0; i < first->inputs; i++)
        stays[i] = 0;
    for (size_t o = 0; o < first->outputs; o++)
        for (size_t i = 0; (classes || states[o] == NEURON_ALIVE) && i < first->inputs; i++)
            stays[i] |= first->mask[o * first->inputs + i];
    for (size_t i = 0; i < first->inputs; i++)
        if (stays[i])
            stays[read++] = i;
    if (!read)
        stays[0] = 0;
    return read ? read : 1;
}

static void decide(const espalier_network *network, plan *p)
{
    size_t *stays = p->stays, last = network->layer_count - 1;
    const uint8_t *states = p->states;
    dead_find(network, p->states);
    fold(network, p->states, p->biases);
    p->widths[0] = list_read(network, states, stays);
    stays += network->layers[0].inputs;
    for (size_t l = 0; l < last; l++) {
        size_t count = network->layers[l].outputs;
        p->widths[l + 1] = list_alive(states, count, stays);
        states += count;
        stays += count;
    }
    p->widths[last + 1] = network->layers[last].outputs;
    for (size_t o = 0; o < p->widths[last + 1]; o++)
        stays[o] = o;
}

/* Rows and columns that stay. Where either end is dead (a neuron that stays only
 * because a layer must not be empty) the weight is pruned: its constant is folded. */
static void copy_matrix(const network_layer *from, const size_t *rows, const uint8_t *row_states,
                        const size_t *columns, const uint8_t *column_states, network_layer *to)
{
    const size_t inputs = to->inputs;
    for (size_t r = 0; r < to->outputs; r++) {
        const bool row_alive = !row_states || row_states[rows[r]] == NEURON_ALIVE;
        const uint8_t *const mask = from->mask + rows[r] * from->inputs;
        const float *const weights = from->weights + rows[r] * from->inputs;
        uint8_t *restrict const new_mask = to->mask + r * inputs;
        float *restrict const new_weights = to->weights + r * inputs;
        for (size_t c = 0; c < inputs; c++) {
            const size_t old = columns[c];
            const bool alive = !column_states || column_states[old] == NEURON_ALIVE;
            const bool kept = row_alive && alive && mask[old];
            new_mask[c] = kept;
            new_weights[c] = kept ? weights[old] : 0.0f;
        }
    }
}

/* Original indices of what stays; NULL where that is all there ever was. */
static bool map_kept(const espalier_network *small, const uint64_t *kept, const size_t *stays,
                     size_t count, size_t original, uint64_t **map)
{
    if (count == original)
        return true;
    *map = memory_array(small->allocator, count, sizeof **map);
    for (size_t i = 0; *map && i < count; i++)
        (*map)[i] = kept ? kept[stays[i]] : stays[i];
    return *map != NULL;
}

static bool fill(const espalier_network *network, const plan *p, espalier_network *small)
{
    const size_t *columns = p->stays, *rows = columns + network->layers[0].inputs;
    const uint8_t *states = p->states, *before = NULL;
    const double *biases = p->biases;
    bool filled = map_kept(small, network->kept_inputs, columns, p->widths[0],
                           network->original_widths[0], &small->kept_inputs);
    for (size_t l = 0; filled && l < network->layer_count; l++) {
        const network_layer *from = &network->layers[l];
        network_layer *to = &small->layers[l];
        bool hidden = l + 1 < network->layer_count;
        copy_matrix(from, rows, hidden ? states : NULL, columns, before, to);
        to->activation = from->activation;
        to->slope = from->slope;
        for (size_t r = 0; r < to->outputs; r++) {
            to->biases[r] = (float)biases[rows[r]];
            if (hidden)
                to->activations[r] = from->activations[rows[r]];
        }
        if (hidden)
            filled = map_kept(small, from->kept, rows, to->outputs,
                              network->original_widths[l + 1], &to->kept);
        before = states;
        states += hidden ? from->outputs : 0;
        biases += from->outputs;
        columns = rows;
        rows += from->outputs;
    }
    return filled;
}

static espalier_status make(const espalier_network *network, const plan *p, espalier_network **small,
                            espalier_error *error)
{
    espalier_network *made = NULL;
    espalier_status status =
        espalier_network_create(p->widths, network->layer_count + 1, p->allocator, &made, error);
    if (status == ESPALIER_OK &&
        (network_copy_travellers(network, made) != ESPALIER_OK || !fill(network, p, made)))
        status = error_memory(error);
    if (status == ESPALIER_OK)
        *small = made;
    else
        espalier_network_destroy(made);
    return status;
}

/* Whether all that there is stays. */
static bool is_whole(const espalier_network *network, const plan *p)
{
    bool whole = p->widths[0] == network->layers[0].inputs;
    for (size_t l = 0; l < network->layer_count; l++)
        whole = whole && p->widths[l + 1] == network->layers[l].outputs;
    return whole;
}

espalier_status network_shrink(const espalier_network *network, const espalier_allocator *allocator,
                               espalier_network **small, espalier_error *error)
{
    plan p = {.allocator = allocator};
    espalier_status status = ESPALIER_OK;
    *small = NULL;
    if (reserve(&p, network))
        decide(network, &p);
    else
        status = error_memory(error);
    if (status == ESPALIER_OK && !is_whole(network, &p))
        status = make(network, &p, small, error);
    release(&p);
    return status;
}

espalier_status espalier_network_compact(const espalier_network *network,
                                         const espalier_allocator *allocator,
                                         espalier_network **small, espalier_compaction *report,
                                         espalier_error *error)
{
    plan p = {.allocator = allocator};
    if (!reserve(&p, network)) {
        release(&p);
        return error_memory(error);
    }
    decide(network, &p);
    espalier_status status = make(network, &p, small, error);
    if (status == ESPALIER_OK && report) {
        *report = (espalier_compaction){0, network->layers[0].inputs - p.widths[0]};
        for (size_t l = 0; l + 1 < network->layer_count; l++)
            report->neurons_removed += network->layers[l].outputs - p.widths[l + 1];
    }
    release(&p);
    return status;
}
