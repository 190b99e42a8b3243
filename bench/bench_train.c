/* Seconds of one training epoch over the public API, shuffling included,
 * without validation rows.
 *
 *   bench_train data=FOLDER [model=FILE | widths=784-300-200-100-50-10]
 *               [batch=32] [threads=1] [rows=54000] [count=0] [masks=1] [still=0]
 *               [optimizer=sgd] [decay=0 (millionths)] [activation=relu]
 *
 * A model file is trained on, masks and all, or with masks=0 the same weights without
 * masks; without one the network is new. still=1: at a small rate, and after some epochs from the
 * same weights again, so that what a neuron does stays what it was.
 * threads=0 leaves the choice to the library. count=1 counts activations. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "espalier/espalier.h"

enum { WIDTHS_MOST = 64, MANY_EPOCHS = 1000 * 1000, STILL_EPOCHS = 20 };

typedef struct state {
    bool count;
    const espalier_network *still; /* to begin with again after STILL_EPOCHS, or NULL */
    double begin;
} state;

static void need(espalier_status status, const espalier_error *error)
{
    if (status != ESPALIER_OK)
        bench_die("bench_train: %s", error->message);
}

/* The training rows behind the first tenth, at most `rows`, as bytes. */
static espalier_dataset *load(const char *source, size_t rows, espalier_scaling scaling)
{
    espalier_error error = {0};
    espalier_dataset *all, *part;
    need(espalier_dataset_open(source, NULL, NULL, &all, &error), &error);
    const size_t there = espalier_dataset_row_count(all, ESPALIER_TRAINING);
    const size_t inputs = espalier_dataset_input_count(all);
    rows = rows < there ? rows : there;
    uint8_t *bytes = malloc(rows * inputs);
    uint32_t *labels = malloc(rows * sizeof *labels);
    float *row = bench_floats(inputs);
    if (!bytes || !labels)
        bench_die("bench_train: out of memory");
    for (size_t r = 0; r < rows; r++) {
        espalier_dataset_rows(all, ESPALIER_TRAINING, r, 1, row);
        for (size_t i = 0; i < inputs; i++)
            bytes[r * inputs + i] = (uint8_t)row[i];
        labels[r] = espalier_dataset_label(all, ESPALIER_TRAINING, r);
    }
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.validation_fraction = 0.0;
    options.scaling = scaling;
    need(espalier_dataset_from_bytes(bytes, labels, rows, 0, inputs,
                                     espalier_dataset_class_count(all), &options, NULL, &part,
                                     &error), &error);
    free(bytes);
    free(labels);
    free(row);
    espalier_dataset_destroy(all);
    return part;
}

/* The place of a named choice among `names`. */
static int choice(const char *found, const char *name_of(int))
{
    int i = 0;
    while (name_of(i) && strcmp(name_of(i), found) != 0)
        i++;
    if (!name_of(i))
        bench_die("bench_train: no '%s'", found);
    return i;
}

static const char *activation_at(int i)
{
    return espalier_activation_name((espalier_activation)i);
}

static const char *optimizer_at(int i)
{
    return espalier_optimizer_name((espalier_optimizer)i);
}

static const char *scaling_at(int i)
{
    return espalier_scaling_name((espalier_scaling)i);
}

static void take_weights(espalier_network *network, const espalier_network *from)
{
    for (size_t l = 0; l < espalier_network_layer_count(from); l++) {
        const size_t inputs = espalier_network_inputs(from, l), outputs = espalier_network_outputs(from, l);
        memcpy(espalier_network_weights(network, l), espalier_network_weights_const(from, l),
               inputs * outputs * sizeof(float));
        memcpy(espalier_network_biases(network, l), espalier_network_biases_const(from, l),
               outputs * sizeof(float));
    }
}

/* A network of the same weights, none of them pruned. */
static espalier_network *lifted(const espalier_network *network)
{
    espalier_error error = {0};
    espalier_network *plain;
    size_t widths[WIDTHS_MOST] = {espalier_network_inputs(network, 0)};
    const size_t layers = espalier_network_layer_count(network);
    if (layers >= WIDTHS_MOST)
        bench_die("bench_train: too many layers");
    for (size_t l = 0; l < layers; l++)
        widths[l + 1] = espalier_network_outputs(network, l);
    need(espalier_network_create(widths, layers + 1, NULL, &plain, &error), &error);
    take_weights(plain, network);
    return plain;
}

static espalier_network *network_of(int count, char **arguments)
{
    espalier_error error = {0};
    espalier_network *network;
    const char *model = bench_option(count, arguments, "model", NULL);
    if (model) {
        need(espalier_network_read(model, NULL, &network, &error), &error);
        return bench_number(count, arguments, "masks", 1) ? network : lifted(network);
    }
    size_t widths[WIDTHS_MOST];
    const size_t found = bench_widths(
        bench_option(count, arguments, "widths", "784-300-200-100-50-10"), widths, WIDTHS_MOST);
    need(espalier_network_create(widths, found, NULL, &network, &error), &error);
    const char *name = bench_option(count, arguments, "activation", "relu");
    const espalier_activation activation = (espalier_activation)choice(name, activation_at);
    for (size_t l = 0; l + 2 < found; l++)
        need(espalier_network_set_activation(network, l, activation, 0.01f, &error), &error);
    espalier_network_initialise(network, ESPALIER_GLOROT_UNIFORM, 1);
    return network;
}

/* Waits before each epoch until it is asked for. */
static espalier_status notify(void *context, espalier_trainer *trainer,
                              const espalier_event *event, espalier_error *error)
{
    state *s = context;
    (void)error;
    switch (event->kind) {
    case ESPALIER_EVENT_BEGIN:
        espalier_trainer_count(trainer, s->count);
        break;
    case ESPALIER_EVENT_EPOCH_BEGIN:
        if (!bench_next())
            exit(0);
        s->begin = bench_clock();
        break;
    case ESPALIER_EVENT_EPOCH:
        bench_answer(bench_clock() - s->begin);
        if (s->still && event->epoch % STILL_EPOCHS == 0) {
            take_weights(espalier_trainer_network(trainer), s->still);
            espalier_trainer_adjusted(trainer);
        }
        break;
    default:
        break;
    }
    return ESPALIER_OK;
}

int main(int count, char **arguments)
{
    espalier_error error = {0};
    const char *scaling = bench_option(count, arguments, "scaling", "auto");
    espalier_dataset *dataset = load(bench_option(count, arguments, "data", "fashion-mnist"),
                                     bench_number(count, arguments, "rows", 54000),
                                     (espalier_scaling)choice(scaling, scaling_at));
    espalier_network *network = network_of(count, arguments);
    espalier_train_options options = espalier_train_options_defaults();
    options.batch_rows = bench_number(count, arguments, "batch", 32);
    options.threads = bench_number(count, arguments, "threads", 1);
    options.epochs = MANY_EPOCHS;
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    const char *optimizer = bench_option(count, arguments, "optimizer", "sgd");
    options.optimizer = (espalier_optimizer)choice(optimizer, optimizer_at);
    options.weight_decay = 1e-6 * (double)bench_number(count, arguments, "decay", 0);
    state s = {.count = bench_number(count, arguments, "count", 0) != 0};
    if (bench_number(count, arguments, "still", 0)) {
        options.learning_rate = 6e-6 * (double)options.batch_rows; /* rows still go straight to the weights */
        espalier_network *kept;
        need(espalier_network_copy(network, NULL, &kept, &error), &error);
        s.still = kept;
    }
    espalier_trainer *trainer;
    need(espalier_trainer_create(network, dataset, &options, NULL, &trainer, &error), &error);
    need(espalier_trainer_observe(trainer, (espalier_observer){.context = &s, .notify = notify}), &error);
    char facts[160];
    snprintf(facts, sizeof facts, "{\"math\": \"%s\", \"threads\": %zu, \"version\": \"%s\"}",
             espalier_trainer_math(trainer), espalier_trainer_threads(trainer),
             espalier_version());
    bench_ready(facts);
    need(espalier_trainer_run(trainer, NULL, &error), &error);
    return 0;
}
