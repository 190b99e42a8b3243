/* The stopping rules as a small state machine, free of the trainer. */
#include "train/stopping.h"

#include <math.h>

void stopping_reset(stopping *rules)
{
    *rules = (stopping){INFINITY, INFINITY, 0};
}

/* One epoch's loss: moves m and the strikes. A loss of NaN (no validation
 * rows) compares false everywhere and changes nothing. */
static void count_strike(stopping *rules, const espalier_train_options *options, double loss)
{
    if (loss < rules->best) {
        rules->best = loss;
        if (options->early_stop != ESPALIER_EARLY_STOP_ALWAYS)
            rules->strikes = 0;
    } else if (loss > options->strike_factor * rules->best) {
        rules->strikes += loss > rules->previous;
    } else if (loss < options->strike_factor * rules->best) {
        rules->strikes = 0;
    }
    rules->previous = loss;
}

bool stopping_update(stopping *rules, const espalier_train_options *options,
                     double training_accuracy, double validation_loss, bool held,
                     espalier_stopped_by *reason)
{
    if (options->early_stop == ESPALIER_EARLY_STOP_NEVER)
        return false;
    if (held && options->early_stop == ESPALIER_EARLY_STOP_AFTER_PRUNING) {
        stopping_reset(rules);
        return false;
    }
    count_strike(rules, options, validation_loss);
    if (training_accuracy >= options->final_accuracy)
        *reason = ESPALIER_STOPPED_BY_ACCURACY;
    else if (rules->strikes >= options->strikes)
        *reason = ESPALIER_STOPPED_BY_EARLY_STOP;
    else
        return false;
    return true;
}
