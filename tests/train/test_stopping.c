/* The stopping rules on sequences of losses. */
#include "tests/test.h"

#include <math.h>

#include "train/stopping.h"

/* Feeds epochs with low training accuracy; returns the 1-based epoch that ends
 * the run, or 0. held[i] may be NULL. */
static size_t run(const espalier_train_options *options, const double *losses, const bool *held,
                  size_t count)
{
    stopping rules;
    espalier_stopped_by reason = ESPALIER_STOPPED_BY_EPOCHS;
    stopping_reset(&rules);
    for (size_t i = 0; i < count; i++) {
        if (stopping_update(&rules, options, 0.5, losses[i], held && held[i], &reason)) {
            assert_int_equal(reason, ESPALIER_STOPPED_BY_EARLY_STOP);
            return i + 1;
        }
    }
    return 0;
}

static void test_three_strikes(void **state)
{
    (void)state;
    espalier_train_options options = espalier_train_options_defaults();
    static const double rising[] = {1.0, 1.2, 1.3, 1.4};
    assert_int_equal(run(&options, rising, NULL, 4), 4);
    static const double level[] = {1.0, 1.2, 1.2, 1.2, 1.2, 1.2};
    assert_int_equal(run(&options, level, NULL, 6), 0); /* not above the epoch before */
    static const double below[] = {1.0, 1.05, 1.06, 1.07, 1.08};
    assert_int_equal(run(&options, below, NULL, 5), 0); /* not above 1.1 m */
    static const double cleared[] = {1.0, 1.2, 1.3, 1.05, 1.2, 1.3, 1.25, 1.26};
    assert_int_equal(run(&options, cleared, NULL, 8), 8); /* 1.05 clears; 1.25 adds none */
}

/* The authors leave the strikes at a new minimum; by default it clears them. */
static void test_new_minimum(void **state)
{
    (void)state;
    espalier_train_options options = espalier_train_options_defaults();
    static const double losses[] = {1.0, 1.2, 1.3, 0.9, 1.2};
    assert_int_equal(run(&options, losses, NULL, 5), 0);
    options.early_stop = ESPALIER_EARLY_STOP_ALWAYS;
    assert_int_equal(run(&options, losses, NULL, 5), 5);
}

static void test_held(void **state)
{
    (void)state;
    espalier_train_options options = espalier_train_options_defaults();
    static const double losses[] = {0.1, 1.2, 1.3, 1.4, 1.5, 1.7, 1.8, 1.9, 2.0};
    static const bool held[] = {true, true, true, true, false, false, false, false, false};
    /* m starts afresh at 1.5: strikes at 1.7, 1.8, 1.9 */
    assert_int_equal(run(&options, losses, held, 9), 8);
    /* and again where the run was free before: m of the first epoch is forgotten */
    static const bool again[] = {false, false, true, false, false, false, false, false, false};
    assert_int_equal(run(&options, losses, again, 9), 8);
    options.early_stop = ESPALIER_EARLY_STOP_ALWAYS;
    assert_int_equal(run(&options, losses, held, 9), 4);
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    assert_int_equal(run(&options, losses, NULL, 9), 0);
}

static void test_accuracy(void **state)
{
    (void)state;
    espalier_train_options options = espalier_train_options_defaults();
    espalier_stopped_by reason = ESPALIER_STOPPED_BY_EPOCHS;
    stopping rules;
    stopping_reset(&rules);
    assert_false(stopping_update(&rules, &options, 0.9799, NAN, false, &reason));
    assert_false(stopping_update(&rules, &options, 0.99, NAN, true, &reason));
    assert_true(stopping_update(&rules, &options, 0.98, NAN, false, &reason));
    assert_int_equal(reason, ESPALIER_STOPPED_BY_ACCURACY);
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    assert_false(stopping_update(&rules, &options, 1.0, 1.0, false, &reason));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_strikes),
        cmocka_unit_test(test_new_minimum),
        cmocka_unit_test(test_held),
        cmocka_unit_test(test_accuracy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
