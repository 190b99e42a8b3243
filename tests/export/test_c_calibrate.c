/* Calibration: what it looks at, and what it makes of it. */
#include "export/c_calibrate.h"

#include "export/c_drawn.h"
#include "export/c_run.h"

enum { ROWS = 40, WIDTH = 3 };

static espalier_dataset *rows(const float *values, size_t training, size_t test)
{
    static uint32_t labels[ROWS];
    espalier_dataset *data = NULL;
    for (size_t i = 0; i < training + test; i++)
        labels[i] = i % 2;
    assert_int_equal(espalier_dataset_from_floats(values, labels, training, test, WIDTH, 2, NULL,
                                                  NULL, &data, NULL), ESPALIER_OK);
    return data;
}

static espalier_network *network_of(draws *d)
{
    espalier_network *network = make_network((size_t[]){WIDTH, 4, 2}, 3);
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < network->layers[l].inputs * network->layers[l].outputs; i++)
            network->layers[l].weights[i] = draw_float(d);
    return network;
}

static c_program *make(const espalier_network *network, espalier_export_type type,
                       const espalier_dataset *data)
{
    espalier_export_options options = espalier_export_options_defaults();
    c_program *program = NULL;
    options.type = type;
    assert_int_equal(c_program_create(network, &options, "p", &program, NULL), ESPALIER_OK);
    assert_int_equal(c_calibrate(program, data, NULL), ESPALIER_OK);
    return program;
}

/* Whole numbers from 0 to 255 stay what they are; one that is not, and none does. */
static void test_bytes(void **state)
{
    (void)state;
    draws d = {61, 0};
    float values[ROWS * WIDTH];
    int16_t levels[WIDTH];
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        values[i] = (float)draw_below(&d, 256);
    espalier_network *network = network_of(&d);
    espalier_dataset *data = rows(values, ROWS, 0);
    c_program *p = make(network, ESPALIER_EXPORT_INT8, data);
    assert_true(p->input.bytes);
    assert_null(p->input.offset);
    c_run_levels(p, (float[]){7.0f, 300.0f, -5.0f}, levels);
    assert_memory_equal(levels, ((int16_t[]){7, 255, 0}), sizeof levels);
    c_program_destroy(p);
    espalier_dataset_destroy(data);
    values[20 * WIDTH] = 0.5f; /* not among the validation rows, which are the first ones */
    data = rows(values, ROWS, 0);
    p = make(network, ESPALIER_EXPORT_INT8, data);
    assert_false(p->input.bytes);
    c_program_destroy(p);
    espalier_dataset_destroy(data);
    espalier_network_destroy(network);
}

/* Inputs that are scaled unlike each other come in levels, for int8. */
static void test_bytes_scaled_unlike(void **state)
{
    (void)state;
    draws d = {64, 0};
    float values[ROWS * WIDTH];
    static const float shift[WIDTH] = {1.0f, 2.0f, 3.0f};
    static const float scales[][WIDTH] = {{0.5f}, {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.25f}};
    static const size_t pairs[] = {1, WIDTH, WIDTH};
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        values[i] = (float)draw_below(&d, 256);
    espalier_network *network = network_of(&d);
    espalier_dataset *data = rows(values, ROWS, 0);
    for (size_t k = 0; k < 3; k++)
        for (int type = ESPALIER_EXPORT_INT8; type <= ESPALIER_EXPORT_INT16; type++) {
            assert_int_equal(espalier_network_set_scaling(network, pairs[k], shift, scales[k]), ESPALIER_OK);
            c_program *p = make(network, (espalier_export_type)type, data);
            assert_int_equal(p->input.bytes, k < 2 || type == ESPALIER_EXPORT_INT16);
            c_program_destroy(p);
        }
    espalier_dataset_destroy(data);
    espalier_network_destroy(network);
}

/* Each column from its smallest to its largest value; a constant one is level 0. */
static void test_columns(void **state)
{
    (void)state;
    draws d = {62, 0};
    float values[ROWS * WIDTH];
    int16_t levels[WIDTH];
    for (size_t i = 0; i < ROWS; i++) {
        values[i * WIDTH] = -1.0f + 2.0f * (float)i / (ROWS - 1);
        values[i * WIDTH + 1] = i % 2 ? 1000.5f : 3000.5f;
        values[i * WIDTH + 2] = 4.25f;
    }
    espalier_network *network = network_of(&d);
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.validation_fraction = 0.0;
    espalier_dataset *data = NULL;
    static const uint32_t labels[ROWS] = {1};
    assert_int_equal(espalier_dataset_from_floats(values, labels, ROWS, 0, WIDTH, 2, &options, NULL,
                                                  &data, NULL), ESPALIER_OK);
    c_program *p = make(network, ESPALIER_EXPORT_INT8, data);
    assert_int_equal(p->validation_rows, 0);
    assert_int_equal(p->input.top, 127);
    c_run_levels(p, (float[]){1.0f, 1000.5f, 4.25f}, levels);
    assert_memory_equal(levels, ((int16_t[]){127, -127, 0}), sizeof levels);
    c_run_levels(p, (float[]){-9.0f, 2000.5f, NAN}, levels);
    assert_memory_equal(levels, ((int16_t[]){-127, 0, -127}), sizeof levels);
    c_program_destroy(p);
    espalier_dataset_destroy(data);
    espalier_network_destroy(network);
}

static void assert_same(const c_program *a, const c_program *b)
{
    for (size_t l = 0; l < a->layer_count; l++) {
        const c_layer *x = &a->layers[l], *y = &b->layers[l];
        assert_memory_equal(x->wholes, y->wholes, x->starts[x->outputs] * sizeof *x->wholes);
        assert_memory_equal(x->sums, y->sums, x->outputs * sizeof *x->sums);
        assert_memory_equal(x->above, y->above, x->outputs * sizeof *x->above);
    }
    assert_string_equal(a->method, b->method);
}

/* Whatever the test rows are, the program is the same. */
static void test_no_test_rows(void **state)
{
    (void)state;
    draws d = {63, 0};
    float values[ROWS * WIDTH];
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        values[i] = draw_float(&d);
    espalier_network *network = network_of(&d);
    espalier_dataset *one = rows(values, 30, 10), *other;
    for (size_t i = 30 * WIDTH; i < ROWS * WIDTH; i++)
        values[i] *= 1000.0f;
    other = rows(values, 30, 10);
    for (int type = ESPALIER_EXPORT_INT8; type <= ESPALIER_EXPORT_INT16; type++) {
        c_program *a = make(network, (espalier_export_type)type, one);
        c_program *b = make(network, (espalier_export_type)type, other);
        assert_same(a, b);
        c_program_destroy(a);
        c_program_destroy(b);
    }
    espalier_dataset_destroy(one);
    espalier_dataset_destroy(other);
    espalier_network_destroy(network);
}

/* One value far beyond the others: cut off, it would be a larger error than all that finer
 * steps spare, so that no way cuts it, although the rows would be classified better then. */
static void test_far_value_counts(void **state)
{
    (void)state;
    static float values[ROWS * WIDTH] = {255.0f};
    static uint32_t labels[ROWS] = {1};
    for (size_t r = 1; r < ROWS; r++) {
        values[r * WIDTH + 1] = (float)(1 + r % 3);
        labels[r] = r % 3 > 0;
    }
    espalier_network *network = make_network((size_t[]){WIDTH, 1, 2}, 3);
    network->layers[0].weights[0] = 8.0f;
    network->layers[0].weights[1] = 1.0f;
    network->layers[1].biases[0] = 1.5f; /* class 1: the hidden neuron has 2 or more */
    network->layers[1].weights[0] = 0.0f;
    network->layers[1].weights[1] = 1.0f;
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.validation_fraction = 0.0;
    espalier_dataset *data = NULL;
    assert_int_equal(espalier_dataset_from_floats(values, labels, ROWS, 0, WIDTH, 2, &options, NULL,
                                                  &data, NULL), ESPALIER_OK);
    c_program *p = make(network, ESPALIER_EXPORT_INT8, data);
    assert_true(p->input.bytes);
    assert_string_equal(p->method, "up to the largest");
    assert_float_equal(p->layers[0].unit, 8.0, 1e-9);
    c_program_destroy(p);
    espalier_dataset_destroy(data);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_bytes_scaled_unlike),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_no_test_rows),
        cmocka_unit_test(test_far_value_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
