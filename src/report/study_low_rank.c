/* At equal rank: a pruned network against the dense one brought to its ranks by PCA, by
 * truncated singular values and as thin factors, before and after retraining. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/plot.h"
#include "report/study_page.h"

static const char *const rivals[] = {"pca", "svd", "factors"};
enum { RIVALS = sizeof rivals / sizeof *rivals };

/* A pruned line with its rivals (NULL: not run). */
typedef struct match {
    const study_line *pruned, *rivals[RIVALS];
    const study_line *random; /* pruned at random in as many steps, or NULL */
    bool any;
} match;

static match match_of(const study_view *v, const study_line *line, const study_facet *facet)
{
    match m = {.pruned = line, .random = study_random(v, facet)};
    if (m.random == line)
        m.random = NULL;
    for (size_t i = 0; i < RIVALS; i++) {
        m.rivals[i] = study_is(line, "prune") ? study_sibling(v, line, rivals[i]) : NULL;
        m.any = m.any || m.rivals[i];
    }
    return m;
}

/* ---- the plot ----------------------------------------------------------- */

static void add_estimate(text *csv, const espalier_study_group *group, espalier_study_metric metric)
{
    text_print(csv, ",");
    text_number(csv, group ? group->metrics[metric].mean : NAN);
    text_print(csv, ",");
    text_number(csv, group ? group->metrics[metric].ci95 : NAN);
}

static void add_csv(const study_view *v, const match *m, text *csv)
{
    text_print(csv, "target,pruned,pruned interval");
    for (size_t i = 0; i < RIVALS; i++)
        text_print(csv, ",%s,%s interval,%s before,%s before interval", rivals[i], rivals[i],
                   rivals[i], rivals[i]);
    text_print(csv, "%s\n", m->random ? ",random,random interval" : "");
    for (size_t row = 0; row < m->pruned->count; row++) {
        const espalier_study_group *group = &v->results->groups[m->pruned->first + row];
        text_number(csv, group->setting.target);
        add_estimate(csv, group, ESPALIER_STUDY_TEST_ACCURACY);
        for (size_t i = 0; i < RIVALS; i++) {
            const espalier_study_group *rival = study_at(v, m->rivals[i], group->setting.target);
            add_estimate(csv, rival, ESPALIER_STUDY_TEST_ACCURACY);
            add_estimate(csv, rival, ESPALIER_STUDY_ACCURACY_BEFORE_RETRAINING);
        }
        if (m->random)
            add_estimate(csv, study_at(v, m->random, group->setting.target),
                         ESPALIER_STUDY_TEST_ACCURACY);
        text_print(csv, "\n");
    }
}

/* A line with its intervals; column: of the mean. */
static void add_curve(const study_view *v, text *script, size_t column, size_t lt,
                      const char *title)
{
    text_print(script,
               "%sname.'.csv' using (1-$1):(100*column(%zu)) with linespoints lt %zu title "
               "'%s'",
               column > 2 ? ", \\\n     " : "", column, lt, title);
    if (v->seeds > 1)
        study_bars(script, "(1-$1)", column, 100, lt);
}

static bool was_before(const study_view *v, const study_line *line)
{
    for (size_t i = 0; line && i < line->count; i++) {
        const espalier_study_group *group = &v->results->groups[line->first + i];
        if (group->metrics[ESPALIER_STUDY_ACCURACY_BEFORE_RETRAINING].count)
            return true;
    }
    return false;
}

static void add_range(const study_view *v, const match *m, bool after, text *script)
{
    const espalier_study_metric metric =
        after ? ESPALIER_STUDY_TEST_ACCURACY : ESPALIER_STUDY_ACCURACY_BEFORE_RETRAINING;
    study_span span = {0};
    if (v->dense)
        study_span_add(&span, &v->dense->metrics[ESPALIER_STUDY_TEST_ACCURACY], false);
    for (size_t row = 0; row < m->pruned->count; row++) {
        const espalier_study_group *group = &v->results->groups[m->pruned->first + row];
        const espalier_study_group *random = study_at(v, m->random, group->setting.target);
        study_span_add(&span, &group->metrics[ESPALIER_STUDY_TEST_ACCURACY], false);
        if (random)
            study_span_add(&span, &random->metrics[ESPALIER_STUDY_TEST_ACCURACY], false);
        for (size_t i = 0; i < RIVALS; i++) {
            const espalier_study_group *rival = study_at(v, m->rivals[i], group->setting.target);
            if (rival)
                study_span_add(&span, &rival->metrics[metric], false);
        }
    }
    study_accuracy_range(script, &span);
}

static espalier_status match_plot(report *r, const study_view *v, const match *m, bool after,
                                  size_t number, espalier_error *error)
{
    char name[64], title[160];
    study_range range = {0};
    plot p;
    for (size_t i = 0; i < m->pruned->count; i++)
        study_widen(&range, 1 - v->results->groups[m->pruned->first + i].setting.target);
    snprintf(title, sizeof title, "%s, %s retraining", m->pruned->label,
             after ? "after" : "before");
    plot_begin(&p, r, study_name(name, after ? "low-rank" : "low-rank-before", number), PLOT_HALF,
               title);
    add_csv(v, m, &p.csv);
    text_print(&p.script, "set xlabel 'target of the pruned network, %%'\n"
                          "set ylabel 'test accuracy, %%'\n");
    study_key(&p.script);
    study_kept_axis(v, range, &p.script);
    add_range(v, m, after, &p.script);
    text_print(&p.script, "plot ");
    add_curve(v, &p.script, 2, 1, "pruned");
    for (size_t i = 0; i < RIVALS; i++) {
        const bool there = after ? m->rivals[i] != NULL : was_before(v, m->rivals[i]);
        if (there)
            add_curve(v, &p.script, 4 + 4 * i + (after ? 0 : 2), i + 2, rivals[i]);
    }
    if (m->random)
        add_curve(v, &p.script, 4 + 4 * RIVALS, RIVALS + 2, "random");
    if (v->dense)
        text_print(&p.script, ", \\\n     %.6g with lines lt 7 title 'dense'",
                   100 * v->dense->metrics[ESPALIER_STUDY_TEST_ACCURACY].mean);
    text_print(&p.script, "\n");
    return plot_end(&p, error, "%s",
                    after ? "The rivals retrained for as many epochs as the "
                            "pruned network had after its last step, unless the "
                            "study says otherwise."
                          : "The reconstructions as they are made; the pruned "
                            "network as it ended, its training included.");
}

/* ---- the table ---------------------------------------------------------- */

static void match_columns(report *r, const match *m)
{
    page_column(&r->page, false, "target, %%");
    page_column(&r->page, true, "sum of ranks");
    page_column(&r->page, true, "pruned");
    for (size_t i = 0; i < RIVALS; i++) {
        if (!m->rivals[i])
            continue;
        page_column(&r->page, true, "%s, before", rivals[i]);
        page_column(&r->page, true, "%s, after", rivals[i]);
        page_column(&r->page, true, "pruned − %s", rivals[i]);
        page_column(&r->page, true, "p (Holm)");
    }
}

/* Pruned less rival after retraining: paired[rows][RIVALS], and p after Holm's correction for
 * all of them. p: [2][rows][RIVALS]. */
static espalier_status compare_all(const study_view *v, const match *m, espalier_paired *paired,
                                   double *p, espalier_error *error)
{
    const size_t count = m->pruned->count * RIVALS;
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; status == ESPALIER_OK && i < count; i++) {
        const size_t pruned = m->pruned->first + i / RIVALS;
        const espalier_study_group *rival =
            study_at(v, m->rivals[i % RIVALS], v->results->groups[pruned].setting.target);
        paired[i] = (espalier_paired){{0, NAN, NAN, NAN}, NAN, NAN};
        if (rival)
            status =
                espalier_study_compare(v->results, pruned, (size_t)(rival - v->results->groups),
                                       ESPALIER_STUDY_TEST_ACCURACY, &paired[i], error);
        p[i] = paired[i].p;
    }
    espalier_study_correct(p, count, p + count);
    for (size_t i = 0; i < count; i++)
        paired[i].p_holm = p[count + i];
    return status;
}

static void match_row(report *r, const study_view *v, const match *m, size_t row,
                      const espalier_paired *paired)
{
    const espalier_study_group *group = &v->results->groups[m->pruned->first + row];
    char number[STUDY_NUMBER];
    page_cell(&r->page, "%.6g", 100 * group->setting.target);
    page_cell_number(&r->page, group->metrics[ESPALIER_STUDY_RANK].mean, 1);
    page_cell(&r->page, "%s", study_percent(number, &group->metrics[ESPALIER_STUDY_TEST_ACCURACY]));
    for (size_t i = 0; i < RIVALS; i++) {
        const espalier_study_group *rival = study_at(v, m->rivals[i], group->setting.target);
        const espalier_estimate none = {0, NAN, NAN, NAN};
        if (!m->rivals[i])
            continue;
        page_cell(
            &r->page, "%s",
            study_percent(number, rival ? &rival->metrics[ESPALIER_STUDY_ACCURACY_BEFORE_RETRAINING]
                                        : &none));
        page_cell(
            &r->page, "%s",
            study_percent(number, rival ? &rival->metrics[ESPALIER_STUDY_TEST_ACCURACY] : &none));
        page_cell(&r->page, "%s", study_points(number, &paired[i].difference));
        page_cell(&r->page, "%s", study_p(number, paired[i].p_holm));
    }
}

/* At how many targets the pruned network is ahead, behind, or neither, after correction; and at
 * how many there are pairs but no spread, and so no test. */
static void say_match(report *r, const match *m, const espalier_paired *paired)
{
    for (size_t i = 0; i < RIVALS; i++) {
        size_t ahead = 0, behind = 0, open = 0, untested = 0;
        for (size_t row = 0; row < m->pruned->count; row++) {
            const espalier_paired *pair = &paired[row * RIVALS + i];
            const bool significant = pair->p_holm < 0.05;
            ahead += significant && pair->difference.mean > 0;
            behind += significant && pair->difference.mean < 0;
            open += !isnan(pair->p_holm) && !significant;
            untested += isnan(pair->p_holm) && pair->difference.count > 1;
        }
        if (untested)
            page_words(&r->page,
                       "`%s` against `%s`: no test at %zu target%s, where the difference is the same "
                       "in every pair of runs.",
                       m->pruned->label, rivals[i], untested, untested == 1 ? "" : "s");
        if (ahead + behind + open > 0)
            page_words(&r->page,
                       "`%s` against `%s` at equal rank, after retraining: of %zu targets ahead at "
                       "%zu, behind at %zu, not to be told apart at %zu (5 %%, after Holm's "
                       "correction).",
                       m->pruned->label, rivals[i], ahead + behind + open, ahead, behind, open);
    }
}

static espalier_status match_table(report *r, const study_view *v, const match *m,
                                   espalier_error *error)
{
    const size_t count = m->pruned->count * RIVALS;
    espalier_paired *paired = memory_array(r->allocator, count, sizeof *paired);
    double *p = memory_array(r->allocator, 2 * count, sizeof *p);
    espalier_status status =
        paired && p ? compare_all(v, m, paired, p, error) : error_memory(error);
    if (status == ESPALIER_OK) {
        page_table_begin(&r->page, "Test accuracy in %, differences in points");
        match_columns(r, m);
        for (size_t row = 0; row < m->pruned->count; row++)
            match_row(r, v, m, row, &paired[row * RIVALS]);
        page_table_end(&r->page);
        say_match(r, m, paired);
    }
    memory_release(r->allocator, p);
    memory_release(r->allocator, paired);
    return status;
}

/* ---- the section -------------------------------------------------------- */

static espalier_status one_match(report *r, const study_view *v, const match *m, size_t number,
                                 espalier_error *error)
{
    bool before = false;
    for (size_t i = 0; i < RIVALS; i++)
        before = before || was_before(v, m->rivals[i]);
    page_figures_begin(&r->page);
    espalier_status status = before ? match_plot(r, v, m, false, number, error) : ESPALIER_OK;
    if (status == ESPALIER_OK)
        status = match_plot(r, v, m, true, number, error);
    page_figures_end(&r->page);
    return status ? status : match_table(r, v, m, error);
}

static void explain(report *r)
{
    page_words(
        &r->page,
        "The rival of a pruned network is the dense network of the same seed, each hidden layer "
        "brought to the rank that the pruned one's layer has: by principal components, mean "
        "kept (`pca`), by its largest singular values (`svd`), or by these as two thin factors "
        "(`factors`). Retraining a `pca` or `svd` reconstruction may make its layers full rank "
        "again: after retraining only `factors` still has the rank. `random`, where it was run, has "
        "as many weights pruned at random.");
}

espalier_status study_low_rank(report *r, const study_view *v, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    size_t number = 0;
    for (size_t f = 0; f < v->facet_count; f++) {
        for (size_t l = 0; status == ESPALIER_OK && l < v->line_count; l++) {
            const match m = match_of(v, &v->lines[l], &v->facets[f]);
            /* A line that reads no counts stands in several facets: once is enough. */
            bool seen = false;
            for (size_t other = 0; other < f; other++)
                seen = seen || study_in_facet(&v->lines[l], &v->facets[other]);
            if (!m.any || seen || !study_in_facet(&v->lines[l], &v->facets[f]))
                continue;
            if (number == 0) {
                page_section(&r->page, "low-rank", "Pruned against low rank, at equal rank");
                explain(r);
            }
            if (v->facet_count > 1)
                page_heading(&r->page, v->facets[f].label);
            status = one_match(r, v, &m, number++, error);
        }
    }
    return status;
}
