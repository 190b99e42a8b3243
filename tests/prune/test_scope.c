/* Amounts in whole numbers: exact floors, sums as asked, layers at one fraction. */
#include "tests/prune/fixture.h"

#include "prune/scope.h"

static void floors_are_those_of_the_decimal(void **state)
{
    (void)state;
    assert_int_equal(scope_floor(0.9, 315500), 283950);
    assert_int_equal(scope_floor(0.9, 320700), 288630);
    assert_int_equal(scope_floor(0.9, 10), 9);
    for (uint64_t count = 0; count < 100000; count += 7)
        for (uint64_t percent = 0; percent <= 100; percent++)
            assert_int_equal(scope_floor((double)percent / 100.0, count), percent * count / 100);
    assert_int_equal(scope_floor(0.333333333, 3), 0);
    assert_int_equal(scope_floor(1.0, (uint64_t)1 << 60), (uint64_t)1 << 60);
    /* a sum that rounds just short of 0.7 */
    assert_int_equal(scope_floor(0.1 + 0.2 + 0.4, 1000000), 700000);
}

static uint64_t sum(const scope_plan *plan)
{
    uint64_t total = 0;
    for (size_t l = 0; l < plan->hidden; l++)
        total += plan->amounts[l];
    return total;
}

static espalier_prune_options options(espalier_scope scope, espalier_denominator of,
                                      espalier_amounts amounts)
{
    espalier_prune_options o = espalier_prune_options_defaults();
    o.scope = scope;
    o.of = of;
    o.amounts = amounts;
    return o;
}

static void amounts_add_up(void **state)
{
    (void)state;
    const size_t widths[] = {31, 17, 13, 7, 5};
    for (uint64_t seed = 0; seed < 30; seed++) {
        espalier_network *network = fixture_network(widths, 5, seed, seed);
        for (uint64_t k = 0; k < 6; k++) /* some of the output layer, too */
            network->layers[3].mask[k * (seed % 5)] = 0;
        scope_plan plan;
        assert_int_equal(scope_plan_create(network, NULL, &plan, NULL), ESPALIER_OK);
        scope_tally tally = scope_count(network);
        assert_int_equal(tally.all, 31 * 17 + 17 * 13 + 13 * 7 + 35);
        assert_int_equal(tally.prunable, 31 * 17 + 17 * 13 + 13 * 7);
        assert_int_equal(tally.pruned, fixture_pruned(network));
        assert_int_equal(tally.pruned - tally.pruned_prunable,
                         espalier_network_pruned_count(network, 3));
        for (int scope = 0; scope < 2; scope++) {
            for (int of = 0; of < 2; of++) {
                uint64_t base = of ? tally.prunable : tally.all;
                uint64_t already = of ? tally.pruned_prunable : tally.pruned;
                for (int amounts = 0; amounts < 2; amounts++) {
                    for (uint64_t percent = 0; percent <= 90; percent += 9) {
                        espalier_prune_options o = options(scope, of, amounts);
                        uint64_t goal = percent * base / 100, from = percent / 2 * base / 100;
                        uint64_t expected = amounts          ? goal - from
                                            : goal > already ? goal - already
                                                             : 0;
                        scope_plan_fill(&plan, network, &o, (double)(percent / 2) / 100.0,
                                        (double)percent / 100.0, 0);
                        assert_int_equal(plan.requested, expected);
                        assert_int_equal(sum(&plan), expected);
                    }
                }
            }
        }
        scope_plan_clear(&plan, NULL);
        espalier_network_destroy(network);
    }
}

static void layers_come_to_one_fraction(void **state)
{
    (void)state;
    const size_t widths[] = {10, 10, 20, 30, 10};
    espalier_network *network = fixture_network(widths, 5, 1, 0); /* 100, 200, 600 and 300 */
    scope_plan plan;
    assert_int_equal(scope_plan_create(network, NULL, &plan, NULL), ESPALIER_OK);
    espalier_prune_options o = options(ESPALIER_SCOPE_LAYER, ESPALIER_OF_PRUNABLE, 0);
    scope_plan_fill(&plan, network, &o, 0.0, 0.5, 0);
    assert_int_equal(plan.amounts[0], 50);
    assert_int_equal(plan.amounts[1], 100);
    assert_int_equal(plan.amounts[2], 300);
    /* of all 1200: 60 % is 720, which is 80 % of what can be pruned */
    o.of = ESPALIER_OF_ALL;
    scope_plan_fill(&plan, network, &o, 0.0, 0.6, 0);
    assert_int_equal(plan.amounts[0], 80);
    assert_int_equal(plan.amounts[1], 160);
    assert_int_equal(plan.amounts[2], 480);
    /* 60 of them went in the output layer: 660 remain for 900 */
    for (size_t i = 0; i < 60; i++)
        network->layers[3].mask[i] = 0;
    scope_plan_fill(&plan, network, &o, 0.0, 0.6, 0);
    assert_int_equal(plan.requested, 660);
    assert_int_equal(plan.amounts[0], 73); /* 73.3, 146.7, 440 */
    assert_int_equal(plan.amounts[1], 147);
    assert_int_equal(plan.amounts[2], 440);
    /* a layer that is beyond the fraction gives nothing, the others come level */
    memset(network->layers[0].mask, 0, 90);
    o.of = ESPALIER_OF_PRUNABLE;
    scope_plan_fill(&plan, network, &o, 0.0, 0.5, 0);
    assert_int_equal(plan.amounts[0], 0);
    assert_int_equal(plan.amounts[1], 90);
    assert_int_equal(plan.amounts[2], 270);
    scope_plan_clear(&plan, NULL);
    espalier_network_destroy(network);
}

static void one_layer_alone(void **state)
{
    (void)state;
    const size_t widths[] = {10, 10, 20, 30, 10};
    espalier_network *network = fixture_network(widths, 5, 1, 0);
    scope_plan plan;
    assert_int_equal(scope_plan_create(network, NULL, &plan, NULL), ESPALIER_OK);
    espalier_prune_options o = options(ESPALIER_SCOPE_ONE_BY_ONE, ESPALIER_OF_ALL, 0);
    memset(network->layers[1].mask, 0, 30);
    scope_plan_fill(&plan, network, &o, 0.3, 0.6, 1);
    assert_int_equal(plan.requested, 130);
    assert_int_equal(plan.amounts[0] + plan.amounts[2], 0);
    o.amounts = ESPALIER_AMOUNTS_AUTHORS;
    scope_plan_fill(&plan, network, &o, 0.3, 0.6, 1);
    assert_int_equal(plan.requested, 80);
    memset(network->layers[1].mask, 0, 190);
    o.amounts = ESPALIER_AMOUNTS_CUMULATIVE;
    scope_plan_fill(&plan, network, &o, 0.3, 0.6, 1);
    assert_int_equal(plan.requested, 0);
    scope_plan_clear(&plan, NULL);
    espalier_network_destroy(network);
}

/* Layers without ReLU count among all weights only. */
static void linear_layers_give_nothing(void **state)
{
    (void)state;
    const size_t widths[] = {10, 10, 20, 30, 10}; /* 100, 200, 600 and 300 */
    for (size_t linear = 0; linear < 3; linear++) {
        espalier_network *network = fixture_linear(fixture_network(widths, 5, 1, 0), 1u << linear);
        scope_tally tally = scope_count(network);
        scope_plan plan;
        assert_int_equal(scope_plan_create(network, NULL, &plan, NULL), ESPALIER_OK);
        memset(network->layers[linear].mask, 0, 30);
        assert_int_equal(tally.all, 1200);
        assert_int_equal(tally.prunable, 900 - (linear == 0 ? 100 : linear == 1 ? 200 : 600));
        assert_int_equal(espalier_network_prunable_count(network), tally.prunable);
        tally = scope_count(network);
        assert_int_equal(tally.pruned, 30);
        assert_int_equal(tally.pruned_prunable, 0);
        assert_int_equal(scope_layer_count(network), 2);
        assert_int_equal(scope_layer(network, 0), linear == 0);
        assert_int_equal(scope_layer(network, 1), linear == 2 ? 1 : 2);
        for (int amounts = 0; amounts < 2; amounts++) {
            espalier_prune_options o = options(ESPALIER_SCOPE_LAYER, ESPALIER_OF_ALL, amounts);
            scope_plan_fill(&plan, network, &o, 0.0, 0.2, 0);
            assert_int_equal(plan.requested, amounts ? 240 : 210);
            assert_int_equal(sum(&plan), plan.requested);
            assert_int_equal(plan.amounts[linear], 0);
            o.scope = ESPALIER_SCOPE_ONE_BY_ONE;
            scope_plan_fill(&plan, network, &o, 0.0, 0.2, scope_layer(network, 1));
            assert_int_equal(sum(&plan), plan.requested);
            assert_int_equal(plan.amounts[linear], 0);
        }
        scope_plan_clear(&plan, NULL);
        espalier_network_destroy(network);
    }
}

/* What compaction took out stays in the account. */
static void compacted_counts_as_pruned(void **state)
{
    (void)state;
    const size_t widths[] = {6, 4, 3};
    espalier_network *network = fixture_network(widths, 3, 1, 0), *small = NULL;
    memset(network->layers[0].mask, 0, 6);
    for (size_t k = 0; k < 3; k++)
        network->layers[1].mask[k * 4] = 0;
    espalier_network_apply_masks(network);
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_outputs(small, 0), 3);
    scope_tally tally = scope_count(small);
    assert_int_equal(tally.all, 36);
    assert_int_equal(tally.prunable, 24);
    assert_int_equal(tally.pruned, 9);
    assert_int_equal(tally.pruned_prunable, 6);
    espalier_network_destroy(network);
    espalier_network_destroy(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floors_are_those_of_the_decimal), cmocka_unit_test(amounts_add_up),
        cmocka_unit_test(layers_come_to_one_fraction),     cmocka_unit_test(one_layer_alone),
        cmocka_unit_test(linear_layers_give_nothing),      cmocka_unit_test(compacted_counts_as_pruned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
