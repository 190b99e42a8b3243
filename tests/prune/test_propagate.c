/* What the four ways leave of dead neurons. */
#include "tests/prune/fixture.h"

#include <math.h>

#include "prune/propagate.h"

/* 2-2-2-2, weights 1, -2, 3, -4 in every layer, biases 0.5 and -0.5. */
static espalier_network *hand_made(void)
{
    const size_t widths[] = {2, 2, 2, 2};
    const float weights[] = {1, -2, 3, -4}, biases[] = {0.5f, -0.5f};
    espalier_network *network = fixture_network(widths, 4, 1, 0);
    for (size_t l = 0; l < 3; l++) {
        memcpy(network->layers[l].weights, weights, sizeof weights);
        memcpy(network->layers[l].biases, biases, sizeof biases);
    }
    return network;
}

static void cut_row(espalier_network *network, size_t layer, size_t neuron)
{
    size_t inputs = network->layers[layer].inputs;
    memset(network->layers[layer].mask + neuron * inputs, 0, inputs);
}

static void masks_are(const espalier_network *network, const char *expected)
{
    char found[16] = "";
    for (size_t l = 0, n = 0; l < 3; l++) {
        for (size_t i = 0; i < 4; i++)
            found[n++] = network->layers[l].mask[i] ? '1' : '0';
        found[n++] = l < 2 ? ' ' : '\0';
    }
    assert_string_equal(found, expected);
}

static void biases_are(const espalier_network *network, size_t layer, float first, float second)
{
    assert_true(network->layers[layer].biases[0] == first);
    assert_true(network->layers[layer].biases[1] == second);
}

static uint64_t propagate(fixture *f, espalier_dead mode)
{
    scratch_reset_trial(&f->work);
    uint64_t removed = propagate_dead(&f->work, mode);
    scratch_accept(&f->work);
    return removed;
}

/* Before anything has been propagated: a neuron lives if it reads and is read. */
static void live_reads_and_is_read(void **state)
{
    (void)state;
    uint8_t live[2];
    espalier_network *network = hand_made();
    cut_row(network, 1, 0);
    network->layers[1].mask[3] = 0; /* nothing reads neuron 1 of the first layer */
    fixture f = fixture_open(network, "magnitude");
    assert_int_equal(propagate_live(&f.work, 0, live), 1);
    assert_int_equal(live[0], 1);
    assert_int_equal(live[1], 0);
    assert_int_equal(propagate_live(&f.work, 1, live), 1);
    assert_int_equal(live[0], 0);
    assert_int_equal(live[1], 1);
    fixture_close(&f);
}

static void keep_leaves_all(void **state)
{
    (void)state;
    fixture f = fixture_open(hand_made(), "magnitude");
    cut_row(f.network, 0, 0);
    assert_int_equal(propagate(&f, ESPALIER_DEAD_KEEP), 0);
    masks_are(f.network, "0011 1111 1111");
    biases_are(f.network, 0, 0.5f, -0.5f);
    fixture_close(&f);
}

static void drop_takes_weights_only(void **state)
{
    (void)state;
    fixture f = fixture_open(hand_made(), "magnitude");
    cut_row(f.network, 0, 0);
    assert_int_equal(propagate(&f, ESPALIER_DEAD_DROP), 2);
    masks_are(f.network, "0011 0101 1111");
    biases_are(f.network, 0, 0.0f, -0.5f);
    biases_are(f.network, 1, 0.5f, -0.5f);
    fixture_close(&f);
}

static void fold_moves_the_constant_on(void **state)
{
    (void)state;
    fixture f = fixture_open(hand_made(), "magnitude");
    cut_row(f.network, 0, 0);
    assert_int_equal(propagate(&f, ESPALIER_DEAD_FOLD), 2);
    masks_are(f.network, "0011 0101 1111");
    biases_are(f.network, 0, 0.0f, -0.5f);
    biases_are(f.network, 1, 0.5f + 1 * 0.5f, -0.5f + 3 * 0.5f);
    fixture_close(&f);
}

/* Neuron 1's bias is -0.5: what its layer makes of it is not lost. */
static void fold_moves_on_what_the_activation_gives(void **state)
{
    (void)state;
    for (size_t k = 0; k < FUNCTION_KINDS; k++) {
        espalier_network *network = hand_made();
        set_function(&network->layers[0], &function_kinds[k]);
        fixture f = fixture_open(network, "magnitude");
        const float constant =
            (float)function_at(function_kinds[k].activation, function_kinds[k].slope, -0.5);
        cut_row(f.network, 0, 1);
        assert_int_equal(propagate(&f, ESPALIER_DEAD_FOLD), 2);
        masks_are(f.network, "1100 1010 1111");
        biases_are(f.network, 0, 0.5f, 0.0f);
        assert_true(fabsf(network->layers[1].biases[0] - (0.5f + -2 * constant)) < 1e-6f);
        assert_true(fabsf(network->layers[1].biases[1] - (-0.5f + -4 * constant)) < 1e-6f);
        fixture_close(&f);
    }
}

/* The second hidden layer's neuron 1 reads only neuron 0, which is constant: it
 * becomes the constant 3 * 0.5 - 0.5 = 1 itself and goes, too. */
static void fold_goes_on_to_the_output(void **state)
{
    (void)state;
    fixture f = fixture_open(hand_made(), "magnitude");
    cut_row(f.network, 0, 0);
    f.network->layers[1].mask[3] = 0;
    assert_int_equal(propagate(&f, ESPALIER_DEAD_FOLD), 4);
    masks_are(f.network, "0011 0100 1010");
    biases_are(f.network, 1, 1.0f, 0.0f);
    biases_are(f.network, 2, 0.5f - 2 * 1.0f, -0.5f - 4 * 1.0f);
    fixture_close(&f);
}

/* Nobody reads the second layer's neuron 0; without it nobody reads the first's 0. */
static void backward_chain(void **state)
{
    (void)state;
    fixture f = fixture_open(hand_made(), "magnitude");
    f.network->layers[2].mask[0] = f.network->layers[2].mask[2] = 0;
    f.network->layers[1].mask[2] = 0;
    assert_int_equal(propagate(&f, ESPALIER_DEAD_FOLD), 4);
    masks_are(f.network, "0011 0001 0101");
    biases_are(f.network, 0, 0.0f, -0.5f);
    biases_are(f.network, 1, 0.0f, -0.5f);
    biases_are(f.network, 2, 0.5f, -0.5f);
    fixture_close(&f);
}

static void authors_go_one_layer_on(void **state)
{
    (void)state;
    fixture f = fixture_open(hand_made(), "magnitude");
    cut_row(f.network, 0, 0);
    f.network->layers[1].mask[3] = 0;
    cut_row(f.network, 1, 0); /* towards the output layer: left alone */
    assert_int_equal(propagate(&f, ESPALIER_DEAD_AUTHORS), 1);
    masks_are(f.network, "0011 0000 1111");
    biases_are(f.network, 0, 0.5f, -0.5f);
    fixture_close(&f);
}

/* What their code takes away kills nobody else: neuron 0 of the second layer loses
 * its last weight with neuron 0 of the first, and keeps its outgoing ones. */
static void authors_go_once(void **state)
{
    (void)state;
    const size_t widths[] = {2, 2, 2, 2, 2};
    fixture f = fixture_open(fixture_network(widths, 5, 1, 0), "magnitude");
    cut_row(f.network, 0, 0);
    f.network->layers[1].mask[1] = 0; /* the ranking left it neuron 0 of the first */
    assert_int_equal(propagate(&f, ESPALIER_DEAD_AUTHORS), 2);
    masks_are(f.network, "0011 0001 1111");
    fixture_close(&f);
}

/* A neuron that had lost a weight before the step is not looked at by their code. */
static void authors_ask_for_the_whole_row(void **state)
{
    (void)state;
    espalier_network *network = hand_made();
    network->layers[0].mask[0] = 0;
    fixture f = fixture_open(network, "magnitude");
    cut_row(f.network, 0, 0);
    assert_int_equal(propagate(&f, ESPALIER_DEAD_AUTHORS), 0);
    masks_are(f.network, "0011 1111 1111");
    fixture_close(&f);
}

static void trials_leave_the_network_alone(void **state)
{
    (void)state;
    fixture f = fixture_open(hand_made(), "magnitude");
    memset(f.work.trial[0], 0, 2);
    assert_int_equal(propagate_dead(&f.work, ESPALIER_DEAD_FOLD), 2);
    masks_are(f.network, "1111 1111 1111");
    biases_are(f.network, 0, 0.5f, -0.5f);
    biases_are(f.network, 1, 0.5f, -0.5f);
    assert_true(f.work.biases[0][0] == 0.0f && f.work.biases[1][1] == -0.5f + 3 * 0.5f);
    scratch_accept(&f.work);
    masks_are(f.network, "0011 0101 1111");
    biases_are(f.network, 0, 0.0f, -0.5f);
    biases_are(f.network, 1, 0.5f + 1 * 0.5f, -0.5f + 3 * 0.5f);
    assert_true(f.network->layers[1].weights[0] == 0.0f);
    fixture_close(&f);
}

/* Random networks: all is settled, counted, and fold keeps the function. */
static void fixed_point_and_same_function(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        const size_t widths[] = {5, 6, 7, 4, 3};
        espalier_network *network = fixture_network(widths, 5, seed, 40 + seed % 50);
        set_functions(network, seed / 2 * 11, FUNCTION_KINDS);
        fixture f = fixture_open(network, "magnitude");
        double x[5], before[3], after[3];
        for (size_t i = 0; i < 5; i++)
            x[i] = (double)fixture_below(seed, 5000 + i, 9) - 4.0;
        fixture_forward(f.network, x, before);
        uint64_t pruned = fixture_pruned(f.network);
        bool fold = seed % 2;
        uint64_t removed = propagate(&f, fold ? ESPALIER_DEAD_FOLD : ESPALIER_DEAD_DROP);
        assert_int_equal(fixture_pruned(f.network) - pruned, removed);
        assert_true(fixture_settled(f.network));
        assert_int_equal(propagate(&f, ESPALIER_DEAD_FOLD), 0);
        fixture_forward(f.network, x, after);
        for (size_t k = 0; fold && k < 3; k++)
            assert_true(fabs(before[k] - after[k]) < 1e-5);
        for (size_t l = 0; l < 3; l++) {
            uint8_t live[7], expected[7];
            size_t count = espalier_network_live(f.network, l, expected);
            assert_int_equal(propagate_live(&f.work, l, live), count);
            assert_memory_equal(live, expected, widths[l + 1]);
            for (size_t j = 0; j < widths[l + 1]; j++)
                assert_true(live[j] || f.network->layers[l].biases[j] == 0.0f);
        }
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_reads_and_is_read),
        cmocka_unit_test(keep_leaves_all),
        cmocka_unit_test(drop_takes_weights_only),
        cmocka_unit_test(fold_moves_the_constant_on),
        cmocka_unit_test(fold_moves_on_what_the_activation_gives),
        cmocka_unit_test(fold_goes_on_to_the_output),
        cmocka_unit_test(backward_chain),
        cmocka_unit_test(authors_go_one_layer_on),
        cmocka_unit_test(authors_go_once),
        cmocka_unit_test(authors_ask_for_the_whole_row),
        cmocka_unit_test(trials_leave_the_network_alone),
        cmocka_unit_test(fixed_point_and_same_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
