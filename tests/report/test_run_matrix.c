/* A layer at its original places, compacted or not; means of blocks. */
#include "tests/infer/made.h"

#include "report/run_matrix.h"

static void check(const espalier_network *network, const espalier_network *small)
{
    for (size_t l = 0; l < espalier_network_layer_count(network); l++) {
        const size_t inputs = espalier_network_inputs(network, l);
        const float *weights = espalier_network_weights_const(network, l);
        const uint8_t *mask = espalier_network_mask_const(network, l);
        run_matrix masked, compacted;
        assert_int_equal(run_matrix_make(network, l, NULL, &masked, NULL), ESPALIER_OK);
        assert_int_equal(run_matrix_make(small, l, NULL, &compacted, NULL), ESPALIER_OK);
        assert_int_equal(masked.rows, espalier_network_outputs(network, l));
        assert_int_equal(masked.columns, inputs);
        assert_int_equal(compacted.rows, masked.rows);
        assert_int_equal(compacted.columns, masked.columns);
        for (size_t i = 0; i < masked.rows * inputs; i++) {
            if (mask[i])
                assert_true(masked.values[i] == weights[i] && compacted.values[i] == weights[i]);
            else
                assert_true(isnan(masked.values[i]) && isnan(compacted.values[i]));
        }
        run_matrix_clear(&masked, NULL);
        run_matrix_clear(&compacted, NULL);
    }
}

static void places(void **state)
{
    static const size_t widths[] = {7, 6, 5, 3};
    (void)state;
    espalier_network *network = made_network(widths, 4, 5, 0.2), *small = NULL;
    /* Neurons 0 and 4 of the first layer go, and with them nobody reads input 6. */
    for (size_t j = 0; j < 6; j++) {
        network->layers[0].mask[j * 7 + 6] = 0;
        if (j % 4 == 0) {
            memset(network->layers[0].mask + j * 7, 0, 7);
            network->layers[0].biases[j] = 0;
            for (size_t k = 0; k < 5; k++)
                network->layers[1].mask[k * 6 + j] = 0;
        }
    }
    espalier_network_apply_masks(network);
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_outputs(small, 0), 4);
    assert_int_equal(espalier_network_inputs(small, 0), 6);
    check(network, small);
    espalier_network_destroy(network);
    espalier_network_destroy(small);
}

static void blocks(void **state)
{
    float values[15] = {1, -2, NAN, 4, 5, 6, 7, NAN, NAN, -10, NAN, NAN, 1, 1, 1}, cells[6];
    const run_matrix m = {.rows = 3, .columns = 5, .values = values};
    (void)state;
    run_matrix_reduce(&m, 2, 2, cells);
    assert_float_equal(cells[0], 4, 1e-6);   /* 1 2 6 7 */
    assert_float_equal(cells[1], 1, 1e-6);   /* - 4 - - */
    assert_float_equal(cells[2], 7.5, 1e-6); /* 5 10 at the edge */
    assert_true(isnan(cells[3]));
    assert_float_equal(cells[4], 1, 1e-6);
    assert_float_equal(cells[5], 1, 1e-6);
    run_matrix_reduce(&m, 3, 5, cells);
    assert_float_equal(cells[0], 38.0 / 15, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(places), cmocka_unit_test(blocks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
