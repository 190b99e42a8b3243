/* Accuracy and loss over the epochs, the pruning steps marked. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "report/plot.h"
#include "report/run_page.h"

/* Fewer epochs are also marked as points: one epoch alone makes no line. */
enum { POINTS_BELOW = 25 };

static bool any(const run_folder *f, const char *key)
{
    for (size_t i = 0; i < json_array_size(f->epochs); i++)
        if (!isnan(json_number_at(json_array_get(f->epochs, i), key)))
            return true;
    return false;
}

/* Both curves of "accuracy" or "loss", times `factor`. */
static espalier_status curves(report *r, const run_folder *f, const char *what, const char *axis,
                              int factor, espalier_error *error)
{
    static const char *const parts[] = {"training", "validation"};
    char key[40];
    plot p;
    const char *with = json_array_size(f->epochs) < POINTS_BELOW ? "linespoints" : "lines";
    bool first = true;
    plot_begin(&p, r, what, PLOT_HALF, factor > 1 ? "Accuracy" : "Loss");
    text_print(&p.csv, "epoch,training,validation\n");
    for (size_t i = 0; i < json_array_size(f->epochs); i++) {
        const json_t *epoch = json_array_get(f->epochs, i);
        text_number(&p.csv, json_number_at(epoch, "epoch"));
        for (int k = 0; k < 2; k++) {
            snprintf(key, sizeof key, "%s_%s", parts[k], what);
            text_print(&p.csv, ",");
            text_number(&p.csv, json_number_at(epoch, key));
        }
        text_print(&p.csv, "\n");
    }
    text_print(&p.script, "set xlabel 'epoch'\nset ylabel '%s'\n", axis);
    run_mark_steps(&p.script, f);
    for (int k = 0; k < 2; k++) {
        snprintf(key, sizeof key, "%s_%s", parts[k], what);
        if (!any(f, key))
            continue;
        text_print(&p.script, "%s using 'epoch':(%d*column('%s')) with %s lt %d title '%s'",
                   first ? "plot name.'.csv'" : ", \\\n     ''", factor, parts[k], with, k + 1,
                   parts[k]);
        first = false;
    }
    text_print(&p.script, "\n");
    return plot_end(&p, error, "%s",
                    run_step_within(json_array_get(f->steps, 0))
                        ? "Dotted: the epochs in which weights were cut."
                    : json_array_size(f->steps) ? "Dotted: the pruning steps."
                                                : "");
}

/* ---- in words -------------------------------------------------------------------- */

/* Validation accuracy of an epoch; training accuracy where no rows were kept apart. */
static double accuracy_of(const json_t *epoch)
{
    const double validation = json_number_at(epoch, "validation_accuracy");
    return isnan(validation) ? json_number_at(epoch, "training_accuracy") : validation;
}

static size_t find_epoch(const run_folder *f, double number)
{
    for (size_t i = 0; i < json_array_size(f->epochs); i++)
        if (json_number_at(json_array_get(f->epochs, i), "epoch") == number)
            return i;
    return SIZE_MAX;
}

/* Steps within epochs: the epoch before all of them against the last one, which is no more than
 * what both were, training included. */
static void say_cuts(report *r, const run_folder *f)
{
    const json_t *last = json_array_get(f->epochs, json_array_size(f->epochs) - 1);
    const size_t steps = json_array_size(f->steps);
    const double from = json_number_at(json_array_get(f->steps, 0), "epoch");
    const double to = json_number_at(json_array_get(f->steps, steps - 1), "epoch");
    const size_t before = find_epoch(f, from - 1);
    const char *kind = isnan(json_number_at(last, "validation_accuracy")) ? "training" : "validation";
    char until[32] = "";
    if (to > from)
        snprintf(until, sizeof until, " to %.0f", to);
    page_words(&r->page,
               "Weights were cut between batches, in epoch%s %.0f%s. Accuracy is measured at the end "
               "of epochs, so what a single cut cost is not known.",
               to > from ? "s" : "", from, until);
    if (before == SIZE_MAX)
        page_words(&r->page, "No epoch ended before the first cut.");
    else
        page_words(&r->page,
                   "The %s accuracy was %.2f %% in epoch %.0f, the last before the first cut, and "
                   "%.2f %% at the end.",
                   kind, 100 * accuracy_of(json_array_get(f->epochs, before)), from - 1,
                   100 * accuracy_of(last));
}

/* Of all steps: the most that the next epoch lost. */
static void say_steps(report *r, const run_folder *f)
{
    double worst = NAN;
    size_t worst_step = 0, known = 0, kept = 0;
    for (size_t i = 0; i < json_array_size(f->steps); i++) {
        const size_t at = find_epoch(f, json_number_at(json_array_get(f->steps, i), "epoch"));
        if (at == SIZE_MAX || at + 1 >= json_array_size(f->epochs))
            continue;
        const double change = accuracy_of(json_array_get(f->epochs, at + 1)) -
                              accuracy_of(json_array_get(f->epochs, at));
        known++;
        kept += change >= 0;
        if (isnan(worst) || change < worst) {
            worst = change;
            worst_step = i + 1;
        }
    }
    if (known == 0)
        return;
    if (worst >= 0)
        page_words(&r->page, "No pruning step cost accuracy: one epoch after each the network was "
                             "at least as accurate as before it.");
    else if (kept == 0)
        page_words(&r->page,
                   "Every pruning step cost some accuracy: one epoch after it the network was at "
                   "most %.2f points less accurate than before it (step %zu).",
                   -100 * worst, worst_step);
    else
        page_words(&r->page,
                   "One epoch after a pruning step the accuracy was at most %.2f points lower than "
                   "before it (step %zu); %zu of %zu steps cost nothing.",
                   -100 * worst, worst_step, kept, known);
}

static void say_course(report *r, const run_folder *f)
{
    const size_t count = json_array_size(f->epochs);
    const json_t *last = json_array_get(f->epochs, count - 1);
    const bool apart = !isnan(json_number_at(last, "validation_accuracy"));
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (accuracy_of(json_array_get(f->epochs, i)) >
            accuracy_of(json_array_get(f->epochs, best)))
            best = i;
    page_words(&r->page,
               "After %zu epoch%s the %s accuracy was %.2f %%; its best was %.2f %% in epoch %.0f. "
               "The training accuracy is counted while the weights change, so it lags behind.",
               count, count == 1 ? "" : "s", apart ? "validation" : "training",
               100 * accuracy_of(last), 100 * accuracy_of(json_array_get(f->epochs, best)),
               json_number_at(json_array_get(f->epochs, best), "epoch"));
}

espalier_status run_training(report *r, const run_folder *f, espalier_error *error)
{
    if (!any(f, "training_accuracy") && !any(f, "validation_accuracy"))
        return ESPALIER_OK;
    page_section(&r->page, "training", "Accuracy and loss");
    say_course(r, f);
    if (run_step_within(json_array_get(f->steps, 0)))
        say_cuts(r, f);
    else
        say_steps(r, f);
    page_figures_begin(&r->page);
    espalier_status status = curves(r, f, "accuracy", "accuracy, %", 100, error);
    if (status == ESPALIER_OK)
        status = curves(r, f, "loss", "cross-entropy, nats", 1, error);
    page_figures_end(&r->page);
    return status;
}
