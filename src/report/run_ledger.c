/* The pruning steps as a table, and the ledger: every neuron that went. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "report/run_page.h"

/* A longer list is no reading any more; the model file has all of it. */
enum { NEURONS_MOST = 1000 };

static void steps_table(report *r, const run_folder *f)
{
    static const char *const columns[] = {
        "step",           "epoch",        "training accuracy", "requested", "by rank",
        "by propagation", "neurons gone", "guarded",           "sparsity",  "of the prunable"};
    page_table_begin(&r->page, "Pruning steps");
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        page_column(&r->page, c > 0, "%s", columns[c]);
    for (size_t i = 0; i < json_array_size(f->steps); i++) {
        const json_t *step = json_array_get(f->steps, i);
        page_cell(&r->page, "%zu%s", i + 1,
                  json_is_true(json_object_get(step, "forced")) ? " (by patience)" : "");
        page_cell_count(&r->page, json_size_at(step, "epoch"));
        page_cell_percent(&r->page, json_number_at(step, "training_accuracy"));
        page_cell_count(&r->page, json_size_at(step, "requested"));
        page_cell_count(&r->page, json_size_at(step, "removed_by_rank"));
        page_cell_count(&r->page, json_size_at(step, "removed_by_propagation"));
        page_cell_count(&r->page, json_size_at(step, "neurons_removed"));
        page_cell_count(&r->page, json_size_at(step, "neurons_guarded"));
        page_cell_percent(&r->page, json_number_at(step, "sparsity"));
        page_cell_percent(&r->page, json_number_at(step, "sparsity_prunable"));
    }
    page_table_end(&r->page);
}

/* ---- the ledger ------------------------------------------------------------------- */

static double entry(const json_t *neuron, size_t index)
{
    const json_t *value = json_array_get(neuron, index);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* unit: of the counts. */
static void neurons_table(report *r, const json_t *neurons, double unit)
{
    static const char *const columns[] = {"layer", "neuron", "score", "count"};
    const size_t count = json_array_size(neurons);
    page_table_begin(&r->page, NULL);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        page_column(&r->page, c > 0, "%s", columns[c]);
    for (size_t i = 0; i < count && i < NEURONS_MOST; i++) {
        const json_t *neuron = json_array_get(neurons, i);
        page_cell(&r->page, "%.0f", entry(neuron, 0));
        page_cell(&r->page, "%.0f", entry(neuron, 1));
        if (isnan(entry(neuron, 2)))
            page_cell(&r->page, "–");
        else
            page_cell(&r->page, "%.6g", entry(neuron, 2));
        if (isnan(entry(neuron, 3)))
            page_cell(&r->page, "–");
        else
            page_cell(&r->page, "%.*g", unit > 1 ? 6 : 16, entry(neuron, 3) / unit);
    }
    page_table_end(&r->page);
    if (count > NEURONS_MOST)
        page_words(&r->page, "… and %zu more: see `history` in the model file.",
                   count - NEURONS_MOST);
}

/* The last steps of the network's history are this run's. */
static void ledger(report *r, const run_folder *f, const json_t *history)
{
    const size_t own = json_array_size(f->steps), all = json_array_size(history);
    const double sums = run_folder_counted(f) == COUNTED_SUMS ? COUNTED_SUMS_UNIT : 1;
    for (size_t i = 0; i < all; i++) {
        const json_t *step = json_array_get(history, i);
        const json_t *neurons = json_object_get(step, "neurons");
        if (json_array_size(neurons) == 0)
            continue;
        page_details_begin(&r->page,
                           "The %zu neurons that went in step %zu of the network's history",
                           json_array_size(neurons), i + 1);
        neurons_table(r, neurons, i + own >= all ? sums : 1);
        page_details_end(&r->page);
    }
}

static void say_steps(report *r, const run_folder *f)
{
    double rank = 0, propagation = 0;
    char a[PAGE_DIGITS], b[PAGE_DIGITS];
    for (size_t i = 0; i < json_array_size(f->steps); i++) {
        const json_t *step = json_array_get(f->steps, i);
        rank += (double)json_size_at(step, "removed_by_rank");
        propagation += (double)json_size_at(step, "removed_by_propagation");
    }
    page_words(
        &r->page,
        "%s weights went because of their rank, %s more because their neuron had died on one "
        "side. Requested is what a step was to remove by rank.",
        page_digits(a, json_as_size(rank)), page_digits(b, json_as_size(propagation)));
}

espalier_status run_ledger(report *r, const run_folder *f, espalier_error *error)
{
    static const char *const counts[] = {
        [COUNTED_ACTIVE] = "how many inputs had activated it",
        [COUNTED_SUMS] = "the sum of its activations",
        [COUNTED_ZEROS] = "at how many inputs it had been zero",
    };
    const char *history = f->model ? espalier_network_metadata(f->model, "history") : NULL;
    (void)error;
    if (json_array_size(f->steps) == 0)
        return ESPALIER_OK;
    page_section(&r->page, "ledger", "The ledger");
    say_steps(r, f);
    steps_table(r, f);
    json_t *parsed = history ? json_loads(history, 0, NULL) : NULL;
    if (parsed) {
        page_words(&r->page,
                   "Numbers are those of the original network. The score is what the "
                   "criterion gave a neuron, the count %s.",
                   counts[run_folder_counted(f)]);
        ledger(r, f, parsed);
        json_decref(parsed);
    }
    return ESPALIER_OK;
}
