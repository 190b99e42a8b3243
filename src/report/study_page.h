/* The parts of a study's page, in the order in which they stand on it. Each writes a section,
 * or nothing if it has nothing to say. Means, intervals and tests come from
 * espalier/study_summary.h. */
#ifndef REPORT_STUDY_PAGE_H
#define REPORT_STUDY_PAGE_H

#include "espalier/study_summary.h"
#include "report/report.h"

/* Groups that differ by their target alone, which stand one after the other. */
typedef struct study_line {
    size_t first, count;
    const espalier_study_setting *setting; /* of the first */
    char label[80];
} study_line;

/* What is drawn together: one scope, number of steps and way of counting. */
typedef struct study_facet {
    const char *scope, *count; /* count "": no criterion reads counts */
    size_t steps;
    char label[192];
} study_facet;

typedef struct study_view {
    const espalier_study_results *results;
    study_line *lines; /* [line_count] */
    size_t line_count;
    study_facet *facets; /* [facet_count] */
    size_t facet_count;
    const espalier_study_group *dense; /* or NULL */
    size_t seeds;                      /* of the group with the most runs that are done */
    bool tested;                       /* there are test accuracies */
} study_view;

typedef espalier_status study_part(report *r, const study_view *v, espalier_error *error);

study_part study_findings; /* what the numbers say, in words */
study_part study_curves;   /* accuracy against sparsity, FLOPs, time */
study_part study_time;     /* accuracy at equal measured time */
study_part study_ranks;    /* rank against sparsity */
study_part study_low_rank; /* pruned against PCA, SVD, factors at equal rank */
study_part study_spectra;  /* shrinkage, pruning against regulariser */
study_part study_table;    /* the summary */
study_part study_amiss;    /* failed runs, missed targets */

/* ---- what they share ---------------------------------------------------- */

/* Is the line's method `method` (NULL: any)? */
bool study_is(const study_line *line, const char *method);
bool study_is_any(const study_line *line, const char *const *methods, size_t count);
/* Does the line stand in the facet? Lines that read no counts stand in all of them; those
 * without a criterion in none. */
bool study_in_facet(const study_line *line, const study_facet *facet);
/* The line of a method for the same pruned runs; or NULL. */
const study_line *study_sibling(const study_view *v, const study_line *line, const char *method);
/* The group of a line with this target, or NULL. */
const espalier_study_group *study_at(const study_view *v, const study_line *line, double target);

/* "87.12 ± 0.31" in percent, without a ± where there is no interval; "–" for no number. */
enum { STUDY_NUMBER = 64 };
char *study_percent(char *out, const espalier_estimate *e);
/* The same in percentage points with a sign. */
char *study_points(char *out, const espalier_estimate *e);
/* "0.031", "< 0.001", "–". */
char *study_p(char *out, double p);

/* A key of three columns in small letters. */
void study_key(text *script);
/* Where the points of a logarithmic axis lie; begins as {0}. */
typedef struct study_range {
    double low, high;
    size_t outside; /* points that have no place on it: nothing is left of them */
} study_range;
void study_widen(study_range *range, double x); /* not finite: no point */
/* An x axis of what is kept (1 - sparsity), in equal steps of it, that names the sparsity. */
void study_kept_axis(const study_view *v, study_range range, text *script);
/* A logarithmic x axis. Both have at least two labelled tics, of which none overlap. */
void study_log_axis(study_range range, text *script);
/* Says how many points have no place on the axis, if any. */
void study_say_outside(const study_range *range, text *caption);
/* What a y axis has to show; begins as {0}. */
typedef struct study_span {
    double least, most;
    bool any;
    bool cut; /* there is more below, which is not shown */
} study_span;
/* A mean with its interval; if not `whole`, with no more of it than 12 points. */
void study_span_add(study_span *span, const espalier_estimate *e, bool whole);
/* A y axis in percent. */
void study_accuracy_range(text *script, const study_span *span);
/* The facet's pruned line of the criterion `random`, or NULL. */
const study_line *study_random(const study_view *v, const study_facet *facet);
/* Bars of 95 % intervals for the line just begun: x as gnuplot writes it, mean: its column, the
 * half width in the next one, both times `factor`. A mean below the axis has none. */
void study_bars(text *script, const char *x, size_t mean, double factor, size_t lt);
/* The line type of the place-th line, from 1 on: black is the dense network's. */
size_t study_line_type(size_t place);

/* A name for files: facet 0 adds nothing to `stem`. name: [64]. */
char *study_name(char *name, const char *stem, size_t facet);

/* All facets but the first are folded away. */
void study_fold_begin(report *r, const study_view *v, size_t facet);
void study_fold_end(report *r, size_t facet);

#endif
