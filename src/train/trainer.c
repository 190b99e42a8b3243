/* Making a trainer: what must fit, what the network adopts from the data, and the
 * memory for the whole run. */
#include "train/trainer.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "train/lists.h"

static espalier_status check_fit(const espalier_network *network, const espalier_dataset *dataset,
                                 espalier_error *error)
{
    size_t width = espalier_network_row_width(network), inputs = dataset->inputs;
    size_t classes = espalier_network_class_count(network);
    if (width != inputs)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "the network takes rows of %zu values, the data set has rows of %zu",
                         width, inputs);
    if (classes < dataset->classes)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "the network knows %zu classes, the data set has %zu", classes,
                         dataset->classes);
    if (dataset->row_count[ESPALIER_TRAINING] == 0)
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "the data set has no training rows");
    return ESPALIER_OK;
}

/* A positive value behind a negative slope tells nothing of where it came from. */
static espalier_status check_slopes(const espalier_network *network, espalier_error *error)
{
    for (size_t l = 0; l < network->layer_count; l++)
        if (network->layers[l].slope < 0.0f)
            return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                             "layer %zu: leaky-relu with the slope %g; a layer is trained with 0 "
                             "or more", l, (double)network->layers[l].slope);
    return ESPALIER_OK;
}

/* Scaling and class names come from the data where the network has none; the encoding of a table's
 * columns, and which table it is, in any case: that is what the network learns from. */
static espalier_status adopt(espalier_network *network, const espalier_dataset *dataset)
{
    espalier_status status = ESPALIER_OK;
    if (network->scaling_count == 0) {
        const float *shift, *scale;
        size_t pairs = espalier_dataset_scaling(dataset, &shift, &scale);
        if (pairs > 0)
            status = espalier_network_set_scaling(network, pairs, shift, scale);
    }
    bool named = !dataset->class_names || espalier_network_class_count(network) != dataset->classes;
    for (size_t c = 0; c < dataset->classes && !named; c++) {
        char number[24]; /* the name that a class has by default */
        snprintf(number, sizeof number, "%zu", c);
        named = strcmp(espalier_network_class_name(network, c), number) != 0;
    }
    if (status == ESPALIER_OK && !named)
        status = espalier_network_set_class_names(network,
                                                  (const char *const *)dataset->class_names);
    if (status == ESPALIER_OK && dataset->columns)
        status = espalier_network_set_metadata(network, "columns", dataset->columns);
    return status;
}

static espalier_status take_kept(espalier_trainer *trainer, espalier_error *error)
{
    if (trainer->options.keep != ESPALIER_KEEP_BEST)
        return ESPALIER_OK;
    size_t layers = trainer->network->layer_count;
    trainer->kept_weights = memory_array(trainer->allocator, 2 * layers, sizeof(float *));
    if (!trainer->kept_weights)
        return error_memory(error);
    for (size_t l = 0; l < layers; l++) {
        const network_layer *layer = &trainer->network->layers[l];
        trainer->kept_weights[2 * l] =
            memory_array(trainer->allocator, layer->inputs * layer->outputs, sizeof(float));
        trainer->kept_weights[2 * l + 1] =
            memory_array(trainer->allocator, layer->outputs, sizeof(float));
        if (!trainer->kept_weights[2 * l] || !trainer->kept_weights[2 * l + 1])
            return error_memory(error);
    }
    return ESPALIER_OK;
}

/* Prediction chooses by it, too. */
static espalier_status note_share(espalier_trainer *trainer)
{
    char text[24];
    snprintf(text, sizeof text, "%.0f", 100.0 * trainer->copy.inputs_share);
    return espalier_network_set_metadata(trainer->network, NETWORK_NONZERO_INPUTS, text);
}

/* The share of values that are not zero, of the first training rows as the network
 * reads them: the less of them, the faster is the dense form of the first layer. */
enum { SHARE_ROWS = 64 };

static espalier_status find_share(espalier_trainer *trainer, espalier_error *error)
{
    const espalier_dataset *dataset = trainer->dataset;
    const espalier_network *network = trainer->network;
    const size_t all = dataset->row_count[ESPALIER_TRAINING], width = dataset->inputs;
    const size_t rows = all < SHARE_ROWS ? all : SHARE_ROWS;
    float *values = memory_array(trainer->allocator, rows * width, sizeof *values);
    if (!values)
        return error_memory(error);
    dataset_gather(dataset, ESPALIER_TRAINING, NULL, 0, rows, NULL, width, network->scaling_count,
                   network->shift, network->scale, values, width);
    size_t found = 0;
    for (size_t i = 0; i < rows * width; i++)
        found += values[i] != 0.0f;
    trainer->copy.inputs_share = (double)found / (double)(rows * width);
    memory_release(trainer->allocator, values);
    return note_share(trainer) ? error_memory(error) : ESPALIER_OK;
}

static espalier_status fill(espalier_trainer *trainer, const math_backend *math,
                            espalier_error *error)
{
    const espalier_dataset *dataset = trainer->dataset;
    size_t rows = dataset->row_count[ESPALIER_TRAINING], most = trainer->options.batch_rows;
    trainer->order = memory_array(trainer->allocator, rows, sizeof *trainer->order);
    trainer->answering = memory_array(trainer->allocator, trainer->network->layer_count,
                                      sizeof *trainer->answering);
    if (!trainer->order || !trainer->answering)
        return error_memory(error);
    espalier_status status = work_create(trainer->network, most < rows ? most : rows,
                                         optimizer_states(trainer->options.optimizer),
                                         trainer->allocator, &trainer->copy, error);
    if (status != ESPALIER_OK)
        return status;
    work_load(&trainer->copy, trainer->network);
    status = find_share(trainer, error);
    if (status != ESPALIER_OK)
        return status;
    status = lists_fit(&trainer->copy, most < rows ? most : rows, error);
    if (status != ESPALIER_OK)
        return status;
    status = batch_create(&trainer->copy, trainer->network, math,
                          trainer->options.threads, most < rows ? most : rows,
                          dataset->row_count[ESPALIER_VALIDATION], trainer->allocator,
                          &trainer->batch, error);
    return status == ESPALIER_OK ? take_kept(trainer, error) : status;
}

espalier_status espalier_trainer_create(espalier_network *network, const espalier_dataset *dataset,
                                        const espalier_train_options *options,
                                        const espalier_allocator *allocator,
                                        espalier_trainer **trainer, espalier_error *error)
{
    espalier_train_options chosen = options ? *options : espalier_train_options_defaults();
    espalier_status status = espalier_train_options_check(&chosen, error);
    if (status == ESPALIER_OK)
        status = check_fit(network, dataset, error);
    if (status == ESPALIER_OK)
        status = check_slopes(network, error);
    if (status == ESPALIER_OK && chosen.keep == ESPALIER_KEEP_BEST &&
        dataset->row_count[ESPALIER_VALIDATION] == 0)
        status = error_set(error, ESPALIER_ERROR_ARGUMENT,
                           "keep: the best network is told by validation rows, and there are none");
    if (status != ESPALIER_OK)
        return status;
    const math_backend *math = math_backend_find(chosen.math);
    if (!math)
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                         "math: expected a backend of this build and machine, found \"%s\"",
                         chosen.math);
    espalier_trainer *made = memory_array(allocator, 1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->allocator = allocator;
    made->options = chosen;
    made->options.math = math->name;
    made->network = network;
    made->dataset = dataset;
    made->pulled = true;
    status = adopt(network, dataset);
    if (status == ESPALIER_OK)
        status = fill(made, math, error);
    if (status != ESPALIER_OK) {
        espalier_trainer_destroy(made);
        return error_set(error, status, "%s", espalier_status_text(status));
    }
    *trainer = made;
    return ESPALIER_OK;
}

void espalier_trainer_destroy(espalier_trainer *trainer)
{
    if (!trainer)
        return;
    const espalier_allocator *allocator = trainer->allocator;
    if (trainer->kept_weights)
        for (size_t i = 0; i < 2 * trainer->network->layer_count; i++)
            memory_release(allocator, trainer->kept_weights[i]);
    memory_release(allocator, trainer->kept_weights);
    batch_clear(&trainer->batch);
    work_clear(&trainer->copy);
    memory_release(allocator, trainer->order);
    memory_release(allocator, trainer->answering);
    memory_release(allocator, trainer->listeners);
    memory_release(allocator, trainer);
}

const char *espalier_trainer_math(const espalier_trainer *trainer)
{
    return trainer->options.math;
}

size_t espalier_trainer_threads(const espalier_trainer *trainer)
{
    return trainer->batch.threads;
}
