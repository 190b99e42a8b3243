/* Reads, checks and records options. What they mean is the commands' business;
 * how they are explained is help.c's. */
#include "options.h"

#include <math.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help.h"
#include "memory.h"

/* Enumerations are read and written as what gcc and clang make of them. */
_Static_assert(sizeof(espalier_optimizer) == sizeof(unsigned), "an enumeration is an unsigned");

static unsigned choice_get(const option *row)
{
    unsigned index;
    memcpy(&index, row->value, sizeof index);
    return index;
}

static void standard_text(option *row)
{
    char *text = row->standard;
    size_t size = sizeof row->standard;
    if (row->shown) {
        snprintf(text, size, "%s", row->shown);
        return;
    }
    switch (row->kind) {
    case OPTION_TEXT:
    case OPTION_NAME:
        snprintf(text, size, "%s",
                 *(const char **)row->value ? *(const char **)row->value : "");
        break;
    case OPTION_CHOICE:
        snprintf(text, size, "%s", row->names(choice_get(row)));
        break;
    case OPTION_COUNT:
        snprintf(text, size, "%zu", *(size_t *)row->value);
        break;
    case OPTION_SEED:
        snprintf(text, size, "%llu", (unsigned long long)*(uint64_t *)row->value);
        break;
    case OPTION_REAL:
        snprintf(text, size, "%g", *(double *)row->value);
        break;
    case OPTION_FRACTION:
        snprintf(text, size, "%g%%", 100.0 * *(double *)row->value);
        break;
    case OPTION_WIDTHS: {
        const width_list *list = row->value;
        size_t at = 0;
        for (size_t i = 0; i < list->count && at < size; i++)
            at += (size_t)snprintf(text + at, size - at, "%s%zu", i ? "," : "", list->widths[i]);
        break;
    }
    default:
        text[0] = '\0';
    }
}

void options_add(option_set *set, const option *rows, size_t count)
{
    for (size_t i = 0; i < count && set->count < OPTIONS_MOST; i++) {
        option *row = &set->options[set->count++];
        *row = rows[i];
        if (row->kind != OPTION_TITLE)
            standard_text(row);
    }
}

/* ---- one value ---------------------------------------------------------- */

static void list_names(name_table *names, char *text, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; names(i) && at < size; i++) {
        const char *before = i == 0 ? "" : names(i + 1) ? ", " : " or ";
        at += (size_t)snprintf(text + at, size - at, "%s%s", before, names(i));
    }
}

/* "a number from 0 up to, but not including, 1" */
static void describe(const option *row, char *text, size_t size)
{
    const char *what = row->kind == OPTION_COUNT ? "a whole number" : "a number";
    const char *example = "";
    if (row->kind == OPTION_FRACTION) {
        what = "a fraction";
        example = ", such as 0.9 or 90%";
    }
    if (isinf(row->high))
        snprintf(text, size, "%s %s %.0f%s", what, row->above ? "above" : "not below", row->low,
                 example);
    else
        snprintf(text, size, "%s from %.0f to %s%.0f%s", what, row->low,
                 row->below ? "below " : "", row->high, example);
}

static int wrong_value(const option_set *set, const option *row, const char *text)
{
    char expected[256] = "";
    const char *nearest = NULL;
    switch (row->kind) {
    case OPTION_NAME:
    case OPTION_CHOICE:
        list_names(row->names, expected, sizeof expected);
        nearest = name_nearest(row->names, text);
        break;
    case OPTION_SEED:
        snprintf(expected, sizeof expected, "a whole number from 0 to 2^63 - 1");
        break;
    case OPTION_WIDTHS:
        snprintf(expected, sizeof expected,
                 "1 to %d numbers from 1 to %d, such as 300,200,100,50, or like:MODEL", WIDTHS_MOST,
                 WIDTH_MOST);
        break;
    case OPTION_ROWS:
        snprintf(expected, sizeof expected,
                 "a number of rows such as 10, or first:end such as 20:30,");
        break;
    case OPTION_TEXT:
        snprintf(expected, sizeof expected, "a name that is not empty");
        break;
    case OPTION_TEXTS:
        if (*text)
            snprintf(expected, sizeof expected, "this option at most %d times", TEXTS_MOST);
        else
            snprintf(expected, sizeof expected, "a name that is not empty");
        break;
    default:
        describe(row, expected, sizeof expected);
    }
    return usage_error(set->command, "--%s: expected %s%sfound '%s'%s%s%s", row->name, expected,
                       row->kind == OPTION_ROWS ? " " : ", ", text,
                       nearest ? "; did you mean " : "", nearest ? nearest : "",
                       nearest ? "?" : "");
}

static bool in_range(const option *row, double value)
{
    return (row->above ? value > row->low : value >= row->low) &&
           (row->below ? value < row->high : value <= row->high);
}

static bool read_number(const option *row, const char *text)
{
    uint64_t count;
    double real;
    if (row->kind == OPTION_COUNT) {
        if (!parse_count(text, &count) || !in_range(row, (double)count))
            return false;
        *(size_t *)row->value = (size_t)count;
        return true;
    }
    bool read = row->kind == OPTION_REAL ? parse_real(text, &real) : parse_fraction(text, &real);
    if (!read || !in_range(row, real))
        return false;
    *(double *)row->value = real;
    return true;
}

/* text stays valid as long as the set. */
static bool read_value(const option *row, const char *text)
{
    uint64_t seed;
    switch (row->kind) {
    case OPTION_TEXT:
        *(const char **)row->value = text;
        return *text;
    case OPTION_TEXTS: {
        text_list *list = row->value;
        if (!*text || list->count == TEXTS_MOST)
            return false;
        list->texts[list->count++] = text;
        return true;
    }
    case OPTION_NAME:
    case OPTION_CHOICE: {
        size_t index = name_index(row->names, text);
        unsigned choice = (unsigned)index;
        if (index == SIZE_MAX)
            return false;
        if (row->kind == OPTION_NAME)
            *(const char **)row->value = row->names(index);
        else
            memcpy(row->value, &choice, sizeof choice);
        return true;
    }
    case OPTION_SEED:
        if (!parse_count(text, &seed) || seed > INT64_MAX)
            return false;
        *(uint64_t *)row->value = seed;
        return true;
    case OPTION_WIDTHS:
        return parse_widths(text, row->value);
    case OPTION_ROWS:
        return parse_rows(text, row->value);
    default:
        return read_number(row, text);
    }
}

/* ---- the command line --------------------------------------------------- */

enum { VALUE_HELP = OPTIONS_MOST + 1 };

static void fill_popt(const option_set *set, struct poptOption *table)
{
    size_t at = 0;
    for (size_t i = 0; i < set->count; i++) {
        const option *row = &set->options[i];
        if (row->kind == OPTION_TITLE)
            continue;
        table[at++] = (struct poptOption){
            row->name, row->letter, row->kind == OPTION_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING,
            NULL, (int)i + 1, NULL, NULL};
    }
    table[at++] = (struct poptOption){"help", 'h', POPT_ARG_NONE, NULL, VALUE_HELP, NULL, NULL};
    table[at] = (struct poptOption)POPT_TABLEEND;
}

static int bad_option(const option_set *set, const char *found, int code)
{
    if (code == POPT_ERROR_NOARG)
        return usage_error(set->command, "%s: expected a value after it, found none", found);
    if (code == POPT_ERROR_UNWANTEDARG)
        return usage_error(set->command, "%s: expected no value", found);
    if (code != POPT_ERROR_BADOPT)
        return usage_error(set->command, "%s: %s", found, poptStrerror(code));
    char word[64] = "";
    suggestion s = {.text = word};
    if (strncmp(found, "--", 2) == 0)
        snprintf(word, sizeof word, "%.*s", (int)strcspn(found + 2, "="), found + 2);
    for (size_t i = 0; i < set->count; i++)
        if (set->options[i].name)
            suggestion_offer(&s, set->options[i].name);
    if (!s.name)
        return usage_error(set->command, "unknown option '%s'", found);
    return usage_error(set->command, "unknown option '%s'; did you mean '--%s'?", found, s.name);
}

static int take_option(option_set *set, option *row, char *text)
{
    row->given = true;
    if (row->kind == OPTION_FLAG) {
        *(bool *)row->value = true;
        return EXIT_NONE;
    }
    if (!text)
        return out_of_memory(); /* popt's copy of the value */
    if (set->owned_count == sizeof set->owned / sizeof *set->owned) {
        free(text);
        return usage_error(set->command, "--%s: given too often", row->name);
    }
    set->owned[set->owned_count++] = text;
    return read_value(row, text) ? EXIT_NONE : wrong_value(set, row, text);
}

/* The first is the command itself: without it popt had no memory for the list. */
static int take_files(option_set *set, const char **files)
{
    size_t count = 0;
    if (!files || !*files++)
        return out_of_memory();
    while (files[count])
        count++;
    const bool alone = set->alone && option_given(set, set->alone) && count == 0;
    if ((count < set->least && !alone) || count > set->most || count > ARGUMENTS_MOST)
        return usage_error(set->command, "expected 'espalier %s%s%s', found %zu file argument%s",
                           set->command, *set->arguments ? " " : "", set->arguments, count,
                           count == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++) {
        if (set->owned_count == sizeof set->owned / sizeof *set->owned)
            return usage_error(set->command, "too many arguments");
        size_t bytes = strlen(files[i]) + 1;
        char *copy = malloc(bytes);
        if (!copy)
            return out_of_memory();
        memcpy(copy, files[i], bytes);
        set->owned[set->owned_count++] = copy;
        set->files[set->file_count++] = copy;
    }
    return EXIT_NONE;
}

int options_parse(option_set *set, int argc, char **argv)
{
    struct poptOption table[OPTIONS_MOST + 2];
    fill_popt(set, table);
    memory_watch(true);
    poptContext context =
        poptGetContext(NULL, argc, (const char **)argv, table, POPT_CONTEXT_KEEP_FIRST);
    if (!context) {
        memory_watch(false);
        return out_of_memory();
    }
    int code = EXIT_NONE, option_value = 0;
    while (code == EXIT_NONE && (option_value = poptGetNextOpt(context)) > 0) {
        if (option_value == VALUE_HELP) {
            print_help(set);
            code = finish_stdout(EXIT_DONE);
        } else {
            option *row = &set->options[option_value - 1];
            code = take_option(set, row, row->kind == OPTION_FLAG ? NULL : poptGetOptArg(context));
        }
    }
    if (code == EXIT_NONE && option_value < -1)
        code = bad_option(set, poptBadOption(context, 0), option_value);
    if (code == EXIT_NONE)
        code = take_files(set, poptGetArgs(context));
    poptFreeContext(context);
    memory_watch(false);
    return code;
}

void options_clear(option_set *set)
{
    for (size_t i = 0; i < set->owned_count; i++)
        free(set->owned[i]);
    set->owned_count = 0;
}

bool option_given(const option_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->options[i].name && strcmp(set->options[i].name, name) == 0)
            return set->options[i].given;
    }
    return false;
}

bool option_known(const option_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->options[i].name && strcmp(set->options[i].name, name) == 0)
            return true;
    return false;
}

void option_record(option_set *set, const char *name, bool recorded)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->options[i].name && strcmp(set->options[i].name, name) == 0)
            set->options[i].recorded = recorded;
}

const char *options_given_training(const option_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->options[i].training && set->options[i].given)
            return set->options[i].name;
    }
    return NULL;
}

/* ---- the record --------------------------------------------------------- */

/* The value as it would be typed; false if no option has such a value. */
static bool type_value(const json_t *value, char *text, size_t size)
{
    int length = -1;
    if (json_is_string(value))
        length = snprintf(text, size, "%s", json_string_value(value));
    else if (json_is_integer(value))
        length = snprintf(text, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        length = snprintf(text, size, "%.17g", json_real_value(value));
    return length >= 0 && (size_t)length < size;
}

void options_follow(option_set *set, const json_t *recorded)
{
    for (size_t i = 0; i < set->count; i++) {
        const option *row = &set->options[i];
        char text[64];
        if (row->recipe && !row->given &&
            type_value(json_object_get(recorded, row->name), text, sizeof text))
            read_value(row, text);
    }
}

static json_t *value_json(const option *row)
{
    switch (row->kind) {
    case OPTION_FLAG:
        return json_boolean(*(bool *)row->value);
    case OPTION_TEXT:
    case OPTION_NAME:
        return *(const char **)row->value ? json_string(*(const char **)row->value) : json_null();
    case OPTION_CHOICE:
        return json_string(row->names(choice_get(row)));
    case OPTION_COUNT:
        return json_integer((json_int_t) * (size_t *)row->value);
    case OPTION_SEED:
        return json_integer((json_int_t) * (uint64_t *)row->value);
    case OPTION_REAL:
    case OPTION_FRACTION:
        return json_number(*(double *)row->value);
    case OPTION_WIDTHS: {
        const width_list *list = row->value;
        json_t *array = json_array();
        for (size_t i = 0; i < list->count; i++)
            json_array_append_new(array, json_integer((json_int_t)list->widths[i]));
        return array;
    }
    default:
        return json_null();
    }
}

json_t *options_json(const option_set *set)
{
    json_t *object = json_object();
    for (size_t i = 0; i < set->count; i++) {
        if (set->options[i].recorded)
            json_object_set_new(object, set->options[i].name, value_json(&set->options[i]));
    }
    return object;
}
