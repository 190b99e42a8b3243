/* The trainer's own state: its place in the run, the rules that end it, and what it must be
 * made of to go on to the same bits. */
#include "train/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "format/state.h"

/* ---- what must be the same --------------------------------------------------- */

/* The data's digest is made when it is first asked for. */
static uint64_t data_digest(espalier_trainer *trainer)
{
    if (!trainer->data_digest)
        trainer->data_digest = espalier_dataset_digest(trainer->dataset);
    return trainer->data_digest;
}

/* All that shape the run and are not looked at one by one. NULL without memory. */
static json_t *options_value(const espalier_train_options *o)
{
    state s = state_new();
    state_put_count(&s, "epochs", o->epochs);
    state_put_real(&s, "learning_rate", o->learning_rate);
    state_put_real(&s, "momentum", o->momentum);
    state_put_real(&s, "beta1", o->beta1);
    state_put_real(&s, "beta2", o->beta2);
    state_put_real(&s, "epsilon", o->epsilon);
    state_put_real(&s, "weight_decay", o->weight_decay);
    state_put_text(&s, "lr_schedule", espalier_lr_schedule_name(o->lr_schedule));
    state_put_count(&s, "lr_step", o->lr_step);
    state_put_real(&s, "lr_gamma", o->lr_gamma);
    state_put_count(&s, "warmup_epochs", o->warmup_epochs);
    state_put_text(&s, "early_stop", espalier_early_stop_name(o->early_stop));
    state_put_real(&s, "final_accuracy", o->final_accuracy);
    state_put_real(&s, "strike_factor", o->strike_factor);
    state_put_count(&s, "strikes", o->strikes);
    return state_value(&s);
}

static void put_conditions(state *s, espalier_trainer *trainer)
{
    const espalier_train_options *o = &trainer->options;
    char digest[24];
    snprintf(digest, sizeof digest, "%016" PRIx64, data_digest(trainer));
    state_put_text(s, "data", digest);
    state_put_text(s, "math", o->math);
    state_put_text(s, "kernels", trainer->batch.kernels->name);
    state_put_text(s, "optimizer", espalier_optimizer_name(o->optimizer));
    state_put_text(s, "keep", espalier_keep_name(o->keep));
    state_put_count(s, "seed", o->seed);
    state_put_count(s, "batch_rows", o->batch_rows);
    state_put(s, "options", options_value(o));
    state_put_count(s, "observers", trainer->listener_count);
}

static espalier_status differs(const char *what, const char *there, const char *here,
                               espalier_error *error)
{
    return error_set(error, ESPALIER_ERROR_MISMATCH,
                     "the run cannot go on here: %s was %s, here it is %s", what, there, here);
}

static espalier_status check_conditions(state *s, espalier_trainer *trainer, espalier_error *error)
{
    const espalier_train_options *o = &trainer->options;
    const struct {
        const char *key, *what, *here;
    } texts[] = {
        {"math", "the math backend", o->math},
        {"optimizer", "the optimizer", espalier_optimizer_name(o->optimizer)},
        {"keep", "the network to keep", espalier_keep_name(o->keep)},
    };
    char digest[24];
    snprintf(digest, sizeof digest, "%016" PRIx64, data_digest(trainer));
    const char *data = state_string(s, "data");
    if (strcmp(data, digest) != 0)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "the data are not those that the run began with: their digest was %.16s, "
                         "now it is %s", data, digest);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *there = state_string(s, texts[i].key);
        if (strcmp(there, texts[i].here) != 0)
            return differs(texts[i].what, there, texts[i].here, error);
    }
    if (state_count(s, "seed", INT64_MAX) != o->seed ||
        state_count(s, "batch_rows", SIZE_MAX) != o->batch_rows)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "the run cannot go on here: the seed or the rows of a batch are others");
    trainer->other_kernels =
        strcmp(state_string(s, "kernels"), trainer->batch.kernels->name) != 0;
    return state_same_options(s, "options", options_value(o), "trainer", error);
}

/* Older checkpoints hold neither the epochs to come nor the number of observers. */
static espalier_status check_reach(state *s, const espalier_trainer *trainer,
                                   espalier_error *error)
{
    const bool within = state_count(s, "stage", STAGE_COUNT - 1) >= STAGE_BATCHES;
    const uint64_t epoch = state_count(s, "epochs", UINT32_MAX) + within;
    const uint64_t told = state_count(s, "told", SIZE_MAX);
    const bool known = json_object_get(s->object, "observers") != NULL;
    const uint64_t observers = known ? state_count(s, "observers", SIZE_MAX) : told;
    if (epoch > trainer->options.epochs)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "the run cannot go on here: it was in epoch %" PRIu64 ", here it is to "
                         "have %zu", epoch, trainer->options.epochs);
    if (told > trainer->listener_count ||
        (known && state_flag(s, "telling") && observers != trainer->listener_count))
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "the run cannot go on here: the number of observers was %s%" PRIu64
                         ", here it is %zu", known ? "" : "at least ", observers,
                         trainer->listener_count);
    return ESPALIER_OK;
}

/* ---- where it stands ------------------------------------------------------------ */

static void put_result(state *s, const espalier_epoch *result)
{
    state_put_real(s, "training_accuracy", result->training_accuracy);
    state_put_real(s, "training_loss", result->training_loss);
    state_put_real(s, "validation_accuracy", result->validation_accuracy);
    state_put_real(s, "validation_loss", result->validation_loss);
    state_put_real(s, "learning_rate", result->learning_rate);
    state_put_real(s, "seconds", result->seconds);
}

static void put_place(state *s, const espalier_trainer *trainer)
{
    const trainer_place *at = &trainer->at;
    state_put_count(s, "stage", at->stage);
    state_put_count(s, "epochs", at->done);
    state_put_count(s, "batch", at->batch);
    state_put_real(s, "loss", at->loss);
    state_put_count(s, "correct", at->correct);
    state_put_flag(s, "cut", at->cut);
    put_result(s, &at->result);
    state_put_flag(s, "telling", at->telling);
    state_put_count(s, "told", at->told);
    state_put_flag(s, "ended", at->ended);
    state_put_count(s, "stopped_by", at->stopped_by);
    state_put_real(s, "elapsed", at->elapsed + clock_seconds() - trainer->started);
}

static espalier_epoch take_result(state *s, size_t epoch)
{
    return (espalier_epoch){
        .epoch = epoch,
        .training_accuracy = state_real(s, "training_accuracy"),
        .training_loss = state_real(s, "training_loss"),
        .validation_accuracy = state_real(s, "validation_accuracy"),
        .validation_loss = state_real(s, "validation_loss"),
        .learning_rate = state_real(s, "learning_rate"),
        .seconds = state_real(s, "seconds"),
    };
}

static void take_place(state *s, espalier_trainer *trainer)
{
    const size_t rows = trainer->dataset->row_count[ESPALIER_TRAINING];
    const size_t most = trainer->options.batch_rows, listeners = trainer->listener_count;
    trainer_place *at = &trainer->at;
    at->stage = (trainer_stage)state_count(s, "stage", STAGE_COUNT - 1);
    at->done = (size_t)state_count(s, "epochs", trainer->options.epochs);
    at->batch = (size_t)state_count(s, "batch", (rows + most - 1) / most);
    at->loss = state_real(s, "loss");
    at->correct = state_count(s, "correct", rows);
    at->cut = state_flag(s, "cut");
    at->result = take_result(s, at->stage >= STAGE_BATCHES ? at->done + 1 : at->done);
    at->telling = state_flag(s, "telling");
    at->told = (size_t)state_count(s, "told", listeners);
    at->ended = state_flag(s, "ended");
    at->stopped_by =
        (espalier_stopped_by)state_count(s, "stopped_by", ESPALIER_STOPPED_BY_COUNT - 1);
    at->elapsed = state_real(s, "elapsed");
    if (at->stage >= STAGE_BATCHES && at->done >= trainer->options.epochs)
        s->wrong = "epochs";
}

/* ---- what is asked for ---------------------------------------------------------------- */

/* From outside and by each observer, in this order. */
static json_t *asked_value(espalier_trainer *trainer)
{
    json_t *list = json_array();
    for (size_t i = 0; i <= trainer->listener_count; i++) {
        if (json_array_append_new(list, json_integer(*trainer_asker(trainer, i)))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* A list is needed only where others than the last observer ask. The last is the pruner, as
 * a rule, and older checkpoints have the flags alone. */
static void put_asked(state *s, espalier_trainer *trainer)
{
    unsigned others = 0;
    for (size_t i = 0; i < trainer->listener_count; i++)
        others |= *trainer_asker(trainer, i);
    if (others)
        state_put(s, "asked", asked_value(trainer));
}

static void take_asked(state *s, espalier_trainer *trainer)
{
    const json_t *list = json_object_get(s->object, "asked");
    const unsigned all = (state_flag(s, "hold") ? ASK_HOLD : 0u) |
                         (state_flag(s, "counting") ? ASK_COUNT : 0u);
    uint64_t last = trainer->listener_count, asked;
    if (json_object_get(s->object, "observers"))
        last = state_count(s, "observers", SIZE_MAX);
    if (!list && last <= trainer->listener_count)
        *trainer_asker(trainer, (size_t)last) = all;
    for (size_t i = 0; i < json_array_size(list) && i <= trainer->listener_count; i++) {
        if (!state_take_count(json_array_get(list, i), ASK_HOLD | ASK_COUNT, &asked))
            s->wrong = "asked";
        *trainer_asker(trainer, i) = (unsigned)asked;
    }
}

/* ---- rules, and the best network ------------------------------------------------------- */

static void put_rest(state *s, espalier_trainer *trainer)
{
    state_put_count(s, "steps", trainer->steps);
    state_put_flag(s, "changed", trainer->changed);
    state_put_flag(s, "adjusted", trainer->adjusted);
    state_put_flag(s, "hold", trainer_asked(trainer) & ASK_HOLD);
    state_put_flag(s, "stop", trainer->stop);
    state_put_flag(s, "counting", trainer_asked(trainer) & ASK_COUNT);
    state_put_flag(s, "counting_now", trainer->batch.counting);
    state_put_real(s, "best_loss", trainer->rules.best);
    state_put_real(s, "previous_loss", trainer->rules.previous);
    state_put_count(s, "strikes", trainer->rules.strikes);
    state_put_real(s, "kept_loss", trainer->kept_loss);
    state_put_count(s, "kept_epoch", trainer->kept_epoch);
    state_put_count(s, "faint", trainer->faint);
    put_asked(s, trainer);
}

static void take_rest(state *s, espalier_trainer *trainer)
{
    const bool keeps = trainer->kept_weights != NULL;
    trainer->steps = state_count(s, "steps", INT64_MAX);
    trainer->changed = state_flag(s, "changed");
    trainer->adjusted = state_flag(s, "adjusted");
    take_asked(s, trainer);
    trainer->stop = state_flag(s, "stop");
    trainer->batch.counting = state_flag(s, "counting_now");
    trainer->rules.best = state_real(s, "best_loss");
    trainer->rules.previous = state_real(s, "previous_loss");
    trainer->rules.strikes = (size_t)state_count(s, "strikes", SIZE_MAX);
    trainer->kept_loss = state_real(s, "kept_loss");
    trainer->kept_epoch = (size_t)state_count(s, "kept_epoch", keeps ? trainer->options.epochs : 0);
    /* older checkpoints know nothing of it */
    trainer->faint = json_object_get(s->object, "faint") ? state_count(s, "faint", INT64_MAX) : 0;
}

/* ---- the text ------------------------------------------------------------------------ */

char *place_text(espalier_trainer *trainer)
{
    state s = state_new();
    state_put_count(&s, "serial", trainer->saves);
    put_conditions(&s, trainer);
    put_place(&s, trainer);
    put_rest(&s, trainer);
    return state_text(&s);
}

espalier_status place_peek(const char *text, uint64_t *serial, uint64_t *epochs,
                           espalier_error *error)
{
    state s = state_read(text);
    *serial = state_count(&s, "serial", INT64_MAX);
    *epochs = state_count(&s, "epochs", UINT32_MAX);
    return state_end(&s, "trainer", error);
}

espalier_status place_restore(espalier_trainer *trainer, const char *text, espalier_error *error)
{
    state s = state_read(text);
    espalier_status status = s.wrong ? ESPALIER_OK : check_conditions(&s, trainer, error);
    if (status == ESPALIER_OK && !s.wrong)
        status = check_reach(&s, trainer, error);
    trainer->saves = state_count(&s, "serial", INT64_MAX);
    take_place(&s, trainer);
    take_rest(&s, trainer);
    const espalier_status read = state_end(&s, "trainer", error);
    return status ? status : read;
}
