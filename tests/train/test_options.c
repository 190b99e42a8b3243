/* Defaults, ranges and names. */
#include "tests/test.h"

#include <math.h>

#include "espalier/train.h"

static void refused(const espalier_train_options *options, const char *field)
{
    espalier_error error = {0};
    assert_int_equal(espalier_train_options_check(options, &error), ESPALIER_ERROR_ARGUMENT);
    if (strncmp(error.message, field, strlen(field)) || !strstr(error.message, ": expected "))
        fail_msg("%s: %s", field, error.message);
}

#define WITH(field, value, check)                                                                  \
    do {                                                                                           \
        espalier_train_options o = espalier_train_options_defaults();                              \
        o.field = (value);                                                                         \
        check;                                                                                     \
    } while (0)
#define REFUSED(field, wrong) WITH(field, wrong, refused(&o, #field))
#define TAKEN(field, right)                                                                        \
    WITH(field, right, assert_int_equal(espalier_train_options_check(&o, NULL), ESPALIER_OK))

static void defaults_are_the_paper(void **state)
{
    (void)state;
    espalier_train_options o = espalier_train_options_defaults();
    assert_int_equal(espalier_train_options_check(&o, NULL), ESPALIER_OK);
    assert_true(o.batch_rows == 32 && o.epochs == 500 && o.learning_rate == 0.01);
    assert_true(o.final_accuracy == 0.98 && o.strike_factor == 1.1 && o.strikes == 3);
    assert_true(o.weight_decay == 0.0 && o.warmup_epochs == 0);
    assert_string_equal(espalier_optimizer_name(o.optimizer), "sgd");
    assert_string_equal(espalier_lr_schedule_name(o.lr_schedule), "constant");
    assert_string_equal(espalier_early_stop_name(o.early_stop), "after-pruning");
    assert_string_equal(espalier_keep_name(o.keep), "last");
    assert_null(espalier_optimizer_name(ESPALIER_OPTIMIZER_COUNT));
}

static void every_field_is_checked(void **state)
{
    (void)state;
    REFUSED(batch_rows, 0);
    REFUSED(batch_rows, ((size_t)1 << 20) + 1);
    REFUSED(epochs, 0);
    REFUSED(epochs, (size_t)UINT32_MAX + 1);
    REFUSED(seed, (uint64_t)INT64_MAX + 1);
    REFUSED(optimizer, ESPALIER_OPTIMIZER_COUNT);
    REFUSED(lr_schedule, ESPALIER_LR_SCHEDULE_COUNT);
    REFUSED(early_stop, ESPALIER_EARLY_STOP_COUNT);
    REFUSED(keep, ESPALIER_KEEP_COUNT);
    REFUSED(lr_step, 0);
    REFUSED(strikes, 0);
    for (int i = 0; i < 3; i++) {
        const double wrong = i == 0 ? NAN : i == 1 ? INFINITY : -0.5;
        REFUSED(learning_rate, wrong);
        REFUSED(momentum, wrong);
        REFUSED(beta1, wrong);
        REFUSED(beta2, wrong);
        REFUSED(epsilon, wrong);
        REFUSED(weight_decay, wrong);
        REFUSED(lr_gamma, wrong);
        REFUSED(final_accuracy, wrong);
        REFUSED(strike_factor, wrong);
    }
}

static void ranges_end_where_they_say(void **state)
{
    (void)state;
    REFUSED(learning_rate, 0.0);
    REFUSED(learning_rate, 1e-46); /* as a float 0 */
    REFUSED(epsilon, 1e-46);
    REFUSED(beta2, 0.99999999); /* as a float 1 */
    REFUSED(epsilon, 0.0);
    REFUSED(lr_gamma, 0.0);
    REFUSED(momentum, 1.0);
    REFUSED(beta1, 1.0);
    REFUSED(beta2, 1.0);
    REFUSED(final_accuracy, 1.0001);
    REFUSED(strike_factor, 1.0);
    TAKEN(batch_rows, (size_t)1 << 20);
    TAKEN(epochs, UINT32_MAX);
    TAKEN(seed, INT64_MAX);
    TAKEN(momentum, 0.0);
    TAKEN(beta1, 0.0);
    TAKEN(weight_decay, 0.0);
    TAKEN(final_accuracy, 0.0);
    TAKEN(final_accuracy, 1.0);
    TAKEN(strike_factor, 1.0001);
    espalier_train_options o = espalier_train_options_defaults();
    espalier_error error = {0};
    o.epochs = SIZE_MAX;
    assert_int_equal(espalier_train_options_check(&o, &error), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message,
                        "epochs: expected 1 to 4294967295, found 18446744073709551615");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_paper),
        cmocka_unit_test(every_field_is_checked),
        cmocka_unit_test(ranges_end_where_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
