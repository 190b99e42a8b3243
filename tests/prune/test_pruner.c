/* Making pruners, whole schedules of steps, and what is refused. */
#include "tests/prune/fixture.h"

#include <math.h>

#include "prune/scope.h"
#include "tests/base/test_allocator.h"

static const size_t widths[] = {23, 17, 11, 7, 5}; /* 391 + 187 + 77 = 655 and 35: 690 */

static espalier_prune_options options(double target, size_t steps)
{
    espalier_prune_options o = espalier_prune_options_defaults();
    o.target = target;
    o.steps = steps;
    o.criterion = "magnitude";
    return o;
}

static espalier_pruner *make(const espalier_network *network, const espalier_prune_options *o)
{
    espalier_pruner *pruner = NULL;
    espalier_error error = {0};
    if (espalier_pruner_create(network, o, NULL, &pruner, &error))
        fail_msg("%s", error.message);
    return pruner;
}

/* 690 weights, 90 %: 621. Without dead neurons every step lands on its fraction. */
static void keeps_to_the_schedule(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 5, 1, 0);
    espalier_prune_options o = options(0.9, 5);
    o.dead = ESPALIER_DEAD_KEEP;
    espalier_pruner *pruner = make(network, &o);
    static const uint64_t after[] = {184, 332, 450, 545, 621}; /* 690 * 0.9 * partial / 3.3616 */
    uint64_t before = 0;
    for (size_t k = 0; k < 5; k++) {
        espalier_prune_step step;
        assert_int_equal(espalier_pruner_outstanding(pruner), 5 - k);
        assert_false(espalier_pruner_reached(pruner, network));
        assert_int_equal(espalier_pruner_step(pruner, network, &step, NULL), ESPALIER_OK);
        assert_int_equal(step.step, k);
        assert_int_equal(step.requested, after[k] - before);
        assert_int_equal(step.removed_by_rank, step.requested);
        assert_int_equal(step.removed_by_propagation, 0);
        assert_int_equal(step.last, k == 4);
        assert_true(isnan(step.training_accuracy) && step.epoch == 0 && !step.forced);
        assert_true(step.sparsity_all == (double)after[k] / 690.0);
        assert_true(step.sparsity_prunable == (double)after[k] / 655.0);
        assert_int_equal(fixture_pruned(network), after[k]);
        assert_true(fixture_zeroed(network));
        before = after[k];
    }
    assert_true(espalier_pruner_reached(pruner, network));
    assert_int_equal(espalier_pruner_step_count(pruner), 5);
    espalier_error error = {0};
    assert_int_equal(espalier_pruner_step(pruner, network, NULL, &error), ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "all 5 steps"));
    espalier_pruner_destroy(pruner);
    espalier_network_destroy(network);
}

static void check_step(const espalier_prune_step *step, const espalier_network *network,
                       uint64_t before)
{
    assert_int_equal(fixture_pruned(network),
                     before + step->removed_by_rank + step->removed_by_propagation);
    assert_true(step->removed_by_rank <= step->requested);
    uint64_t hidden = fixture_pruned(network) - espalier_network_pruned_count(network, 3);
    assert_true(step->sparsity_all == (double)fixture_pruned(network) / 690.0);
    assert_true(step->sparsity_prunable == (double)hidden / 655.0);
    assert_true(fixture_zeroed(network));
}

/* All ways of amounts, denominators, scopes, dead neurons and criteria. */
static void exact_in_every_combination(void **state)
{
    (void)state;
    for (size_t n = 0; n < 3 * 2 * 2 * 4 * 4; n++) {
        espalier_network *network = fixture_network(widths, 5, n, n % 3 * 10);
        espalier_prune_options o = options(0.8, 6);
        o.scope = n % 3;
        o.of = n / 3 % 2;
        o.amounts = n / 6 % 2;
        o.dead = n / 12 % 4;
        o.criterion = espalier_criterion_name(n / 48);
        espalier_pruner *pruner = make(network, &o);
        bool guarded = false;
        for (size_t k = 0; k < 6; k++) {
            espalier_prune_step step;
            uint64_t before = fixture_pruned(network);
            uint64_t left = 655;
            for (size_t l = 0; l < 3; l++)
                left -= espalier_network_pruned_count(network, l);
            assert_int_equal(espalier_pruner_step(pruner, network, &step, NULL), ESPALIER_OK);
            check_step(&step, network, before);
            guarded = guarded || step.neurons_guarded || step.removed_by_rank != step.requested;
            if (o.scope != ESPALIER_SCOPE_ONE_BY_ONE && !step.neurons_guarded &&
                (o.scope == ESPALIER_SCOPE_GLOBAL || o.amounts == ESPALIER_AMOUNTS_CUMULATIVE))
                assert_int_equal(step.removed_by_rank,
                                 step.requested < left ? step.requested : left);
        }
        if (!guarded)
            assert_true(espalier_pruner_reached(pruner, network));
        if (o.dead <= ESPALIER_DEAD_DROP)
            assert_true(fixture_settled(network));
        for (size_t l = 0; l < 3; l++)
            assert_true(espalier_network_live(network, l, NULL) > 0);
        espalier_pruner_destroy(pruner);
        espalier_network_destroy(network);
    }
}

/* 187 weights of the middle layer less: 468. It loses only what leads from or to a
 * neuron that is gone, and is neither ranked nor guarded. */
static void linear_layers_are_left_alone(void **state)
{
    (void)state;
    for (size_t n = 0; n < 3 * 2 * 2 * 4 * 4; n++) {
        espalier_network *network = fixture_linear(fixture_network(widths, 5, n, 0), 2), *dense;
        assert_int_equal(espalier_network_copy(network, NULL, &dense, NULL), ESPALIER_OK);
        espalier_prune_options o = options(0.6, 6);
        o.scope = n % 3;
        o.of = n / 3 % 2;
        o.amounts = n / 6 % 2;
        o.dead = n / 12 % 4;
        o.criterion = espalier_criterion_name(n / 48);
        espalier_pruner *pruner = make(network, &o);
        for (size_t k = 0; k < 6; k++) {
            espalier_prune_step step;
            uint64_t before = fixture_pruned(network);
            assert_int_equal(espalier_pruner_step(pruner, network, &step, NULL), ESPALIER_OK);
            uint64_t prunable = espalier_network_pruned_count(network, 0) +
                                espalier_network_pruned_count(network, 2);
            assert_int_equal(fixture_pruned(network),
                             before + step.removed_by_rank + step.removed_by_propagation);
            assert_true(step.sparsity_all == (double)fixture_pruned(network) / 690.0);
            assert_true(step.sparsity_prunable == (double)prunable / 468.0);
        }
        const network_layer *middle = &network->layers[1];
        uint8_t before[17], here[11];
        espalier_network_live(network, 0, before);
        espalier_network_live(network, 1, here);
        for (size_t i = 0; i < 17 * 11; i++) {
            bool kept = middle->mask[i];
            if (o.dead == ESPALIER_DEAD_KEEP)
                assert_true(kept);
            else if (o.dead <= ESPALIER_DEAD_DROP)
                assert_int_equal(kept, before[i % 17] && here[i / 17]);
            assert_true(middle->weights[i] == (kept ? dense->layers[1].weights[i] : 0.0f));
        }
        espalier_pruner_destroy(pruner);
        espalier_network_destroy(dense);
        espalier_network_destroy(network);
    }
}

/* What propagation took is deducted: the next step asks for that much less. */
static void cumulative_deducts_propagation(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 5, 3, 0);
    espalier_prune_options o = options(0.9, 5);
    o.criterion = "activation";
    espalier_pruner *pruner = make(network, &o);
    static const uint64_t goals[] = {184, 332, 450, 545, 621};
    uint64_t by_propagation = 0;
    for (size_t k = 0; k < 5; k++) {
        espalier_prune_step step;
        uint64_t before = fixture_pruned(network);
        assert_int_equal(espalier_pruner_step(pruner, network, &step, NULL), ESPALIER_OK);
        assert_int_equal(step.requested, goals[k] > before ? goals[k] - before : 0);
        by_propagation += step.removed_by_propagation;
    }
    assert_true(by_propagation > 0);
    espalier_pruner_destroy(pruner);
    espalier_network_destroy(network);
}

static void one_by_one_goes_round(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 5, 1, 0);
    espalier_prune_options o = options(0.9, 6);
    o.scope = ESPALIER_SCOPE_ONE_BY_ONE;
    o.of = ESPALIER_OF_PRUNABLE;
    o.dead = ESPALIER_DEAD_KEEP;
    espalier_pruner *pruner = make(network, &o);
    for (size_t k = 0; k < 6; k++) {
        uint64_t before[3];
        for (size_t l = 0; l < 3; l++)
            before[l] = espalier_network_pruned_count(network, l);
        assert_int_equal(espalier_pruner_step(pruner, network, NULL, NULL), ESPALIER_OK);
        for (size_t l = 0; l < 3; l++)
            assert_int_equal(espalier_network_pruned_count(network, l) > before[l], l == k % 3);
    }
    assert_int_equal(fixture_pruned(network), 589); /* floor(0.9 * 655) */
    assert_true(espalier_pruner_reached(pruner, network));
    espalier_pruner_destroy(pruner);
    espalier_network_destroy(network);
}

static void one_by_one_passes_linear_layers_over(void **state)
{
    (void)state;
    espalier_network *network = fixture_linear(fixture_network(widths, 5, 1, 0), 1);
    espalier_prune_options o = options(0.9, 5);
    espalier_error error = {0};
    espalier_pruner *pruner = NULL;
    o.scope = ESPALIER_SCOPE_ONE_BY_ONE;
    o.of = ESPALIER_OF_PRUNABLE;
    o.dead = ESPALIER_DEAD_KEEP;
    assert_int_equal(espalier_pruner_create(network, &o, NULL, &pruner, &error),
                     ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "multiple of the 2 hidden layers that are not linear"));
    o.steps = 4;
    pruner = make(network, &o);
    for (size_t k = 0; k < 4; k++) {
        uint64_t before[3];
        for (size_t l = 0; l < 3; l++)
            before[l] = espalier_network_pruned_count(network, l);
        assert_int_equal(espalier_pruner_step(pruner, network, NULL, NULL), ESPALIER_OK);
        for (size_t l = 0; l < 3; l++)
            assert_int_equal(espalier_network_pruned_count(network, l) > before[l],
                             l == 1 + k % 2);
    }
    assert_int_equal(fixture_pruned(network), 237); /* floor(0.9 * 264) */
    assert_true(espalier_pruner_reached(pruner, network));
    espalier_pruner_destroy(pruner);
    espalier_network_destroy(network);
}

static void once_takes_one_step(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 5, 1, 0);
    espalier_prune_options o = options(0.4, 5);
    o.trigger = ESPALIER_TRIGGER_ONCE;
    espalier_pruner *pruner = make(network, &o);
    espalier_prune_step step;
    assert_int_equal(espalier_pruner_outstanding(pruner), 1);
    assert_int_equal(espalier_pruner_step(pruner, network, &step, NULL), ESPALIER_OK);
    assert_int_equal(step.removed_by_rank, 276);
    assert_true(step.last && espalier_pruner_reached(pruner, network));
    espalier_pruner_destroy(pruner);
    espalier_network_destroy(network);
}

static void random_depends_on_seed(void **state)
{
    (void)state;
    espalier_network *same[3];
    for (size_t i = 0; i < 3; i++) {
        same[i] = fixture_network(widths, 5, 1, 0);
        espalier_prune_options o = options(0.5, 2);
        o.criterion = "random";
        o.seed = i == 2 ? 2 : 1;
        espalier_pruner *pruner = make(same[i], &o);
        assert_int_equal(espalier_pruner_step(pruner, same[i], NULL, NULL), ESPALIER_OK);
        assert_int_equal(espalier_pruner_step(pruner, same[i], NULL, NULL), ESPALIER_OK);
        espalier_pruner_destroy(pruner);
    }
    assert_memory_equal(same[0]->layers[0].mask, same[1]->layers[0].mask, 391);
    assert_true(memcmp(same[0]->layers[0].mask, same[2]->layers[0].mask, 391));
    for (size_t i = 0; i < 3; i++)
        espalier_network_destroy(same[i]);
}

/* Two steps that draw the same would end where one big step does. */
static void random_draws_anew_in_each_step(void **state)
{
    (void)state;
    espalier_network *ends[2];
    for (size_t i = 0; i < 2; i++) {
        ends[i] = fixture_network(widths, 5, 1, 0);
        espalier_prune_options o = options(0.5, 1 + i);
        o.criterion = "random";
        o.dead = ESPALIER_DEAD_KEEP;
        espalier_pruner *pruner = make(ends[i], &o);
        while (espalier_pruner_outstanding(pruner) > 0)
            assert_int_equal(espalier_pruner_step(pruner, ends[i], NULL, NULL), ESPALIER_OK);
        assert_int_equal(fixture_pruned(ends[i]), 345);
        espalier_pruner_destroy(pruner);
    }
    assert_true(memcmp(ends[0]->layers[0].mask, ends[1]->layers[0].mask, 391));
    for (size_t i = 0; i < 2; i++)
        espalier_network_destroy(ends[i]);
}

/* A network that is beyond the target loses nothing more, and is not short of it while steps
 * are outstanding; one weight short of the target is not there, whatever was taken. */
static void reached_means_all_weights(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 5, 1, 40);
    uint64_t pruned = fixture_pruned(network);
    espalier_prune_options o = options(0.1, 2);
    o.dead = ESPALIER_DEAD_KEEP;
    espalier_pruner *pruner = make(network, &o);
    assert_true(pruned > 69);
    for (size_t k = 0; k < 2; k++) {
        espalier_prune_step step;
        assert_true(espalier_pruner_reached(pruner, network));
        assert_int_equal(espalier_pruner_step(pruner, network, &step, NULL), ESPALIER_OK);
        assert_int_equal(step.requested, 0);
        assert_int_equal(step.removed_by_rank, 0);
    }
    assert_int_equal(fixture_pruned(network), pruned);
    for (size_t l = 0; l < 3; l++)
        memset(network->layers[l].mask, 1, widths[l] * widths[l + 1]);
    memset(network->layers[0].mask, 0, 69);
    assert_true(espalier_pruner_reached(pruner, network));
    network->layers[0].mask[0] = 1;
    assert_false(espalier_pruner_reached(pruner, network));
    espalier_pruner_destroy(pruner);
    espalier_network_destroy(network);
}

static void refuse(const espalier_network *network, const espalier_prune_options *o,
                   espalier_status status, const char *part)
{
    espalier_pruner *pruner = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_pruner_create(network, o, NULL, &pruner, &error), status);
    assert_null(pruner);
    if (!strstr(error.message, part))
        fail_msg("expected '%s' in '%s'", part, error.message);
}

static void impossible_targets_are_refused(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 5, 1, 0), *flat = NULL;
    espalier_prune_options o = options(0.96, 5);
    /* 655 of 690 are 0.949275 */
    refuse(network, &o, ESPALIER_ERROR_ARGUMENT, "at most 0.949275 of all weights (655 of 690");
    o.target = 0.949275;
    espalier_pruner_destroy(make(network, &o));
    memset(network->layers[3].mask, 0, 14); /* what propagation took there counts: 669 of 690 */
    o.target = 0.96;
    espalier_pruner_destroy(make(network, &o));
    fixture_linear(network, 1); /* 264 that can be pruned, and 14 that are */
    o.target = 0.5;
    refuse(network, &o, ESPALIER_ERROR_ARGUMENT,
           "of all weights (278 of 690: the output layer and linear ones are not pruned)");
    fixture_linear(network, 7);
    refuse(network, &o, ESPALIER_ERROR_ARGUMENT,
           "no hidden layer to prune (linear ones are left alone)");
    fixture_linear(network, 0);
    o.target = 1.0;
    o.of = ESPALIER_OF_PRUNABLE;
    espalier_pruner_destroy(make(network, &o));
    o.target = 0.5;
    o.scope = ESPALIER_SCOPE_ONE_BY_ONE;
    refuse(network, &o, ESPALIER_ERROR_ARGUMENT, "multiple of the 3 hidden layers");
    o.steps = 6;
    o.trigger = ESPALIER_TRIGGER_ONCE;
    refuse(network, &o, ESPALIER_ERROR_ARGUMENT, "trigger once");
    o.target = 2.0;
    refuse(network, &o, ESPALIER_ERROR_ARGUMENT, "target: expected 0 to 1");
    assert_int_equal(espalier_network_create((const size_t[]){4, 3}, 2, NULL, &flat, NULL),
                     ESPALIER_OK);
    o = options(0.1, 1);
    refuse(flat, &o, ESPALIER_ERROR_ARGUMENT, "no hidden layer");
    o.target = 0.0;
    espalier_pruner *counter = make(flat, &o);
    assert_true(espalier_pruner_reached(counter, flat));
    assert_int_equal(espalier_pruner_step(counter, flat, NULL, NULL), ESPALIER_ERROR_ARGUMENT);
    espalier_pruner_destroy(counter);
    espalier_network_destroy(flat);
    espalier_network_destroy(network);
}

static void steps_that_cannot_be_change_nothing(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 5, 1, 0);
    espalier_network *other = fixture_network(widths + 1, 4, 1, 0);
    espalier_prune_options o = options(0.5, 1);
    o.criterion = "activation-weight";
    espalier_pruner *pruner = make(network, &o);
    espalier_error error = {0};
    assert_int_equal(espalier_pruner_step(pruner, other, NULL, &error), ESPALIER_ERROR_MISMATCH);
    network->layers[1].activation = ESPALIER_LINEAR;
    assert_int_equal(espalier_pruner_step(pruner, network, NULL, NULL), ESPALIER_ERROR_MISMATCH);
    network->layers[1].activation = ESPALIER_RELU;
    network->inputs_counted = 0;
    error = (espalier_error){0};
    assert_int_equal(espalier_pruner_step(pruner, network, NULL, &error), ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "activation-weight needs activation counts"));
    assert_int_equal(fixture_pruned(network), 0);
    assert_int_equal(espalier_pruner_step_count(pruner), 0);
    espalier_pruner_destroy(pruner);
    espalier_pruner_destroy(NULL);
    espalier_network_destroy(other);
    espalier_network_destroy(network);
}

/* Every allocation may fail; nothing leaks, and the network is as it was. */
static void memory_may_run_out(void **state)
{
    (void)state;
    espalier_network *network = fixture_network(widths, 5, 1, 0);
    espalier_prune_options o = options(0.5, 2);
    bool done = false;
    for (size_t refuse_from = 1; !done; refuse_from++) {
        meter m = {.refuse_from = refuse_from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_pruner *pruner = NULL;
        espalier_status status = espalier_pruner_create(network, &o, &allocator, &pruner, NULL);
        if (status == ESPALIER_OK) {
            status = espalier_pruner_step(pruner, network, NULL, NULL);
            done = status == ESPALIER_OK;
        }
        assert_true(done || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(fixture_pruned(network) > 0, done);
        espalier_pruner_destroy(pruner);
        assert_int_equal(m.live, 0);
        assert_true(refuse_from < 50);
    }
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_to_the_schedule),
        cmocka_unit_test(exact_in_every_combination),
        cmocka_unit_test(linear_layers_are_left_alone),
        cmocka_unit_test(one_by_one_passes_linear_layers_over),
        cmocka_unit_test(cumulative_deducts_propagation),
        cmocka_unit_test(one_by_one_goes_round),
        cmocka_unit_test(once_takes_one_step),
        cmocka_unit_test(random_depends_on_seed),
        cmocka_unit_test(random_draws_anew_in_each_step),
        cmocka_unit_test(reached_means_all_weights),
        cmocka_unit_test(impossible_targets_are_refused),
        cmocka_unit_test(steps_that_cannot_be_change_nothing),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
