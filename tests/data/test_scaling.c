/* Scaling as it is fitted: against plain sums in double. */
#include <float.h>
#include <math.h>

#include "base/random.h"
#include "base/test_allocator.h"
#include "data/dataset.h"
#include "test.h"

enum { ROWS = 200, TEST = 50, INPUTS = 7 };

static float values[(ROWS + TEST) * INPUTS];
static uint8_t bytes[(ROWS + TEST) * INPUTS];
static uint32_t labels[ROWS + TEST];

/* Columns of different places and widths; the last is constant. Validation and test rows
 * lie far away, so that looking at them would show. */
static void fill(void)
{
    for (size_t i = 0; i < ROWS + TEST; i++) {
        labels[i] = (uint32_t)(i % 3);
        for (size_t c = 0; c < INPUTS; c++) {
            double normal = random_normal(3, random_stream(RANDOM_TEST, 0), i * INPUTS + c);
            bool other = i < ROWS / 10 || i >= ROWS;
            values[i * INPUTS + c] =
                c == INPUTS - 1 ? 4.5f : (float)(normal * pow(10, (double)c - 3) + (double)c * 5 +
                                                 (other ? 1e4 : 0));
            bytes[i * INPUTS + c] = c == INPUTS - 1 ? 7 : (uint8_t)(i * (c + 3) % (37 + 30 * c));
        }
    }
}

static espalier_dataset *make(bool as_bytes, espalier_scaling scaling)
{
    espalier_dataset_options options = espalier_dataset_options_defaults();
    espalier_dataset *dataset = NULL;
    options.scaling = scaling;
    fill();
    espalier_status status =
        as_bytes ? espalier_dataset_from_bytes(bytes, labels, ROWS, TEST, INPUTS, 0, &options, NULL,
                                               &dataset, NULL)
                 : espalier_dataset_from_floats(values, labels, ROWS, TEST, INPUTS, 0, &options,
                                                NULL, &dataset, NULL);
    assert_int_equal(status, ESPALIER_OK);
    return dataset;
}

static double value_at(bool as_bytes, size_t row, size_t column)
{
    size_t place = row * INPUTS + column;
    return as_bytes ? bytes[place] : (double)values[place];
}

static void check(bool as_bytes, espalier_scaling asked, bool range)
{
    const float *shift, *scale;
    espalier_dataset *dataset = make(as_bytes, asked);
    size_t first = ROWS / 10, rows = ROWS - first;
    assert_int_equal(espalier_dataset_scaling(dataset, &shift, &scale), INPUTS);
    for (size_t c = 0; c < INPUTS; c++) {
        double sum = 0, square = 0, low = INFINITY, high = -INFINITY;
        for (size_t i = first; i < ROWS; i++) {
            double x = value_at(as_bytes, i, c);
            sum += x;
            low = fmin(low, x);
            high = fmax(high, x);
        }
        for (size_t i = first; i < ROWS; i++)
            square += pow(value_at(as_bytes, i, c) - sum / (double)rows, 2);
        double place = range ? low : sum / (double)rows;
        double width = range ? high - low : sqrt(square / (double)rows);
        if (c == INPUTS - 1) { /* constant: everything becomes 0 */
            assert_true((double)shift[c] == low && scale[c] == 0.0f);
            continue;
        }
        assert_true(fabs((double)shift[c] - place) <= 1e-7 * fmax(1, fabs(place)));
        assert_true(fabs((double)scale[c] * width - 1) < 1e-6);
    }
    espalier_dataset_destroy(dataset);
}

static void test_standard(void **state)
{
    (void)state;
    check(false, ESPALIER_SCALING_STANDARD, false);
    check(true, ESPALIER_SCALING_STANDARD, false);
}

static void test_range(void **state)
{
    (void)state;
    check(false, ESPALIER_SCALING_RANGE, true);
    check(true, ESPALIER_SCALING_RANGE, true);
}

static void test_auto(void **state)
{
    (void)state;
    const float *shift, *scale;
    check(false, ESPALIER_SCALING_AUTO, false);
    espalier_dataset *dataset = make(true, ESPALIER_SCALING_AUTO);
    assert_int_equal(espalier_dataset_scaling(dataset, &shift, &scale), 1);
    assert_true(*shift == 0.0f && *scale == 1.0f / 255.0f);
    espalier_dataset_destroy(dataset);
}

static void test_none(void **state)
{
    (void)state;
    const float *shift, *scale;
    for (int as_bytes = 0; as_bytes < 2; as_bytes++) {
        espalier_dataset *dataset = make(as_bytes, ESPALIER_SCALING_NONE);
        assert_int_equal(espalier_dataset_scaling(dataset, &shift, &scale), 0);
        assert_true(!shift && !scale);
        espalier_dataset_destroy(dataset);
    }
}

/* Sums of large numbers with small differences; widths that no factor can undo. */
static void test_hard_columns(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    float *hard = malloc(MANY * 3 * sizeof *hard);
    uint32_t *none = calloc(MANY, sizeof *none);
    const float *shift, *scale;
    espalier_dataset *dataset = NULL;
    assert_true(hard && none);
    for (size_t i = 0; i < MANY; i++) {
        hard[3 * i] = 1e7f + (float)(i % 2); /* deviation 1/2 around 10,000,000.5 */
        hard[3 * i + 1] = i % 2 ? 1e-45f : 0.0f;
        hard[3 * i + 2] = i % 2 ? FLT_MAX : -FLT_MAX;
    }
    espalier_dataset_options options = {.scaling = ESPALIER_SCALING_STANDARD};
    assert_int_equal(espalier_dataset_from_floats(hard, none, MANY, 0, 3, 2, &options, NULL,
                                                  &dataset, NULL), ESPALIER_OK);
    assert_int_equal(espalier_dataset_scaling(dataset, &shift, &scale), 3);
    assert_true(shift[0] == 1e7f && scale[0] == 2.0f);
    assert_true(scale[1] == 0.0f); /* 1 / width is no float */
    assert_true(shift[2] == 0.0f && isfinite(scale[2]) && scale[2] > 0);
    espalier_dataset_destroy(dataset);
    free(none);
    free(hard);
}

/* One column whose distances from the shift are infinite as floats. */
static void refused(espalier_scaling scaling, const float *column, size_t rows, const char *message)
{
    static const uint32_t none[4];
    const espalier_dataset_options options = {.scaling = scaling};
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    float pairs[8];
    for (size_t i = 0; i < rows; i++) {
        pairs[2 * i] = (float)i;
        pairs[2 * i + 1] = column[i];
    }
    assert_int_equal(espalier_dataset_from_floats(pairs, none, rows, 0, 2, 2, &options, NULL,
                                                  &dataset, &error), ESPALIER_ERROR_NUMERIC);
    assert_null(dataset);
    assert_string_equal(error.message, message);
}

static void test_too_wide(void **state)
{
    (void)state;
    static const float both[] = {-3e38f, 3e38f, 0, 1}, one_side[] = {3e38f, 3e38f, 3e38f, -3e38f};
    refused(ESPALIER_SCALING_RANGE, both, 4,
            "rows in memory: column 1 (counted from 0): scaling 'range': expected distances from the "
            "least value that are 32-bit floats, of at most 3.40282e+38, found values from -3e+38 to 3e+38");
    refused(ESPALIER_SCALING_STANDARD, one_side, 4,
            "rows in memory: column 1 (counted from 0): scaling 'standard': expected distances from the "
            "mean that are 32-bit floats, of at most 3.40282e+38, found values from -3e+38 to 3e+38");
}

/* The widest that there is: from 0 to the largest float, at both ends of 0..1. */
static void test_widest(void **state)
{
    (void)state;
    static const float most[] = {0, FLT_MAX};
    static const uint32_t none[2];
    const espalier_dataset_options options = {.scaling = ESPALIER_SCALING_RANGE};
    const float *shift, *scale;
    espalier_dataset *dataset = NULL;
    assert_int_equal(espalier_dataset_from_floats(most, none, 2, 0, 1, 2, &options, NULL, &dataset,
                                                  NULL), ESPALIER_OK);
    espalier_dataset_scaling(dataset, &shift, &scale);
    assert_true((most[0] - *shift) * *scale == 0.0f);
    assert_true(fabsf((most[1] - *shift) * *scale - 1.0f) < 1e-6f);
    espalier_dataset_destroy(dataset);
}

static void test_names_and_options(void **state)
{
    (void)state;
    static const char *const names[] = {"auto", "none", "range", "standard"};
    for (int i = 0; i < ESPALIER_SCALING_COUNT; i++)
        assert_string_equal(espalier_scaling_name((espalier_scaling)i), names[i]);
    assert_null(espalier_scaling_name(ESPALIER_SCALING_COUNT));
    espalier_dataset_options options = espalier_dataset_options_defaults();
    espalier_error error = {0};
    options.scaling = ESPALIER_SCALING_COUNT;
    assert_int_equal(espalier_dataset_options_check(&options, &error), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message, "scaling: expected 0 to 3, found 4");
}

static void test_memory_refused(void **state)
{
    (void)state;
    espalier_status status = ESPALIER_ERROR_MEMORY;
    fill();
    for (size_t n = 1; status; n++) {
        meter m = {.refuse_from = n};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_dataset *dataset = NULL;
        espalier_error error = {0};
        status = espalier_dataset_from_floats(values, labels, ROWS, TEST, INPUTS, 0, NULL,
                                              &allocator, &dataset, &error);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        espalier_dataset_destroy(dataset);
        assert_int_equal(m.live, 0);
        assert_true(n < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard),          cmocka_unit_test(test_range),
        cmocka_unit_test(test_auto),              cmocka_unit_test(test_none),
        cmocka_unit_test(test_hard_columns),      cmocka_unit_test(test_too_wide),
        cmocka_unit_test(test_widest),            cmocka_unit_test(test_names_and_options),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
