/* Singular value decompositions: factors that are orthonormal and give the matrix back. */
#include "tests/test.h"

#include <math.h>
#ifdef ESPALIER_HAVE_CBLAS
#include "math/openblas.h"
#endif

#include "base/parallel.h"
#include "base/random.h"
#include "math/svd.h"
#include "tests/base/test_allocator.h"

#ifdef ESPALIER_HAVE_CBLAS

/* A matrix with everything svd() writes. */
typedef struct factors {
    size_t rows, columns, k;
    float *matrix, *a, *s, *u, *vt;
} factors;

static float *floats(size_t count)
{
    float *values = calloc(count, sizeof *values);
    assert_non_null(values);
    return values;
}

/* Of the given rank, 0: full. */
static factors made(size_t rows, size_t columns, size_t rank)
{
    factors f = {.rows = rows, .columns = columns, .k = rows < columns ? rows : columns};
    const uint64_t stream = random_stream(RANDOM_TEST, (uint32_t)(rows * 1000 + columns));
    f.matrix = floats(rows * columns);
    f.a = floats(rows * columns);
    f.s = floats(f.k);
    f.u = floats(rows * f.k);
    f.vt = floats(f.k * columns);
    for (size_t i = 0; i < rows * columns; i++)
        f.matrix[i] = (float)random_uniform(5, stream, i) - 0.5f;
    for (size_t r = rank; rank && r < rows; r++) /* rows repeat */
        memcpy(f.matrix + r * columns, f.matrix + (r - rank) * columns, columns * sizeof(float));
    memcpy(f.a, f.matrix, rows * columns * sizeof(float));
    return f;
}

static void clear(factors *f)
{
    free(f->matrix);
    free(f->a);
    free(f->s);
    free(f->u);
    free(f->vt);
}

static espalier_status run(factors *f)
{
    espalier_error error = {0};
    return svd(f->a, f->rows, f->columns, f->s, f->u, f->vt, NULL, &error);
}

static void check(const factors *f)
{
    const double largest = (double)f->s[0];
    for (size_t i = 0; i < f->k; i++)
        assert_true(f->s[i] >= 0.0f && (i == 0 || f->s[i] <= f->s[i - 1]));
    for (size_t r = 0; r < f->rows; r++)
        for (size_t c = 0; c < f->columns; c++) {
            double sum = 0.0;
            for (size_t i = 0; i < f->k; i++)
                sum += (double)f->u[r * f->k + i] * (double)f->s[i] *
                       (double)f->vt[i * f->columns + c];
            assert_float_equal(sum, f->matrix[r * f->columns + c], 1e-5 * largest + 1e-30);
        }
    for (size_t i = 0; i < f->k; i++)
        for (size_t j = 0; j < f->k; j++) {
            double left = 0.0, right = 0.0;
            for (size_t r = 0; r < f->rows; r++)
                left += (double)f->u[r * f->k + i] * (double)f->u[r * f->k + j];
            for (size_t c = 0; c < f->columns; c++)
                right += (double)f->vt[i * f->columns + c] * (double)f->vt[j * f->columns + c];
            assert_float_equal(left, i == j, 1e-5);
            assert_float_equal(right, i == j, 1e-5);
        }
}

static void gives_the_matrix_back(void **state)
{
    static const size_t cases[][3] = {{1, 1, 0},  {1, 9, 0},   {9, 1, 0},   {7, 7, 0},
                                      {40, 17, 0}, {17, 40, 0}, {30, 50, 4}, {64, 20, 1}};
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        factors f = made(cases[c][0], cases[c][1], cases[c][2]);
        assert_int_equal(run(&f), ESPALIER_OK);
        check(&f);
        for (size_t i = cases[c][2]; cases[c][2] && i < f.k; i++)
            assert_true(f.s[i] <= 1e-6f * f.s[0]);
        clear(&f);
    }
}

static void zero_matrix(void **state)
{
    (void)state;
    factors f = made(6, 4, 0);
    memset(f.matrix, 0, 24 * sizeof(float));
    memset(f.a, 0, 24 * sizeof(float));
    assert_int_equal(run(&f), ESPALIER_OK);
    check(&f);
    assert_true(f.s[0] == 0.0f);
    clear(&f);
}

static void values_only(void **state)
{
    float values[17];
    (void)state;
    factors f = made(40, 17, 0);
    assert_int_equal(run(&f), ESPALIER_OK);
    assert_int_equal(svd(f.matrix, 40, 17, values, NULL, NULL, NULL, NULL), ESPALIER_OK);
    for (size_t i = 0; i < 17; i++)
        assert_float_equal(values[i], f.s[i], 1e-5 * f.s[0]);
    clear(&f);
}

static void not_finite(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        float matrix[6] = {1, 2, 3, 4, bad[i], 6}, values[2];
        espalier_error error = {0};
        assert_int_equal(svd(matrix, 2, 3, values, NULL, NULL, NULL, &error),
                         ESPALIER_ERROR_NUMERIC);
        assert_string_equal(error.message,
                            "singular values: not all 2 x 3 weights are finite");
    }
}

/* Refused before anything is read. */
static void too_large(void **state)
{
    float unused = 1.0f;
    espalier_error error = {0};
    (void)state;
    assert_int_equal(svd(&unused, 40000, 40000, &unused, &unused, &unused, NULL, &error),
                     ESPALIER_ERROR_UNSUPPORTED);
    assert_string_equal(error.message,
                        "a matrix of 40000 x 40000 is too large for LAPACK's singular values");
}

static void without_memory(void **state)
{
    espalier_status status = ESPALIER_ERROR_MEMORY;
    (void)state;
    for (size_t from = 1; status != ESPALIER_OK; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        factors f = made(6, 5, 0);
        status = svd(f.a, 6, 5, f.s, f.u, f.vt, &allocator, NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(m.live, 0);
        assert_true(from < 10);
        clear(&f);
    }
}

enum { TASKS = 24 };

static void task(void *context, size_t index, size_t thread)
{
    (void)thread;
    run(&((factors *)context)[index]);
}

/* OpenBLAS keeps to the calling thread; many at once give the same bytes as one alone. */
static void at_once(void **state)
{
    factors alone = made(120, 90, 0), many[TASKS];
    parallel_team *team = parallel_team_create(4, NULL);
    (void)state;
    assert_non_null(team);
    openblas blas;
    char why[256];
    assert_true(openblas_load(&blas, why, sizeof why));
    blas.set_num_threads(2);
    assert_int_equal(run(&alone), ESPALIER_OK);
    assert_int_equal(blas.get_num_threads(), 1);
    for (size_t i = 0; i < TASKS; i++)
        many[i] = made(120, 90, 0);
    parallel_run(team, TASKS, task, many);
    for (size_t i = 0; i < TASKS; i++) {
        assert_memory_equal(many[i].s, alone.s, alone.k * sizeof(float));
        assert_memory_equal(many[i].u, alone.u, 120 * alone.k * sizeof(float));
        assert_memory_equal(many[i].vt, alone.vt, alone.k * 90 * sizeof(float));
        clear(&many[i]);
    }
    parallel_team_destroy(team);
    clear(&alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_matrix_back), cmocka_unit_test(zero_matrix),
        cmocka_unit_test(values_only),           cmocka_unit_test(not_finite),
        cmocka_unit_test(too_large),             cmocka_unit_test(without_memory),
        cmocka_unit_test(at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void unsupported(void **state)
{
    float matrix = 1.0f, value;
    espalier_error error = {0};
    (void)state;
    assert_int_equal(svd(&matrix, 1, 1, &value, NULL, NULL, NULL, &error),
                     ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "LAPACK"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(unsupported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
