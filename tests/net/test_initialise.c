/* Initial weights: their law, and that each depends on seed and place only. */
#include "net/network.h"

#include "net/networks.h"

static const size_t widths[] = {300, 200, 100};

/* Mean, variance and largest size of a layer's weights. */
static void measure(const network_layer *layer, double *mean, double *variance, double *largest)
{
    size_t count = layer->inputs * layer->outputs;
    double sum = 0.0, squares = 0.0;
    *largest = 0.0;
    for (size_t i = 0; i < count; i++) {
        double w = (double)layer->weights[i];
        sum += w;
        squares += w * w;
        *largest = fmax(*largest, fabs(w));
    }
    *mean = sum / (double)count;
    *variance = squares / (double)count - *mean * *mean;
}

static void test_law(void **state)
{
    (void)state;
    espalier_network *network = make_network(widths, 3);
    for (int k = 0; k < ESPALIER_INITIALISER_COUNT; k++) {
        network->layers[0].biases[7] = 3.0f;
        espalier_network_initialise(network, (espalier_initialiser)k, 5);
        bool he = k == ESPALIER_HE_UNIFORM || k == ESPALIER_HE_NORMAL;
        bool normal = k == ESPALIER_GLOROT_NORMAL || k == ESPALIER_HE_NORMAL;
        for (size_t l = 0; l < 2; l++) {
            const network_layer *layer = &network->layers[l];
            double fan = (double)(layer->inputs + (he ? 0 : layer->outputs)), sd = sqrt(2.0 / fan);
            double mean, variance, largest;
            measure(layer, &mean, &variance, &largest);
            assert_true(fabs(mean) < 4.0 * sd / sqrt((double)(layer->inputs * layer->outputs)));
            assert_true(fabs(variance / (sd * sd) - 1.0) < 0.05);
            assert_int_equal(largest > sqrt(6.0 / fan) * (1.0 + 1e-6), normal);
            assert_true(largest > 0.999 * sqrt(6.0 / fan));
            for (size_t o = 0; o < layer->outputs; o++)
                assert_true(layer->biases[o] == 0.0f);
        }
    }
    espalier_network_destroy(network);
}

static void test_place(void **state)
{
    (void)state;
    espalier_network *a = make_network(widths, 3), *b = make_network(widths, 3);
    size_t same = 0, count = widths[1] * widths[2];
    for (size_t i = 0; i < count; i++)
        b->layers[1].mask[i] = i % 3 != 0;
    espalier_network_initialise(a, ESPALIER_GLOROT_UNIFORM, 9);
    espalier_network_initialise(b, ESPALIER_GLOROT_UNIFORM, 9);
    assert_memory_equal(a->layers[0].weights, b->layers[0].weights,
                        widths[0] * widths[1] * sizeof(float));
    for (size_t i = 0; i < count; i++)
        assert_true(b->layers[1].weights[i] == (i % 3 ? a->layers[1].weights[i] : 0.0f));
    espalier_network_initialise(b, ESPALIER_INITIALISER_COUNT, 10); /* out of range: as it was */
    assert_memory_equal(a->layers[0].weights, b->layers[0].weights,
                        widths[0] * widths[1] * sizeof(float));
    espalier_network_initialise(b, ESPALIER_GLOROT_UNIFORM, 10);
    for (size_t i = 0; i < widths[0] * widths[1]; i++)
        same += a->layers[0].weights[i] == b->layers[0].weights[i];
    assert_true(same < 10);
    espalier_network_destroy(a);
    espalier_network_destroy(b);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(espalier_initialiser_name(ESPALIER_GLOROT_UNIFORM), "glorot-uniform");
    assert_string_equal(espalier_initialiser_name(ESPALIER_HE_NORMAL), "he-normal");
    assert_null(espalier_initialiser_name(ESPALIER_INITIALISER_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_law),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
