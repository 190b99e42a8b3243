/* Training by lists against training by matrices, in networks whose layers take
 * different forms, for every update rule, several cuts of the batch and of the work. */
#include "tests/test.h"

#include <math.h>

#include "tests/net/functions.h"
#include "tests/train/small.h"
#include "train/trainer.h"

enum { LAYERS = 4 };

/* A layer of 2.2 MB makes a network wide (batch.c). */
static const size_t narrow[LAYERS + 1] = {30, 60, 50, 40, 5};
static const size_t wide[LAYERS + 1] = {30, 820, 660, 40, 5};

/* The share of weights that a layer loses, all neurons staying alive. */
static const double shares[][LAYERS] = {
    {0.9, 0.9, 0.9, 0.9}, {0.9, 0.0, 0.9, 0.0}, {0.0, 0.95, 0.0, 0.8}, {0.95, 0.95, 0.0, 0.0},
};

enum { SHARES = sizeof shares / sizeof *shares };

typedef struct setting {
    const size_t *widths;
    const double *shares;
    size_t rows, batch_rows, threads;
    espalier_optimizer optimizer;
    double decay;
    size_t functions; /* activations, by their code */
    bool plain; /* all masks on; what is pruned is made zero after each batch */
} setting;

/* Unit i and unit j stay connected where i == j modulo the smaller width. */
static bool is_pruned(const setting *s, size_t l, size_t j, size_t i)
{
    const size_t inputs = s->widths[l], outputs = s->widths[l + 1];
    const size_t least = inputs < outputs ? inputs : outputs;
    return i % least != j % least &&
           random_uniform(9, random_stream(RANDOM_TEST, (uint32_t)l), j * inputs + i) <
               s->shares[l];
}

static void prune(const setting *s, espalier_network *network)
{
    for (size_t l = 0; l < LAYERS; l++) {
        network_layer *layer = &network->layers[l];
        for (size_t j = 0; j < layer->outputs; j++) {
            for (size_t i = 0; i < layer->inputs; i++) {
                const size_t at = j * layer->inputs + i;
                if (!is_pruned(s, l, j, i))
                    continue;
                layer->mask[at] = s->plain;
                layer->weights[at] = 0.0f;
            }
        }
    }
}

/* After each batch of the plain network; the other one's lists are looked at. */
static espalier_status watch(void *context, espalier_trainer *trainer,
                             const espalier_event *event, espalier_error *error)
{
    const setting *s = context;
    (void)error;
    if (event->kind == ESPALIER_EVENT_BATCH && s->plain) {
        prune(s, espalier_trainer_network(trainer));
        espalier_trainer_changed(trainer);
    }
    if (event->kind == ESPALIER_EVENT_BATCH)
        for (size_t l = 0; l < LAYERS; l++)
            assert_true((trainer->copy.layers[l].lists.blocks > 0) ==
                        (!s->plain && s->shares[l] > 0.0));
    return ESPALIER_OK;
}

static espalier_network *train(setting s, espalier_train_summary *summary)
{
    espalier_dataset *dataset = small_dataset(s.rows, 0, s.widths[0], s.widths[LAYERS]);
    espalier_network *network = small_network(s.widths, LAYERS + 1, 3);
    espalier_train_options options = espalier_train_options_defaults();
    espalier_trainer *trainer = NULL;
    set_functions(network, s.functions, TRAINED_KINDS);
    prune(&s, network);
    options.epochs = 2;
    options.batch_rows = s.batch_rows;
    options.optimizer = s.optimizer;
    options.learning_rate = s.optimizer == ESPALIER_ADAM ? 0.002 : 0.02;
    options.epsilon = 1e-3; /* or Adam makes large steps of what is only rounding */
    options.weight_decay = s.decay;
    options.threads = s.threads;
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, NULL),
                     ESPALIER_OK);
    espalier_trainer_count(trainer, true);
    espalier_trainer_observe(trainer, (espalier_observer){.context = &s, .notify = watch, .batches = true});
    assert_int_equal(espalier_trainer_run(trainer, summary, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
    espalier_dataset_destroy(dataset);
    return network;
}

static void compare(const setting *s)
{
    setting plain = *s;
    espalier_train_summary sums[2];
    plain.plain = true;
    espalier_network *by_lists = train(*s, &sums[0]), *by_rows = train(plain, &sums[1]);
    for (size_t l = 0; l < LAYERS; l++) {
        const network_layer *a = &by_lists->layers[l], *b = &by_rows->layers[l];
        for (size_t i = 0; i < a->inputs * a->outputs; i++) {
            if (fabsf(a->weights[i] - b->weights[i]) > 3e-6f)
                fail_msg("layer %zu, weight %zu: %g by lists, %g by rows", l, i,
                         (double)a->weights[i], (double)b->weights[i]);
            if (!a->mask[i])
                assert_true(a->weights[i] == 0.0f && !signbit(a->weights[i]));
        }
        for (size_t j = 0; j < a->outputs; j++)
            assert_true(fabsf(a->biases[j] - b->biases[j]) <= 3e-6f);
        for (size_t j = 0; a->activations && j < a->outputs; j++)
            assert_in_range(a->activations[j], b->activations[j] - (b->activations[j] > 0),
                            b->activations[j] + 1); /* a sum may round across zero */
    }
    espalier_network_destroy(by_lists);
    espalier_network_destroy(by_rows);
}

/* 90 training rows in batches of 32: chunks of 16, the last batch of 26 rows. */
static void test_lists_are_matrices(void **state)
{
    (void)state;
    for (int kind = 0; kind < ESPALIER_OPTIMIZER_COUNT; kind++) {
        for (size_t k = 0; k < SHARES; k++) {
            const setting s = {narrow, shares[k], 100, 32, 2, (espalier_optimizer)kind,
                               k % 2 ? 0.01 : 0.0, 0, false};
            compare(&s);
        }
    }
}

/* Each activation behind and in front of lists, counts included. */
static void test_activations(void **state)
{
    (void)state;
    for (size_t kind = 1; kind < TRAINED_KINDS; kind++) {
        for (size_t k = 0; k < SHARES; k++) {
            const size_t other = (kind + 2 * k) % TRAINED_KINDS;
            const size_t functions = kind + TRAINED_KINDS * (other + TRAINED_KINDS * kind);
            const setting s = {narrow, shares[k], 100, 32, 2,
                               (espalier_optimizer)(kind % ESPALIER_OPTIMIZER_COUNT), 0.01,
                               functions, false};
            compare(&s);
        }
        const setting s = {wide, shares[kind % SHARES], 340, 290, 2, ESPALIER_SGD, 0.01,
                           kind * (1 + TRAINED_KINDS), false};
        compare(&s);
    }
}

/* Batches smaller and larger than a chunk, with chunks of 16 to 48 rows. */
static void test_any_batch(void **state)
{
    (void)state;
    static const size_t batches[] = {12, 16, 17, 100, 400, 1000};
    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
        const setting s = {narrow, shares[b % SHARES], 450, batches[b], 1, ESPALIER_SGD, 0.0,
                           0, false};
        compare(&s);
    }
}

static void test_wide(void **state)
{
    (void)state;
    for (size_t k = 0; k < SHARES; k++) {
        const setting s = {wide, shares[k], 340, k % 2 ? 40 : 290, 2, (espalier_optimizer)k, 0.01,
                           0, false};
        compare(&s);
    }
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    for (int width = 0; width < 2; width++) {
        setting s = {width ? wide : narrow, shares[0], 300, 130, 1, ESPALIER_MOMENTUM, 0.0,
                     width ? 3 + TRAINED_KINDS * 4 : 0, false};
        espalier_network *one = train(s, NULL);
        for (s.threads = 2; s.threads <= 5; s.threads++) {
            espalier_network *many = train(s, NULL);
            for (size_t l = 0; l < LAYERS; l++) {
                const network_layer *a = &one->layers[l], *b = &many->layers[l];
                assert_memory_equal(a->weights, b->weights,
                                    a->inputs * a->outputs * sizeof(float));
                assert_memory_equal(a->biases, b->biases, a->outputs * sizeof(float));
                if (a->activations)
                    assert_memory_equal(a->activations, b->activations,
                                        a->outputs * sizeof(uint64_t));
            }
            espalier_network_destroy(many);
        }
        espalier_network_destroy(one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_are_matrices),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_any_batch),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
