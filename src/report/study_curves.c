/* Accuracy against sparsity, FLOPs and measured time, with intervals: all criteria together,
 * and each criterion with its controls. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/plot.h"
#include "report/study_page.h"

/* What accuracy is drawn against. */
typedef struct axis {
    const char *stem, *title, *script;
    espalier_study_metric metric;
    double factor;
} axis;

static const axis axes[] = {
    {"accuracy-sparsity", "against sparsity", "set xlabel 'pruned, % of all weights'\n",
     ESPALIER_STUDY_SPARSITY_ALL, 1.0},
    {"accuracy-flops", "against arithmetic",
     "set xlabel 'FLOPs of one prediction'\n", ESPALIER_STUDY_FLOPS, 1.0},
    {"accuracy-time", "against measured time",
     "set xlabel 'µs for one prediction'\n", ESPALIER_STUDY_NANOSECONDS, 1e-3},
};
enum { AXES = sizeof axes / sizeof *axes };

/* A point with so much below the dense network's accuracy, or below the best point where that is
 * lower still, leaves the plot, so that one bad control does not squeeze all others into a
 * stripe. */
static const double range_below = 0.12;

/* Which lines are drawn: those of `methods` with this criterion (NULL: any), and always random
 * pruning, without which no plot tells what a criterion is worth. */
typedef struct choice {
    const study_facet *facet;
    const char *const *methods;
    size_t method_count;
    const char *criterion;
} choice;

static bool chosen(const choice *c, const study_line *line)
{
    return study_in_facet(line, c->facet) && study_is_any(line, c->methods, c->method_count) &&
           (!c->criterion || strcmp(line->setting->criterion, c->criterion) == 0 ||
            (study_is(line, "prune") && strcmp(line->setting->criterion, "random") == 0));
}

static bool has_point(const study_view *v, const study_line *line, size_t i, const axis *a)
{
    const espalier_study_group *group = &v->results->groups[line->first + i];
    return group->metrics[a->metric].count > 0 &&
           group->metrics[ESPALIER_STUDY_TEST_ACCURACY].count > 0;
}

static size_t points(const study_view *v, const study_line *line, const axis *a)
{
    size_t count = 0;
    for (size_t i = 0; i < line->count; i++)
        count += has_point(v, line, i, a);
    return count;
}

/* ---- the numbers -------------------------------------------------------- */

/* Three columns for each line; a row for each of its targets. */
static size_t add_csv(const study_view *v, const choice *c, const axis *a, text *csv)
{
    size_t lines = 0, rows = 0;
    for (size_t l = 0; l < v->line_count; l++) {
        const study_line *line = &v->lines[l];
        if (!chosen(c, line) || points(v, line, a) == 0)
            continue;
        const char *const columns[] = {"", "accuracy of ", "interval of "};
        for (size_t k = 0; k < 3; k++) {
            char column[sizeof line->label + 16];
            snprintf(column, sizeof column, "%s%s", columns[k], line->label);
            text_print(csv, "%s", lines + k > 0 ? "," : "");
            text_csv(csv, column);
        }
        lines++;
        rows = line->count > rows ? line->count : rows;
    }
    text_print(csv, "\n");
    for (size_t row = 0; row < rows; row++) {
        bool first = true;
        for (size_t l = 0; l < v->line_count; l++) {
            const study_line *line = &v->lines[l];
            if (!chosen(c, line) || points(v, line, a) == 0)
                continue;
            text_print(csv, "%s", first ? "" : ",");
            first = false;
            const espalier_study_group *group =
                row < line->count ? &v->results->groups[line->first + row] : NULL;
            text_number(csv, group ? a->factor * group->metrics[a->metric].mean : NAN);
            text_print(csv, ",");
            text_number(csv, group ? group->metrics[ESPALIER_STUDY_TEST_ACCURACY].mean : NAN);
            text_print(csv, ",");
            text_number(csv, group ? group->metrics[ESPALIER_STUDY_TEST_ACCURACY].ci95 : NAN);
        }
        text_print(csv, "\n");
    }
    return lines;
}

/* ---- the script --------------------------------------------------------- */

/* The dense network: a line and the band of its interval. */
static void add_dense(const study_view *v, text *script)
{
    const espalier_estimate *e = &v->dense->metrics[ESPALIER_STUDY_TEST_ACCURACY];
    if (e->ci95 > 0)
        text_print(script,
                   "set object 1 rectangle from graph 0, first %.6g to graph 1, first %.6g "
                   "fc rgb '#000000' fs transparent solid 0.08 noborder behind\n",
                   100 * (e->mean - e->ci95), 100 * (e->mean + e->ci95));
}

static bool has_interval(const study_view *v, const study_line *line)
{
    for (size_t i = 0; i < line->count; i++) {
        if (v->results->groups[line->first + i].metrics[ESPALIER_STUDY_TEST_ACCURACY].ci95 > 0)
            return true;
    }
    return false;
}

static void add_lines(const study_view *v, const choice *c, const axis *a, text *script)
{
    const bool sparsity = a->metric == ESPALIER_STUDY_SPARSITY_ALL;
    size_t column = 1, place = 1;
    text_print(script, "plot ");
    for (size_t l = 0; l < v->line_count; l++) {
        const study_line *line = &v->lines[l];
        if (!chosen(c, line) || points(v, line, a) == 0)
            continue;
        const size_t lt = study_line_type(place);
        char x[64];
        snprintf(x, sizeof x, sparsity ? "(1-column(%zu))" : "(column(%zu))", column);
        text_print(script,
                   "%sname.'.csv' using %s:(100*column(%zu)) with linespoints lt %zu title ",
                   column > 1 ? ", \\\n     " : "", x, column + 1, lt);
        /* Beside the criterion that they all belong to, controls go by their method. */
        text_gnuplot(script, c->criterion && !study_is(line, "prune") ? line->setting->method
                                                                      : line->label);
        if (has_interval(v, line))
            study_bars(script, x, column + 1, 100, lt);
        column += 3;
        place++;
    }
    if (v->dense)
        text_print(script, ", \\\n     %.6g with lines lt 7 title 'dense'",
                   100 * v->dense->metrics[ESPALIER_STUDY_TEST_ACCURACY].mean);
    text_print(script, "\n");
}

static void add_axes(const study_view *v, const choice *c, const axis *a, text *script,
                     text *caption)
{
    const bool kept = a->metric == ESPALIER_STUDY_SPARSITY_ALL;
    study_range range = {0};
    for (size_t l = 0; l < v->line_count; l++) {
        for (size_t i = 0; chosen(c, &v->lines[l]) && i < v->lines[l].count; i++) {
            if (!has_point(v, &v->lines[l], i, a))
                continue;
            const double x = v->results->groups[v->lines[l].first + i].metrics[a->metric].mean;
            study_widen(&range, kept ? 1 - x : a->factor * x);
        }
    }
    study_key(script);
    text_print(script, "set ylabel 'test accuracy, %%'\n%s", a->script);
    if (kept)
        study_kept_axis(v, range, script);
    else
        study_log_axis(range, script);
    study_say_outside(&range, caption);
}

/* The lowest accuracy that is drawn. */
static double floor_of(const study_view *v, const choice *c, const axis *a)
{
    double best = -INFINITY;
    for (size_t l = 0; l < v->line_count; l++) {
        const study_line *line = &v->lines[l];
        for (size_t i = 0; chosen(c, line) && i < line->count; i++) {
            if (has_point(v, line, i, a))
                best = fmax(best, v->results->groups[line->first + i]
                                      .metrics[ESPALIER_STUDY_TEST_ACCURACY].mean);
        }
    }
    const espalier_estimate *dense = &v->dense->metrics[ESPALIER_STUDY_TEST_ACCURACY];
    return fmin(fmin(best, dense->mean) - range_below,
                dense->mean - (dense->ci95 > 0 ? dense->ci95 : 0));
}

enum { NAMED_MOST = 12 };

/* Sets the range and says what is below it; if not `name`, only how much. */
static void cut_range(const study_view *v, const choice *c, const axis *a, bool name, text *script,
                      text *caption)
{
    if (!v->dense || v->dense->metrics[ESPALIER_STUDY_TEST_ACCURACY].count == 0)
        return;
    const double floor = floor_of(v, c, a);
    study_span span = {0};
    size_t below = 0;
    for (size_t l = 0; l < v->line_count; l++) {
        const study_line *line = &v->lines[l];
        for (size_t i = 0; chosen(c, line) && i < line->count; i++) {
            const espalier_study_group *group = &v->results->groups[line->first + i];
            const espalier_estimate *e = &group->metrics[ESPALIER_STUDY_TEST_ACCURACY];
            if (!has_point(v, line, i, a))
                continue;
            if (e->mean >= floor) {
                study_span_add(&span, e, false);
                continue;
            }
            if (name && below < NAMED_MOST)
                text_print(caption, "%s %s at %.6g %% (%.1f %%)",
                           below ? "," : " Below the range:", line->label,
                           100 * group->setting.target, 100 * e->mean);
            below++;
        }
    }
    study_span_add(&span, &v->dense->metrics[ESPALIER_STUDY_TEST_ACCURACY], true);
    span.cut = below > 0;
    if (span.cut) /* what leaves the plot, bars included, leaves it downwards */
        span.least = floor;
    study_accuracy_range(script, &span);
    if (name && below > NAMED_MOST)
        text_print(caption, ", and %zu more.", below - NAMED_MOST);
    else if (name && below)
        text_print(caption, ".");
    else if (below)
        text_print(caption, " Below the range: %zu point%s.", below, below == 1 ? "" : "s");
}

static espalier_status one_plot(report *r, const study_view *v, const choice *c, const axis *a,
                                const char *what, size_t number, bool explain,
                                espalier_error *error)
{
    char stem[64], name[64], title[160];
    text caption = {.allocator = r->allocator};
    plot p;
    if (c->criterion)
        snprintf(stem, sizeof stem, "%.30s-%.30s", a->stem, "controls");
    else
        snprintf(stem, sizeof stem, "%s", a->stem);
    snprintf(title, sizeof title, "%s: accuracy %s", what, a->title);
    plot_begin(&p, r, study_name(name, stem, number), PLOT_HALF + 40, title);
    const size_t lines = add_csv(v, c, a, &p.csv);
    if (lines == 0) {
        plot_clear(&p);
        return ESPALIER_OK;
    }
    add_axes(v, c, a, &p.script, &caption);
    if (v->dense)
        add_dense(v, &p.script);
    cut_range(v, c, a, a == axes, &p.script, &caption);
    add_lines(v, c, a, &p.script);
    r->page.body.failed |= caption.failed;
    espalier_status status = plot_end(
        &p, error, "%s%s",
        !explain ? ""
        : v->seeds > 1
            ? "Means over the seeds; bars and the grey band are 95 % intervals. A bar that leaves "
              "the plot is longer than it."
            : "Single runs: there are no intervals.",
        text_content(&caption));
    text_clear(&caption);
    return status;
}

/* ---- the section -------------------------------------------------------- */

static espalier_status criteria_plots(report *r, const study_view *v, size_t facet,
                                      espalier_error *error)
{
    static const char *const prune[] = {"prune"};
    const choice c = {&v->facets[facet], prune, 1, NULL};
    espalier_status status = ESPALIER_OK;
    page_figures_begin(&r->page);
    for (size_t a = 0; status == ESPALIER_OK && a < AXES; a++)
        status = one_plot(r, v, &c, &axes[a], "Criteria", facet, a == 0, error);
    page_figures_end(&r->page);
    return status;
}

/* The controls of every criterion that has some. `number` counts their figures. */
static espalier_status control_plots(report *r, const study_view *v, size_t facet, size_t *number,
                                     espalier_error *error)
{
    static const char *const methods[] = {"prune",   "rewind",  "reinit",
                                          "shuffle", "scratch", "factors"};
    static const size_t count = sizeof methods / sizeof *methods;
    espalier_status status = ESPALIER_OK;
    for (size_t l = 0; status == ESPALIER_OK && l < v->line_count; l++) {
        const study_line *line = &v->lines[l];
        bool any = false;
        for (size_t m = 1; m < count; m++)
            any = any || study_sibling(v, line, methods[m]);
        if (!any || !study_is(line, "prune") || !study_in_facet(line, &v->facets[facet]))
            continue;
        const choice c = {&v->facets[facet], methods, count, line->setting->criterion};
        char what[sizeof line->label + 32];
        snprintf(what, sizeof what, "%s and its controls", line->label);
        page_figures_begin(&r->page);
        for (size_t a = 0; status == ESPALIER_OK && a < AXES; a++)
            status = one_plot(r, v, &c, &axes[a], what, *number, false, error);
        page_figures_end(&r->page);
        ++*number;
    }
    return status;
}

static bool has_controls(const study_view *v)
{
    static const char *const methods[] = {"rewind", "reinit", "shuffle", "scratch", "factors"};
    for (size_t l = 0; l < v->line_count; l++) {
        if (study_is_any(&v->lines[l], methods, 5))
            return true;
    }
    return false;
}

static void explain(report *r, const study_view *v)
{
    page_words(
        &r->page,
        "Each point is a target sparsity. The sparsity axis has equal steps of what is kept: "
        "90 %% stands as far from 80 %% as 95 from 90. FLOPs are two for each kept weight. Time "
        "is measured: the compacted network, one prediction at a time, on one thread. FLOPs "
        "say what could be saved, time says what was.");
    if (has_controls(v))
        page_words(
            &r->page,
            "The controls: `rewind` trains the found masks again from the pruned run's own "
            "initial weights, `reinit` from fresh ones; `shuffle` keeps as many weights in "
            "each layer, but at random places (neurons that this cuts off are taken out, so it "
            "ends sparser than the network it shuffles); `scratch` is a dense network of the width that "
            "was left. If they are as good, the pruning found a size rather than weights. "
            "`factors` is the dense network as thin factors of the pruned one's rank, "
            "retrained.");
}

espalier_status study_curves(report *r, const study_view *v, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    size_t controls = 0;
    if (v->facet_count == 0)
        return ESPALIER_OK;
    page_section(&r->page, "accuracy", "Accuracy against size and time");
    explain(r, v);
    for (size_t f = 0; status == ESPALIER_OK && f < v->facet_count; f++) {
        study_fold_begin(r, v, f);
        status = criteria_plots(r, v, f, error);
        if (status == ESPALIER_OK)
            status = control_plots(r, v, f, &controls, error);
        study_fold_end(r, f);
    }
    return status;
}
