/* What the numbers of a study say, in words, and no more than they say. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/study_page.h"

static const double level = 0.05;

/* ---- against magnitude -------------------------------------------------- */

typedef enum verdict { BETTER, WORSE, OPEN, SAME, CONSTANT, UNTESTED, VERDICTS } verdict;

static verdict judge(const espalier_study_group *group)
{
    const espalier_paired *pair = &group->against_magnitude;
    if (isnan(pair->p_holm) && pair->difference.count < 2)
        return UNTESTED;
    if (isnan(pair->p_holm))
        return pair->difference.mean == 0.0 ? SAME : CONSTANT;
    if (pair->p_holm >= level)
        return OPEN;
    return pair->difference.mean > 0 ? BETTER : WORSE;
}

/* "80 % (+0.31 ± 0.12), 90 % (…)" of the line's groups with this verdict; the number of them. */
static size_t list_targets(const study_view *v, const study_line *line, verdict which, text *out)
{
    char number[STUDY_NUMBER];
    size_t count = 0;
    for (size_t i = 0; i < line->count; i++) {
        const espalier_study_group *group = &v->results->groups[line->first + i];
        if (group->against_magnitude.difference.count == 0 || judge(group) != which)
            continue;
        text_print(out, "%s%.6g %% (%s)", count++ ? ", " : "", 100 * group->setting.target,
                   study_points(number, &group->against_magnitude.difference));
    }
    return count;
}

static void against_magnitude(report *r, const study_view *v, const study_line *line)
{
    static const char *const phrases[VERDICTS] = {
        "more accurate at",
        "less accurate at",
        "not to be told apart at",
        "as accurate in every pair of runs at",
        "not testable (the same difference in every pair of runs: no spread, no t) at",
        "not testable (fewer than two pairs of runs) at",
    };
    text words = {.allocator = r->allocator};
    for (int which = 0; which < VERDICTS; which++) {
        text targets = {.allocator = r->allocator};
        if (list_targets(v, line, (verdict)which, &targets))
            text_print(&words, "%s %s %s", words.length ? ";" : "", phrases[which],
                       text_content(&targets));
        words.failed |= targets.failed;
        text_clear(&targets);
    }
    if (words.length)
        page_words(&r->page, "`%s` against `magnitude`:%s.", line->label, text_content(&words));
    r->page.body.failed |= words.failed;
    text_clear(&words);
}

/* ---- against the dense network ------------------------------------------ */

/* An interval without width comes from runs that agree by chance or by saturation: it is no
 * evidence of anything. Accuracies differ by far more than this, or not at all. */
static bool has_width(const espalier_estimate *e)
{
    return e->sd > 1e-12;
}

/* The interval of the change reaches 0 or lies above it. */
static bool keeps_up(const espalier_study_group *group)
{
    const espalier_estimate *change = &group->metrics[ESPALIER_STUDY_CHANGE_AGAINST_DENSE];
    return change->mean + change->ci95 >= 0;
}

/* Where all seeds changed alike there is no interval to judge by. */
static const char alike[] = "all seeds changed alike, which no interval can judge";

/* The largest target up to which no interval of the change lies below 0. */
static void against_dense(report *r, const study_view *v, const study_line *line)
{
    enum { CHANGE = ESPALIER_STUDY_CHANGE_AGAINST_DENSE };
    const espalier_study_group *held = NULL, *lost = NULL, *last = NULL;
    size_t skipped = 0;
    char number[2][STUDY_NUMBER];
    for (size_t i = 0; i < line->count && !lost; i++) {
        const espalier_study_group *group = &v->results->groups[line->first + i];
        if (group->metrics[CHANGE].count < 2)
            continue;
        last = group;
        if (!has_width(&group->metrics[CHANGE]))
            skipped++;
        else if (keeps_up(group))
            held = group;
        else
            lost = group;
    }
    if (!last)
        return;
    text out = {.allocator = r->allocator};
    if (held && lost)
        text_print(&out, "up to %.6g %% no loss can be shown (%s points there); at %.6g %% there is one (%s)",
                   100 * held->setting.target, study_points(number[0], &held->metrics[CHANGE]),
                   100 * lost->setting.target, study_points(number[1], &lost->metrics[CHANGE]));
    else if (held)
        text_print(&out,
                   "at no target up to %.6g %% can a loss be shown, nor excluded beyond the interval "
                   "(%s points there)",
                   100 * held->setting.target, study_points(number[0], &held->metrics[CHANGE]));
    else if (lost)
        text_print(&out, "less accurate %s %.6g %% (%s points)",
                   skipped ? "at" : "from the first target on,", 100 * lost->setting.target,
                   study_points(number[0], &lost->metrics[CHANGE]));
    else
        text_print(&out, "at every target up to %.6g %% (%s%.2f points there) %s",
                   100 * last->setting.target, last->metrics[CHANGE].mean < 0 ? "−" : "+",
                   fabs(100 * last->metrics[CHANGE].mean), alike);
    if (skipped && (held || lost))
        text_print(&out, "; at %zu of the targets up to there %s", skipped, alike);
    page_words(&r->page, "`%s` against the dense network: %s.", line->label, text_content(&out));
    r->page.body.failed |= out.failed;
    text_clear(&out);
}

/* ---- against random pruning and the other controls ---------------------- */

/* Where the two intervals of the means do not touch: cruder than the paired test. Words
 * for one other line. */
static void add_overlap(const study_view *v, const study_line *line, const study_line *other,
                        const char *name, text *out)
{
    size_t above = 0, below = 0, both = 0;
    for (size_t i = 0; i < line->count; i++) {
        const espalier_study_group *a = &v->results->groups[line->first + i];
        const espalier_study_group *b = study_at(v, other, a->setting.target);
        const espalier_estimate *x = &a->metrics[ESPALIER_STUDY_TEST_ACCURACY];
        const espalier_estimate *y = b ? &b->metrics[ESPALIER_STUDY_TEST_ACCURACY] : NULL;
        if (!y || !has_width(x) || !has_width(y))
            continue;
        both++;
        above += x->mean - x->ci95 > y->mean + y->ci95;
        below += x->mean + x->ci95 < y->mean - y->ci95;
    }
    if (both)
        text_print(out, "%s `%s` %zu / %zu / %zu", out->length ? ";" : "", name, above, below,
                   both - above - below);
}

static void against_controls(report *r, const study_view *v, const study_line *line,
                             const study_line *random)
{
    static const char *const methods[] = {"rewind", "reinit", "shuffle", "scratch"};
    text words = {.allocator = r->allocator};
    if (random)
        add_overlap(v, line, random, random->label, &words);
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        const study_line *other = study_sibling(v, line, methods[m]);
        if (other)
            add_overlap(v, line, other, methods[m], &words);
    }
    if (words.length)
        page_words(&r->page,
                   "`%s` against controls, number of targets where its 95 %% interval lies "
                   "above / lies below / overlaps theirs:%s.",
                   line->label, text_content(&words));
    r->page.body.failed |= words.failed;
    text_clear(&words);
}

static void facet_findings(report *r, const study_view *v, const study_facet *facet)
{
    const study_line *random = study_random(v, facet);
    for (size_t l = 0; l < v->line_count; l++) {
        const study_line *line = &v->lines[l];
        if (!study_is(line, "prune") || !study_in_facet(line, facet) || line == random)
            continue;
        page_heading(&r->page, line->label);
        against_magnitude(r, v, line);
        against_dense(r, v, line);
        against_controls(r, v, line, random);
    }
}

/* ---- the section -------------------------------------------------------- */

static void how_to_read(report *r, const study_view *v)
{
    if (v->seeds < 2) {
        page_note(&r->page,
                  "Every setting was run once. There is no interval and no test: how much of a "
                  "difference is chance cannot be told. Five seeds are a good number: `--seeds 5`; "
                  "what is finished is not run again.");
        return;
    }
    page_words(
        &r->page,
        "Differences are in percentage points of test accuracy, ± half their 95 %% interval. "
        "Against `magnitude`: pairs of runs with the same seed, paired t-test at 5 %% after "
        "Holm's correction for the %zu comparisons of this study. “Not to be told apart” does "
        "not mean equal: more seeds may tell them apart.",
        v->results->comparisons);
    char words[512];
    if (espalier_study_last_steps(v->results, words, sizeof words)[0])
        page_note(&r->page, "%s", words);
    if (v->seeds < 5)
        page_note(&r->page,
                  "With %zu seeds intervals are wide and tests find only large differences.",
                  v->seeds);
}

espalier_status study_findings(report *r, const study_view *v, espalier_error *error)
{
    (void)error;
    page_section(&r->page, "findings", "What the numbers say");
    if (v->results->run_count == 0) {
        page_note(&r->page, "No run has ended yet.");
        return ESPALIER_OK;
    }
    if (!v->tested) {
        page_note(&r->page, v->seeds ? "The data have no test rows, so there is no accuracy to compare "
                                       "methods by: for a table, `--test` or `--test-file` give some."
                                     : "No run is done: there is nothing to compare.");
        return ESPALIER_OK;
    }
    how_to_read(r, v);
    for (size_t f = 0; f < v->facet_count && v->seeds > 1; f++) {
        study_fold_begin(r, v, f);
        facet_findings(r, v, &v->facets[f]);
        study_fold_end(r, f);
    }
    return ESPALIER_OK;
}
