/* Activation counts of each hidden layer, sorted, with what each step cut. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/plot.h"
#include "report/run_page.h"

/* A neuron that was there before a step. */
typedef struct neuron {
    double activity; /* what is counted, per input */
    bool goes;
} neuron;

typedef struct ranking {
    neuron *neurons; /* [count], the highest activity first; owned */
    size_t count, going;
    bool sharp; /* all that go stand behind all that stay */
} ranking;

/* How the numbers of each kind are called. */
static const struct {
    const char *axis, *order, *highest, *lowest, *sentence;
    double unit;
    int factor;
} words[] = {
    [COUNTED_ACTIVE] = {"activated by, % of inputs", "the most active first",
                        "most active of those, % of inputs", "least active left, % of inputs",
                        "from the most to the least active, and how many of the training inputs "
                        "activated them (`a > 0`)", 1, 100},
    [COUNTED_SUMS] = {"sum of activations per input", "the most active first", "most active of those",
                      "least active left", "from the most to the least active, and the sum of their "
                      "activations over the inputs that were looked at", COUNTED_SUMS_UNIT, 1},
    [COUNTED_ZEROS] = {"zero at, % of inputs", "those with the most zeros first",
                       "most zeros of those, % of inputs", "fewest zeros left, % of inputs",
                       "from the most zeros to the fewest, and at how many of the inputs that were looked "
                       "at they were zero (`a = 0`; the fewest are those of the most active)", 1, 100},
};

static int descending(const void *a, const void *b)
{
    const neuron *x = a, *y = b;
    if (x->activity != y->activity)
        return x->activity < y->activity ? 1 : -1;
    return (int)x->goes - (int)y->goes;
}

/* Errors: MEMORY. */
static espalier_status rank_layer(const run_folder *f, const json_t *event, size_t l, ranking *k,
                                  espalier_error *error)
{
    const json_t *layer = json_array_get(json_object_get(event, "layers"), l);
    const double inputs = json_number_at(event, "inputs_counted") * words[run_folder_counted(f)].unit;
    const size_t width = json_list_size(layer, "counts");
    *k = (ranking){.neurons = memory_array(f->allocator, width, sizeof(neuron)), .sharp = true};
    if (!k->neurons)
        return error_memory(error);
    for (size_t j = 0; j < width; j++) {
        const double activity = json_list_number(layer, "counts", j) / inputs;
        if (!(json_list_number(layer, "kept", j) > 0) || !isfinite(activity))
            continue;
        const bool goes = !(json_list_number(layer, "kept_after", j) > 0);
        k->neurons[k->count++] = (neuron){.activity = activity, .goes = goes};
        k->going += goes;
    }
    qsort(k->neurons, k->count, sizeof(neuron), descending);
    for (size_t j = 1; j < k->count; j++)
        k->sharp = k->sharp && !(k->neurons[j - 1].goes && !k->neurons[j].goes);
    return ESPALIER_OK;
}

/* ---- the plot of a layer -------------------------------------------------------- */

static void add_table(text *csv, const ranking *rankings, const size_t *steps, size_t count)
{
    size_t rows = 0;
    text_print(csv, "rank");
    for (size_t i = 0; i < count; i++) {
        const size_t k = steps[i] + 1;
        text_print(csv, ",step %zu stays,step %zu goes,step %zu cut", k, k, k);
        if (rankings[i].count > rows)
            rows = rankings[i].count;
    }
    text_print(csv, "\n");
    for (size_t j = 0; j < rows; j++) {
        text_print(csv, "%zu", j + 1);
        for (size_t i = 0; i < count; i++) {
            const ranking *k = &rankings[i];
            const neuron none = {.activity = NAN}, n = j < k->count ? k->neurons[j] : none;
            text_print(csv, ",");
            text_number(csv, n.goes ? NAN : n.activity);
            text_print(csv, ",");
            text_number(csv, n.goes ? n.activity : NAN);
            text_print(csv, ",");
            text_number(csv, k->sharp && k->going && j + k->going == k->count ? n.activity : NAN);
        }
        text_print(csv, "\n");
    }
}

/* What stays is a strong line; what goes a thin one behind it, or crosses among it. */
static void add_script(text *script, const run_folder *f, const ranking *rankings,
                       const size_t *steps, size_t count)
{
    const run_counted counted = run_folder_counted(f);
    const int factor = words[counted].factor;
    text_print(script, "set xlabel 'neurons, %s'\nset ylabel '%s'\nset yrange [0:*]\nplot ",
               words[counted].order, words[counted].axis);
    for (size_t i = 0; i < count; i++) {
        const size_t k = steps[i] + 1;
        text_print(script,
                   "%sname.'.csv' using 1:(%d*column('step %zu cut')) with impulses lt %zu "
                   "lw 1.5 dt (4,3) notitle, \\\n"
                   "     '' using 1:(%d*column('step %zu stays')) with lines lt %zu lw 2.5 title "
                   "'step %zu', \\\n"
                   "     '' using 1:(%d*column('step %zu goes')) with %s lt %zu %s notitle",
                   i ? ", \\\n     " : "", factor, k, i + 1, factor, k, i + 1, k, factor, k,
                   rankings[i].sharp ? "lines" : "points", i + 1,
                   rankings[i].sharp ? "lw 1 dt 1" : "pt 2 ps 0.5");
    }
    text_print(script, "\n");
}

static espalier_status layer_plot(report *r, const run_folder *f, size_t l, espalier_error *error)
{
    ranking rankings[RUN_STEPS_SHOWN] = {0};
    size_t steps[RUN_STEPS_SHOWN];
    const size_t all = json_array_size(f->counts), count = run_chosen_count(all, RUN_STEPS_SHOWN);
    espalier_status status = ESPALIER_OK;
    char name[40], title[64];
    plot p;
    snprintf(name, sizeof name, "counts-layer-%zu", l);
    snprintf(title, sizeof title, "Layer %zu", l);
    for (size_t i = 0; status == ESPALIER_OK && i < count; i++) {
        const size_t at = run_chosen(all, RUN_STEPS_SHOWN, i);
        const json_t *event = json_array_get(f->counts, at);
        steps[i] = json_size_at(event, "step");
        status = rank_layer(f, event, l, &rankings[i], error);
    }
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any = any || rankings[i].count > 0;
    if (status == ESPALIER_OK && any) {
        plot_begin(&p, r, name, PLOT_HALF, title);
        add_table(&p.csv, rankings, steps, count);
        add_script(&p.script, f, rankings, steps, count);
        status = plot_end(&p, error, "%s",
                          l ? ""
                            : "Strong: neurons that stayed. Thin, or crosses: neurons "
                              "that went.");
    }
    for (size_t i = 0; i < count; i++)
        memory_release(r->allocator, rankings[i].neurons);
    return status;
}

/* ---- in words ------------------------------------------------------------------ */

static espalier_status say_step(report *r, const run_folder *f, const json_t *event,
                                espalier_error *error)
{
    double most_gone = 0, least_left = INFINITY;
    size_t count = 0, gone = 0;
    for (size_t l = 0; l < json_list_size(event, "layers"); l++) {
        ranking k;
        espalier_status status = rank_layer(f, event, l, &k, error);
        if (status)
            return status;
        for (size_t j = 0; j < k.count; j++) {
            if (k.neurons[j].goes)
                most_gone = fmax(most_gone, k.neurons[j].activity);
            else
                least_left = fmin(least_left, k.neurons[j].activity);
        }
        count += k.count;
        gone += k.going;
        memory_release(r->allocator, k.neurons);
    }
    const int factor = words[run_folder_counted(f)].factor;
    page_cell(&r->page, "%zu", json_size_at(event, "step") + 1);
    page_cell_count(&r->page, count);
    page_cell_count(&r->page, gone);
    page_cell_number(&r->page, gone ? factor * most_gone : NAN, 2);
    page_cell_number(&r->page, gone < count ? factor * least_left : NAN, 2);
    return ESPALIER_OK;
}

static espalier_status table(report *r, const run_folder *f, espalier_error *error)
{
    const run_counted counted = run_folder_counted(f);
    espalier_status status = ESPALIER_OK;
    page_table_begin(&r->page, "Over all hidden layers");
    page_column(&r->page, false, "step");
    page_column(&r->page, true, "neurons before");
    page_column(&r->page, true, "went");
    page_column(&r->page, true, "%s", words[counted].highest);
    page_column(&r->page, true, "%s", words[counted].lowest);
    for (size_t i = 0; status == ESPALIER_OK && i < json_array_size(f->counts); i++)
        status = say_step(r, f, json_array_get(f->counts, i), error);
    page_table_end(&r->page);
    return status;
}

/* A longer table is folded. */
enum { ROWS_OPEN = 12 };

espalier_status run_counts(report *r, const run_folder *f, espalier_error *error)
{
    const size_t layers = json_list_size(json_array_get(f->counts, 0), "layers");
    const char *criterion = json_text_at(json_object_get(f->config, "options"), "criterion");
    espalier_status status = ESPALIER_OK;
    if (layers == 0)
        return ESPALIER_OK;
    page_section(&r->page, "counts", "Activation counts and the cut");
    const bool by_counts = criterion && strcmp(criterion, "activation") == 0;
    page_words(&r->page,
               "Each line is one hidden layer just before a pruning step: its neurons %s, since counting "
               "began.%s",
               words[run_folder_counted(f)].sentence,
               by_counts ? " The criterion was `activation`, so a step cuts the tail off, at the "
                           "dashed vertical line."
                         : " The criterion ranks single weights, so that a neuron goes only when "
                           "it has none left on one side, however active it is.");
    page_figures_begin(&r->page);
    for (size_t l = 0; status == ESPALIER_OK && l < layers; l++)
        status = layer_plot(r, f, l, error);
    page_figures_end(&r->page);
    if (status != ESPALIER_OK || json_array_size(f->counts) <= ROWS_OPEN)
        return status == ESPALIER_OK ? table(r, f, error) : status;
    page_details_begin(&r->page, "The cut of each of %zu steps", json_array_size(f->counts));
    status = table(r, f, error);
    page_details_end(&r->page);
    return status;
}
