/* Rows that are there twice, against comparing every row with every other. */
#include "data/repeats.h"

#include "test.h"

static espalier_dataset *floats(const float *values, const uint32_t *labels, size_t training,
                                size_t test, size_t inputs)
{
    espalier_dataset *dataset = NULL;
    assert_int_equal(espalier_dataset_from_floats(values, labels, training, test, inputs, 0, NULL,
                                                  NULL, &dataset, NULL), ESPALIER_OK);
    return dataset;
}

static void expect(const espalier_same_rows *found, size_t row, size_t earlier, bool differ)
{
    assert_int_equal(found->row, row);
    assert_int_equal(found->earlier, earlier);
    assert_int_equal(found->labels_differ, differ);
}

static void test_by_hand(void **state)
{
    (void)state;
    static const float values[] = {1, 2, 0, 4, 1, 2, 1, 2, -0.0f, 4, /* test */ 0, 4, 9, 9, 9, 9};
    static const uint32_t labels[] = {0, 1, 0, 1, 1, 1, 0, 0};
    espalier_dataset *dataset = floats(values, labels, 5, 3, 2);
    espalier_repeats training, test;
    assert_int_equal(repeats_find(dataset, NULL, &training, &test, NULL), ESPALIER_OK);
    assert_int_equal(training.count, 3);
    assert_int_equal(training.listed, 3);
    assert_int_equal(training.labels_differ, 1);
    expect(&training.first[0], 2, 0, false);
    expect(&training.first[1], 3, 0, true);
    expect(&training.first[2], 4, 1, false); /* zero is minus zero */
    assert_int_equal(test.count, 1); /* test rows that are like each other do not count */
    expect(&test.first[0], 0, 1, false);
    espalier_dataset_destroy(dataset);
}

static uint32_t drawn(uint32_t *state, uint32_t most)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 16) % most;
}

/* Rows of 0 to 12 bytes out of few values, so that many are alike. */
static void test_against_all_pairs(void **state)
{
    (void)state;
    enum { TRAINING = 200, TEST = 60, ROWS = TRAINING + TEST };
    uint32_t seed = 5;
    for (size_t inputs = 1; inputs <= 12; inputs++) {
        uint8_t values[ROWS * 12];
        uint32_t labels[ROWS];
        size_t training_count = 0, test_count = 0, differ = 0;
        for (size_t i = 0; i < ROWS * inputs; i++)
            values[i] = (uint8_t)drawn(&seed, inputs < 4 ? 9 : 2);
        for (size_t i = 0; i < ROWS; i++) {
            labels[i] = drawn(&seed, 2);
            for (size_t j = 0; j < i && j < TRAINING; j++)
                if (memcmp(values + i * inputs, values + j * inputs, inputs) == 0) {
                    training_count += i < TRAINING;
                    test_count += i >= TRAINING;
                    differ += i < TRAINING && labels[i] != labels[j];
                    break;
                }
        }
        espalier_dataset *dataset = NULL;
        espalier_repeats training, test;
        assert_int_equal(espalier_dataset_from_bytes(values, labels, TRAINING, TEST, inputs, 2,
                                                     NULL, NULL, &dataset, NULL), ESPALIER_OK);
        assert_int_equal(repeats_find(dataset, NULL, &training, &test, NULL), ESPALIER_OK);
        assert_int_equal(training.count, training_count);
        assert_int_equal(training.labels_differ, differ);
        assert_int_equal(test.count, test_count);
        assert_true(training.listed <= ESPALIER_SAME_ROWS_MOST);
        espalier_dataset_destroy(dataset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand),
                                       cmocka_unit_test(test_against_all_pairs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
