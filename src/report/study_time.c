/* The table at equal measured time: what each method reaches within a budget of time, where
 * whole neurons are really compared with scattered zeros. */
#include <math.h>
#include <stdio.h>

#include "report/study_page.h"

/* Budgets: the dense network's time over these, as far as any network goes. */
static const double divisors[] = {1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128};

static const char *const methods[] = {"prune", "rewind", "reinit", "shuffle", "scratch", "factors"};

static double time_of(const espalier_study_group *group)
{
    return group->metrics[ESPALIER_STUDY_NANOSECONDS].mean;
}

/* What is chosen by, so that the test rows choose nothing; NaN without validation rows. */
static double merit(const espalier_study_group *group)
{
    return group->metrics[ESPALIER_STUDY_VALIDATION_ACCURACY].mean;
}

/* The line's best group that needs at most so much time; NULL = none. */
static const espalier_study_group *best_within(const study_view *v, const study_line *line,
                                               double nanoseconds)
{
    const espalier_study_group *best = NULL;
    for (size_t i = 0; i < line->count; i++) {
        const espalier_study_group *group = &v->results->groups[line->first + i];
        if (time_of(group) <= nanoseconds && !isnan(merit(group)) &&
            (!best || merit(group) > merit(best)))
            best = group;
    }
    return best;
}

static bool shown(const study_line *line, const study_facet *facet)
{
    return study_in_facet(line, facet) &&
           study_is_any(line, methods, sizeof methods / sizeof *methods);
}

static double fastest(const study_view *v, const study_facet *facet)
{
    double least = INFINITY;
    for (size_t l = 0; l < v->line_count; l++) {
        for (size_t i = 0; shown(&v->lines[l], facet) && i < v->lines[l].count; i++)
            least = fmin(least, time_of(&v->results->groups[v->lines[l].first + i]));
    }
    return least;
}

/* The best accuracy of a row, to be set off. */
static double best_of_row(const study_view *v, const study_facet *facet, double budget)
{
    double best = -INFINITY;
    for (size_t l = 0; l < v->line_count; l++) {
        const espalier_study_group *group =
            shown(&v->lines[l], facet) ? best_within(v, &v->lines[l], budget) : NULL;
        if (group)
            best = fmax(best, group->metrics[ESPALIER_STUDY_TEST_ACCURACY].mean);
    }
    return best;
}

static void row(report *r, const study_view *v, const study_facet *facet, double divisor)
{
    const double budget = time_of(v->dense) / divisor;
    const double best = best_of_row(v, facet, budget);
    char number[STUDY_NUMBER];
    if (divisor > 1)
        page_cell(&r->page, "%.2f µs (1/%.3g of dense)", budget / 1000, divisor);
    else
        page_cell(&r->page, "%.2f µs (dense)", budget / 1000);
    for (size_t l = 0; l < v->line_count; l++) {
        if (!shown(&v->lines[l], facet))
            continue;
        const espalier_study_group *group = best_within(v, &v->lines[l], budget);
        if (!group) {
            page_cell(&r->page, "–");
            continue;
        }
        const espalier_estimate *e = &group->metrics[ESPALIER_STUDY_TEST_ACCURACY];
        page_cell_shaded(&r->page, e->mean >= best ? 0.18 : 0, "%s (%.4g)",
                         study_percent(number, e), 100 * group->setting.target);
    }
}

static void table(report *r, const study_view *v, const study_facet *facet)
{
    const double least = fastest(v, facet);
    page_table_begin(&r->page, "Test accuracy in % within a budget of time (sparsity asked for)");
    page_column(&r->page, false, "at most");
    for (size_t l = 0; l < v->line_count; l++) {
        if (shown(&v->lines[l], facet))
            page_column(&r->page, true, "%s", v->lines[l].label);
    }
    for (size_t d = 0; d < sizeof divisors / sizeof *divisors; d++) {
        if (time_of(v->dense) / divisors[d] >= least)
            row(r, v, facet, divisors[d]);
    }
    page_table_end(&r->page);
}

espalier_status study_time(report *r, const study_view *v, espalier_error *error)
{
    (void)error;
    if (v->facet_count == 0)
        return ESPALIER_OK;
    page_section(&r->page, "equal-time", "At equal measured time");
    if (!v->dense || v->dense->metrics[ESPALIER_STUDY_NANOSECONDS].count == 0) {
        page_note(&r->page, v->dense && v->dense->done == 0 && v->results->planned == 0
                                ? "The dense network failed: there is no time to compare with."
                                : "The networks have not been timed: a study does that after its "
                                  "last run.");
        return ESPALIER_OK;
    }
    if (isnan(merit(v->dense))) {
        page_note(&r->page,
                  "The study kept no validation rows apart (`--validation`). The table that stands "
                  "here chooses networks by them; chosen by the test rows, their test accuracy "
                  "would be too high, so it is left out.");
        return ESPALIER_OK;
    }
    page_words(
        &r->page,
        "Each row is a budget: the time that one prediction may take. For each method it shows "
        "the network, among the sparsities that were run, whose mean time keeps within the "
        "budget and whose accuracy on the validation rows is best; what is printed is its test "
        "accuracy. Nothing is interpolated: a method with few sparsities may have a better "
        "network in between. A dash: none of its networks is that fast. The highest test "
        "accuracy of a row is shaded, which alone says nothing about significance.");
    for (size_t f = 0; f < v->facet_count; f++) {
        study_fold_begin(r, v, f);
        table(r, v, &v->facets[f]);
        study_fold_end(r, f);
    }
    return ESPALIER_OK;
}
