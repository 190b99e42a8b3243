/* The guard: it ends, it holds, it takes what was asked from the others. */
#include "tests/prune/fixture.h"

#include "prune/guard.h"
#include "prune/propagate.h"

static espalier_prune_options options(espalier_dead dead, size_t min_neurons, espalier_scope scope)
{
    espalier_prune_options o = espalier_prune_options_defaults();
    o.dead = dead;
    o.min_neurons = min_neurons;
    o.scope = scope;
    o.of = ESPALIER_OF_PRUNABLE;
    return o;
}

static guard_outcome settle(fixture *f, const espalier_prune_options *o, double target)
{
    scope_plan plan;
    assert_int_equal(scope_plan_create(f->network, NULL, &plan, NULL), ESPALIER_OK);
    scope_plan_fill(&plan, f->network, o, 0.0, target, 0);
    uint64_t pruned = fixture_pruned(f->network);
    guard_outcome outcome = guard_settle(&f->ranking, &f->work, &plan, o);
    assert_int_equal(fixture_pruned(f->network), pruned);
    scratch_accept(&f->work);
    assert_int_equal(fixture_pruned(f->network), pruned + outcome.by_rank + outcome.by_propagation);
    assert_true(fixture_zeroed(f->network));
    assert_true(outcome.by_rank <= plan.requested);
    scope_plan_clear(&plan, NULL);
    return outcome;
}

/* Live neurons of each hidden layer that could be kept at best. */
static void viable(const espalier_network *network, size_t *counts)
{
    fixture f = {0};
    espalier_network *copy = NULL;
    assert_int_equal(espalier_network_copy(network, NULL, &copy, NULL), ESPALIER_OK);
    f = fixture_open(copy, "magnitude");
    propagate_dead(&f.work, ESPALIER_DEAD_DROP);
    scratch_accept(&f.work);
    for (size_t l = 0; l + 1 < network->layer_count; l++)
        counts[l] = espalier_network_live(copy, l, NULL);
    fixture_close(&f);
}

static void holds_at_extreme_sparsities(void **state)
{
    (void)state;
    const size_t widths[] = {9, 8, 7, 6, 3};
    for (uint64_t seed = 0; seed < 60; seed++) {
        for (size_t min = 1; min <= 3; min++) {
            for (int dead = 0; dead < ESPALIER_DEAD_COUNT; dead++) {
                const char *name = espalier_criterion_name(seed % 4);
                size_t possible[3];
                espalier_network *network = fixture_network(widths, 5, seed, 15 * (seed % 6));
                fixture_linear(network, seed % 5 == 4 ? 1u << seed % 3 : 0);
                fixture f = fixture_open(network, name);
                viable(f.network, possible);
                espalier_prune_options o =
                    options((espalier_dead)dead, min,
                            seed % 3 ? ESPALIER_SCOPE_GLOBAL : ESPALIER_SCOPE_LAYER);
                settle(&f, &o, 0.95 + 0.01 * (double)(seed % 6));
                for (size_t l = 0; l < 3; l++) {
                    size_t most = !network_has_activation(network, l) ? 1 : min; /* as a path goes on */
                    size_t need = most < possible[l] ? most : possible[l];
                    assert_true(espalier_network_live(f.network, l, NULL) >= need);
                    assert_true(network_has_activation(network, l) || !f.work.layers[l].protected_count);
                }
                fixture_close(&f);
            }
        }
    }
}

/* A neuron counts as guarded if it lives and would not without the guard. */
static void guarded_are_those_that_would_die(void **state)
{
    (void)state;
    const size_t widths[] = {9, 8, 7, 6, 3};
    size_t guarded = 0, protected_but_safe = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        size_t expected = 0;
        fixture free = fixture_open(fixture_network(widths, 5, seed, 0), "magnitude");
        fixture f = fixture_open(fixture_network(widths, 5, seed, 0), "magnitude");
        espalier_prune_options o = options(ESPALIER_DEAD_FOLD, 0, ESPALIER_SCOPE_GLOBAL);
        settle(&free, &o, 0.93);
        o.min_neurons = 3;
        guard_outcome outcome = settle(&f, &o, 0.93);
        for (size_t l = 0; l < 3; l++) {
            uint8_t alone[8], kept[8];
            espalier_network_live(free.network, l, alone);
            espalier_network_live(f.network, l, kept);
            for (size_t j = 0; j < widths[l + 1]; j++) {
                uint8_t protect = f.work.layers[l].protect[j];
                expected += protect && kept[j] && !alone[j];
                protected_but_safe += protect && alone[j];
            }
        }
        assert_int_equal(outcome.guarded, expected);
        guarded += expected;
        fixture_close(&free);
        fixture_close(&f);
    }
    assert_true(guarded > 0 && protected_but_safe > 0);
}

/* Three neurons of the other layer read one of the linear layer before it: enough. */
static void linear_layers_are_not_guarded(void **state)
{
    (void)state;
    const size_t widths[] = {4, 6, 6, 2};
    espalier_network *network = fixture_linear(fixture_network(widths, 4, 1, 0), 1);
    for (size_t i = 0; i < 36; i++)
        network->layers[1].weights[i] = i % 6 == 0 && i < 18 ? 9.0f : 1.0f;
    fixture f = fixture_open(network, "magnitude");
    espalier_prune_options o = options(ESPALIER_DEAD_FOLD, 3, ESPALIER_SCOPE_GLOBAL);
    guard_outcome outcome = settle(&f, &o, 33.0 / 36.0);
    assert_int_equal(outcome.by_rank, 33);
    assert_int_equal(outcome.by_propagation, 5 * 4 + 3 * 2);
    assert_int_equal(outcome.guarded, 0);
    assert_int_equal(espalier_network_live(network, 0, NULL), 1);
    assert_int_equal(espalier_network_live(network, 1, NULL), 3);
    fixture_close(&f);
}

/* A layer with fewer live neurons than are asked for is no reason to keep all the others. */
static void what_lives_no_more_is_not_asked_for(void **state)
{
    (void)state;
    const size_t widths[] = {4, 5, 3, 2};
    espalier_network *network = fixture_network(widths, 4, 1, 0);
    for (size_t i = 0; i < 20; i++)
        network->layers[0].weights[i] = (float)(i + 1);
    for (size_t i = 0; i < 15; i++) {
        network->layers[1].weights[i] = 100.0f;
        network->layers[1].mask[i] = i < 5; /* one neuron */
    }
    espalier_network_apply_masks(network);
    fixture f = fixture_open(network, "magnitude");
    espalier_prune_options o = options(ESPALIER_DEAD_FOLD, 3, ESPALIER_SCOPE_GLOBAL);
    guard_outcome outcome = settle(&f, &o, 20.0 / 35.0); /* 10 of them are gone */
    assert_int_equal(outcome.by_rank, 10);
    assert_int_equal(outcome.guarded, 0);
    assert_int_equal(f.work.layers[0].protected_count, 0);
    assert_int_equal(espalier_network_live(network, 0, NULL), 3);
    assert_int_equal(espalier_network_live(network, 1, NULL), 1);
    fixture_close(&f);
}

static void without_guard_all_goes(void **state)
{
    (void)state;
    const size_t widths[] = {9, 8, 7, 3};
    fixture f = fixture_open(fixture_network(widths, 4, 1, 0), "activation");
    espalier_prune_options o = options(ESPALIER_DEAD_FOLD, 0, ESPALIER_SCOPE_GLOBAL);
    guard_outcome outcome = settle(&f, &o, 1.0);
    assert_int_equal(outcome.by_rank, 9 * 8 + 8 * 7);
    assert_int_equal(outcome.by_propagation, 7 * 3);
    assert_int_equal(outcome.guarded, 0);
    fixture_close(&f);
}

/* The best neuron by count stays, of equal ones the first, and the amount asked
 * for comes from the others. */
static void best_neurons_stay(void **state)
{
    (void)state;
    const size_t widths[] = {4, 5, 3, 2};
    espalier_network *network = fixture_network(widths, 4, 1, 0);
    const uint64_t first[] = {90, 99, 97, 99, 98}, second[] = {1, 3, 3};
    memcpy(network->layers[0].activations, first, sizeof first);
    memcpy(network->layers[1].activations, second, sizeof second);
    fixture f = fixture_open(network, "activation");
    espalier_prune_options o = options(ESPALIER_DEAD_FOLD, 1, ESPALIER_SCOPE_GLOBAL);
    /* 20 of 35: all 15 of the second layer would go, and 5 of the first */
    guard_outcome outcome = settle(&f, &o, 20.0 / 35.0);
    uint8_t live[5];
    assert_int_equal(outcome.by_rank, 20);
    assert_int_equal(outcome.guarded, 2); /* without the guard, the first layer dies as well */
    assert_int_equal(espalier_network_live(network, 1, live), 1);
    assert_int_equal(live[1], 1);
    assert_int_equal(f.work.layers[1].protect[1], 1);
    assert_int_equal(f.work.layers[1].protect[2], 0);
    fixture_close(&f);
}

/* Protecting the best neuron is not enough where it hangs on ones that die. */
static void widens_until_there_is_a_path(void **state)
{
    (void)state;
    const size_t widths[] = {2, 3, 3, 2};
    espalier_network *network = fixture_network(widths, 4, 1, 0);
    const float first[] = {9, 9, 5, 5, 1, 1};
    const float second[] = {0, 0, 8, 0, 0, 7, 6, 6, 6};
    memcpy(network->layers[0].weights, first, sizeof first);
    memcpy(network->layers[1].weights, second, sizeof second);
    for (size_t i = 0; i < 9; i++)
        network->layers[1].mask[i] = second[i] != 0.0f;
    fixture f = fixture_open(network, "magnitude");
    espalier_prune_options o = options(ESPALIER_DEAD_FOLD, 1, ESPALIER_SCOPE_GLOBAL);
    settle(&f, &o, 1.0);
    assert_true(espalier_network_live(network, 0, NULL) >= 1);
    assert_true(espalier_network_live(network, 1, NULL) >= 1);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_at_extreme_sparsities),
        cmocka_unit_test(guarded_are_those_that_would_die),
        cmocka_unit_test(linear_layers_are_not_guarded),
        cmocka_unit_test(what_lives_no_more_is_not_asked_for),
        cmocka_unit_test(without_guard_all_goes),
        cmocka_unit_test(best_neurons_stay),
        cmocka_unit_test(widens_until_there_is_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
