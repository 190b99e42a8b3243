/* Training as a whole: gradients, masks, counts, events, determinism. */
#include "tests/test.h"

#include <math.h>

#include "espalier/math.h"
#include "espalier/train.h"
#include "math/backend.h"
#include "tests/train/small.h"
#include "train/trainer.h"

static const size_t widths[] = {12, 19, 17, 5};
enum { LAYERS = 3 };

static espalier_trainer *start(espalier_network *network, const espalier_dataset *dataset,
                               const espalier_train_options *options)
{
    espalier_trainer *trainer = NULL;
    espalier_error error = {0};
    if (espalier_trainer_create(network, dataset, options, NULL, &trainer, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    return trainer;
}

static void train(espalier_network *network, const espalier_dataset *dataset,
                  const espalier_train_options *options)
{
    espalier_trainer *trainer = start(network, dataset, options);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
}

/* ---- gradients ------------------------------------------------------------ */

/* Mean loss over the training rows, all in double. */
static double naive_loss(const espalier_network *network, const espalier_dataset *dataset)
{
    size_t rows = espalier_dataset_row_count(dataset, ESPALIER_TRAINING);
    double loss = 0.0;
    for (size_t r = 0; r < rows; r++) {
        float raw[64];
        double x[64], y[64] = {0};
        espalier_dataset_rows(dataset, ESPALIER_TRAINING, r, 1, raw);
        for (size_t i = 0; i < network->layers[0].inputs; i++)
            x[i] = raw[i];
        for (size_t l = 0; l < network->layer_count; l++) {
            const network_layer *layer = &network->layers[l];
            for (size_t j = 0; j < layer->outputs; j++) {
                y[j] = layer->biases[j];
                for (size_t i = 0; i < layer->inputs; i++)
                    y[j] += (double)layer->weights[j * layer->inputs + i] * x[i];
                if (l + 1 < network->layer_count && y[j] < 0.0)
                    y[j] = 0.0;
            }
            memcpy(x, y, sizeof x);
        }
        double sum = 0.0, largest = x[0];
        size_t classes = espalier_network_class_count(network);
        for (size_t c = 1; c < classes; c++)
            largest = x[c] > largest ? x[c] : largest;
        for (size_t c = 0; c < classes; c++)
            sum += exp(x[c] - largest);
        loss += largest + log(sum) - x[espalier_dataset_label(dataset, ESPALIER_TRAINING, r)];
    }
    return loss / (double)rows;
}

/* (loss(p + h) - loss(p - h)) / 2h, with the h that the float really moves by; h is
 * small, so that hardly any ReLU changes sides within it. */
static double central_difference(const espalier_network *network, const espalier_dataset *dataset,
                                 float *parameter)
{
    float kept = *parameter, up = kept + 1e-5f, down = kept - 1e-5f;
    *parameter = up;
    double above = naive_loss(network, dataset);
    *parameter = down;
    double below = naive_loss(network, dataset);
    *parameter = kept;
    return (above - below) / ((double)up - (double)down);
}

/* One step of SGD with rate 1 over all rows moves a parameter by minus its gradient. */
static void check_gradients(const char *math, bool masked)
{
    espalier_dataset *dataset = small_dataset(50, 0, widths[0], widths[LAYERS]);
    espalier_network *before = small_network(widths, LAYERS + 1, 3), *after = NULL;
    if (masked)
        small_prune(before, 0.3);
    for (size_t l = 0; l < LAYERS; l++) /* biases other than zero, too */
        for (size_t j = 0; j < before->layers[l].outputs; j++)
            before->layers[l].biases[j] = 0.05f * (float)((double)j - 3.0);
    assert_int_equal(espalier_network_copy(before, NULL, &after, NULL), ESPALIER_OK);
    espalier_train_options options = espalier_train_options_defaults();
    options.epochs = 1;
    options.batch_rows = 1000;
    options.learning_rate = 1.0;
    options.math = math;
    train(after, dataset, &options);
    size_t checked = 0;
    for (size_t l = 0; l < LAYERS; l++) {
        network_layer *layer = &before->layers[l];
        size_t weights = layer->inputs * layer->outputs;
        for (size_t i = 0; i < weights + layer->outputs; i++) {
            float *p = i < weights ? layer->weights + i : layer->biases + (i - weights);
            float *q = i < weights ? after->layers[l].weights + i
                                   : after->layers[l].biases + (i - weights);
            if (i < weights && !layer->mask[i]) {
                assert_true(*q == 0.0f && !signbit(*q));
                continue;
            }
            double expected = central_difference(before, dataset, p), found = (double)*p - *q;
            if (fabs(found - expected) > 1e-6 + 1e-4 * fabs(expected))
                fail_msg("layer %zu, parameter %zu: expected %g, found %g", l, i, expected, found);
            checked++;
        }
    }
    assert_true(checked > (masked ? 300 : 600));
    espalier_network_destroy(before);
    espalier_network_destroy(after);
    espalier_dataset_destroy(dataset);
}

static void test_gradients(void **state)
{
    (void)state;
    for (size_t i = 0; espalier_math_name(i); i++) {
        check_gradients(espalier_math_name(i), false);
        check_gradients(espalier_math_name(i), true);
    }
}

/* ---- masks ------------------------------------------------------------------ */

static void test_pruned_weights_stay_zero(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(300, 0, widths[0], widths[LAYERS]);
    for (int kind = 0; kind < ESPALIER_OPTIMIZER_COUNT; kind++) {
        for (int decay = 0; decay < 2; decay++) {
            espalier_network *network = small_network(widths, LAYERS + 1, 4);
            espalier_network *first = NULL;
            small_prune(network, 0.5);
            assert_int_equal(espalier_network_copy(network, NULL, &first, NULL), ESPALIER_OK);
            espalier_train_options options = espalier_train_options_defaults();
            options.optimizer = (espalier_optimizer)kind;
            options.weight_decay = decay ? 0.01 : 0.0;
            options.epochs = 3;
            train(network, dataset, &options);
            size_t moved = 0;
            for (size_t l = 0; l < LAYERS; l++) {
                const network_layer *layer = &network->layers[l];
                for (size_t i = 0; i < layer->inputs * layer->outputs; i++) {
                    assert_int_equal(layer->mask[i], first->layers[l].mask[i]);
                    uint32_t bits;
                    memcpy(&bits, &layer->weights[i], sizeof bits);
                    if (!layer->mask[i])
                        assert_int_equal(bits, 0);
                    moved += layer->weights[i] != first->layers[l].weights[i];
                }
            }
            assert_true(moved > 100);
            espalier_network_destroy(network);
            espalier_network_destroy(first);
        }
    }
    espalier_dataset_destroy(dataset);
}

/* ---- determinism ------------------------------------------------------------ */

static void assert_same(const espalier_network *a, const espalier_network *b)
{
    for (size_t l = 0; l < a->layer_count; l++) {
        const network_layer *x = &a->layers[l], *y = &b->layers[l];
        assert_memory_equal(x->weights, y->weights, x->inputs * x->outputs * sizeof(float));
        assert_memory_equal(x->biases, y->biases, x->outputs * sizeof(float));
        if (x->activations)
            assert_memory_equal(x->activations, y->activations, x->outputs * sizeof(uint64_t));
    }
}

static espalier_status switch_counting(void *context, espalier_trainer *trainer,
                                       const espalier_event *event, espalier_error *error)
{
    (void)error;
    if (event->kind == ESPALIER_EVENT_BEGIN)
        espalier_trainer_count(trainer, *(const bool *)context);
    return ESPALIER_OK;
}

static espalier_network *trained(const espalier_dataset *dataset, espalier_optimizer optimizer,
                                 size_t threads, bool count, const char *math)
{
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    small_prune(network, 0.4);
    espalier_train_options options = espalier_train_options_defaults();
    options.optimizer = optimizer;
    options.threads = threads;
    options.epochs = 2;
    options.batch_rows = 50; /* several chunks, the last one short */
    options.math = math;
    espalier_trainer *trainer = start(network, dataset, &options);
    assert_int_equal(espalier_trainer_observe(
                         trainer, (espalier_observer){.context = &count, .notify = switch_counting}),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
    return network;
}

static void test_threads_and_counting_change_nothing(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(407, 0, widths[0], widths[LAYERS]);
    for (int kind = 0; kind < ESPALIER_OPTIMIZER_COUNT; kind++) {
        espalier_network *one = trained(dataset, (espalier_optimizer)kind, 1, true, NULL);
        for (size_t threads = 1; threads <= 4; threads++) {
            espalier_network *many = trained(dataset, (espalier_optimizer)kind, threads, true, NULL);
            assert_same(one, many);
            espalier_network_destroy(many);
        }
        espalier_network *uncounted = trained(dataset, (espalier_optimizer)kind, 2, false, NULL);
        for (size_t l = 0; l < LAYERS; l++)
            assert_memory_equal(one->layers[l].weights, uncounted->layers[l].weights,
                                widths[l] * widths[l + 1] * sizeof(float));
        assert_int_equal(uncounted->inputs_counted, 0);
        assert_int_equal(one->inputs_counted, 2 * 367);
        espalier_network_destroy(one);
        espalier_network_destroy(uncounted);
    }
    espalier_dataset_destroy(dataset);
}

/* Every backend trains to nearly the same network. */
static void test_backends_agree(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(407, 0, widths[0], widths[LAYERS]);
    espalier_network *truth = trained(dataset, ESPALIER_SGD, 1, true, "reference");
    for (size_t b = 0; espalier_math_name(b); b++) {
        espalier_network *found = trained(dataset, ESPALIER_SGD, 2, true, espalier_math_name(b));
        for (size_t l = 0; l < LAYERS; l++)
            for (size_t i = 0; i < widths[l] * widths[l + 1]; i++)
                assert_true(fabsf(truth->layers[l].weights[i] - found->layers[l].weights[i]) < 1e-5f);
        espalier_network_destroy(found);
    }
    espalier_network_destroy(truth);
    espalier_dataset_destroy(dataset);
}

/* ---- counts ------------------------------------------------------------------- */

/* With a rate too small to change a weight, what an epoch counts is what a plain
 * pass over the rows counts. */
static void test_counts_equal_a_recount(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(211, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, 8);
    small_prune(network, 0.4);
    espalier_train_options options = espalier_train_options_defaults();
    options.learning_rate = 1e-30;
    options.epochs = 2;
    bool count = true;
    espalier_trainer *trainer = start(network, dataset, &options);
    espalier_trainer_observe(trainer, (espalier_observer){.context = &count, .notify = switch_counting});
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
    size_t rows = espalier_dataset_row_count(dataset, ESPALIER_TRAINING);
    assert_int_equal(network->inputs_counted, 2 * rows);
    uint64_t expected[2][32] = {{0}}, total = 0;
    for (size_t r = 0; r < rows; r++) {
        float x[64], y[64];
        espalier_dataset_rows(dataset, ESPALIER_TRAINING, r, 1, x);
        for (size_t l = 0; l + 1 < LAYERS; l++) {
            const network_layer *layer = &network->layers[l];
            for (size_t j = 0; j < layer->outputs; j++) {
                double sum = layer->biases[j];
                for (size_t i = 0; i < layer->inputs; i++)
                    sum += (double)layer->weights[j * layer->inputs + i] * x[i];
                y[j] = sum > 0.0 ? (float)sum : 0.0f;
                expected[l][j] += sum > 0.0;
            }
            memcpy(x, y, sizeof x);
        }
    }
    for (size_t l = 0; l + 1 < LAYERS; l++)
        for (size_t j = 0; j < widths[l + 1]; j++) {
            assert_int_equal(network->layers[l].activations[j], 2 * expected[l][j]);
            total += expected[l][j];
        }
    assert_true(total > rows);
    assert_int_equal(network->layers[0].activations[1], 0); /* small_prune cut it off */
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

/* Of the first 64 training rows, in percent. */
static void test_nonzero_inputs_are_noted(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(211, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, 8);
    espalier_train_options options = espalier_train_options_defaults();
    espalier_trainer_destroy(start(network, dataset, &options));
    size_t found = 0;
    for (size_t r = 0; r < 64; r++) {
        float x[64];
        espalier_dataset_rows(dataset, ESPALIER_TRAINING, r, 1, x);
        for (size_t i = 0; i < widths[0]; i++)
            found += x[i] != 0.0f;
    }
    char expected[24];
    snprintf(expected, sizeof expected, "%.0f",
             100.0 * (double)found / (64.0 * (double)widths[0]));
    assert_string_equal(espalier_network_metadata(network, NETWORK_NONZERO_INPUTS), expected);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

/* ---- events --------------------------------------------------------------------- */

typedef struct tape {
    char kinds[256];
    size_t length;
    size_t cut_at;       /* epoch at which the observer prunes; 0 = never */
    size_t hold_until;   /* epoch whose end frees the rules */
    size_t stop_at;
    double losses[32];   /* of validation, by epoch from 0 on */
} tape;

static espalier_status listen(void *context, espalier_trainer *trainer,
                              const espalier_event *event, espalier_error *error)
{
    (void)error;
    tape *t = context;
    t->kinds[t->length++] = "BebEpPNX"[event->kind];
    if (event->kind == ESPALIER_EVENT_BEGIN && t->hold_until)
        espalier_trainer_hold(trainer, true);
    if (event->kind != ESPALIER_EVENT_EPOCH)
        return ESPALIER_OK;
    if (event->epoch <= 32)
        t->losses[event->epoch - 1] = event->result->validation_loss;
    if (event->epoch == t->cut_at) {
        espalier_network *network = espalier_trainer_network(trainer);
        small_prune(network, 0.95);
        espalier_trainer_changed(trainer);
        espalier_event prune = *event;
        prune.kind = ESPALIER_EVENT_PRUNE;
        return espalier_trainer_announce(trainer, &prune, error);
    }
    if (event->epoch == t->hold_until)
        espalier_trainer_hold(trainer, false);
    if (event->epoch == t->stop_at)
        espalier_trainer_stop(trainer);
    return ESPALIER_OK;
}

static espalier_status stop_at_once(void *context, espalier_trainer *trainer, const espalier_event *event,
                                    espalier_error *error)
{
    (void)context, (void)error;
    if (event->kind == ESPALIER_EVENT_BEGIN)
        espalier_trainer_stop(trainer);
    return ESPALIER_OK;
}

static espalier_status count_from_a_batch_on(void *context, espalier_trainer *trainer,
                                             const espalier_event *event, espalier_error *error)
{
    (void)context, (void)error;
    if (event->kind == ESPALIER_EVENT_BATCH && event->epoch == 1 && event->batch == 1)
        espalier_trainer_count(trainer, true);
    return ESPALIER_OK;
}

/* Stopping before the first epoch, and counting from the next one on. */
static void test_switches(void **state)
{
    (void)state;
    espalier_dataset_options all = espalier_dataset_options_defaults();
    all.validation_fraction = 0.0;
    espalier_dataset *dataset = small_dataset_split(70, 0, widths[0], widths[LAYERS], &all);
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    espalier_train_options options = espalier_train_options_defaults();
    espalier_train_summary summary;
    options.epochs = 2;
    espalier_trainer *trainer = start(network, dataset, &options);
    espalier_trainer_observe(trainer, (espalier_observer){.notify = stop_at_once});
    assert_int_equal(espalier_trainer_run(trainer, &summary, NULL), ESPALIER_OK);
    assert_int_equal(summary.epochs, 0);
    assert_int_equal(summary.stopped_by, ESPALIER_STOPPED_BY_OBSERVER);
    espalier_trainer_destroy(trainer);

    trainer = start(network, dataset, &options);
    espalier_trainer_observe(trainer, (espalier_observer){.notify = count_from_a_batch_on, .batches = true});
    assert_int_equal(espalier_trainer_run(trainer, &summary, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_inputs_counted(network), 70);
    espalier_trainer_destroy(trainer);

    espalier_error error = {0};
    options.keep = ESPALIER_KEEP_BEST; /* told by validation rows */
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, &error),
                     ESPALIER_ERROR_ARGUMENT);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
}

static void test_events_in_order(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(70, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    espalier_train_options options = espalier_train_options_defaults();
    options.epochs = 9;
    tape acting = {.cut_at = 1, .stop_at = 2}, hearing = {.cut_at = 0};
    espalier_trainer *trainer = start(network, dataset, &options);
    const espalier_observer both = {.context = &acting, .notify = listen, .batches = true};
    espalier_trainer_observe(trainer, both);
    espalier_trainer_observe(trainer, (espalier_observer){.context = &hearing, .notify = listen});
    espalier_train_summary summary;
    assert_int_equal(espalier_trainer_run(trainer, &summary, NULL), ESPALIER_OK);
    assert_string_equal(acting.kinds, "BebbEebbEX");
    assert_string_equal(hearing.kinds, "BePEeEX");
    assert_int_equal(summary.epochs, 2);
    assert_int_equal(summary.stopped_by, ESPALIER_STOPPED_BY_OBSERVER);
    assert_true(espalier_network_pruned_count(network, 0) > 50);
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

/* An observer that adds another one, from where the list of them must grow. */
static espalier_status add_listener(void *context, espalier_trainer *trainer,
                                    const espalier_event *event, espalier_error *error)
{
    (void)error;
    if (event->kind != ESPALIER_EVENT_EPOCH || event->epoch != 2)
        return ESPALIER_OK;
    const espalier_observer late = {.context = context, .notify = listen, .batches = true};
    return espalier_trainer_observe(trainer, late);
}

static void test_observer_added_on_the_way(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(70, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    espalier_train_options options = espalier_train_options_defaults();
    options.epochs = 3;
    tape before = {.cut_at = 0}, late = {.cut_at = 0};
    espalier_trainer *trainer = start(network, dataset, &options);
    espalier_trainer_observe(trainer, (espalier_observer){.context = &late, .notify = add_listener});
    espalier_trainer_observe(trainer, (espalier_observer){.context = &before, .notify = listen});
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    assert_string_equal(before.kinds, "BeEeEeEX");
    assert_string_equal(late.kinds, "EebbEX"); /* the present event, too */
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

typedef struct orders {
    uint32_t rows[3][70];
    size_t count, epochs; /* rows of each; kept so far */
} orders;

static espalier_status keep_order(void *context, espalier_trainer *trainer,
                                  const espalier_event *event, espalier_error *error)
{
    (void)error;
    orders *kept = context;
    if (event->kind == ESPALIER_EVENT_EPOCH)
        memcpy(kept->rows[kept->epochs++], trainer->order, kept->count * sizeof(uint32_t));
    return ESPALIER_OK;
}

/* Each epoch has an order of its own, drawn from the seed and the epoch. */
static void test_order_of_rows(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(70, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    espalier_train_options options = espalier_train_options_defaults();
    orders kept = {.count = espalier_dataset_row_count(dataset, ESPALIER_TRAINING)};
    options.epochs = 3;
    espalier_trainer *trainer = start(network, dataset, &options);
    espalier_trainer_observe(trainer, (espalier_observer){.context = &kept, .notify = keep_order});
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    assert_int_equal(kept.epochs, 3);
    assert_in_range(kept.count, 50, 70);
    for (uint32_t epoch = 1; epoch <= 3; epoch++) {
        uint32_t expected[70];
        for (uint32_t i = 0; i < kept.count; i++)
            expected[i] = i;
        random_shuffle(options.seed, random_stream(RANDOM_SHUFFLE, epoch), expected, kept.count);
        assert_memory_equal(kept.rows[epoch - 1], expected, kept.count * sizeof *expected);
        assert_memory_not_equal(kept.rows[epoch - 1], kept.rows[epoch % 3],
                                kept.count * sizeof *expected);
    }
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

static espalier_status keep_accuracy(void *context, espalier_trainer *trainer,
                                     const espalier_event *event, espalier_error *error)
{
    (void)error, (void)trainer;
    if (event->kind == ESPALIER_EVENT_EPOCH)
        *(double *)context = event->result->training_accuracy;
    return ESPALIER_OK;
}

/* Of a network that tells class 0 whatever it sees: the share of class 0, the last batch being
 * smaller than the others. */
static void test_training_accuracy(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(70, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    espalier_train_options options = espalier_train_options_defaults();
    const size_t rows = espalier_dataset_row_count(dataset, ESPALIER_TRAINING);
    size_t first = 0;
    double told = -1.0;
    for (size_t r = 0; r < rows; r++)
        first += espalier_dataset_label(dataset, ESPALIER_TRAINING, r) == 0;
    network->layers[LAYERS - 1].biases[0] = 1000.0f;
    options.epochs = 1;
    options.learning_rate = 1e-12;
    options.batch_rows = 20;
    espalier_trainer *trainer = start(network, dataset, &options);
    espalier_trainer_observe(trainer, (espalier_observer){.context = &told, .notify = keep_accuracy});
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    assert_true(first > 0 && first < rows);
    assert_true(told == (double)first / (double)rows);
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

/* The accuracy rule waits while the run is held. */
static void test_hold(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(70, 0, widths[0], widths[LAYERS]);
    espalier_train_options options = espalier_train_options_defaults();
    options.final_accuracy = 0.0;
    options.epochs = 9;
    for (size_t until = 0; until < 6; until += 5) {
        espalier_network *network = small_network(widths, LAYERS + 1, 4);
        tape acting = {.hold_until = until};
        espalier_trainer *trainer = start(network, dataset, &options);
        espalier_trainer_observe(trainer, (espalier_observer){.context = &acting, .notify = listen});
        espalier_train_summary summary;
        assert_int_equal(espalier_trainer_run(trainer, &summary, NULL), ESPALIER_OK);
        assert_int_equal(summary.epochs, until ? until : 1);
        assert_int_equal(summary.stopped_by, ESPALIER_STOPPED_BY_ACCURACY);
        espalier_trainer_destroy(trainer);
        espalier_network_destroy(network);
    }
    espalier_dataset_destroy(dataset);
}

/* Asks for something, or takes it back, at every event, when all others have done so. */
typedef struct wish {
    void (*ask)(espalier_trainer *trainer, bool on);
    bool on;
} wish;

static espalier_status ask(void *context, espalier_trainer *trainer, const espalier_event *event,
                           espalier_error *error)
{
    const wish *w = context;
    espalier_event note = *event;
    note.kind = ESPALIER_EVENT_NOTE;
    const espalier_status status = event->kind == ESPALIER_EVENT_NOTE
                                       ? ESPALIER_OK
                                       : espalier_trainer_announce(trainer, &note, error);
    w->ask(trainer, w->on);
    return status;
}

/* What one asks for no other takes back: neither before nor after it, nor in the middle of its
 * own notify, nor one from outside. */
static void test_asked_by_several(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(70, 0, widths[0], widths[LAYERS]);
    espalier_train_options options = espalier_train_options_defaults();
    options.final_accuracy = 0.0;
    options.epochs = 3;
    for (int who = 0; who < 8; who++) { /* a bit for each who asks */
        espalier_network *network = small_network(widths, LAYERS + 1, 4);
        wish wishes[4];
        espalier_trainer *trainer = start(network, dataset, &options);
        espalier_trainer_hold(trainer, who & 4);
        espalier_trainer_count(trainer, who & 4);
        for (size_t i = 0; i < 4; i++) {
            wishes[i] = (wish){i & 1 ? espalier_trainer_count : espalier_trainer_hold,
                               who >> i / 2 & 1};
            assert_int_equal(
                espalier_trainer_observe(
                    trainer, (espalier_observer){.context = &wishes[i], .notify = ask}),
                ESPALIER_OK);
        }
        espalier_train_summary summary;
        assert_int_equal(espalier_trainer_run(trainer, &summary, NULL), ESPALIER_OK);
        assert_int_equal(summary.epochs, who ? 3 : 1);
        assert_int_equal(espalier_network_inputs_counted(network), who ? 3 * 63 : 0);
        espalier_trainer_destroy(trainer);
        espalier_network_destroy(network);
    }
    espalier_dataset_destroy(dataset);
}

/* Index of the smallest of values[from … to - 1]. */
static size_t smallest(const double *values, size_t from, size_t to)
{
    size_t best = from;
    for (size_t i = from; i < to; i++)
        best = values[i] < values[best] ? i : best;
    return best;
}

/* --keep best: never the network of an epoch before the last cut, and the one
 * with the smallest validation loss since. */
static void test_keep_best(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(200, 0, widths[0], widths[LAYERS]);
    espalier_train_options options = espalier_train_options_defaults();
    options.epochs = 12;
    options.learning_rate = 0.2;
    options.lr_schedule = ESPALIER_LR_STEP; /* to 4 in the last epochs, which undoes a lot */
    options.lr_step = 9;
    options.lr_gamma = 20.0;
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    options.keep = ESPALIER_KEEP_BEST;
    espalier_network *best = small_network(widths, LAYERS + 1, 4);
    tape acting = {.cut_at = 4};
    espalier_trainer *trainer = start(best, dataset, &options);
    espalier_trainer_observe(trainer, (espalier_observer){.context = &acting, .notify = listen});
    espalier_train_summary summary;
    assert_int_equal(espalier_trainer_run(trainer, &summary, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
    assert_true(espalier_network_pruned_count(best, 0) > 50);
    size_t before = smallest(acting.losses, 0, 4), since = smallest(acting.losses, 4, 12);
    assert_true(acting.losses[before] < acting.losses[since]); /* the cut made it worse … */
    assert_true(since < 11);                                   /* … and so did the last epochs */
    assert_int_equal(summary.kept_epoch, since + 1);
    espalier_network *last = small_network(widths, LAYERS + 1, 4);
    options.keep = ESPALIER_KEEP_LAST;
    options.epochs = summary.kept_epoch;
    tape again = {.cut_at = 4};
    trainer = start(last, dataset, &options);
    espalier_trainer_observe(trainer, (espalier_observer){.context = &again, .notify = listen});
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
    assert_same(best, last);
    espalier_network_destroy(best);
    espalier_network_destroy(last);
    espalier_dataset_destroy(dataset);
}

/* After a cut in the last epoch no epoch is left to be the best: the cut network stays. */
static void test_keep_none(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(200, 0, widths[0], widths[LAYERS]);
    espalier_train_options options = espalier_train_options_defaults();
    options.epochs = 3;
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    options.keep = ESPALIER_KEEP_BEST;
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    tape acting = {.cut_at = 3};
    espalier_trainer *trainer = start(network, dataset, &options);
    espalier_trainer_observe(trainer, (espalier_observer){.context = &acting, .notify = listen});
    espalier_train_summary summary;
    assert_int_equal(espalier_trainer_run(trainer, &summary, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
    assert_int_equal(summary.kept_epoch, 3);
    assert_true(espalier_network_pruned_count(network, 0) > 50);
    for (size_t i = 0; i < widths[0] * widths[1]; i++)
        assert_true(network->layers[0].mask[i] || network->layers[0].weights[i] == 0.0f);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

/* ---- refusals ------------------------------------------------------------------- */

static void test_runs_once(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(70, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, 4), *before = NULL;
    espalier_train_options options = espalier_train_options_defaults();
    espalier_error error = {0};
    options.epochs = 2;
    espalier_trainer *trainer = start(network, dataset, &options);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_copy(network, NULL, &before, NULL), ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, &error), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message, "a trainer runs once: make another one to train on");
    assert_same(before, network);
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(before);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

static espalier_status hear_nothing(void *context, espalier_trainer *trainer,
                                    const espalier_event *event, espalier_error *error)
{
    (void)context, (void)trainer, (void)event, (void)error;
    return ESPALIER_OK;
}

static espalier_status save_nothing(void *context, char **text, espalier_error *error)
{
    (void)context, (void)text, (void)error;
    return ESPALIER_OK;
}

static espalier_status restore_nothing(void *context, const char *text, espalier_error *error)
{
    (void)context, (void)text, (void)error;
    return ESPALIER_OK;
}

static espalier_status observe(espalier_trainer *trainer, const espalier_keeper *keeper)
{
    return espalier_trainer_observe(trainer,
                                    (espalier_observer){.notify = hear_nothing, .keeper = keeper});
}

static espalier_status observe_named(espalier_trainer *trainer, const char *name)
{
    static espalier_keeper keeper = {NULL, save_nothing, restore_nothing};
    keeper.name = name;
    return observe(trainer, &keeper);
}

/* Those that could not be called, or whose state would not be found again. */
static void test_observers_that_are_refused(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(50, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    espalier_train_options options = espalier_train_options_defaults();
    const espalier_keeper once = {"once", save_nothing, restore_nothing};
    const espalier_keeper same = {"once", save_nothing, restore_nothing};
    const espalier_keeper half[] = {{"half", NULL, restore_nothing}, {"half", save_nothing, NULL}};
    char longest[ESPALIER_KEEPER_NAME_MOST + 2];
    memset(longest, 'x', sizeof longest);
    longest[ESPALIER_KEEPER_NAME_MOST + 1] = '\0';
    options.epochs = 1;
    espalier_trainer *trainer = start(network, dataset, &options);
    assert_int_equal(observe(trainer, &once), ESPALIER_OK);
    assert_int_equal(observe(trainer, &same), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(observe(trainer, &half[0]), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(observe(trainer, &half[1]), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(observe_named(trainer, NULL), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(observe_named(trainer, ""), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(observe_named(trainer, "caf\xe9"), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(observe_named(trainer, longest), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(observe_named(trainer, longest + 1), ESPALIER_OK);
    assert_int_equal(espalier_trainer_observe(trainer, (espalier_observer){.batches = true}),
                     ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(trainer->listener_count, 2);
    assert_int_equal(observe(trainer, NULL), ESPALIER_OK); /* as many as there are */
    assert_int_equal(observe(trainer, NULL), ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

static void test_divergence_is_caught(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(100, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    espalier_train_options options = espalier_train_options_defaults();
    options.learning_rate = 1e30;
    espalier_trainer *trainer = start(network, dataset, &options);
    espalier_error error = {0};
    assert_int_equal(espalier_trainer_run(trainer, NULL, &error), ESPALIER_ERROR_NUMERIC);
    assert_non_null(strstr(error.message, "epoch 1, batch "));
    for (size_t i = 0; i < widths[0] * widths[1]; i++)
        assert_true(isfinite(network->layers[0].weights[i]));
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

static void test_wrong_input(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(50, 0, 10, 5);
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    espalier_trainer *trainer = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_trainer_create(network, dataset, NULL, NULL, &trainer, &error),
                     ESPALIER_ERROR_MISMATCH);
    assert_string_equal(error.message,
                        "the network takes rows of 12 values, the data set has rows of 10");
    espalier_dataset *six = small_dataset(50, 0, widths[0], 6);
    error = (espalier_error){0};
    assert_int_equal(espalier_trainer_create(network, six, NULL, NULL, &trainer, &error),
                     ESPALIER_ERROR_MISMATCH);
    assert_string_equal(error.message, "the network knows 5 classes, the data set has 6");
    espalier_dataset_destroy(six);
    espalier_train_options options = espalier_train_options_defaults();
    options.momentum = 1.0;
    error = (espalier_error){0};
    assert_int_equal(espalier_train_options_check(&options, &error), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message, "momentum: expected 0 to below 1, found 1");
    options = espalier_train_options_defaults();
    options.learning_rate = NAN;
    assert_int_equal(espalier_train_options_check(&options, NULL), ESPALIER_ERROR_ARGUMENT);
    options = espalier_train_options_defaults();
    assert_int_equal(espalier_train_options_check(&options, NULL), ESPALIER_OK);
    assert_null(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nonzero_inputs_are_noted),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_pruned_weights_stay_zero),
        cmocka_unit_test(test_threads_and_counting_change_nothing),
        cmocka_unit_test(test_backends_agree),
        cmocka_unit_test(test_counts_equal_a_recount),
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_events_in_order),
        cmocka_unit_test(test_observer_added_on_the_way),
        cmocka_unit_test(test_order_of_rows),
        cmocka_unit_test(test_training_accuracy),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_asked_by_several),
        cmocka_unit_test(test_keep_best),
        cmocka_unit_test(test_keep_none),
        cmocka_unit_test(test_runs_once),
        cmocka_unit_test(test_observers_that_are_refused),
        cmocka_unit_test(test_divergence_is_caught),
        cmocka_unit_test(test_wrong_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
