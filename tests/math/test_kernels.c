/* Marks and products that step over zeros, at every level of this processor. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "tests/test.h"

#include <math.h>

#include "base/philox.h"
#include "base/random.h"
#include "math/backends.h"
#include "math/kernels.h"
#include "math/pass.h"

static const math_ahead none = {NULL, 0};

/* Random numbers of which about a share is zero; a few of them -0. */
static float *make(size_t count, double zeros, uint32_t stream)
{
    float *values = malloc((count + 1) * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        double u = random_uniform(5, random_stream(RANDOM_TEST, stream), i);
        float z = (float)random_normal(5, random_stream(RANDOM_TEST, stream + 1), i);
        values[i] = u >= zeros ? z : i % 7 ? 0.0f : -0.0f;
    }
    return values;
}

static void check_marks(const math_kernels *kernels, size_t rows, size_t count, size_t stride,
                        double zeros)
{
    float *a = make(rows * stride, zeros, 10);
    const size_t words = mark_words(count), groups = mark_words(rows);
    uint32_t *by_row = malloc((rows * words + 1) * sizeof *by_row);
    uint32_t *by_column = malloc((groups * count + 1) * sizeof *by_column);
    assert_true(by_row && by_column);
    by_row[rows * words] = by_column[groups * count] = 0x5eed;
    if (rows * count > 2)
        a[count / 2] = NAN;
    size_t expected = 0, in_rows = kernels->mark_rows(a, rows, count, stride, by_row);
    size_t in_columns = kernels->mark_columns(a, rows, count, stride, by_column);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < count; i++) {
            const uint32_t there = a[r * stride + i] != 0.0f;
            expected += there;
            assert_int_equal(by_row[r * words + i / MARK_BITS] >> i % MARK_BITS & 1, there);
            assert_int_equal(by_column[r / MARK_BITS * count + i] >> r % MARK_BITS & 1, there);
        }
    }
    /* nothing else is marked, nothing behind the end is written */
    assert_int_equal(in_rows, expected);
    assert_int_equal(in_columns, expected);
    assert_int_equal(by_row[rows * words], 0x5eed);
    assert_int_equal(by_column[groups * count], 0x5eed);
    free(a), free(by_row), free(by_column);
}

static void test_marks(void **state)
{
    (void)state;
    static const size_t shapes[][3] = {{1, 1, 1},    {3, 31, 40}, {32, 32, 32}, {33, 33, 48},
                                       {70, 784, 784}, {16, 64, 80}, {5, 100, 112}};
    for (size_t k = 0; math_kernels_at(k); k++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            for (int tenths = 0; tenths <= 10; tenths += 5)
                check_marks(math_kernels_at(k), shapes[s][0], shapes[s][1], shapes[s][2],
                            tenths / 10.0);
}

static void check_rows(const float *c, const float *expected, size_t m, size_t n, size_t k,
                       size_t ldc)
{
    const double allowed = 1e-6 * ((double)k + 4.0) + 1e-5;
    for (size_t i = 0; i < m * ldc; i++)
        assert_true(fabs((double)c[i] - (double)expected[i]) <= (i % ldc < n ? allowed : 0.0));
}

/* Against the reference, A as it is and turned round; what lies between the rows
 * of C stays. */
static void check_product(const math_kernels *kernels, size_t m, size_t n, size_t k, bool turned,
                          bool accumulate, double zeros)
{
    const size_t lda = (turned ? m : k) + 3, ldb = n + 16, ldc = n + 5;
    float *a = make((turned ? k : m) * lda, zeros, 20), *b = make(k * ldb, 0.0, 30);
    float *c = make(m * ldc, 0.0, 40), *expected = make(m * ldc, 0.0, 40);
    const size_t words = mark_words(k);
    uint32_t *marks = calloc(m * words + 1, sizeof *marks);
    assert_non_null(marks);
    if (turned)
        kernels->mark_columns(a, k, m, lda, marks);
    else
        kernels->mark_rows(a, m, k, lda, marks);
    kernels->skip_gemm(turned, m, n, k, a, lda, marks, turned ? m : words, b, ldb, accumulate, c, ldc, none);
    math_reference.gemm(turned, false, m, n, k, a, lda, b, ldb, accumulate, expected, ldc);
    check_rows(c, expected, m, n, k, ldc);
    if (kernels->dense_gemm) {
        float *dense = make(m * ldc, 0.0, 40);
        kernels->dense_gemm(m, n, k, a, turned ? 1 : lda, turned ? lda : 1, b, ldb, accumulate,
                            dense, ldc, (math_ahead){b, k * ldb});
        check_rows(dense, expected, m, n, k, ldc);
        free(dense);
    }
    free(a), free(b), free(c), free(expected), free(marks);
}

static void test_products(void **state)
{
    (void)state;
    static const size_t shapes[][3] = {{1, 16, 1},    {16, 304, 784}, {20, 304, 32}, {16, 16, 7},
                                       {7, 48, 33},   {3, 160, 65},   {2, 64, 0},    {5, 176, 300},
                                       {40, 96, 130}, {4, 128, 64},   {9, 80, 31},   {2, 1040, 200},
                                       {130, 304, 32}, {70, 336, 40}, {65, 672, 9}};
    for (size_t l = 0; math_kernels_at(l); l++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            for (int kind = 0; kind < 12; kind++)
                check_product(math_kernels_at(l), shapes[s][0], shapes[s][1], shapes[s][2],
                              kind & 1, kind & 2, kind / 4 * 0.5);
}

static bool bit(const uint16_t *kept, size_t stride, size_t i, size_t j)
{
    return kept[i * stride + j / PASS_LANES] >> j % PASS_LANES & 1;
}

/* alike: all rows are zero in the same places, so that any processor sums them together;
 * fewer than four it sums alone. */
static void check_pruned(size_t m, size_t n, size_t k, bool alike)
{
    enum { M = 70, MOST = 21, K = 70, STRIDE = MOST + 2 };
    const size_t vectors = n / PASS_LANES;
    float *a = make(K * M, 0.5, 80), *b = make(K * n, 0.0, 90), *plain = make(M * n, 0.0, 100);
    float *c = make(M * n, 0.0, 100), *kept_only = make(M * n, 0.0, 100);
    for (size_t i = 0; alike && i < K * M; i++)
        a[i] = i / M % 2 ? 0.0f : (float)(i % 7 + 1);
    uint32_t marks[3 * M];
    uint16_t kept[M * STRIDE], words[M * MOST];
    assert_true(m <= M && k <= K && vectors <= MOST);
    for (size_t i = 0; i < M * STRIDE; i++)
        kept[i] = (uint16_t)random_below(5, random_stream(RANDOM_TEST, 110), i, 65536);
    for (size_t i = 0; i < m * vectors; i++)
        words[i] = kept[i / vectors * STRIDE + i % vectors];
    for (size_t l = 0; math_kernels_at(l); l++) {
        const math_kernels *kernels = math_kernels_at(l);
        for (size_t i = 0; i < m * n; i++) {
            plain[i] = kept_only[i] = i % 5 ? (float)i : -INFINITY;
            c[i] = bit(kept, STRIDE, i / n, i % n) ? plain[i] : 0.0f;
        }
        const math_ahead ahead = vectors % 2 ? none : (math_ahead){b, K * n};
        kernels->mark_columns(a, k, M, M, marks);
        kernels->skip_gemm(true, m, n, k, a, M, marks, M, b, n, true, plain, n, none);
        kernels->skip_update(m, n, k, a, M, marks, M, b, n, kept, STRIDE, c, n, ahead);
        kernels->keep(kept_only, words, m * vectors);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) {
                const size_t at = i * n + j;
                const bool stays = bit(kept, STRIDE, i, j);
                assert_true(c[at] == (stays ? plain[at] : 0.0f));
                assert_true(kept_only[at] == (!stays ? 0.0f : at % 5 ? (float)at : -INFINITY));
                assert_true(stays || (!signbit(c[at]) && !signbit(kept_only[at])));
            }
    }
    free(a), free(b), free(c), free(plain), free(kept_only);
}

/* An update is the product without masks, and +0.0 where a weight is pruned; the
 * masks of one row say nothing of the next, whatever their stride. Many columns are
 * multiplied row by row, few by several rows together; with few terms in wider panels. */
static void test_pruned_stay_zero(void **state)
{
    (void)state;
    for (size_t vectors = 1; vectors <= 21; vectors++) {
        check_pruned(3, vectors * PASS_LANES, 70, false);
        check_pruned(11, vectors * PASS_LANES, 70, false);
        check_pruned(11, vectors * PASS_LANES, 70, true);
        check_pruned(70, vectors * PASS_LANES, 20, false);
    }
}

/* What training relies on: a cut by rows, columns or neither gives the same bits. */
static void test_cutting_changes_nothing(void **state)
{
    (void)state;
    enum { M = 24, N = 304, K = 500 };
    float *a = make(M * K, 0.5, 50), *b = make(K * N, 0.0, 60), *whole = make(M * N, 0.0, 70);
    float *cut = make(M * N, 0.0, 70);
    const size_t words = mark_words(K);
    uint32_t *marks = calloc(M * words, sizeof *marks);
    assert_non_null(marks);
    for (size_t l = 0; math_kernels_at(l); l++) {
        const math_kernels *kernels = math_kernels_at(l);
        kernels->mark_rows(a, M, K, K, marks);
        kernels->skip_gemm(false, M, N, K, a, K, marks, words, b, N, false, whole, N,
                           (math_ahead){b, K * N - 3});
        for (size_t i = 0; i < M; i += 8)
            for (size_t j = 0; j < N; j += 16)
                kernels->skip_gemm(false, 8, 16, K, a + i * K, K, marks + i * words, words, b + j, N,
                                   false, cut + i * N + j, N, none);
        assert_memory_equal(whole, cut, M * N * sizeof *whole);
        if (!kernels->dense_gemm)
            continue;
        kernels->dense_gemm(M, N, K, a, K, 1, b, N, false, whole, N, (math_ahead){b, K * N - 3});
        for (size_t i = 0; i < M; i += 3)
            for (size_t j = 0; j < N; j += 16)
                kernels->dense_gemm(3, 16, K, a + i * K, K, 1, b + j, N, false, cut + i * N + j, N,
                                    none);
        assert_memory_equal(whole, cut, M * N * sizeof *whole);
    }
    free(a), free(b), free(whole), free(cut), free(marks);
}

/* A value that is not finite must not be lost: it counts as not zero. */
static void test_not_finite(void **state)
{
    (void)state;
    for (size_t l = 0; math_kernels_at(l); l++) {
        float a[4] = {0.0f, NAN, 0.0f, 1.0f}, b[4 * 16], c[16];
        uint32_t marks;
        for (size_t i = 0; i < 64; i++)
            b[i] = 1.0f;
        assert_int_equal(math_kernels_at(l)->mark_rows(a, 1, 4, 4, &marks), 2);
        math_kernels_at(l)->skip_gemm(false, 1, 16, 4, a, 4, &marks, 1, b, 16, false, c, 16, none);
        for (size_t i = 0; i < 16; i++)
            assert_true(isnan(c[i]));
        enum { WIDE = 4 * 16 + 16 + 3 }; /* columns in blocks of every width, and the last alone */
        float wide[WIDE];
        uint32_t columns[WIDE];
        for (size_t i = 0; i < WIDE; i++)
            wide[i] = i % 2 ? NAN : 0.0f;
        assert_int_equal(math_kernels_at(l)->mark_columns(wide, 1, WIDE, WIDE, columns), WIDE / 2);
        for (size_t i = 0; i < WIDE; i++)
            assert_int_equal(columns[i], i % 2);
    }
}

static void check_transpose(const math_kernels *kernels, size_t rows, size_t columns)
{
    const size_t from_stride = columns + 3, to_stride = rows + 5;
    float *from = make(rows * from_stride, 0.0, 50), *to = make(columns * to_stride, 0.0, 51);
    float *before = make(columns * to_stride, 0.0, 51);
    kernels->transpose(from, from_stride, rows, columns, to, to_stride);
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < to_stride; i++)
            assert_true(to[j * to_stride + i] ==
                        (i < rows ? from[i * from_stride + j] : before[j * to_stride + i]));
    free(from), free(to), free(before);
}

static void test_transpose(void **state)
{
    (void)state;
    static const size_t shapes[][2] = {{1, 1},   {3, 40},  {40, 3},   {8, 8},    {16, 16},
                                       {17, 33}, {24, 20}, {88, 144}, {128, 256}};
    for (size_t k = 0; math_kernels_at(k); k++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            check_transpose(math_kernels_at(k), shapes[s][0], shapes[s][1]);
}

/* Those of philox(), however many there are. */
static void test_random_words(void **state)
{
    enum { MOST = 37 };
    static const uint64_t seeds[] = {0, 5, UINT64_MAX - 3};
    static const uint64_t firsts[] = {0, UINT32_MAX - 9, UINT64_MAX - 20};
    const uint64_t stream = random_stream(RANDOM_TEST, UINT32_MAX - 1);
    (void)state;
    for (size_t k = 0; math_kernels_at(k); k++) {
        for (size_t i = 0; i < 9 * MOST; i++) {
            const uint64_t seed = seeds[i % 3], first = firsts[i / 3 % 3];
            const size_t count = i / 9;
            uint64_t words[4 * MOST + 1];
            words[4 * count] = 0x5eed;
            math_kernels_at(k)->random_words(seed, stream, first, count, words);
            assert_true(words[4 * count] == 0x5eed);
            for (size_t n = 0; n < count; n++) {
                uint32_t number[4];
                philox(seed, stream, first + n, number);
                for (size_t w = 0; w < 4; w++)
                    assert_true(words[4 * n + w] == number[w]);
            }
        }
    }
}

static void test_environment_lowers(void **state)
{
    (void)state;
    const math_kernels *best = math_kernels_at(0);
    assert_non_null(best);
    assert_int_equal(setenv("ESPALIER_CPU", "plain", 1), 0);
    assert_string_equal(math_kernels_at(0)->name, "plain");
    assert_null(math_kernels_at(1));
    assert_int_equal(setenv("ESPALIER_CPU", "abacus", 1), 0);
    assert_ptr_equal(math_kernels_at(0), best);
    assert_int_equal(unsetenv("ESPALIER_CPU"), 0);
    assert_ptr_equal(math_kernels_at(0), best);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_pruned_stay_zero),
        cmocka_unit_test(test_cutting_changes_nothing),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_transpose),
        cmocka_unit_test(test_random_words),
        cmocka_unit_test(test_environment_lowers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
