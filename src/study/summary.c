/* Puts the runs of a study into groups that differ by the seed alone, and compares groups
 * seed by seed. How a mean or a p-value is computed is left to statistics.c. */
#include "study/summary.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "espalier/study.h"
#include "study/statistics.h"

const char *espalier_study_metric_name(espalier_study_metric metric)
{
    static const char *const names[] = {
#define NAME(name, column) column,
        ESPALIER_STUDY_METRIC_LIST(NAME)
#undef NAME
    };
    return (unsigned)metric < ESPALIER_STUDY_METRIC_COUNT ? names[metric] : NULL;
}

/* A pruned run goes by its criterion, a control by the one it is a control of. */
char *espalier_study_label(const espalier_study_setting *setting, char *name, size_t size)
{
    if (strcmp(setting->method, "prune") == 0)
        snprintf(name, size, "%s", setting->criterion);
    else if (setting->criterion[0])
        snprintf(name, size, "%s of %s", setting->method, setting->criterion);
    else if (!isnan(setting->target))
        snprintf(name, size, "%s %.6g", setting->method, setting->target);
    else
        snprintf(name, size, "%s", setting->method);
    return name;
}

espalier_study_metric espalier_study_target_metric(const espalier_study_results *results)
{
    return results->of_prunable ? ESPALIER_STUDY_SPARSITY_PRUNABLE : ESPALIER_STUDY_SPARSITY_ALL;
}

char *espalier_study_steps_label(const espalier_study_results *results,
                                 const espalier_study_setting *setting, char *words, size_t size)
{
    if (strcmp(results->trigger, "once") == 0 || strcmp(results->trigger, "cubic") == 0)
        snprintf(words, size, "trigger %s", results->trigger);
    else
        snprintf(words, size, "%zu pruning step%s", setting->steps, setting->steps == 1 ? "" : "s");
    return words;
}

/* ---- when the last step fell -------------------------------------------- */

/* Of the pruned runs with so many steps that took them all; high 0: there are none. */
static void last_steps(const espalier_study_results *results, size_t steps, size_t *low, size_t *high)
{
    *low = SIZE_MAX;
    *high = 0;
    for (size_t i = 0; i < results->run_count; i++) {
        const espalier_study_result *run = &results->runs[i];
        if (run->failed || run->missed || run->last_step == 0 || run->setting.steps != steps ||
            strcmp(run->setting.method, "prune") != 0)
            continue;
        *low = run->last_step < *low ? run->last_step : *low;
        *high = run->last_step > *high ? run->last_step : *high;
    }
}

/* Has an earlier group this number of steps? */
static bool steps_seen(const espalier_study_results *results, size_t group)
{
    for (size_t g = 0; g < group; g++) {
        if (results->groups[g].setting.steps == results->groups[group].setting.steps)
            return true;
    }
    return false;
}

char *espalier_study_last_steps(const espalier_study_results *results, char *words, size_t size)
{
    size_t length = 0, first_low = 0, first_high = 0;
    bool differ = false;
    if (size)
        *words = '\0';
    for (size_t g = 0; g < results->group_count; g++) {
        const size_t steps = results->groups[g].setting.steps;
        size_t low, high;
        char until[32] = "";
        last_steps(results, steps, &low, &high);
        if (steps == 0 || high == 0 || steps_seen(results, g))
            continue;
        differ = differ || (first_high && (low != first_low || high != first_high));
        first_low = first_high ? first_low : low;
        first_high = first_high ? first_high : high;
        if (high > low)
            snprintf(until, sizeof until, " to %zu", high);
        const size_t at = length < size ? length : size;
        length += (size_t)snprintf(words + at, size - at, "%s epoch%s %zu%s with %zu step%s",
                                   length ? "," : "The last pruning step fell at the end of",
                                   high > low ? "s" : "", low, until, steps, steps == 1 ? "" : "s");
    }
    if (differ && length < size)
        snprintf(words + length, size - length,
                 ": these had not as long to recover, and a difference between them may come from "
                 "that.");
    else if (!differ && size)
        *words = '\0';
    return words;
}

/* ---- order -------------------------------------------------------------- */

static int method_rank(const char *method)
{
    int rank = 0;
    while (rank < ESPALIER_STUDY_METHOD_COUNT &&
           strcmp(method, espalier_study_method_name((espalier_study_method)rank)) != 0)
        rank++;
    return rank;
}

/* Names in the order of the plan: of the first run with either. offset: of the name in a setting. */
static int plan_order(const espalier_study_results *results, size_t offset,
                      const espalier_study_setting *a, const espalier_study_setting *b)
{
    const char *left = (const char *)a + offset, *right = (const char *)b + offset;
    if (strcmp(left, right) == 0)
        return 0;
    for (size_t i = 0; i < results->run_count; i++) {
        const char *found = (const char *)&results->runs[i].setting + offset;
        if (strcmp(found, left) == 0)
            return -1;
        if (strcmp(found, right) == 0)
            return 1;
    }
    return 0;
}

/* The paper's way of counting before all others. */
static int count_order(const espalier_study_results *results, const espalier_study_setting *a,
                       const espalier_study_setting *b)
{
    const char *first = espalier_count_mode_name(ESPALIER_COUNT_TRAINING);
    const int order = (strcmp(b->count, first) == 0) - (strcmp(a->count, first) == 0);
    return order ? order : plan_order(results, offsetof(espalier_study_setting, count), a, b);
}

/* Numbers of steps in the order of the plan, too. */
static int steps_order(const espalier_study_results *results, size_t a, size_t b)
{
    for (size_t i = 0; a != b && i < results->run_count; i++) {
        const size_t found = results->runs[i].setting.steps;
        if (found == a || found == b)
            return found == a ? -1 : 1;
    }
    return 0;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* A NaN before all numbers; targets that differ by rounding are one. */
static int compare_targets(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(b) - isnan(a);
    if (fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b)))
        return 0;
    return a < b ? -1 : 1;
}

static int compare_settings(const espalier_study_results *results, const espalier_study_setting *a,
                            const espalier_study_setting *b)
{
    int order = method_rank(a->method) - method_rank(b->method);
    order = order ? order : strcmp(a->method, b->method);
    order =
        order ? order : plan_order(results, offsetof(espalier_study_setting, criterion), a, b);
    order = order ? order : plan_order(results, offsetof(espalier_study_setting, scope), a, b);
    order = order ? order : steps_order(results, a->steps, b->steps);
    order = order ? order : count_order(results, a, b);
    return order ? order : compare_targets(a->target, b->target);
}

/* ---- groups ------------------------------------------------------------- */

/* The group of a run's setting, or a new one; their order is that of coming. */
static size_t group_of(espalier_study_results *results, const espalier_study_setting *setting)
{
    for (size_t g = 0; g < results->group_count; g++) {
        if (compare_settings(results, &results->groups[g].setting, setting) == 0)
            return g;
    }
    results->groups[results->group_count].setting = *setting;
    return results->group_count++;
}

/* place[g] = where group g of the order of coming stands in the final order. */
static void find_places(const espalier_study_results *results, size_t *place)
{
    for (size_t g = 0; g < results->group_count; g++) {
        place[g] = 0;
        for (size_t other = 0; other < results->group_count; other++)
            place[g] += compare_settings(results, &results->groups[other].setting,
                                         &results->groups[g].setting) < 0;
    }
}

/* Runs by group, then by seed; by name where a study has one of them twice. */
static int compare_runs(const void *a, const void *b)
{
    const espalier_study_result *x = a, *y = b;
    int order = compare_sizes(x->group, y->group);
    order = order ? order : (x->seed > y->seed) - (x->seed < y->seed);
    return order ? order : strcmp(x->name, y->name);
}

static void sort_groups(espalier_study_results *results, espalier_study_group *sorted,
                        const size_t *place)
{
    for (size_t g = 0; g < results->group_count; g++)
        sorted[place[g]].setting = results->groups[g].setting;
    for (size_t i = 0; i < results->run_count; i++)
        results->runs[i].group = place[results->runs[i].group];
    qsort(results->runs, results->run_count, sizeof *results->runs, compare_runs);
    for (size_t i = results->run_count; i-- > 0;) {
        const espalier_study_result *run = &results->runs[i];
        espalier_study_group *group = &sorted[run->group];
        group->first = i;
        group->run_count++;
        group->done += !run->failed;
        group->failed += run->failed;
        group->missed += run->missed;
        group->idle += run->idle;
    }
}

static espalier_status make_groups(espalier_study_results *results, espalier_error *error)
{
    const espalier_allocator *allocator = results->allocator;
    const size_t most = results->run_count;
    results->groups = memory_array(allocator, most, sizeof *results->groups);
    if (!results->groups)
        return error_memory(error);
    for (size_t i = 0; i < most; i++)
        results->runs[i].group = group_of(results, &results->runs[i].setting);
    const size_t count = results->group_count;
    size_t *place = memory_array(allocator, count, sizeof *place);
    espalier_study_group *sorted = memory_array(allocator, count, sizeof *sorted);
    espalier_status status = place && sorted ? ESPALIER_OK : error_memory(error);
    if (status == ESPALIER_OK) {
        find_places(results, place);
        sort_groups(results, sorted, place);
    }
    memory_release(allocator, status ? sorted : results->groups);
    results->groups = status ? results->groups : sorted;
    memory_release(allocator, place);
    return status;
}

/* ---- numbers ------------------------------------------------------------ */

/* A run of the group with this seed that is done, or NULL. */
static const espalier_study_result *with_seed(const espalier_study_results *results,
                                              const espalier_study_group *group, uint64_t seed)
{
    for (size_t i = 0; i < group->run_count; i++) {
        const espalier_study_result *run = &results->runs[group->first + i];
        if (run->seed == seed && !run->failed)
            return run;
    }
    return NULL;
}

static void compare_with_dense(espalier_study_results *results)
{
    const espalier_study_group *dense = results->groups;
    if (results->group_count == 0 || strcmp(dense->setting.method, "dense") != 0)
        return;
    for (size_t i = 0; i < results->run_count; i++) {
        espalier_study_result *run = &results->runs[i];
        const espalier_study_result *other = with_seed(results, dense, run->seed);
        if (!other)
            continue;
        run->metrics[ESPALIER_STUDY_CHANGE_AGAINST_DENSE] =
            run->metrics[ESPALIER_STUDY_TEST_ACCURACY] -
            other->metrics[ESPALIER_STUDY_TEST_ACCURACY];
        if (run->metrics[ESPALIER_STUDY_FLOPS] >= 0.0) /* infinite where nothing is left */
            run->metrics[ESPALIER_STUDY_FLOP_RATIO] =
                other->metrics[ESPALIER_STUDY_FLOPS] / run->metrics[ESPALIER_STUDY_FLOPS];
    }
}

static espalier_status estimate(espalier_study_results *results, espalier_error *error)
{
    double *values = memory_array(results->allocator, results->run_count, sizeof *values);
    if (!values)
        return error_memory(error);
    for (size_t g = 0; g < results->group_count; g++) {
        espalier_study_group *group = &results->groups[g];
        for (int m = 0; m < ESPALIER_STUDY_METRIC_COUNT; m++) {
            for (size_t i = 0; i < group->run_count; i++)
                values[i] = results->runs[group->first + i].metrics[m];
            group->metrics[m] = statistics_estimate(values, group->run_count);
        }
    }
    memory_release(results->allocator, values);
    return ESPALIER_OK;
}

espalier_status espalier_study_compare(const espalier_study_results *results, size_t a, size_t b,
                                       espalier_study_metric metric, espalier_paired *paired,
                                       espalier_error *error)
{
    if (a >= results->group_count || b >= results->group_count ||
        (unsigned)metric >= ESPALIER_STUDY_METRIC_COUNT)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "expected groups below %zu and a metric below %d, found %zu, %zu and %d",
                         results->group_count, (int)ESPALIER_STUDY_METRIC_COUNT, a, b, (int)metric);
    const espalier_study_group *left = &results->groups[a], *right = &results->groups[b];
    const size_t count = left->run_count;
    double *values = memory_array(results->allocator, 3 * count, sizeof *values);
    if (!values)
        return error_memory(error);
    for (size_t i = 0; i < count; i++) {
        const espalier_study_result *run = &results->runs[left->first + i];
        const espalier_study_result *other = with_seed(results, right, run->seed);
        values[i] = run->metrics[metric];
        values[count + i] = other ? other->metrics[metric] : NAN;
    }
    *paired = statistics_paired(values, values + count, count, values + 2 * count);
    memory_release(results->allocator, values);
    return ESPALIER_OK;
}

void espalier_study_correct(const double *p, size_t count, double *corrected)
{
    statistics_holm(p, count, corrected);
}

/* The magnitude runs that a group is set against: equal but for the criterion, and for the
 * counting, which magnitude has none of. The group's own index if there are none. */
static size_t baseline_of(const espalier_study_results *results, size_t g)
{
    const espalier_study_setting *s = &results->groups[g].setting;
    for (size_t i = 0; i < results->group_count && s->criterion[0]; i++) {
        const espalier_study_setting *other = &results->groups[i].setting;
        if (strcmp(other->method, "prune") == 0 && strcmp(other->criterion, "magnitude") == 0 &&
            strcmp(other->scope, s->scope) == 0 && other->steps == s->steps &&
            compare_targets(other->target, s->target) == 0)
            return i;
    }
    return g;
}

static espalier_status compare_with_magnitude(espalier_study_results *results,
                                              espalier_error *error)
{
    const size_t count = results->group_count;
    double *p = memory_array(results->allocator, 2 * count, sizeof *p);
    espalier_status status = p ? ESPALIER_OK : error_memory(error);
    for (size_t g = 0; status == ESPALIER_OK && g < count; g++) {
        espalier_paired *paired = &results->groups[g].against_magnitude;
        const size_t baseline = baseline_of(results, g);
        *paired = (espalier_paired){{0, NAN, NAN, NAN}, NAN, NAN};
        if (baseline != g)
            status = espalier_study_compare(results, g, baseline, ESPALIER_STUDY_TEST_ACCURACY,
                                            paired, error);
        p[g] = paired->p;
    }
    if (status == ESPALIER_OK) {
        results->comparisons = statistics_holm(p, count, p + count);
        for (size_t g = 0; g < count; g++)
            results->groups[g].against_magnitude.p_holm = p[count + g];
    }
    memory_release(results->allocator, p);
    return status;
}

espalier_status summary_group(espalier_study_results *results, espalier_error *error)
{
    espalier_status status = make_groups(results, error);
    if (status != ESPALIER_OK)
        return status;
    compare_with_dense(results);
    status = estimate(results, error);
    return status ? status : compare_with_magnitude(results, error);
}
