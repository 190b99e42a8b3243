/* How tables are read: rows of the help, and what their texts stand for. */
#include "table_settings.h"

#include <string.h>

static const char *missing_at(size_t index)
{
    return espalier_missing_name((espalier_missing)index);
}

static const char *header_at(size_t index)
{
    return espalier_header_name((espalier_header)index);
}

static const char *decimal_at(size_t index)
{
    return espalier_decimal_name((espalier_decimal)index);
}

static const struct {
    const char *name;
    char separator;
} separators[] = {{"auto", ESPALIER_SEPARATOR_FOUND}, {"comma", ','}, {"semicolon", ';'},
                  {"tab", '\t'}, {"pipe", '|'},  {"space", ' '}};
enum { SEPARATORS = sizeof separators / sizeof *separators };

static const char *separator_at(size_t index)
{
    return index < SEPARATORS ? separators[index].name : NULL;
}

static void add_tests(option_set *set, espalier_table_options *o, bool known)
{
    const option rows[] = {
        {.name = "test", .kind = OPTION_FRACTION, .value = &o->test_fraction,
         .argument = "FRACTION", .low = 0, .high = 1, .below = true,
         .shown = known ? "the model's" : NULL, .recorded = true,
         .help = "part of the rows kept apart for testing: drawn with the seed, the same share of "
                 "each class"},
        {.name = "test-file", .kind = OPTION_TEXT, .value = &o->test_path, .argument = "FILE",
         .help = "a second table with the test rows"},
    };
    options_add(set, rows, sizeof rows / sizeof *rows);
}

void table_add_options(option_set *set, table_settings *s, bool known, bool fitted)
{
    espalier_table_options *o = &s->options;
    const option title = {.kind = OPTION_TITLE, .help = "Tables (DATA is a .csv, .tsv, ...; a "
                                                        "column is called by its name or number)"};
    const option rows[] = {
        {.name = "label", .kind = OPTION_TEXT, .value = &o->label, .argument = "COLUMN",
         .shown = known ? "the model's" : "the last", .help = "the column of the labels"},
        {.name = "ignore", .kind = OPTION_TEXTS, .value = &s->ignored, .argument = "COLUMNS",
         .help = "columns to leave out, with commas between; may be repeated"},
        {.name = "categorical", .kind = OPTION_TEXTS, .value = &s->categorical,
         .argument = "COLUMNS",
         .help = "columns whose numbers are categories, as texts always are: one input for each"},
        {.name = "max-categories", .kind = OPTION_COUNT, .value = &o->categories_most,
         .argument = "N", .low = 1, .high = 65534, .shown = "100",
         .help = "refuse a column with more categories"},
        {.name = "missing", .kind = OPTION_CHOICE, .value = &o->missing, .argument = "HOW",
         .names = missing_at, .shown = known ? "the model's" : "error", .recorded = true,
         .help = "what becomes of an empty cell, NA, NaN, null and ?: refused, the column's mean "
                 "or median (of the training rows), or its row dropped; auto: the model's, else refused"},
        {.name = "header", .kind = OPTION_CHOICE, .value = &o->header, .argument = "WHETHER",
         .names = header_at, .help = "whether the first line has the names of the columns"},
        {.name = "separator", .kind = OPTION_CHOICE, .value = &s->separator, .argument = "NAME",
         .names = separator_at, .shown = known ? "the model's" : "auto",
         .help = "what stands between two values; auto: found out"},
        {.name = "decimal", .kind = OPTION_CHOICE, .value = &o->decimal, .argument = "NAME",
         .names = decimal_at, .shown = known ? "the model's" : "point",
         .help = "how numbers are written, 3.14 or 3,14"},
        {.name = "comment", .kind = OPTION_TEXT, .value = &s->comment, .argument = "CHARACTER",
         .shown = known ? "the model's" : "#",
         .help = "lines that begin with it are left out; none = no line is"},
    };
    s->separator = SEPARATORS; /* none is given */
    options_add(set, &title, 1);
    if (fitted)
        add_tests(set, o, known);
    options_add(set, rows, sizeof rows / sizeof *rows);
}

int table_settle(const table_settings *s, espalier_table_options *options)
{
    *options = s->options;
    options->separator = s->separator < SEPARATORS ? separators[s->separator].separator : 0;
    options->ignored = s->ignored.texts;
    options->ignored_count = s->ignored.count;
    options->categorical = s->categorical.texts;
    options->categorical_count = s->categorical.count;
    if (options->test_path && options->test_fraction > 0) {
        message("--test: has no meaning with --test-file, which has the test rows");
        return EXIT_USAGE;
    }
    if (s->comment && strcmp(s->comment, "none") == 0)
        options->comment = ESPALIER_COMMENT_NONE;
    else if (s->comment && strlen(s->comment) == 1)
        options->comment = *s->comment;
    else if (s->comment) {
        message("--comment: expected one character or none, found '%s'", s->comment);
        return EXIT_USAGE;
    }
    return EXIT_NONE;
}
