/* Data sets of rows in memory: copies, checks, options. */
#include <math.h>

#include "base/test_allocator.h"
#include "data/dataset.h"
#include "test.h"

static const espalier_dataset_options no_validation = {.seed = 1,
                                                       .scaling = ESPALIER_SCALING_NONE};

static void test_floats(void **state)
{
    (void)state;
    float values[] = {1, 2, 3.5f, -4, 5, 6}, rows[6];
    const float *shift, *scale;
    uint32_t labels[] = {2, 0, 1};
    espalier_dataset *dataset;
    size_t height, width;
    assert_int_equal(espalier_dataset_from_floats(values, labels, 2, 1, 2, 0, &no_validation, NULL,
                                                  &dataset, NULL),
                     ESPALIER_OK);
    float first = values[0];
    values[0] = 77, labels[0] = 0; /* copied: nothing changes */
    assert_int_equal(espalier_dataset_input_count(dataset), 2);
    assert_int_equal(espalier_dataset_class_count(dataset), 3);
    assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_TRAINING), 2);
    assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_VALIDATION), 0);
    assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_TEST), 1);
    assert_int_equal(espalier_dataset_row_count(dataset, (espalier_split)99), 0);
    assert_int_equal(espalier_dataset_row_count(dataset, (espalier_split)-1), 0);
    assert_int_equal(espalier_dataset_label(dataset, ESPALIER_TRAINING, 0), 2);
    assert_int_equal(espalier_dataset_label(dataset, ESPALIER_TEST, 0), 1);
    espalier_dataset_rows(dataset, ESPALIER_TRAINING, 0, 2, rows);
    espalier_dataset_rows(dataset, ESPALIER_TEST, 0, 1, rows + 4);
    values[0] = first;
    assert_memory_equal(rows, values, sizeof values);
    assert_int_equal(espalier_dataset_scaling(dataset, &shift, &scale), 0);
    assert_true(!shift && !scale);
    assert_null(espalier_dataset_class_name(dataset, 0));
    assert_false(espalier_dataset_image_shape(dataset, &height, &width));
    espalier_dataset_destroy(dataset);
    espalier_dataset_destroy(NULL);
}

static void test_bytes(void **state)
{
    (void)state;
    espalier_dataset_options whole = {.seed = 1};
    const uint8_t values[] = {0, 1, 254, 255};
    const uint32_t labels[] = {0, 1};
    float rows[4];
    const float *shift, *scale;
    espalier_dataset *dataset;
    meter m = {0};
    espalier_allocator allocator = meter_allocator(&m);
    assert_int_equal(espalier_dataset_from_bytes(values, labels, 2, 0, 2, 26, &whole,
                                                 &allocator, &dataset, NULL),
                     ESPALIER_OK);
    assert_int_equal(espalier_dataset_class_count(dataset), 26);
    assert_non_null(dataset->bytes);
    assert_null(dataset->floats);
    espalier_dataset_rows(dataset, ESPALIER_TRAINING, 0, 2, rows);
    for (int i = 0; i < 4; i++)
        assert_true(rows[i] == values[i]);
    assert_int_equal(espalier_dataset_scaling(dataset, &shift, &scale), 1);
    assert_true(*shift == 0 && *scale == 1.0f / 255.0f);
    espalier_dataset_destroy(dataset);
    assert_int_equal(m.live, 0);
}

/* Expects ARGUMENT and words in the message. */
static void refuse(const float *values, const uint32_t *labels, size_t training, size_t test,
                   size_t inputs, size_t classes, const char *part)
{
    espalier_dataset *dataset = (espalier_dataset *)&dataset;
    espalier_error error = {0};
    meter m = {0};
    espalier_allocator allocator = meter_allocator(&m);
    assert_int_equal(espalier_dataset_from_floats(values, labels, training, test, inputs, classes,
                                                  NULL, &allocator, &dataset, &error),
                     ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(error.status, ESPALIER_ERROR_ARGUMENT);
    assert_ptr_equal(dataset, &dataset);
    if (!strstr(error.message, part))
        fail_msg("expected '%s' in: %s", part, error.message);
    assert_int_equal(m.live, 0);
}

static void test_refused_rows(void **state)
{
    (void)state;
    float values[] = {1, 2, 3, 4, 5, 6};
    uint32_t labels[] = {0, 1, 2};
    refuse(values, labels, 0, 3, 2, 0, "found 0 rows of 2 inputs");
    refuse(values, labels, 3, 0, 0, 0, "found 3 rows of 0 inputs");
    refuse(NULL, labels, 3, 0, 2, 0, "values: expected an array, found NULL");
    refuse(values, NULL, 3, 0, 2, 0, "labels: expected an array, found NULL");
    refuse(values, labels, SIZE_MAX, 2, 2, 0, "expected at most 4294967295 rows");
    refuse(values, labels, UINT32_MAX, 1, 2, 0, "expected at most 4294967295 rows");
    refuse(values, labels, 3, 0, 2, DATASET_CLASSES_MOST + 1, "class_count: expected at most");
    refuse(values, labels, 2, 1, 2, 2,
           "row 2 (counted from 0): expected a label of 0 to 1, found 2");
    labels[1] = UINT32_MAX;
    refuse(values, labels, 3, 0, 2, 0, "expected a label of 0 to 16777215, found 4294967295");
    labels[1] = 1;
    values[5] = NAN;
    refuse(values, labels, 2, 1, 2, 0,
           "row 2, column 1 (counted from 0): expected a finite number");
    values[5] = 6;
    values[2] = -INFINITY;
    refuse(values, labels, 2, 1, 2, 0,
           "row 1, column 0 (counted from 0): expected a finite number, "
           "found -inf");
}

static void refuse_options(espalier_dataset_options options, const char *field)
{
    espalier_error error = {0};
    assert_int_equal(espalier_dataset_options_check(&options, &error), ESPALIER_ERROR_ARGUMENT);
    assert_memory_equal(error.message, field, strlen(field));
}

static void test_options(void **state)
{
    (void)state;
    espalier_dataset_options options = espalier_dataset_options_defaults();
    assert_int_equal(espalier_dataset_options_check(&options, NULL), ESPALIER_OK);
    assert_int_equal(espalier_dataset_options_check(NULL, NULL), ESPALIER_OK);
    assert_true(options.validation_fraction == 0.1);
    assert_int_equal(options.validation, ESPALIER_VALIDATION_AUTO);
    assert_int_equal(options.scaling, ESPALIER_SCALING_AUTO);
    assert_int_equal(options.seed, 1);
    assert_int_equal(options.directory_count, 0);

    static const double fractions[] = {-0.1, 1, 1.5, NAN, INFINITY};
    for (int i = 0; i < 5; i++) {
        options.validation_fraction = fractions[i];
        refuse_options(options, "validation_fraction: ");
    }
    options = espalier_dataset_options_defaults();
    options.validation = (espalier_validation)4;
    refuse_options(options, "validation: ");
    options = espalier_dataset_options_defaults();
    options.directory_count = 1;
    refuse_options(options, "directories: ");
    const char *const directories[] = {"here", NULL};
    options.directories = directories;
    assert_int_equal(espalier_dataset_options_check(&options, NULL), ESPALIER_OK);
    options.directory_count = 2;
    refuse_options(options, "directories: ");
}

static void test_memory_refused(void **state)
{
    (void)state;
    const float values[] = {1, 2, 3, 4};
    const uint32_t labels[] = {0, 1, 0, 1};
    espalier_dataset_options options = {.validation_fraction = 0.5,
                                        .validation = ESPALIER_VALIDATION_STRATIFIED};
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t n = 1; status; n++) {
        meter m = {.refuse_from = n};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_error error = {0};
        espalier_dataset *dataset = NULL;
        status = espalier_dataset_from_floats(values, labels, 4, 0, 1, 0, &options, &allocator,
                                              &dataset, &error);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(error.status, status);
        espalier_dataset_destroy(dataset);
        assert_int_equal(m.live, 0);
        assert_true(n < 30);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats),         cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_refused_rows),   cmocka_unit_test(test_options),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
