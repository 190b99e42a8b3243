/* Options of training: the paper's defaults, their ranges, their names. */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "espalier/train.h"

espalier_train_options espalier_train_options_defaults(void)
{
    return (espalier_train_options){
        .batch_rows = 32,
        .epochs = 500,
        .optimizer = ESPALIER_SGD,
        .learning_rate = 0.01,
        .momentum = 0.9,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .epsilon = 1e-8,
        .weight_decay = 0.0,
        .lr_schedule = ESPALIER_LR_CONSTANT,
        .lr_step = 30,
        .lr_gamma = 0.1,
        .warmup_epochs = 0,
        .early_stop = ESPALIER_EARLY_STOP_AFTER_PRUNING,
        .final_accuracy = 0.98,
        .strike_factor = 1.1,
        .strikes = 3,
        .keep = ESPALIER_KEEP_LAST,
        .seed = 1,
        .threads = 0,
        .math = NULL,
    };
}

/* As the floats that are reckoned with. */
static bool is_positive(double value)
{
    return value >= (double)FLT_MIN && isfinite(value);
}

static bool is_share(double value)
{
    return value >= 0.0 && value < 1.0 && (float)value < 1.0f;
}

espalier_status espalier_train_options_check(const espalier_train_options *o, espalier_error *error)
{
    const struct {
        const char *field;
        uint64_t value, least, most;
    } counts[] = {
        {"batch_rows", o->batch_rows, 1, (uint64_t)1 << 20},
        {"epochs", o->epochs, 1, UINT32_MAX}, /* an epoch is a random stream's number */
        {"lr_step", o->lr_step, 1, UINT64_MAX},
        {"strikes", o->strikes, 1, UINT64_MAX},
        {"seed", o->seed, 0, INT64_MAX}, /* JSON, of checkpoints and results, has no more */
    };
    const struct {
        const char *field;
        const char *range;
        double value;
        int holds;
    } rules[] = {
        {"optimizer", "a listed one", (double)o->optimizer, o->optimizer < ESPALIER_OPTIMIZER_COUNT},
        {"learning_rate", "above 0", o->learning_rate, is_positive(o->learning_rate)},
        {"momentum", "0 to below 1", o->momentum, is_share(o->momentum)},
        {"beta1", "0 to below 1", o->beta1, is_share(o->beta1)},
        {"beta2", "0 to below 1", o->beta2, is_share(o->beta2)},
        {"epsilon", "above 0", o->epsilon, is_positive(o->epsilon)},
        {"weight_decay", "0 or more", o->weight_decay,
         o->weight_decay >= 0.0 && isfinite(o->weight_decay)},
        {"lr_schedule", "a listed one", (double)o->lr_schedule,
         o->lr_schedule < ESPALIER_LR_SCHEDULE_COUNT},
        {"lr_gamma", "above 0", o->lr_gamma, o->lr_gamma > 0.0 && isfinite(o->lr_gamma)},
        {"early_stop", "a listed one", (double)o->early_stop,
         o->early_stop < ESPALIER_EARLY_STOP_COUNT},
        {"final_accuracy", "0 to 1", o->final_accuracy,
         o->final_accuracy >= 0.0 && o->final_accuracy <= 1.0},
        {"strike_factor", "above 1", o->strike_factor,
         o->strike_factor > 1.0 && isfinite(o->strike_factor)},
        {"keep", "a listed one", (double)o->keep, o->keep < ESPALIER_KEEP_COUNT},
    };
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; i < sizeof counts / sizeof *counts && status == ESPALIER_OK; i++)
        status = error_range(error, counts[i].field, counts[i].value, counts[i].least,
                             counts[i].most);
    for (size_t i = 0; i < sizeof rules / sizeof *rules && status == ESPALIER_OK; i++)
        if (!rules[i].holds)
            status = error_set(error, ESPALIER_ERROR_ARGUMENT, "%s: expected %s, found %g",
                               rules[i].field, rules[i].range, rules[i].value);
    return status;
}

/* name_of(TABLE, index): the entry, or NULL past the end. */
static const char *name_of(const char *const *names, size_t count, size_t index)
{
    return index < count ? names[index] : NULL;
}

const char *espalier_optimizer_name(espalier_optimizer optimizer)
{
    static const char *const names[] = {"sgd", "momentum", "nesterov", "adam"};
    return name_of(names, ESPALIER_OPTIMIZER_COUNT, optimizer);
}

const char *espalier_lr_schedule_name(espalier_lr_schedule schedule)
{
    static const char *const names[] = {"constant", "step", "cosine"};
    return name_of(names, ESPALIER_LR_SCHEDULE_COUNT, schedule);
}

const char *espalier_early_stop_name(espalier_early_stop early_stop)
{
    static const char *const names[] = {"after-pruning", "always", "never"};
    return name_of(names, ESPALIER_EARLY_STOP_COUNT, early_stop);
}

const char *espalier_keep_name(espalier_keep keep)
{
    static const char *const names[] = {"last", "best"};
    return name_of(names, ESPALIER_KEEP_COUNT, keep);
}

const char *espalier_stopped_by_name(espalier_stopped_by stopped_by)
{
    static const char *const names[] = {"epochs", "accuracy", "early-stop", "observer"};
    return name_of(names, ESPALIER_STOPPED_BY_COUNT, stopped_by);
}
