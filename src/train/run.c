/* The epoch loop: order of rows, batches, validation, events, stopping, and which
 * network is kept. What a batch does is step.c's business, when to stop is
 * stopping.c's; pruning is unknown here. */
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/random.h"
#include "train/lists.h"
#include "train/rate.h"

/* Copies the network's parameters to (or from) the kept ones. */
static void copy_kept(espalier_trainer *trainer, bool restore)
{
    for (size_t l = 0; l < trainer->network->layer_count; l++) {
        network_layer *layer = &trainer->network->layers[l];
        float *weights = trainer->kept_weights[2 * l], *biases = trainer->kept_weights[2 * l + 1];
        size_t weight_bytes = layer->inputs * layer->outputs * sizeof(float);
        size_t bias_bytes = layer->outputs * sizeof(float);
        memcpy(restore ? layer->weights : weights, restore ? weights : layer->weights, weight_bytes);
        memcpy(restore ? layer->biases : biases, restore ? biases : layer->biases, bias_bytes);
    }
}

static void keep_if_best(espalier_trainer *trainer, const espalier_epoch *result)
{
    if (trainer->options.keep == ESPALIER_KEEP_BEST &&
        result->validation_loss < trainer->kept_loss) {
        trainer->kept_loss = result->validation_loss;
        trainer->kept_epoch = result->epoch;
        copy_kept(trainer, false);
    }
}

static espalier_status not_finite(const espalier_event *event, const char *what, size_t layer,
                                  espalier_error *error)
{
    char place[48] = "";
    if (layer != SIZE_MAX)
        snprintf(place, sizeof place, " of layer %zu", layer);
    return error_set(error, ESPALIER_ERROR_NUMERIC,
                     "epoch %zu, batch %zu: the %s%s became NaN or infinite; a smaller learning "
                     "rate or scaled inputs usually help",
                     event->epoch, event->batch, what, place);
}

/* *changed: set if an observer changed the network after one of the batches. */
static espalier_status run_batches(espalier_trainer *trainer, espalier_event *event,
                                   espalier_epoch *result, bool *changed, espalier_error *error)
{
    const espalier_train_options *options = &trainer->options;
    size_t rows = trainer->dataset->row_count[ESPALIER_TRAINING];
    double loss = 0.0, start = clock_seconds(), away = 0.0;
    uint64_t correct = 0;
    trainer->batch.counting = trainer->counting;
    for (size_t b = 0; b < event->batches; b++) {
        size_t first = b * options->batch_rows;
        size_t count = rows - first < options->batch_rows ? rows - first : options->batch_rows;
        size_t left = rows - first - count, ahead = left < count ? left : count;
        result->learning_rate = rate_at(options, event->epoch - 1, b, event->batches);
        optimizer_step step = optimizer_at(options, result->learning_rate, ++trainer->steps);
        batch_result sum = batch_train(&trainer->batch, &trainer->copy, trainer->network,
                                       trainer->dataset, trainer->order + first, count, ahead, &step);
        loss += sum.loss;
        correct += sum.correct;
        event->batch = b + 1;
        if (!isfinite(sum.loss))
            return not_finite(event, "loss", SIZE_MAX, error);
        trainer->pulled = false;
        trainer->counted += trainer->counting ? count : 0;
        double before = clock_seconds();
        bool cut = false;
        event->kind = ESPALIER_EVENT_BATCH;
        espalier_status status = trainer_tell(trainer, event, &cut, error);
        if (status != ESPALIER_OK)
            return status;
        *changed = *changed || cut;
        away += clock_seconds() - before;
    }
    result->seconds = clock_seconds() - start - away;
    result->training_loss = loss / (double)rows;
    result->training_accuracy = (double)correct / (double)rows;
    return ESPALIER_OK;
}

static espalier_status validate(espalier_trainer *trainer, const espalier_event *event,
                                espalier_epoch *result, espalier_error *error)
{
    size_t rows = trainer->dataset->row_count[ESPALIER_VALIDATION], layer = 0;
    result->validation_accuracy = result->validation_loss = NAN;
    lists_settle(&trainer->copy);
    if (!work_is_finite(&trainer->copy, &layer))
        return not_finite(event, "weights", layer, error);
    if (rows == 0)
        return ESPALIER_OK;
    batch_result sum = batch_evaluate(&trainer->batch, &trainer->copy, trainer->network,
                                      trainer->dataset, ESPALIER_VALIDATION);
    if (!isfinite(sum.loss))
        return not_finite(event, "validation loss", SIZE_MAX, error);
    result->validation_loss = sum.loss / (double)rows;
    result->validation_accuracy = (double)sum.correct / (double)rows;
    return ESPALIER_OK;
}

/* One epoch with its events. *held: the stopping rules must not look at it. */
static espalier_status run_epoch(espalier_trainer *trainer, espalier_event *event,
                                 espalier_epoch *result, bool *held, espalier_error *error)
{
    size_t rows = trainer->dataset->row_count[ESPALIER_TRAINING];
    event->kind = ESPALIER_EVENT_EPOCH_BEGIN;
    event->batch = 0;
    event->result = NULL;
    espalier_status status = trainer_tell(trainer, event, NULL, error);
    if (status != ESPALIER_OK)
        return status;
    for (size_t i = 0; i < rows; i++)
        trainer->order[i] = (uint32_t)i;
    random_shuffle(trainer->options.seed, random_stream(RANDOM_SHUFFLE, (uint32_t)event->epoch),
                   trainer->order, rows);
    *result = (espalier_epoch){.epoch = event->epoch};
    bool changed_within = false, changed = false;
    status = run_batches(trainer, event, result, &changed_within, error);
    if (status == ESPALIER_OK)
        status = validate(trainer, event, result, error);
    if (status != ESPALIER_OK)
        return status;
    trainer_pull(trainer);
    keep_if_best(trainer, result);
    event->kind = ESPALIER_EVENT_EPOCH;
    event->result = result;
    status = trainer_tell(trainer, event, &changed, error);
    *held = trainer->hold || changed || changed_within;
    return status;
}

espalier_status espalier_trainer_run(espalier_trainer *trainer, espalier_train_summary *summary,
                                     espalier_error *error)
{
    const espalier_train_options *options = &trainer->options;
    size_t rows = trainer->dataset->row_count[ESPALIER_TRAINING];
    double start = clock_seconds();
    espalier_train_summary done = {.stopped_by = ESPALIER_STOPPED_BY_EPOCHS};
    espalier_event event = {.kind = ESPALIER_EVENT_BEGIN,
                            .epochs = options->epochs,
                            .batches = (rows + options->batch_rows - 1) / options->batch_rows};
    espalier_epoch result = {0};
    stopping_reset(&trainer->rules);
    trainer->kept_loss = INFINITY;
    espalier_status status = trainer_tell(trainer, &event, NULL, error);
    for (bool end = trainer->stop; status == ESPALIER_OK && !end && done.epochs < options->epochs;) {
        bool held = false;
        event.epoch = done.epochs + 1;
        status = run_epoch(trainer, &event, &result, &held, error);
        if (status != ESPALIER_OK)
            return status;
        done.epochs++;
        end = stopping_update(&trainer->rules, options, result.training_accuracy,
                              result.validation_loss, held, &done.stopped_by);
        if (trainer->stop) {
            done.stopped_by = ESPALIER_STOPPED_BY_OBSERVER;
            end = true;
        }
    }
    if (status != ESPALIER_OK)
        return status;
    done.kept_epoch = done.epochs;
    if (trainer->kept_epoch) {
        copy_kept(trainer, true);
        done.kept_epoch = trainer->kept_epoch;
    }
    event.kind = ESPALIER_EVENT_END;
    status = espalier_trainer_announce(trainer, &event, error);
    done.seconds = clock_seconds() - start;
    if (summary)
        *summary = done;
    return status;
}
