/* Splits: every stored row in exactly one, the asked share, ascending, by seed. */
#include <math.h>

#include "base/random.h"
#include "data/dataset.h"
#include "test.h"

/* Row i holds the value i; labels are given. */
static espalier_dataset *make(const uint32_t *labels, size_t training, size_t test, double fraction,
                              espalier_validation validation, uint64_t seed)
{
    espalier_dataset_options options = {
        .validation_fraction = fraction, .validation = validation, .seed = seed};
    float *values = malloc((training + test) * sizeof *values);
    espalier_dataset *dataset = NULL;
    for (size_t i = 0; i < training + test; i++)
        values[i] = (float)i;
    assert_int_equal(espalier_dataset_from_floats(values, labels, training, test, 1, 0, &options,
                                                  NULL, &dataset, NULL),
                     ESPALIER_OK);
    free(values);
    return dataset;
}

/* Every row once, ascending within a split, test rows where they belong. */
static void expect_partition(const espalier_dataset *dataset, size_t training, size_t test)
{
    uint8_t *seen = calloc(training + test, 1);
    for (int s = 0; s < ESPALIER_SPLIT_COUNT; s++)
        for (size_t i = 0; i < dataset->row_count[s]; i++) {
            uint32_t row = dataset->rows[s][i];
            float value;
            assert_true(row < training + test && !seen[row]);
            seen[row] = 1;
            assert_true(i == 0 || row > dataset->rows[s][i - 1]);
            assert_int_equal(s == ESPALIER_TEST, row >= training);
            espalier_dataset_rows(dataset, (espalier_split)s, i, 1, &value);
            assert_true(value == (float)row);
            assert_int_equal(espalier_dataset_label(dataset, (espalier_split)s, i),
                             dataset->labels[row]);
        }
    for (size_t i = 0; i < training + test; i++)
        assert_true(seen[i]);
    free(seen);
}

static uint32_t *random_labels(size_t count, uint32_t classes, uint32_t sub)
{
    uint32_t *labels = malloc(count * sizeof *labels);
    for (size_t i = 0; i < count; i++) {
        /* the smaller of two: classes of different size */
        uint64_t a = random_below(1, random_stream(RANDOM_TEST, sub), 2 * i, classes);
        uint64_t b = random_below(1, random_stream(RANDOM_TEST, sub), 2 * i + 1, classes);
        labels[i] = (uint32_t)(a < b ? a : b);
    }
    return labels;
}

static void test_first(void **state)
{
    (void)state;
    uint32_t labels[115] = {0};
    espalier_dataset *dataset = make(labels, 105, 10, 0.1, ESPALIER_VALIDATION_FIRST, 1);
    expect_partition(dataset, 105, 10);
    assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_VALIDATION), 10);
    assert_int_equal(dataset->rows[ESPALIER_VALIDATION][9], 9);
    assert_int_equal(dataset->rows[ESPALIER_TRAINING][0], 10);
    espalier_dataset_destroy(dataset);
}

/* Percentages of a hundred rows come out as written, whatever binary makes of them. */
static void test_share_is_exact(void **state)
{
    (void)state;
    uint32_t labels[100] = {0};
    for (size_t percent = 0; percent < 100; percent++) {
        espalier_dataset *dataset =
            make(labels, 100, 0, (double)percent / 100, ESPALIER_VALIDATION_FIRST, 1);
        assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_VALIDATION), percent);
        espalier_dataset_destroy(dataset);
    }
    espalier_dataset *nearly = make(labels, 100, 0, nextafter(1, 0), ESPALIER_VALIDATION_FIRST, 1);
    assert_int_equal(espalier_dataset_row_count(nearly, ESPALIER_TRAINING), 1);
    espalier_dataset_destroy(nearly);
    espalier_dataset *one = make(labels, 1, 0, 0.9, ESPALIER_VALIDATION_STRATIFIED, 1);
    assert_int_equal(espalier_dataset_row_count(one, ESPALIER_TRAINING), 1);
    espalier_dataset_destroy(one);
}

static void test_random(void **state)
{
    (void)state;
    enum { TRAINING = 500, TEST = 20 };
    uint32_t labels[TRAINING + TEST] = {0};
    size_t chosen[TRAINING] = {0};
    for (uint64_t seed = 0; seed < 200; seed++) {
        espalier_dataset *dataset =
            make(labels, TRAINING, TEST, 0.3, ESPALIER_VALIDATION_RANDOM, seed);
        expect_partition(dataset, TRAINING, TEST);
        assert_int_equal(dataset->row_count[ESPALIER_VALIDATION], 150);
        for (size_t i = 0; i < 150; i++)
            chosen[dataset->rows[ESPALIER_VALIDATION][i]]++;
        espalier_dataset_destroy(dataset);
    }
    /* 200 draws at 0.3: 60 on average, standard deviation 6.5. */
    for (size_t i = 0; i < TRAINING; i++)
        assert_in_range(chosen[i], 60 - 35, 60 + 35);
}

static void test_stratified(void **state)
{
    (void)state;
    enum { CLASSES = 7 };
    for (uint32_t trial = 0; trial < 50; trial++) {
        size_t training = 50 + 10 * trial, test = trial, before[CLASSES] = {0},
               taken[CLASSES] = {0};
        double fraction = random_uniform(2, random_stream(RANDOM_TEST, 0), trial);
        uint32_t *labels = random_labels(training + test, CLASSES, trial);
        espalier_dataset *dataset =
            make(labels, training, test, fraction, ESPALIER_VALIDATION_STRATIFIED, trial);
        expect_partition(dataset, training, test);
        for (size_t i = 0; i < training; i++)
            before[labels[i]]++;
        for (size_t i = 0; i < dataset->row_count[ESPALIER_VALIDATION]; i++)
            taken[espalier_dataset_label(dataset, ESPALIER_VALIDATION, i)]++;
        for (int c = 0; c < CLASSES; c++)
            assert_int_equal(taken[c], (size_t)(fraction * (double)before[c]));
        espalier_dataset_destroy(dataset);
        free(labels);
    }
}

static void test_seed_decides(void **state)
{
    (void)state;
    enum { ROWS = 300 };
    uint32_t *labels = random_labels(ROWS, 3, 1);
    for (int v = ESPALIER_VALIDATION_RANDOM; v <= ESPALIER_VALIDATION_STRATIFIED; v++) {
        espalier_dataset *sets[3];
        for (int i = 0; i < 3; i++)
            sets[i] = make(labels, ROWS, 0, 0.5, (espalier_validation)v, i == 2 ? 6 : 5);
        size_t bytes = sets[0]->row_count[ESPALIER_VALIDATION] * sizeof(uint32_t);
        assert_memory_equal(sets[0]->rows[ESPALIER_VALIDATION], sets[1]->rows[ESPALIER_VALIDATION],
                            bytes);
        assert_memory_not_equal(sets[0]->rows[ESPALIER_VALIDATION],
                                sets[2]->rows[ESPALIER_VALIDATION], bytes);
        for (int i = 0; i < 3; i++)
            espalier_dataset_destroy(sets[i]);
    }
    free(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first),        cmocka_unit_test(test_share_is_exact),
        cmocka_unit_test(test_random),       cmocka_unit_test(test_stratified),
        cmocka_unit_test(test_seed_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
