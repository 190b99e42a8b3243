/* The element-wise passes against their formulas. */
#include "tests/test.h"

#include <math.h>

#include "base/random.h"
#include "math/pass.h"

enum { ROWS = 7, STRIDE = 32 };

static void draw(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (float)random_normal(11, random_stream(RANDOM_TEST, 0), i);
}

static void test_bias_relu(void **state)
{
    (void)state;
    float y[ROWS * STRIDE], before[ROWS * STRIDE], bias[STRIDE];
    draw(y, ROWS * STRIDE);
    memcpy(before, y, sizeof y);
    for (size_t j = 0; j < STRIDE; j++)
        bias[j] = 0.1f * (float)j - 1.5f;
    y[3] = before[3] = -bias[3];
    pass_bias_relu(y, ROWS, STRIDE - 16, STRIDE, bias);
    pass_bias_relu(y + STRIDE - 16, ROWS, 16, STRIDE, bias + STRIDE - 16);
    for (size_t i = 0; i < ROWS * STRIDE; i++) {
        float z = before[i] + bias[i % STRIDE];
        assert_true(y[i] == (z > 0.0f ? z : 0.0f));
    }
    assert_true(y[3] == 0.0f);
}

static void test_bias(void **state)
{
    (void)state;
    float y[ROWS * STRIDE], before[ROWS * STRIDE], bias[STRIDE];
    draw(y, ROWS * STRIDE);
    memcpy(before, y, sizeof y);
    for (size_t j = 0; j < STRIDE; j++)
        bias[j] = 0.1f * (float)j - 1.5f;
    pass_bias(y, ROWS, STRIDE - 16, STRIDE, bias);
    for (size_t i = 0; i < ROWS * STRIDE; i++)
        assert_true(y[i] == before[i] + (i % STRIDE < STRIDE - 16 ? bias[i % STRIDE] : 0.0f));
}

static void test_relu_backward(void **state)
{
    (void)state;
    float d[STRIDE], y[STRIDE] = {0};
    draw(d, STRIDE);
    y[4] = 2.0f, y[9] = 1e-30f;
    float kept4 = d[4], kept9 = d[9];
    pass_relu_backward(d, y, 1, STRIDE, STRIDE);
    for (size_t i = 0; i < STRIDE; i++)
        assert_true(d[i] == (i == 4 ? kept4 : i == 9 ? kept9 : 0.0f));
}

/* Against the definition in double, and for logits up to 1e4 either way. */
static void test_softmax_loss(void **state)
{
    (void)state;
    static const float sizes[] = {1.0f, 1e2f, 1e4f, -1e4f};
    for (size_t s = 0; s < 4; s++) {
        float y[STRIDE] = {0}, bias[STRIDE] = {0};
        double z[10], sum = 0.0, largest = -INFINITY;
        draw(y, STRIDE); /* whatever the padding holds */
        for (size_t j = 0; j < 10; j++) {
            y[j] *= sizes[s];
            bias[j] = 0.25f * (float)j;
            z[j] = (double)(y[j] + bias[j]);
            largest = z[j] > largest ? z[j] : largest;
        }
        for (size_t j = 0; j < 10; j++)
            sum += exp(z[j] - largest);
        uint32_t label = 6;
        uint64_t correct = 3;
        double loss = pass_softmax_loss(math_kernels_at(0), y, 1, 10, STRIDE, bias, &label, -0.5f, &correct);
        double expected = largest + log(sum) - z[label];
        assert_true(fabs(loss - expected) <= 1e-6 * (1.0 + expected));
        assert_int_equal(correct, 3 + (z[label] == largest));
        for (size_t j = 0; j < 10; j++)
            assert_true(fabs(y[j] + 0.5 * (exp(z[j] - largest) / sum - (j == label))) < 1e-6);
        for (size_t j = 10; j < STRIDE; j++)
            assert_true(y[j] == 0.0f);
    }
}

static void test_softmax_of_equal_logits(void **state)
{
    (void)state;
    float y[2 * STRIDE] = {0}, bias[STRIDE] = {0};
    for (size_t j = 0; j < 4; j++)
        y[j] = y[STRIDE + j] = 1e4f;
    uint32_t labels[] = {0, 1}; /* the first of equals wins */
    uint64_t correct = 0;
    double loss = pass_softmax_loss(math_kernels_at(0), y, 2, 4, STRIDE, bias, labels, 1.0f, &correct);
    assert_true(fabs(loss - 2.0 * log(4.0)) < 1e-12);
    assert_int_equal(correct, 1);
}

static void test_sums_transpose(void **state)
{
    (void)state;
    float y[ROWS * STRIDE], sums[STRIDE], turned[STRIDE * ROWS];
    draw(y, ROWS * STRIDE);
    pass_column_sums(y, ROWS, STRIDE, STRIDE, sums);
    pass_transpose(y, STRIDE, ROWS, STRIDE, turned, ROWS);
    for (size_t j = 0; j < STRIDE; j++) {
        double sum = 0.0;
        for (size_t r = 0; r < ROWS; r++) {
            sum += y[r * STRIDE + j];
            assert_true(turned[j * ROWS + r] == y[r * STRIDE + j]);
        }
        assert_true(fabs(sum - sums[j]) < 1e-5);
    }
    assert_int_equal(pass_stride(1), 16);
    assert_int_equal(pass_stride(16), 16);
    assert_int_equal(pass_stride(784), 784);
    assert_int_equal(pass_stride(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bias_relu),
        cmocka_unit_test(test_bias), cmocka_unit_test(test_relu_backward),
        cmocka_unit_test(test_softmax_loss),    cmocka_unit_test(test_softmax_of_equal_logits),
        cmocka_unit_test(test_sums_transpose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
