/* The weights that a network starts again from: those before its first epoch, or
 * fresh ones, under the masks it has or under shuffled ones. What a fresh weight is
 * drawn from is initialise.c's business. */
#include "net/network.h"

#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"

const char *espalier_restart_name(espalier_restart restart)
{
    static const char *const names[ESPALIER_RESTART_COUNT] = {
        [ESPALIER_RESTART_FINE_TUNE] = "fine-tune",
        [ESPALIER_RESTART_REWIND] = "rewind",
        [ESPALIER_RESTART_REINIT] = "reinit",
        [ESPALIER_RESTART_SHUFFLE] = "shuffle",
    };
    size_t index = (size_t)restart;
    return index < ESPALIER_RESTART_COUNT ? names[index] : NULL;
}

/* ---- places in the initial network -------------------------------------- */

/* For each layer boundary, where its units lie in the initial network. */
typedef struct places {
    const espalier_allocator *allocator;
    size_t count;
    size_t **units; /* [count]: [units of the network at that boundary] */
} places;

static size_t width_at(const espalier_network *network, size_t boundary)
{
    return boundary ? network->layers[boundary - 1].outputs : network->layers[0].inputs;
}

static const uint64_t *kept_at(const espalier_network *network, size_t boundary)
{
    return boundary ? network->layers[boundary - 1].kept : network->kept_inputs;
}

static void release(places *p)
{
    for (size_t b = 0; p->units && b < p->count; b++)
        memory_release(p->allocator, p->units[b]);
    memory_release(p->allocator, p->units);
}

/* Both networks know their units by their indices in the original one. */
static espalier_status find_places(places *p, const espalier_network *network,
                                   const espalier_network *initial, size_t boundary,
                                   espalier_error *error)
{
    const uint64_t *kept = kept_at(network, boundary), *there = kept_at(initial, boundary);
    size_t width = width_at(network, boundary), original = network->original_widths[boundary];
    size_t *units = memory_array(p->allocator, width, sizeof *units);
    size_t *found = memory_array(p->allocator, original, sizeof *found); /* 0 = taken out */
    espalier_status status = units && found ? ESPALIER_OK : error_memory(error);
    p->units[boundary] = units;
    for (size_t i = 0; !status && i < width_at(initial, boundary); i++)
        found[there ? there[i] : i] = i + 1;
    for (size_t i = 0; !status && i < width; i++) {
        size_t origin = kept ? (size_t)kept[i] : i;
        units[i] = found[origin] - 1;
        if (!found[origin])
            status = error_set(error, ESPALIER_ERROR_MISMATCH,
                               "%s %zu of layer %zu is not in the initial network: it was taken "
                               "out there", boundary ? "neuron" : "input", origin,
                               boundary ? boundary - 1 : 0);
    }
    memory_release(p->allocator, found);
    return status;
}

static espalier_status find_all_places(places *p, const espalier_network *network,
                                       const espalier_network *initial, espalier_error *error)
{
    p->allocator = network->allocator;
    p->count = network->layer_count + 1;
    p->units = memory_array(p->allocator, p->count, sizeof *p->units);
    if (!p->units)
        return error_memory(error);
    espalier_status status = ESPALIER_OK;
    for (size_t b = 0; !status && b < p->count; b++)
        status = find_places(p, network, initial, b, error);
    return status;
}

/* W[o][i] = W'[rows[o]][columns[i]] where it is kept, b[o] = b'[rows[o]]. */
static void take_layer(network_layer *layer, const network_layer *from, const size_t *columns,
                       const size_t *rows)
{
    for (size_t o = 0; o < layer->outputs; o++) {
        const float *source = from->weights + rows[o] * from->inputs;
        float *row = layer->weights + o * layer->inputs;
        const uint8_t *mask = layer->mask + o * layer->inputs;
        layer->biases[o] = from->biases[rows[o]];
        for (size_t i = 0; i < layer->inputs; i++)
            row[i] = mask[i] ? source[columns[i]] : 0.0f;
    }
}

/* ---- shapes --------------------------------------------------------------- */

enum { SHAPE_BYTES = 96 };

/* "784-300-100-10", the original widths; cut short where there are many. */
static const char *shape(const espalier_network *network, char text[SHAPE_BYTES])
{
    size_t at = 0;
    for (size_t b = 0; b <= network->layer_count && at < SHAPE_BYTES - 32; b++)
        at += (size_t)snprintf(text + at, SHAPE_BYTES - at, "%s%zu", b ? "-" : "",
                               network->original_widths[b]);
    return text;
}

static espalier_status check_shapes(const espalier_network *network,
                                    const espalier_network *initial, espalier_error *error)
{
    char mine[SHAPE_BYTES], other[SHAPE_BYTES];
    bool same = network->layer_count == initial->layer_count;
    for (size_t b = 0; same && b <= network->layer_count; b++)
        same = network->original_widths[b] == initial->original_widths[b];
    if (!same)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "the initial network has the widths %s, expected %s",
                         shape(initial, other), shape(network, mine));
    for (size_t l = 0; l < network->layer_count; l++)
        if (network->layers[l].activation != initial->layers[l].activation ||
            network->layers[l].slope != initial->layers[l].slope)
            return error_set(error, ESPALIER_ERROR_MISMATCH,
                             "layer %zu of the initial network has the activation %s (slope %g), "
                             "expected %s (slope %g)", l,
                             espalier_activation_name(initial->layers[l].activation),
                             (double)initial->layers[l].slope,
                             espalier_activation_name(network->layers[l].activation),
                             (double)network->layers[l].slope);
    return ESPALIER_OK;
}

/* ---- fresh weights and masks ------------------------------------------------ */

/* A fresh network at the original widths, so that a compacted network and the masked
 * one it came from get the same weights. Its seed is derived: the given one drew the
 * first weights, and fresh ones must differ from them. */
static espalier_status draw(const espalier_network *network, espalier_initialiser initialiser,
                            uint64_t seed, espalier_network **fresh, espalier_error *error)
{
    if (!espalier_initialiser_name(initialiser))
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "initialiser: unknown one %d",
                         (int)initialiser);
    espalier_status status = espalier_network_create(
        network->original_widths, network->layer_count + 1, network->allocator, fresh, error);
    if (!status)
        espalier_network_initialise(
            *fresh, initialiser, random_bits(seed, random_stream(RANDOM_RESTART, 0), 0));
    return status;
}

/* Fisher & Yates over the mask of each layer: every arrangement of as many kept
 * weights is equally likely. */
static void shuffle_masks(espalier_network *network, uint64_t seed)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        uint8_t *mask = network->layers[l].mask;
        uint64_t stream = random_stream(RANDOM_RESTART, (uint32_t)l + 1);
        for (size_t i = network->layers[l].inputs * network->layers[l].outputs; i > 1; i--) {
            size_t j = (size_t)random_below(seed, stream, i, i);
            uint8_t kept = mask[j];
            mask[j] = mask[i - 1];
            mask[i - 1] = kept;
        }
    }
}

/* ---- starting again --------------------------------------------------------- */

static espalier_status take_weights(espalier_network *network, const espalier_network *initial,
                                    bool shuffle, uint64_t seed, espalier_error *error)
{
    places p = {0};
    espalier_status status = find_all_places(&p, network, initial, error);
    if (!status && shuffle)
        shuffle_masks(network, seed);
    for (size_t l = 0; !status && l < network->layer_count; l++)
        take_layer(&network->layers[l], &initial->layers[l], p.units[l], p.units[l + 1]);
    release(&p);
    return status;
}

espalier_status espalier_network_restart(espalier_network *network, espalier_restart restart,
                                         const espalier_network *initial,
                                         espalier_initialiser initialiser, uint64_t seed,
                                         espalier_error *error)
{
    espalier_network *fresh = NULL;
    espalier_status status = ESPALIER_OK;
    if (!espalier_restart_name(restart))
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "restart: unknown way %d", (int)restart);
    if (restart == ESPALIER_RESTART_REWIND && !initial)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "restart: expected the initial network to rewind to, found none");
    if (restart == ESPALIER_RESTART_REWIND)
        status = check_shapes(network, initial, error);
    else if (restart != ESPALIER_RESTART_FINE_TUNE)
        status = draw(network, initialiser, seed, &fresh, error);
    if (!status && restart != ESPALIER_RESTART_FINE_TUNE)
        status = take_weights(network, fresh ? fresh : initial,
                              restart == ESPALIER_RESTART_SHUFFLE, seed, error);
    espalier_network_destroy(fresh);
    if (status)
        return status;
    espalier_network_clear_activations(network);
    if (restart == ESPALIER_RESTART_SHUFFLE)
        espalier_network_set_metadata(network, "history", NULL);
    return ESPALIER_OK;
}
