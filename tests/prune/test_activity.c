/* Counting passes against a naive recount. */
#include "tests/prune/fixture.h"

#include <math.h>

#include "prune/activity.h"
#include "tests/train/small.h"

enum { INPUTS = 6, FIRST = 9, SECOND = 5, CLASSES = 3 };

static const size_t widths[] = {INPUTS, FIRST, SECOND, CLASSES};

/* The scaling makes sure that rows are read as the network asks. */
static espalier_network *scaled_network(void)
{
    espalier_network *network = fixture_network(widths, 4, 2, 20);
    const float shift = 0.25f, scale = 0.5f;
    assert_int_equal(espalier_network_set_scaling(network, 1, &shift, &scale), ESPALIER_OK);
    return network;
}

static void naive_row(const espalier_network *network, const float *row, float *first,
                      float *second)
{
    float x[INPUTS];
    for (size_t i = 0; i < INPUTS; i++)
        x[i] = (row[i] - 0.25f) * 0.5f;
    for (size_t j = 0; j < FIRST; j++) {
        double sum = (double)network->layers[0].biases[j];
        for (size_t i = 0; i < INPUTS; i++)
            sum += (double)network->layers[0].weights[j * INPUTS + i] * (double)x[i];
        first[j] = (float)function_at(network->layers[0].activation, network->layers[0].slope, sum);
    }
    for (size_t j = 0; j < SECOND; j++) {
        double sum = (double)network->layers[1].biases[j];
        for (size_t i = 0; i < FIRST; i++)
            sum += (double)network->layers[1].weights[j * FIRST + i] * (double)first[i];
        second[j] =
            (float)function_at(network->layers[1].activation, network->layers[1].slope, sum);
    }
}

/* Sums over rows of what a mode adds: [FIRST + SECOND]; to a linear layer nothing. */
static void naive(const espalier_network *network, const espalier_dataset *dataset,
                  espalier_count_mode mode, const uint32_t *rows, size_t count, double *sums)
{
    memset(sums, 0, (FIRST + SECOND) * sizeof *sums);
    for (size_t r = 0; r < count; r++) {
        float row[INPUTS], a[FIRST + SECOND];
        espalier_dataset_rows(dataset, ESPALIER_TRAINING, rows ? rows[r] : r, 1, row);
        naive_row(network, row, a, a + FIRST);
        for (size_t n = 0; n < FIRST + SECOND; n++)
            sums[n] += !network_has_activation(network, n >= FIRST) ? 0.0
                       : mode == ESPALIER_COUNT_SAMPLE_SUM     ? fmax((double)a[n], 0.0) * 0x1p20
                       : mode == ESPALIER_COUNT_SAMPLE_ZEROS ? (double)(a[n] == 0.0f)
                                                             : (double)(a[n] > 0.0f);
    }
}

static void counts_are(const espalier_network *network, const double *sums, double slack)
{
    for (size_t n = 0; n < FIRST + SECOND; n++) {
        uint64_t found = n < FIRST ? network->layers[0].activations[n]
                                   : network->layers[1].activations[n - FIRST];
        if (!(fabs((double)found - sums[n]) <= slack))
            fail_msg("neuron %zu: found %llu, expected %g", n, (unsigned long long)found, sums[n]);
    }
}

static void a_pass_counts_every_row(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(700, 20, INPUTS, CLASSES); /* 630 train: 3 chunks */
    espalier_network *network = scaled_network();
    double sums[FIRST + SECOND];
    naive(network, dataset, ESPALIER_COUNT_TRAINING, NULL, 630, sums);
    assert_int_equal(espalier_network_count_activations(network, dataset, NULL, NULL), ESPALIER_OK);
    counts_are(network, sums, 0.0);
    assert_int_equal(network->inputs_counted, 630);
    espalier_error error = {0};
    espalier_dataset *wider = small_dataset(20, 0, INPUTS + 1, CLASSES);
    assert_int_equal(espalier_network_count_activations(network, wider, NULL, &error),
                     ESPALIER_ERROR_MISMATCH);
    assert_non_null(strstr(error.message, "6 inputs"));
    assert_non_null(strstr(error.message, "rows of 7"));
    counts_are(network, sums, 0.0);
    espalier_dataset_destroy(wider);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
}

/* The rows of an epoch's sample, by the definition in activity.c. */
static void sample_rows(uint64_t seed, size_t epoch, size_t rows, size_t count, uint32_t *drawn)
{
    uint64_t stream = random_stream(RANDOM_SAMPLE, (uint32_t)epoch);
    bool taken[1024] = {false};
    uint32_t order[1024];
    for (size_t i = 0; i < rows; i++)
        order[i] = (uint32_t)i;
    for (size_t i = 0; i < count; i++) {
        if (count > rows) {
            drawn[i] = (uint32_t)random_below(seed, stream, i, rows);
            continue;
        }
        size_t j = i + (size_t)random_below(seed, stream, i, rows - i);
        drawn[i] = order[j];
        order[j] = order[i];
        assert_false(taken[drawn[i]]);
        taken[drawn[i]] = true;
    }
}

static void every_activation_is_counted(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(300, 20, INPUTS, CLASSES);
    for (size_t functions = 1; functions < FUNCTION_KINDS * FUNCTION_KINDS; functions++) {
        for (int mode = ESPALIER_COUNT_SAMPLE; mode <= ESPALIER_COUNT_SAMPLE_ZEROS; mode++) {
            espalier_network *network = scaled_network();
            set_functions(network, functions, FUNCTION_KINDS);
            espalier_prune_options o = espalier_prune_options_defaults();
            uint32_t rows[32];
            double sums[FIRST + SECOND];
            o.count = (espalier_count_mode)mode;
            o.sample_rows = 32;
            sample_rows(o.seed, 1, 270, 32, rows);
            naive(network, dataset, o.count, rows, 32, sums);
            espalier_network_clear_activations(network);
            assert_int_equal(activity_sample(&o, NULL, network, dataset, 1, NULL), ESPALIER_OK);
            counts_are(network, sums, o.count == ESPALIER_COUNT_SAMPLE_SUM ? 96.0 : 0.0);
            naive(network, dataset, ESPALIER_COUNT_TRAINING, NULL, 270, sums);
            assert_int_equal(espalier_network_count_activations(network, dataset, NULL, NULL),
                             ESPALIER_OK);
            counts_are(network, sums, 0.0);
            espalier_network_destroy(network);
        }
    }
    espalier_dataset_destroy(dataset);
}

static void samples_count_what_they_say(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(400, 20, INPUTS, CLASSES);
    static const size_t sizes[] = {1, 32, 300, 360, 500}; /* of 360 rows */
    for (int mode = ESPALIER_COUNT_SAMPLE; mode <= ESPALIER_COUNT_SAMPLE_ZEROS; mode++) {
        for (size_t s = 0; s < 5; s++) {
            espalier_network *network = scaled_network();
            espalier_prune_options o = espalier_prune_options_defaults();
            uint32_t rows[500];
            double sums[FIRST + SECOND];
            o.count = (espalier_count_mode)mode;
            o.sample_rows = sizes[s];
            o.seed = 5;
            sample_rows(5, 9, 360, sizes[s], rows);
            naive(network, dataset, o.count, rows, sizes[s], sums);
            espalier_network_clear_activations(network);
            assert_int_equal(activity_sample(&o, NULL, network, dataset, 9, NULL), ESPALIER_OK);
            /* sums: half a unit of rounding for each row, and float against double */
            bool adds = o.count == ESPALIER_COUNT_SAMPLE_SUM;
            counts_are(network, sums, adds ? 3.0 * (double)sizes[s] : 0.0);
            assert_int_equal(network->inputs_counted, sizes[s]);
            espalier_network_destroy(network);
        }
    }
    espalier_dataset_destroy(dataset);
}

static void windows_of_samples(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(100, 0, INPUTS, CLASSES);
    espalier_network *network = scaled_network();
    espalier_prune_options o = espalier_prune_options_defaults();
    static const uint64_t counted[3][4] = {{32, 64, 64, 96}, {32, 64, 0, 32}, {32, 32, 32, 32}};
    o.count = ESPALIER_COUNT_SAMPLE;
    for (int window = 0; window < ESPALIER_WINDOW_COUNT; window++) {
        o.window = (espalier_count_window)window;
        espalier_network_clear_activations(network);
        for (size_t event = 0; event < 4; event++) { /* two epochs, a step, an epoch */
            if (event == 2)
                activity_pruned(&o, network);
            else
                activity_sample(&o, NULL, network, dataset, event + 1, NULL);
            assert_int_equal(network->inputs_counted, counted[window][event]);
        }
    }
    o.count = ESPALIER_COUNT_NONE;
    o.window = ESPALIER_WINDOW_SINCE_PRUNE;
    activity_sample(&o, NULL, network, dataset, 1, NULL);
    activity_pruned(&o, network);
    assert_int_equal(network->inputs_counted, 32);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
}

static void sums_end_at_the_largest(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(50, 0, INPUTS, CLASSES);
    espalier_network *network = scaled_network();
    espalier_prune_options o = espalier_prune_options_defaults();
    o.count = ESPALIER_COUNT_SAMPLE_SUM;
    espalier_network_clear_activations(network);
    network->layers[0].biases[0] = 1e30f;
    network->layers[0].biases[1] = INFINITY;
    network->layers[0].biases[2] = NAN;
    network->layers[0].biases[3] = 1.0f;
    network->layers[0].activations[3] = INT64_MAX - 5;
    memset(network->layers[0].weights, 0, FIRST * INPUTS * sizeof(float));
    assert_int_equal(activity_sample(&o, NULL, network, dataset, 1, NULL), ESPALIER_OK);
    assert_int_equal(network->layers[0].activations[0], INT64_MAX);
    assert_int_equal(network->layers[0].activations[1], INT64_MAX);
    assert_int_equal(network->layers[0].activations[2], 0);
    assert_int_equal(network->layers[0].activations[3], INT64_MAX);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pass_counts_every_row),
        cmocka_unit_test(samples_count_what_they_say),
        cmocka_unit_test(every_activation_is_counted),
        cmocka_unit_test(windows_of_samples),
        cmocka_unit_test(sums_end_at_the_largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
