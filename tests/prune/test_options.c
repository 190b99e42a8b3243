/* Defaults, ranges and names. */
#include "tests/test.h"

#include <math.h>

#include "espalier/prune.h"

static void refused(const espalier_prune_options *options, const char *field)
{
    espalier_error error = {0};
    assert_int_equal(espalier_prune_options_check(options, &error), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(error.status, ESPALIER_ERROR_ARGUMENT);
    if (strncmp(error.message, field, strlen(field)) || !strstr(error.message, "expected"))
        fail_msg("%s: %s", field, error.message);
    assert_int_equal(espalier_prune_options_check(options, NULL), ESPALIER_ERROR_ARGUMENT);
}

static void defaults_are_the_paper(void **state)
{
    (void)state;
    espalier_prune_options o = espalier_prune_options_defaults();
    assert_int_equal(espalier_prune_options_check(&o, NULL), ESPALIER_OK);
    assert_true(o.target == 0.9 && o.steps == 5 && o.share_ratio == 0.8);
    assert_true(o.start_accuracy == 0.8 && o.final_accuracy == 0.98 && o.patience == 30);
    assert_string_equal(o.criterion, "activation");
    assert_string_equal(espalier_scope_name(o.scope), "global");
    assert_string_equal(espalier_denominator_name(o.of), "all");
    assert_string_equal(espalier_trigger_name(o.trigger), "accuracy");
    assert_string_equal(espalier_count_mode_name(o.count), "training");
    assert_string_equal(espalier_count_window_name(o.window), "since-start");
    assert_string_equal(espalier_amounts_name(o.amounts), "cumulative");
    assert_string_equal(espalier_dead_name(o.dead), "fold");
    assert_int_equal(o.min_neurons, 1);
    assert_int_equal(o.sample_rows, 32);
}

#define REFUSED(field, wrong)                                                                      \
    do {                                                                                           \
        espalier_prune_options o = espalier_prune_options_defaults();                              \
        o.field = (wrong);                                                                         \
        refused(&o, #field);                                                                       \
    } while (0)

static void every_field_is_checked(void **state)
{
    (void)state;
    REFUSED(target, -0.1);
    REFUSED(target, 1.0001);
    REFUSED(target, NAN);
    REFUSED(of, ESPALIER_DENOMINATOR_COUNT);
    REFUSED(steps, 0);
    REFUSED(steps, 1000001);
    REFUSED(share_ratio, 0.0);
    REFUSED(share_ratio, INFINITY);
    REFUSED(criterion, "actvation");
    REFUSED(criterion, NULL);
    REFUSED(scope, ESPALIER_SCOPE_COUNT);
    REFUSED(trigger, ESPALIER_TRIGGER_COUNT);
    REFUSED(start_accuracy, 1.5);
    REFUSED(start_accuracy, 0.99);
    REFUSED(final_accuracy, NAN);
    REFUSED(every, 0);
    REFUSED(cubic_epochs, 0);
    REFUSED(cubic_epochs, 1000001);
    REFUSED(seed, (uint64_t)INT64_MAX + 1);
    REFUSED(cubic_interval, 0);
    REFUSED(count, ESPALIER_COUNT_MODE_COUNT);
    REFUSED(window, ESPALIER_WINDOW_COUNT);
    REFUSED(sample_rows, 0);
    REFUSED(amounts, ESPALIER_AMOUNTS_COUNT);
    REFUSED(dead, ESPALIER_DEAD_COUNT);
    espalier_prune_options o = espalier_prune_options_defaults();
    o.trigger = ESPALIER_TRIGGER_CUBIC;
    o.scope = ESPALIER_SCOPE_ONE_BY_ONE;
    refused(&o, "scope");
}

static void unknown_criterion_lists_the_known(void **state)
{
    (void)state;
    espalier_prune_options o = espalier_prune_options_defaults();
    espalier_error error = {0};
    o.criterion = "weights";
    espalier_prune_options_check(&o, &error);
    assert_string_equal(error.message, "criterion: expected one of activation, activation-weight, "
                                       "magnitude, random, found 'weights'");
}

#define ENDS(noun, count)                                                                          \
    for (int i = 0; i <= (int)(count); i++)                                                        \
    assert_int_equal(espalier_##noun##_name((espalier_##noun)i) != NULL, i < (int)(count))

static void names_end_with_their_lists(void **state)
{
    (void)state;
    ENDS(denominator, ESPALIER_DENOMINATOR_COUNT);
    ENDS(scope, ESPALIER_SCOPE_COUNT);
    ENDS(trigger, ESPALIER_TRIGGER_COUNT);
    ENDS(count_mode, ESPALIER_COUNT_MODE_COUNT);
    ENDS(count_window, ESPALIER_WINDOW_COUNT);
    ENDS(amounts, ESPALIER_AMOUNTS_COUNT);
    ENDS(dead, ESPALIER_DEAD_COUNT);
    assert_string_equal(espalier_scope_name(ESPALIER_SCOPE_ONE_BY_ONE), "one-by-one");
    assert_string_equal(espalier_trigger_name(ESPALIER_TRIGGER_ONCE), "once");
    assert_string_equal(espalier_count_mode_name(ESPALIER_COUNT_SAMPLE_ZEROS), "sample-zeros");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_paper),
        cmocka_unit_test(every_field_is_checked),
        cmocka_unit_test(unknown_criterion_lists_the_known),
        cmocka_unit_test(names_end_with_their_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
