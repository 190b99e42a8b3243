/* Training against a plain trainer in double precision: every update rule with
 * its decay and rate, a last batch that is smaller, pruned weights, neurons that
 * are constant, every activation, cuts and regrowth between epochs and batches; a first
 * hidden layer of one part and of three (parts.h). Gradients also against differences of
 * the loss. */
#include "tests/test.h"

#include <math.h>

#include "espalier/train.h"
#include "tests/net/functions.h"
#include "tests/train/naive.h"
#include "tests/train/small.h"

enum { LAYERS = 3, HIDDEN = 19, PARTED = 338, WIDEST = PARTED, WEIGHTS = WIDEST * 70 };
enum { EPOCHS = 5, BATCH = 32 };

static size_t widths[LAYERS + 1];

static void set_shape(size_t inputs, size_t hidden)
{
    widths[0] = inputs;
    widths[1] = hidden;
    widths[2] = 17;
    widths[3] = 5;
}

/* Parameters, or values that go with them. */
typedef struct numbers {
    double weights[LAYERS][WEIGHTS], biases[LAYERS][WIDEST];
} numbers;

typedef struct plain {
    espalier_network *masks; /* masks, shape and activations only */
    numbers now, m, v;
    size_t steps;
    uint64_t counts[LAYERS - 1][WIDEST];
    double loss, accuracy; /* of the last epoch, as it was trained */
} plain;

static plain plain_of(const espalier_network *network)
{
    plain p = {0};
    assert_int_equal(espalier_network_copy(network, NULL, &p.masks, NULL), ESPALIER_OK);
    for (size_t l = 0; l < LAYERS; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
            p.now.weights[l][i] = layer->weights[i];
        for (size_t j = 0; j < layer->outputs; j++)
            p.now.biases[l][j] = layer->biases[j];
    }
    return p;
}

/* a[l] are the inputs of layer l, the last ones probabilities. Returns the loss. */
UNSANITIZED
static double forward(const plain *p, const espalier_dataset *dataset, espalier_split split,
                      size_t row, double a[LAYERS + 1][WIDEST], bool *correct)
{
    float raw[WIDEST];
    uint32_t label = espalier_dataset_label(dataset, split, row);
    espalier_dataset_rows(dataset, split, row, 1, raw);
    for (size_t i = 0; i < widths[0]; i++)
        a[0][i] = raw[i];
    for (size_t l = 0; l < LAYERS; l++)
        for (size_t j = 0; j < widths[l + 1]; j++) {
            double sum = p->now.biases[l][j];
            for (size_t i = 0; i < widths[l]; i++)
                sum += p->now.weights[l][j * widths[l] + i] * a[l][i];
            a[l + 1][j] =
                function_at(p->masks->layers[l].activation, p->masks->layers[l].slope, sum);
        }
    double sum = 0.0, *z = a[LAYERS];
    size_t top = 0;
    for (size_t c = 0; c < widths[LAYERS]; c++) {
        sum += exp(z[c]);
        top = z[c] > z[top] ? c : top;
    }
    double loss = log(sum) - z[label];
    for (size_t c = 0; c < widths[LAYERS]; c++)
        z[c] = exp(z[c]) / sum;
    *correct = top == label;
    return loss;
}

/* The derivative of a layer's activation where it gives y. */
static double derivative(const network_layer *layer, double y)
{
    switch (layer->activation) {
    case ESPALIER_SIGMOID:
        return y - y * y;
    case ESPALIER_TANH:
        return 1.0 - y * y;
    case ESPALIER_LINEAR:
        return 1.0;
    default:
        return y > 0.0 ? 1.0 : layer->slope;
    }
}

/* Adds the gradient of one row's loss. */
UNSANITIZED
static void backward(const plain *p, double a[LAYERS + 1][WIDEST], uint32_t label, numbers *g)
{
    double delta[WIDEST];
    for (size_t c = 0; c < widths[LAYERS]; c++)
        delta[c] = a[LAYERS][c] - (c == label);
    for (size_t l = LAYERS; l-- > 0;) {
        double below[WIDEST] = {0};
        for (size_t j = 0; j < widths[l + 1]; j++) {
            g->biases[l][j] += delta[j];
            for (size_t i = 0; i < widths[l]; i++) {
                g->weights[l][j * widths[l] + i] += delta[j] * a[l][i];
                below[i] += delta[j] * p->now.weights[l][j * widths[l] + i];
            }
        }
        for (size_t i = 0; l > 0 && i < widths[l]; i++)
            below[i] *= derivative(&p->masks->layers[l - 1], a[l][i]);
        memcpy(delta, below, sizeof below);
    }
}

/* Only a neuron with a kept weight is counted. */
static bool is_counted(const plain *p, size_t l, size_t j)
{
    const network_layer *layer = &p->masks->layers[l], *next = layer + 1;
    bool kept = memchr(layer->mask + j * layer->inputs, 1, layer->inputs);
    for (size_t k = 0; k < next->outputs; k++)
        kept = kept || next->mask[k * next->inputs + j];
    return kept && layer->activation != ESPALIER_LINEAR;
}

static void train_batch(plain *p, const espalier_dataset *dataset,
                        const espalier_train_options *o, double rate, const uint32_t *rows,
                        size_t count)
{
    numbers g = {0};
    for (size_t r = 0; r < count; r++) {
        double a[LAYERS + 1][WIDEST];
        bool correct;
        p->loss += forward(p, dataset, ESPALIER_TRAINING, rows[r], a, &correct);
        p->accuracy += correct;
        for (size_t l = 0; l + 1 < LAYERS; l++)
            for (size_t j = 0; j < widths[l + 1]; j++)
                p->counts[l][j] += is_counted(p, l, j) && a[l + 1][j] > 0.0;
        backward(p, a, espalier_dataset_label(dataset, ESPALIER_TRAINING, rows[r]), &g);
    }
    p->steps++;
    for (size_t l = 0; l < LAYERS; l++) {
        for (size_t i = 0; i < widths[l] * widths[l + 1]; i++)
            if (p->masks->layers[l].mask[i])
                naive_update(o, rate, p->steps, o->weight_decay, g.weights[l][i] / (double)count,
                             &p->now.weights[l][i], &p->m.weights[l][i], &p->v.weights[l][i]);
        for (size_t j = 0; j < widths[l + 1]; j++)
            naive_update(o, rate, p->steps, 0.0, g.biases[l][j] / (double)count, &p->now.biases[l][j],
                         &p->m.biases[l][j], &p->v.biases[l][j]);
    }
}

/* A rate that halves each epoch. */
static double rate_of(const espalier_train_options *o, size_t epoch)
{
    return o->learning_rate * pow(0.5, (double)(epoch - 1));
}

/* batch 0, 1 … of an epoch 1, 2 … */
static void train_next(plain *p, const espalier_dataset *dataset, const espalier_train_options *o,
                       size_t epoch, size_t batch)
{
    uint32_t order[128];
    const size_t rows = espalier_dataset_row_count(dataset, ESPALIER_TRAINING);
    const size_t first = batch * BATCH, rest = rows - first;
    for (size_t i = 0; i < rows; i++)
        order[i] = (uint32_t)i;
    random_shuffle(o->seed, random_stream(RANDOM_SHUFFLE, (uint32_t)epoch), order, rows);
    if (batch == 0)
        p->loss = p->accuracy = 0.0;
    train_batch(p, dataset, o, rate_of(o, epoch), order + first, rest < BATCH ? rest : BATCH);
}

/* Among so many values as those of parts one may be 0 but for its rounding; what ReLU lets
 * through then differs, and one is counted or not. */
static bool near(double found, double expected)
{
    const double most = widths[1] == PARTED ? 2e-4 : 2e-5;
    return fabs(found - expected) < most * (1.0 + fabs(expected));
}

static bool same_count(uint64_t found, uint64_t expected)
{
    const uint64_t apart = found > expected ? found - expected : expected - found;
    return apart <= (widths[1] == PARTED);
}

static void compare(const plain *p, const espalier_dataset *dataset,
                    const espalier_network *network, const espalier_epoch *result, double rate)
{
    for (size_t l = 0; l < LAYERS; l++) {
        const network_layer *layer = &network->layers[l];
        for (size_t i = 0; i < widths[l] * widths[l + 1]; i++)
            if (!near(layer->weights[i], p->now.weights[l][i]))
                fail_msg("epoch %zu, layer %zu, weight %zu: found %g, expected %g", result->epoch,
                         l, i, (double)layer->weights[i], p->now.weights[l][i]);
        for (size_t j = 0; j < widths[l + 1]; j++) {
            if (!near(layer->biases[j], p->now.biases[l][j]))
                fail_msg("epoch %zu, layer %zu, bias %zu: found %g, expected %g", result->epoch, l, j,
                         (double)layer->biases[j], p->now.biases[l][j]);
            if (layer->activations)
                if (!same_count(layer->activations[j], p->counts[l][j]))
                    fail_msg("epoch %zu, layer %zu, neuron %zu: counted %llu, expected %llu",
                             result->epoch, l, j, (unsigned long long)layer->activations[j],
                             (unsigned long long)p->counts[l][j]);
        }
    }
    double loss = 0.0, right = 0.0;
    size_t rows = espalier_dataset_row_count(dataset, ESPALIER_VALIDATION);
    for (size_t r = 0; r < rows; r++) {
        double a[LAYERS + 1][WIDEST];
        bool correct;
        loss += forward(p, dataset, ESPALIER_VALIDATION, r, a, &correct);
        right += correct;
    }
    assert_true(near(result->validation_loss, loss / (double)rows));
    assert_true(result->validation_accuracy == right / (double)rows);
    const double trained = (double)espalier_dataset_row_count(dataset, ESPALIER_TRAINING);
    assert_true(near(result->training_loss, p->loss / trained));
    assert_true(result->training_accuracy == p->accuracy / trained);
    assert_true(near(result->learning_rate, rate));
}

/* Sets a weight's mask in both; a weight that comes back does so without state. */
static void set_mask(plain *p, espalier_network *network, size_t l, size_t i, uint8_t kept)
{
    float value = kept ? 0.125f : 0.0f;
    p->masks->layers[l].mask[i] = network->layers[l].mask[i] = kept;
    p->now.weights[l][i] = network->layers[l].weights[i] = value;
    p->m.weights[l][i] = p->v.weights[l][i] = 0.0;
}

typedef struct stage {
    plain plain;
    const espalier_dataset *dataset;
    const espalier_train_options *options;
} stage;

/* Masks of some weights of every layer but the last. */
static void set_masks(stage *s, espalier_trainer *trainer, size_t step, uint8_t kept)
{
    espalier_network *network = espalier_trainer_network(trainer);
    for (size_t l = 0; l + 1 < LAYERS; l++)
        for (size_t i = 2; i < widths[l] * widths[l + 1]; i += step)
            set_mask(&s->plain, network, l, i, kept);
    espalier_trainer_changed(trainer);
}

/* Compares after every epoch; cuts in the middle of the first and after the second, takes
 * half of that back after the third. */
static espalier_status watch(void *context, espalier_trainer *trainer, const espalier_event *event,
                             espalier_error *error)
{
    stage *s = context;
    (void)error;
    if (event->kind == ESPALIER_EVENT_BEGIN)
        espalier_trainer_count(trainer, true);
    if (event->kind == ESPALIER_EVENT_BATCH) {
        train_next(&s->plain, s->dataset, s->options, event->epoch, event->batch - 1);
        if (event->epoch == 1 && event->batch == 2)
            set_masks(s, trainer, 7, 0);
    }
    if (event->kind == ESPALIER_EVENT_EPOCH) {
        compare(&s->plain, s->dataset, espalier_trainer_network(trainer), event->result,
                rate_of(s->options, event->epoch));
        if (event->epoch == 2 || event->epoch == 3)
            set_masks(s, trainer, event->epoch == 2 ? 5 : 10, event->epoch == 3);
    }
    return ESPALIER_OK;
}

static void check(espalier_optimizer kind, double decay, size_t functions, size_t threads)
{
    espalier_dataset_options split = espalier_dataset_options_defaults();
    split.validation = ESPALIER_VALIDATION_RANDOM; /* 99 rows and 11, anywhere in the data */
    espalier_dataset *dataset =
        small_dataset_zeros(110, 0, widths[0], widths[LAYERS],
                            widths[0] > 64 && functions % 4 > 1 ? 0.6 : 0.0, &split);
    espalier_network *network = small_network(widths, LAYERS + 1, 4);
    set_functions(network, functions, TRAINED_KINDS);
    small_prune(network, widths[1] == PARTED && functions % 4 ? 0.05 : 0.3);
    memset(network->layers[0].mask + 2 * widths[0], 0, widths[0]); /* neuron 2 is constant … */
    network->layers[0].biases[2] = 0.5f;
    network->layers[0].biases[3] = -0.25f;
    espalier_network_apply_masks(network);
    espalier_train_options options = espalier_train_options_defaults();
    options.optimizer = kind;
    options.learning_rate = kind == ESPALIER_ADAM ? 0.005 : 0.05;
    options.lr_schedule = ESPALIER_LR_STEP;
    options.lr_step = 1;
    options.lr_gamma = 0.5;
    options.weight_decay = decay;
    options.epochs = EPOCHS;
    options.batch_rows = BATCH;
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    options.threads = threads;
    stage s = {.plain = plain_of(network), .dataset = dataset, .options = &options};
    espalier_trainer *trainer = NULL;
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, NULL),
                     ESPALIER_OK);
    const espalier_observer observer = {.context = &s, .notify = watch, .batches = true};
    assert_int_equal(espalier_trainer_observe(trainer, observer), ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
    assert_int_equal(s.plain.steps, EPOCHS * 4);
    assert_true(network->layers[0].biases[2] != 0.5f); /* … and goes on learning its constant */
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(s.plain.masks);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

static void test_equal_to_a_plain_trainer(void **state)
{
    (void)state;
    set_shape(12, HIDDEN);
    for (int kind = 0; kind < ESPALIER_OPTIMIZER_COUNT; kind++) {
        check((espalier_optimizer)kind, 0.0, 0, 2);
        check((espalier_optimizer)kind, 0.05, 0, 2);
    }
}

static void test_activations(void **state)
{
    (void)state;
    set_shape(12, HIDDEN);
    for (size_t code = 1; code < TRAINED_KINDS * TRAINED_KINDS; code++)
        check((espalier_optimizer)(code % ESPALIER_OPTIMIZER_COUNT), 0.05, code, 2);
}

/* Threads fewer than parts, which take a part as a whole, and more, which do not. Inputs
 * fewer than a slab and more, and these without zeros and with many. */
static void test_parts(void **state)
{
    (void)state;
    for (size_t code = 0; code < TRAINED_KINDS * TRAINED_KINDS; code++) {
        set_shape(code % 4 ? 70 : 12, PARTED);
        check((espalier_optimizer)(code % ESPALIER_OPTIMIZER_COUNT), 0.05 * (double)(code % 3 > 0),
              code, 1 + code % 5);
    }
}

/* Mean loss of the training rows. */
static double mean_loss(const plain *p, const espalier_dataset *dataset)
{
    size_t rows = espalier_dataset_row_count(dataset, ESPALIER_TRAINING);
    double a[LAYERS + 1][WIDEST], loss = 0.0;
    bool correct;
    for (size_t r = 0; r < rows; r++)
        loss += forward(p, dataset, ESPALIER_TRAINING, r, a, &correct);
    return loss / (double)rows;
}

/* A step of rate 1 on all rows is the gradient: against (L(w + e) - L(w - e)) / 2e. */
static void compare_slope(plain *p, const espalier_dataset *dataset, double *value, double after)
{
    const double before = *value, e = 1e-6;
    *value = before + e;
    double slope = mean_loss(p, dataset);
    *value = before - e;
    slope = (slope - mean_loss(p, dataset)) / (2.0 * e);
    *value = before;
    if (fabs(before - after - slope) > 2e-6 * (1.0 + fabs(before) + fabs(slope)))
        fail_msg("gradient %g, expected %g", before - after, slope);
}

static void test_differences(void **state)
{
    (void)state;
    set_shape(12, HIDDEN);
    espalier_dataset *dataset = small_dataset(40, 0, widths[0], widths[LAYERS]);
    espalier_train_options options = espalier_train_options_defaults();
    options.learning_rate = 1.0;
    options.epochs = 1;
    options.batch_rows = 64;
    for (size_t functions = 0; functions < TRAINED_KINDS * TRAINED_KINDS; functions++) {
        espalier_network *network = small_network(widths, LAYERS + 1, 8);
        espalier_trainer *trainer = NULL;
        set_functions(network, functions, TRAINED_KINDS);
        plain p = plain_of(network);
        assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, NULL),
                         ESPALIER_OK);
        assert_int_equal(espalier_trainer_run(trainer, NULL, NULL), ESPALIER_OK);
        for (size_t l = 0; l < LAYERS; l++) {
            for (size_t i = 0; i < widths[l] * widths[l + 1]; i += 3)
                compare_slope(&p, dataset, &p.now.weights[l][i], network->layers[l].weights[i]);
            for (size_t j = 0; j < widths[l + 1]; j++)
                compare_slope(&p, dataset, &p.now.biases[l][j], network->layers[l].biases[j]);
        }
        espalier_trainer_destroy(trainer);
        espalier_network_destroy(p.masks);
        espalier_network_destroy(network);
    }
    espalier_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_to_a_plain_trainer),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
