/* The ledger of removed neurons and the JSON history. */
#include "tests/prune/fixture.h"

#include <jansson.h>
#include <math.h>

static const size_t widths[] = {6, 8, 5, 3};

static espalier_pruner *make(const espalier_network *network, const char *criterion_name,
                             espalier_dead dead)
{
    espalier_prune_options o = espalier_prune_options_defaults();
    espalier_pruner *pruner = NULL;
    o.target = 0.6;
    o.steps = 3;
    o.criterion = criterion_name;
    o.dead = dead;
    assert_int_equal(espalier_pruner_create(network, &o, NULL, &pruner, NULL), ESPALIER_OK);
    return pruner;
}

static size_t kept_in(const espalier_network *network, size_t layer, size_t neuron)
{
    const network_layer *at = &network->layers[layer];
    size_t kept = 0;
    for (size_t i = 0; i < at->inputs; i++)
        kept += at->mask[neuron * at->inputs + i];
    return kept;
}

/* Entries of a step are exactly the neurons that lost their last incoming weight. */
static void every_death_is_entered_once(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        espalier_network *network = fixture_network(widths, 4, seed, seed);
        espalier_pruner *pruner =
            make(network, espalier_criterion_name(seed % 4), (espalier_dead)(seed / 4 % 4));
        size_t entered = 0;
        for (size_t k = 0; k < 3; k++) {
            size_t before[2][8];
            espalier_prune_step step;
            const espalier_ledger_entry *entries;
            for (size_t l = 0; l < 2; l++)
                for (size_t j = 0; j < widths[l + 1]; j++)
                    before[l][j] = kept_in(network, l, j);
            assert_int_equal(espalier_pruner_step(pruner, network, &step, NULL), ESPALIER_OK);
            size_t count = espalier_pruner_ledger(pruner, &entries), next = entered;
            assert_int_equal(count - entered, step.neurons_removed);
            for (size_t l = 0; l < 2; l++) {
                for (size_t j = 0; j < widths[l + 1]; j++) {
                    if (before[l][j] == 0 || kept_in(network, l, j) > 0)
                        continue;
                    assert_true(next < count);
                    assert_int_equal(entries[next].step, k);
                    assert_int_equal(entries[next].layer, l);
                    assert_int_equal(entries[next].neuron, j);
                    assert_int_equal(entries[next].count, network->layers[l].activations[j]);
                    if (seed % 4 == 0)
                        assert_true(entries[next].score == (double)entries[next].count);
                    next++;
                }
            }
            assert_int_equal(next, count);
            entered = count;
        }
        espalier_pruner_destroy(pruner);
        espalier_network_destroy(network);
    }
}

static json_t *history(const espalier_network *network)
{
    const char *text = espalier_network_metadata(network, "history");
    assert_non_null(text);
    json_t *list = json_loads(text, 0, NULL);
    assert_true(json_is_array(list));
    return list;
}

static double real(const json_t *object, const char *name)
{
    assert_true(json_is_real(json_object_get(object, name)));
    return json_real_value(json_object_get(object, name));
}

static uint64_t whole(const json_t *object, const char *name)
{
    assert_true(json_is_integer(json_object_get(object, name)));
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static void same_step(const json_t *object, const espalier_prune_step *step, const char *name)
{
    assert_int_equal(whole(object, "step"), step->step);
    assert_int_equal(whole(object, "epoch"), step->epoch);
    assert_string_equal(json_string_value(json_object_get(object, "criterion")), name);
    assert_int_equal(whole(object, "requested"), step->requested);
    assert_int_equal(whole(object, "removed_by_rank"), step->removed_by_rank);
    assert_int_equal(whole(object, "removed_by_propagation"), step->removed_by_propagation);
    assert_true(real(object, "sparsity_all") == step->sparsity_all);
    assert_true(real(object, "sparsity_prunable") == step->sparsity_prunable);
    assert_true(json_is_null(json_object_get(object, "training_accuracy")));
    assert_true(json_is_false(json_object_get(object, "forced")));
    assert_int_equal(json_array_size(json_object_get(object, "neurons")), step->neurons_removed);
}

static void same_neuron(const json_t *list, const espalier_ledger_entry *entry)
{
    assert_int_equal(json_array_size(list), 4);
    assert_int_equal(json_integer_value(json_array_get(list, 0)), entry->layer);
    assert_int_equal(json_integer_value(json_array_get(list, 1)), entry->neuron);
    assert_true(json_real_value(json_array_get(list, 2)) == entry->score);
    assert_int_equal(json_integer_value(json_array_get(list, 3)), entry->count);
}

static void history_says_the_same(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 4, 3, 0);
    espalier_pruner *pruner = make(network, "activation-weight", ESPALIER_DEAD_FOLD);
    for (size_t k = 0; k < 3; k++)
        assert_int_equal(espalier_pruner_step(pruner, network, NULL, NULL), ESPALIER_OK);
    const espalier_ledger_entry *entries;
    size_t count = espalier_pruner_ledger(pruner, &entries), next = 0;
    json_t *list = history(network);
    assert_int_equal(json_array_size(list), 3);
    for (size_t k = 0; k < 3; k++) {
        json_t *object = json_array_get(list, k);
        same_step(object, &espalier_pruner_steps(pruner)[k], "activation-weight");
        json_t *neurons = json_object_get(object, "neurons");
        for (size_t i = 0; i < json_array_size(neurons); i++)
            same_neuron(json_array_get(neurons, i), &entries[next++]);
    }
    assert_int_equal(next, count);
    json_decref(list);
    espalier_pruner_destroy(pruner);
    espalier_network_destroy(network);
}

/* A second pruner writes on; what is there stays, keys it does not know included. */
static void history_is_continued(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 4, 3, 0);
    assert_int_equal(espalier_network_set_metadata(network, "history", "[{\"by\":\"hand\"}]"),
                     ESPALIER_OK);
    for (size_t i = 0; i < 2; i++) {
        espalier_pruner *pruner = make(network, i ? "random" : "magnitude", ESPALIER_DEAD_FOLD);
        assert_int_equal(espalier_pruner_step(pruner, network, NULL, NULL), ESPALIER_OK);
        espalier_pruner_destroy(pruner);
    }
    json_t *list = history(network);
    assert_int_equal(json_array_size(list), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "by")), "hand");
    for (size_t i = 0; i < 2; i++) {
        const json_t *name = json_object_get(json_array_get(list, i + 1), "criterion");
        assert_string_equal(json_string_value(name), i ? "random" : "magnitude");
    }
    json_decref(list);
    espalier_network_destroy(network);
}

static void foreign_history_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}", "seven", "[1,"};
    espalier_network *network = fixture_network(widths, 4, 3, 0);
    espalier_prune_options o = espalier_prune_options_defaults();
    o.target = 0.5;
    for (size_t i = 0; i < 3; i++) {
        espalier_pruner *pruner = NULL;
        espalier_error error = {0};
        assert_int_equal(espalier_network_set_metadata(network, "history", texts[i]), ESPALIER_OK);
        assert_int_equal(espalier_pruner_create(network, &o, NULL, &pruner, &error),
                         ESPALIER_ERROR_FORMAT);
        assert_non_null(strstr(error.message, "'history'"));
        /* one that comes later stops the step, which then changes nothing */
        espalier_network_set_metadata(network, "history", NULL);
        pruner = make(network, "magnitude", ESPALIER_DEAD_FOLD);
        espalier_network_set_metadata(network, "history", texts[i]);
        assert_int_equal(espalier_pruner_step(pruner, network, NULL, NULL), ESPALIER_ERROR_FORMAT);
        assert_int_equal(fixture_pruned(network), 0);
        assert_int_equal(espalier_pruner_step_count(pruner), 0);
        espalier_pruner_destroy(pruner);
    }
    espalier_network_destroy(network);
}

/* A score that is no number becomes null. */
static void infinite_scores(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 4, 3, 0);
    for (size_t j = 0; j < 8; j++)
        network->layers[0].weights[j * 6] = INFINITY;
    espalier_prune_options o = espalier_prune_options_defaults();
    espalier_pruner *pruner = NULL;
    o.target = 1.0;
    o.of = ESPALIER_OF_PRUNABLE;
    o.steps = 1;
    o.criterion = "magnitude";
    o.min_neurons = 0;
    assert_int_equal(espalier_pruner_create(network, &o, NULL, &pruner, NULL), ESPALIER_OK);
    assert_int_equal(espalier_pruner_step(pruner, network, NULL, NULL), ESPALIER_OK);
    json_t *list = history(network);
    json_t *neurons = json_object_get(json_array_get(list, 0), "neurons");
    assert_int_equal(json_array_size(neurons), 13);
    assert_true(json_is_null(json_array_get(json_array_get(neurons, 0), 2)));
    assert_true(json_is_real(json_array_get(json_array_get(neurons, 12), 2)));
    json_decref(list);
    espalier_pruner_destroy(pruner);
    espalier_network_destroy(network);
}

/* After compaction neurons keep their first names. */
static void original_indices(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 4, 3, 0), *small = NULL;
    memset(network->layers[0].mask, 0, 6);
    memset(network->layers[0].mask + 3 * 6, 0, 6);
    memset(network->layers[1].mask + 2 * 8, 0, 8);
    espalier_network_apply_masks(network);
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    const uint64_t counts[] = {0, 9, 9, 9, 0, 9}; /* original neurons 1, 2, 4, 5, 6, 7 */
    memcpy(small->layers[0].activations, counts, sizeof counts);
    for (size_t j = 0; j < 4; j++)
        small->layers[1].activations[j] = 8;
    espalier_prune_options o = espalier_prune_options_defaults();
    espalier_pruner *pruner = NULL;
    o.target = 0.52; /* of 103: 53; 12 + 16 + 3 + 6 = 37 are gone, 12 more are two whole neurons */
    o.steps = 1;
    assert_int_equal(espalier_pruner_create(small, &o, NULL, &pruner, NULL), ESPALIER_OK);
    espalier_prune_step step;
    assert_int_equal(espalier_pruner_step(pruner, small, &step, NULL), ESPALIER_OK);
    const espalier_ledger_entry *entries;
    assert_int_equal(espalier_pruner_ledger(pruner, &entries), step.neurons_removed);
    assert_true(step.neurons_removed >= 2);
    assert_int_equal(entries[0].layer, 0);
    assert_int_equal(entries[0].neuron, 1);
    assert_int_equal(entries[1].neuron, 6);
    assert_true(step.sparsity_all >= 53.0 / 103.0);
    espalier_pruner_destroy(pruner);
    espalier_network_destroy(small);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_death_is_entered_once),
        cmocka_unit_test(history_says_the_same),
        cmocka_unit_test(history_is_continued),
        cmocka_unit_test(foreign_history_is_refused),
        cmocka_unit_test(infinite_scores),
        cmocka_unit_test(original_indices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
