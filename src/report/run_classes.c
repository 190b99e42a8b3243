/* Class by class, before the first pruning step and at the end: which are recognised,
 * which are taken for which. */
#include <math.h>
#include <stdio.h>

#include "report/plot.h"
#include "report/run_page.h"

/* Wider matrices are no pictures any more; the log of JSON has them. */
enum { CLASSES_MOST = 30, NAME_MOST = 24 };

/* The evaluation of a split: test rows if there are any, else validation, else training. */
static const json_t *evaluation_of(const run_folder *f, const char *when, const char **split)
{
    static const char *const splits[][2] = {
        {"test", "test"}, {"validation", "validation"}, {"train", "training"}};
    const json_t *object = json_object_get(f->evaluation, when);
    for (size_t i = 0; i < 3; i++) {
        const json_t *found = json_object_get(object, splits[i][0]);
        if (json_is_object(found)) {
            *split = splits[i][1];
            return found;
        }
    }
    return NULL;
}

static double cell(const json_t *evaluation, size_t label, size_t predicted)
{
    const json_t *row = json_array_get(json_object_get(evaluation, "confusion"), label);
    const json_t *value = json_array_get(row, predicted);
    return json_is_number(value) ? json_number_value(value) : 0;
}

static size_t class_count(const json_t *evaluation)
{
    return json_list_size(evaluation, "confusion");
}

/* A class's name, or its number, in the buffer. */
static const char *whole_name(const run_folder *f, size_t index, char *buffer, size_t size)
{
    const json_t *names = json_object_get(f->config, "class_names");
    const char *name = json_string_value(json_array_get(names, index));
    if (!name && f->model && index < espalier_network_class_count(f->model))
        name = espalier_network_class_name(f->model, index);
    if (!name)
        snprintf(buffer, size, "%zu", index);
    return name ? name : buffer;
}

/* The same in the buffer, cut at NAME_MOST characters. */
static const char *class_name(const run_folder *f, size_t index, char *buffer, size_t size)
{
    char number[24];
    const char *name = whole_name(f, index, number, sizeof number);
    size_t bytes = 0;
    for (size_t characters = 0; name[bytes]; bytes++) {
        characters += ((unsigned char)name[bytes] & 0xc0) != 0x80; /* UTF-8: not a later byte */
        if (characters > NAME_MOST || bytes + 1 >= size)
            break;
    }
    snprintf(buffer, size, "%.*s", (int)bytes, name);
    return buffer;
}

static double row_sum(const json_t *e, size_t label)
{
    double sum = 0;
    for (size_t k = 0; k < class_count(e); k++)
        sum += cell(e, label, k);
    return sum;
}

static double column_sum(const json_t *e, size_t predicted)
{
    double sum = 0;
    for (size_t k = 0; k < class_count(e); k++)
        sum += cell(e, k, predicted);
    return sum;
}

/* NaN without rows. */
static double recall(const json_t *e, size_t label)
{
    const double rows = row_sum(e, label);
    return e && rows > 0 ? cell(e, label, label) / rows : NAN;
}

static double precision(const json_t *e, size_t label)
{
    const double rows = column_sum(e, label);
    return e && rows > 0 ? cell(e, label, label) / rows : NAN;
}

/* ---- tables ---------------------------------------------------------------------- */

static void matrix(report *r, const run_folder *f, const json_t *e, const char *caption)
{
    char name[4 * NAME_MOST + 1];
    const size_t classes = class_count(e);
    page_table_begin(&r->page, caption);
    page_column(&r->page, false, "label \\ predicted");
    for (size_t k = 0; k < classes; k++)
        page_column(&r->page, true, "%s", class_name(f, k, name, sizeof name));
    for (size_t i = 0; i < classes; i++) {
        const double rows = row_sum(e, i);
        page_cell(&r->page, "%s", class_name(f, i, name, sizeof name));
        for (size_t k = 0; k < classes; k++)
            page_cell_shaded(&r->page, rows > 0 ? cell(e, i, k) / rows : 0, "%.0f", cell(e, i, k));
    }
    page_table_end(&r->page);
}

static void cell_change(report *r, double change)
{
    if (isnan(change))
        page_cell(&r->page, "–");
    else
        page_cell(&r->page, "%+.2f", 100 * change);
}

static void class_table(report *r, const run_folder *f, const json_t *before, const json_t *after)
{
    static const char *const both[] = {"rows",           "recall before",    "recall after",
                                       "change, points", "precision before", "precision after"};
    static const char *const one[] = {"rows", "recall", "precision"};
    char name[4 * NAME_MOST + 1];
    page_table_begin(&r->page, "Class by class");
    page_column(&r->page, false, "class");
    for (size_t c = 0; c < (before ? 6 : 3); c++)
        page_column(&r->page, true, "%s", before ? both[c] : one[c]);
    for (size_t i = 0; i < class_count(after); i++) {
        page_cell(&r->page, "%s", class_name(f, i, name, sizeof name));
        page_cell_count(&r->page, json_as_size(row_sum(after, i)));
        if (before)
            page_cell_percent(&r->page, recall(before, i));
        page_cell_percent(&r->page, recall(after, i));
        if (before) {
            cell_change(r, recall(after, i) - recall(before, i));
            page_cell_percent(&r->page, precision(before, i));
        }
        page_cell_percent(&r->page, precision(after, i));
    }
    page_table_end(&r->page);
}

/* ---- the plot ---------------------------------------------------------------------- */

/* A line of letters is so high, and so much is above and below the lines. */
enum { LINE_HEIGHT = 24, REST_HEIGHT = 150 };

/* The names as tics, in which gnuplot takes % for a format. */
static void add_tics(text *script, const run_folder *f, size_t classes)
{
    char name[4 * NAME_MOST + 1], label[2 * sizeof name];
    text_print(script, "set ytics (");
    for (size_t i = 0; i < classes; i++) {
        char *to = label;
        for (const char *c = class_name(f, i, name, sizeof name); *c; c++) {
            if (*c == '%')
                *to++ = '%';
            *to++ = *c;
        }
        *to = '\0';
        if (i)
            text_print(script, ", ");
        text_gnuplot(script, label);
        text_print(script, " %zu", i);
    }
    text_print(script, ")\n");
}

static espalier_status recall_plot(report *r, const run_folder *f, const json_t *before,
                                   const json_t *after, espalier_error *error)
{
    char name[4 * NAME_MOST + 1];
    const size_t classes = class_count(after);
    plot p;
    plot_begin(&p, r, "recall", REST_HEIGHT + LINE_HEIGHT * (int)classes, "Recall of each class");
    text_print(&p.csv, "class,before,after\n");
    for (size_t i = 0; i < classes; i++) {
        text_csv(&p.csv, whole_name(f, i, name, sizeof name));
        text_print(&p.csv, ",");
        text_number(&p.csv, recall(before, i));
        text_print(&p.csv, ",");
        text_number(&p.csv, recall(after, i));
        text_print(&p.csv, "\n");
    }
    add_tics(&p.script, f, classes);
    text_print(&p.script,
               "set xlabel 'recognised, %% of the rows'\nset yrange [%zu.5:-0.5]\n"
               "set grid xtics ytics ls 102\nset xrange [*:*]\n"
               "plot name.'.csv' using (100*column('before')):(column(0)):"
               "(100*(column('after')-column('before'))):(0) with vectors nohead "
               "lc rgb '#9aa4ae' lw 2 notitle, \\\n"
               "     '' using (100*column('before')):(column(0)) with points pt 6 ps 0.9 lw 1.5 "
               "lc rgb '#0072b2' title 'before the first step', \\\n"
               "     '' using (100*column('after')):(column(0)) with points pt 7 ps 0.9 "
               "lc rgb '#d55e00' title 'as the run ended'\n",
               classes - 1);
    return plot_end(&p, error, "%s", "");
}

/* ---- in words ---------------------------------------------------------------------- */

static void say_confusion(report *r, const run_folder *f, const json_t *e)
{
    size_t label = 0, predicted = 0, worst = SIZE_MAX;
    double most = 0;
    char a[4 * NAME_MOST + 1], b[4 * NAME_MOST + 1], c[4 * NAME_MOST + 1];
    for (size_t i = 0; i < class_count(e); i++) {
        if (!isnan(recall(e, i)) && (worst == SIZE_MAX || recall(e, i) < recall(e, worst)))
            worst = i;
        for (size_t k = 0; k < class_count(e); k++) {
            if (i != k && cell(e, i, k) > most) {
                most = cell(e, i, k);
                label = i;
                predicted = k;
            }
        }
    }
    if (worst == SIZE_MAX || most <= 0)
        return;
    page_words(
        &r->page,
        "At the end the class recognised least is %s (%.1f %% of its rows); the most frequent "
        "mistake is to take %s for %s (%.0f rows, %.1f %% of them).",
        class_name(f, worst, c, sizeof c), 100 * recall(e, worst),
        class_name(f, label, a, sizeof a), class_name(f, predicted, b, sizeof b), most,
        100 * most / row_sum(e, label));
}

static void say_losses(report *r, const run_folder *f, const json_t *before, const json_t *after)
{
    size_t lost = 0, least = 0, most = 0, known = 0;
    double low = 0, high = 0;
    char a[4 * NAME_MOST + 1], b[4 * NAME_MOST + 1];
    for (size_t i = 0; i < class_count(after); i++) {
        const double change = recall(after, i) - recall(before, i);
        if (isnan(change))
            continue;
        lost += change < 0;
        if (known == 0 || change < low)
            low = change, least = i;
        if (known == 0 || change > high)
            high = change, most = i;
        known++;
    }
    if (known > 1)
        page_words(&r->page,
                   "Against the network just before the first step, %zu of %zu classes are "
                   "recognised less often; %s changed by %+.1f points, %s by %+.1f.",
                   lost, known, class_name(f, least, a, sizeof a), 100 * low,
                   class_name(f, most, b, sizeof b), 100 * high);
}

espalier_status run_classes(report *r, const run_folder *f, espalier_error *error)
{
    const char *split = "", *other = "";
    const json_t *after = evaluation_of(f, "after", &split);
    const json_t *before = evaluation_of(f, "before", &other);
    char caption[96];
    espalier_status status = ESPALIER_OK;
    if (class_count(after) == 0)
        return ESPALIER_OK;
    if (class_count(before) != class_count(after))
        before = NULL;
    page_section(&r->page, "classes", "Classes");
    say_confusion(r, f, after);
    if (before)
        say_losses(r, f, before, after);
    page_words(&r->page,
               "Recall: the share of a class's %s rows that is recognised. Precision: the "
               "share of the rows said to be of a class that is.",
               split);
    if (before && class_count(after) <= CLASSES_MOST) {
        page_figures_begin(&r->page);
        status = recall_plot(r, f, before, after, error);
        page_figures_end(&r->page);
    }
    class_table(r, f, before, after);
    if (class_count(after) > CLASSES_MOST) {
        page_note(&r->page, "The confusion matrix of %zu classes is in `evaluation.json`.",
                  class_count(after));
        return status;
    }
    snprintf(caption, sizeof caption, "Confusion matrix at the end, %s rows", split);
    matrix(r, f, after, caption);
    if (before) {
        page_details_begin(&r->page, "Confusion matrix before the first pruning step");
        matrix(r, f, before, NULL);
        page_details_end(&r->page);
    }
    return status;
}
