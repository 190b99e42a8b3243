/* Singular values of each layer before and after the pruning steps, out of the log.
 * A run without them is run_final_spectra.c's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/plot.h"
#include "report/run_page.h"

/* Two lines for each of so many steps, and the first and the last. */
enum { SHOWN = 4 };

/* ---- spectra of the log ---------------------------------------------------------- */

static const json_t *layer_of(const json_t *event, size_t l)
{
    return json_array_get(json_object_get(event, "layers"), l);
}

static bool is_when(const json_t *event, const char *when)
{
    const char *found = json_text_at(event, "when");
    return found && strcmp(found, when) == 0;
}

static void print_label(text *t, const json_t *event)
{
    if (is_when(event, "before") || is_when(event, "after"))
        text_print(t, "%s step %zu", json_text_at(event, "when"), json_size_at(event, "step") + 1);
    else if (is_when(event, "begin") || is_when(event, "end"))
        text_print(t, "%s", json_text_at(event, "when"));
    else
        text_print(t, "other");
}

static void add_table(text *csv, const run_folder *f, size_t l)
{
    const size_t count = json_array_size(f->spectra);
    size_t rows = 0;
    text_print(csv, "index");
    for (size_t i = 0; i < count; i++) {
        const json_t *event = json_array_get(f->spectra, i);
        const size_t values = json_list_size(layer_of(event, l), "singular_values");
        text_print(csv, ",");
        print_label(csv, event);
        rows = values > rows ? values : rows;
    }
    text_print(csv, "\n");
    for (size_t j = 0; j < rows; j++) {
        text_print(csv, "%zu", j + 1);
        for (size_t i = 0; i < count; i++) {
            const json_t *layer = layer_of(json_array_get(f->spectra, i), l);
            text_print(csv, ",");
            text_number(csv, json_list_number(layer, "singular_values", j));
        }
        text_print(csv, "\n");
    }
}

/* The step of the last one that was taken, plus one; no more than there are events. */
static size_t step_count(const run_folder *f)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(f->spectra); i++) {
        const json_t *event = json_array_get(f->spectra, i);
        if (is_when(event, "after") && json_size_at(event, "step") >= count)
            count = json_size_at(event, "step") + 1;
    }
    return run_chosen_count(count, json_array_size(f->spectra));
}

/* Where a step stands among those that are drawn, from 1 on; 0 = not drawn. */
static size_t shown_place(size_t step, size_t steps)
{
    for (size_t i = 0; i < run_chosen_count(steps, SHOWN); i++)
        if (run_chosen(steps, SHOWN, i) == step)
            return i + 1;
    return 0;
}

/* A line has about so many points as marks, to be told by without colour. */
enum { MARKS = 8 };

static void add_script(text *script, const run_folder *f, size_t l)
{
    const size_t steps = step_count(f);
    const json_t *first_layer = layer_of(json_array_get(f->spectra, 0), l);
    const size_t every = json_list_size(first_layer, "singular_values") / MARKS + 1;
    bool first = true;
    text_print(script, "set xlabel 'index'\nset ylabel 'singular value'\n"
                       "set logscale y\nset format y '%%g'\nplot ");
    for (size_t i = 0; i < json_array_size(f->spectra); i++) {
        const json_t *event = json_array_get(f->spectra, i);
        const size_t place = shown_place(json_size_at(event, "step"), steps);
        const bool before = is_when(event, "before"), after = is_when(event, "after");
        if ((before || after) && place == 0)
            continue;
        /* Values behind the rank are rounding errors, and zeros have no place on a logarithmic axis. */
        const size_t rank = json_size_at(layer_of(event, l), "rank");
        text_print(script, "%sname.'.csv' using 1:($1<=%zu && column(%zu)>0 ? column(%zu) : NaN) with %s ",
                   first ? "" : ", \\\n     ", rank, i + 2, i + 2,
                   after || rank == 1 ? "linespoints" : "lines");
        if (before)
            text_print(script, "lt %zu lw 1.5 dt (4,3) notitle", place);
        else if (after)
            text_print(script, "lt %zu dt 1 ps 0.8 pi %zu title 'step %zu'", place, every,
                       json_size_at(event, "step") + 1);
        else if (is_when(event, "end"))
            text_print(script, "lt 7 lw 1.5 dt 1 title 'at the end'");
        else
            text_print(script, "lt 7 lw 1.5 dt (10,4) title 'at the start'");
        first = false;
    }
    text_print(script, "\n");
}

static espalier_status log_plots(report *r, const run_folder *f, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    const size_t layers = json_list_size(json_array_get(f->spectra, 0), "layers");
    page_figures_begin(&r->page);
    for (size_t l = 0; status == ESPALIER_OK && l < layers; l++) {
        char name[40], title[64];
        plot p;
        snprintf(name, sizeof name, "spectrum-layer-%zu", l);
        snprintf(title, sizeof title, "Layer %zu%s", l, l + 1 == layers ? " (output)" : "");
        plot_begin(&p, r, name, PLOT_HALF, title);
        add_table(&p.csv, f, l);
        add_script(&p.script, f, l);
        const bool said = l > 0 || step_count(f) == 0;
        status = plot_end(&p, error, "%s", said ? "" : "Dashed: before a step; full: after it.");
    }
    page_figures_end(&r->page);
    return status;
}

/* The event of a step, before or after it; NULL = none. */
static const json_t *find_event(const run_folder *f, size_t step, const char *when)
{
    for (size_t i = 0; i < json_array_size(f->spectra); i++) {
        const json_t *event = json_array_get(f->spectra, i);
        if (is_when(event, when) && json_size_at(event, "step") == step)
            return event;
    }
    return NULL;
}

/* The mean over the hidden layers of after/before of a number; NaN = unknown. */
static double mean_ratio(const json_t *before, const json_t *after, const char *key)
{
    const size_t layers = json_list_size(before, "layers");
    double sum = 0;
    for (size_t l = 0; l + 1 < layers; l++)
        sum += json_number_at(layer_of(after, l), key) / json_number_at(layer_of(before, l), key);
    return layers > 1 ? sum / (double)(layers - 1) : NAN;
}

/* The mean over the steps of what the sum of the singular values came to until the next
 * one, as a ratio; NaN = unknown. */
static double growth(const run_folder *f, size_t steps)
{
    double sum = 0;
    for (size_t step = 0; step + 1 < steps; step++)
        sum +=
            mean_ratio(find_event(f, step, "after"), find_event(f, step + 1, "before"), "nuclear");
    return steps > 1 ? sum / (double)(steps - 1) : NAN;
}

static void say_shrinkage(report *r, const run_folder *f, size_t steps)
{
    const json_t *before = find_event(f, 0, "before"), *after = find_event(f, 0, "after");
    const json_t *last_before = find_event(f, steps - 1, "before"),
                 *last_after = find_event(f, steps - 1, "after");
    const double first = mean_ratio(before, after, "nuclear");
    const double last = mean_ratio(last_before, last_after, "nuclear");
    if (isfinite(first) && isfinite(last))
        page_words(
            &r->page,
            "The first step left, on average over the hidden layers, %.1f %% of the sum of a "
            "layer's singular values and %.1f %% of the largest one; the last step %.1f and "
            "%.1f %%.",
            100 * first, 100 * mean_ratio(before, after, "spectral"), 100 * last,
            100 * mean_ratio(last_before, last_after, "spectral"));
    if (isfinite(growth(f, steps)))
        page_words(&r->page,
                   "Training between two steps brought the sum to %.1f %% of what the step "
                   "had left.",
                   100 * growth(f, steps));
}

static void step_rows(report *r, const run_folder *f, size_t step)
{
    const json_t *before = find_event(f, step, "before"), *after = find_event(f, step, "after");
    for (size_t l = 0; l < json_list_size(after, "layers"); l++) {
        const json_t *x = layer_of(before, l), *y = layer_of(after, l);
        page_cell(&r->page, "%zu", step + 1);
        page_cell(&r->page, "%zu", l);
        page_cell(&r->page, "%zu → %zu", json_size_at(x, "rank"), json_size_at(y, "rank"));
        page_cell(&r->page, "%.2f → %.2f", json_number_at(x, "stable_rank"),
                  json_number_at(y, "stable_rank"));
        page_cell(&r->page, "%.3f → %.3f", json_number_at(x, "spectral"),
                  json_number_at(y, "spectral"));
        page_cell(&r->page, "%.3f → %.3f", json_number_at(x, "nuclear"),
                  json_number_at(y, "nuclear"));
        page_cell_percent(&r->page, json_number_at(y, "nuclear") / json_number_at(x, "nuclear"));
    }
}

static void log_table(report *r, const run_folder *f)
{
    static const char *const columns[] = {"step",
                                          "layer",
                                          "rank",
                                          "stable rank",
                                          "spectral norm",
                                          "nuclear norm",
                                          "nuclear, after/before"};
    page_details_begin(&r->page, "Ranks and norms of every layer before and after each step");
    page_table_begin(&r->page, NULL);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        page_column(&r->page, c > 1, "%s", columns[c]);
    for (size_t step = 0; step < step_count(f); step++)
        step_rows(r, f, step);
    page_table_end(&r->page);
    page_details_end(&r->page);
}

static espalier_status from_log(report *r, const run_folder *f, espalier_error *error)
{
    const size_t steps = step_count(f);
    page_words(&r->page,
               "The singular values of a layer's weights, largest first, on a logarithmic axis; "
               "a line ends where the values are zero: at the rank.");
    if (steps > 0)
        say_shrinkage(r, f, steps);
    espalier_status status = log_plots(r, f, error);
    if (status == ESPALIER_OK && steps > 0)
        log_table(r, f);
    return status;
}

espalier_status run_spectra(report *r, const run_folder *f, espalier_error *error)
{
    if (json_array_size(f->spectra) == 0)
        return run_final_spectra(r, f, error);
    page_section(&r->page, "spectra", "Singular values");
    return from_log(r, f, error);
}
