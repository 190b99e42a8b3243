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

/* Accuracy of the network that the run left, of the rows that its epochs are judged by. */
static double accuracy_at_end(const run_folder *f)
{
    return run_at_end(f, any(f, "validation_accuracy") ? "validation" : "train", "accuracy");
}

/* Was the last step taken at the end of the last epoch, so that no epoch knows what it left? */
static bool ends_with_step(const run_folder *f)
{
    const json_t *epoch = json_array_get(f->epochs, json_array_size(f->epochs) - 1);
    const json_t *step = json_array_get(f->steps, json_array_size(f->steps) - 1);
    return !run_step_within(step) && json_number_at(step, "epoch") == json_number_at(epoch, "epoch") &&
           !isnan(accuracy_at_end(f));
}

static void add_row(text *csv, double epoch, double training, double validation)
{
    const double cells[] = {epoch, training, validation};
    for (int k = 0; k < 3; k++) {
        text_print(csv, "%s", k ? "," : "");
        text_number(csv, cells[k]);
    }
    text_print(csv, "\n");
}

static void add_rows(text *csv, const run_folder *f, const char *what)
{
    char training[40], validation[40];
    const json_t *epoch = NULL;
    snprintf(training, sizeof training, "training_%s", what);
    snprintf(validation, sizeof validation, "validation_%s", what);
    text_print(csv, "epoch,training,validation\n");
    for (size_t i = 0; i < json_array_size(f->epochs); i++) {
        epoch = json_array_get(f->epochs, i);
        add_row(csv, json_number_at(epoch, "epoch"), json_number_at(epoch, training),
                json_number_at(epoch, validation));
    }
    if (ends_with_step(f))
        add_row(csv, json_number_at(epoch, "epoch"), run_at_end(f, "train", what),
                run_at_end(f, "validation", what));
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
    add_rows(&p.csv, f, what);
    run_epoch_axis(&p.script, f, axis);
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
    return plot_end(&p, error, "%s%s",
                    run_step_within(json_array_get(f->steps, 0))
                        ? "Dotted: the epochs in which weights were cut."
                    : json_array_size(f->steps) ? "Dotted: the pruning steps."
                                                : "",
                    ends_with_step(f) ? " The last points are of the network after the last of them." : "");
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
    const bool apart = !isnan(json_number_at(last, "validation_accuracy"));
    const double left = apart ? accuracy_at_end(f) : NAN; /* training's is counted otherwise */
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
                   apart ? "validation" : "training",
                   100 * accuracy_of(json_array_get(f->epochs, before)), from - 1,
                   100 * (isnan(left) ? accuracy_of(last) : left));
}

/* The step that no epoch came after. */
static void say_last_step(report *r, const run_folder *f)
{
    const size_t steps = json_array_size(f->steps);
    page_words(&r->page,
               "The last pruning step (step %zu) came after the last epoch, so nothing was learnt after it, "
               "and no epoch tells what it cost. The network that it left has a %s accuracy of %.2f %%.",
               steps, any(f, "validation_accuracy") ? "validation" : "training", 100 * accuracy_at_end(f));
}

/* Of all steps between two epochs: the most that the next epoch lost. */
static void say_steps(report *r, const run_folder *f)
{
    const size_t steps = json_array_size(f->steps);
    double worst = NAN;
    size_t worst_step = 0, known = 0, kept = 0;
    for (size_t i = 0; i < steps; i++) {
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
    const char *which = known < steps ? " with an epoch before and after it" : "";
    if (worst >= 0)
        page_words(&r->page, "No pruning step%s cost accuracy: one epoch after each the network was "
                             "at least as accurate as before it.", which);
    else if (kept == 0)
        page_words(&r->page,
                   "Every pruning step%s cost some accuracy: one epoch after it the network was at "
                   "most %.2f points less accurate than before it (step %zu).",
                   which, -100 * worst, worst_step);
    else
        page_words(&r->page,
                   "One epoch after a pruning step the accuracy was at most %.2f points lower than "
                   "before it (step %zu); %zu of %zu steps%s cost nothing.",
                   -100 * worst, worst_step, kept, known,
                   known < steps ? " with an epoch before and after" : "");
}

static void say_course(report *r, const run_folder *f)
{
    const size_t count = json_array_size(f->epochs);
    const json_t *last = json_array_get(f->epochs, count - 1);
    const bool apart = !isnan(json_number_at(last, "validation_accuracy"));
    const double left = apart ? accuracy_at_end(f) : NAN;
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (accuracy_of(json_array_get(f->epochs, i)) >
            accuracy_of(json_array_get(f->epochs, best)))
            best = i;
    page_words(&r->page,
               "After %zu epoch%s%s the %s accuracy was %.2f %%; its best was %.2f %% in epoch %.0f. "
               "The training accuracy is counted while the weights change, so it lags behind.",
               count, count == 1 ? "" : "s", ends_with_step(f) ? ", before the last pruning step," : "",
               apart ? "validation" : "training", 100 * accuracy_of(last),
               100 * accuracy_of(json_array_get(f->epochs, best)),
               json_number_at(json_array_get(f->epochs, best), "epoch"));
    if (!ends_with_step(f) && fabs(left - accuracy_of(last)) >= 0.5e-4) /* what two decimals show */
        page_words(&r->page, "The network that the run left has %.2f %%.", 100 * left);
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
    if (ends_with_step(f))
        say_last_step(r, f);
    page_figures_begin(&r->page);
    espalier_status status = curves(r, f, "accuracy", "accuracy, %", 100, error);
    if (status == ESPALIER_OK)
        status = curves(r, f, "loss", "cross-entropy, nats", 1, error);
    page_figures_end(&r->page);
    return status;
}
