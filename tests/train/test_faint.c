/* Layers that die out while a network is trained: told of once each, at the epoch's end. */
#include "tests/test.h"

#include "espalier/train.h"
#include "tests/train/small.h"

static const size_t widths[] = {6, 40, 24, 3};

typedef struct ear {
    size_t notes, epoch;
    char text[200];
    bool warning;
} ear;

static espalier_status hear(void *context, espalier_trainer *trainer, const espalier_event *event,
                            espalier_error *error)
{
    (void)trainer, (void)error;
    ear *e = context;
    if (event->kind != ESPALIER_EVENT_NOTE)
        return ESPALIER_OK;
    e->notes++;
    e->epoch = event->epoch;
    e->warning = event->warning;
    snprintf(e->text, sizeof e->text, "%s", event->note);
    return ESPALIER_OK;
}

static ear train(espalier_network *network, size_t epochs)
{
    espalier_dataset *dataset = small_dataset(90, 5, 6, 3);
    espalier_trainer *trainer = NULL;
    espalier_train_options options = espalier_train_options_defaults();
    ear e = {0};
    options.epochs = epochs;
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, NULL),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_observe(trainer, (espalier_observer){&e, hear, false, NULL}),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
    espalier_dataset_destroy(dataset);
    return e;
}

/* All but `left` neurons of a layer are silent for every row. */
static espalier_network *silenced(size_t layer, size_t left)
{
    espalier_network *network = small_network(widths, 4, 1);
    for (size_t j = 0; j < network->layers[layer].outputs; j++)
        network->layers[layer].biases[j] = j < left ? 9.0f : -100.0f;
    return network;
}

static void healthy(void **state)
{
    (void)state;
    espalier_network *network = small_network(widths, 4, 1);
    assert_int_equal(train(network, 5).notes, 0);
    espalier_network_destroy(network);
}

static void bounds(void **state)
{
    (void)state;
    static const struct {
        size_t layer, left;
        const char *said;
    } cases[] = {
        {0, 3, NULL}, /* more than a twentieth of 40 */
        {0, 2, "layer 0 is about to die out: 2 of its 40 neurons answer to any of 64 training rows"},
        {1, 2, NULL},
        {1, 1, "layer 1 is about to die out: 1 of its 24 neurons answers to any of 64 training rows"},
        {1, 0, "layer 1 has died out: none of its 24 neurons answers to any of 64 training rows"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        espalier_network *network = silenced(cases[i].layer, cases[i].left);
        const ear e = train(network, 4);
        assert_int_equal(e.notes, cases[i].said != NULL);
        if (cases[i].said) {
            assert_string_equal(e.text, cases[i].said);
            assert_true(e.warning);
            assert_int_equal(e.epoch, 1); /* once, though it stays so */
        }
        espalier_network_destroy(network);
    }
}

/* Behind other functions a value below 0 is an answer, too. */
static void others_have_no_silence(void **state)
{
    (void)state;
    espalier_network *network = silenced(0, 0);
    for (size_t l = 0; l < 2; l++)
        assert_int_equal(espalier_network_set_activation(network, l, ESPALIER_LEAKY_RELU, 0.01f,
                                                         NULL), ESPALIER_OK);
    assert_int_equal(train(network, 3).notes, 0);
    espalier_network_destroy(network);
}

/* What is pruned does not answer, whatever its function. */
static void pruned_neurons(void **state)
{
    (void)state;
    espalier_network *network = small_network(widths, 4, 1);
    network_layer *first = &network->layers[0], *second = &network->layers[1];
    for (size_t l = 0; l < 2; l++)
        assert_int_equal(espalier_network_set_activation(network, l, ESPALIER_TANH, 0, NULL),
                         ESPALIER_OK);
    memset(first->mask + 2 * first->inputs, 0, 38 * first->inputs);
    for (size_t j = 0; j < second->outputs; j++)
        memset(second->mask + j * second->inputs + 2, 0, 38);
    espalier_network_apply_masks(network);
    const ear e = train(network, 2);
    assert_int_equal(e.notes, 1);
    assert_non_null(strstr(e.text, "layer 0 is about to die out: 2 of its 40 neurons"));
    espalier_network_destroy(network);
}

/* Rows of one class first, and neurons that know the others only. */
static void rows_are_spread(void **state)
{
    (void)state;
    enum { ROWS = 400, LAST = 380 };
    static float values[ROWS][2];
    static uint32_t labels[ROWS];
    static const size_t few[] = {2, 40, 2};
    for (size_t r = 0; r < ROWS; r++) {
        labels[r] = r >= LAST;
        values[r][labels[r]] = 1;
    }
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.scaling = ESPALIER_SCALING_NONE;
    options.validation_fraction = 0;
    espalier_dataset *dataset = NULL;
    espalier_trainer *trainer = NULL;
    espalier_network *network = small_network(few, 3, 1);
    ear e = {0};
    for (size_t j = 0; j < 40; j++) {
        network->layers[0].weights[2 * j] = -5;
        network->layers[0].weights[2 * j + 1] = 5;
    }
    assert_int_equal(espalier_dataset_from_floats(values[0], labels, ROWS, 0, 2, 2, &options, NULL,
                                                  &dataset, NULL), ESPALIER_OK);
    espalier_train_options training = espalier_train_options_defaults();
    training.epochs = 1;
    assert_int_equal(espalier_trainer_create(network, dataset, &training, NULL, &trainer, NULL),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_observe(trainer, (espalier_observer){&e, hear, false, NULL}),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    assert_int_equal(e.notes, 0);
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy),          cmocka_unit_test(bounds),
        cmocka_unit_test(others_have_no_silence), cmocka_unit_test(pruned_neurons),
        cmocka_unit_test(rows_are_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
