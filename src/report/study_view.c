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

void study_widen(study_range *range, double x)
{
    if (!isfinite(x) || x <= 0)
        return;
    range->low = range->high > 0 ? fmin(range->low, x) : x;
    range->high = fmax(range->high, x);
}

/* A little air on both sides: points and their bars shall not stand on the frame. */
static const double air = 1.08;

/* Tics at the targets of the study, as far as they have place. */
void study_kept_axis(const study_view *v, study_range range, text *script)
{
    enum { TICS_MOST = 24 };
    double tics[TICS_MOST];
    size_t count = 0;
    text_print(script, "set logscale x\nset xrange [%.6g:%.6g]\nset xtics (", range.high * air,
               range.low / air);
    for (size_t g = 0; g < v->results->group_count && count < TICS_MOST; g++) {
        const espalier_study_setting *s = &v->results->groups[g].setting;
        bool known = !s->criterion[0] || !(s->target > 0 && s->target < 1);
        for (size_t i = 0; !known && i < count; i++)
            known = fabs(tics[i] - s->target) <= 1e-9;
        if (known)
            continue;
        tics[count] = s->target;
        text_print(script, "%s'%.4g' %.9g", count ? ", " : "", 100 * s->target, 1 - s->target);
        count++;
    }
    text_print(script, ")\n");
}

/* 1, 2, 5, 10 …: autoscaled logarithmic axes of less than a decade have hardly a tic. */
void study_log_axis(study_range range, text *script)
{
    const int first = (int)floor(log10(range.low)), last = (int)ceil(log10(range.high));
    text_print(script, "set logscale x\nset xrange [%.6g:%.6g]\nset xtics (", range.low / air,
               range.high * air);
    for (int decade = first; decade <= last; decade++)
        text_print(script, "%s1e%d, 2e%d, 5e%d", decade > first ? ", " : "", decade, decade,
                   decade);
    text_print(script, ")\n");
}

/* An interval of three runs can be wider than all means are apart: the means set the range. */
void study_accuracy_range(text *script, double least, double most, bool cut)
{
    const double beside = 0.15 * (most - least) + 0.003;
    text_print(script, "set yrange [%.6g:%.6g]\n", 100 * fmax(0, cut ? least : least - beside),
               100 * fmin(1, most + beside));
}

void study_bars(text *script, const char *x, size_t mean, double factor, size_t lt)
{
    text_print(script,
               ", \\\n     '' using %s:(%g*(column(%zu)-column(%zu))):(0):(%g*column(%zu)) with "
               "vectors nohead lt %zu dt 1 lw 1.5 notitle",
               x, factor, mean, mean + 1, 2 * factor, mean + 1, lt);
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
