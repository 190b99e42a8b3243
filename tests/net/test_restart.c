/* Starting again: weights from the right places, masks kept or shuffled. */
#include "net/network.h"

#include "base/test_allocator.h"
#include "net/networks.h"

static espalier_network *copy_of(const espalier_network *network,
                                 const espalier_allocator *allocator)
{
    espalier_network *copy = NULL;
    assert_int_equal(espalier_network_copy(network, allocator, &copy, NULL), ESPALIER_OK);
    return copy;
}

/* The same widths and kinds of layers, all kept, other weights, and biases that are not zero. */
static espalier_network *initial_of(draws *d, const espalier_network *network)
{
    espalier_network *initial =
        make_network(network->original_widths, network->layer_count + 1);
    for (size_t l = 0; l < initial->layer_count; l++) {
        network_layer *layer = &initial->layers[l];
        layer->activation = network->layers[l].activation;
        layer->slope = network->layers[l].slope;
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
            layer->weights[i] = draw_float(d);
        for (size_t o = 0; o < layer->outputs; o++)
            layer->biases[o] = draw_float(d);
    }
    return initial;
}

static void restart(espalier_network *network, espalier_restart how,
                    const espalier_network *initial, uint64_t seed)
{
    espalier_error error = {0};
    espalier_status status =
        espalier_network_restart(network, how, initial, ESPALIER_GLOROT_UNIFORM, seed, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(status, ESPALIER_OK);
}

static size_t origin(const uint64_t *kept, size_t index)
{
    return kept ? (size_t)kept[index] : index;
}

/* Every kept weight and every bias is that of its original place, bit by bit. */
static void assert_taken(const espalier_network *network, const espalier_network *original)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *to = &network->layers[l], *from = &original->layers[l];
        const uint64_t *columns = l ? network->layers[l - 1].kept : network->kept_inputs;
        for (size_t o = 0; o < to->outputs; o++) {
            size_t row = origin(to->kept, o);
            assert_memory_equal(&to->biases[o], &from->biases[row], sizeof(float));
            for (size_t i = 0; i < to->inputs; i++) {
                const float zero = 0.0f, *weight = &to->weights[o * to->inputs + i];
                const float *there = &from->weights[row * from->inputs + origin(columns, i)];
                assert_memory_equal(weight, to->mask[o * to->inputs + i] ? there : &zero,
                                    sizeof *weight);
            }
        }
    }
}

static void assert_masks_equal(const espalier_network *a, const espalier_network *b)
{
    for (size_t l = 0; l < a->layer_count; l++)
        assert_memory_equal(a->layers[l].mask, b->layers[l].mask,
                            a->layers[l].inputs * a->layers[l].outputs);
}

static void assert_uncounted(const espalier_network *network)
{
    assert_int_equal(network->inputs_counted, 0);
    for (size_t l = 0; l + 1 < network->layer_count; l++)
        for (size_t o = 0; o < network->layers[l].outputs; o++)
            assert_int_equal(network->layers[l].activations[o], 0);
}

/* A masked network, or the compacted one of it, whose numbers lead back to the original. */
static espalier_network *draw_either(draws *d)
{
    espalier_network *network = draw_network(d, 20 + draw_below(d, 70)), *small = NULL;
    load_up(d, network);
    if (draw_below(d, 2))
        return network;
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    espalier_network_destroy(network);
    return small;
}

static void test_fine_tune(void **state)
{
    (void)state;
    draws d = {1, 0};
    espalier_network *network = draw_network(&d, 50), *before = copy_of(network, NULL);
    restart(network, ESPALIER_RESTART_FINE_TUNE, NULL, 1);
    assert_uncounted(network);
    espalier_network_clear_activations(before);
    assert_network_equal(network, before);
    espalier_network_destroy(network);
    espalier_network_destroy(before);
}

static void test_rewind(void **state)
{
    (void)state;
    draws d = {2, 0};
    for (int round = 0; round < 300; round++) {
        espalier_network *network = draw_either(&d), *initial = initial_of(&d, network);
        espalier_network *before = copy_of(network, NULL);
        restart(network, ESPALIER_RESTART_REWIND, initial, 1);
        assert_taken(network, initial);
        assert_masks_equal(network, before);
        assert_uncounted(network);
        assert_string_equal(espalier_network_metadata(network, "training"), "{\"seed\":1}");
        espalier_network_destroy(network);
        espalier_network_destroy(initial);
        espalier_network_destroy(before);
    }
}

/* The initial network of a run that began with a compacted network is compacted, too. */
static void test_rewind_to_a_compacted_one(void **state)
{
    (void)state;
    draws d = {3, 0};
    size_t refused = 0;
    for (int round = 0; round < 300; round++) {
        espalier_network *whole = draw_network(&d, 25), *small = NULL, *smaller = NULL;
        assert_int_equal(espalier_network_compact(whole, NULL, &small, NULL, NULL), ESPALIER_OK);
        espalier_network *pruned = copy_of(small, NULL), *initial = initial_of(&d, whole);
        for (size_t i = 0; i < pruned->layers[0].inputs * pruned->layers[0].outputs; i += 2)
            pruned->layers[0].mask[i] = 0;
        espalier_network_apply_masks(pruned);
        assert_int_equal(espalier_network_compact(pruned, NULL, &smaller, NULL, NULL), ESPALIER_OK);
        restart(small, ESPALIER_RESTART_REWIND, initial, 1);
        restart(smaller, ESPALIER_RESTART_REWIND, small, 1);
        for (size_t l = 0; l < small->layer_count; l++)
            for (size_t o = 0; o < smaller->layers[l].outputs; o++)
                assert_memory_equal(&smaller->layers[l].biases[o],
                                    &initial->layers[l].biases[origin(smaller->layers[l].kept, o)],
                                    sizeof(float));
        espalier_error error = {0};
        espalier_status status = espalier_network_restart(
            whole, ESPALIER_RESTART_REWIND, smaller, ESPALIER_GLOROT_UNIFORM, 1, &error);
        refused += status == ESPALIER_ERROR_MISMATCH &&
                   strstr(error.message, "is not in the initial network: it was taken out there");
        espalier_network_destroy(whole);
        espalier_network_destroy(small);
        espalier_network_destroy(smaller);
        espalier_network_destroy(pruned);
        espalier_network_destroy(initial);
    }
    assert_true(refused > 200);
}

/* Fresh weights have the law of the initialiser at the original widths, and a compacted
 * network has those of the masked one. */
static void test_reinit(void **state)
{
    (void)state;
    draws d = {4, 0};
    for (int round = 0; round < 300; round++) {
        espalier_network *network = draw_network(&d, 40), *small = NULL;
        espalier_network *before = copy_of(network, NULL), *full = copy_of(network, NULL);
        for (size_t l = 0; l < full->layer_count; l++)
            memset(full->layers[l].mask, 1, full->layers[l].inputs * full->layers[l].outputs);
        assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
        restart(full, ESPALIER_RESTART_REINIT, NULL, 7);
        restart(network, ESPALIER_RESTART_REINIT, NULL, 7);
        restart(small, ESPALIER_RESTART_REINIT, NULL, 7);
        assert_taken(network, full);
        assert_taken(small, full);
        assert_masks_equal(network, before);
        assert_uncounted(network);
        for (size_t l = 0; l < full->layer_count; l++) {
            const network_layer *layer = &full->layers[l];
            float most = (float)sqrt(6.0 / (double)(layer->inputs + layer->outputs));
            for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
                assert_true(fabsf(layer->weights[i]) <= most);
            for (size_t o = 0; o < layer->outputs; o++)
                assert_true(layer->biases[o] == 0.0f);
        }
        espalier_network_destroy(network);
        espalier_network_destroy(small);
        espalier_network_destroy(before);
        espalier_network_destroy(full);
    }
}

/* The same seed's first weights are others; so are those of another seed. */
static void test_fresh_weights_differ(void **state)
{
    (void)state;
    const size_t widths[] = {40, 30, 20}, count = 40 * 30;
    espalier_network *first = make_network(widths, 3), *fresh = make_network(widths, 3);
    espalier_network *other = make_network(widths, 3), *again = make_network(widths, 3);
    espalier_network_initialise(first, ESPALIER_GLOROT_UNIFORM, 5);
    restart(fresh, ESPALIER_RESTART_REINIT, NULL, 5);
    restart(other, ESPALIER_RESTART_REINIT, NULL, 6);
    restart(again, ESPALIER_RESTART_REINIT, NULL, 5);
    assert_network_equal(fresh, again);
    size_t same = 0;
    for (size_t i = 0; i < count; i++)
        same += fresh->layers[0].weights[i] == first->layers[0].weights[i] ||
                fresh->layers[0].weights[i] == other->layers[0].weights[i];
    assert_true(same < 5);
    espalier_network_destroy(first);
    espalier_network_destroy(fresh);
    espalier_network_destroy(other);
    espalier_network_destroy(again);
}

static void test_shuffle(void **state)
{
    (void)state;
    draws d = {6, 0};
    size_t moved = 0, mixed = 0;
    for (int round = 0; round < 300; round++) {
        espalier_network *network = draw_either(&d), *before = copy_of(network, NULL);
        espalier_network *fresh = copy_of(network, NULL);
        assert_int_equal(espalier_network_set_metadata(network, "history", "[]"), ESPALIER_OK);
        for (size_t l = 0; l < fresh->layer_count; l++)
            memset(fresh->layers[l].mask, 1, fresh->layers[l].inputs * fresh->layers[l].outputs);
        restart(fresh, ESPALIER_RESTART_REINIT, NULL, (uint64_t)round);
        restart(network, ESPALIER_RESTART_SHUFFLE, NULL, (uint64_t)round);
        assert_null(espalier_network_metadata(network, "history"));
        assert_non_null(espalier_network_metadata(network, "training"));
        assert_uncounted(network);
        for (size_t l = 0; l < network->layer_count; l++) {
            const network_layer *layer = &network->layers[l];
            size_t count = layer->inputs * layer->outputs;
            uint64_t pruned = espalier_network_pruned_count(network, l);
            assert_int_equal(pruned, espalier_network_pruned_count(before, l));
            for (size_t i = 0; i < count; i++)
                assert_true(layer->weights[i] ==
                            (layer->mask[i] ? fresh->layers[l].weights[i] : 0.0f));
            mixed += count > 40 && pruned > count / 4 && pruned < 3 * count / 4;
            moved += count > 40 && pruned > count / 4 && pruned < 3 * count / 4 &&
                     memcmp(layer->mask, before->layers[l].mask, count) != 0;
        }
        espalier_network_destroy(network);
        espalier_network_destroy(before);
        espalier_network_destroy(fresh);
    }
    assert_true(mixed > 100);
    assert_int_equal(moved, mixed);
}

/* Each place is as likely as any other to keep one of k weights among n. */
static void test_shuffle_is_fair(void **state)
{
    (void)state;
    enum { PLACES = 20, KEPT = 5, ROUNDS = 8000 };
    size_t hits[PLACES] = {0};
    espalier_network *network = make_network((size_t[]){5, 4}, 2);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        memset(network->layers[0].mask, 0, PLACES);
        memset(network->layers[0].mask, 1, KEPT);
        restart(network, ESPALIER_RESTART_SHUFFLE, NULL, round);
        for (size_t i = 0; i < PLACES; i++)
            hits[i] += network->layers[0].mask[i];
    }
    /* Binomial: mean 2000, standard deviation sqrt(8000 * 1/4 * 3/4) = 39; 5 of them. */
    for (size_t i = 0; i < PLACES; i++)
        assert_in_range(hits[i], 1805, 2195);
    espalier_network_destroy(network);
}

static void refuse(espalier_restart how, const espalier_network *initial,
                   espalier_status expected, const char *message)
{
    draws d = {8, 0};
    espalier_network *network = make_network((size_t[]){5, 4, 3}, 3);
    espalier_error error = {0};
    network->layers[0].weights[3] = draw_float(&d);
    network->inputs_counted = 9;
    espalier_network *before = copy_of(network, NULL);
    assert_int_equal(espalier_network_restart(network, how, initial, ESPALIER_GLOROT_UNIFORM, 1,
                                              &error), expected);
    assert_string_equal(error.message, message);
    assert_network_equal(network, before);
    espalier_network_destroy(network);
    espalier_network_destroy(before);
}

static void test_errors(void **state)
{
    (void)state;
    espalier_network *wide = make_network((size_t[]){5, 6, 3}, 3);
    espalier_network *deep = make_network((size_t[]){5, 4, 3, 3}, 4);
    espalier_network *linear = make_network((size_t[]){5, 4, 3}, 3);
    espalier_network_set_activation(linear, 0, ESPALIER_LINEAR, 0.0f, NULL);
    refuse(ESPALIER_RESTART_REWIND, NULL, ESPALIER_ERROR_ARGUMENT,
           "restart: expected the initial network to rewind to, found none");
    refuse(ESPALIER_RESTART_COUNT, NULL, ESPALIER_ERROR_ARGUMENT, "restart: unknown way 4");
    espalier_network *narrow = make_network((size_t[]){5, 4, 3}, 3);
    for (int way = ESPALIER_RESTART_REINIT; way <= ESPALIER_RESTART_SHUFFLE; way++) {
        espalier_error error = {0};
        assert_int_equal(espalier_network_restart(narrow, (espalier_restart)way, NULL,
                                                  ESPALIER_INITIALISER_COUNT, 1, &error),
                         ESPALIER_ERROR_ARGUMENT);
        assert_string_equal(error.message, "initialiser: unknown one 4");
    }
    espalier_network_destroy(narrow);
    refuse(ESPALIER_RESTART_REWIND, wide, ESPALIER_ERROR_MISMATCH,
           "the initial network has the widths 5-6-3, expected 5-4-3");
    refuse(ESPALIER_RESTART_REWIND, deep, ESPALIER_ERROR_MISMATCH,
           "the initial network has the widths 5-4-3-3, expected 5-4-3");
    refuse(ESPALIER_RESTART_REWIND, linear, ESPALIER_ERROR_MISMATCH,
           "layer 0 of the initial network has the activation linear (slope 0), expected relu "
           "(slope 0)");
    espalier_network_destroy(wide);
    espalier_network_destroy(deep);
    espalier_network_destroy(linear);
}

static void test_no_memory(void **state)
{
    (void)state;
    draws d = {9, 0};
    espalier_network *plain = draw_network(&d, 50), *initial = initial_of(&d, plain);
    for (int how = ESPALIER_RESTART_REWIND; how < ESPALIER_RESTART_COUNT; how++) {
        bool done = false;
        for (size_t refuse_after = 1; !done; refuse_after++) {
            meter m = {0};
            espalier_allocator allocator = meter_allocator(&m);
            espalier_network *network = copy_of(plain, &allocator);
            m.refuse_from = m.requests + refuse_after;
            espalier_status status = espalier_network_restart(
                network, (espalier_restart)how, initial, ESPALIER_HE_NORMAL, 3, NULL);
            done = status == ESPALIER_OK;
            if (!done) {
                assert_int_equal(status, ESPALIER_ERROR_MEMORY);
                assert_network_equal(network, plain);
            }
            espalier_network_destroy(network);
            assert_int_equal(m.live, 0);
        }
    }
    espalier_network_destroy(plain);
    espalier_network_destroy(initial);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(espalier_restart_name(ESPALIER_RESTART_FINE_TUNE), "fine-tune");
    assert_string_equal(espalier_restart_name(ESPALIER_RESTART_REWIND), "rewind");
    assert_string_equal(espalier_restart_name(ESPALIER_RESTART_REINIT), "reinit");
    assert_string_equal(espalier_restart_name(ESPALIER_RESTART_SHUFFLE), "shuffle");
    assert_null(espalier_restart_name(ESPALIER_RESTART_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fine_tune),
        cmocka_unit_test(test_rewind),
        cmocka_unit_test(test_rewind_to_a_compacted_one),
        cmocka_unit_test(test_reinit),
        cmocka_unit_test(test_fresh_weights_differ),
        cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_shuffle_is_fair),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
