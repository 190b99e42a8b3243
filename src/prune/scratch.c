/* Takes and lays out the memory of a pruning step. */
#include "prune/scratch.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

enum { BYTE_ARRAYS = 5 }; /* incoming, live, viable, protect, lost */

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
    for (size_t l = 0; l < work->layer_count; l++) {
        scratch_layer *layer = &work->layers[l];
        layer->inputs = network->layers[l].inputs;
        layer->outputs = network->layers[l].outputs;
        work->trial[l] = carve(&bytes, layer->inputs * layer->outputs);
        layer->incoming = carve(&bytes, layer->outputs);
        layer->live = carve(&bytes, layer->outputs);
        layer->viable = carve(&bytes, layer->outputs);
        layer->protect = carve(&bytes, layer->outputs);
        layer->lost = carve(&bytes, layer->outputs);
        layer->best = words;
        words += layer->outputs;
    }
    work->flags = bytes;
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
    work->masks = memory_array(allocator, work->layer_count, sizeof *work->masks);
    work->bytes = memory_array(allocator, bytes, 1);
    work->words = memory_array(allocator, neurons + widest + SCRATCH_DIGITS, sizeof *work->words);
    if (!work->layers || !work->trial || !work->masks || !work->bytes || !work->words) {
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
    memory_release(allocator, work->masks);
    memory_release(allocator, work->bytes);
    memory_release(allocator, work->words);
    *work = (scratch){0};
}

bool scratch_fits(const scratch *work, const espalier_network *network)
{
    if (network->layer_count != work->layer_count)
        return false;
    for (size_t l = 0; l < work->layer_count; l++)
        if (network->layers[l].inputs != work->layers[l].inputs ||
            network->layers[l].outputs != work->layers[l].outputs)
            return false;
    return true;
}

void scratch_load(scratch *work, espalier_network *network)
{
    for (size_t l = 0; l < work->layer_count; l++)
        work->masks[l] = network->layers[l].mask;
    scratch_reset_trial(work);
}

void scratch_reset_trial(scratch *work)
{
    for (size_t l = 0; l < work->layer_count; l++)
        memcpy(work->trial[l], work->masks[l], work->layers[l].inputs * work->layers[l].outputs);
}
