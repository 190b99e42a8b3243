/* Singular values of matrices whose values are known, and numpy's of others. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/infer/made.h"

#include <sys/wait.h>
#include <unistd.h>

#include "espalier/analyse.h"
#include "tests/base/test_allocator.h"

#ifdef ESPALIER_HAVE_CBLAS

/* One layer with the given weights, [rows][columns]; NULL: random ones. */
static espalier_network *matrix(size_t rows, size_t columns, const float *weights)
{
    const size_t widths[] = {columns, rows};
    espalier_network *network = made_network(widths, 2, 9, 0.0);
    if (weights)
        memcpy(network->layers[0].weights, weights, rows * columns * sizeof *weights);
    return network;
}

/* Checks the values and hands out the rank. */
static size_t check(size_t rows, size_t columns, const float *weights, const double *expected)
{
    const size_t count = rows < columns ? rows : columns;
    float values[16];
    espalier_error error = {0};
    espalier_network *network = matrix(rows, columns, weights);
    assert_true(count <= 16);
    assert_int_equal(espalier_network_singular_values(network, 0, NULL, values, &error),
                     ESPALIER_OK);
    for (size_t i = 0; i < count; i++)
        assert_float_equal(values[i], expected[i], 1e-5 * (1.0 + expected[0]));
    if (weights)
        assert_memory_equal(network->layers[0].weights, weights,
                            rows * columns * sizeof *weights);
    espalier_network_destroy(network);
    return espalier_rank(values, count, rows, columns);
}

static void known_matrices(void **state)
{
    static const float diagonal[] = {2, 0, 0, 0, -5, 0, 0, 0, 3};
    static const float upright[] = {0, 3, 0, 0, 0, 0, 4, 0}; /* 4 x 2 */
    static const float one_row[] = {3, 0, 4, 12};
    static const float product[] = {2, 4, 6, -1, -2, -3, 0.5f, 1, 1.5f}; /* (2,-1,.5)' (1,2,3) */
    static const float zero[6] = {0};
    static const float single[] = {-7};
    (void)state;
    assert_int_equal(check(3, 3, diagonal, (double[]){5, 3, 2}), 3);
    assert_int_equal(check(4, 2, upright, (double[]){4, 3}), 2);
    assert_int_equal(check(1, 4, one_row, (double[]){13}), 1);
    assert_int_equal(check(4, 1, one_row, (double[]){13}), 1);
    assert_int_equal(check(3, 3, product, (double[]){sqrt(5.25 * 14), 0, 0}), 1);
    assert_int_equal(check(2, 3, zero, (double[]){0, 0}), 0);
    assert_int_equal(check(3, 2, zero, (double[]){0, 0}), 0);
    assert_int_equal(check(1, 1, single, (double[]){7}), 1);
}

/* The sum of the squares is the squared Frobenius norm; the order is descending. */
static void norm_and_order(void **state)
{
    static const size_t shapes[][2] = {{40, 17}, {17, 40}, {64, 64}, {100, 3}};
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const size_t rows = shapes[s][0], columns = shapes[s][1];
        const size_t count = rows < columns ? rows : columns;
        espalier_network *network = matrix(rows, columns, NULL);
        float values[64];
        double squares = 0.0, norm = 0.0;
        assert_int_equal(espalier_network_singular_values(network, 0, NULL, values, NULL),
                         ESPALIER_OK);
        for (size_t i = 0; i < count; i++) {
            squares += (double)values[i] * values[i];
            assert_true(i == 0 || values[i] <= values[i - 1]);
        }
        for (size_t i = 0; i < rows * columns; i++)
            norm += (double)network->layers[0].weights[i] * network->layers[0].weights[i];
        assert_float_equal(squares, norm, 1e-5 * norm);
        assert_int_equal(espalier_rank(values, count, rows, columns), count);
        espalier_network_destroy(network);
    }
}

/* diag(5, 3, 2) in disguise: norms by hand; and a matrix of zeros. */
static void what_they_tell(void **state)
{
    static const float diagonal[] = {2, 0, 0, 0, 0, 0, -5, 0, 0, 3, 0, 0}; /* 3 x 4 */
    static const float zero[6] = {0};
    (void)state;
    espalier_spectrum s;
    espalier_network *network = matrix(3, 4, diagonal);
    assert_int_equal(espalier_network_spectrum(network, 0, NULL, &s, NULL), ESPALIER_OK);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.rank, 3);
    assert_float_equal(s.values[2], 2, 1e-5);
    assert_float_equal(s.spectral, 5, 1e-5);
    assert_float_equal(s.nuclear, 10, 1e-5);
    assert_float_equal(s.frobenius, sqrt(38), 1e-5);
    assert_float_equal(s.stable_rank, 38.0 / 25, 1e-5);
    espalier_spectrum_clear(&s, NULL);
    assert_null(s.values);
    espalier_network_destroy(network);

    network = matrix(2, 3, zero);
    assert_int_equal(espalier_network_spectrum(network, 0, NULL, &s, NULL), ESPALIER_OK);
    assert_int_equal(s.rank, 0);
    assert_true(s.stable_rank == 0 && s.spectral == 0 && s.frobenius == 0 && s.nuclear == 0);
    espalier_spectrum_clear(&s, NULL);
    espalier_network_destroy(network);
}

/* Squares of the smallest and the largest weights are no floats. */
static void far_from_one(void **state)
{
    static const float scales[] = {1e-30f, 1e30f};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const float weights[] = {3 * scales[i], 0, 0, 4 * scales[i]};
        espalier_network *network = matrix(2, 2, weights);
        espalier_spectrum s;
        assert_int_equal(espalier_network_spectrum(network, 0, NULL, &s, NULL), ESPALIER_OK);
        assert_float_equal(s.frobenius / (double)scales[i], 5, 1e-5);
        assert_float_equal(s.stable_rank, 25.0 / 16, 1e-5);
        espalier_spectrum_clear(&s, NULL);
        espalier_network_destroy(network);
    }
}

static void not_finite(void **state)
{
    static const float bad[][2] = {{NAN, 1}, {1, INFINITY}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        espalier_network *network = matrix(1, 2, bad[i]);
        float value;
        espalier_error error = {0};
        assert_int_equal(espalier_network_singular_values(network, 0, NULL, &value, &error),
                         ESPALIER_ERROR_NUMERIC);
        assert_string_equal(error.message,
                            "layer 0: singular values: not all 1 x 2 weights are finite");
        espalier_spectrum untouched = {.count = 7};
        assert_int_equal(espalier_network_spectrum(network, 0, NULL, &untouched, NULL),
                         ESPALIER_ERROR_NUMERIC);
        assert_int_equal(untouched.count, 7);
        espalier_network_destroy(network);
    }
}

static void no_such_layer(void **state)
{
    static const float weights[] = {1, 2};
    espalier_network *network = matrix(1, 2, weights);
    float value;
    espalier_spectrum untouched = {.count = 7};
    espalier_error error = {0};
    (void)state;
    assert_int_equal(espalier_network_singular_values(network, 3, NULL, &value, &error),
                     ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message, "layer 3; expected 0 to 0");
    assert_int_equal(espalier_network_spectrum(network, 1, NULL, &untouched, NULL),
                     ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(untouched.count, 7);
    espalier_network_destroy(network);
}

static void without_memory(void **state)
{
    (void)state;
    espalier_network *network = matrix(6, 5, NULL);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t from = 1; status != ESPALIER_OK; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_spectrum s = {0};
        status = espalier_network_spectrum(network, 0, &allocator, &s, NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        espalier_spectrum_clear(&s, &allocator);
        assert_int_equal(m.live, 0);
        assert_true(from < 10);
    }
    espalier_network_destroy(network);
}

static void write_floats(const char *folder, const char *name, const float *values, size_t count)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(values, sizeof *values, count, file), count);
    assert_int_equal(fclose(file), 0);
}

enum { NO_NUMPY = 77, NO_PROGRAM = 127 };

/* Writes a matrix and what we say about it; spectrum.py judges. Rows repeat from
 * `distinct` on, so that the rank is smaller than the matrix; 0: all are zero. */
static int compare_with_numpy(const char *python, const char *folder, size_t rows, size_t columns,
                              size_t distinct)
{
    const size_t count = rows < columns ? rows : columns;
    espalier_network *network = matrix(rows, columns, NULL);
    float *weights = network->layers[0].weights, values[128];
    char command[1024];
    for (size_t r = distinct; r < rows; r++)
        memcpy(weights + r * columns, weights + (r - distinct) * columns,
               columns * sizeof *weights);
    for (size_t i = 0; distinct == 0 && i < rows * columns; i++)
        weights[i] = 0.0f;
    assert_true(count <= 128);
    assert_int_equal(espalier_network_singular_values(network, 0, NULL, values, NULL),
                     ESPALIER_OK);
    write_floats(folder, "matrix", weights, rows * columns);
    write_floats(folder, "values", values, count);
    espalier_network_destroy(network);
    const char *slash = strrchr(__FILE__, '/');
    snprintf(command, sizeof command, "%s '%.*s/spectrum.py' %s %zu %zu %zu", python,
             slash ? (int)(slash - __FILE__) : 1, slash ? __FILE__ : ".", folder, rows, columns,
             espalier_rank(values, count, rows, columns));
    const int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int all_cases(const char *python, const char *folder)
{
    static const size_t cases[][3] = {{50, 100, 50}, {100, 60, 30}, {128, 128, 77}, {300, 100, 299},
                                      {1, 20, 1},    {20, 1, 20},   {20, 1, 5},     {1, 1, 1},
                                      {30, 40, 0},   {1, 9, 0}};
    int result = 0;
    for (size_t c = 0; c < sizeof cases / sizeof *cases && result == 0; c++)
        result = compare_with_numpy(python, folder, cases[c][0], cases[c][1], cases[c][2]);
    return result;
}

/* The first python3 in the path may be one without numpy beside a system's with it. */
static void equals_numpy(void **state)
{
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    char folder[] = "spectrum-XXXXXX", path[64];
    int result = NO_NUMPY;
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < 2 && (result == NO_NUMPY || result == NO_PROGRAM); i++)
        result = all_cases(pythons[i], folder);
    snprintf(path, sizeof path, "%s/matrix", folder);
    remove(path);
    snprintf(path, sizeof path, "%s/values", folder);
    remove(path);
    assert_int_equal(rmdir(folder), 0);
    if (result == NO_NUMPY || result == NO_PROGRAM) {
        print_message("skipped: python3 with numpy is not installed\n");
        skip();
    }
    assert_int_equal(result, 0);
}

#else

static void unsupported(void **state)
{
    static const size_t widths[] = {2, 2};
    (void)state;
    espalier_network *network = made_network(widths, 2, 1, 0.0);
    float values[2];
    espalier_error error = {0};
    espalier_spectrum spectrum;
    assert_int_equal(espalier_network_spectrum(network, 0, NULL, &spectrum, NULL),
                     ESPALIER_ERROR_UNSUPPORTED);
    assert_int_equal(espalier_network_singular_values(network, 0, NULL, values, &error),
                     ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "LAPACK"));
    espalier_network_destroy(network);
}

#endif

/* Exactly at the tolerance is not above it. */
static void rank_tolerance(void **state)
{
    const float edge = 4.0f * 0x1p-23f; /* for a largest value of 1 and 4 columns */
    const float values[] = {1.0f, nextafterf(edge, 1.0f), edge, 0.0f};
    (void)state;
    assert_int_equal(espalier_rank(values, 4, 4, 4), 2);
    assert_int_equal(espalier_rank(values, 3, 3, 4), 2);
    assert_int_equal(espalier_rank(values, 4, 4, 5), 1);
    assert_int_equal(espalier_rank(values, 0, 0, 4), 0);
    assert_int_equal(espalier_rank(values + 3, 1, 1, 4), 0);
    const float large[] = {0x1p127f, 0x1p126f, 0x1p100f}; /* 2^127 * 4 is no float */
    assert_int_equal(espalier_rank(large, 3, 3, 4), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef ESPALIER_HAVE_CBLAS
        cmocka_unit_test(known_matrices), cmocka_unit_test(norm_and_order),
        cmocka_unit_test(what_they_tell), cmocka_unit_test(far_from_one),
        cmocka_unit_test(not_finite),     cmocka_unit_test(no_such_layer),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(equals_numpy),
#else
        cmocka_unit_test(unsupported),
#endif
        cmocka_unit_test(rank_tolerance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
