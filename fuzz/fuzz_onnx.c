/* ONNX models, beside a file `data` that their tensors may lie in: what is accepted must be
 * a network that keeps its promises, and what is not must have a message of one line. */
#define _GNU_SOURCE
#include <math.h>

#include "espalier/import.h"
#include "fuzz_folder.h"
#include "net/network.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUES = 1024 };

static const char *const names[] = {"model.onnx"};
static char folder[64];

static void remove_folder(void)
{
    fuzz_folder_remove(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    char path[96];
    float values[VALUES];
    for (size_t i = 0; i < VALUES; i++)
        values[i] = (float)i / VALUES - 0.5f;
    fuzz_folder_make(folder, NULL);
    atexit(remove_folder);
    snprintf(path, sizeof path, "%s/data", folder);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(values, sizeof *values, VALUES, file) != VALUES || fclose(file) != 0)
        abort();
    return 0;
}

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
    char path[96];
    espalier_network *network = NULL;
    espalier_error error = {0};
    fuzz_folder_fill(folder, names, 1, data, size);
    snprintf(path, sizeof path, "%s/%s", folder, names[0]);
    if (espalier_network_open(path, NULL, &network, &error) == ESPALIER_OK) {
        check(network);
        espalier_network_destroy(network);
    } else if (error.status == ESPALIER_OK || strchr(error.message, '\n')) {
        abort();
    }
    unlink(path);
    return 0;
}
