/* Sigmoid and tanh out of tables. */
#include "export/c_curve.h"

#include <math.h>

#include "test.h"

static double at(espalier_activation activation, double z)
{
    return activation == ESPALIER_TANH ? tanh(z) : 1.0 / (1.0 + exp(-z));
}

/* Straight lines between entries, over every z there is. */
static double largest_error(espalier_export_type type, espalier_activation activation)
{
    const unsigned fine = C_CURVE_BITS - c_curve_bits(type);
    double most = 0.0;
    for (int32_t z = 0; z <= C_CURVE_TOP; z++) {
        const int32_t from = c_curve_entry(type, activation, (size_t)z >> fine);
        const int32_t to = c_curve_entry(type, activation, ((size_t)z >> fine) + 1);
        const int32_t rest = z & (int32_t)((1u << fine) - 1);
        const double y = from + (double)(to - from) * rest / (double)(1u << fine);
        assert_true(to >= from && to <= c_curve_one(type, activation));
        most = fmax(most, fabs(y / c_curve_one(type, activation) - at(activation, z * C_CURVE_UNIT)));
    }
    return most;
}

static void test_errors(void **state)
{
    (void)state;
    for (int a = ESPALIER_SIGMOID; a <= ESPALIER_TANH; a++) {
        const espalier_activation activation = (espalier_activation)a;
        const double level = activation == ESPALIER_TANH ? 1.0 / 127 : 1.0 / 255;
        assert_true(largest_error(ESPALIER_EXPORT_INT8, activation) < 0.055 * level);
        assert_true(largest_error(ESPALIER_EXPORT_INT16, activation) < 4.5e-5);
    }
}

static void test_which(void **state)
{
    (void)state;
    for (int a = 0; a < ESPALIER_ACTIVATION_COUNT; a++)
        assert_int_equal(c_is_curve((espalier_activation)a),
                         a == ESPALIER_SIGMOID || a == ESPALIER_TANH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_which),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
