/* That timing measures something and refuses what cannot be timed. */
#include "tests/infer/made.h"

#include "espalier/analyse.h"

enum { CLASSES = 4, INPUTS = 9 };

static void time_passes(void **state)
{
    static const size_t widths[] = {INPUTS, 8, CLASSES};
    (void)state;
    espalier_dataset *dataset = made_dataset(6, 20, 300, INPUTS, CLASSES);
    espalier_network *network = made_network(widths, 3, 3, 0.0);
    for (size_t runs = 1; runs <= 4; runs++) {
        double nanoseconds = 0.0;
        espalier_error error = {0};
        assert_int_equal(espalier_time_prediction(network, dataset, ESPALIER_TEST, runs,
                                                  &nanoseconds, &error),
                         ESPALIER_OK);
        assert_true(nanoseconds > 0.0);
    }
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

static void refuse(const espalier_network *network, const espalier_dataset *dataset,
                   espalier_split split, size_t runs, espalier_status status, const char *message)
{
    double nanoseconds = -1.0;
    espalier_error error = {0};
    assert_int_equal(espalier_time_prediction(network, dataset, split, runs, &nanoseconds, &error),
                     status);
    assert_string_equal(error.message, message);
    assert_float_equal(nanoseconds, -1.0, 0.0);
}

static void wrong_input(void **state)
{
    static const size_t widths[] = {INPUTS, CLASSES}, wide[] = {INPUTS + 1, CLASSES};
    (void)state;
    espalier_dataset *dataset = made_dataset(6, 20, 0, INPUTS, CLASSES);
    espalier_network *network = made_network(widths, 2, 3, 0.0);
    espalier_network *other = made_network(wide, 2, 3, 0.0);
    refuse(other, dataset, ESPALIER_TRAINING, 1, ESPALIER_ERROR_MISMATCH,
           "the network takes rows of 10 values, the data set has rows of 9");
    refuse(network, dataset, ESPALIER_TRAINING, 0, ESPALIER_ERROR_ARGUMENT,
           "timing needs at least one run and one row, found 0 and 18");
    refuse(network, dataset, ESPALIER_TEST, 1, ESPALIER_ERROR_ARGUMENT,
           "timing needs at least one run and one row, found 1 and 0");
    espalier_network_destroy(network);
    espalier_network_destroy(other);
    espalier_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_passes),
        cmocka_unit_test(wrong_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
