/* The activations: passes against the definitions, derivatives against differences. */
#include "net/activation.h"

#include <string.h>

#include "math/pass.h"
#include "net/functions.h"
#include "test.h"

enum { VALUES = 1600 };

/* From -100 to 100, close together around 0; both zeros, the smallest and the largest. */
static void fill(float *z)
{
    const float ends[] = {0.0f, -0.0f, 0x1p-149f, -0x1p-149f, 1e30f, -1e30f, -87.5f, -120.0f};
    for (size_t i = 0; i < VALUES; i++) {
        const double at = ((double)i - VALUES / 2) / (VALUES / 2);
        z[i] = (float)(100.0 * at * at * at);
    }
    memcpy(z, ends, sizeof ends);
}

static void test_against_definition(void **state)
{
    (void)state;
    float z[VALUES], y[VALUES];
    fill(z);
    for (size_t s = 0; math_kernels_at(s); s++) {
        for (size_t k = 0; k < FUNCTION_KINDS; k++) {
            const function_kind *kind = &function_kinds[k];
            memcpy(y, z, sizeof y);
            activation_apply(math_kernels_at(s), kind->activation, kind->slope, y, VALUES);
            for (size_t i = 0; i < VALUES; i++) {
                const double own = activation_at(kind->activation, kind->slope, (double)z[i]);
                const double other = function_at(kind->activation, kind->slope, (double)z[i]);
                assert_true(fabs(own - other) <= 1e-14 * fmax(1.0, fabs(other)));
                assert_true(fabs((double)y[i] - own) <= 6e-7 * fabs(own) + 0x1p-149);
                assert_int_equal(y[i] > 0.0f, (float)own > 0.0f); /* counts are exact */
                assert_int_equal(y[i] == 0.0f, (float)own == 0.0f);
            }
        }
    }
}

/* Any number of values gives each what it gives alone, and none behind. */
static void test_any_count(void **state)
{
    (void)state;
    float z[VALUES], whole[VALUES], y[VALUES];
    fill(z);
    for (size_t k = 0; k < FUNCTION_KINDS; k++) {
        const function_kind *kind = &function_kinds[k];
        memcpy(whole, z, sizeof whole);
        activation_apply(math_kernels_at(0), kind->activation, kind->slope, whole, VALUES);
        for (size_t count = 0; count < 600; count += count < 40 ? 1 : 37) {
            memcpy(y, z, sizeof y);
            activation_apply(math_kernels_at(0), kind->activation, kind->slope, y, count);
            for (size_t i = 0; i < count; i++)
                assert_true(fabsf(y[i] - whole[i]) <= 2e-7f * fabsf(whole[i]));
            assert_memory_equal(y + count, z + count, (VALUES - count) * sizeof *y);
        }
    }
}

static void test_nan(void **state)
{
    (void)state;
    for (size_t k = 0; k < FUNCTION_KINDS; k++) {
        const function_kind *kind = &function_kinds[k];
        float y[20];
        for (size_t i = 0; i < 20; i++)
            y[i] = NAN;
        activation_apply(math_kernels_at(0), kind->activation, kind->slope, y, 20);
        for (size_t i = 0; i < 20; i++)
            assert_true(isnan(y[i]));
        assert_true(isnan(activation_at(kind->activation, kind->slope, (double)NAN)));
    }
}

/* A sigmoid is greater than 0 whatever comes, so that every input activates it. */
static void test_sigmoid_is_positive(void **state)
{
    (void)state;
    float y[3] = {-88.0f, -1e38f, -INFINITY};
    for (size_t i = 0; i < 3; i++)
        assert_true((float)activation_at(ESPALIER_SIGMOID, 0.0f, (double)y[i]) > 0.0f);
    activation_apply(math_kernels_at(0), ESPALIER_SIGMOID, 0.0f, y, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(y[i] > 0.0f && y[i] < 1e-37f);
}

enum { ROWS = 5, COUNT = 37, STRIDE = 48 };

static void test_with_bias(void **state)
{
    (void)state;
    float y[ROWS * STRIDE], bias[COUNT];
    for (size_t k = 0; k < FUNCTION_KINDS; k++) {
        const function_kind *kind = &function_kinds[k];
        for (size_t i = 0; i < ROWS * STRIDE; i++)
            y[i] = (float)((int)(i * 7 % 31) - 15) / 8.0f;
        for (size_t j = 0; j < COUNT; j++)
            bias[j] = (float)((int)(j % 5) - 2) / 4.0f;
        activation_with_bias(math_kernels_at(0), kind->activation, kind->slope, y, ROWS, COUNT,
                             STRIDE, bias);
        for (size_t i = 0; i < ROWS * STRIDE; i++) {
            const double z = ((double)(i * 7 % 31) - 15.0) / 8.0;
            const double expected =
                i % STRIDE < COUNT
                    ? function_at(kind->activation, kind->slope, z + (double)bias[i % STRIDE])
                    : z;
            assert_true(fabs((double)y[i] - expected) < 1e-6);
        }
    }
}

/* d f'(z) from y alone, away from the kinks against differences of the definition. */
static void test_backward(void **state)
{
    (void)state;
    float y[ROWS * STRIDE], d[ROWS * STRIDE];
    for (size_t k = 0; k < TRAINED_KINDS; k++) {
        const function_kind *kind = &function_kinds[k];
        for (size_t i = 0; i < ROWS * STRIDE; i++) {
            const double z = ((double)i - ROWS * STRIDE / 2 + 0.5) / 32.0;
            y[i] = (float)function_at(kind->activation, kind->slope, z);
            d[i] = i % 3 ? -1.5f : 2.0f;
        }
        activation_backward(kind->activation, kind->slope, d, y, ROWS, COUNT, STRIDE);
        for (size_t i = 0; i < ROWS * STRIDE; i++) {
            const double z = ((double)i - ROWS * STRIDE / 2 + 0.5) / 32.0, h = 1e-5;
            const double difference = (function_at(kind->activation, kind->slope, z + h) -
                                       function_at(kind->activation, kind->slope, z - h)) /
                                      (2.0 * h);
            const double before = i % 3 ? -1.5 : 2.0;
            assert_true(fabs(function_slope_at(kind->activation, kind->slope, z) - difference) <
                        1e-7);
            assert_true(fabs((double)d[i] - before * (i % STRIDE < COUNT ? difference : 1.0)) <
                        1e-5);
        }
    }
}

/* At a z of 0 leaky ReLU has its slope and ReLU nothing, as the counts have it. */
static void test_kinks(void **state)
{
    (void)state;
    const float y[2] = {0.0f, -0.0f};
    float d[2] = {1.0f, 1.0f};
    activation_backward(ESPALIER_LEAKY_RELU, 0.25f, d, y, 1, 2, 2);
    assert_true(d[0] == 0.25f && d[1] == 0.25f);
    activation_backward(ESPALIER_RELU, 0.0f, d, y, 1, 2, 2);
    assert_true(d[0] == 0.0f && d[1] == 0.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_definition), cmocka_unit_test(test_any_count),
        cmocka_unit_test(test_nan),                cmocka_unit_test(test_sigmoid_is_positive),
        cmocka_unit_test(test_with_bias),          cmocka_unit_test(test_backward),
        cmocka_unit_test(test_kinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
