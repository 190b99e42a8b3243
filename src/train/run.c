/* The epoch loop: order of rows, batches, validation, events, stopping, and which
 * network is kept. What a batch does is step.c's business, when to stop is
 * stopping.c's; pruning is unknown here. */
#include "train/trainer.h"

#include <math.h>
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

/* ---- batches ---------------------------------------------------------------- */

/* Trains on the next batch. */
static espalier_status run_batch(espalier_trainer *trainer, espalier_event *event,
                                 espalier_error *error)
{
    const espalier_train_options *options = &trainer->options;
    trainer_place *at = &trainer->at;
    const size_t rows = trainer->dataset->row_count[ESPALIER_TRAINING];
    const size_t first = at->batch * options->batch_rows;
    const size_t count =
        rows - first < options->batch_rows ? rows - first : options->batch_rows;
    const size_t left = rows - first - count, ahead = left < count ? left : count;
    at->result.learning_rate = rate_at(options, at->done, at->batch, event->batches);
    const optimizer_step step = optimizer_at(options, at->result.learning_rate, ++trainer->steps);
    const batch_result sum =
        batch_train(&trainer->batch, &trainer->copy, trainer->network, trainer->dataset,
                    trainer->order + first, count, ahead, &step);
    at->loss += sum.loss;
    at->correct += sum.correct;
    event->batch = ++at->batch;
    if (!(sum.loss / (double)count < TRAINER_LOSS_MOST))
        return trainer_diverged(trainer, event, "loss", sum.loss / (double)count, error);
    trainer->pulled = false;
    trainer->counted += trainer->batch.counting ? count : 0;
    return ESPALIER_OK;
}

/* Tells of the batch that is done; its step, if there was one, can be saved. */
static espalier_status tell_batch(espalier_trainer *trainer, espalier_event *event,
                                  espalier_error *error)
{
    bool cut = false;
    event->kind = ESPALIER_EVENT_BATCH;
    espalier_status status = trainer_tell(trainer, event, &cut, error);
    trainer->at.cut = trainer->at.cut || cut;
    if (status == ESPALIER_OK && cut)
        status = trainer_save_point(trainer, ESPALIER_MOMENT_AFTER_STEP, error);
    return status;
}

static void order_rows(espalier_trainer *trainer, size_t epoch)
{
    const size_t rows = trainer->dataset->row_count[ESPALIER_TRAINING];
    for (size_t i = 0; i < rows; i++)
        trainer->order[i] = (uint32_t)i;
    random_shuffle(trainer->options.seed, random_stream(RANDOM_SHUFFLE, (uint32_t)epoch),
                   trainer->order, rows);
}

static espalier_status run_batches(espalier_trainer *trainer, espalier_event *event,
                                   espalier_error *error)
{
    trainer_place *at = &trainer->at;
    const double rows = (double)trainer->dataset->row_count[ESPALIER_TRAINING];
    espalier_status status = at->telling ? tell_batch(trainer, event, error) : ESPALIER_OK;
    for (double before = clock_seconds(); status == ESPALIER_OK && at->batch < event->batches;
         before = clock_seconds()) {
        status = run_batch(trainer, event, error);
        at->result.seconds += clock_seconds() - before;
        if (status == ESPALIER_OK)
            status = tell_batch(trainer, event, error);
    }
    at->result.training_loss = at->loss / rows;
    at->result.training_accuracy = (double)at->correct / rows;
    return status;
}

/* ---- an epoch ---------------------------------------------------------------- */

static espalier_status validate(espalier_trainer *trainer, const espalier_event *event,
                                espalier_epoch *result, espalier_error *error)
{
    size_t rows = trainer->dataset->row_count[ESPALIER_VALIDATION], layer = 0;
    result->validation_accuracy = result->validation_loss = NAN;
    lists_settle(&trainer->copy);
    if (!work_is_finite(&trainer->copy, &layer))
        return trainer_diverged(trainer, event, NULL, NAN, error);
    if (rows == 0)
        return ESPALIER_OK;
    batch_result sum = batch_evaluate(&trainer->batch, &trainer->copy, trainer->network,
                                      trainer->dataset, ESPALIER_VALIDATION);
    result->validation_loss = sum.loss / (double)rows;
    result->validation_accuracy = (double)sum.correct / (double)rows;
    return result->validation_loss < TRAINER_LOSS_MOST
               ? ESPALIER_OK
               : trainer_diverged(trainer, event, "validation loss", result->validation_loss, error);
}

static espalier_status begin_epoch(espalier_trainer *trainer, espalier_event *event,
                                   espalier_error *error)
{
    trainer_place *at = &trainer->at;
    event->kind = ESPALIER_EVENT_EPOCH_BEGIN;
    event->batch = 0;
    espalier_status status = trainer_tell(trainer, event, NULL, error);
    at->stage = STAGE_BATCHES;
    at->batch = 0;
    at->loss = 0.0;
    at->correct = 0;
    at->cut = false;
    at->result = (espalier_epoch){.epoch = event->epoch};
    trainer->batch.counting = trainer_asked(trainer) & ASK_COUNT;
    return status;
}

static espalier_status train_epoch(espalier_trainer *trainer, espalier_event *event,
                                   espalier_error *error)
{
    trainer_place *at = &trainer->at;
    order_rows(trainer, event->epoch);
    event->batch = at->batch;
    espalier_status status = run_batches(trainer, event, error);
    if (status == ESPALIER_OK)
        status = validate(trainer, event, &at->result, error);
    if (status != ESPALIER_OK)
        return status;
    trainer_pull(trainer);
    keep_if_best(trainer, &at->result);
    at->stage = STAGE_RESULT;
    return ESPALIER_OK;
}

/* Tells of the epoch, and lets the rules that end a run look at it. */
static espalier_status end_epoch(espalier_trainer *trainer, espalier_event *event,
                                 espalier_error *error)
{
    trainer_place *at = &trainer->at;
    bool changed = false;
    event->kind = ESPALIER_EVENT_EPOCH;
    event->batch = event->batches;
    event->result = &at->result;
    espalier_status status = trainer_tell(trainer, event, &changed, error);
    event->result = NULL;
    if (status == ESPALIER_OK)
        status = trainer_look(trainer, event, error);
    if (status != ESPALIER_OK)
        return status;
    const bool held = trainer_asked(trainer) & ASK_HOLD || changed || at->cut;
    at->done++;
    at->stage = STAGE_EPOCH;
    at->ended = stopping_update(&trainer->rules, &trainer->options, at->result.training_accuracy,
                                at->result.validation_loss, held, &at->stopped_by);
    if (trainer->stop) {
        at->stopped_by = ESPALIER_STOPPED_BY_OBSERVER;
        at->ended = true;
    }
    return trainer_save_point(trainer, ESPALIER_MOMENT_EPOCH, error);
}

/* One epoch, or what is left of it. */
static espalier_status run_epoch(espalier_trainer *trainer, espalier_event *event,
                                 espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    event->epoch = trainer->at.done + 1;
    if (trainer->at.stage == STAGE_EPOCH)
        status = begin_epoch(trainer, event, error);
    if (status == ESPALIER_OK && trainer->at.stage == STAGE_BATCHES)
        status = train_epoch(trainer, event, error);
    return status == ESPALIER_OK ? end_epoch(trainer, event, error) : status;
}

/* ---- all of it --------------------------------------------------------------- */

static espalier_status begin(espalier_trainer *trainer, const espalier_event *event,
                             espalier_error *error)
{
    espalier_status status = trainer_tell(trainer, event, NULL, error);
    if (status != ESPALIER_OK)
        return status;
    trainer->at.stage = STAGE_EPOCH;
    trainer->at.ended = trainer->stop;
    if (trainer->stop)
        trainer->at.stopped_by = ESPALIER_STOPPED_BY_OBSERVER;
    return trainer_save_point(trainer, ESPALIER_MOMENT_BEGIN, error);
}

static espalier_status end(espalier_trainer *trainer, espalier_event *event,
                           espalier_train_summary *summary, espalier_error *error)
{
    const trainer_place *at = &trainer->at;
    espalier_train_summary done = {
        .epochs = at->done, .stopped_by = at->stopped_by, .kept_epoch = at->done};
    if (trainer->kept_epoch) {
        copy_kept(trainer, true);
        done.kept_epoch = trainer->kept_epoch;
    }
    event->kind = ESPALIER_EVENT_END;
    event->epoch = at->done;
    event->batch = at->done ? event->batches : 0;
    espalier_status status = espalier_trainer_announce(trainer, event, error);
    done.seconds = at->elapsed + clock_seconds() - trainer->started;
    if (summary)
        *summary = done;
    return status;
}

espalier_status espalier_trainer_run(espalier_trainer *trainer, espalier_train_summary *summary,
                                     espalier_error *error)
{
    const espalier_train_options *options = &trainer->options;
    trainer_place *at = &trainer->at;
    size_t rows = trainer->dataset->row_count[ESPALIER_TRAINING];
    espalier_event event = {.kind = ESPALIER_EVENT_BEGIN,
                            .epochs = options->epochs,
                            .batches = (rows + options->batch_rows - 1) / options->batch_rows};
    espalier_status status = ESPALIER_OK;
    if (trainer->began)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "a trainer runs once: make another one to train on");
    if (trainer->half_restored)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "a trainer that a checkpoint did not fit cannot run: make another one");
    trainer->began = true;
    trainer->started = clock_seconds();
    if (!trainer->restored) {
        *at = (trainer_place){.stopped_by = ESPALIER_STOPPED_BY_EPOCHS};
        stopping_reset(&trainer->rules);
        trainer->kept_loss = INFINITY;
        trainer->faint = 0;
    } else {
        status = trainer_restored(trainer, &event, error);
    }
    if (status == ESPALIER_OK && at->stage == STAGE_BEGIN)
        status = begin(trainer, &event, error);
    while (status == ESPALIER_OK && !at->ended && at->done < options->epochs)
        status = run_epoch(trainer, &event, error);
    return status == ESPALIER_OK ? end(trainer, &event, summary, error) : status;
}
