/* Each update rule against its formula in double, over several steps. */
#include "tests/test.h"

#include <math.h>

#include "base/random.h"
#include "train/optimizer.h"

enum { COUNT = 37, STEPS = 5 };

/* One parameter, one step, straight from the formulas. */
static void naive(const espalier_train_options *o, double rate, uint64_t t, double g, double *w,
                  double *m, double *v)
{
    double l2 = g + o->weight_decay * *w;
    switch (o->optimizer) {
    case ESPALIER_MOMENTUM:
        *m = o->momentum * *m + l2;
        *w -= rate * *m;
        break;
    case ESPALIER_NESTEROV:
        *m = o->momentum * *m + l2;
        *w -= rate * (l2 + o->momentum * *m);
        break;
    case ESPALIER_ADAM:
        *m = o->beta1 * *m + (1.0 - o->beta1) * g;
        *v = o->beta2 * *v + (1.0 - o->beta2) * g * g;
        *w -= rate * o->weight_decay * *w +
              rate * (*m / (1.0 - pow(o->beta1, (double)t))) /
                  (sqrt(*v / (1.0 - pow(o->beta2, (double)t))) + o->epsilon);
        break;
    default:
        *w -= rate * l2;
    }
}

static void test_formulas(void **state)
{
    (void)state;
    for (int kind = 0; kind < ESPALIER_OPTIMIZER_COUNT; kind++) {
        espalier_train_options options = espalier_train_options_defaults();
        options.optimizer = (espalier_optimizer)kind;
        options.weight_decay = 0.02;
        float g[COUNT], w[COUNT], m[COUNT] = {0}, v[COUNT] = {0};
        double truth[COUNT], truth_m[COUNT] = {0}, truth_v[COUNT] = {0};
        for (size_t i = 0; i < COUNT; i++)
            truth[i] = w[i] = (float)random_normal(3, random_stream(RANDOM_TEST, 9), i);
        for (uint64_t t = 1; t <= STEPS; t++) {
            optimizer_step step = optimizer_at(&options, 0.05, t);
            for (size_t i = 0; i < COUNT; i++) {
                g[i] = (float)random_normal(3, random_stream(RANDOM_TEST, (uint32_t)t), i);
                naive(&options, 0.05, t, g[i], &truth[i], &truth_m[i], &truth_v[i]);
            }
            optimizer_update(&step, COUNT, g, w, m, v);
        }
        for (size_t i = 0; i < COUNT; i++)
            assert_true(fabs(truth[i] - (double)w[i]) < 2e-5);
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
        cmocka_unit_test(test_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
