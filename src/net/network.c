/* The network as a thing in memory: its one block, its shape, parameters, masks
 * and counts. What travels with it is in travel.c, its file in model_*.c. */
#include "net/network.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/activation.h"

/* ---- coming and going ------------------------------------------------ */

static espalier_status check_widths(const size_t *widths, size_t count, espalier_error *error)
{
    if (count < 2)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "%zu widths; expected at least 2: inputs and classes", count);
    for (size_t i = 0; i < count; i++)
        if (widths[i] < 1 || widths[i] > NETWORK_WIDTH_MOST)
            return error_set(error, ESPALIER_ERROR_ARGUMENT,
                             "layer %zu: %zu %s; expected 1 to %zu", i, widths[i],
                             i ? "neurons" : "inputs", NETWORK_WIDTH_MOST);
    return ESPALIER_OK;
}

/* The next array of a block, or with block NULL its room only. */
static void *place(unsigned char *block, size_t *used, size_t count, size_t item_bytes, bool *fits)
{
    size_t bytes, end, start = *used;
    if (!size_multiply(count, item_bytes, &bytes) ||
        !size_add(bytes, MEMORY_ALIGNMENT - 1, &bytes) ||
        !size_add(start, bytes - bytes % MEMORY_ALIGNMENT, &end)) {
        *fits = false;
        return NULL;
    }
    *used = end;
    return block ? block + start : NULL;
}

/* Sets all arrays of all layers into the block; returns the bytes it needs, 0 if
 * they do not fit a size_t. Parameters come first, side by side. */
static size_t lay_out(espalier_network *network, unsigned char *block)
{
    size_t used = 0;
    bool fits = true;
    for (size_t l = 0; l < network->layer_count; l++) {
        network_layer *layer = &network->layers[l];
        layer->weights = place(block, &used, layer->outputs * layer->inputs, sizeof(float), &fits);
        layer->biases = place(block, &used, layer->outputs, sizeof(float), &fits);
    }
    for (size_t l = 0; l < network->layer_count; l++) {
        network_layer *layer = &network->layers[l];
        layer->mask = place(block, &used, layer->outputs * layer->inputs, 1, &fits);
        if (l + 1 < network->layer_count)
            layer->activations = place(block, &used, layer->outputs, sizeof(uint64_t), &fits);
    }
    return fits ? used : 0;
}

static espalier_status build(espalier_network *network, const size_t *widths)
{
    const espalier_allocator *allocator = network->allocator;
    size_t count = network->layer_count, bytes;
    network->layers = memory_array(allocator, count, sizeof *network->layers);
    network->original_widths = memory_array(allocator, count + 1, sizeof *widths);
    if (!network->layers || !network->original_widths)
        return ESPALIER_ERROR_MEMORY;
    memcpy(network->original_widths, widths, (count + 1) * sizeof *widths);
    network->layers[count - 1].activation = ESPALIER_LINEAR;
    for (size_t l = 0; l < count; l++) {
        network->layers[l].inputs = widths[l];
        network->layers[l].outputs = widths[l + 1];
        if (!size_multiply(widths[l], widths[l + 1], &bytes))
            return ESPALIER_ERROR_MEMORY;
    }
    bytes = lay_out(network, NULL);
    network->block = bytes ? memory_array(allocator, bytes, 1) : NULL;
    if (!network->block)
        return ESPALIER_ERROR_MEMORY;
    lay_out(network, network->block);
    for (size_t l = 0; l < count; l++)
        memset(network->layers[l].mask, 1, widths[l] * widths[l + 1]);
    return espalier_network_set_class_names(network, NULL);
}

espalier_status espalier_network_create(const size_t *widths, size_t width_count,
                                        const espalier_allocator *allocator,
                                        espalier_network **network, espalier_error *error)
{
    espalier_status status = check_widths(widths, width_count, error);
    if (status != ESPALIER_OK)
        return status;
    espalier_network *made = memory_array(allocator, 1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->allocator = allocator;
    made->layer_count = width_count - 1;
    if (build(made, widths) != ESPALIER_OK) {
        espalier_network_destroy(made);
        return error_memory(error);
    }
    *network = made;
    return ESPALIER_OK;
}

void espalier_network_destroy(espalier_network *network)
{
    if (!network)
        return;
    const espalier_allocator *allocator = network->allocator;
    network_release_travellers(network);
    for (size_t l = 0; network->layers && l < network->layer_count; l++)
        memory_release(allocator, network->layers[l].kept);
    memory_release(allocator, network->kept_inputs);
    memory_release(allocator, network->original_widths);
    memory_release(allocator, network->block);
    memory_release(allocator, network->layers);
    memory_release(allocator, network);
}

static bool copy_kept(const espalier_allocator *allocator, const uint64_t *from, size_t count,
                      uint64_t **to)
{
    if (!from)
        return true;
    *to = memory_array(allocator, count, sizeof **to);
    if (*to)
        memcpy(*to, from, count * sizeof **to);
    return *to != NULL;
}

static bool copy_layer(const espalier_allocator *allocator, const network_layer *from,
                       network_layer *to)
{
    size_t weights = from->inputs * from->outputs;
    memcpy(to->weights, from->weights, weights * sizeof *to->weights);
    memcpy(to->biases, from->biases, from->outputs * sizeof *to->biases);
    memcpy(to->mask, from->mask, weights);
    to->activation = from->activation;
    to->slope = from->slope;
    if (from->activations)
        memcpy(to->activations, from->activations, from->outputs * sizeof *to->activations);
    return copy_kept(allocator, from->kept, from->outputs, &to->kept);
}

espalier_status espalier_network_copy(const espalier_network *network,
                                      const espalier_allocator *allocator, espalier_network **copy,
                                      espalier_error *error)
{
    size_t count = network->layer_count;
    espalier_network *made = NULL;
    size_t *widths = memory_array(allocator, count + 1, sizeof *widths);
    if (!widths)
        return error_memory(error);
    for (size_t l = 0; l < count; l++)
        widths[l] = network->layers[l].inputs;
    widths[count] = network->layers[count - 1].outputs;
    espalier_status status = espalier_network_create(widths, count + 1, allocator, &made, error);
    memory_release(allocator, widths);
    if (status != ESPALIER_OK)
        return status;
    bool copied = copy_kept(allocator, network->kept_inputs, network->layers[0].inputs,
                            &made->kept_inputs);
    for (size_t l = 0; copied && l < count; l++)
        copied = copy_layer(allocator, &network->layers[l], &made->layers[l]);
    if (!copied || network_copy_travellers(network, made) != ESPALIER_OK) {
        espalier_network_destroy(made);
        return error_memory(error);
    }
    *copy = made;
    return ESPALIER_OK;
}

/* ---- shape ------------------------------------------------------------ */

size_t espalier_network_layer_count(const espalier_network *network)
{
    return network->layer_count;
}

size_t espalier_network_inputs(const espalier_network *network, size_t layer)
{
    return network->layers[layer].inputs;
}

size_t espalier_network_outputs(const espalier_network *network, size_t layer)
{
    return network->layers[layer].outputs;
}

size_t espalier_network_row_width(const espalier_network *network)
{
    return network->original_widths[0];
}

size_t espalier_network_class_count(const espalier_network *network)
{
    return network->layers[network->layer_count - 1].outputs;
}

static uint64_t count_weights(const espalier_network *network, bool prunable_only)
{
    uint64_t count = 0;
    for (size_t l = 0; l < network->layer_count; l++)
        if (!prunable_only || network_has_activation(network, l))
            count += (uint64_t)network->layers[l].inputs * network->layers[l].outputs;
    return count;
}

uint64_t espalier_network_weight_count(const espalier_network *network)
{
    return count_weights(network, false);
}

uint64_t espalier_network_prunable_count(const espalier_network *network)
{
    return count_weights(network, true);
}

uint64_t espalier_network_pruned_count(const espalier_network *network, size_t layer)
{
    const network_layer *here = &network->layers[layer];
    uint64_t pruned = 0;
    for (size_t i = 0, count = here->inputs * here->outputs; i < count; i++)
        pruned += !here->mask[i];
    return pruned;
}

/* ---- activations -------------------------------------------------------- */

const char *espalier_activation_name(espalier_activation activation)
{
    static const char *const names[] = {"relu", "linear", "leaky-relu", "sigmoid", "tanh"};
    return (size_t)activation < sizeof names / sizeof *names ? names[activation] : NULL;
}

static espalier_status check_activation(const espalier_network *network, size_t layer,
                                        espalier_activation activation, float slope,
                                        espalier_error *error)
{
    if (layer >= network->layer_count - 1)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "layer %zu takes no activation; expected a hidden layer, of which there "
                         "are %zu", layer, network->layer_count - 1);
    if (!espalier_activation_name(activation))
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "layer %zu: expected one of the activations 0 to %d, found %d", layer,
                         ESPALIER_ACTIVATION_COUNT - 1, (int)activation);
    if (activation == ESPALIER_LEAKY_RELU && !isfinite(slope))
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "layer %zu: expected a finite slope of leaky-relu, found %g", layer,
                         (double)slope);
    return ESPALIER_OK;
}

espalier_status espalier_network_set_activation(espalier_network *network, size_t layer,
                                                espalier_activation activation, float slope,
                                                espalier_error *error)
{
    espalier_status status = check_activation(network, layer, activation, slope, error);
    if (status != ESPALIER_OK)
        return status;
    network_layer *here = &network->layers[layer];
    slope = activation == ESPALIER_LEAKY_RELU ? slope : 0.0f;
    if (activation == ESPALIER_LINEAR)
        memset(here->activations, 0, here->outputs * sizeof *here->activations);
    else if (here->activation != activation || here->slope != slope)
        espalier_network_clear_activations(network);
    here->activation = activation;
    here->slope = slope;
    return ESPALIER_OK;
}

espalier_activation espalier_network_activation(const espalier_network *network, size_t layer)
{
    return network->layers[layer].activation;
}

float espalier_network_slope(const espalier_network *network, size_t layer)
{
    return network->layers[layer].slope;
}

bool network_has_activation(const espalier_network *network, size_t layer)
{
    return network->layers[layer].activation != ESPALIER_LINEAR;
}

double network_constant(const network_layer *layer, double bias)
{
    if (layer->activation == ESPALIER_RELU && isnan(bias))
        return 0.0;
    return activation_at(layer->activation, layer->slope, bias);
}

/* ---- parameters and masks --------------------------------------------- */

float *espalier_network_weights(espalier_network *network, size_t layer)
{
    return network->layers[layer].weights;
}

float *espalier_network_biases(espalier_network *network, size_t layer)
{
    return network->layers[layer].biases;
}

uint8_t *espalier_network_mask(espalier_network *network, size_t layer)
{
    return network->layers[layer].mask;
}

const float *espalier_network_weights_const(const espalier_network *network, size_t layer)
{
    return network->layers[layer].weights;
}

const float *espalier_network_biases_const(const espalier_network *network, size_t layer)
{
    return network->layers[layer].biases;
}

const uint8_t *espalier_network_mask_const(const espalier_network *network, size_t layer)
{
    return network->layers[layer].mask;
}

void espalier_network_apply_masks(espalier_network *network)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        network_layer *layer = &network->layers[l];
        for (size_t i = 0, count = layer->inputs * layer->outputs; i < count; i++)
            layer->weights[i] = layer->mask[i] ? layer->weights[i] : 0.0f;
    }
}

/* ---- counts and live neurons ------------------------------------------ */

uint64_t *espalier_network_activations(espalier_network *network, size_t layer)
{
    return network->layers[layer].activations;
}

const uint64_t *espalier_network_activations_const(const espalier_network *network, size_t layer)
{
    return network->layers[layer].activations;
}

uint64_t espalier_network_inputs_counted(const espalier_network *network)
{
    return network->inputs_counted;
}

void espalier_network_set_inputs_counted(espalier_network *network, uint64_t count)
{
    network->inputs_counted = count;
}

void espalier_network_clear_activations(espalier_network *network)
{
    network->inputs_counted = 0;
    for (size_t l = 0; l + 1 < network->layer_count; l++)
        memset(network->layers[l].activations, 0,
               network->layers[l].outputs * sizeof(uint64_t));
}

/* feeds[j] = 1 where some neuron of the layer keeps its weight from input first + j. */
static void find_feeding(const network_layer *layer, size_t first, size_t count, uint8_t *feeds)
{
    memset(feeds, 0, count);
    for (size_t o = 0; o < layer->outputs; o++)
        for (size_t j = 0; j < count; j++)
            feeds[j] |= layer->mask[o * layer->inputs + first + j];
}

size_t espalier_network_live(const espalier_network *network, size_t layer, uint8_t *live)
{
    const network_layer *here = &network->layers[layer];
    size_t total = 0;
    if (layer + 1 == network->layer_count) {
        if (live)
            memset(live, 1, here->outputs);
        return here->outputs;
    }
    uint8_t feeds[256]; /* neurons in lots, so that the next mask is read row by row */
    for (size_t first = 0; first < here->outputs; first += sizeof feeds) {
        size_t rest = here->outputs - first, count = rest < sizeof feeds ? rest : sizeof feeds;
        find_feeding(here + 1, first, count, feeds);
        for (size_t j = 0; j < count; j++) {
            const uint8_t *row = here->mask + (first + j) * here->inputs;
            bool alive = feeds[j] && memchr(row, 1, here->inputs);
            total += alive;
            if (live)
                live[first + j] = alive;
        }
    }
    return total;
}

/* ---- maps back to the original ---------------------------------------- */

const uint64_t *espalier_network_kept(const espalier_network *network, size_t layer)
{
    return layer == SIZE_MAX ? network->kept_inputs : network->layers[layer].kept;
}

size_t espalier_network_original_width(const espalier_network *network, size_t position)
{
    return network->original_widths[position];
}
