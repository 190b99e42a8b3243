/* Model files: what is accepted must be a network that keeps its promises and
 * can be made compact. */
#define _GNU_SOURCE
#include <math.h>
#include <string.h>

#include "fuzz_file.h"
#include "net/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_layer(const network_layer *layer)
{
    if (!espalier_activation_name(layer->activation) || !isfinite(layer->slope) ||
        (layer->slope != 0.0f && layer->activation != ESPALIER_LEAKY_RELU))
        abort();
    for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
        if (layer->mask[i] > 1 || !isfinite(layer->weights[i]) ||
            (!layer->mask[i] && (layer->weights[i] != 0.0f || signbit(layer->weights[i]))))
            abort();
    for (size_t o = 0; o < layer->outputs; o++)
        if (!isfinite(layer->biases[o]) || (layer->activation == ESPALIER_LINEAR &&
                                            layer->activations && layer->activations[o] != 0))
            abort();
}

static void check_maps(const espalier_network *network)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t o = 0; layer->kept && o < layer->outputs; o++)
            if (layer->kept[o] >= network->original_widths[l + 1])
                abort();
    }
    for (size_t i = 0; network->kept_inputs && i < network->layers[0].inputs; i++)
        if (network->kept_inputs[i] >= network->original_widths[0])
            abort();
}

static void check(const espalier_network *network)
{
    espalier_network *small = NULL;
    for (size_t l = 0; l < network->layer_count; l++)
        check_layer(&network->layers[l]);
    check_maps(network);
    if (espalier_network_compact(network, NULL, &small, NULL, NULL) != ESPALIER_OK)
        abort();
    check_maps(small);
    espalier_network_destroy(small);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FUZZ_PATH_BYTES];
    int descriptor = fuzz_file(data, size, path);
    espalier_network *network = NULL;
    espalier_error error = {0};
    if (espalier_network_read(path, NULL, &network, &error) == ESPALIER_OK) {
        check(network);
        espalier_network_destroy(network);
    } else if (error.status == ESPALIER_OK || strchr(error.message, '\n')) {
        abort();
    }
    close(descriptor);
    return 0;
}
