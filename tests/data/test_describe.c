/* What a data set is like, against figures worked out by hand. */
#include "espalier/describe.h"

#include "base/test_allocator.h"
#include "test.h"

static espalier_dataset *made(const float *values, const uint32_t *labels, size_t training,
                              size_t test, size_t inputs, size_t classes, double validation)
{
    espalier_dataset *dataset = NULL;
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.validation_fraction = validation;
    assert_int_equal(espalier_dataset_from_floats(values, labels, training, test, inputs, classes,
                                                  &options, NULL, &dataset, NULL),
                     ESPALIER_OK);
    return dataset;
}

/* The first row is for validation: its 99 does not count. */
static void test_floats(void **state)
{
    (void)state;
    static const float values[] = {99, 99, 99, 1, 0, -2, 3, 0, -2, 2, 0, -2, 5, 5, 5};
    static const uint32_t labels[] = {3, 0, 2, 2, 1};
    espalier_dataset *dataset = made(values, labels, 4, 1, 3, 4, 0.25);
    espalier_description d;
    assert_int_equal(espalier_dataset_describe(dataset, false, NULL, &d, NULL), ESPALIER_OK);
    static const size_t rows[] = {1, 0, 2, 0, /* validation */ 0, 0, 0, 1, /* test */ 0, 1, 0, 0};
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(d.class_rows[i], rows[i]);
    assert_int_equal(d.rows[ESPALIER_TRAINING], 3);
    assert_int_equal(d.rows[ESPALIER_VALIDATION], 1);
    assert_int_equal(d.rows[ESPALIER_TEST], 1);
    assert_int_equal(d.missing_classes, 2);
    assert_int_equal(d.learnt_classes, 2);
    assert_true(d.low == -2 && d.high == 3);
    assert_true(d.mean == 0 && d.zeros == 1.0 / 3);
    assert_true(d.input_low[0] == 1 && d.input_high[0] == 3 && d.input_mean[0] == 2);
    assert_true(d.input_low[2] == -2 && d.input_high[2] == -2 && d.input_mean[2] == -2);
    assert_int_equal(d.constant_inputs, 2);
    assert_false(d.repeats_sought);
    assert_int_equal(d.training.count, 0);
    espalier_description_clear(&d);
    espalier_dataset_destroy(dataset);
}

static void test_bytes(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 255, 7, 0, 1, 7};
    static const uint32_t labels[] = {1, 1};
    espalier_dataset *dataset = NULL;
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.validation_fraction = 0;
    assert_int_equal(espalier_dataset_from_bytes(values, labels, 2, 0, 3, 0, &options, NULL,
                                                 &dataset, NULL), ESPALIER_OK);
    espalier_description d;
    assert_int_equal(espalier_dataset_describe(dataset, true, NULL, &d, NULL), ESPALIER_OK);
    assert_true(d.low == 0 && d.high == 255 && d.mean == 45 && d.zeros == 1.0 / 3);
    assert_int_equal(d.constant_inputs, 2);
    assert_int_equal(d.learnt_classes, 1);
    assert_int_equal(d.missing_classes, 1);
    assert_true(d.repeats_sought);
    espalier_description_clear(&d);
    espalier_dataset_destroy(dataset);
}

/* Every allocation fails in turn: MEMORY, nothing lost, nothing written. */
static void test_no_memory(void **state)
{
    (void)state;
    static const float values[] = {1, 2, 3, 4};
    static const uint32_t labels[] = {0, 1, 0, 1};
    espalier_dataset *dataset = made(values, labels, 4, 0, 1, 0, 0);
    espalier_description d = {.inputs = 77};
    for (size_t refused = 1; refused <= 6; refused++) {
        meter m = {.refuse_from = refused};
        espalier_allocator allocator = meter_allocator(&m);
        assert_int_equal(espalier_dataset_describe(dataset, true, &allocator, &d, NULL),
                         ESPALIER_ERROR_MEMORY);
        assert_int_equal(d.inputs, 77);
        assert_int_equal(m.live, 0);
    }
    espalier_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_floats), cmocka_unit_test(test_bytes),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
