/* The options of a study: defaults, every field's message, the rule for `every`. */
#define _XOPEN_SOURCE 700
#include <math.h>

#include "tests/study/small_study.h"

static void expect(const espalier_study_options *o, const char *message)
{
    espalier_error error = {0};
    assert_int_equal(espalier_study_options_check(o, &error), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message, message);
}

static void test_defaults(void **state)
{
    (void)state;
    espalier_study_options o = espalier_study_options_defaults();
    espalier_error error = {0};
    expect(&o, "folder: expected a path, found none");
    o.folder = "x";
    assert_int_equal(espalier_study_options_check(&o, &error), ESPALIER_OK);
    o = small_options("x");
    assert_int_equal(espalier_study_options_check(&o, &error), ESPALIER_OK);
    assert_int_equal(error.status, ESPALIER_OK);
}

static void test_every(void **state)
{
    (void)state;
    espalier_study_options o = small_options("x");
    o.train.epochs = 40;
    assert_int_equal(espalier_study_prune_options(&o, 5).every, 4);   /* last step at 20 */
    assert_int_equal(espalier_study_prune_options(&o, 3).every, 6);   /* at 18 */
    assert_int_equal(espalier_study_prune_options(&o, 30).every, 1);  /* as early as can be */
    assert_int_equal(espalier_study_prune_options(&o, 5).steps, 5);
    o.prune.trigger = ESPALIER_TRIGGER_ONCE;
    assert_int_equal(espalier_study_prune_options(&o, 5).every, 20);
    o.prune.every = 3;
    assert_int_equal(espalier_study_prune_options(&o, 5).every, 3);
    o.train.epochs = 1;
    o.prune.every = 0;
    assert_int_equal(espalier_study_prune_options(&o, 5).every, 1);
}

static void test_messages(void **state)
{
    (void)state;
    static const double wrong[] = {0.5, 1.0}, negative[] = {-1};
    static const char *const unknown[] = {"activity"}, *const other[] = {"random"};
    static const espalier_study_method dense[] = {ESPALIER_STUDY_DENSE};
    static const espalier_count_mode none[] = {ESPALIER_COUNT_NONE};
    static const size_t many[] = {9}, odd[] = {3};
    static const espalier_scope one_by_one[] = {ESPALIER_SCOPE_ONE_BY_ONE};
    const espalier_study_options good = small_options("x");
    espalier_study_options o = good;
    o.hidden_count = 0;
    expect(&o, "hidden: expected at least one, found none");
    o = good, o.sparsities = wrong;
    expect(&o, "sparsities: expected fractions above 0 and below 1, found 1");
    o = good, o.sparsity_count = 0;
    expect(&o, "sparsities: expected at least one, found none");
    o = good, o.steps = NULL;
    expect(&o, "steps: expected a list, found NULL");
    o = good, o.criteria = unknown, o.criterion_count = 1;
    expect(&o, "criterion: expected one of activation, activation-weight, magnitude, random, "
               "found 'activity'");
    o = good, o.controls = dense, o.control_count = 1;
    expect(&o, "controls: expected rewind … factors, found 0");
    o = good, o.controlled = other, o.controlled_count = 1;
    expect(&o, "controlled: expected one of the criteria, found 'random'");
    o = good, o.control_sparsities = wrong, o.control_sparsity_count = 2;
    expect(&o, "control_sparsities: expected some of the sparsities, found 1");
    o = good, o.counts = none;
    expect(&o, "counts: expected ways of counting, not none, found 4");
    o = good, o.nuclear = negative, o.nuclear_count = 1;
    expect(&o, "nuclear: expected numbers above 0, found -1");
    o = good, o.seed_count = 0;
    expect(&o, "seed_count: expected 1 to 20000, found 0");
    o = good, o.seed = INT64_MAX;
    expect(&o, "seed: expected 0 to 9223372036854755807, found 9223372036854775807");
    o = good, o.train.seed = UINT64_MAX; /* ignored */
    assert_int_equal(espalier_study_options_check(&o, NULL), ESPALIER_OK);
    o = good, o.initialiser = ESPALIER_INITIALISER_COUNT;
    expect(&o, "initialiser: expected a listed one, found 4");
    o = good, o.train.batch_rows = 0;
    expect(&o, "batch_rows: expected 1 to 1048576, found 0");
    o = good, o.steps = many;
    expect(&o, "epochs: expected enough for 9 pruning steps, one in 1 epochs, found 8");
    o = good, o.prune.every = 5;
    expect(&o, "epochs: expected enough for 2 pruning steps, one in 5 epochs, found 8");
    o = good, o.steps = odd, o.scopes = one_by_one;
    expect(&o, "steps: with the scope one-by-one expected a multiple of the 2 hidden layers, "
               "found 3");
}

/* What only the data can tell comes before any work, too. */
static void test_data(void **state)
{
    (void)state;
    static const double most[] = {0.999};
    char folder[32], runs[64];
    espalier_error error = {0};
    espalier_dataset *data = small_study_data();
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    o.sparsities = most;
    o.sparsity_count = 1;
    assert_int_equal(espalier_study_run(data, &o, NULL, NULL, &error), ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "target: "));
    error = (espalier_error){0};
    o = small_options(folder);
    o.train.math = "abacus";
    assert_int_equal(espalier_study_run(data, &o, NULL, NULL, &error), ESPALIER_ERROR_UNSUPPORTED);
    error = (espalier_error){0};
    o = small_options(folder);
    o.data = "{";
    assert_int_equal(espalier_study_run(data, &o, NULL, NULL, &error), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(strncmp(error.message, "data: expected JSON", 19), 0);
    snprintf(runs, sizeof runs, "%s/runs", folder);
    assert_int_not_equal(access(runs, F_OK), 0); /* nothing was written */
    espalier_dataset_destroy(data);
    small_remove(folder);
}

static void test_methods(void **state)
{
    (void)state;
    for (int i = 0; i < ESPALIER_STUDY_METHOD_COUNT; i++) {
        assert_non_null(espalier_study_method_name((espalier_study_method)i));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(espalier_study_method_name((espalier_study_method)i),
                                    espalier_study_method_name((espalier_study_method)k));
    }
    assert_null(espalier_study_method_name(ESPALIER_STUDY_METHOD_COUNT));
    assert_false(espalier_study_method_is_control(ESPALIER_STUDY_PRUNE));
    assert_true(espalier_study_method_is_control(ESPALIER_STUDY_REWIND));
    assert_true(espalier_study_method_is_control(ESPALIER_STUDY_FACTORS));
    assert_false(espalier_study_method_is_control(ESPALIER_STUDY_NUCLEAR));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_every),
        cmocka_unit_test(test_messages), cmocka_unit_test(test_data),
        cmocka_unit_test(test_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
