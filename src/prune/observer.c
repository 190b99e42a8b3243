/* The pruner's life with a trainer: counts, waits for its triggers, takes steps
 * and tells what happened. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "prune/activity.h"
#include "prune/pruner.h"

static espalier_status announce_note(espalier_trainer *trainer, const espalier_event *now,
                                     const char *note, bool warning, espalier_error *error)
{
    espalier_event event = *now;
    event.kind = ESPALIER_EVENT_NOTE;
    event.result = NULL;
    event.step = NULL;
    event.note = note;
    event.warning = warning;
    return espalier_trainer_announce(trainer, &event, error);
}

static espalier_status note_guarded(const espalier_pruner *pruner, espalier_trainer *trainer,
                                    const espalier_event *now, size_t step, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    for (size_t l = 0; l < pruner->work.hidden && status == ESPALIER_OK; l++) {
        size_t guarded = pruner->work.layers[l].guarded;
        char note[160];
        snprintf(note, sizeof note,
                 "pruning step %zu would have left too few neurons in layer %zu: "
                 "%zu of its best %s kept",
                 step + 1, l, guarded, guarded == 1 ? "was" : "were");
        if (guarded)
            status = announce_note(trainer, now, note, true, error);
    }
    return status;
}

static espalier_status announce_step(const espalier_pruner *pruner, espalier_trainer *trainer,
                                     const espalier_event *now, espalier_error *error)
{
    espalier_prune_step step = pruner->book.steps[pruner->book.step_count - 1];
    espalier_event event = *now;
    event.kind = ESPALIER_EVENT_PRUNE;
    event.step = &step;
    espalier_status status = espalier_trainer_announce(trainer, &event, error);
    if (status == ESPALIER_OK && step.forced) {
        char note[160];
        snprintf(note, sizeof note,
                 "pruning step %zu was taken without its training accuracy: no new best in %zu "
                 "epochs",
                 step.step + 1, pruner->options.patience);
        status = announce_note(trainer, now, note, false, error);
    }
    return status ? status : note_guarded(pruner, trainer, now, step.step, error);
}

static espalier_status announce_begin(espalier_trainer *trainer, const espalier_event *now,
                                      espalier_error *error)
{
    espalier_event event = *now;
    event.kind = ESPALIER_EVENT_PRUNE_BEGIN;
    return espalier_trainer_announce(trainer, &event, error);
}

static espalier_status take(espalier_pruner *pruner, espalier_trainer *trainer,
                            const espalier_event *now, bool forced, espalier_error *error)
{
    espalier_network *network = espalier_trainer_network(trainer);
    pruner_moment moment = {
        .epoch = now->epoch,
        .training_accuracy = now->result ? now->result->training_accuracy : NAN,
        .forced = forced,
    };
    pruner->pending = true; /* from here on a checkpoint may go on */
    pruner->forced = forced;
    espalier_status status = announce_begin(trainer, now, error);
    pruner->pending = false;
    if (status == ESPALIER_OK)
        status = pruner_take_step(pruner, network, &moment, error);
    if (status)
        return status;
    activity_pruned(&pruner->options, network);
    schedule_watch_start(&pruner->watch);
    espalier_trainer_changed(trainer);
    espalier_trainer_hold(trainer, espalier_pruner_outstanding(pruner) > 0);
    return announce_step(pruner, trainer, now, error);
}

/* A run that will never count must have counts already. */
static espalier_status check_counts(const espalier_pruner *pruner, espalier_trainer *trainer,
                                    bool now, espalier_error *error)
{
    const espalier_prune_options *o = &pruner->options;
    if (!pruner->criterion->needs_counts || (o->count != ESPALIER_COUNT_NONE && !now) ||
        espalier_pruner_outstanding(pruner) == 0 ||
        espalier_network_inputs_counted(espalier_trainer_network(trainer)) > 0)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_ARGUMENT,
                     "criterion %s needs activation counts, the network has none and %s: count "
                     "them first, choose another way of counting or another criterion",
                     pruner->criterion->name,
                     now ? "the step comes before the first epoch" : "counting is switched off");
}

static espalier_status begin(espalier_pruner *pruner, espalier_trainer *trainer,
                             const espalier_event *now, espalier_error *error)
{
    const espalier_prune_options *o = &pruner->options;
    bool at_once = o->trigger == ESPALIER_TRIGGER_ONCE && o->trained &&
                   espalier_pruner_outstanding(pruner) > 0;
    if (o->trigger == ESPALIER_TRIGGER_CUBIC && pruner->steps > 0)
        pruner->steps = schedule_cubic_cuts(o->cubic_epochs, now->batches, o->cubic_interval);
    espalier_status status = activity_begin(o, trainer);
    if (status)
        return error_memory(error);
    schedule_watch_start(&pruner->watch);
    if (at_once)
        status = activity_first_sample(o, pruner->allocator, espalier_trainer_network(trainer),
                                       espalier_trainer_dataset(trainer), error);
    if (status)
        return status;
    status = check_counts(pruner, trainer, at_once, error);
    if (status)
        return status;
    espalier_trainer_hold(trainer, espalier_pruner_outstanding(pruner) > 0);
    if (at_once)
        return take(pruner, trainer, now, false, error);
    return ESPALIER_OK;
}

static espalier_status batch(espalier_pruner *pruner, espalier_trainer *trainer,
                             const espalier_event *now, espalier_error *error)
{
    const espalier_prune_options *o = &pruner->options;
    size_t finished = (now->epoch - 1) * now->batches + now->batch;
    if (espalier_pruner_outstanding(pruner) == 0 ||
        !schedule_cubic_due(o->cubic_epochs, now->batches, o->cubic_interval,
                            pruner->book.step_count, finished))
        return ESPALIER_OK;
    /* In the sample modes an epoch's sample comes at its end, too late for a cut
     * that has no counts yet. */
    espalier_network *network = espalier_trainer_network(trainer);
    if (pruner->criterion->needs_counts && espalier_network_inputs_counted(network) == 0) {
        espalier_status status = activity_sample(o, pruner->allocator, network,
                                                 espalier_trainer_dataset(trainer),
                                                 ACTIVITY_CUT + pruner->book.step_count, error);
        if (status)
            return status;
    }
    return take(pruner, trainer, now, false, error);
}

static schedule_verdict judge(espalier_pruner *pruner, const espalier_event *now)
{
    const espalier_prune_options *o = &pruner->options;
    size_t step = pruner->book.step_count;
    if (espalier_pruner_outstanding(pruner) == 0)
        return SCHEDULE_WAIT;
    switch (o->trigger) {
    case ESPALIER_TRIGGER_ACCURACY:
        return schedule_watch_epoch(&pruner->watch, now->result->training_accuracy,
                                    o->start_accuracy, o->final_accuracy, step, pruner->steps,
                                    o->patience);
    case ESPALIER_TRIGGER_EPOCH:
        return now->epoch % o->every == 0 ? SCHEDULE_DUE : SCHEDULE_WAIT;
    case ESPALIER_TRIGGER_ONCE:
        return now->epoch == o->every ? SCHEDULE_DUE : SCHEDULE_WAIT;
    default:
        return SCHEDULE_WAIT;
    }
}

static espalier_status epoch(espalier_pruner *pruner, espalier_trainer *trainer,
                             const espalier_event *now, espalier_error *error)
{
    espalier_status status =
        activity_sample(&pruner->options, pruner->allocator, espalier_trainer_network(trainer),
                        espalier_trainer_dataset(trainer), now->epoch, error);
    if (status)
        return status;
    schedule_verdict verdict = judge(pruner, now);
    if (verdict == SCHEDULE_WAIT)
        return ESPALIER_OK;
    return take(pruner, trainer, now, verdict == SCHEDULE_FORCED, error);
}

static espalier_status notify(void *context, espalier_trainer *trainer, const espalier_event *event,
                              espalier_error *error)
{
    espalier_pruner *pruner = context;
    const bool of_training = event->kind == ESPALIER_EVENT_BATCH || event->kind == ESPALIER_EVENT_EPOCH ||
                             event->kind == ESPALIER_EVENT_BEGIN;
    if (pruner->pending && of_training) /* restored: it has been heard, the step is to be taken */
        return take(pruner, trainer, event, pruner->forced, error);
    switch (event->kind) {
    case ESPALIER_EVENT_BEGIN:
        return begin(pruner, trainer, event, error);
    case ESPALIER_EVENT_EPOCH_BEGIN:
        activity_epoch_begin(&pruner->options, trainer);
        return ESPALIER_OK;
    case ESPALIER_EVENT_BATCH:
        return batch(pruner, trainer, event, error);
    case ESPALIER_EVENT_EPOCH:
        return epoch(pruner, trainer, event, error);
    default:
        return ESPALIER_OK;
    }
}

espalier_observer espalier_pruner_observer(espalier_pruner *pruner)
{
    return (espalier_observer){
        .context = pruner,
        .notify = notify,
        .keeper = &pruner_keeper,
        .batches = pruner->options.trigger == ESPALIER_TRIGGER_CUBIC && pruner->steps > 0,
    };
}
