/* Every math backend against the definition of a product. */
#include "tests/test.h"

#include <math.h>

#include "base/random.h"
#include "math/backends.h"

static void draw(float *values, size_t count, uint64_t stream)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (float)random_normal(7, random_stream(RANDOM_TEST, (uint32_t)stream), i);
}

static float *make(size_t count, uint64_t stream)
{
    float *values = malloc((count + 1) * sizeof *values);
    assert_non_null(values);
    draw(values, count, stream);
    return values;
}

/* One random product of every kind, compared element by element; the columns
 * behind n in C must stay as they are. */
static void compare(const math_backend *math, size_t m, size_t n, size_t k, int kind)
{
    bool ta = kind & 1, tb = kind & 2, accumulate = kind & 4;
    size_t lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 1, ldc = n + 2;
    float *a = make((ta ? k : m) * lda, 1), *b = make((tb ? n : k) * ldb, 2);
    float *c = make(m * ldc, 3), *expected = make(m * ldc, 3);
    math->gemm(ta, tb, m, n, k, a, lda, b, ldb, accumulate, c, ldc);
    math_reference.gemm(ta, tb, m, n, k, a, lda, b, ldb, accumulate, expected, ldc);
    double allowed = 1e-6 * ((double)k + 4.0) + 1e-5;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++)
            assert_true(fabs((double)c[i * ldc + j] - (double)expected[i * ldc + j]) < allowed);
        for (size_t j = n; j < ldc; j++)
            assert_true(c[i * ldc + j] == expected[i * ldc + j]);
    }
    free(a), free(b), free(c), free(expected);
}

static void test_against_reference(void **state)
{
    (void)state;
    static const size_t shapes[][3] = {{1, 1, 1},   {1, 16, 784}, {16, 304, 784}, {20, 304, 32},
                                       {16, 16, 7}, {7, 48, 33},  {3, 5, 1},      {2, 64, 0}};
    for (size_t b = 0; math_backend_at(b); b++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            for (int kind = 0; kind < 8; kind++)
                compare(math_backend_at(b), shapes[s][0], shapes[s][1], shapes[s][2], kind);
}

/* The reference itself, on a product worked out by hand. */
static void test_reference_by_hand(void **state)
{
    (void)state;
    const float a[] = {1, 2, 3, 4, 5, 6}, b[] = {7, 8, 9, 10, 11, 12};
    float c[4] = {1, 1, 1, 1};
    math_reference.gemm(false, false, 2, 2, 3, a, 3, b, 2, false, c, 2);
    const float product[] = {58, 64, 139, 154};
    assert_memory_equal(c, product, sizeof c);
    math_reference.gemm(true, true, 2, 2, 3, a, 2, b, 3, true, c, 2);
    const float sum[] = {58 + 76, 64 + 103, 139 + 100, 154 + 136};
    assert_memory_equal(c, sum, sizeof c);
}

/* What training relies on: cutting the rows of C changes no bit. */
static void test_cutting_rows_changes_nothing(void **state)
{
    (void)state;
    enum { M = 40, N = 48, K = 131 };
    float *a = make(M * K, 4), *b = make(K * N, 5), *whole = make(M * N, 6), *cut = make(M * N, 6);
    for (size_t i = 0; math_backend_at(i); i++) {
        const math_backend *math = math_backend_at(i);
        if (strcmp(math->name, "openblas") == 0)
            continue; /* its kernels change with the shape; training always cuts alike */
        math->gemm(false, false, M, N, K, a, K, b, N, false, whole, N);
        for (size_t first = 0; first < M; first += 16)
            math->gemm(false, false, M - first < 16 ? M - first : 16, N, K, a + first * K, K, b, N,
                       false, cut + first * N, N);
        assert_memory_equal(whole, cut, M * N * sizeof(float));
    }
    free(a), free(b), free(whole), free(cut);
}

/* Rows so far apart that an operand spans more than 2^31 bytes. The memory in
 * between is never touched. */
static void test_rows_far_apart(void **state)
{
    (void)state;
    enum { M = 4, N = 16, K = 33, FAR = 1 << 24 };
    float *a = calloc((size_t)K * FAR, sizeof *a), *b = make(K * N, 8), near[K * M];
    if (!a) {
        free(b);
        skip();
    }
    draw(near, K * M, 9);
    for (size_t k = 0; k < K; k++)
        memcpy(a + k * FAR, near + k * M, M * sizeof *a);
    for (size_t i = 0; math_backend_at(i); i++) {
        float c[M * N], expected[M * N];
        math_backend_at(i)->gemm(true, false, M, N, K, a, FAR, b, N, false, c, N);
        math_reference.gemm(true, false, M, N, K, near, M, b, N, false, expected, N);
        for (size_t j = 0; j < M * N; j++)
            assert_true(fabs((double)c[j] - (double)expected[j]) < 1e-4);
    }
    free(a), free(b);
}

static void test_names(void **state)
{
    (void)state;
    assert_ptr_equal(math_backend_find("reference"), &math_reference);
    assert_ptr_equal(math_backend_find(NULL), math_backend_at(0));
    assert_null(math_backend_find("abacus"));
    size_t count = 0;
    while (math_backend_at(count))
        count++;
    assert_true(count >= 1);
    assert_ptr_equal(math_backend_at(count - 1), &math_reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_by_hand),
        cmocka_unit_test(test_against_reference),
        cmocka_unit_test(test_cutting_rows_changes_nothing),
        cmocka_unit_test(test_rows_far_apart),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
