/* The key numbers of a run, before its first pruning step and after its end. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "espalier/analyse.h"
#include "report/run_page.h"

/* One number; before NaN: only the number at the end; after NaN: nothing. */
static void number(report *r, const char *label, double before, double after, const char *unit,
                   int decimals)
{
    char text_before[64], text_after[64];
    if (isnan(after))
        return;
    snprintf(text_before, sizeof text_before, "%.*f%s", decimals, before, unit);
    snprintf(text_after, sizeof text_after, "%.*f%s", decimals, after, unit);
    page_number(&r->page, label, isnan(before) ? NULL : text_before, text_after);
}

static void whole_number(report *r, const char *label, const uint64_t *before, uint64_t after)
{
    char text_before[PAGE_DIGITS], text_after[PAGE_DIGITS];
    page_digits(text_after, after);
    page_number(&r->page, label, before ? page_digits(text_before, *before) : NULL, text_after);
}

static double evaluated(const run_folder *f, const char *when, const char *split, const char *key)
{
    return json_number_at(json_object_get(json_object_get(f->evaluation, when), split), key);
}

double run_at_end(const run_folder *f, const char *split, const char *key)
{
    const double found = evaluated(f, "after", split, key);
    return isnan(found) ? json_number_at(json_object_get(f->result, key), split) : found;
}

static void accuracy_numbers(report *r, const run_folder *f)
{
    static const char *const splits[][3] = {
        {"test", "Test accuracy", "Test loss"},
        {"validation", "Validation accuracy", "Validation loss"},
        {"train", "Training accuracy", "Training loss"}};
    for (size_t i = 0; i < 3; i++) {
        const double accuracy = run_at_end(f, splits[i][0], "accuracy");
        if (isnan(accuracy))
            continue;
        number(r, splits[i][1], 100 * evaluated(f, "before", splits[i][0], "accuracy"),
               100 * accuracy, " %", 2);
        number(r, splits[i][2], evaluated(f, "before", splits[i][0], "loss"),
               run_at_end(f, splits[i][0], "loss"), "", 4);
        return;
    }
}

static void print_live(text *t, const espalier_network *network)
{
    for (size_t l = 0; l + 1 < espalier_network_layer_count(network); l++)
        text_print(t, "%s%zu", l ? "-" : "", espalier_network_live(network, l, NULL));
}

static void network_numbers(report *r, const run_folder *f)
{
    text before = {.allocator = r->allocator}, after = {.allocator = r->allocator};
    const espalier_cost now = espalier_network_cost(f->model);
    const espalier_cost was = f->before ? espalier_network_cost(f->before) : now;
    whole_number(r, "Weights kept", f->before ? &was.nonzero : NULL, now.nonzero);
    whole_number(r, "FLOPs per prediction", f->before ? &was.flops : NULL, now.flops);
    whole_number(r, "Bytes as float32", f->before ? &was.bytes : NULL, now.bytes);
    if (f->before)
        print_live(&before, f->before);
    print_live(&after, f->model);
    if (after.length)
        page_number(&r->page, "Live hidden neurons", f->before ? text_content(&before) : NULL,
                    text_content(&after));
    number(r, "Sparsity of all weights", NAN, 100 * espalier_network_sparsity(f->model), " %", 2);
    number(r, "Sparsity of the prunable", NAN, 100 * espalier_network_sparsity_prunable(f->model),
           " %", 2);
    r->page.body.failed |= before.failed || after.failed;
    text_clear(&before);
    text_clear(&after);
}

static bool trained_after(const run_folder *f, size_t epoch)
{
    const size_t count = json_array_size(f->epochs);
    return count && json_size_at(json_array_get(f->epochs, count - 1), "epoch") > epoch;
}

static void say_before(report *r, const run_folder *f)
{
    const json_t *first = json_array_get(f->steps, 0);
    const double change =
        run_at_end(f, "test", "accuracy") - evaluated(f, "before", "test", "accuracy");
    const espalier_cost now = espalier_network_cost(f->model),
                        was = espalier_network_cost(f->before);
    const size_t epoch = json_size_at(first, "epoch");
    char when[64] = "before any training", how[64] = "the same";
    const bool within = run_step_within(first);
    if (epoch)
        snprintf(when, sizeof when, "%s epoch %zu", within ? "within" : "at the end of", epoch);
    page_words(&r->page,
               "Before → after: the network just before its first pruning step, %s, and as "
               "the run left it.",
               when);
    if (isnan(change))
        return;
    if (fabs(change) >= 0.5e-4) /* what two decimals show */
        snprintf(how, sizeof how, "%.2f points %s", 100 * fabs(change),
                 change < 0 ? "lower" : "higher");
    page_words(&r->page, "With %.1f %% of those weights its test accuracy is %s. %s",
               100 * (double)now.nonzero / (double)was.nonzero, how,
               within || trained_after(f, epoch)
                   ? "Training went on after the first step, so this does not compare it with a "
                     "dense network trained as long: that is what a study does."
                   : "No training followed the first step.");
}

espalier_status run_numbers(report *r, const run_folder *f, espalier_error *error)
{
    const double seconds = json_number_at(json_object_get(f->result, "seconds"), "total");
    (void)error;
    page_numbers_begin(&r->page);
    accuracy_numbers(r, f);
    if (f->model)
        network_numbers(r, f);
    if (json_array_size(f->epochs))
        number(r, "Epochs", NAN, (double)json_array_size(f->epochs), "", 0);
    number(r, "Training and validation took", NAN, seconds, " s", 1);
    page_numbers_end(&r->page);
    if (f->model && f->before)
        say_before(r, f);
    return ESPALIER_OK;
}
