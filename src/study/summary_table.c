/* The table of a study's groups, in words. What the numbers are is summary.c's business,
 * where they are written that of summary_write.c. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/page.h"
#include "report/run_folder.h"
#include "study/summary.h"

/* ---- what differs between rows ------------------------------------------ */

typedef struct variety {
    bool scope, steps, count;           /* more than one value among the groups that have one */
    const espalier_study_setting *some; /* of such a group, or NULL */
    size_t thousands;                   /* the arithmetic is told in this power of 1,000 */
} variety;

enum { THOUSANDS_MOST = 7 };

static size_t find_thousands(const espalier_study_results *results)
{
    double most = 0.0;
    for (size_t g = 0; g < results->group_count; g++)
        most = fmax(most, results->groups[g].metrics[ESPALIER_STUDY_ARITHMETIC].mean);
    return most >= 1.0 ? (size_t)fmin(floor(log10(most) / 3.0), THOUSANDS_MOST) : 0;
}

static variety find_variety(const espalier_study_results *results)
{
    variety v = {.thousands = find_thousands(results)};
    const char *count = NULL;
    for (size_t g = 0; g < results->group_count; g++) {
        const espalier_study_setting *s = &results->groups[g].setting;
        if (!s->criterion[0])
            continue;
        v.some = v.some ? v.some : s;
        v.scope = v.scope || strcmp(s->scope, v.some->scope) != 0;
        v.steps = v.steps || s->steps != v.some->steps;
        if (s->count[0]) {
            v.count = v.count || (count && strcmp(s->count, count) != 0);
            count = s->count;
        }
    }
    return v;
}

/* ---- cells -------------------------------------------------------------- */

/* Mean and half the interval of factor times a metric. */
static void add_interval(cells *table, const espalier_estimate *e, double factor, int decimals,
                         const char *behind)
{
    if (e->count == 0)
        cells_add(table, "–");
    else if (isnan(e->ci95))
        cells_add(table, "%.*f%s", decimals, factor * e->mean, behind);
    else
        cells_add(table, "%.*f ± %.*f%s", decimals, factor * e->mean, decimals, factor * e->ci95,
                  behind);
}

/* A difference in percentage points, with its sign. */
static void add_change(cells *table, const espalier_estimate *e)
{
    if (e->count == 0)
        cells_add(table, "–");
    else if (isnan(e->ci95))
        cells_add(table, "%+.2f", 100.0 * e->mean);
    else
        cells_add(table, "%+.2f ± %.2f", 100.0 * e->mean, 100.0 * e->ci95);
}

static void add_percent(cells *table, const espalier_estimate *e)
{
    if (e->count == 0)
        cells_add(table, "–");
    else
        cells_add(table, "%.2f", 100.0 * e->mean);
}

/* As on the study's page. */
static void add_whole(cells *table, const espalier_estimate *e)
{
    char digits[PAGE_DIGITS];
    cells_add(table, "%s", e->count ? page_digits(digits, json_as_size(round(e->mean))) : "–");
}

/* Three digits that count, without an exponent; 0.9996 is rounded up to 1.00. */
static void add_short(cells *table, const espalier_estimate *e, double factor)
{
    const double value = factor * e->mean;
    const double before_point = value > 0.0 ? floor(log10(1.0005 * value)) + 1.0 : 1.0;
    if (e->count == 0)
        cells_add(table, "–");
    else if (isinf(e->mean))
        cells_add(table, "∞");
    else
        cells_add(table, "%.*f", (int)fmax(0.0, fmin(12.0, 3.0 - before_point)), value);
}

static void add_p(cells *table, double p)
{
    if (isnan(p))
        cells_add(table, "–");
    else if (p < 0.001)
        cells_add(table, "< 0.001");
    else
        cells_add(table, "%.3f", p);
}

static void add_accuracy(cells *table, const espalier_study_group *group, bool brief)
{
    char best[32] = "";
    const espalier_estimate *e = &group->metrics[ESPALIER_STUDY_BEST_TEST_ACCURACY];
    if (!brief && e->count > 0)
        snprintf(best, sizeof best, " (%.2f)", 100.0 * e->mean);
    add_interval(table, &group->metrics[ESPALIER_STUDY_TEST_ACCURACY], 100.0, 2, best);
}

static void add_runs(cells *table, const espalier_study_group *group)
{
    char failed[48] = "", missed[48] = "", idle[48] = "";
    if (group->failed)
        snprintf(failed, sizeof failed, ", %zu failed", group->failed);
    if (group->missed)
        snprintf(missed, sizeof missed, ", %zu missed", group->missed);
    if (group->idle)
        snprintf(idle, sizeof idle, ", %zu without penalty", group->idle);
    cells_add(table, "%zu%s%s%s", group->done, failed, missed, idle);
}

/* ---- rows --------------------------------------------------------------- */

static void add_names(const variety *v, bool brief, cells *table)
{
    static const char *const powers[THOUSANDS_MOST + 1] = {"", "³", "⁶", "⁹", "¹²", "¹⁵", "¹⁸", "²¹"};
    char arithmetic[32] = "arithmetic";
    if (v->thousands)
        snprintf(arithmetic, sizeof arithmetic, "arithmetic, 10%s", powers[v->thousands]);
    cells_column(table, false, "method");
    if (v->scope)
        cells_column(table, false, "scope");
    if (v->steps)
        cells_column(table, true, "steps");
    if (v->count)
        cells_column(table, false, "counting");
    cells_column(table, true, "target");
    cells_column(table, true, "runs");
    cells_column(table, true, "sparsity");
    if (!brief) {
        cells_column(table, true, "of prunable");
        cells_column(table, true, "weights ÷");
        cells_column(table, true, "FLOPs ÷");
    }
    cells_column(table, true, "time, µs");
    cells_column(table, true, "time ÷");
    if (!brief)
        cells_column(table, true, "bytes");
    cells_column(table, true, brief ? "test accuracy" : "test accuracy (best)");
    cells_column(table, true, "− dense");
    cells_column(table, true, "− magnitude");
    cells_column(table, true, "p");
    if (!brief) {
        cells_column(table, true, "epochs");
        cells_column(table, true, arithmetic);
    }
}

static void add_setting(const espalier_study_group *group, const variety *v, cells *table)
{
    const espalier_study_setting *s = &group->setting;
    char label[80];
    cells_add(table, "%s", espalier_study_label(s, label, sizeof label));
    if (v->scope)
        cells_add(table, "%s", s->scope[0] ? s->scope : "–");
    if (v->steps && s->steps)
        cells_add(table, "%zu", s->steps);
    else if (v->steps)
        cells_add(table, "–");
    if (v->count)
        cells_add(table, "%s", s->count[0] ? s->count : "–");
    if (s->criterion[0] && !isnan(s->target))
        cells_add(table, "%.6g", 100.0 * s->target);
    else
        cells_add(table, "–");
}

static void add_row(const espalier_study_group *group, const variety *v, bool brief, cells *table)
{
    const espalier_estimate *m = group->metrics;
    add_setting(group, v, table);
    add_runs(table, group);
    add_percent(table, &m[ESPALIER_STUDY_SPARSITY_ALL]);
    if (!brief) {
        add_percent(table, &m[ESPALIER_STUDY_SPARSITY_PRUNABLE]);
        add_short(table, &m[ESPALIER_STUDY_COMPRESSION_RATIO], 1.0);
        add_short(table, &m[ESPALIER_STUDY_FLOP_RATIO], 1.0);
    }
    add_interval(table, &m[ESPALIER_STUDY_NANOSECONDS], 1e-3, 2, "");
    add_short(table, &m[ESPALIER_STUDY_TIME_RATIO], 1.0);
    if (!brief)
        add_whole(table, &m[ESPALIER_STUDY_FILE_BYTES]);
    add_accuracy(table, group, brief);
    add_change(table, &m[ESPALIER_STUDY_CHANGE_AGAINST_DENSE]);
    add_change(table, &group->against_magnitude.difference);
    add_p(table, group->against_magnitude.p);
    if (!brief) {
        add_short(table, &m[ESPALIER_STUDY_EPOCHS], 1.0);
        add_short(table, &m[ESPALIER_STUDY_ARITHMETIC], pow(1000.0, -(double)v->thousands));
    }
}

void summary_table(const espalier_study_results *results, bool brief, cells *table)
{
    const variety v = find_variety(results);
    add_names(&v, brief, table);
    for (size_t g = 0; g < results->group_count; g++)
        add_row(&results->groups[g], &v, brief, table);
}

/* ---- the words beside it ------------------------------------------------ */

static void add_common(const espalier_study_results *results, text *out)
{
    const variety v = find_variety(results);
    if (!v.some || (v.scope && v.steps))
        return;
    text_print(out, " In every pruned run:");
    if (!v.scope)
        text_print(out, " scope %s%s", v.some->scope, v.steps ? "." : ",");
    char steps[96];
    if (!v.steps)
        text_print(out, " %s.", espalier_study_steps_label(results, v.some, steps, sizeof steps));
}

void summary_caption(const espalier_study_results *results, text *out)
{
    text_print(out,
               "Means over runs that differ by the seed alone; ± is half the 95 %% interval "
               "(Student t), missing where there is one run. Target, sparsity (of all weights; of "
               "those that may be pruned) and accuracy in percent, differences in percentage "
               "points. Test accuracy is that at the end of training, in brackets the best after "
               "any epoch once the target was reached. "
               "Weights, FLOPs and time ÷: the dense network's over this one's; time "
               "is measured, one prediction at a time on one thread, by the compacted network. "
               "− dense, − magnitude: test accuracy less that of the dense network, and of "
               "magnitude pruning with the same target, scope and steps, on the same seeds. p: "
               "two-sided paired t-test of the latter (none where all pairs differ by the same), "
               "not corrected for the %zu comparison%s of this table (p after Holm's correction is "
               "in summary.csv). Arithmetic: operations spent in training.%s",
               results->comparisons, results->comparisons == 1 ? "" : "s",
               results->of_prunable ? " Targets are of the weights that may be pruned." : "");
    add_common(results, out);
    char words[512];
    if (espalier_study_last_steps(results, words, sizeof words)[0])
        text_print(out, " %s", words);
}

/* ---- CSV ---------------------------------------------------------------- */

static void csv_number(text *out, double number)
{
    text_print(out, ",");
    if (isfinite(number))
        text_print(out, "%.10g", number);
}

static void csv_estimate(text *out, const espalier_estimate *e)
{
    csv_number(out, e->mean);
    csv_number(out, e->sd);
    csv_number(out, e->ci95);
}

static void csv_row(const espalier_study_group *group, text *out)
{
    const espalier_study_setting *s = &group->setting;
    const espalier_paired *paired = &group->against_magnitude;
    const char *const names[] = {s->method, s->criterion, s->scope};
    for (size_t i = 0; i < 3; i++) {
        text_csv(out, names[i]);
        text_print(out, ",");
    }
    if (s->steps)
        text_print(out, "%zu", s->steps);
    text_print(out, ",");
    text_csv(out, s->count);
    csv_number(out, s->target);
    text_print(out, ",%zu,%zu,%zu", group->done, group->failed, group->missed);
    for (int m = 0; m < ESPALIER_STUDY_METRIC_COUNT; m++)
        csv_estimate(out, &group->metrics[m]);
    text_print(out, ",%zu", paired->difference.count);
    csv_estimate(out, &paired->difference);
    csv_number(out, paired->p);
    csv_number(out, paired->p_holm);
    text_print(out, "\n");
}

void summary_csv(const espalier_study_results *results, text *out)
{
    text_print(out, "method,criterion,scope,steps,count,target,done,failed,missed");
    for (int m = 0; m < ESPALIER_STUDY_METRIC_COUNT; m++) {
        const char *name = espalier_study_metric_name((espalier_study_metric)m);
        text_print(out, ",%s_mean,%s_sd,%s_ci95", name, name, name);
    }
    text_print(out, ",magnitude_pairs,against_magnitude_mean,against_magnitude_sd,"
                    "against_magnitude_ci95,against_magnitude_p,against_magnitude_p_holm\n");
    for (size_t g = 0; g < results->group_count; g++)
        csv_row(&results->groups[g], out);
}
