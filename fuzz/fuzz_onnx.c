/* ONNX models: what is accepted must be a network that keeps its promises, and what is
 * not must have a message of one line. */
#define _GNU_SOURCE
#include <math.h>
#include <string.h>

#include "espalier/import.h"
#include "fuzz_file.h"
#include "net/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const espalier_network *network)
{
    const float *shift, *scale;
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
            if (layer->mask[i] > 1 || !isfinite(layer->weights[i]) ||
                layer->mask[i] != (layer->weights[i] != 0))
                abort();
        for (size_t o = 0; o < layer->outputs; o++)
            if (!isfinite(layer->biases[o]))
                abort();
        if (l > 0 && layer->inputs != network->layers[l - 1].outputs)
            abort();
    }
    size_t pairs = espalier_network_scaling(network, &shift, &scale);
    for (size_t i = 0; i < pairs; i++)
        if (!isfinite(shift[i]) || !isfinite(scale[i]))
            abort();
    if (espalier_network_class_count(network) < 2)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FUZZ_PATH_BYTES];
    int descriptor = fuzz_file(data, size, path);
    espalier_network *network = NULL;
    espalier_error error = {0};
    if (espalier_network_open(path, NULL, &network, &error) == ESPALIER_OK) {
        check(network);
        espalier_network_destroy(network);
    } else if (error.status == ESPALIER_OK || strchr(error.message, '\n')) {
        abort();
    }
    close(descriptor);
    return 0;
}
