/* What a record tells of pruning steps: layers, counts, kept weights; without a
 * trainer, in a run, and between two batches. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/report/events.h"

#include "espalier/prune.h"
#include "report/record.h"
#include "tests/base/test_allocator.h"

static uint64_t kept_of(const network_layer *layer, size_t neuron)
{
    uint64_t kept = 0;
    for (size_t i = 0; i < layer->inputs; i++)
        kept += layer->mask[neuron * layer->inputs + i];
    return kept;
}

static void counts_set(espalier_network *network, uint64_t inputs)
{
    network->inputs_counted = inputs;
    for (size_t l = 0; l + 1 < network->layer_count; l++)
        for (size_t o = 0; o < network->layers[l].outputs; o++)
            network->layers[l].activations[o] = inputs ? 10 * o + l : 0;
}

static void numbers_equal(const json_t *list, const uint64_t *expected, size_t count)
{
    assert_int_equal(json_array_size(list), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(json_integer_value(json_array_get(list, i)), expected[i]);
}

static void check_left(const json_t *event, const espalier_network *network)
{
    const json_t *layers = json_object_get(event, "layers");
    assert_int_equal(json_array_size(layers), network->layer_count);
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        uint64_t nonzero = 0;
        size_t live = layer->outputs;
        for (size_t o = 0; o < layer->outputs; o++)
            nonzero += kept_of(layer, o);
        if (l + 1 < network->layer_count)
            live = espalier_network_live(network, l, NULL);
        events_keys(json_array_get(layers, l), "live nonzero");
        assert_int_equal(events_integer(json_array_get(layers, l), "live"), live);
        assert_int_equal(events_integer(json_array_get(layers, l), "nonzero"), nonzero);
    }
}

static espalier_record *record_at(const char *path)
{
    espalier_record *record = NULL;
    assert_int_equal(espalier_record_create(path, NULL, &record, NULL), ESPALIER_OK);
    return record;
}

/* Counts are those before the step, even if the step clears them; without counts
 * there is no such event. */
static void without_a_trainer(void **state)
{
    (void)state;
    for (uint64_t inputs = 0; inputs < 1000; inputs += 500) {
        char path[64];
        uint64_t before[2][7], after[2][7], counts[2][7];
        events_stage stage = events_open(1);
        espalier_network *network = stage.network;
        events_folder(path);
        espalier_record *record = record_at(path);
        const espalier_prune_step step = events_step(0);
        counts_set(network, inputs);
        network->layers[0].mask[3] = 0;
        for (size_t l = 0; l < 2; l++)
            for (size_t o = 0; o < network->layers[l].outputs; o++) {
                before[l][o] = kept_of(&network->layers[l], o);
                counts[l][o] = network->layers[l].activations[o];
            }
        assert_int_equal(espalier_record_step_begin(record, network, NULL), ESPALIER_OK);
        small_prune(network, 0.4);
        counts_set(network, 0);
        for (size_t l = 0; l < 2; l++)
            for (size_t o = 0; o < network->layers[l].outputs; o++)
                after[l][o] = kept_of(&network->layers[l], o);
        assert_int_equal(espalier_record_step_end(record, network, &step, NULL), ESPALIER_OK);
        assert_int_equal(record->steps.count, 1);
        json_t *lines = events_read(path), *prune = json_array_get(lines, 0);
        assert_int_equal(json_array_size(lines), inputs ? 2 : 1);
        events_keys(prune, "event step epoch training_accuracy requested removed_by_rank "
                           "removed_by_propagation neurons_removed neurons_guarded forced last "
                           "sparsity sparsity_prunable layers");
        check_left(prune, network);
        if (inputs) {
            json_t *event = json_array_get(lines, 1), *layers = json_object_get(event, "layers");
            events_keys(event, "event step epoch inputs_counted layers");
            assert_true(events_is(event, "counts"));
            assert_int_equal(events_integer(event, "step"), 0);
            assert_int_equal(events_integer(event, "epoch"), step.epoch);
            assert_int_equal(events_integer(event, "inputs_counted"), inputs);
            assert_int_equal(json_array_size(layers), 2);
            for (size_t l = 0; l < 2; l++) {
                json_t *layer = json_array_get(layers, l);
                const size_t width = network->layers[l].outputs;
                events_keys(layer, "counts kept kept_after");
                numbers_equal(json_object_get(layer, "counts"), counts[l], width);
                numbers_equal(json_object_get(layer, "kept"), before[l], width);
                numbers_equal(json_object_get(layer, "kept_after"), after[l], width);
            }
        }
        json_decref(lines);
        espalier_record_destroy(record);
        events_remove(path);
        events_close(&stage);
    }
}

static uint64_t sum_of(const json_t *list, const char *key)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        sum += (uint64_t)events_integer(json_array_get(list, i), key);
    return sum;
}

static uint64_t total(const json_t *numbers)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(numbers); i++)
        sum += (uint64_t)json_integer_value(json_array_get(numbers, i));
    return sum;
}

/* Each step takes from what the one before left, and its counts fit its numbers. */
static size_t check_steps(const json_t *lines, uint64_t weights)
{
    size_t steps = 0;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        json_t *line = json_array_get(lines, i);
        if (!events_is(line, "prune"))
            continue;
        const uint64_t removed = (uint64_t)(events_integer(line, "removed_by_rank") +
                                            events_integer(line, "removed_by_propagation"));
        json_t *left = json_object_get(line, "layers"), *counts = json_array_get(lines, i + 1);
        json_t *layers = json_object_get(counts, "layers");
        assert_int_equal(sum_of(left, "nonzero"), weights - removed);
        weights -= removed;
        assert_true(events_is(counts, "counts"));
        assert_int_equal(events_integer(counts, "step"), steps++);
        assert_int_equal(json_array_size(layers), 2);
        for (size_t l = 0; l < 2; l++) {
            json_t *layer = json_array_get(layers, l);
            const uint64_t after = total(json_object_get(layer, "kept_after"));
            assert_true(total(json_object_get(layer, "kept")) >= after);
            assert_int_equal(events_integer(json_array_get(left, l), "nonzero"), after);
            assert_true(total(json_object_get(layer, "counts")) > 0);
        }
    }
    return steps;
}

/* At the end of epochs and between two batches. */
static void in_a_run(void **state)
{
    static const espalier_trigger triggers[] = {ESPALIER_TRIGGER_EPOCH, ESPALIER_TRIGGER_CUBIC};
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        char path[64];
        events_stage stage = events_open(6);
        espalier_prune_options options = espalier_prune_options_defaults();
        espalier_pruner *pruner = NULL;
        options.target = 0.6;
        options.trigger = triggers[t];
        options.steps = 3;
        options.every = 2;
        options.cubic_interval = 3; /* of 4 batches in an epoch: 3, 6, 8 */
        assert_int_equal(espalier_pruner_create(stage.network, &options, NULL, &pruner, NULL),
                         ESPALIER_OK);
        events_folder(path);
        espalier_record *record = record_at(path);
        assert_int_equal(espalier_trainer_observe(stage.trainer, espalier_record_observer(record)),
                         ESPALIER_OK);
        assert_int_equal(espalier_trainer_observe(stage.trainer, espalier_pruner_observer(pruner)),
                         ESPALIER_OK);
        assert_int_equal(espalier_trainer_run(stage.trainer, NULL, NULL), ESPALIER_OK);
        json_t *lines = events_read(path);
        assert_int_equal(check_steps(lines, 6 * 7 + 7 * 5 + 5 * 3), 3);
        json_decref(lines);
        espalier_record_destroy(record);
        espalier_pruner_destroy(pruner);
        events_remove(path);
        events_close(&stage);
    }
}

static size_t left; /* allocations that jansson may still make */

static void *rationed(size_t bytes)
{
    return left ? left--, malloc(bytes) : NULL;
}

/* jansson without memory at every place: always the error, nothing lost. */
static void without_memory(void **state)
{
    char path[64];
    (void)state;
    events_stage stage = events_open(1);
    const espalier_prune_step step = events_step(0);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    counts_set(stage.network, 5);
    events_folder(path);
    json_set_alloc_funcs(rationed, free);
    for (size_t given = 0; status != ESPALIER_OK; given++) {
        espalier_record *record = record_at(path);
        left = given;
        status = espalier_record_step_begin(record, stage.network, NULL);
        if (status == ESPALIER_OK)
            status = espalier_record_step_end(record, stage.network, &step, NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY ||
                    status == ESPALIER_ERROR_IO); /* json_dumpf() does not say why */
        espalier_record_destroy(record);
        assert_true(given < 1000);
    }
    json_set_alloc_funcs(malloc, free);
    events_remove(path);
    events_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_trainer),
        cmocka_unit_test(in_a_run),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
