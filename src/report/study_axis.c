/* The axes of a study's plots: what they span, and where they have tics. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/study_page.h"

/* ---- logarithmic x axes ------------------------------------------------- */

void study_widen(study_range *range, double x)
{
    if (!isfinite(x))
        return;
    if (x <= 0) {
        range->outside++;
        return;
    }
    range->low = range->high > 0 ? fmin(range->low, x) : x;
    range->high = fmax(range->high, x);
}

/* A little air on both sides: points and their bars shall not stand on the frame. */
static const double air = 1.08;

/* How wide a plot is between its margins, and a digit of its labels; pixels. */
static const double plot_width = 400, digit_width = 8.5;

enum { TICS_MOST = 9, LABEL = 16 };

typedef struct tics {
    double low, high; /* of the axis */
    size_t count;
    double at[TICS_MOST];
    char labels[TICS_MOST][LABEL];
} tics;

typedef char *label_of(double x, char label[LABEL]);

/* "950", "1.5k", "2M". */
static char *amount_label(double x, char label[LABEL])
{
    static const char *const prefixes[] = {"", "k", "M", "G", "T"};
    size_t k = 0;
    for (; x >= 999.95 && k < 4; k++)
        x /= 1000;
    snprintf(label, LABEL, "%.4g%s", x, prefixes[k]);
    return label;
}

/* An axis of what is kept names what is gone, in percent. */
static char *sparsity_label(double kept, char label[LABEL])
{
    snprintf(label, LABEL, "%.6g", 100 * (1 - kept));
    return label;
}

/* False if it has no place: too near to another one, or too many. What lies outside has none
 * either, but is no fault. */
static bool add_tic(tics *t, double x, label_of *label)
{
    const double across = plot_width / log(t->high / t->low);
    char *words = t->labels[t->count < TICS_MOST ? t->count : 0], new[LABEL];
    if (x < t->low || x > t->high)
        return true;
    label(x, new);
    for (size_t i = 0; i < t->count; i++) {
        const double width = digit_width * (double)(strlen(new) + strlen(t->labels[i])) / 2;
        if (fabs(log(x / t->at[i])) * across < width + digit_width)
            return false;
    }
    if (t->count == TICS_MOST)
        return false;
    memcpy(words, new, LABEL);
    t->at[t->count++] = x;
    return true;
}

/* The powers of ten, and these times 2 and 5 if `finer`. */
static bool add_decades(tics *t, bool finer, label_of *label)
{
    bool ok = true;
    for (int d = (int)floor(log10(t->low)); ok && d <= (int)ceil(log10(t->high)); d++) {
        for (int k = 1; ok && k <= (finer ? 5 : 1); k = k == 2 ? 5 : 2 * k)
            ok = add_tic(t, k * pow(10, d), label);
    }
    return ok;
}

static bool add_multiples(tics *t, double step, label_of *label)
{
    bool ok = true;
    for (double k = ceil(t->low / step); ok && k * step <= t->high; k++)
        ok = add_tic(t, k * step, label);
    return ok;
}

/* Of the regular ways to set tics the one that sets the most without crowding. An axis spans at
 * least air^2, so that there are always two. */
static void fill(tics *t, label_of *label)
{
    static const double units[] = {5, 2, 1};
    t->count = 0;
    const tics begun = *t;
    tics best = *t;
    for (int finer = 1; finer >= 0; finer--) {
        tics next = begun;
        if (add_decades(&next, finer, label) && next.count > best.count)
            best = next;
    }
    const int top = (int)ceil(log10(t->high));
    for (int i = 0; i < 4 * 3; i++) { /* beyond the fourth decimal all are crowded */
        tics next = begun;
        if (add_multiples(&next, units[i % 3] * pow(10, top - i / 3), label) &&
            next.count > best.count)
            best = next;
    }
    *t = best;
}

static void print_tics(const tics *t, text *script)
{
    text_print(script, "set xtics (");
    for (size_t i = 0; i < t->count; i++)
        text_print(script, "%s'%s' %.9g", i ? ", " : "", t->labels[i], t->at[i]);
    text_print(script, ")\n");
}

static tics make_tics(study_range range)
{
    return range.high > 0 ? (tics){.low = range.low / air, .high = range.high * air}
                          : (tics){.low = 0.1, .high = 1};
}

/* Tics at the targets of the study, as far as they have place; others where there are not two. */
void study_kept_axis(const study_view *v, study_range range, text *script)
{
    tics t = make_tics(range);
    for (size_t g = 0; g < v->results->group_count; g++) {
        const espalier_study_setting *s = &v->results->groups[g].setting;
        if (s->criterion[0] && s->target > 0 && s->target < 1)
            add_tic(&t, 1 - s->target, sparsity_label);
    }
    if (t.count < 2)
        fill(&t, sparsity_label);
    text_print(script, "set logscale x\nset xrange [%.6g:%.6g]\n", t.high, t.low);
    print_tics(&t, script);
}

void study_log_axis(study_range range, text *script)
{
    tics t = make_tics(range);
    fill(&t, amount_label);
    text_print(script, "set logscale x\nset xrange [%.6g:%.6g]\n", t.low, t.high);
    print_tics(&t, script);
}

void study_say_outside(const study_range *range, text *caption)
{
    if (range->outside)
        text_print(caption, " Not on this axis, because nothing is left: %zu point%s.",
                   range->outside, range->outside == 1 ? "" : "s");
}

/* ---- accuracy ----------------------------------------------------------- */

/* Bars of two or three runs can be longer than all means are apart: so much of one is shown. */
static const double bar_most = 0.12;

void study_span_add(study_span *span, const espalier_estimate *e, bool whole)
{
    const double half = !(e->ci95 > 0) ? 0 : whole ? e->ci95 : fmin(e->ci95, bar_most);
    if (e->count == 0)
        return;
    span->least = span->any ? fmin(span->least, e->mean - half) : e->mean - half;
    span->most = span->any ? fmax(span->most, e->mean + half) : e->mean + half;
    span->any = true;
}

/* Air beside what is shown, but none beyond 0 and 100 %, unless an interval reaches there. */
void study_accuracy_range(text *script, const study_span *span)
{
    const double beside = 0.06 * (span->most - span->least) + 0.003;
    const double least = span->cut ? span->least : fmin(span->least, fmax(0, span->least - beside));
    if (span->any)
        text_print(script, "least = %.6g\nset yrange [least:%.6g]\n", 100 * least,
                   100 * fmax(span->most, fmin(1, span->most + beside)));
}
