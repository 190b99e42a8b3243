/* Products by lists of kept weights over columns, at every level of this processor. */
#include "tests/test.h"

#include <math.h>

#include "base/random.h"
#include "math/kernels.h"
#include "math/pass.h"

enum { INPUTS = 21, OUTPUTS = 9, CHUNKS_MOST = 3 };

static double uniform(uint32_t stream, size_t i)
{
    return random_uniform(8, random_stream(RANDOM_TEST, stream), i);
}

static float *make(size_t count, double zeros, uint32_t stream)
{
    float *x = calloc(count + 1, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < count; i++)
        if (uniform(stream, 2 * i) >= zeros)
            x[i] = (float)(2.0 * uniform(stream, 2 * i + 1) - 1.0);
    return x;
}

static void assert_close(double found, double expected)
{
    if (!(fabs(found - expected) <= 1e-5))
        fail_msg("%.9g against %.9g", found, expected);
}

typedef struct layer {
    uint32_t starts[OUTPUTS + 1], places[INPUTS * OUTPUTS];
    float weights[INPUTS * OUTPUTS];
    float dense[OUTPUTS][INPUTS];
    weight_lists lists;
} layer;

/* Lists of all lengths that matter: output o has about a share of its weights, output 2
 * none, the last one all of them. */
static void make_layer(layer *to, double share)
{
    uint32_t at = 0;
    memset(to, 0, sizeof *to);
    for (size_t o = 0; o < OUTPUTS; o++) {
        for (size_t i = 0; i < INPUTS; i++) {
            if (o == 2 || (o + 1 < OUTPUTS && uniform(40, o * INPUTS + i) >= share))
                continue;
            to->dense[o][i] = to->weights[at] = (float)(uniform(41, o * INPUTS + i) - 0.5);
            to->places[at++] = (uint32_t)i;
        }
        to->starts[o + 1] = at;
    }
    to->lists = (weight_lists){to->starts, to->places, to->weights};
}

/* Columns of `stride` of which `rows` count: the rest must be neither read nor written. */
static void check_products(const math_kernels *kernels, const layer *w, size_t rows, size_t stride,
                           bool accumulate)
{
    float *x = make(INPUTS * stride, 0.5, 42), *y = make(OUTPUTS * stride, 0.0, 43);
    float *old_x = make(INPUTS * stride, 0.5, 42), *old = make(OUTPUTS * stride, 0.0, 43);
    kernels->forward_lists(&w->lists, OUTPUTS, x, stride, rows, accumulate, y);
    for (size_t o = 0; o < OUTPUTS; o++) {
        for (size_t r = 0; r < stride; r++) {
            double sum = accumulate || r >= rows ? old[o * stride + r] : 0.0;
            for (size_t i = 0; i < INPUTS && r < rows; i++)
                sum += (double)w->dense[o][i] * (double)x[i * stride + r];
            assert_close(y[o * stride + r], sum);
        }
    }
    kernels->backward_lists(&w->lists, OUTPUTS, old, stride, rows, x);
    for (size_t i = 0; i < INPUTS; i++) {
        for (size_t r = 0; r < stride; r++) {
            double sum = old_x[i * stride + r];
            for (size_t o = 0; o < OUTPUTS && r < rows; o++)
                sum += (double)w->dense[o][i] * (double)old[o * stride + r];
            assert_close(x[i * stride + r], sum);
        }
    }
    free(x), free(y), free(old_x), free(old);
}

static void check_gradient(const math_kernels *kernels, const layer *w, size_t rows, size_t stride,
                           size_t chunks, bool accumulate)
{
    const size_t x_step = (INPUTS + 1) * stride, d_step = (OUTPUTS + 2) * stride;
    float *x = make(CHUNKS_MOST * x_step, 0.5, 44), *d = make(CHUNKS_MOST * d_step, 0.5, 45);
    float *g = make(INPUTS * OUTPUTS, 0.0, 46), *old = make(INPUTS * OUTPUTS, 0.0, 46);
    kernels->gradient_lists(&w->lists, OUTPUTS, x, x_step, d, d_step, stride, chunks, rows,
                            accumulate, g);
    for (size_t o = 0; o < OUTPUTS; o++) {
        for (uint32_t e = w->starts[o]; e < w->starts[o + 1]; e++) {
            double sum = accumulate ? old[e] : 0.0;
            for (size_t c = 0; c < chunks; c++)
                for (size_t r = 0; r < rows; r++)
                    sum += (double)x[c * x_step + w->places[e] * stride + r] *
                           (double)d[c * d_step + o * stride + r];
            assert_close(g[e], sum);
        }
    }
    for (size_t e = w->starts[OUTPUTS]; e < INPUTS * OUTPUTS; e++)
        assert_true(g[e] == old[e]);
    free(x), free(d), free(g), free(old);
}

static void check_columns(const math_kernels *kernels, size_t units, size_t rows, size_t stride)
{
    float *x = make(units * stride, 0.5, 47), *sums = make(units, 0.0, 48);
    float *old = make(units, 0.0, 48);
    uint64_t *counts = calloc(units + 1, sizeof *counts);
    assert_non_null(counts);
    counts[0] = 1000;
    sums[units] = 7.0f;
    kernels->sum_columns(x, units, stride, pass_stride(rows), sums);
    kernels->count_columns(x, units, stride, rows, counts);
    for (size_t u = 0; u < units; u++) {
        double sum = old[u];
        uint64_t count = u ? 0 : 1000;
        for (size_t r = 0; r < pass_stride(rows); r++)
            sum += x[u * stride + r];
        for (size_t r = 0; r < rows; r++)
            count += x[u * stride + r] != 0.0f;
        assert_close(sums[u], sum);
        assert_int_equal(counts[u], count);
    }
    assert_true(sums[units] == 7.0f);
    assert_int_equal(counts[units], 0);
    free(x), free(sums), free(old), free(counts);
}

static void test_against_plain_sums(void **state)
{
    (void)state;
    layer w;
    for (size_t k = 0; math_kernels_at(k); k++) {
        for (int tenths = 0; tenths <= 10; tenths += 2) {
            make_layer(&w, tenths / 10.0);
            for (size_t rows = PASS_LANES; rows <= 8 * PASS_LANES; rows += PASS_LANES) {
                const size_t stride = rows + tenths % 4 / 2 * PASS_LANES;
                check_products(math_kernels_at(k), &w, rows, stride, tenths % 4);
                for (size_t chunks = 1; chunks <= CHUNKS_MOST; chunks++)
                    check_gradient(math_kernels_at(k), &w, rows, stride, chunks, chunks % 2);
            }
        }
    }
}

static void test_columns(void **state)
{
    (void)state;
    for (size_t k = 0; math_kernels_at(k); k++)
        for (size_t units = 1; units <= 9; units++)
            for (size_t rows = 1; rows <= 80; rows += 7)
                check_columns(math_kernels_at(k), units, rows, pass_stride(rows) + PASS_LANES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_plain_sums),
        cmocka_unit_test(test_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
