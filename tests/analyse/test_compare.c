/* Differences of networks. */
#include "tests/infer/made.h"

#include "espalier/analyse.h"

enum { CLASSES = 4, INPUTS = 9, TRAINING = 800, TEST = 300 };

static const size_t widths[] = {INPUTS, 8, 6, CLASSES};

/* Inputs scaled up, so that they and not the biases decide. */
static espalier_network *network_of(uint32_t seed, double pruned)
{
    static const float shift = 0.0f, scale = 6.0f;
    espalier_network *network = made_network(widths, 4, seed, pruned);
    assert_int_equal(espalier_network_set_scaling(network, 1, &shift, &scale), ESPALIER_OK);
    return network;
}

static espalier_difference compare(const espalier_network *a, const espalier_network *b,
                                   const espalier_dataset *dataset, size_t threads)
{
    espalier_difference difference = {0};
    espalier_error error = {0};
    assert_int_equal(espalier_compare(a, b, dataset, threads, &difference, &error), ESPALIER_OK);
    assert_int_equal(difference.rows, TRAINING + TEST);
    return difference;
}

static void same_function(void **state)
{
    (void)state;
    espalier_dataset *dataset = made_dataset(6, TRAINING, TEST, INPUTS, CLASSES);
    espalier_network *network = network_of(3, 0.7), *small = NULL;
    espalier_difference d = compare(network, network, dataset, 2);
    assert_float_equal(d.largest, 0.0, 0.0);
    assert_int_equal(d.class_changes, 0);
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    d = compare(network, small, dataset, 2);
    assert_true(d.largest < 1e-6);
    espalier_network_destroy(small);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

/* Nothing is compacted on the way, which would compare compaction with itself: a
 * neuron that its mask calls dead, but that has a weight left, makes a difference. */
static void runs_them_as_they_are(void **state)
{
    (void)state;
    espalier_dataset *dataset = made_dataset(6, TRAINING, TEST, INPUTS, CLASSES);
    espalier_network *clean = network_of(3, 0.0), *stale = NULL;
    memset(clean->layers[0].mask, 0, INPUTS); /* all that neuron 0 reads */
    espalier_network_apply_masks(clean);
    assert_int_equal(espalier_network_copy(clean, NULL, &stale, NULL), ESPALIER_OK);
    assert_float_equal(compare(clean, stale, dataset, 1).largest, 0.0, 0.0);
    stale->layers[0].weights[0] = 3.0f;
    assert_true(compare(clean, stale, dataset, 1).largest > 1e-3);
    assert_true(compare(stale, clean, dataset, 1).largest > 1e-3);
    espalier_network_destroy(clean);
    espalier_network_destroy(stale);
    espalier_dataset_destroy(dataset);
}

static void naive_probabilities(const espalier_network *network, const float *row, double *p)
{
    double sum = 0.0;
    made_logits(network, row, p);
    for (size_t j = 0; j < CLASSES; j++)
        sum += p[j] = exp(p[j]);
    for (size_t j = 0; j < CLASSES; j++)
        p[j] /= sum;
}

static size_t best_of(const double *p)
{
    size_t best = 0;
    for (size_t j = 1; j < CLASSES; j++)
        best = p[j] > p[best] ? j : best;
    return best;
}

/* Every split is looked at, for any number of threads. */
static void equals_naive(void **state)
{
    (void)state;
    espalier_dataset *dataset = made_dataset(6, TRAINING, TEST, INPUTS, CLASSES);
    espalier_network *a = network_of(3, 0.2), *b = network_of(4, 0.2);
    double largest = 0.0;
    uint64_t changes = 0;
    for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++)
        for (size_t r = 0; r < espalier_dataset_row_count(dataset, (espalier_split)split); r++) {
            float row[INPUTS];
            double of_a[CLASSES], of_b[CLASSES];
            espalier_dataset_rows(dataset, (espalier_split)split, r, 1, row);
            naive_probabilities(a, row, of_a);
            naive_probabilities(b, row, of_b);
            for (size_t j = 0; j < CLASSES; j++)
                largest = fmax(largest, fabs(of_a[j] - of_b[j]));
            changes += best_of(of_a) != best_of(of_b);
        }
    assert_true(changes > 0 && changes < TRAINING + TEST);
    const espalier_difference one = compare(a, b, dataset, 1);
    assert_float_equal(one.largest, largest, 1e-5);
    assert_int_equal(one.class_changes, changes);
    for (size_t threads = 2; threads <= 3; threads++) {
        const espalier_difference d = compare(a, b, dataset, threads);
        assert_memory_equal(&d.largest, &one.largest, sizeof d.largest);
        assert_int_equal(d.class_changes, one.class_changes);
    }
    espalier_network_destroy(a);
    espalier_network_destroy(b);
    espalier_dataset_destroy(dataset);
}

static void nan_is_far(void **state)
{
    (void)state;
    espalier_dataset *dataset = made_dataset(6, TRAINING, TEST, INPUTS, CLASSES);
    espalier_network *a = made_network(widths, 4, 3, 0.2), *b = made_network(widths, 4, 3, 0.2);
    b->layers[2].biases[1] = NAN;
    assert_true(isinf(compare(a, b, dataset, 1).largest));
    assert_true(isinf(compare(b, a, dataset, 1).largest));
    espalier_network_destroy(a);
    espalier_network_destroy(b);
    espalier_dataset_destroy(dataset);
}

static void wrong_input(void **state)
{
    static const size_t wide[] = {INPUTS + 1, CLASSES}, more[] = {INPUTS, CLASSES + 1};
    (void)state;
    espalier_dataset *dataset = made_dataset(6, 20, 0, INPUTS, CLASSES);
    espalier_network *network = made_network(widths, 4, 3, 0.0);
    espalier_network *other = made_network(wide, 2, 3, 0.0);
    espalier_network *third = made_network(more, 2, 3, 0.0);
    espalier_difference difference = {.largest = 5.0};
    espalier_error error = {0};
    assert_int_equal(espalier_compare(network, other, dataset, 1, &difference, &error),
                     ESPALIER_ERROR_MISMATCH);
    assert_string_equal(error.message,
                        "the network takes rows of 10 values, the data set has rows of 9");
    error = (espalier_error){0};
    assert_int_equal(espalier_compare(network, third, dataset, 1, &difference, &error),
                     ESPALIER_ERROR_MISMATCH);
    assert_string_equal(error.message, "the first network knows 4 classes, the second 5");
    assert_float_equal(difference.largest, 5.0, 0.0);
    espalier_network_destroy(network);
    espalier_network_destroy(other);
    espalier_network_destroy(third);
    espalier_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_function), cmocka_unit_test(runs_them_as_they_are),
        cmocka_unit_test(equals_naive),  cmocka_unit_test(nan_is_far),
        cmocka_unit_test(wrong_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
