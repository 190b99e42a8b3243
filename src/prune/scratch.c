/* Takes and lays out the memory of a pruning step. */
#include "prune/scratch.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

enum { BYTE_ARRAYS = 4, KEY_ARRAYS = 2 }; /* live, viable, protect, lost; least, best */

/* Weights, neurons and largest width of a network; false on overflow. */
static bool measure(const espalier_network *network, size_t *weights, size_t *neurons,
                    size_t *widest)
{
    *weights = *neurons = 0;
    *widest = network->layers[0].inputs;
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        size_t count;
        if (!size_multiply(layer->inputs, layer->outputs, &count) ||
            !size_add(*weights, count, weights) || !size_add(*neurons, layer->outputs, neurons))
            return false;
        *widest = layer->outputs > *widest ? layer->outputs : *widest;
    }
    return true;
}

static uint8_t *carve(uint8_t **rest, size_t count)
{
    uint8_t *block = *rest;
    *rest += count;
    return block;
}

static void lay_out(scratch *work, const espalier_network *network, size_t widest)
{
    uint8_t *bytes = work->bytes;
    uint64_t *words = work->words;
    size_t *sizes = work->sizes;
    float *floats = work->floats;
    for (size_t l = 0; l < work->layer_count; l++) {
        scratch_layer *layer = &work->layers[l];
        layer->inputs = network->layers[l].inputs;
        layer->outputs = network->layers[l].outputs;
        layer->linear = !network_has_activation(network, l);
        work->trial[l] = carve(&bytes, layer->inputs * layer->outputs);
        layer->live = carve(&bytes, layer->outputs);
        layer->viable = carve(&bytes, layer->outputs);
        layer->protect = carve(&bytes, layer->outputs);
        layer->lost = carve(&bytes, layer->outputs);
        layer->least = words;
        layer->best = words + layer->outputs;
        words += KEY_ARRAYS * layer->outputs;
        layer->kept = sizes;
        sizes += layer->outputs;
        work->biases[l] = floats;
        floats += layer->outputs;
    }
    work->flags = bytes;
    work->list = sizes;
    work->keys = words;
    work->histogram = words + widest;
}

espalier_status scratch_create(const espalier_network *network, const espalier_allocator *allocator,
                               scratch *work, espalier_error *error)
{
    size_t weights, neurons, widest, bytes;
    *work = (scratch){.layer_count = network->layer_count, .hidden = network->layer_count - 1};
    if (!measure(network, &weights, &neurons, &widest) ||
        !size_multiply(neurons, BYTE_ARRAYS, &bytes) || !size_add(bytes, weights, &bytes) ||
        !size_add(bytes, widest, &bytes))
        return error_memory(error);
    work->layers = memory_array(allocator, work->layer_count, sizeof *work->layers);
    work->trial = memory_array(allocator, work->layer_count, sizeof *work->trial);
    work->biases = memory_array(allocator, work->layer_count, sizeof *work->biases);
    work->bytes = memory_array(allocator, bytes, 1);
    work->words = memory_array(allocator, KEY_ARRAYS * neurons + widest + SCRATCH_DIGITS,
                               sizeof *work->words);
    work->sizes = memory_array(allocator, neurons + widest, sizeof *work->sizes);
    work->floats = memory_array(allocator, neurons, sizeof *work->floats);
    if (!work->layers || !work->trial || !work->biases || !work->bytes || !work->words ||
        !work->sizes || !work->floats) {
        scratch_clear(work, allocator);
        return error_memory(error);
    }
    lay_out(work, network, widest);
    return ESPALIER_OK;
}

void scratch_clear(scratch *work, const espalier_allocator *allocator)
{
    memory_release(allocator, work->layers);
    memory_release(allocator, work->trial);
    memory_release(allocator, work->biases);
    memory_release(allocator, work->bytes);
    memory_release(allocator, work->words);
    memory_release(allocator, work->sizes);
    memory_release(allocator, work->floats);
    *work = (scratch){0};
}

bool scratch_fits(const scratch *work, const espalier_network *network)
{
    if (network->layer_count != work->layer_count)
        return false;
    for (size_t l = 0; l < work->layer_count; l++)
        if (network->layers[l].inputs != work->layers[l].inputs ||
            network->layers[l].outputs != work->layers[l].outputs ||
            network_has_activation(network, l) == work->layers[l].linear)
            return false;
    return true;
}

void scratch_load(scratch *work, espalier_network *network)
{
    work->network = network;
    scratch_reset_trial(work);
}

void scratch_reset_trial(scratch *work)
{
    for (size_t l = 0; l < work->layer_count; l++) {
        const network_layer *layer = &work->network->layers[l];
        memcpy(work->trial[l], layer->mask, layer->inputs * layer->outputs);
        memcpy(work->biases[l], layer->biases, layer->outputs * sizeof *layer->biases);
    }
}

void scratch_accept(scratch *work)
{
    for (size_t l = 0; l < work->layer_count; l++) {
        network_layer *layer = &work->network->layers[l];
        memcpy(layer->mask, work->trial[l], layer->inputs * layer->outputs);
        memcpy(layer->biases, work->biases[l], layer->outputs * sizeof *layer->biases);
    }
    espalier_network_apply_masks(work->network);
}
