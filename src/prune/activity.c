/* Counting passes and windows. */
#include "prune/activity.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/dataset.h"
#include "net/forward.h"

enum { CHUNK_ROWS = 256 };

static bool samples(espalier_count_mode mode)
{
    return mode == ESPALIER_COUNT_SAMPLE || mode == ESPALIER_COUNT_SAMPLE_SUM ||
           mode == ESPALIER_COUNT_SAMPLE_ZEROS;
}

/* Where the network says how its counts were made. */
static const char counted_key[] = "counted";

/* Counts of another kind, or of a network that starts from nothing, are not
 * continued: the units differ. */
static bool starts_afresh(const espalier_prune_options *options, const espalier_network *network)
{
    const char *before = espalier_network_metadata(network, counted_key);
    if (!options->trained)
        return true;
    return before && strcmp(before, espalier_count_mode_name(options->count)) != 0;
}

espalier_status activity_begin(const espalier_prune_options *options, espalier_trainer *trainer)
{
    espalier_network *network = espalier_trainer_network(trainer);
    if (options->count == ESPALIER_COUNT_NONE)
        return ESPALIER_OK;
    if (starts_afresh(options, network))
        espalier_network_clear_activations(network);
    espalier_trainer_count(trainer, options->count == ESPALIER_COUNT_TRAINING);
    return espalier_network_set_metadata(network, counted_key,
                                         espalier_count_mode_name(options->count));
}

void activity_epoch_begin(const espalier_prune_options *options, espalier_trainer *trainer)
{
    if (options->count == ESPALIER_COUNT_TRAINING && options->window == ESPALIER_WINDOW_EPOCH)
        espalier_network_clear_activations(espalier_trainer_network(trainer));
}

void activity_pruned(const espalier_prune_options *options, espalier_network *network)
{
    if (options->count != ESPALIER_COUNT_NONE && options->window == ESPALIER_WINDOW_SINCE_PRUNE)
        espalier_network_clear_activations(network);
}

/* Whole units of an activation; NaN counts as none. */
static uint64_t units(float activation)
{
    double value = (double)activation * ACTIVITY_UNIT;
    if (!(value > 0.0))
        return 0;
    return value < 0x1p63 ? (uint64_t)llround(value) : ACTIVITY_MOST;
}

static void add(uint64_t *count, uint64_t more)
{
    *count = more < ACTIVITY_MOST - *count ? *count + more : ACTIVITY_MOST;
}

/* values [rows][neurons] to counts [neurons]. */
static void tally(espalier_count_mode mode, const float *values, size_t rows, size_t neurons,
                  uint64_t *counts)
{
    for (size_t r = 0; r < rows; r++) {
        const float *row = values + r * neurons;
        if (mode == ESPALIER_COUNT_SAMPLE_SUM)
            for (size_t j = 0; j < neurons; j++)
                add(&counts[j], units(row[j]));
        else if (mode == ESPALIER_COUNT_SAMPLE_ZEROS)
            for (size_t j = 0; j < neurons; j++)
                counts[j] += row[j] == 0.0f;
        else
            for (size_t j = 0; j < neurons; j++)
                counts[j] += row[j] > 0.0f;
    }
}

/* One pass over rows of the training split. */
typedef struct pass {
    espalier_network *network;
    const espalier_dataset *dataset;
    const math_backend *math;
    espalier_count_mode mode;
    float *values[2]; /* [CHUNK_ROWS][widest], taken in turns */
} pass;

static espalier_status pass_open(pass *p, const espalier_allocator *allocator,
                                 espalier_error *error)
{
    size_t widest = p->network->layers[0].inputs;
    for (size_t l = 0; l + 1 < p->network->layer_count; l++)
        if (p->network->layers[l].outputs > widest)
            widest = p->network->layers[l].outputs;
    p->math = math_backend_find(NULL);
    if (!p->math)
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED, "no math backend can be used here");
    p->values[0] = memory_array(allocator, 2 * CHUNK_ROWS * widest, sizeof(float));
    if (!p->values[0])
        return error_memory(error);
    p->values[1] = p->values[0] + CHUNK_ROWS * widest;
    return ESPALIER_OK;
}

static void pass_chunk(const pass *p, const uint32_t *indices, size_t first, size_t count)
{
    const espalier_network *network = p->network;
    size_t inputs = network->layers[0].inputs;
    dataset_gather(p->dataset, ESPALIER_TRAINING, indices, first, count, network->kept_inputs,
                   inputs, network->scaling_count, network->shift, network->scale, p->values[0],
                   inputs);
    for (size_t l = 0; l + 1 < network->layer_count; l++) {
        float *to = p->values[(l + 1) % 2];
        forward_layer(network, l, p->math, p->values[l % 2], count, to);
        if (network_has_activation(network, l))
            tally(p->mode, to, count, network->layers[l].outputs,
                  network->layers[l].activations);
    }
}

/* indices [count] rows, NULL = the first `count`. */
static espalier_status pass_run(pass *p, const espalier_allocator *allocator,
                                const uint32_t *indices, size_t count, espalier_error *error)
{
    espalier_status status = pass_open(p, allocator, error);
    if (status)
        return status;
    for (size_t first = 0; first < count; first += CHUNK_ROWS) {
        size_t rows = count - first < CHUNK_ROWS ? count - first : CHUNK_ROWS;
        pass_chunk(p, indices ? indices + first : NULL, indices ? 0 : first, rows);
    }
    p->network->inputs_counted += count;
    memory_release(allocator, p->values[0]);
    return ESPALIER_OK;
}

/* Draws `count` of `rows` rows into the first places of indices [max(count, rows)]:
 * the beginning of a Fisher-Yates shuffle. */
static void draw(uint64_t seed, size_t number, size_t rows, size_t count, uint32_t *indices)
{
    uint64_t stream = random_stream(RANDOM_SAMPLE, (uint32_t)number);
    if (count > rows) {
        for (size_t i = 0; i < count; i++)
            indices[i] = (uint32_t)random_below(seed, stream, i, rows);
        return;
    }
    for (size_t i = 0; i < rows; i++)
        indices[i] = (uint32_t)i;
    for (size_t i = 0; i < count; i++) {
        size_t j = i + (size_t)random_below(seed, stream, i, rows - i);
        uint32_t index = indices[j];
        indices[j] = indices[i];
        indices[i] = index;
    }
}

espalier_status activity_sample(const espalier_prune_options *options,
                                const espalier_allocator *allocator, espalier_network *network,
                                const espalier_dataset *dataset, size_t draw_number,
                                espalier_error *error)
{
    if (!samples(options->count))
        return ESPALIER_OK;
    size_t rows = espalier_dataset_row_count(dataset, ESPALIER_TRAINING);
    size_t count = options->sample_rows;
    uint32_t *indices = memory_array(allocator, count > rows ? count : rows, sizeof *indices);
    if (!indices)
        return error_memory(error);
    if (options->window == ESPALIER_WINDOW_EPOCH)
        espalier_network_clear_activations(network);
    draw(options->seed, draw_number, rows, count, indices);
    pass run = {.network = network, .dataset = dataset, .mode = options->count};
    espalier_status status = pass_run(&run, allocator, indices, count, error);
    memory_release(allocator, indices);
    return status;
}

espalier_status activity_first_sample(const espalier_prune_options *options,
                                      const espalier_allocator *allocator,
                                      espalier_network *network, const espalier_dataset *dataset,
                                      espalier_error *error)
{
    if (samples(options->count))
        espalier_network_clear_activations(network);
    return activity_sample(options, allocator, network, dataset, 0, error);
}

espalier_status espalier_network_count_activations(espalier_network *network,
                                                   const espalier_dataset *dataset,
                                                   const espalier_allocator *allocator,
                                                   espalier_error *error)
{
    size_t width = espalier_network_row_width(network);
    if (width != espalier_dataset_input_count(dataset))
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "counting activations: the network reads rows of %zu inputs, "
                         "the data set has rows of %zu",
                         width, espalier_dataset_input_count(dataset));
    espalier_network_clear_activations(network);
    if (espalier_network_set_metadata(network, counted_key,
                                      espalier_count_mode_name(ESPALIER_COUNT_TRAINING)))
        return error_memory(error);
    pass run = {.network = network, .dataset = dataset, .mode = ESPALIER_COUNT_TRAINING};
    return pass_run(&run, allocator, NULL, espalier_dataset_row_count(dataset, ESPALIER_TRAINING),
                    error);
}
