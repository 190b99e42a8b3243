/* The regulariser of singular values: its operator on known ones, when it acts, and what
 * it leaves alone. */
#include "tests/test.h"

#include <math.h>

#include "espalier/regularise.h"
#include "espalier/train.h"
#include "math/svd.h"
#include "tests/base/test_allocator.h"
#include "tests/train/small.h"

static void defaults_and_ranges(void **state)
{
    espalier_regulariser_options options = espalier_regulariser_options_defaults();
    const struct {
        double nuclear, weighted, start;
        size_t every, interval;
        const char *message;
    } cases[] = {
        {-1.0, 0.0, 0.8, 1, 1, "nuclear: expected 0 or more, found -1"},
        {NAN, 0.0, 0.8, 1, 1, "nuclear: expected 0 or more, found nan"},
        {0.0, INFINITY, 0.8, 1, 1, "nuclear_weighted: expected 0 or more, found inf"},
        {0.0, 0.0, 1.5, 1, 1, "start_accuracy: expected 0 to 1, found 1.5"},
        {0.0, 0.0, 0.8, 0, 1, "every: expected at least 1, found 0"},
        {0.0, 0.0, 0.8, 1, 0, "interval: expected at least 1, found 0"},
    };
    (void)state;
    assert_int_equal(espalier_regulariser_options_check(&options, NULL), ESPALIER_OK);
    assert_true(options.nuclear == 0.0 && options.nuclear_weighted == 0.0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        espalier_error error = {0};
        espalier_regulariser *none = NULL;
        options = (espalier_regulariser_options){cases[i].nuclear, cases[i].weighted,
                                                 cases[i].start, cases[i].every,
                                                 cases[i].interval};
        assert_int_equal(espalier_regulariser_create(&options, NULL, &none, &error),
                         ESPALIER_ERROR_ARGUMENT);
        assert_string_equal(error.message, cases[i].message);
        assert_null(none);
    }
    espalier_regulariser_destroy(NULL);
}

#ifdef ESPALIER_HAVE_CBLAS

/* So small a rate that learning does not move the weights; the regulariser's lambda is
 * as large as that makes necessary. */
static const double still = 1e-12;

static espalier_train_options standing(size_t epochs, size_t batch_rows)
{
    espalier_train_options options = espalier_train_options_defaults();
    options.learning_rate = still;
    options.epochs = epochs;
    options.batch_rows = batch_rows;
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    options.threads = 1;
    return options;
}

/* lambda such that one update takes off `step`; on from the first epoch. */
static espalier_regulariser_options every_update(double step, double weighted)
{
    espalier_regulariser_options options = espalier_regulariser_options_defaults();
    options.nuclear = step / still;
    options.nuclear_weighted = weighted / still;
    options.start_accuracy = 0.0;
    options.interval = 1;
    return options;
}

/* Trains with the regulariser and, if there is a `listener`, with that behind it. */
static espalier_train_summary train(espalier_network *network, const espalier_dataset *dataset,
                                    const espalier_train_options *options,
                                    const espalier_regulariser_options *pressure,
                                    const espalier_observer *listener)
{
    espalier_trainer *trainer = NULL;
    espalier_regulariser *regulariser = NULL;
    espalier_train_summary summary;
    espalier_error error = {0};
    if (espalier_trainer_create(network, dataset, options, NULL, &trainer, &error) ||
        espalier_regulariser_create(pressure, NULL, &regulariser, &error))
        fail_msg("%s", error.message);
    espalier_trainer_observe(trainer, espalier_regulariser_observer(regulariser));
    if (listener)
        espalier_trainer_observe(trainer, *listener);
    if (espalier_trainer_run(trainer, &summary, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    espalier_trainer_destroy(trainer);
    espalier_regulariser_destroy(regulariser);
    return summary;
}

/* ---- the operator ----------------------------------------------------------- */

enum { MOST = 24 };

/* count orthonormal vectors of the given length, by Gram and Schmidt. */
static void orthonormal(uint32_t seed, size_t length, size_t count, double vectors[MOST][MOST])
{
    for (size_t k = 0; k < count; k++) {
        double norm = 0.0;
        for (size_t i = 0; i < length; i++)
            vectors[k][i] = random_normal(7, random_stream(RANDOM_TEST, seed), k * length + i);
        for (size_t turn = 0; turn < 2; turn++)
            for (size_t j = 0; j < k; j++) {
                double dot = 0.0;
                for (size_t i = 0; i < length; i++)
                    dot += vectors[k][i] * vectors[j][i];
                for (size_t i = 0; i < length; i++)
                    vectors[k][i] -= dot * vectors[j][i];
            }
        for (size_t i = 0; i < length; i++)
            norm += vectors[k][i] * vectors[k][i];
        for (size_t i = 0; i < length; i++)
            vectors[k][i] /= sqrt(norm);
    }
}

static double element(double u[MOST][MOST], const double *s, double v[MOST][MOST], size_t count,
                      size_t o, size_t i)
{
    double sum = 0.0;
    for (size_t k = 0; k < count; k++)
        sum += s[k] * u[k][o] * v[k][i];
    return sum;
}

/* W = U diag(s) V' with known factors: each value goes down by its own amount. */
static void operator_is_exact(void **state)
{
    static const size_t shapes[][2] = {{10, 24}, {24, 10}, {12, 12}};
    static const double steps[][2] = {{0.25, 0.0}, {0.0, 0.07}, {0.1, 0.05}, {9.0, 0.0}};
    double u[MOST][MOST], v[MOST][MOST], s[MOST], less[MOST];
    (void)state;
    for (size_t c = 0; c < 12; c++) {
        const size_t outputs = shapes[c % 3][0], inputs = shapes[c % 3][1];
        const size_t count = outputs < inputs ? outputs : inputs;
        const double step = steps[c / 3][0], weighted = steps[c / 3][1];
        const size_t widths[] = {inputs, outputs, 3};
        espalier_network *network = small_network(widths, 3, 1);
        espalier_dataset *dataset = small_dataset(30, 0, inputs, 3);
        espalier_train_options options = standing(1, 100);
        espalier_regulariser_options pressure = every_update(step, weighted);
        network_layer *layer = &network->layers[0];
        orthonormal(1, outputs, count, u);
        orthonormal(2, inputs, count, v);
        for (size_t k = 0; k < count; k++) { /* two pairs of equal values where that is unique */
            s[k] = 1.3 - 0.1 * (double)(k - (weighted == 0.0 && (k == 2 || k == 5)));
            less[k] = fmax(s[k] - step - weighted * (double)(k + 1), 0.0);
        }
        for (size_t i = 0; i < outputs * inputs; i++)
            layer->weights[i] = (float)element(u, s, v, count, i / inputs, i % inputs);
        train(network, dataset, &options, &pressure, NULL);
        for (size_t i = 0; i < outputs * inputs; i++)
            assert_float_equal(layer->weights[i],
                               element(u, less, v, count, i / inputs, i % inputs), 2e-6);
        espalier_network_destroy(network);
        espalier_dataset_destroy(dataset);
    }
}

/* ---- when it acts ------------------------------------------------------------ */

enum { EPOCHS = 5, BATCHES = 10 };

/* Watches the largest singular value of layer 0 after every batch. */
typedef struct trace {
    float largest;
    double fall[EPOCHS][BATCHES];
    size_t never; /* notes that the penalty never acted */
} trace;

static float largest_value(const espalier_network *network, size_t layer)
{
    const network_layer *l = &network->layers[layer];
    float a[512], s[32];
    assert_true(l->inputs * l->outputs <= 512 && l->outputs <= 32);
    memcpy(a, l->weights, l->inputs * l->outputs * sizeof *a);
    assert_int_equal(svd(a, l->outputs, l->inputs, s, NULL, NULL, NULL, NULL), ESPALIER_OK);
    return s[0];
}

static espalier_status watch(void *context, espalier_trainer *trainer, const espalier_event *event,
                             espalier_error *error)
{
    trace *t = context;
    (void)error;
    t->never += event->kind == ESPALIER_EVENT_NOTE && strstr(event->note, "never acted");
    if (event->kind == ESPALIER_EVENT_BEGIN)
        t->largest = largest_value(espalier_trainer_network(trainer), 0);
    if (event->kind == ESPALIER_EVENT_BATCH) {
        const float now = largest_value(espalier_trainer_network(trainer), 0);
        t->fall[event->epoch - 1][event->batch - 1] = (double)(t->largest - now);
        t->largest = now;
    }
    return ESPALIER_OK;
}

/* How much each batch takes off, in thousandths of the largest value. */
static void check_calendar(const espalier_regulariser_options *pressure,
                           const int expected[EPOCHS][BATCHES])
{
    static const size_t widths[] = {8, 12, 3};
    espalier_network *network = small_network(widths, 3, 2);
    espalier_dataset_options split = espalier_dataset_options_defaults();
    split.validation_fraction = 0.0;
    espalier_dataset *dataset = small_dataset_split(BATCHES * 4 - 1, 0, 8, 3, &split);
    espalier_train_options options = standing(EPOCHS, 4);
    trace t = {0};
    const espalier_observer watcher = {.context = &t, .notify = watch, .batches = true};
    train(network, dataset, &options, pressure, &watcher);
    for (size_t e = 0; e < EPOCHS; e++)
        for (size_t b = 0; b < BATCHES; b++)
            if (fabs(t.fall[e][b] - 0.001 * expected[e][b]) > 2e-5)
                fail_msg("epoch %zu, batch %zu: expected %d, found %g", e + 1, b + 1,
                         expected[e][b], t.fall[e][b] * 1000.0);
    assert_int_equal(t.never, pressure->start_accuracy == 1.0);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

/* The first four of ten batches, the next four, the last two. */
#define FOURS {0, 0, 0, 4, 0, 0, 0, 4, 0, 2}
#define NONE {0}

static void calendar(void **state)
{
    static const int always[EPOCHS][BATCHES] = {FOURS, FOURS, FOURS, FOURS, FOURS};
    static const int later[EPOCHS][BATCHES] = {NONE, FOURS, FOURS, FOURS, FOURS};
    static const int seldom[EPOCHS][BATCHES] = {NONE, FOURS, NONE, NONE, FOURS};
    static const int never[EPOCHS][BATCHES] = {NONE};
    static const int ends[EPOCHS][BATCHES] = {{[9] = 10}, NONE, {[9] = 10}, NONE, {[9] = 10}};
    espalier_regulariser_options pressure = every_update(0.001, 0.0);
    (void)state;
    pressure.interval = 4;
    check_calendar(&pressure, always);
    pressure.start_accuracy = 0.01; /* guessing gets there in the first epoch */
    check_calendar(&pressure, later);
    pressure.every = 3;
    check_calendar(&pressure, seldom);
    pressure.start_accuracy = 1.0;
    check_calendar(&pressure, never);
    pressure.start_accuracy = 0.0;
    pressure.every = 2;
    pressure.interval = 1000;
    check_calendar(&pressure, ends);
}

/* ---- in training --------------------------------------------------------------- */

static const size_t widths[] = {12, 19, 17, 5};
enum { LAYERS = 3 };

static espalier_train_options learning(void)
{
    espalier_train_options options = espalier_train_options_defaults();
    options.learning_rate = 0.05;
    options.epochs = 6;
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    return options;
}

static espalier_regulariser_options pressing(double nuclear, double weighted)
{
    espalier_regulariser_options options = espalier_regulariser_options_defaults();
    options.nuclear = nuclear;
    options.nuclear_weighted = weighted;
    options.start_accuracy = 0.3;
    options.interval = 3;
    return options;
}

static double nuclear_norm(const espalier_network *network, size_t layer)
{
    const network_layer *l = &network->layers[layer];
    float a[512], s[32];
    double sum = 0.0;
    memcpy(a, l->weights, l->inputs * l->outputs * sizeof *a);
    assert_int_equal(svd(a, l->outputs, l->inputs, s, NULL, NULL, NULL, NULL), ESPALIER_OK);
    for (size_t i = 0; i < l->outputs && i < l->inputs; i++)
        sum += (double)s[i];
    return sum;
}

static void values_fall(void **state)
{
    static const double lambdas[][2] = {{0.0, 0.0}, {0.01, 0.0}, {0.0, 0.001}, {0.05, 0.0}};
    espalier_dataset *dataset = small_dataset(300, 0, widths[0], widths[LAYERS]);
    double norms[4][2];
    (void)state;
    for (size_t c = 0; c < 4; c++) {
        espalier_network *network = small_network(widths, LAYERS + 1, 4);
        espalier_train_options options = learning();
        espalier_regulariser_options pressure = pressing(lambdas[c][0], lambdas[c][1]);
        train(network, dataset, &options, &pressure, NULL);
        for (size_t l = 0; l < 2; l++)
            norms[c][l] = nuclear_norm(network, l);
        espalier_network_destroy(network);
    }
    for (size_t l = 0; l < 2; l++) {
        assert_true(norms[1][l] < 0.99 * norms[0][l]);
        assert_true(norms[2][l] < 0.99 * norms[0][l]);
        assert_true(norms[3][l] < norms[1][l]);
    }
    espalier_dataset_destroy(dataset);
}

static void assert_same(const espalier_network *a, const espalier_network *b)
{
    for (size_t l = 0; l < a->layer_count; l++) {
        const network_layer *x = &a->layers[l], *y = &b->layers[l];
        assert_memory_equal(x->weights, y->weights, x->inputs * x->outputs * sizeof(float));
        assert_memory_equal(x->biases, y->biases, x->outputs * sizeof(float));
    }
}

static void same_for_any_threads(void **state)
{
    espalier_dataset *dataset = small_dataset(500, 0, widths[0], widths[LAYERS]);
    espalier_network *first = NULL;
    (void)state;
    for (size_t threads = 1; threads <= 4; threads++) {
        espalier_network *network = small_network(widths, LAYERS + 1, 4);
        espalier_train_options options = learning();
        espalier_regulariser_options pressure = pressing(0.02, 0.001);
        options.threads = threads;
        options.batch_rows = 64;
        train(network, dataset, &options, &pressure, NULL);
        if (first)
            assert_same(first, network);
        else
            assert_int_equal(espalier_network_copy(network, NULL, &first, NULL), ESPALIER_OK);
        espalier_network_destroy(network);
    }
    espalier_network_destroy(first);
    espalier_dataset_destroy(dataset);
}

/* Who hears of a batch after the regulariser sees no pruned weight alive. */
static espalier_status look_at_pruned(void *context, espalier_trainer *trainer,
                                      const espalier_event *event, espalier_error *error)
{
    const espalier_network *network = espalier_trainer_network(trainer);
    size_t *batches = context;
    (void)error;
    *batches += event->kind == ESPALIER_EVENT_BATCH;
    for (size_t l = 0; l < LAYERS; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
            assert_true(layer->mask[i] || layer->weights[i] == 0.0f);
    }
    return ESPALIER_OK;
}

static void pruned_weights_stay_zero(void **state)
{
    espalier_dataset *dataset = small_dataset(300, 0, widths[0], widths[LAYERS]);
    (void)state;
    for (int kind = 0; kind < ESPALIER_OPTIMIZER_COUNT; kind++) {
        espalier_network *network = small_network(widths, LAYERS + 1, 4), *first = NULL;
        espalier_train_options options = learning();
        espalier_regulariser_options pressure = pressing(0.01, 0.001);
        options.optimizer = (espalier_optimizer)kind;
        small_prune(network, 0.4);
        assert_int_equal(espalier_network_copy(network, NULL, &first, NULL), ESPALIER_OK);
        size_t batches = 0;
        const espalier_observer behind = {.context = &batches, .notify = look_at_pruned,
                                          .batches = true};
        train(network, dataset, &options, &pressure, &behind);
        assert_true(batches > options.epochs);
        for (size_t l = 0; l < LAYERS; l++) {
            const network_layer *layer = &network->layers[l];
            for (size_t i = 0; i < layer->inputs * layer->outputs; i++) {
                assert_int_equal(layer->mask[i], first->layers[l].mask[i]);
                assert_true(layer->mask[i] || (layer->weights[i] == 0.0f &&
                                               !signbit(layer->weights[i])));
            }
        }
        espalier_network_destroy(network);
        espalier_network_destroy(first);
    }
    espalier_dataset_destroy(dataset);
}

/* Of the layers only those that are no factor and not the output layer are touched. */
static void factors_are_left_alone(void **state)
{
    static const size_t shape[] = {10, 4, 12, 11, 3};
    static const bool touched[] = {false, false, true, false};
    espalier_network *network = small_network(shape, 5, 2), *first = NULL;
    espalier_dataset *dataset = small_dataset(60, 0, 10, 3);
    espalier_train_options options = standing(2, 20);
    espalier_regulariser_options pressure = every_update(0.01, 0.0);
    (void)state;
    assert_int_equal(espalier_network_set_activation(network, 0, ESPALIER_LINEAR, 0.0f, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_copy(network, NULL, &first, NULL), ESPALIER_OK);
    train(network, dataset, &options, &pressure, NULL);
    for (size_t l = 0; l < 4; l++)
        assert_int_equal(nuclear_norm(network, l) < nuclear_norm(first, l) - 0.01, touched[l]);
    espalier_network_destroy(network);
    espalier_network_destroy(first);
    espalier_dataset_destroy(dataset);
}

/* Without a lambda nothing is done, the last bit included. */
static void off(void **state)
{
    espalier_dataset *dataset = small_dataset(200, 0, widths[0], widths[LAYERS]);
    espalier_network *with = small_network(widths, LAYERS + 1, 4);
    espalier_network *without = small_network(widths, LAYERS + 1, 4);
    espalier_train_options options = learning();
    espalier_regulariser_options pressure = pressing(0.0, 0.0);
    espalier_trainer *trainer = NULL;
    (void)state;
    train(with, dataset, &options, &pressure, NULL);
    assert_int_equal(espalier_trainer_create(without, dataset, &options, NULL, &trainer, NULL),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    espalier_trainer_destroy(trainer);
    assert_same(with, without);
    espalier_network_destroy(with);
    espalier_network_destroy(without);
    espalier_dataset_destroy(dataset);
}

/* It acts in every epoch and yet a run can end, and an early network can be the best. */
static void rules_go_on(void **state)
{
    espalier_dataset *dataset = small_dataset(400, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    espalier_train_options options = learning();
    espalier_regulariser_options pressure = pressing(1e-4, 0.0);
    (void)state;
    pressure.start_accuracy = 0.0;
    options.early_stop = ESPALIER_EARLY_STOP_AFTER_PRUNING;
    options.final_accuracy = 0.4;
    options.epochs = 60;
    espalier_train_summary summary = train(network, dataset, &options, &pressure, NULL);
    assert_int_equal(summary.stopped_by, ESPALIER_STOPPED_BY_ACCURACY);
    assert_true(summary.epochs < 60);
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    options.keep = ESPALIER_KEEP_BEST;
    options.epochs = 8;
    pressure.nuclear = 3.0; /* crushes what has been learnt */
    pressure.start_accuracy = 0.4;
    summary = train(network, dataset, &options, &pressure, NULL);
    assert_int_equal(summary.epochs, 8);
    assert_true(summary.kept_epoch < 4);
    assert_true(nuclear_norm(network, 0) > 0.5);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

static void without_memory(void **state)
{
    espalier_dataset *dataset = small_dataset(64, 0, widths[0], widths[LAYERS]);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    espalier_train_options options = learning();
    espalier_regulariser_options pressure = pressing(0.01, 0.0);
    size_t from = 1;
    (void)state;
    options.epochs = 1;
    pressure.start_accuracy = 0.0;
    pressure.interval = 1000;
    for (; status != ESPALIER_OK; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_network *network = small_network(widths, LAYERS + 1, 4);
        espalier_trainer *trainer = NULL;
        espalier_regulariser *regulariser = NULL;
        status = espalier_regulariser_create(&pressure, &allocator, &regulariser, NULL);
        if (status == ESPALIER_OK) {
            assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer,
                                                     NULL),
                             ESPALIER_OK);
            espalier_trainer_observe(trainer, espalier_regulariser_observer(regulariser));
            status = espalier_trainer_run(trainer, NULL, NULL);
        }
        espalier_trainer_destroy(trainer);
        espalier_regulariser_destroy(regulariser);
        espalier_network_destroy(network);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(m.live, 0);
        assert_true(from < 40);
    }
    assert_true(from > 12);
    espalier_dataset_destroy(dataset);
}

#else

static void unsupported(void **state)
{
    espalier_regulariser *none = NULL;
    espalier_error error = {0};
    (void)state;
    assert_int_equal(espalier_regulariser_create(NULL, NULL, &none, &error),
                     ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "LAPACK"));
    assert_null(none);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_ranges),
#ifdef ESPALIER_HAVE_CBLAS
        cmocka_unit_test(operator_is_exact),
        cmocka_unit_test(calendar),
        cmocka_unit_test(values_fall),
        cmocka_unit_test(same_for_any_threads),
        cmocka_unit_test(pruned_weights_stay_zero),
        cmocka_unit_test(factors_are_left_alone),
        cmocka_unit_test(off),
        cmocka_unit_test(rules_go_on),
        cmocka_unit_test(without_memory),
#else
        cmocka_unit_test(unsupported),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
