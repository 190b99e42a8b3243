/* Does pruning lower the rank? Ranks of the hidden layers against sparsity. */
#include <math.h>
#include <stdio.h>

#include "report/plot.h"
#include "report/study_page.h"

static bool shown(const study_view *v, const study_line *line, const study_facet *facet)
{
    bool any = false;
    for (size_t i = 0; i < line->count; i++)
        any = any || v->results->groups[line->first + i].metrics[ESPALIER_STUDY_RANK].count > 0;
    return any && study_is(line, "prune") && study_in_facet(line, facet);
}

static size_t line_count(const study_view *v, const study_facet *facet)
{
    size_t count = 0;
    for (size_t l = 0; l < v->line_count; l++)
        count += shown(v, &v->lines[l], facet);
    return count;
}

/* ---- the plot ----------------------------------------------------------- */

/* A row for each group, so that all lines share three columns. */
static void add_csv(const study_view *v, const study_facet *facet, text *csv, study_range *range)
{
    size_t block = 0;
    text_print(csv, "line,sparsity,rank,interval\n");
    for (size_t l = 0; l < v->line_count; l++) {
        if (!shown(v, &v->lines[l], facet))
            continue;
        block++;
        for (size_t i = 0; i < v->lines[l].count; i++) {
            const espalier_study_group *group = &v->results->groups[v->lines[l].first + i];
            text_print(csv, "%zu,", block);
            study_widen(range, 1 - group->metrics[ESPALIER_STUDY_SPARSITY_ALL].mean);
            text_number(csv, group->metrics[ESPALIER_STUDY_SPARSITY_ALL].mean);
            text_print(csv, ",");
            text_number(csv, group->metrics[ESPALIER_STUDY_RANK].mean);
            text_print(csv, ",");
            text_number(csv, group->metrics[ESPALIER_STUDY_RANK].ci95);
            text_print(csv, "\n");
        }
    }
}

static espalier_status rank_plot(report *r, const study_view *v, size_t f, espalier_error *error)
{
    const study_facet *facet = &v->facets[f];
    char name[64];
    study_range range = {0};
    size_t block = 0;
    text caption = {.allocator = r->allocator};
    plot p;
    plot_begin(&p, r, study_name(name, "ranks", f), PLOT_HALF,
               "Ranks of the hidden layers, added up");
    add_csv(v, facet, &p.csv, &range);
    text_print(&p.script, "set xlabel 'pruned, %% of all weights'\nset ylabel 'sum of ranks'\n"
                          "set yrange [0:*]\n");
    study_key(&p.script);
    study_kept_axis(v, range, &p.script);
    text_print(&p.script, "plot ");
    for (size_t l = 0; l < v->line_count; l++) {
        if (!shown(v, &v->lines[l], facet))
            continue;
        block++;
        const size_t lt = study_line_type(block);
        char x[48];
        snprintf(x, sizeof x, "($1==%zu?1-$2:NaN)", block);
        text_print(&p.script, "%sname.'.csv' using %s:3 with linespoints lt %zu title ",
                   block > 1 ? ", \\\n     " : "", x, lt);
        text_gnuplot(&p.script, v->lines[l].label);
        if (v->seeds > 1)
            study_bars(&p.script, x, 3, 1, lt);
    }
    if (v->dense && v->dense->metrics[ESPALIER_STUDY_RANK].count)
        text_print(&p.script, ", \\\n     %.6g with lines lt 7 title 'dense'",
                   v->dense->metrics[ESPALIER_STUDY_RANK].mean);
    text_print(&p.script, "\n");
    study_say_outside(&range, &caption);
    r->page.body.failed |= caption.failed;
    espalier_status status = plot_end(&p, error, "%s%s",
                                      v->seeds > 1 ? "Means over the seeds, with 95 % intervals."
                                                   : "Single runs: there are no intervals.",
                                      text_content(&caption));
    text_clear(&caption);
    return status;
}

/* ---- the table ---------------------------------------------------------- */

/* Mean rank of a layer over the runs of a group that are done; NaN = unknown. */
static double mean_rank(const study_view *v, const espalier_study_group *group, size_t layer)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < group->run_count; i++) {
        const espalier_study_result *run = &v->results->runs[group->first + i];
        if (run->failed || layer >= run->layer_count)
            continue;
        sum += run->layers[layer].rank;
        count++;
    }
    return count ? sum / (double)count : NAN;
}

static size_t layers_of(const study_view *v, const espalier_study_group *group)
{
    for (size_t i = 0; i < group->run_count; i++) {
        const espalier_study_result *run = &v->results->runs[group->first + i];
        if (!run->failed)
            return run->layer_count;
    }
    return 0;
}

static void add_row(report *r, const study_view *v, const espalier_study_group *group,
                    const char *label, size_t layers)
{
    page_cell(&r->page, "%s", label);
    if (isnan(group->setting.target))
        page_cell(&r->page, "–");
    else
        page_cell(&r->page, "%.6g", 100 * group->setting.target);
    for (size_t layer = 0; layer + 1 < layers; layer++)
        page_cell_number(&r->page, mean_rank(v, group, layer), 1);
}

static void rank_table(report *r, const study_view *v, const study_facet *facet)
{
    const size_t layers = v->dense ? layers_of(v, v->dense) : 0;
    if (layers < 2)
        return;
    page_details_begin(&r->page, "Mean rank of each hidden layer");
    page_table_begin(&r->page, NULL);
    page_column(&r->page, false, "method");
    page_column(&r->page, true, "target, %%");
    for (size_t layer = 0; layer + 1 < layers; layer++)
        page_column(&r->page, true, "layer %zu", layer);
    add_row(r, v, v->dense, "dense", layers);
    for (size_t l = 0; l < v->line_count; l++) {
        for (size_t i = 0; shown(v, &v->lines[l], facet) && i < v->lines[l].count; i++)
            add_row(r, v, &v->results->groups[v->lines[l].first + i], v->lines[l].label, layers);
    }
    page_table_end(&r->page);
    page_details_end(&r->page);
}

/* ---- words -------------------------------------------------------------- */

/* The target that most can be said about: the largest one of the first line. */
static void say_ranks(report *r, const study_view *v, const study_facet *facet)
{
    text words = {.allocator = r->allocator};
    double target = NAN;
    for (size_t l = 0; l < v->line_count; l++) {
        if (!shown(v, &v->lines[l], facet))
            continue;
        if (isnan(target))
            target = v->results->groups[v->lines[l].first + v->lines[l].count - 1].setting.target;
        const espalier_study_group *group = study_at(v, &v->lines[l], target);
        if (group && group->metrics[ESPALIER_STUDY_RANK].count)
            text_print(&words, "%s %.1f with `%s`", words.length ? "," : "",
                       group->metrics[ESPALIER_STUDY_RANK].mean, v->lines[l].label);
    }
    if (words.length && v->dense && v->dense->metrics[ESPALIER_STUDY_RANK].count)
        text_print(&words, ", and to %.1f in the dense network",
                   v->dense->metrics[ESPALIER_STUDY_RANK].mean);
    if (words.length)
        page_words(&r->page, "At a target of %.6g %% the ranks of the hidden layers add up to%s%s.",
                   100 * target, text_content(&words),
                   v->seeds > 1 ? " (means over the seeds)" : "");
    r->page.body.failed |= words.failed;
    text_clear(&words);
}

espalier_status study_ranks(report *r, const study_view *v, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    if (v->facet_count == 0 || line_count(v, &v->facets[0]) == 0)
        return ESPALIER_OK;
    page_section(&r->page, "ranks", "Rank");
    page_words(
        &r->page,
        "A layer that has lost neurons has lost rows of its matrix, and its rank cannot be "
        "above the rows that are left. Zeros that are scattered leave most rows something, so "
        "the rank may stay. A low rank is therefore what pruning whole neurons does by itself; "
        "random pruning shows how much of it the number of weights alone brings.");
    for (size_t f = 0; status == ESPALIER_OK && f < v->facet_count; f++) {
        if (line_count(v, &v->facets[f]) == 0)
            continue;
        study_fold_begin(r, v, f);
        say_ranks(r, v, &v->facets[f]);
        page_figures_begin(&r->page);
        status = rank_plot(r, v, f, error);
        page_figures_end(&r->page);
        rank_table(r, v, &v->facets[f]);
        study_fold_end(r, f);
    }
    return status;
}
