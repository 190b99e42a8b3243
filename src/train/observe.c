/* Between the trainer and its observers: announcing events, handing the network
 * out up to date, and taking over what observers changed. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "train/lists.h"

/* Its state must be found again in a checkpoint, by its name alone. */
static bool can_keep(const espalier_trainer *trainer, const espalier_keeper *keeper)
{
    const char *name = keeper->name;
    if (!keeper->save || !keeper->restore || !name || !*name ||
        strlen(name) > ESPALIER_KEEPER_NAME_MOST || !utf8_is_valid(name))
        return false;
    for (size_t i = 0; i < trainer->listener_count; i++) {
        const espalier_keeper *other = trainer->listeners[i].observer.keeper;
        if (other && strcmp(other->name, name) == 0)
            return false;
    }
    return true;
}

espalier_status espalier_trainer_observe(espalier_trainer *trainer, espalier_observer observer)
{
    size_t count = trainer->listener_count;
    if (!observer.notify || (observer.keeper && !can_keep(trainer, observer.keeper)))
        return ESPALIER_ERROR_ARGUMENT;
    listener *grown = memory_array(trainer->allocator, count + 1, sizeof *grown);
    if (!grown)
        return ESPALIER_ERROR_MEMORY;
    if (count)
        memcpy(grown, trainer->listeners, count * sizeof *grown);
    grown[count].observer = observer;
    memory_release(trainer->allocator, trainer->listeners);
    trainer->listeners = grown;
    trainer->listener_count = count + 1;
    return ESPALIER_OK;
}

/* By index: an observer may add others meanwhile, and the list then moves. */
static espalier_status notify(espalier_trainer *trainer, size_t index, const espalier_event *event,
                              espalier_error *error)
{
    const espalier_observer one = trainer->listeners[index].observer;
    const size_t outer = trainer->inside;
    if (trainer->listeners[index].busy || (event->kind == ESPALIER_EVENT_BATCH && !one.batches))
        return ESPALIER_OK;
    trainer->listeners[index].busy = true;
    trainer->inside = index + 1;
    espalier_status status = one.notify(one.context, trainer, event, error);
    trainer->inside = outer;
    trainer->listeners[index].busy = false;
    return status ? error_set(error, status, "%s", espalier_status_text(status)) : ESPALIER_OK;
}

espalier_status espalier_trainer_announce(espalier_trainer *trainer, const espalier_event *event,
                                          espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    if (event->kind == ESPALIER_EVENT_PRUNE_BEGIN)
        status = trainer_save_point(trainer, ESPALIER_MOMENT_BEFORE_STEP, error);
    for (size_t i = 0; i < trainer->listener_count && status == ESPALIER_OK; i++)
        status = notify(trainer, i, event, error);
    return status;
}

void trainer_pull(espalier_trainer *trainer)
{
    if (trainer->pulled)
        return;
    work_store(&trainer->copy, trainer->network);
    batch_take_counts(&trainer->batch, &trainer->copy, trainer->network);
    trainer->network->inputs_counted += trainer->counted;
    trainer->counted = 0;
    trainer->pulled = true;
}

/* Takes over what observers changed. */
static espalier_status push(espalier_trainer *trainer, espalier_error *error)
{
    espalier_network_apply_masks(trainer->network);
    work_save_states(&trainer->copy, trainer->network);
    work_load(&trainer->copy, trainer->network);
    const espalier_status status = lists_fit(&trainer->copy, trainer->batch.rows_most, error);
    batch_fit(&trainer->batch, &trainer->copy, trainer->network);
    return status;
}

espalier_network *espalier_trainer_network(espalier_trainer *trainer)
{
    trainer_pull(trainer);
    return trainer->network;
}

const espalier_dataset *espalier_trainer_dataset(const espalier_trainer *trainer)
{
    return trainer->dataset;
}

void espalier_trainer_changed(espalier_trainer *trainer)
{
    trainer->changed = true;
}

void espalier_trainer_adjusted(espalier_trainer *trainer)
{
    trainer->adjusted = true;
}

unsigned *trainer_asker(espalier_trainer *trainer, size_t who)
{
    return who ? &trainer->listeners[who - 1].asked : &trainer->asked;
}

unsigned trainer_asked(const espalier_trainer *trainer)
{
    unsigned asked = trainer->asked;
    for (size_t i = 0; i < trainer->listener_count; i++)
        asked |= trainer->listeners[i].asked;
    return asked;
}

static void ask(espalier_trainer *trainer, unsigned what, bool on)
{
    unsigned *asked = trainer_asker(trainer, trainer->inside);
    *asked = on ? *asked | what : *asked & ~what;
}

void espalier_trainer_hold(espalier_trainer *trainer, bool hold)
{
    ask(trainer, ASK_HOLD, hold);
}

void espalier_trainer_count(espalier_trainer *trainer, bool count)
{
    ask(trainer, ASK_COUNT, count);
}

void espalier_trainer_stop(espalier_trainer *trainer)
{
    trainer->stop = true;
}

espalier_status trainer_tell(espalier_trainer *trainer, const espalier_event *event, bool *changed,
                             espalier_error *error)
{
    trainer_place *at = &trainer->at;
    if (!at->telling) { /* else a checkpoint was written in the middle of this event */
        trainer->changed = trainer->adjusted = false;
        at->telling = true;
        at->told = 0;
    }
    espalier_status status = ESPALIER_OK;
    for (; at->told < trainer->listener_count && status == ESPALIER_OK; at->told++)
        status = notify(trainer, at->told, event, error);
    at->telling = false;
    if ((trainer->changed || trainer->adjusted) && status == ESPALIER_OK)
        status = push(trainer, error);
    if (trainer->changed) { /* another network: what was kept of the old one is void */
        trainer->kept_loss = INFINITY;
        trainer->kept_epoch = 0;
    }
    if (changed)
        *changed = trainer->changed;
    return status;
}
