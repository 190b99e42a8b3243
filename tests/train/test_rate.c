/* Learning-rate schedules at points worked out by hand. */
#include "tests/test.h"

#include <math.h>

#include "train/rate.h"

static void near(double value, double expected)
{
    assert_true(fabs(value - expected) < 1e-12);
}

static void test_constant_and_warmup(void **state)
{
    (void)state;
    espalier_train_options options = espalier_train_options_defaults();
    near(rate_at(&options, 0, 0, 10), 0.01);
    near(rate_at(&options, 499, 9, 10), 0.01);
    options.warmup_epochs = 2;
    near(rate_at(&options, 0, 0, 10), 0.01 * 0.1 / 2.0);
    near(rate_at(&options, 1, 9, 10), 0.01);
    near(rate_at(&options, 2, 0, 10), 0.01);
}

static void test_step(void **state)
{
    (void)state;
    espalier_train_options options = espalier_train_options_defaults();
    options.lr_schedule = ESPALIER_LR_STEP;
    options.lr_step = 3;
    options.lr_gamma = 0.5;
    near(rate_at(&options, 2, 9, 10), 0.01);
    near(rate_at(&options, 3, 0, 10), 0.005);
    near(rate_at(&options, 6, 0, 10), 0.0025);
    options.warmup_epochs = 2; /* its epochs count */
    near(rate_at(&options, 3, 0, 10), 0.005);
}

static void test_cosine(void **state)
{
    (void)state;
    espalier_train_options options = espalier_train_options_defaults();
    options.lr_schedule = ESPALIER_LR_COSINE;
    options.epochs = 10;
    options.warmup_epochs = 2;
    near(rate_at(&options, 2, 0, 4), 0.01);
    near(rate_at(&options, 6, 0, 4), 0.005);
    double last = rate_at(&options, 9, 3, 4);
    assert_true(last > 0.0 && last < 0.0001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant_and_warmup),
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_cosine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
