/* The summary of a study as a table, and the runs that failed or fell short. */
#include <math.h>

#include "report/run_folder.h"
#include "report/study_page.h"

/* ---- the summary -------------------------------------------------------- */

static void ratio_cell(report *r, const espalier_estimate *e)
{
    if (e->count == 0)
        page_cell(&r->page, "–");
    else if (isinf(e->mean))
        page_cell(&r->page, "∞");
    else
        page_cell(&r->page, "%.*f×", e->mean < 9.95 ? 2 : e->mean < 99.5 ? 1 : 0, e->mean);
}

static void columns(report *r, const study_view *v)
{
    static const char *const names[] = {"target, %", "runs",        "test accuracy, % (best)",
                                        "− dense",   "− magnitude", "p",
                                        "p, Holm",   "sparsity, %", "of prunable, %",
                                        "weights",   "FLOPs",       "µs",
                                        "faster",    "bytes",       "epochs",
                                        "arithmetic"};
    char words[512];
    espalier_study_last_steps(v->results, words, sizeof words);
    page_table_begin(&r->page, words[0] ? words : NULL);
    page_column(&r->page, false, "method");
    if (v->facet_count > 1) {
        page_column(&r->page, false, "scope");
        page_column(&r->page, true, "steps");
        page_column(&r->page, false, "counting");
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        page_column(&r->page, true, "%s", names[i]);
}

static void facet_cells(report *r, const espalier_study_setting *s)
{
    page_cell(&r->page, "%s", s->scope[0] ? s->scope : "–");
    if (s->steps)
        page_cell(&r->page, "%zu", s->steps);
    else
        page_cell(&r->page, "–");
    page_cell(&r->page, "%s", s->count[0] ? s->count : "–");
}

static void setting_cells(report *r, const study_view *v, const espalier_study_group *group)
{
    const espalier_study_setting *s = &group->setting;
    char label[80];
    page_cell(&r->page, "%s", espalier_study_label(s, label, sizeof label));
    if (v->facet_count > 1)
        facet_cells(r, s);
    if (s->criterion[0] && !isnan(s->target))
        page_cell(&r->page, "%.6g", 100 * s->target);
    else
        page_cell(&r->page, "–");
    if (group->idle)
        page_cell(&r->page, "%zu (%zu failed, %zu without penalty)", group->done, group->failed,
                  group->idle);
    else
        page_cell(&r->page, group->failed || group->missed ? "%zu (%zu failed, %zu short)" : "%zu",
                  group->done, group->failed, group->missed);
}

static void size_cells(report *r, const espalier_estimate *m)
{
    page_cell_number(&r->page, 100 * m[ESPALIER_STUDY_SPARSITY_ALL].mean, 2);
    page_cell_number(&r->page, 100 * m[ESPALIER_STUDY_SPARSITY_PRUNABLE].mean, 2);
    ratio_cell(r, &m[ESPALIER_STUDY_COMPRESSION_RATIO]);
    ratio_cell(r, &m[ESPALIER_STUDY_FLOP_RATIO]);
    page_cell_number(&r->page, m[ESPALIER_STUDY_NANOSECONDS].mean / 1000, 2);
    ratio_cell(r, &m[ESPALIER_STUDY_TIME_RATIO]);
    if (m[ESPALIER_STUDY_FILE_BYTES].count)
        page_cell_count(&r->page, json_as_size(round(m[ESPALIER_STUDY_FILE_BYTES].mean)));
    else
        page_cell(&r->page, "–");
}

static void accuracy_cells(report *r, const espalier_study_group *group)
{
    char number[STUDY_NUMBER];
    const espalier_estimate *m = group->metrics;
    if (m[ESPALIER_STUDY_BEST_TEST_ACCURACY].count)
        page_cell(&r->page, "%s (%.2f)", study_percent(number, &m[ESPALIER_STUDY_TEST_ACCURACY]),
                  100 * m[ESPALIER_STUDY_BEST_TEST_ACCURACY].mean);
    else
        page_cell(&r->page, "%s", study_percent(number, &m[ESPALIER_STUDY_TEST_ACCURACY]));
    page_cell(&r->page, "%s", study_points(number, &m[ESPALIER_STUDY_CHANGE_AGAINST_DENSE]));
    page_cell(&r->page, "%s", study_points(number, &group->against_magnitude.difference));
    page_cell(&r->page, "%s", study_p(number, group->against_magnitude.p));
    page_cell(&r->page, "%s", study_p(number, group->against_magnitude.p_holm));
}

espalier_status study_table(report *r, const study_view *v, espalier_error *error)
{
    (void)error;
    if (v->results->group_count == 0)
        return ESPALIER_OK;
    page_section(&r->page, "summary", "All groups");
    page_words(
        &r->page,
        "Means over the runs of a group, ± half the 95 %% interval (Student t). Sparsity is of "
        "all weights and of those that may be pruned; weights, FLOPs: how many times fewer "
        "than the dense network's; faster: how many times less time for one prediction, "
        "measured. Test accuracy is that at the end of training, in brackets the best after "
        "any epoch once the target was reached. Arithmetic: operations spent in training.");
    columns(r, v);
    for (size_t g = 0; g < v->results->group_count; g++) {
        const espalier_study_group *group = &v->results->groups[g];
        const espalier_estimate *m = group->metrics;
        setting_cells(r, v, group);
        accuracy_cells(r, group);
        size_cells(r, m);
        page_cell_number(&r->page, m[ESPALIER_STUDY_EPOCHS].mean, 1);
        if (m[ESPALIER_STUDY_ARITHMETIC].count)
            page_cell(&r->page, "%.2e", m[ESPALIER_STUDY_ARITHMETIC].mean);
        else
            page_cell(&r->page, "–");
    }
    page_table_end(&r->page);
    return ESPALIER_OK;
}

/* ---- what is amiss ------------------------------------------------------ */

static void failed_table(report *r, const study_view *v)
{
    page_table_begin(&r->page, "Failed: these are in no mean");
    page_column(&r->page, false, "run");
    page_column(&r->page, false, "why");
    for (size_t i = 0; i < v->results->run_count; i++) {
        const espalier_study_result *run = &v->results->runs[i];
        if (!run->failed)
            continue;
        page_cell(&r->page, "%s", run->name);
        page_cell(&r->page, "%s", run->error[0] ? run->error : "no reason given");
    }
    page_table_end(&r->page);
}

static void missed_table(report *r, const study_view *v)
{
    page_table_begin(&r->page, "Short of their target: these are in the means, with the sparsity "
                               "that they have");
    page_column(&r->page, false, "run");
    page_column(&r->page, true, "target");
    page_column(&r->page, true, "sparsity of %s weights", v->results->of_prunable ? "the prunable" : "all");
    for (size_t i = 0; i < v->results->run_count; i++) {
        const espalier_study_result *run = &v->results->runs[i];
        if (!run->missed)
            continue;
        page_cell(&r->page, "%s", run->name);
        page_cell_percent(&r->page, run->setting.target);
        page_cell_percent(&r->page, run->metrics[espalier_study_target_metric(v->results)]);
    }
    page_table_end(&r->page);
}

espalier_status study_amiss(report *r, const study_view *v, espalier_error *error)
{
    size_t failed = 0, missed = 0, idle = 0;
    (void)error;
    for (size_t i = 0; i < v->results->run_count; i++) {
        failed += v->results->runs[i].failed;
        missed += v->results->runs[i].missed;
        idle += v->results->runs[i].idle;
    }
    page_section(&r->page, "amiss", "Failed and short of the target");
    if (v->results->planned)
        page_note(&r->page,
                  "%zu run%s of the plan ha%s not ended yet: the same `espalier study` "
                  "command goes on.",
                  v->results->planned, v->results->planned == 1 ? "" : "s",
                  v->results->planned == 1 ? "s" : "ve");
    if (failed)
        failed_table(r, v);
    if (missed)
        missed_table(r, v);
    if (idle)
        page_note(&r->page,
                  "In %zu regularised run%s the penalty never acted, because no epoch before the last "
                  "reached the training accuracy of `--nuclear-start`: they are dense runs.",
                  idle, idle == 1 ? "" : "s");
    if (!failed && !missed)
        page_words(&r->page, "No run failed, and every pruned run reached its target.");
    return ESPALIER_OK;
}
