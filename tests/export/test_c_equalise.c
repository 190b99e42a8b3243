/* Neurons made equal: the same function to the bit, there and back, and better integers. */
#include "export/c_equalise.h"

#include "export/c_calibrate.h"
#include "export/c_drawn.h"
#include "export/c_rows.h"
#include "export/c_run.h"

enum { HIDDEN_MOST = 512, ROWS = 200 };

static c_program *make(const espalier_network *network, espalier_export_type type)
{
    espalier_export_options options = espalier_export_options_defaults();
    c_program *program = NULL;
    options.type = type;
    assert_int_equal(c_program_create(network, &options, "p", &program, NULL), ESPALIER_OK);
    return program;
}

static void assert_same_weights(const c_program *a, const c_program *b)
{
    for (size_t l = 0; l < a->layer_count; l++) {
        const c_layer *x = &a->layers[l], *y = &b->layers[l];
        assert_memory_equal(x->weights, y->weights, x->starts[x->outputs] * sizeof *x->weights);
        assert_memory_equal(x->biases, y->biases, x->outputs * sizeof *x->biases);
        assert_memory_equal(x->exact_biases, y->exact_biases, x->outputs * sizeof *x->exact_biases);
    }
}

static void test_function_stays(void **state)
{
    (void)state;
    static float sizes[HIDDEN_MOST], readers[HIDDEN_MOST], row[1024], scores[2][64];
    static int shifts[HIDDEN_MOST];
    draws d = {71, 0};
    size_t equalised = 0;
    for (size_t round = 0; round < 40; round++) {
        espalier_network *network = draw_whole(&d, round, false);
        c_program *p = make(network, ESPALIER_EXPORT_FLOAT), *plain = make(network, ESPALIER_EXPORT_FLOAT);
        void *workspace = calloc(1, c_run_workspace(p));
        for (size_t i = 0; i < HIDDEN_MOST; i++)
            sizes[i] = draw_below(&d, 8) ? ldexpf(fabsf(draw_float(&d)), (int)draw_below(&d, 40) - 20) : 0;
        bool any = c_equalise_find(p, sizes, readers, shifts);
        equalised += any;
        for (size_t l = 0, neuron = 0; l + 1 < p->layer_count; l++)
            for (size_t o = 0; o < p->layers[l].outputs; o++, neuron++) {
                const espalier_activation f = p->layers[l].activation;
                const float size = sizes[neuron], reader = readers[neuron];
                if (f == ESPALIER_SIGMOID || f == ESPALIER_TANH || size == 0 || reader == 0) {
                    assert_int_equal(shifts[neuron], 0);
                    continue;
                }
                const double ratio = (double)ldexpf(reader, -2 * shifts[neuron]) / (double)size;
                assert_true(abs(shifts[neuron]) == 30 || (ratio > 0.499 && ratio < 2.001));
            }
        for (size_t i = 0; i < p->row_width; i++)
            row[i] = draw_float(&d);
        c_run_float(p, row, scores[0], workspace);
        c_equalise(p, shifts, 1);
        c_run_float(p, row, scores[1], workspace);
        assert_memory_equal(scores[0], scores[1], p->classes * sizeof **scores);
        c_equalise(p, shifts, -1);
        assert_same_weights(p, plain);
        free(workspace);
        c_program_destroy(plain);
        c_program_destroy(p);
        espalier_network_destroy(network);
    }
    assert_true(equalised > 20);
}

/* Weights that would overflow, and neurons that nothing reads, stay as they are. */
static void test_limits(void **state)
{
    (void)state;
    float readers[2];
    int shifts[2];
    espalier_network *network = make_network((size_t[]){2, 2, 2}, 3);
    const float first[] = {0x1p97f, 1, 1, 1}, last[] = {0x1p40f, 0x1p98f, 1, 1};
    memcpy(network->layers[0].weights, first, sizeof first);
    memcpy(network->layers[1].weights, last, sizeof last);
    c_program *p = make(network, ESPALIER_EXPORT_FLOAT);
    assert_false(c_equalise_find(p, (float[]){1e-30f, 1e-30f}, readers, shifts));
    assert_false(c_equalise_find(p, (float[]){0, 0}, readers, shifts));
    c_program_destroy(p);
    network->layers[0].weights[0] = 1;
    p = make(network, ESPALIER_EXPORT_FLOAT);
    assert_true(c_equalise_find(p, (float[]){1e-30f, 1}, readers, shifts));
    assert_int_equal(shifts[0], 30);
    assert_int_equal(shifts[1], 0);
    c_program_destroy(p);
    espalier_network_destroy(network);
}

/* Class 1 where x1 > x0: one neuron gives x0, the other x1 / 1024, which in the unit of the
 * first is 0. Levels of 8 bits cannot hold both but for equal neurons. */
static void test_unlike_neurons(void **state)
{
    (void)state;
    static float values[2 * ROWS];
    static uint32_t labels[ROWS];
    draws d = {72, 0};
    for (size_t r = 0; r < ROWS; r++) {
        float *x = values + 2 * r;
        do
            x[0] = (float)draw_below(&d, 256), x[1] = (float)draw_below(&d, 256);
        while (fabsf(x[0] - x[1]) < 4);
        labels[r] = x[1] > x[0];
    }
    espalier_network *network = make_network((size_t[]){2, 2, 2}, 3);
    const float first[] = {1, 0, 0, 1.0f / 1024}, last[] = {1, -1024, -1, 1024};
    memcpy(network->layers[0].weights, first, sizeof first);
    memcpy(network->layers[1].weights, last, sizeof last);
    espalier_dataset *data = NULL;
    assert_int_equal(espalier_dataset_from_floats(values, labels, ROWS - 50, 50, 2, 2, NULL, NULL,
                                                  &data, NULL), ESPALIER_OK);
    for (int type = ESPALIER_EXPORT_INT8; type <= ESPALIER_EXPORT_INT16; type++) {
        c_program *p = make(network, (espalier_export_type)type);
        uint64_t right;
        assert_int_equal(c_calibrate(p, data, NULL), ESPALIER_OK);
        assert_int_equal(p->equalised, type == ESPALIER_EXPORT_INT8);
        assert_int_equal(c_rows_right(p, data, ESPALIER_TEST, SIZE_MAX, &right, NULL), ESPALIER_OK);
        if (type == ESPALIER_EXPORT_INT8)
            assert_int_equal(right, 50);
        c_program_destroy(p);
    }
    espalier_dataset_destroy(data);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function_stays),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_unlike_neurons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
