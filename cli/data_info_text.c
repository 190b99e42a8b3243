/* The report of `espalier data info`. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_info.h"
#include "memory.h"
#include "table.h"

enum { NAMED_MOST = 8 };

/* "name     value" */
__attribute__((format(printf, 2, 3)))
static void line(const char *name, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("%-11s", name);
    print_wrapped(printable(text), 11, 11);
}

static void print_rows(const data_info_facts *facts)
{
    char text[ESPALIER_SPLIT_COUNT][DIGITS_BYTES];
    size_t height, width;
    const espalier_description *a = facts->about;
    for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++)
        digits(text[split], a->rows[split]);
    line("rows", "%s train, %s validation, %s test", text[0], text[1], text[2]);
    if (espalier_dataset_image_shape(facts->dataset, &height, &width))
        line("inputs", "%s, images of %zux%zu", digits(text[0], a->inputs), height, width);
    else
        line("inputs", "%s", digits(text[0], a->inputs));
    line("values", "%g to %g, mean %.4g, %.1f %% of them zero", (double)a->low, (double)a->high,
         a->mean, 100 * a->zeros);
}

/* "67 inputs: 0, 1, 2, ..." */
static void print_constant(const data_info_facts *facts)
{
    const espalier_description *a = facts->about;
    char text[512], number[32];
    size_t named = 0;
    int at = snprintf(text, sizeof text, "%s input%s", digits(number, a->constant_inputs),
                      a->constant_inputs == 1 ? "" : "s");
    for (size_t i = 0; i < a->inputs && named < NAMED_MOST && at < (int)sizeof text; i++)
        if (a->input_low[i] == a->input_high[i])
            at += snprintf(text + at, sizeof text - (size_t)at, "%s%s", named++ ? ", " : ": ",
                           data_input_name(facts->dataset, i, number));
    if (a->constant_inputs > 0)
        line("constant", "%s%s", text, named < a->constant_inputs ? ", ..." : "");
    else
        line("constant", "none: every input changes");
}

/* "12 filled in: age 7, income 5", or "3 rows left out"; only tables can have any. */
static void print_missing(const data_info_facts *facts)
{
    const espalier_description *a = facts->about;
    char text[512] = "", number[32];
    size_t named = 0, columns = 0;
    for (size_t i = 0, at = 0; i < a->inputs; i++) {
        if (a->input_missing[i] == 0)
            continue;
        columns++;
        if (named < NAMED_MOST && at < sizeof text)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%.60s %zu", named++ ? ", " : "",
                                   data_input_name(facts->dataset, i, number), a->input_missing[i]);
    }
    if (a->missing_values > 0)
        line("missing", "%s filled in: %s%s", digits(number, a->missing_values), text,
             named < columns ? ", ..." : "");
    else if (a->dropped_rows > 0)
        line("missing", "%s %s left out", digits(number, a->dropped_rows),
             a->dropped_rows == 1 ? "row" : "rows");
    else if (espalier_dataset_columns(facts->dataset))
        line("missing", "none");
}

static void print_repeats(const char *name, const char *what, const espalier_repeats *r)
{
    char text[512], number[DIGITS_BYTES];
    int at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < r->listed && at < (int)sizeof text; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%s%zu (as %zu)", i ? ", " : "",
                       r->first[i].row, r->first[i].earlier);
    if (r->count == 0) {
        line(name, "none of the %s", what);
        return;
    }
    char differ[64] = "";
    if (r->labels_differ)
        snprintf(differ, sizeof differ, ", %zu of them with another label", r->labels_differ);
    line(name, "%s of the %s%s: %s%s", digits(number, r->count), what, differ, text,
         r->listed < r->count ? ", ..." : "");
}

/* ---- classes ------------------------------------------------------------ */

enum { BAR_COLUMNS = 20, CLASSES_MOST = 50 };

static void bar(table *t, size_t count, size_t most)
{
    static const char filled[] = "####################";
    size_t length = most ? (count * BAR_COLUMNS + most / 2) / most : 0;
    table_cell(t, "%.*s", (int)(count && !length ? 1 : length), filled);
}

static void print_classes(const data_info_facts *facts)
{
    const espalier_description *a = facts->about;
    size_t most = 0, shown = a->classes < CLASSES_MOST ? a->classes : CLASSES_MOST;
    char number[32], text[DIGITS_BYTES];
    table *t = table_create(5);
    table_left(t, 4);
    table_cell(t, "class");
    for (size_t split = 0; split < ESPALIER_SPLIT_COUNT; split++)
        table_cell(t, "%s", split_name(split));
    table_cell(t, "%s", "");
    for (size_t c = 0; c < a->classes; c++)
        most = a->class_rows[c] > most ? a->class_rows[c] : most;
    for (size_t c = 0; c < shown; c++) {
        table_cell(t, "%s", data_class_name(facts->dataset, c, number));
        for (size_t split = 0; split < ESPALIER_SPLIT_COUNT; split++)
            table_cell(t, "%s", digits(text, a->class_rows[split * a->classes + c]));
        bar(t, a->class_rows[c], most);
    }
    putchar('\n');
    table_print(t, 0);
    table_destroy(t);
    if (shown < a->classes)
        printf("... and %zu classes more\n", a->classes - shown);
}

/* ---- inputs ---------------------------------------------------------------- */

enum { INPUTS_MOST = 20 };

/* The range of each input of a table; for pictures one range says it all. */
static void print_inputs(const data_info_facts *facts)
{
    const espalier_description *a = facts->about;
    size_t shown = a->inputs < INPUTS_MOST ? a->inputs : INPUTS_MOST;
    char number[32];
    table *t = table_create(4);
    table_cell(t, "input");
    table_cell(t, "low");
    table_cell(t, "mean");
    table_cell(t, "high");
    for (size_t i = 0; i < shown; i++) {
        table_cell(t, "%.40s", data_input_name(facts->dataset, i, number));
        table_cell(t, "%.4g", (double)a->input_low[i]);
        table_cell(t, "%.4g", a->input_mean[i]);
        table_cell(t, "%.4g", (double)a->input_high[i]);
    }
    putchar('\n');
    table_print(t, 0);
    table_destroy(t);
    if (shown < a->inputs)
        printf("... and %zu inputs more\n", a->inputs - shown);
}

/* ---- what may spoil training --------------------------------------------- */

static void print_doubts(const data_info_facts *facts)
{
    const espalier_description *a = facts->about;
    char number[32], text[DIGITS_BYTES];
    if (a->learnt_classes == 1)
        puts("\nThere is one class only in the training rows: nothing to tell apart.");
    for (size_t c = 0, said = 0; a->learnt_classes > 1 && c < a->classes && said < NAMED_MOST; c++)
        if (a->class_rows[c] == 0) {
            fputs(said++ ? "" : "\n", stdout);
            fputs("No training row of class ", stdout);
            print_plain(data_class_name(facts->dataset, c, number));
            puts(": a network cannot learn it.");
        }
    if (a->test.count > 0) {
        char sentence[160];
        snprintf(sentence, sizeof sentence,
                 "%s test %s also in the training file: accuracy on the test rows may flatter by "
                 "that share.",
                 digits(text, a->test.count), a->test.count == 1 ? "row is" : "rows are");
        putchar('\n');
        print_wrapped(sentence, 0, 0);
    }
}

void data_info_print(const data_info_facts *facts)
{
    char number[32], label[DATA_LABEL_BYTES];
    size_t height, width, *rows = facts->drawn ? memory_take(facts->drawn * sizeof *rows) : NULL;
    line("data", "%s%s%s", facts->source, facts->set ? ", " : "",
         facts->set ? facts->set->what : "");
    if (facts->path)
        line("path", "%s", facts->path);
    if (facts->set)
        line("licence", "%s", facts->set->licence);
    print_rows(facts);
    print_constant(facts);
    print_missing(facts);
    print_repeats("repeated", "rows of the training file repeat an earlier one",
                  &facts->about->training);
    if (facts->about->rows[ESPALIER_TEST] > 0)
        print_repeats("leaked", "test rows are in the training file, too", &facts->about->test);
    if (data_label_column(espalier_dataset_columns(facts->dataset), label))
        line("labels", "%s", label);
    line("classes", "%s", digits(number, facts->about->classes));
    print_classes(facts);
    if (!espalier_dataset_image_shape(facts->dataset, &height, &width))
        print_inputs(facts);
    print_doubts(facts);
    if (rows)
        data_draw(facts, rows, data_pick_rows(facts->dataset, rows, facts->drawn));
    free(rows);
}
