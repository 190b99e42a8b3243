/* Warnings at the end of a run: layers that only the guard kept, more pruned than was asked for, less learnt
 * than the run was stopped for, classes that the network never predicts. */
#include "verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "data_info.h"
#include "table.h"

/* ---- classes that are never predicted ------------------------------------------------ */

enum { NAMED_MOST = 3, LIST_BYTES = 512 };

/* The rows that were looked at: how many of each class, and how many are taken for it. */
typedef struct census {
    espalier_split split;
    size_t classes;
    uint64_t rows;
    uint64_t *labelled, *predicted; /* [classes], one block */
} census;

static bool count_labels(census *c, const espalier_dataset *dataset)
{
    c->classes = espalier_dataset_class_count(dataset);
    while (c->split < ESPALIER_SPLIT_COUNT - 1 && espalier_dataset_row_count(dataset, c->split) == 0)
        c->split++;
    c->rows = espalier_dataset_row_count(dataset, c->split);
    c->labelled = calloc(2 * c->classes, sizeof *c->labelled);
    c->predicted = c->labelled ? c->labelled + c->classes : NULL;
    for (size_t i = 0; c->labelled && i < c->rows; i++)
        c->labelled[espalier_dataset_label(dataset, c->split, i)]++;
    return c->labelled != NULL;
}

/* A class that is never predicted has none of its rows right. Where fewer rows than the smallest class
 * has are wrong there is no such class, and no second evaluation is needed. */
static bool is_possible(const census *c, double accuracy)
{
    const double wrong = (double)c->rows * (1.0 - accuracy);
    for (size_t k = 0; k < c->classes; k++)
        if (c->labelled[k] > 0 && (double)c->labelled[k] <= wrong + 0.5)
            return true;
    return false;
}

static int count_predictions(const run *r, census *c)
{
    espalier_error error = {0};
    espalier_evaluation e;
    if (espalier_evaluate(r->network, r->dataset, c->split, 1, r->settings->train.threads, &e, &error))
        return fail(&error);
    for (size_t k = 0; k < c->classes; k++)
        for (size_t t = 0; t < c->classes; t++)
            c->predicted[k] += e.confusion ? e.confusion[t * c->classes + k] : 1;
    espalier_evaluation_clear(&e);
    return EXIT_NONE;
}

static double share(const census *c, size_t class)
{
    return 100.0 * (double)c->labelled[class] / (double)c->rows;
}

/* "a (1.00 %), b (0.50 %), c (2.00 %) and 4 more"; how many they are. */
static size_t list_missed(const census *c, const espalier_dataset *dataset, char *text)
{
    char number[32];
    size_t count = 0, at = 0;
    *text = '\0';
    for (size_t k = 0; k < c->classes; k++) {
        if (c->labelled[k] == 0 || c->predicted[k] > 0)
            continue;
        if (count++ < NAMED_MOST)
            at += (size_t)snprintf(text + at, LIST_BYTES - at, "%s%.80s (%.2f %%)", at ? ", " : "",
                                   data_class_name(dataset, k, number), share(c, k));
    }
    if (count > NAMED_MOST)
        snprintf(text + at, LIST_BYTES - at, " and %zu more", count - NAMED_MOST);
    return count;
}

/* A run that ended as soon as the other classes were right; often one class alone is enough for that. */
static void stop_hint(const run *r, const census *c, char *text, size_t size)
{
    char number[32], alone[160] = "";
    const double wanted = 100.0 * r->settings->train.final_accuracy;
    size_t most = 0;
    *text = '\0';
    if (r->summary.stopped_by != ESPALIER_STOPPED_BY_ACCURACY)
        return;
    for (size_t k = 1; k < c->classes; k++)
        most = c->labelled[k] > c->labelled[most] ? k : most;
    if (share(c, most) + 1.0 >= wanted)
        snprintf(alone, sizeof alone, "class %.80s alone has %.2f %%, and ",
                 data_class_name(r->dataset, most, number), share(c, most));
    snprintf(text, size, "; %s--final-accuracy %g%% ended the run: try --early-stop never or a higher "
             "--final-accuracy", alone, wanted);
}

static int missed_classes(const run *r, const json_t *result)
{
    char list[LIST_BYTES], hint[320], rows[DIGITS_BYTES];
    census c = {.split = ESPALIER_TRAINING};
    if (!count_labels(&c, r->dataset)) {
        message("out of memory");
        return EXIT_FAILED;
    }
    const json_t *accuracy = json_object_get(json_object_get(result, "accuracy"), split_name(c.split));
    int code = EXIT_NONE;
    if (is_possible(&c, json_number_value(accuracy))) {
        code = count_predictions(r, &c);
        const size_t count = code == EXIT_NONE ? list_missed(&c, r->dataset, list) : 0;
        stop_hint(r, &c, hint, sizeof hint);
        if (count > 0)
            message("warning: %zu of the %zu classes %s never predicted for any of the %s %s rows: %s%s",
                    count, c.classes, count == 1 ? "is" : "are", digits(rows, c.rows),
                    c.split == ESPALIER_TRAINING ? "training" : split_name(c.split), list, hint);
    }
    free(c.labelled);
    return code;
}

/* A run of few epochs, because no more were asked for, is a trial: what it has not learnt says little. */
static bool is_trial(const run *r)
{
    enum { EPOCHS_LEAST = 10 };
    return r->summary.stopped_by == ESPALIER_STOPPED_BY_EPOCHS && r->summary.epochs < EPOCHS_LEAST;
}

/* ---- pruning ------------------------------------------------------------------------ */

/* While training the pruner tells; without, the record alone has heard. */
static void say_notes(const run *r, const json_t *result)
{
    const json_t *notes = json_object_get(result, "notes");
    for (size_t i = 0; !r->trained && i < json_array_size(notes); i++)
        message("warning: %s", json_string_value(json_array_get(notes, i)));
}

static bool was_guarded(const run *r)
{
    const espalier_prune_step *steps = espalier_pruner_steps(r->pruner);
    const size_t count = espalier_pruner_step_count(r->pruner);
    size_t i = 0;
    while (i < count && steps[i].neurons_guarded == 0)
        i++;
    return i < count;
}

/* Once a run: what is left to try of that which keeps layers wider. Whoever asks for wide ones gets what
 * was asked for. */
static void guard_hint(const run *r)
{
    enum { NEURONS = 10, REMEDIES = 4 };
    const espalier_prune_options *o = &r->settings->prune;
    const char *remedies[REMEDIES];
    char hint[160] = "a lower --prune";
    size_t count = 0, at = 0;
    if (o->min_neurons > NEURONS)
        return;
    if (o->min_neurons < NEURONS)
        remedies[count++] = "--min-neurons 10";
    if (o->scope != ESPALIER_SCOPE_LAYER)
        remedies[count++] = "--scope layer";
    if (strcmp(o->criterion, "activation-weight") != 0)
        remedies[count++] = "--criterion activation-weight";
    if (!r->trained)
        remedies[count++] = "--epochs N with DATA, to fine-tune";
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(hint + at, sizeof hint - at, "%s%s",
                               i == 0 ? "" : i + 1 < count ? ", " : " or ", remedies[i]);
    message("warning: pruning took as much of a layer as --min-neurons %zu lets it, and the accuracy may "
            "have gone with it: try %s", o->min_neurons, hint);
}

/* What neurons that die take along is not asked for, and some of it is usual. */
static void overshoot(const run *r)
{
    static const double far = 0.1;
    const bool all = r->settings->prune.of == ESPALIER_OF_ALL;
    const espalier_prune_step *steps = espalier_pruner_steps(r->pruner);
    const size_t count = espalier_pruner_step_count(r->pruner);
    uint64_t along = 0;
    for (size_t i = 0; i < count; i++)
        along += steps[i].removed_by_propagation;
    if (along == 0)
        return;
    const double reached = all ? steps[count - 1].sparsity_all : steps[count - 1].sparsity_prunable;
    if (reached > r->settings->target + far)
        message("warning: %.2f %% of %s weights were pruned, %g %% were asked for: neurons that died took "
                "their other weights along", 100 * reached, all ? "all" : "the prunable",
                100 * r->settings->target);
}

/* ---- training ----------------------------------------------------------------------- */

/* Stopped by the accuracy of an epoch, each batch before its update: the network at its end may do worse.
 * After a step at the end of that epoch it does for another reason, which the summary tells. */
static void stopped_short(const run *r, const json_t *result)
{
    static const double far = 0.01;
    const espalier_train_options *o = &r->settings->train;
    const espalier_prune_step *steps = espalier_pruner_steps(r->pruner);
    const size_t count = espalier_pruner_step_count(r->pruner);
    const json_t *accuracy =
        json_object_get(json_object_get(result, "accuracy"), split_name(ESPALIER_TRAINING));
    if (!r->trained || r->summary.stopped_by != ESPALIER_STOPPED_BY_ACCURACY || !json_is_number(accuracy) ||
        json_number_value(accuracy) >= o->final_accuracy - far ||
        (count > 0 && steps[count - 1].epoch == r->summary.epochs))
        return;
    const bool may_keep = o->keep != ESPALIER_KEEP_BEST &&
                          espalier_dataset_row_count(r->dataset, ESPALIER_VALIDATION) > 0;
    message("note: %.2f %% of the training rows are right, though --final-accuracy %g%% ended the run: an "
            "epoch's accuracy is a mean over its batches, each before its update; %sanother --batch may help",
            100 * json_number_value(accuracy), 100 * o->final_accuracy, may_keep ? "--keep best or " : "");
}

int verdict_say(const run *r, const json_t *result)
{
    say_notes(r, result);
    if (was_guarded(r))
        guard_hint(r);
    overshoot(r);
    stopped_short(r, result);
    return r->trained && r->dataset && !is_trial(r) ? missed_classes(r, result) : EXIT_NONE;
}
