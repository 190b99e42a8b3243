/* Making lists of a layer, the way back, which layers get them, and no memory. */
#include "tests/test.h"

#include "base/test_allocator.h"
#include "tests/train/small.h"
#include "train/lists.h"

enum { LAYERS = 2, STATES = 2 };

static const size_t widths[LAYERS + 1] = {900, 40, 7};

/* A network of which each weight goes with a probability, and its loaded copy. */
static espalier_network *load(double share, const espalier_allocator *allocator, work *copy)
{
    espalier_network *network = small_network(widths, LAYERS + 1, 2);
    for (size_t l = 0; l < LAYERS; l++)
        for (size_t i = 0; i < widths[l] * widths[l + 1]; i++)
            if (random_uniform(4, random_stream(RANDOM_TEST, (uint32_t)l), i) < share)
                network->layers[l].mask[i] = 0;
    espalier_network_apply_masks(network);
    assert_int_equal(work_create(network, 32, STATES, allocator, copy, NULL), ESPALIER_OK);
    work_load(copy, network);
    return network;
}

static void check_layer(const work_layer *layer)
{
    const work_lists *lists = &layer->lists;
    uint32_t at = 0;
    for (size_t b = 0; b < lists->blocks; b++) {
        for (size_t j = 0; j < layer->outputs; j++) {
            assert_int_equal(lists->kept.starts[b * layer->outputs + j], at);
            for (size_t i = layer->inputs * b / lists->blocks;
                 i < layer->inputs * (b + 1) / lists->blocks; i++) {
                const size_t from = i * layer->output_stride + j;
                if (!work_is_kept(layer, i, j))
                    continue;
                assert_int_equal(lists->kept.places[at], i);
                assert_true(lists->kept.weights[at] == layer->weights[from]);
                for (size_t s = 0; s < STATES; s++)
                    assert_true(lists->states[s][at] == layer->states[s][from]);
                at++;
            }
        }
    }
    assert_int_equal(lists->kept.starts[lists->blocks * layer->outputs], at);
}

static void test_there_and_back(void **state)
{
    (void)state;
    work copy;
    espalier_network *network = load(0.9, NULL, &copy);
    for (size_t i = 0; i < copy.layers[0].inputs * copy.layers[0].output_stride; i++)
        for (size_t s = 0; s < STATES; s++)
            copy.layers[0].states[s][i] = (float)(i * STATES + s);
    assert_int_equal(lists_fit(&copy, 32, NULL), ESPALIER_OK);
    assert_true(copy.layers[0].lists.blocks > 1);
    for (size_t l = 0; l < LAYERS; l++) {
        const work_lists *lists = &copy.layers[l].lists;
        assert_true(lists->blocks >= 1 && lists->blocks <= lists_blocks(copy.layers[l].inputs));
        check_layer(&copy.layers[l]);
        for (uint32_t e = 0; e < lists->kept.starts[lists->blocks * widths[l + 1]]; e++) {
            lists->kept.weights[e] += 1.0f;
            for (size_t s = 0; s < STATES; s++)
                lists->states[s][e] -= 0.5f;
        }
    }
    lists_settle(&copy);
    for (size_t l = 0; l < LAYERS; l++)
        check_layer(&copy.layers[l]);
    for (size_t i = 0; i < copy.layers[0].inputs; i++)
        for (size_t j = 0; j < copy.layers[0].outputs; j++)
            if (!work_is_kept(&copy.layers[0], i, j))
                assert_true(copy.layers[0].weights[i * copy.layers[0].output_stride + j] == 0.0f);
    lists_clear(&copy);
    assert_int_equal(copy.layers[0].lists.blocks, 0);
    work_clear(&copy);
    espalier_network_destroy(network);
}

/* Lists from some share of zeros on and never back; not for a few rows, which columns
 * would pad to 16. */
static void test_choice(void **state)
{
    (void)state;
    bool before = false;
    for (int percent = 0; percent <= 99; percent++) {
        work copy;
        espalier_network *network = load(percent / 100.0, NULL, &copy);
        assert_int_equal(lists_fit(&copy, 32, NULL), ESPALIER_OK);
        const bool lists = copy.layers[0].lists.blocks > 0;
        assert_true(lists || !before);
        assert_true(percent < 90 || lists);
        assert_true(percent > 30 || !lists);
        before = lists;
        assert_int_equal(lists_fit(&copy, 1, NULL), ESPALIER_OK);
        assert_true(percent > 95 || copy.layers[0].lists.blocks == 0);
        work_clear(&copy);
        espalier_network_destroy(network);
    }
}

/* The fewer of the inputs are zero, the sooner are lists the faster form. */
static void test_share_of_inputs(void **state)
{
    (void)state;
    work copy;
    espalier_network *network = load(0.75, NULL, &copy);
    for (int tenths = 1; tenths <= 10; tenths++) {
        copy.inputs_share = tenths / 10.0;
        assert_int_equal(lists_fit(&copy, 32, NULL), ESPALIER_OK);
        const bool lists = copy.layers[0].lists.blocks > 0;
        assert_true(tenths > 1 || !lists);
        assert_true(tenths < 10 || lists);
    }
    work_clear(&copy);
    espalier_network_destroy(network);
}

static void test_no_memory(void **state)
{
    (void)state;
    meter m = {0};
    const espalier_allocator allocator = meter_allocator(&m);
    work copy;
    espalier_network *network = load(0.9, &allocator, &copy);
    const size_t before = m.requests, live = m.live;
    assert_int_equal(lists_fit(&copy, 32, NULL), ESPALIER_OK);
    const size_t taken = m.requests - before;
    assert_int_equal(taken, LAYERS * (4 + STATES));
    for (size_t n = 0; n < taken; n++) {
        espalier_error error = {0};
        m.refuse_from = m.requests + 1 + n;
        assert_int_equal(lists_fit(&copy, 32, &error), ESPALIER_ERROR_MEMORY);
        for (size_t l = 0; l < LAYERS; l++)
            assert_int_equal(copy.layers[l].lists.blocks, 0);
        assert_int_equal(m.live, live);
        m.refuse_from = 0;
    }
    work_clear(&copy);
    assert_int_equal(m.live, 0);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_share_of_inputs),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
