/* Each update rule against its formula in double, over several steps. */
#include "tests/test.h"

#include <math.h>

#include "base/random.h"
#include "tests/train/naive.h"
#include "train/optimizer.h"

enum { COUNT = 37, STEPS = 5 };

static void test_formulas(void **state)
{
    (void)state;
    for (int kind = 0; kind < ESPALIER_OPTIMIZER_COUNT; kind++) {
        espalier_train_options options = espalier_train_options_defaults();
        options.optimizer = (espalier_optimizer)kind;
        options.weight_decay = 0.02;
        float g[COUNT], w[COUNT], m[COUNT] = {0}, v[COUNT] = {0}, *const states[] = {m, v};
        double truth[COUNT], truth_m[COUNT] = {0}, truth_v[COUNT] = {0};
        for (size_t i = 0; i < COUNT; i++)
            truth[i] = w[i] = (float)random_normal(3, random_stream(RANDOM_TEST, 9), i);
        for (uint64_t t = 1; t <= STEPS; t++) {
            optimizer_step step = optimizer_at(&options, 0.05, t);
            for (size_t i = 0; i < COUNT; i++) {
                g[i] = (float)random_normal(3, random_stream(RANDOM_TEST, (uint32_t)t), i);
                naive_update(&options, 0.05, t, options.weight_decay, g[i], &truth[i], &truth_m[i],
                             &truth_v[i]);
                g[i] *= kind == ESPALIER_SGD ? -0.05f : 1.0f;
            }
            optimizer_decay(&step, COUNT, w);
            optimizer_update(&step, COUNT, g, w, states, 0);
        }
        for (size_t i = 0; i < COUNT; i++)
            assert_true(fabs(truth[i] - (double)w[i]) < 2e-5);
    }
}

/* A weight whose gradient was there once: its state becomes zero, by way of no number that is not
 * normal, and the weight is what the formula says. */
static void test_states_settle(void **state)
{
    (void)state;
    for (int kind = ESPALIER_MOMENTUM; kind < ESPALIER_OPTIMIZER_COUNT; kind++) {
        espalier_train_options options = espalier_train_options_defaults();
        options.optimizer = (espalier_optimizer)kind;
        options.beta2 = 0.95;
        float g[COUNT], w[COUNT], m[COUNT] = {0}, v[COUNT] = {0}, *const states[] = {m, v};
        double truth[COUNT], truth_m[COUNT] = {0}, truth_v[COUNT] = {0};
        for (size_t i = 0; i < COUNT; i++)
            truth[i] = w[i] = (float)random_normal(4, random_stream(RANDOM_TEST, 9), i);
        for (uint64_t t = 1; t <= 2000; t++) {
            optimizer_step step = optimizer_at(&options, 0.01, t);
            for (size_t i = 0; i < COUNT; i++) {
                g[i] = t > 1 ? 0.0f : (float)random_normal(4, random_stream(RANDOM_TEST, 1), i);
                naive_update(&options, 0.01, t, 0.0, g[i], &truth[i], &truth_m[i], &truth_v[i]);
            }
            optimizer_update(&step, COUNT, g, w, states, 0);
            for (size_t i = 0; i < COUNT; i++)
                assert_true(fpclassify(m[i]) != FP_SUBNORMAL && fpclassify(v[i]) != FP_SUBNORMAL);
        }
        for (size_t i = 0; i < COUNT; i++) {
            assert_true(m[i] == 0.0f && v[i] == 0.0f);
            assert_true(fabs(truth[i] - (double)w[i]) < 2e-5);
        }
    }
}

static void test_states(void **state)
{
    (void)state;
    assert_int_equal(optimizer_states(ESPALIER_SGD), 0);
    assert_int_equal(optimizer_states(ESPALIER_MOMENTUM), 1);
    assert_int_equal(optimizer_states(ESPALIER_NESTEROV), 1);
    assert_int_equal(optimizer_states(ESPALIER_ADAM), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formulas),
        cmocka_unit_test(test_states_settle),
        cmocka_unit_test(test_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
