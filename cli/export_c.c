/* Options, data and figures of C programs. */
#include "export_c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "inputs.h"
#include "memory.h"
#include "output.h"
#include "scaling.h"
#include "table.h"

static const char *type_at(size_t index)
{
    return espalier_export_type_name((espalier_export_type)index);
}

static const char *optimize_at(size_t index)
{
    static const char *const names[] = {"size", "speed"};
    return index < sizeof names / sizeof *names ? names[index] : NULL;
}

export_c_settings export_c_defaults(void)
{
    return (export_c_settings){.data = data_settings_defaults()};
}

void export_c_add_options(option_set *set, export_c_settings *s)
{
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "C programs"},
        {.name = "type", .kind = OPTION_CHOICE, .value = &s->type, .argument = "TYPE",
         .names = type_at, .help = "numbers that the program computes with"},
        {.name = "data", .kind = OPTION_TEXT, .value = &s->source, .argument = "DATA",
         .help = "rows for its accuracy, for test vectors, and to calibrate int8 and int16, "
                 "which need them"},
        {.name = "optimize", .kind = OPTION_CHOICE, .value = &s->optimize, .argument = "WHAT",
         .names = optimize_at, .help = "each layer dense or sparse: in the smaller or the faster "
                                       "form"},
        {.name = "probabilities", .kind = OPTION_FLAG, .value = &s->probabilities,
         .help = "a second function gives probabilities; float only"},
        {.name = "name", .kind = OPTION_TEXT, .value = &s->name, .argument = "NAME",
         .shown = "FILE's", .help = "prefix of the program's names"},
        {.name = "test-vectors", .kind = OPTION_COUNT, .value = &s->test_vectors, .argument = "N",
         .low = 0, .high = 1000000, .help = "write FILE_test.c, which tries so many rows of DATA"},
    };
    options_add(set, rows, sizeof rows / sizeof *rows);
    data_add_options(set, &s->data, DATA_MODEL);
    scaling_add_option(set, &s->data);
}

static bool is_c(const char *output)
{
    const size_t length = strlen(output);
    return length > 2 && strcasecmp(output + length - 2, ".c") == 0;
}

int export_c_check(const option_set *set, const export_c_settings *s, const char *output)
{
    static const char *const own[] = {"type", "data", "optimize", "probabilities", "name",
                                      "test-vectors", "scaling"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!is_c(output) && option_given(set, own[i]))
            return usage_error(set->command, "--%s: expected an output that ends in .c, found '%s'",
                               own[i], output);
    if (s->type != ESPALIER_EXPORT_FLOAT && !s->source)
        return usage_error(set->command, "--type %s: expected --data DATA to calibrate with, "
                                         "found none", type_at(s->type));
    if (s->type != ESPALIER_EXPORT_FLOAT && s->probabilities)
        return usage_error(set->command, "--probabilities: expected --type float, found %s, whose "
                                         "programs have no floats", type_at(s->type));
    if (s->test_vectors && !s->source)
        return usage_error(set->command, "--test-vectors: expected --data DATA to take rows from, "
                                         "found none");
    return data_check(set, s->source, "--data DATA");
}

/* ---- the command ------------------------------------------------------ */

static bool is_bare(const char *word)
{
    for (const char *c = word; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./%,:=+", *c))
            return false;
    return *word;
}

/* The words as a shell would take them again. By malloc. */
static char *join(int argc, char **argv)
{
    size_t bytes = sizeof "espalier";
    for (int i = 0; i < argc; i++)
        bytes += 4 * strlen(argv[i]) + 3;
    char *text = memory_take(bytes), *at = text;
    at += sprintf(at, "espalier");
    for (int i = 0; i < argc; i++) {
        const char *quote = is_bare(argv[i]) ? "" : "'";
        at += sprintf(at, " %s", quote);
        for (const char *c = argv[i]; *c; c++)
            at += sprintf(at, *c == '\'' ? "'\\''" : "%c", *c);
        at += sprintf(at, "%s", quote);
    }
    return text;
}

/* ---- work ------------------------------------------------------------- */

/* FILE.h and FILE_test.c may not be what the command reads either. */
static int check_beside(const option_set *set, const export_c_settings *s, const char *output)
{
    static const char *const endings[] = {".h", "_test.c"};
    char path[4200];
    int code = EXIT_NONE;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && code == EXIT_NONE; i++) {
        snprintf(path, sizeof path, "%.*s%s", (int)strlen(output) - 2, output, endings[i]);
        code = output_differs(set->command, path, set->files[0]);
        if (code == EXIT_NONE && s->source)
            code = output_differs_from_data(set->command, path, s->source, &s->data);
    }
    return code;
}

int export_c_prepare(const option_set *set, export_c_settings *s, const char *output,
                     espalier_network *network, int argc, char **argv,
                     espalier_export_options *options)
{
    if (!is_c(output))
        return EXIT_NONE;
    int code = check_beside(set, s, output);
    if (code == EXIT_NONE && s->source)
        code = output_differs_from_data(set->command, output, s->source, &s->data);
    if (code == EXIT_NONE && s->source)
        code = open_rows(set, s->data, set->files[0], network, s->source, &s->dataset);
    s->command = join(argc, argv);
    options->type = s->type;
    options->speed = s->optimize == 1;
    options->probabilities = s->probabilities;
    options->name = s->name;
    options->data = s->dataset;
    options->test_vectors = s->test_vectors;
    options->threads = threads_default();
    options->command = s->command;
    options->figures = &s->figures;
    return code;
}

void export_c_clear(export_c_settings *s)
{
    espalier_dataset_destroy(s->dataset);
    free(s->command);
}

/* note: said behind it. */
static void print_beside(const char *output, const char *ending, const char *note)
{
    char text[DIGITS_BYTES], path[4200];
    snprintf(path, sizeof path, "%.*s%s", (int)strlen(output) - 2, output, ending);
    printf("wrote %s (%s bytes)%s\n", path, digits(text, file_bytes(path)), note);
}

static void print_test(const export_c_settings *s, const char *output)
{
    char note[64] = "";
    if (s->figures.test_vectors < s->test_vectors)
        snprintf(note, sizeof note, ": all %llu rows that there are",
                 (unsigned long long)s->figures.test_vectors);
    print_beside(output, "_test.c", note);
}

void export_c_print(const export_c_settings *s, const char *output)
{
    const espalier_export_figures *f = &s->figures;
    char text[DIGITS_BYTES];
    if (!is_c(output))
        return;
    print_beside(output, ".h", "");
    if (s->test_vectors)
        print_test(s, output);
    printf("flash     %s bytes of constants", digits(text, f->constant_bytes));
    printf(" and about %s of code\n", digits(text, f->code_bytes));
    printf("RAM       %s bytes on the stack for the values between layers, and the calls' frames\n",
           digits(text, f->ram_bytes));
    printf("work      %s multiply-adds for a row\n", digits(text, f->multiply_adds));
    const bool fitted = s->type != ESPALIER_EXPORT_FLOAT && s->dataset &&
                        espalier_dataset_row_count(s->dataset, ESPALIER_TRAINING) == 0;
    if (f->rows)
        printf("accuracy  %.2f %% of %s test rows%s; the network itself %.2f %%\n",
               100 * f->accuracy_after, digits(text, f->rows),
               fitted ? ", which it was calibrated on" : "", 100 * f->accuracy_before);
}
