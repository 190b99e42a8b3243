/* Seconds of one training step of a network of any shape, on rows made up in memory.
 *
 *   bench_scale widths=784-2048-2048-10 [batch=256] [threads=1] [steps=4]
 *
 * A round is an epoch of `steps` batches; what its batches took is divided by them. What an
 * epoch does at its end, however few batches it had, is no part of a step. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common.h"
#include "espalier/espalier.h"

enum { WIDTHS_MOST = 64, MANY_EPOCHS = 1000 * 1000 };

static void need(espalier_status status, const espalier_error *error)
{
    if (status != ESPALIER_OK)
        bench_die("bench_scale: %s", error->message);
}

/* Half zeros, half values below 1, as pixels are; labels go round. */
static espalier_dataset *made_up(size_t rows, size_t inputs, size_t classes)
{
    espalier_error error = {0};
    espalier_dataset *dataset;
    float *values = bench_floats(rows * inputs);
    uint32_t *labels = malloc(rows * sizeof *labels), draw = 1;
    if (!labels)
        bench_die("bench_scale: out of memory");
    for (size_t i = 0; i < rows * inputs; i++) {
        draw = draw * 1664525u + 1013904223u;
        values[i] = draw >> 31 ? (float)(draw >> 8 & 0xffff) / 65536.0f : 0.0f;
    }
    for (size_t r = 0; r < rows; r++)
        labels[r] = (uint32_t)(r % classes);
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.validation_fraction = 0.0;
    options.scaling = ESPALIER_SCALING_NONE; /* standardised values are not zero */
    need(espalier_dataset_from_floats(values, labels, rows, 0, inputs, classes, &options, NULL,
                                      &dataset, &error), &error);
    free(values);
    free(labels);
    return dataset;
}

static espalier_status notify(void *context, espalier_trainer *trainer,
                              const espalier_event *event, espalier_error *error)
{
    const size_t *steps = context;
    (void)trainer;
    (void)error;
    if (event->kind == ESPALIER_EVENT_EPOCH_BEGIN && !bench_next())
        exit(0);
    if (event->kind == ESPALIER_EVENT_EPOCH)
        bench_answer(event->result->seconds / (double)*steps);
    return ESPALIER_OK;
}

int main(int count, char **arguments)
{
    espalier_error error = {0};
    size_t widths[WIDTHS_MOST];
    const size_t found = bench_widths(bench_option(count, arguments, "widths", "784-2048-2048-10"),
                                      widths, WIDTHS_MOST);
    size_t steps = bench_number(count, arguments, "steps", 4);
    espalier_train_options options = espalier_train_options_defaults();
    options.batch_rows = bench_number(count, arguments, "batch", 256);
    options.threads = bench_number(count, arguments, "threads", 1);
    options.epochs = MANY_EPOCHS;
    options.learning_rate = 0.01; /* as by default; below 5e-6 a row of a batch an update takes another way */
    options.early_stop = ESPALIER_EARLY_STOP_NEVER;
    espalier_network *network;
    espalier_trainer *trainer;
    need(espalier_network_create(widths, found, NULL, &network, &error), &error);
    espalier_network_initialise(network, ESPALIER_HE_UNIFORM, 1);
    espalier_dataset *dataset =
        made_up(options.batch_rows * steps, widths[0], widths[found - 1]);
    need(espalier_trainer_create(network, dataset, &options, NULL, &trainer, &error), &error);
    need(espalier_trainer_observe(trainer, (espalier_observer){.context = &steps, .notify = notify}), &error);
    char facts[96];
    snprintf(facts, sizeof facts, "{\"math\": \"%s\", \"threads\": %zu}",
             espalier_trainer_math(trainer), espalier_trainer_threads(trainer));
    bench_ready(facts);
    need(espalier_trainer_run(trainer, NULL, &error), &error);
    return 0;
}
