/* A wide network, which trains layer by layer, against a narrow one, which trains
 * chunk by chunk: the wide one holds the narrow one, everything else of it pruned. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "tests/test.h"

#include <math.h>

#include "espalier/train.h"
#include "tests/net/functions.h"
#include "tests/train/small.h"

enum { LAYERS = 3 };

static const size_t narrow[LAYERS + 1] = {8, 40, 30, 4};
static const size_t wide[LAYERS + 1] = {8, 820, 660, 4}; /* a layer of 2.2 MB */
/* Two to six parts, see parts.h: on every machine as many as threads or more of them, and fewer. */
static const size_t parted[LAYERS + 1] = {70, 470, 30, 4};
static const size_t less_parted[LAYERS + 1] = {70, 260, 30, 4};
static const size_t between[LAYERS + 1] = {70, 240, 30, 4}; /* two parts or four */
static const size_t broad[LAYERS + 1] = {1100, 170, 20, 4}; /* 500 rows are more than 2 MB */

/* Where the narrow network's unit i of layer l sits in the wide one: spread out. */
static size_t place(size_t position, size_t i)
{
    return position == 0 || position == LAYERS ? i : i * (wide[position] / narrow[position]);
}

static espalier_network *widen(const espalier_network *small)
{
    espalier_network *large = small_network(wide, LAYERS + 1, 1);
    for (size_t l = 0; l < LAYERS; l++) {
        network_layer *to = &large->layers[l];
        const network_layer *from = &small->layers[l];
        to->activation = from->activation;
        to->slope = from->slope;
        memset(to->mask, 0, to->inputs * to->outputs);
        for (size_t j = 0; j < from->outputs; j++) {
            to->biases[place(l + 1, j)] = from->biases[j];
            for (size_t i = 0; i < from->inputs; i++) {
                size_t at = place(l + 1, j) * to->inputs + place(l, i);
                to->mask[at] = 1;
                to->weights[at] = from->weights[j * from->inputs + i];
            }
        }
    }
    espalier_network_apply_masks(large);
    return large;
}

static void train(espalier_network *network, const espalier_dataset *dataset, size_t batch_rows,
                  espalier_optimizer optimizer, size_t threads)
{
    espalier_train_options options = espalier_train_options_defaults();
    options.epochs = 3;
    options.batch_rows = batch_rows;
    options.optimizer = optimizer;
    options.threads = threads;
    espalier_trainer *trainer = NULL;
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, NULL),
                     ESPALIER_OK);
    espalier_trainer_count(trainer, true);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
}

static espalier_network *make(const size_t *widths, uint64_t seed, size_t functions)
{
    espalier_network *network = small_network(widths, LAYERS + 1, seed);
    set_functions(network, functions, TRAINED_KINDS);
    return network;
}

static void compare(const espalier_network *small, const espalier_network *large)
{
    uint64_t counted[LAYERS] = {0};
    for (size_t l = 0; l < LAYERS; l++) {
        const network_layer *a = &small->layers[l], *b = &large->layers[l];
        for (size_t j = 0; j < a->outputs; j++) {
            const size_t row = place(l + 1, j);
            assert_true(fabsf(a->biases[j] - b->biases[row]) < 2e-6f);
            for (size_t i = 0; i < a->inputs; i++)
                assert_true(fabsf(a->weights[j * a->inputs + i] -
                                  b->weights[row * b->inputs + place(l, i)]) < 2e-6f);
            if (l + 1 < LAYERS) {
                assert_int_equal(a->activations[j], b->activations[row]);
                counted[l] += a->activations[j];
            }
        }
    }
    for (size_t l = 0; l + 1 < LAYERS; l++)
        assert_int_equal(counted[l] > 0, network_has_activation(small, l));
}

/* 300 rows in batches of 200: two chunks of a wide network, the last one short. */
static void test_wide_is_narrow(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(300, 0, narrow[0], narrow[LAYERS]);
    for (size_t round = 0; round < 2 * TRAINED_KINDS; round++) {
        const espalier_optimizer kind = (espalier_optimizer)(round % ESPALIER_OPTIMIZER_COUNT);
        const size_t functions = round + TRAINED_KINDS * (round * 3 % TRAINED_KINDS);
        espalier_network *small = make(narrow, 3, functions), *large = widen(small);
        train(small, dataset, 200, kind, 1);
        train(large, dataset, 200, kind, 2);
        compare(small, large);
        espalier_network_destroy(small);
        espalier_network_destroy(large);
    }
    espalier_dataset_destroy(dataset);
}

static void check_threads(const espalier_dataset *dataset, const size_t *widths, size_t batch_rows,
                          size_t functions)
{
    const espalier_optimizer kind = (espalier_optimizer)(functions % ESPALIER_OPTIMIZER_COUNT);
    espalier_network *one = make(widths, 4, functions);
    train(one, dataset, batch_rows, kind, 1);
    for (size_t threads = 2; threads <= 5; threads++) {
        espalier_network *many = make(widths, 4, functions);
        train(many, dataset, batch_rows, kind, threads);
        for (size_t l = 0; l < LAYERS; l++) {
            const network_layer *a = &one->layers[l], *b = &many->layers[l];
            assert_memory_equal(a->weights, b->weights, a->inputs * a->outputs * sizeof(float));
            assert_memory_equal(a->biases, b->biases, a->outputs * sizeof(float));
            if (l + 1 < LAYERS)
                assert_memory_equal(a->activations, b->activations, a->outputs * sizeof(uint64_t));
        }
        espalier_network_destroy(many);
    }
    espalier_network_destroy(one);
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(300, 0, narrow[0], narrow[LAYERS]);
    espalier_dataset *full = small_dataset(300, 0, parted[0], parted[LAYERS]);
    espalier_dataset *thin = small_dataset_zeros(300, 0, parted[0], parted[LAYERS], 0.6, NULL);
    for (size_t kind = 0; kind < TRAINED_KINDS; kind++) {
        const size_t functions = kind + TRAINED_KINDS * (TRAINED_KINDS - 1 - kind);
        check_threads(dataset, wide, 200, functions);
        check_threads(kind % 2 ? thin : full, parted, 200, functions);
        check_threads(kind % 2 ? full : thin, parted, 32, functions);
        if (kind % 3 == 0)
            check_threads(kind % 2 ? full : thin, less_parted, 200, functions);
    }
    espalier_dataset_destroy(thin);
    espalier_dataset_destroy(full);
    espalier_dataset_destroy(dataset);
}

/* Groups of parts that take one copy of the inputs. */
static void test_inputs_too_many_to_copy(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset_zeros(600, 0, broad[0], broad[LAYERS], 0.6, NULL);
    check_threads(dataset, broad, 500, 0);
    espalier_dataset_destroy(dataset);
}

static espalier_network *one_step(const espalier_dataset *dataset, const size_t *widths,
                                  espalier_optimizer optimizer, size_t rows)
{
    espalier_network *network = make(widths, 6, 0);
    espalier_train_options options = espalier_train_options_defaults();
    options.epochs = 1;
    options.batch_rows = rows;
    options.optimizer = optimizer;
    options.momentum = 0.0;
    options.learning_rate = 1e-6;
    espalier_trainer *trainer = NULL;
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, NULL),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
    return network;
}

/* What a row of many gives is less than a weight's last bit; together they are not. */
static void test_small_updates_are_not_lost(void **state)
{
    (void)state;
    enum { ROWS = 300 };
    const size_t *const shapes[] = {narrow, wide, less_parted};
    for (size_t s = 0; s < 3; s++) {
        espalier_dataset *dataset = small_dataset(ROWS, 0, shapes[s][0], shapes[s][LAYERS]);
        espalier_network *before = make(shapes[s], 6, 0);
        espalier_network *plain = one_step(dataset, shapes[s], ESPALIER_SGD, ROWS);
        espalier_network *other = one_step(dataset, shapes[s], ESPALIER_MOMENTUM, ROWS);
        for (size_t l = 0; l < LAYERS; l++) {
            double moved = 0.0, apart = 0.0;
            for (size_t i = 0; i < plain->layers[l].inputs * plain->layers[l].outputs; i++) {
                const double to = (double)other->layers[l].weights[i];
                moved += pow(to - (double)before->layers[l].weights[i], 2.0);
                apart += pow(to - (double)plain->layers[l].weights[i], 2.0);
            }
            assert_true(moved > 0.0 && sqrt(apart / moved) < 0.01);
        }
        espalier_network_destroy(before);
        espalier_network_destroy(plain);
        espalier_network_destroy(other);
        espalier_dataset_destroy(dataset);
    }
}

static espalier_status forget(void *context, espalier_trainer *trainer, const espalier_event *event,
                              espalier_error *error)
{
    (void)context, (void)error;
    if (event->kind == ESPALIER_EVENT_EPOCH && event->epoch == 1) {
        unsetenv("ESPALIER_CPU");
        espalier_trainer_changed(trainer);
    }
    return ESPALIER_OK;
}

static espalier_network *trained_by_plain(const espalier_dataset *dataset, bool forgetful)
{
    espalier_network *network = make(between, 4, 0);
    espalier_train_options options = espalier_train_options_defaults();
    options.epochs = 3;
    options.threads = 2;
    espalier_trainer *trainer = NULL;
    assert_int_equal(setenv("ESPALIER_CPU", "plain", 1), 0);
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, NULL),
                     ESPALIER_OK);
    const espalier_observer observer = {.notify = forget};
    if (forgetful)
        assert_int_equal(espalier_trainer_observe(trainer, observer), ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    unsetenv("ESPALIER_CPU");
    espalier_trainer_destroy(trainer);
    return network;
}

/* A run keeps to the instruction set, and the parts, that it began with. */
static void test_environment_that_changes(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(300, 0, between[0], between[LAYERS]);
    espalier_network *one = trained_by_plain(dataset, false), *other = trained_by_plain(dataset, true);
    for (size_t l = 0; l < LAYERS; l++)
        assert_memory_equal(one->layers[l].weights, other->layers[l].weights,
                            one->layers[l].inputs * one->layers[l].outputs * sizeof(float));
    espalier_network_destroy(one);
    espalier_network_destroy(other);
    espalier_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide_is_narrow),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_inputs_too_many_to_copy),
        cmocka_unit_test(test_small_updates_are_not_lost),
        cmocka_unit_test(test_environment_that_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
