/* What pruning does to the singular values, beside what a penalty on their sum does. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/stream.h"
#include "report/plot.h"
#include "report/run_folder.h"
#include "report/study_page.h"
#include "report/value.h"

enum { PROFILES_MOST = 7, STEPS_MOST = 32, LAYERS_SHOWN = 6 };

/* A group's singular values, averaged over its runs. */
typedef struct profile {
    const espalier_study_group *group;
    char label[112];
    size_t runs;                     /* with spectra */
    double *sums;                    /* [layers][most]: of the singular values at the end */
    double after_before[STEPS_MOST]; /* sums over runs and hidden layers: nuclear norm after a */
    size_t pairs[STEPS_MOST];        /* pruning step over before it, and their number */
} profile;

typedef struct shrinkage {
    profile profiles[PROFILES_MOST]; /* dense first */
    size_t count, layers, most;      /* hidden layers; singular values of the widest */
    size_t left_out, steps;          /* groups without a place; pruning steps of a run at most */
} shrinkage;

/* ---- which groups ------------------------------------------------------- */

static void add_profile(shrinkage *s, const espalier_study_group *group)
{
    profile *p = &s->profiles[s->count];
    char label[80];
    if (!group || group->done == 0)
        return;
    if (s->count == PROFILES_MOST) {
        s->left_out++;
        return;
    }
    s->count++;
    p->group = group;
    espalier_study_label(&group->setting, label, sizeof label);
    if (group->setting.criterion[0])
        snprintf(p->label, sizeof p->label, "%s %.6g %%", label, 100 * group->setting.target);
    else
        snprintf(p->label, sizeof p->label, "%s%s", label,
                 !group->idle                  ? ""
                 : group->idle == group->done ? " (never on)"
                                              : " (not always on)");
}

static bool is_regularised(const espalier_study_group *group)
{
    return strncmp(group->setting.method, "nuclear", 7) == 0;
}

/* Dense, the pruned groups of the first facet at the middle one of its targets, and the
 * regularised ones, of which two places are kept free. */
static void choose(const study_view *v, shrinkage *s)
{
    const espalier_study_results *results = v->results;
    double target = NAN;
    add_profile(s, v->dense);
    for (size_t l = 0; v->facet_count > 0 && l < v->line_count; l++) {
        const study_line *line = &v->lines[l];
        if (!study_is(line, "prune") || !study_in_facet(line, &v->facets[0]))
            continue;
        if (isnan(target))
            target = results->groups[line->first + line->count / 2].setting.target;
        const espalier_study_group *group = study_at(v, line, target);
        if (s->count + 2 < PROFILES_MOST)
            add_profile(s, group);
        else
            s->left_out += group && group->done > 0;
    }
    for (size_t g = 0; g < results->group_count; g++) {
        if (is_regularised(&results->groups[g]))
            add_profile(s, &results->groups[g]);
    }
}

static void find_shape(const study_view *v, shrinkage *s)
{
    for (size_t i = 0; i < v->dense->run_count; i++) {
        const espalier_study_result *run = &v->results->runs[v->dense->first + i];
        if (run->failed || run->layer_count < 2)
            continue;
        s->layers = run->layer_count - 1;
        for (size_t l = 0; l < s->layers; l++) {
            const espalier_study_layer *layer = &run->layers[l];
            const size_t count = layer->inputs < layer->outputs ? layer->inputs : layer->outputs;
            s->most = count > s->most ? count : s->most;
        }
        return;
    }
}

/* ---- reading the records ------------------------------------------------ */

static void add_values(const shrinkage *s, profile *p, const json_t *event)
{
    const json_t *layers = json_object_get(event, "layers");
    for (size_t l = 0; l < s->layers; l++) {
        const json_t *layer = json_array_get(layers, l);
        for (size_t i = 0; i < json_list_size(layer, "singular_values") && i < s->most; i++)
            p->sums[l * s->most + i] += json_list_number(layer, "singular_values", i);
    }
}

static void add_ratios(shrinkage *s, profile *p, const json_t *before, const json_t *after)
{
    const size_t step = json_size_at(after, "step");
    s->steps = step + 1 > s->steps ? step + 1 : s->steps;
    for (size_t l = 0; step < STEPS_MOST && l < s->layers; l++) {
        const double ratio =
            json_number_at(json_array_get(json_object_get(after, "layers"), l), "nuclear") /
            json_number_at(json_array_get(json_object_get(before, "layers"), l), "nuclear");
        if (!isfinite(ratio))
            continue;
        p->after_before[step] += ratio;
        p->pairs[step]++;
    }
}

static void add_spectra(shrinkage *s, profile *p, const json_t *spectra)
{
    const json_t *before = NULL;
    for (size_t i = 0; i < json_array_size(spectra); i++) {
        const json_t *event = json_array_get(spectra, i);
        const char *when = json_text_at(event, "when");
        if (when && strcmp(when, "before") == 0)
            before = event;
        if (when && strcmp(when, "after") == 0 && before)
            add_ratios(s, p, before, event);
        if (when && strcmp(when, "end") == 0) {
            add_values(s, p, event);
            p->runs++;
        }
    }
}

static espalier_status read_run(const report *r, const char *name, json_t **record,
                                espalier_error *error)
{
    char file[160];
    snprintf(file, sizeof file, "runs/%s.json", name);
    char *path = stream_join(r->allocator, r->folder, file);
    if (!path)
        return error_memory(error);
    espalier_status status = value_read(path, r->allocator, record, error);
    memory_release(r->allocator, path);
    return status;
}

static espalier_status read_profile(const report *r, const study_view *v, shrinkage *s, profile *p,
                                    espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    p->sums = memory_array(r->allocator, s->layers * s->most, sizeof *p->sums);
    if (!p->sums)
        return error_memory(error);
    for (size_t i = 0; status == ESPALIER_OK && i < p->group->run_count; i++) {
        const espalier_study_result *run = &v->results->runs[p->group->first + i];
        json_t *record = NULL;
        if (!run->failed)
            status = read_run(r, run->name, &record, error);
        add_spectra(s, p, json_object_get(record, "spectra"));
        json_decref(record);
    }
    return status;
}

/* ---- the plots ---------------------------------------------------------- */

static double mean_value(const shrinkage *s, const profile *p, size_t layer, size_t i)
{
    return p->runs ? p->sums[layer * s->most + i] / (double)p->runs : NAN;
}

static size_t values_in(const shrinkage *s, size_t layer)
{
    size_t count = s->most;
    while (count > 0 && !(s->profiles[0].sums[layer * s->most + count - 1] > 0))
        count--;
    return count;
}

static espalier_status layer_plot(report *r, const study_view *v, const shrinkage *s, size_t layer,
                                  espalier_error *error)
{
    char name[64], title[96];
    plot p;
    snprintf(name, sizeof name, "shrinkage-layer-%zu", layer);
    snprintf(title, sizeof title, "Layer %zu: singular values over the dense network's", layer);
    plot_begin(&p, r, name, PLOT_HALF + 40, title);
    text_print(&p.csv, "index");
    for (size_t k = 0; k < s->count; k++)
        text_print(&p.csv, ",%s", s->profiles[k].label);
    text_print(&p.csv, "\n");
    for (size_t i = 0; i < values_in(s, layer); i++) {
        text_print(&p.csv, "%zu", i + 1);
        for (size_t k = 0; k < s->count; k++) {
            text_print(&p.csv, ",");
            text_number(&p.csv, mean_value(s, &s->profiles[k], layer, i));
        }
        text_print(&p.csv, "\n");
    }
    study_key(&p.script);
    text_print(&p.script, "set xlabel 'index'\nset ylabel 'ratio'\nset yrange [0:*]\n"
                          "plot 1 with lines lt 7 title 'dense'");
    for (size_t k = 1; k < s->count; k++) {
        if (s->profiles[k].runs == 0)
            continue;
        text_print(&p.script,
                   ", \\\n     name.'.csv' using 1:(column(%zu)/column(2)) with lines "
                   "lt %zu title ",
                   k + 2, study_line_type(k));
        text_gnuplot(&p.script, s->profiles[k].label);
    }
    text_print(&p.script, "\n");
    return plot_end(&p, error, "%s",
                    layer > 0      ? ""
                    : v->seeds > 1 ? "The i-th largest value, mean over the seeds, over that of "
                                     "the dense networks after as "
                                     "many epochs. A zero: beyond the rank."
                                   : "The i-th largest value over that of the dense network of the "
                                     "same seed. A zero: beyond "
                                     "the rank.");
}

static espalier_status plots(report *r, const study_view *v, const shrinkage *s,
                             espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    page_figures_begin(&r->page);
    for (size_t l = 0; status == ESPALIER_OK && l < s->layers && l < LAYERS_SHOWN; l++)
        status = layer_plot(r, v, s, l, error);
    page_figures_end(&r->page);
    return status;
}

/* ---- the tables --------------------------------------------------------- */

/* Mean over the seeds of a layer's nuclear norm over that of the dense network. */
static double nuclear_ratio(const study_view *v, const espalier_study_group *group, size_t layer)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < group->run_count; i++) {
        const espalier_study_result *run = &v->results->runs[group->first + i];
        for (size_t d = 0; d < v->dense->run_count; d++) {
            const espalier_study_result *dense = &v->results->runs[v->dense->first + d];
            if (dense->seed != run->seed || layer >= run->layer_count ||
                layer >= dense->layer_count)
                continue;
            sum += run->layers[layer].nuclear / dense->layers[layer].nuclear;
            count++;
        }
    }
    return count ? sum / (double)count : NAN;
}

/* What is left of a quarter of the dense network's singular values, mean over the hidden
 * layers: of the largest or of the smallest that are not zero. NaN without spectra. */
static double quarter_ratio(const shrinkage *s, const profile *p, bool largest)
{
    double sum = 0;
    for (size_t l = 0; l < s->layers; l++) {
        const size_t count = values_in(s, l), quarter = (count + 3) / 4;
        const size_t first = largest ? 0 : count - quarter;
        double ours = 0, dense = 0;
        for (size_t i = first; i < first + quarter; i++) {
            ours += mean_value(s, p, l, i);
            dense += mean_value(s, &s->profiles[0], l, i);
        }
        sum += ours / dense;
    }
    return sum / (double)s->layers;
}

static void say_shape(report *r, const shrinkage *s)
{
    text words = {.allocator = r->allocator};
    for (size_t k = 1; k < s->count; k++) {
        const double large = quarter_ratio(s, &s->profiles[k], true);
        const double small = quarter_ratio(s, &s->profiles[k], false);
        if (isfinite(large) && isfinite(small))
            text_print(&words, "%s `%s` %.0f and %.0f %%", words.length ? ";" : "",
                       s->profiles[k].label, 100 * large, 100 * small);
    }
    if (words.length)
        page_words(&r->page,
                   "What is left of the largest and of the smallest quarter of a layer's "
                   "singular values, mean over the hidden layers:%s. A penalty takes more "
                   "of the second than of the first.",
                   text_content(&words));
    r->page.body.failed |= words.failed;
    text_clear(&words);
}

static void sums_table(report *r, const study_view *v, const shrinkage *s)
{
    page_table_begin(&r->page, "Sum of the singular values, in % of the dense network's");
    page_column(&r->page, false, "method");
    for (size_t l = 0; l < s->layers; l++)
        page_column(&r->page, true, "layer %zu", l);
    page_column(&r->page, true, "test accuracy, %%");
    for (size_t k = 1; k < s->count; k++) {
        const espalier_study_group *group = s->profiles[k].group;
        char number[STUDY_NUMBER];
        page_cell(&r->page, "%s", s->profiles[k].label);
        for (size_t l = 0; l < s->layers; l++)
            page_cell_number(&r->page, 100 * nuclear_ratio(v, group, l), 1);
        page_cell(&r->page, "%s",
                  study_percent(number, &group->metrics[ESPALIER_STUDY_TEST_ACCURACY]));
    }
    page_table_end(&r->page);
}

static size_t step_count(const shrinkage *s)
{
    size_t steps = 0;
    for (size_t k = 0; k < s->count; k++) {
        for (size_t step = steps; step < STEPS_MOST; step++)
            steps = s->profiles[k].pairs[step] ? step + 1 : steps;
    }
    return steps;
}

static void steps_table(report *r, const shrinkage *s)
{
    const size_t steps = step_count(s);
    if (steps == 0)
        return;
    page_table_begin(&r->page,
                     "What each pruning step leaves of the sum of the singular values, in "
                     "% (mean over hidden layers and seeds)");
    page_column(&r->page, false, "method");
    for (size_t step = 0; step < steps; step++)
        page_column(&r->page, true, "step %zu", step + 1);
    for (size_t k = 1; k < s->count; k++) {
        const profile *p = &s->profiles[k];
        if (p->pairs[0] == 0)
            continue;
        page_cell(&r->page, "%s", p->label);
        for (size_t step = 0; step < steps; step++)
            page_cell_number(
                &r->page,
                p->pairs[step] ? 100 * p->after_before[step] / (double)p->pairs[step] : NAN, 1);
    }
    page_table_end(&r->page);
}

/* ---- the section -------------------------------------------------------- */

static void explain(report *r, const shrinkage *s)
{
    bool regularised = false;
    for (size_t k = 0; k < s->count; k++)
        regularised = regularised || is_regularised(s->profiles[k].group);
    page_words(
        &r->page,
        "A penalty on the sum of the singular values takes the same amount from every one: the "
        "small ones vanish, the large ones hardly notice, and the ratio to the dense network "
        "falls towards the right. Pruning is like such a penalty where its curve has that "
        "shape, too; a curve that is low everywhere says that all were scaled down.");
    if (!regularised)
        page_note(&r->page, "This study has no regularised runs to compare with: `--nuclear` and "
                            "`--nuclear-weighted` add them.");
}

static espalier_status fill(report *r, const study_view *v, shrinkage *s, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    size_t with_spectra = 0;
    for (size_t k = 0; status == ESPALIER_OK && k < s->count; k++) {
        status = read_profile(r, v, s, &s->profiles[k], error);
        with_spectra += k > 0 && s->profiles[k].runs > 0;
    }
    if (status != ESPALIER_OK)
        return status;
    page_section(&r->page, "shrinkage", "Shrinkage of the singular values");
    explain(r, s);
    if (s->profiles[0].runs > 0 && with_spectra > 0) {
        say_shape(r, s);
        status = plots(r, v, s, error);
    } else {
        page_note(&r->page,
                  "The runs of this study kept no spectra, so there are sums but no curves: "
                  "`--spectra` keeps them.");
    }
    if (s->left_out)
        page_note(&r->page, "%zu more group%s of runs had no place here; `runs/NAME.json` has the singular "
                            "values of each run.", s->left_out, s->left_out == 1 ? "" : "s");
    sums_table(r, v, s);
    steps_table(r, s);
    if (s->steps > STEPS_MOST)
        page_note(&r->page, "The first %d of %zu steps.", STEPS_MOST, s->steps);
    return status;
}

espalier_status study_spectra(report *r, const study_view *v, espalier_error *error)
{
    shrinkage s = {.count = 0};
    if (!v->dense)
        return ESPALIER_OK;
    choose(v, &s);
    find_shape(v, &s);
    if (s.count < 2 || s.layers == 0)
        return ESPALIER_OK;
    espalier_status status = fill(r, v, &s, error);
    for (size_t k = 0; k < s.count; k++)
        memory_release(r->allocator, s.profiles[k].sums);
    return status;
}
