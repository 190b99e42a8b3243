/* A study's groups as lines and facets, and how their numbers are worded. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/study_page.h"

bool study_is(const study_line *line, const char *method)
{
    return !method || strcmp(line->setting->method, method) == 0;
}

bool study_is_any(const study_line *line, const char *const *methods, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (study_is(line, methods[i]))
            return true;
    }
    return false;
}

bool study_in_facet(const study_line *line, const study_facet *facet)
{
    const espalier_study_setting *s = line->setting;
    return s->criterion[0] && strcmp(s->scope, facet->scope) == 0 && s->steps == facet->steps &&
           (!s->count[0] || strcmp(s->count, facet->count) == 0);
}

const study_line *study_sibling(const study_view *v, const study_line *line, const char *method)
{
    for (size_t i = 0; i < v->line_count; i++) {
        const espalier_study_setting *a = v->lines[i].setting, *b = line->setting;
        if (strcmp(a->method, method) == 0 && strcmp(a->criterion, b->criterion) == 0 &&
            strcmp(a->scope, b->scope) == 0 && a->steps == b->steps &&
            strcmp(a->count, b->count) == 0)
            return &v->lines[i];
    }
    return NULL;
}

const espalier_study_group *study_at(const study_view *v, const study_line *line, double target)
{
    for (size_t i = 0; line && i < line->count; i++) {
        const espalier_study_group *group = &v->results->groups[line->first + i];
        if (fabs(group->setting.target - target) <= 1e-9)
            return group;
    }
    return NULL;
}

const study_line *study_random(const study_view *v, const study_facet *facet)
{
    for (size_t l = 0; l < v->line_count; l++) {
        if (study_is(&v->lines[l], "prune") && study_in_facet(&v->lines[l], facet) &&
            strcmp(v->lines[l].setting->criterion, "random") == 0)
            return &v->lines[l];
    }
    return NULL;
}

char *study_percent(char *out, const espalier_estimate *e)
{
    if (e->count == 0)
        snprintf(out, STUDY_NUMBER, "–");
    else if (isnan(e->ci95))
        snprintf(out, STUDY_NUMBER, "%.2f", 100 * e->mean);
    else
        snprintf(out, STUDY_NUMBER, "%.2f ± %.2f", 100 * e->mean, 100 * e->ci95);
    return out;
}

char *study_points(char *out, const espalier_estimate *e)
{
    const char *sign = e->mean < 0 ? "−" : "+";
    if (e->count == 0)
        snprintf(out, STUDY_NUMBER, "–");
    else if (isnan(e->ci95))
        snprintf(out, STUDY_NUMBER, "%s%.2f", sign, fabs(100 * e->mean));
    else
        snprintf(out, STUDY_NUMBER, "%s%.2f ± %.2f", sign, fabs(100 * e->mean), 100 * e->ci95);
    return out;
}

char *study_p(char *out, double p)
{
    if (isnan(p))
        snprintf(out, STUDY_NUMBER, "–");
    else if (p < 0.001)
        snprintf(out, STUDY_NUMBER, "< 0.001");
    else
        snprintf(out, STUDY_NUMBER, "%.3f", p);
    return out;
}

char *study_name(char *name, const char *stem, size_t facet)
{
    if (facet == 0)
        snprintf(name, 64, "%s", stem);
    else
        snprintf(name, 64, "%s-%zu", stem, facet + 1);
    return name;
}

/* ---- scripts ------------------------------------------------------------ */

void study_key(text *script)
{
    text_print(script, "set key above left Left reverse samplen 2.5 maxcols 3 font ',13'\n");
}

void study_bars(text *script, const char *x, size_t mean, double factor, size_t lt)
{
    text_print(script,
               ", \\\n     '' using %s:(exists('least') && %g*column(%zu)<least ? NaN : "
               "%g*(column(%zu)-column(%zu))):(0):(%g*column(%zu)) with "
               "vectors nohead lt %zu dt 1 lw 1.5 notitle",
               x, factor, mean, factor, mean, mean + 1, 2 * factor, mean + 1, lt);
}

size_t study_line_type(size_t place)
{
    return place < 7 ? place : place + 1;
}

void study_fold_begin(report *r, const study_view *v, size_t facet)
{
    if (facet > 0)
        page_details_begin(&r->page, "The same for %s", v->facets[facet].label);
    else if (v->facet_count > 1)
        page_words(&r->page, "Here for %s.", v->facets[facet].label);
}

void study_fold_end(report *r, size_t facet)
{
    if (facet > 0)
        page_details_end(&r->page);
}
