/* The float program against the plain forward pass. */
#include "export/c_program.h"

#include "export/c_drawn.h"
#include "export/c_run.h"
#include "math/backend.h"
#include "net/forward.h"

static c_program *make(const espalier_network *network)
{
    espalier_export_options options = espalier_export_options_defaults();
    c_program *program = NULL;
    assert_int_equal(c_program_create(network, &options, "p", &program, NULL), ESPALIER_OK);
    return program;
}

static void check_rows(const espalier_network *network, const espalier_dataset *data)
{
    static float row[1024], probabilities[64], scores[64];
    const size_t classes = espalier_network_class_count(network);
    float *workspace = malloc(forward_workspace(network, 1) * sizeof *workspace);
    c_program *p = make(network);
    void *room = malloc(c_run_workspace(p));
    assert_true(workspace && room);
    for (size_t r = 0; r < espalier_dataset_row_count(data, ESPALIER_TEST); r++) {
        float largest = 1.0f;
        espalier_dataset_rows(data, ESPALIER_TEST, r, 1, row);
        forward_rows(network, math_backend_find("reference"), row, 1, probabilities, workspace);
        c_run_float(p, row, scores, room);
        for (size_t k = 0; k < classes; k++)
            largest = fmaxf(largest, fabsf(scores[k]));
        forward_softmax(scores, 1, classes);
        for (size_t k = 0; k < classes; k++)
            if (fabs((double)scores[k] - (double)probabilities[k]) > 1e-5 * (double)largest)
                fail_msg("%g and %g", (double)scores[k], (double)probabilities[k]);
    }
    free(room);
    free(workspace);
    c_program_destroy(p);
}

static void test_forward(void **state)
{
    (void)state;
    draws d = {51, 0};
    for (size_t round = 0; round < 80; round++) {
        const bool bytes = round % 3 == 0;
        espalier_network *network = draw_whole(&d, round, bytes);
        espalier_dataset *data = draw_rows(&d, network, bytes);
        check_rows(network, data);
        espalier_dataset_destroy(data);
        espalier_network_destroy(network);
    }
}

/* Small shifts move into the biases, large ones stay. */
static void test_shift(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){2, 2}, 2);
    for (int i = 0; i < 4; i++)
        network->layers[0].weights[i] = 1.0f;
    assert_int_equal(espalier_network_set_scaling(network, 2, (float[]){1.0f, 0.5f},
                                                  (float[]){2.0f, 2.0f}), ESPALIER_OK);
    c_program *p = make(network);
    assert_null(p->shift);
    assert_true(p->layers[0].biases[0] == -3.0f);
    assert_true(p->layers[0].weights[0] == 2.0f);
    c_program_destroy(p);
    assert_int_equal(espalier_network_set_scaling(network, 1, (float[]){1000.0f},
                                                  (float[]){2.0f}), ESPALIER_OK);
    p = make(network);
    assert_non_null(p->shift);
    assert_true(p->one_shift);
    assert_true(p->layers[0].biases[0] == 0.0f);
    assert_true(p->layers[0].exact_biases[0] == -4000.0);
    c_program_destroy(p);
    espalier_network_destroy(network);
}

static void refused(const espalier_network *network, const char *message)
{
    espalier_export_options options = espalier_export_options_defaults();
    c_program *p = NULL;
    espalier_error error = {0};
    assert_int_equal(c_program_create(network, &options, "p", &p, &error), ESPALIER_ERROR_NUMERIC);
    assert_null(p);
    assert_string_equal(error.message, message);
}

/* Folding can leave float's range; layers count from 0, as everywhere. */
static void test_out_of_range(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){1, 2, 2}, 3);
    for (size_t i = 0; i < 4; i++)
        network->layers[1].weights[i] = 1.0f;
    network->layers[0].weights[0] = 1.0f;
    network->layers[0].weights[1] = 1e30f;
    assert_int_equal(espalier_network_set_scaling(network, 1, (float[]){0.0f}, (float[]){1e20f}),
                     ESPALIER_OK);
    refused(network, "layer 0: a weight or bias is not a finite number (after the scaling of the "
                     "inputs, if any)");
    network->layers[0].weights[1] = 1.0f;
    network->layers[1].biases[1] = INFINITY;
    refused(network, "layer 1: a weight or bias is not a finite number");
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_shift),
        cmocka_unit_test(test_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
