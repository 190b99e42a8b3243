/* The page of a study: reads its results, puts them into lines and facets, lets the parts
 * write. What a part shows is in its study_*.c. */
#include "report/study_page.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/stream.h"
#include "report/run_folder.h"
#include "report/value.h"

/* ---- lines and facets --------------------------------------------------- */

static bool one_line(const espalier_study_setting *a, const espalier_study_setting *b)
{
    return a->criterion[0] && strcmp(a->method, b->method) == 0 &&
           strcmp(a->criterion, b->criterion) == 0 && strcmp(a->scope, b->scope) == 0 &&
           a->steps == b->steps && strcmp(a->count, b->count) == 0;
}

static void find_lines(study_view *v)
{
    for (size_t g = 0; g < v->results->group_count; g++) {
        const espalier_study_group *group = &v->results->groups[g];
        study_line *last = v->line_count ? &v->lines[v->line_count - 1] : NULL;
        v->seeds = group->done > v->seeds ? group->done : v->seeds;
        v->tested = v->tested || group->metrics[ESPALIER_STUDY_TEST_ACCURACY].count > 0;
        if (strcmp(group->setting.method, "dense") == 0 && group->done > 0)
            v->dense = group;
        if (last && one_line(last->setting, &group->setting)) {
            last->count++;
            continue;
        }
        last = &v->lines[v->line_count++];
        *last = (study_line){.first = g, .count = 1, .setting = &group->setting};
        espalier_study_label(last->setting, last->label, sizeof last->label);
    }
}

static bool covered(const study_view *v, const espalier_study_setting *s)
{
    for (size_t i = 0; i < v->facet_count; i++) {
        const study_facet *f = &v->facets[i];
        if (strcmp(f->scope, s->scope) == 0 && f->steps == s->steps &&
            (!s->count[0] || strcmp(f->count, s->count) == 0))
            return true;
    }
    return false;
}

static void add_facet(study_view *v, const espalier_study_setting *s)
{
    study_facet *f = &v->facets[v->facet_count++];
    char counting[48] = "", steps[96];
    if (s->count[0])
        snprintf(counting, sizeof counting, ", counting `%s`", s->count);
    *f = (study_facet){.scope = s->scope, .count = s->count, .steps = s->steps};
    snprintf(f->label, sizeof f->label, "scope `%s`, %s%s", s->scope,
             espalier_study_steps_label(v->results, s, steps, sizeof steps), counting);
}

/* Those that read counts first: the others stand in their facets. */
static void find_facets(study_view *v)
{
    for (int counting = 1; counting >= 0; counting--) {
        for (size_t i = 0; i < v->line_count; i++) {
            const espalier_study_setting *s = v->lines[i].setting;
            if (study_is(&v->lines[i], "prune") && (s->count[0] != '\0') == counting &&
                !covered(v, s))
                add_facet(v, s);
        }
    }
}

/* ---- the heading -------------------------------------------------------- */

static void add_widths(text *t, const json_t *study)
{
    const json_t *data = json_object_get(study, "data");
    const json_t *options = json_object_get(study, "options");
    const size_t classes = json_array_size(json_object_get(data, "classes"));
    if (json_size_at(data, "inputs") == 0 || classes == 0)
        return;
    text_print(t, ", %zu", json_size_at(data, "inputs"));
    for (size_t i = 0; i < json_list_size(options, "hidden"); i++)
        text_print(t, "-%.0f", json_list_number(options, "hidden", i));
    text_print(t, "-%zu", classes);
}

/* The data's name: a text, or a text within the source. */
static const char *data_name(const json_t *study)
{
    const json_t *source = json_object_get(json_object_get(study, "data"), "source");
    const char *name =
        json_is_string(source) ? json_string_value(source) : json_text_at(source, "data");
    return name ? name : json_text_at(source, "name");
}

static void heading(report *r, const study_view *v, const json_t *study)
{
    const char *data = data_name(study);
    const json_t *machine = json_object_get(study, "machine");
    const json_t *options = json_object_get(study, "options");
    const char *processor = json_text_at(machine, "processor");
    text title = {.allocator = r->allocator}, lead = title;
    text_print(&title, "Study%s%s", data ? " on " : "", data ? data : "");
    add_widths(&title, study);
    text_print(&lead,
               "%zu run%s in %zu groups that differ by method or target, up to %zu seed%s "
               "each.",
               v->results->run_count, v->results->run_count == 1 ? "" : "s",
               v->results->group_count, v->seeds, v->seeds == 1 ? "" : "s");
    if (json_size_at(options, "epochs"))
        text_print(&lead, " At most %zu epochs, batches of %zu, learning rate %.6g.",
                   json_size_at(options, "epochs"), json_size_at(options, "batch"),
                   json_number_at(options, "lr"));
    if (v->facet_count == 1)
        text_print(&lead, " Pruned runs: %s.", v->facets[0].label);
    if (v->results->of_prunable)
        text_print(&lead, " Targets are of the prunable weights, those of the hidden layers.");
    if (processor)
        text_print(&lead, " Timed on %s.", processor);
    page_title(&r->page, text_content(&title), "%s", text_content(&lead));
    r->page.body.failed |= title.failed || lead.failed;
    text_clear(&title);
    text_clear(&lead);
}

static void numbers(report *r, const study_view *v)
{
    size_t done = 0, failed = 0, missed = 0;
    char number[STUDY_NUMBER];
    for (size_t g = 0; g < v->results->group_count; g++) {
        done += v->results->groups[g].done;
        failed += v->results->groups[g].failed;
        missed += v->results->groups[g].missed;
    }
    page_numbers_begin(&r->page);
    snprintf(number, sizeof number, "%zu", done);
    page_number(&r->page, "Runs done", NULL, number);
    snprintf(number, sizeof number, "%zu / %zu", failed, missed);
    page_number(&r->page, "Failed / short of their target", NULL, number);
    if (v->results->planned) {
        snprintf(number, sizeof number, "%zu", v->results->planned);
        page_number(&r->page, "Not run yet", NULL, number);
    }
    if (v->dense) {
        char label[64];
        snprintf(label, sizeof label, "Dense network, test accuracy in %% (%zu seed%s)",
                 v->dense->done, v->dense->done == 1 ? "" : "s");
        if (v->tested)
            page_number(&r->page, label, NULL,
                        study_percent(number, &v->dense->metrics[ESPALIER_STUDY_TEST_ACCURACY]));
        if (v->dense->metrics[ESPALIER_STUDY_NANOSECONDS].count) {
            snprintf(number, sizeof number, "%.2f µs",
                     v->dense->metrics[ESPALIER_STUDY_NANOSECONDS].mean / 1000);
            page_number(&r->page, "Dense network, one prediction", NULL, number);
        }
    }
    page_numbers_end(&r->page);
}

/* ---- the page ----------------------------------------------------------- */

static espalier_status read_study(const report *r, json_t **study, espalier_error *error)
{
    char *path = stream_join(r->allocator, r->folder, "study.json");
    if (!path)
        return error_memory(error);
    espalier_status status = value_read(path, r->allocator, study, error);
    memory_release(r->allocator, path);
    return status;
}

static espalier_status write_parts(report *r, const study_view *v, espalier_error *error)
{
    static const struct {
        study_part *write;
        bool accuracy; /* it has nothing to say without test accuracies */
    } parts[] = {{study_findings, false}, {study_curves, true},    {study_time, true},
                 {study_ranks, false},    {study_low_rank, true},  {study_spectra, false},
                 {study_table, false},    {study_amiss, false}};
    json_t *study = NULL;
    espalier_status status = read_study(r, &study, error);
    if (status != ESPALIER_OK)
        return status;
    heading(r, v, study);
    json_decref(study);
    numbers(r, v);
    for (size_t i = 0; status == ESPALIER_OK && i < sizeof parts / sizeof *parts; i++)
        status = v->tested || !parts[i].accuracy ? parts[i].write(r, v, error) : ESPALIER_OK;
    page_words(&r->page,
               "Made by espalier %s. The numbers, scripts and pictures of the plots are in "
               "the folder `plots`; `gnuplot NAME.gp` there draws one anew. All means, "
               "also as LaTeX and Markdown: `summary.csv`, `summary.tex`, `summary.md`; "
               "each run: `runs.csv`.",
               espalier_version());
    return status;
}

espalier_status study_page_write(report *r, espalier_error *error)
{
    espalier_study_results *results = NULL;
    espalier_status status = espalier_study_results_read(r->folder, r->allocator, &results, error);
    if (status != ESPALIER_OK)
        return status;
    study_view v = {.results = results};
    v.lines = memory_array(r->allocator, results->group_count, sizeof *v.lines);
    v.facets = memory_array(r->allocator, results->group_count, sizeof *v.facets);
    if (v.lines && v.facets) {
        find_lines(&v);
        find_facets(&v);
        status = write_parts(r, &v, error);
    } else {
        status = error_memory(error);
    }
    memory_release(r->allocator, v.facets);
    memory_release(r->allocator, v.lines);
    espalier_study_results_destroy(results);
    return status;
}
