/* Runs that get out of hand: they end at once, name a layer, and leave the network as it
 * was after the last good epoch. */
#include "tests/test.h"

#include <math.h>

#include "espalier/train.h"
#include "tests/train/small.h"

static const size_t widths[] = {6, 8, 7, 3};

/* Trains until it fails; the message must hold these words. */
static void expect(espalier_network *network, const espalier_train_options *options,
                   const char *words)
{
    espalier_dataset *dataset = small_dataset(60, 5, 6, 3);
    espalier_trainer *trainer = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_trainer_create(network, dataset, options, NULL, &trainer, &error),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, &error), ESPALIER_ERROR_NUMERIC);
    if (!strstr(error.message, words))
        fail_msg("expected \"%s\" in: %s", words, error.message);
    assert_non_null(strstr(error.message, "epoch 1, batch 1: "));
    assert_non_null(strstr(error.message, "a smaller learning rate or scaled inputs usually help"));
    espalier_trainer_destroy(trainer);
    espalier_dataset_destroy(dataset);
}

/* Outputs of this layer are about `size`, those before it ordinary. */
static espalier_network *blown_up(size_t layer, float size)
{
    espalier_network *network = small_network(widths, 4, 1);
    for (size_t j = 0; j < network->layers[layer].outputs; j++)
        network->layers[layer].biases[j] = (j % 2 ? 1.0f : 0.5f) * size;
    return network;
}

static void names_the_first_layer(void **state)
{
    static const char *const words[] = {"layer 0 is the first whose outputs are too large",
                                        "layer 1 is the first whose outputs are too large",
                                        "layer 2, the last, is the first whose outputs are too large"};
    (void)state;
    for (size_t layer = 0; layer < 3; layer++) {
        for (int optimizer = ESPALIER_SGD; optimizer <= ESPALIER_ADAM; optimizer += ESPALIER_ADAM) {
            espalier_train_options options = espalier_train_options_defaults();
            espalier_network *network = blown_up(layer, 1e20f);
            options.optimizer = (espalier_optimizer)optimizer;
            expect(network, &options, words[layer]);
            espalier_network_destroy(network);
        }
    }
}

/* Finite, but beyond what a gradient can bring back. */
static void explodes(void **state)
{
    espalier_train_options options = espalier_train_options_defaults();
    espalier_network *network = blown_up(2, 0x1p30f);
    (void)state;
    expect(network, &options, "the loss became ");
    espalier_network_destroy(network);
}

static void names_the_inputs(void **state)
{
    espalier_train_options options = espalier_train_options_defaults();
    espalier_network *network = small_network(widths, 4, 1);
    const float shift = 0.0f, scale = 1e30f;
    (void)state;
    assert_int_equal(espalier_network_set_scaling(network, 1, &shift, &scale), ESPALIER_OK);
    expect(network, &options, "the scaled inputs reach ");
    espalier_network_destroy(network);
}

/* A rate that is far too large; the network stays what it was after the last good epoch. */
static void network_stays(void **state)
{
    espalier_train_options options = espalier_train_options_defaults();
    espalier_network *network = small_network(widths, 4, 1), *before = NULL;
    (void)state;
    options.learning_rate = 1e15;
    options.batch_rows = 60; /* all rows in one batch */
    assert_int_equal(espalier_network_copy(network, NULL, &before, NULL), ESPALIER_OK);
    espalier_dataset *dataset = small_dataset(60, 5, 6, 3);
    espalier_trainer *trainer = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, NULL),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, &error), ESPALIER_ERROR_NUMERIC);
    for (size_t l = 0; l < network->layer_count; l++)
        assert_memory_equal(network->layers[l].weights, before->layers[l].weights,
                            network->layers[l].inputs * network->layers[l].outputs * sizeof(float));
    espalier_trainer_destroy(trainer);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(before);
    espalier_network_destroy(network);
}

/* The last update of an epoch can do it, when no loss follows that would tell. */
static void names_weights(void **state)
{
    espalier_train_options options = espalier_train_options_defaults();
    espalier_network *network = small_network(widths, 4, 1);
    espalier_dataset *dataset = small_dataset(60, 5, 6, 3);
    espalier_trainer *trainer = NULL;
    espalier_error error = {0};
    (void)state;
    options.learning_rate = 1e40; /* divided by the rows it is still a float */
    options.batch_rows = 60;
    options.epochs = 1;
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, &error),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, &error), ESPALIER_ERROR_NUMERIC);
    if (!strstr(error.message, "epoch 1, batch 1: the weights of layer ") ||
        !strstr(error.message, " became NaN or infinite; a smaller learning rate"))
        fail_msg("%s", error.message);
    espalier_trainer_destroy(trainer);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_first_layer),
        cmocka_unit_test(explodes),
        cmocka_unit_test(names_the_inputs),
        cmocka_unit_test(network_stays),
        cmocka_unit_test(names_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
