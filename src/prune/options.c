/* Options of pruning: the paper's defaults, their ranges, their names. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "espalier/prune.h"
#include "prune/criteria.h"

/* Enough for any use, and few enough that sums over steps stay cheap. */
#define STEPS_MOST ((size_t)1000000)

espalier_prune_options espalier_prune_options_defaults(void)
{
    return (espalier_prune_options){
        .target = 0.9,
        .of = ESPALIER_OF_ALL,
        .steps = 5,
        .share_ratio = 0.8,
        .criterion = criterion_activation.name,
        .scope = ESPALIER_SCOPE_GLOBAL,
        .trigger = ESPALIER_TRIGGER_ACCURACY,
        .start_accuracy = 0.80,
        .final_accuracy = 0.98,
        .every = 5,
        .patience = 30,
        .cubic_epochs = 2,
        .cubic_interval = 100,
        .trained = false,
        .count = ESPALIER_COUNT_TRAINING,
        .window = ESPALIER_WINDOW_SINCE_START,
        .sample_rows = 32,
        .amounts = ESPALIER_AMOUNTS_CUMULATIVE,
        .dead = ESPALIER_DEAD_FOLD,
        .min_neurons = 1,
        .seed = 1,
    };
}

static bool fraction(double value)
{
    return value >= 0.0 && value <= 1.0;
}

static espalier_status check_criterion(const char *name, espalier_error *error)
{
    if (criterion_find(name))
        return ESPALIER_OK;
    char known[160] = "";
    for (size_t i = 0; criterion_at(i); i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", criterion_at(i)->name);
    }
    return error_set(error, ESPALIER_ERROR_ARGUMENT, "criterion: expected one of %s, found '%s'",
                     known, name ? name : "(none)");
}

static espalier_status check_combinations(const espalier_prune_options *o, espalier_error *error)
{
    if (o->target > 0.0 && o->trigger == ESPALIER_TRIGGER_ACCURACY && o->start_accuracy > o->final_accuracy)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "start_accuracy: expected at most final_accuracy (%g), found %g",
                         o->final_accuracy, o->start_accuracy);
    if (o->trigger == ESPALIER_TRIGGER_CUBIC && o->scope == ESPALIER_SCOPE_ONE_BY_ONE)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "scope: expected global or layer, found one-by-one: it counts steps, and "
                         "the cubic trigger makes its own");
    return ESPALIER_OK;
}

espalier_status espalier_prune_options_check(const espalier_prune_options *o, espalier_error *error)
{
    const struct {
        const char *field;
        uint64_t value, least, most;
    } counts[] = {
        {"steps", o->steps, 1, STEPS_MOST},
        {"every", o->every, 1, UINT64_MAX},
        {"cubic_epochs", o->cubic_epochs, 1, STEPS_MOST},
        {"cubic_interval", o->cubic_interval, 1, UINT64_MAX},
        {"sample_rows", o->sample_rows, 1, UINT64_MAX},
        {"seed", o->seed, 0, INT64_MAX}, /* JSON, of checkpoints and results, has no more */
    };
    const struct {
        const char *field;
        const char *range;
        double value;
        bool holds;
    } rules[] = {
        {"target", "0 to 1", o->target, fraction(o->target)},
        {"of", "a listed one", o->of, (unsigned)o->of < ESPALIER_DENOMINATOR_COUNT},
        {"share_ratio", "above 0", o->share_ratio,
         o->share_ratio > 0.0 && isfinite(o->share_ratio)},
        {"scope", "a listed one", o->scope, (unsigned)o->scope < ESPALIER_SCOPE_COUNT},
        {"trigger", "a listed one", o->trigger, (unsigned)o->trigger < ESPALIER_TRIGGER_COUNT},
        {"start_accuracy", "0 to 1", o->start_accuracy, fraction(o->start_accuracy)},
        {"final_accuracy", "0 to 1", o->final_accuracy, fraction(o->final_accuracy)},
        {"count", "a listed one", o->count, (unsigned)o->count < ESPALIER_COUNT_MODE_COUNT},
        {"window", "a listed one", o->window, (unsigned)o->window < ESPALIER_WINDOW_COUNT},
        {"amounts", "a listed one", o->amounts, (unsigned)o->amounts < ESPALIER_AMOUNTS_COUNT},
        {"dead", "a listed one", o->dead, (unsigned)o->dead < ESPALIER_DEAD_COUNT},
    };
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; i < sizeof counts / sizeof *counts && status == ESPALIER_OK; i++)
        status = error_range(error, counts[i].field, counts[i].value, counts[i].least,
                             counts[i].most);
    for (size_t i = 0; i < sizeof rules / sizeof *rules && status == ESPALIER_OK; i++)
        if (!rules[i].holds)
            status = error_set(error, ESPALIER_ERROR_ARGUMENT, "%s: expected %s, found %g",
                               rules[i].field, rules[i].range, rules[i].value);
    if (status == ESPALIER_OK)
        status = check_criterion(o->criterion, error);
    return status ? status : check_combinations(o, error);
}

/* espalier_<noun>_name(), from the names in the order of the enumeration. */
#define NAMES(noun, ...)                                                                           \
    const char *espalier_##noun##_name(espalier_##noun value)                                      \
    {                                                                                              \
        static const char *const names[] = {__VA_ARGS__};                                          \
        size_t index = (size_t)value;                                                              \
        return index < sizeof names / sizeof *names ? names[index] : NULL;                         \
    }

NAMES(denominator, "all", "prunable")
NAMES(scope, "global", "layer", "one-by-one")
NAMES(trigger, "accuracy", "epoch", "cubic", "once")
NAMES(count_mode, "training", "sample", "sample-sum", "sample-zeros", "none")
NAMES(count_window, "since-start", "since-prune", "epoch")
NAMES(amounts, "cumulative", "authors")
NAMES(dead, "fold", "drop", "authors", "keep")
