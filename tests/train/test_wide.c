/* A wide network, which trains layer by layer and tile by tile, against plain loops in
 * double precision: every update rule, batches of more than a chunk and of a few rows,
 * pruned weights, zeros to step over and none, and sizes that fill no tile. */
#include "tests/test.h"

#include <math.h>

#include "espalier/train.h"
#include "tests/net/functions.h"
#include "tests/train/naive.h"
#include "tests/train/small.h"

/* With this seed nothing comes nearer to 0 before ReLU than 3.5e-6: single precision is on
 * the same side. */
enum { LAYERS = 3, ROWS = 160, BATCH = 140, FEW_ROWS = 50, FEW = 30, SEED = 9 };

static const size_t widths[LAYERS + 1] = {40, 600, 900, 20}; /* a layer of 2.2 MB */

typedef struct numbers {
    double *weights[LAYERS], *biases[LAYERS];
} numbers;

typedef struct plain {
    const espalier_network *network; /* for its masks and activations */
    numbers now, m, v, gradient;
    double *values[LAYERS + 1], *deltas[LAYERS + 1]; /* of one row */
    double counted;                                  /* activations above 0 */
} plain;

static double *zeros(size_t count)
{
    double *values = calloc(count, sizeof *values);
    assert_non_null(values);
    return values;
}

static numbers make_numbers(void)
{
    numbers n;
    for (size_t l = 0; l < LAYERS; l++) {
        n.weights[l] = zeros(widths[l] * widths[l + 1]);
        n.biases[l] = zeros(widths[l + 1]);
    }
    return n;
}

static void clear_numbers(numbers *n)
{
    for (size_t l = 0; l < LAYERS; l++)
        free(n->weights[l]), free(n->biases[l]);
}

static plain make_plain(const espalier_network *network)
{
    plain p = {network, make_numbers(), make_numbers(), make_numbers(), make_numbers(), {0}, {0}, 0};
    for (size_t l = 0; l <= LAYERS; l++)
        p.values[l] = zeros(widths[l]), p.deltas[l] = zeros(widths[l]);
    for (size_t l = 0; l < LAYERS; l++) {
        for (size_t i = 0; i < widths[l] * widths[l + 1]; i++)
            p.now.weights[l][i] = network->layers[l].weights[i];
        for (size_t j = 0; j < widths[l + 1]; j++)
            p.now.biases[l][j] = network->layers[l].biases[j];
    }
    return p;
}

static void clear_plain(plain *p)
{
    clear_numbers(&p->now), clear_numbers(&p->m), clear_numbers(&p->v), clear_numbers(&p->gradient);
    for (size_t l = 0; l <= LAYERS; l++)
        free(p->values[l]), free(p->deltas[l]);
}

/* Probabilities as the last layer's values. */
UNSANITIZED
static void forward(plain *p, const float *row)
{
    double sum = 0.0, *z = p->values[LAYERS];
    for (size_t i = 0; i < widths[0]; i++)
        p->values[0][i] = row[i];
    for (size_t l = 0; l < LAYERS; l++) {
        const network_layer *layer = &p->network->layers[l];
        for (size_t j = 0; j < widths[l + 1]; j++) {
            const double *w = p->now.weights[l] + j * widths[l];
            double y = p->now.biases[l][j];
            for (size_t i = 0; i < widths[l]; i++)
                y += w[i] * p->values[l][i];
            p->values[l + 1][j] =
                l + 1 < LAYERS ? function_at(layer->activation, layer->slope, y) : y;
            p->counted += l + 1 < LAYERS && p->values[l + 1][j] > 0.0;
        }
    }
    for (size_t j = 0; j < widths[LAYERS]; j++)
        sum += exp(z[j]);
    for (size_t j = 0; j < widths[LAYERS]; j++)
        z[j] = exp(z[j]) / sum;
}

/* The derivative of tanh or ReLU where it gives y. */
static double slope_of(const network_layer *layer, double y)
{
    return layer->activation == ESPALIER_TANH ? 1.0 - y * y : y > 0.0;
}

/* Adds the gradient of one row. */
UNSANITIZED
static void backward(plain *p, uint32_t label)
{
    for (size_t j = 0; j < widths[LAYERS]; j++)
        p->deltas[LAYERS][j] = p->values[LAYERS][j] - (j == label);
    for (size_t l = LAYERS; l-- > 0;) {
        for (size_t i = 0; i < widths[l]; i++)
            p->deltas[l][i] = 0.0;
        for (size_t j = 0; j < widths[l + 1]; j++) {
            const double d = p->deltas[l + 1][j], *w = p->now.weights[l] + j * widths[l];
            double *g = p->gradient.weights[l] + j * widths[l];
            p->gradient.biases[l][j] += d;
            for (size_t i = 0; i < widths[l]; i++) {
                g[i] += d * p->values[l][i];
                p->deltas[l][i] += d * w[i];
            }
        }
        for (size_t i = 0; l > 0 && i < widths[l]; i++)
            p->deltas[l][i] *= slope_of(&p->network->layers[l - 1], p->values[l][i]);
    }
}

UNSANITIZED
static void update(plain *p, const espalier_train_options *o, uint64_t t, size_t rows)
{
    for (size_t l = 0; l < LAYERS; l++) {
        double *g = p->gradient.weights[l], *sums = p->gradient.biases[l];
        for (size_t i = 0; i < widths[l] * widths[l + 1]; i++, g++) {
            if (p->network->layers[l].mask[i])
                naive_update(o, o->learning_rate, t, o->weight_decay, *g / (double)rows,
                             &p->now.weights[l][i], &p->m.weights[l][i], &p->v.weights[l][i]);
            *g = 0.0;
        }
        for (size_t j = 0; j < widths[l + 1]; j++, sums++) {
            naive_update(o, o->learning_rate, t, 0.0, *sums / (double)rows, &p->now.biases[l][j],
                         &p->m.biases[l][j], &p->v.biases[l][j]);
            *sums = 0.0;
        }
    }
}

/* One epoch, in its order. */
static void train_plain(plain *p, const espalier_dataset *dataset, const espalier_train_options *o)
{
    uint32_t order[256];
    float row[64];
    const size_t rows = espalier_dataset_row_count(dataset, ESPALIER_TRAINING);
    for (size_t i = 0; i < rows; i++)
        order[i] = (uint32_t)i;
    random_shuffle(o->seed, random_stream(RANDOM_SHUFFLE, 1), order, rows);
    for (size_t r = 0, first = 0; r < rows; r++) {
        espalier_dataset_rows(dataset, ESPALIER_TRAINING, order[r], 1, row);
        forward(p, row);
        backward(p, espalier_dataset_label(dataset, ESPALIER_TRAINING, order[r]));
        if (r + 1 == rows || r + 1 == first + o->batch_rows) {
            update(p, o, first / o->batch_rows + 1, r + 1 - first);
            first = r + 1;
        }
    }
}

UNSANITIZED
static void compare(const plain *p, const espalier_network *network)
{
    double counted = 0.0;
    for (size_t l = 0; l < LAYERS; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t i = 0; i < widths[l] * widths[l + 1]; i++)
            if (!(fabs(layer->weights[i] - p->now.weights[l][i]) < 1e-5))
                fail_msg("layer %zu, weight %zu: found %g, expected %g", l, i,
                         (double)layer->weights[i], p->now.weights[l][i]);
        for (size_t j = 0; j < widths[l + 1]; j++) {
            assert_true(fabs(layer->biases[j] - p->now.biases[l][j]) < 1e-5);
            counted += l + 1 < LAYERS ? (double)layer->activations[j] : 0.0;
        }
    }
    assert_true(counted > 0.0 && counted == p->counted);
}

static espalier_status count(void *context, espalier_trainer *trainer, const espalier_event *event,
                             espalier_error *error)
{
    (void)context;
    (void)error;
    if (event->kind == ESPALIER_EVENT_BEGIN)
        espalier_trainer_count(trainer, true);
    return ESPALIER_OK;
}

static void check_rows(espalier_optimizer kind, espalier_activation activation, double pruned,
                       size_t threads, size_t rows, size_t batch)
{
    espalier_dataset *dataset = small_dataset(rows, 0, widths[0], widths[LAYERS]);
    espalier_network *network = small_network(widths, LAYERS + 1, SEED);
    for (size_t l = 0; l + 1 < LAYERS; l++)
        network->layers[l].activation = activation;
    for (size_t i = 0; i < widths[1] * widths[2]; i++)
        if (random_uniform(6, random_stream(RANDOM_TEST, 1), i) < pruned)
            network->layers[1].mask[i] = 0;
    espalier_network_apply_masks(network);
    espalier_train_options options = espalier_train_options_defaults();
    options.optimizer = kind;
    options.learning_rate = 0.02;
    options.weight_decay = 0.05;
    options.epsilon = 1e-3; /* else a gradient of nothing but rounding makes a whole step */
    options.epochs = 1;
    options.batch_rows = batch;
    options.threads = threads;
    plain p = make_plain(network);
    train_plain(&p, dataset, &options);
    espalier_trainer *trainer = NULL;
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, NULL),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_observe(trainer, (espalier_observer){.notify = count}),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    compare(&p, network);
    espalier_trainer_destroy(trainer);
    clear_plain(&p);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

static void check(espalier_optimizer kind, espalier_activation activation, double pruned,
                  size_t threads)
{
    check_rows(kind, activation, pruned, threads, ROWS, BATCH);
}

static void test_rules(void **state)
{
    (void)state;
    for (int kind = 0; kind < ESPALIER_OPTIMIZER_COUNT; kind++)
        check((espalier_optimizer)kind, ESPALIER_RELU, 0.0, 1);
}

static void test_masks(void **state)
{
    (void)state;
    for (int kind = 0; kind < ESPALIER_OPTIMIZER_COUNT; kind++)
        check((espalier_optimizer)kind, ESPALIER_RELU, 0.2, 2);
}

/* Nothing is zero: dense products. */
static void test_dense(void **state)
{
    (void)state;
    check(ESPALIER_SGD, ESPALIER_TANH, 0.0, 2);
    check(ESPALIER_SGD, ESPALIER_TANH, 0.2, 1);
    check(ESPALIER_ADAM, ESPALIER_TANH, 0.2, 2);
}

/* So few rows that derivatives are turned round instead of weights. */
static void test_small_batches(void **state)
{
    (void)state;
    for (int kind = 0; kind < ESPALIER_OPTIMIZER_COUNT; kind++)
        check_rows((espalier_optimizer)kind, ESPALIER_RELU, kind % 2 * 0.2, 1 + (size_t)kind % 2,
                   FEW_ROWS, FEW);
    check_rows(ESPALIER_SGD, ESPALIER_TANH, 0.2, 2, FEW_ROWS, FEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_small_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
