/* The reader of command lines: the bytes are its arguments, a zero byte behind each. A
 * value is taken only where it keeps what its row promises; a refusal says so. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MOST = 100 };

/* One variable of each kind that an option has. */
typedef struct values {
    bool flag;
    const char *text, *name;
    text_list texts;
    espalier_initialiser choice;
    size_t count;
    uint64_t seed;
    double real, fraction;
    width_list widths;
    row_range rows;
} values;

/* Help and refusals go where nobody reads them; libFuzzer's own lines keep stderr. */
static int nowhere = -1, standard_error = -1;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (nowhere < 0 || standard_error < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        abort();
    return 0;
}

static const char *choice_name(size_t index)
{
    return espalier_initialiser_name((espalier_initialiser)index);
}

static void add_rows(option_set *set, values *v)
{
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Options"},
        {.name = "flag", .letter = 'f', .kind = OPTION_FLAG, .value = &v->flag, .help = "a flag"},
        {.name = "text", .letter = 't', .kind = OPTION_TEXT, .value = &v->text, .argument = "FILE",
         .help = "a text"},
        {.name = "texts", .kind = OPTION_TEXTS, .value = &v->texts, .argument = "NAME",
         .help = "texts"},
        {.name = "name", .kind = OPTION_NAME, .value = &v->name, .argument = "NAME",
         .names = espalier_math_name, .help = "a name"},
        {.name = "choice", .kind = OPTION_CHOICE, .value = &v->choice, .argument = "NAME",
         .names = choice_name, .recorded = true, .recipe = true, .help = "a choice"},
        {.name = "count", .letter = 'c', .kind = OPTION_COUNT, .value = &v->count, .argument = "N",
         .low = 1, .high = 1000, .recorded = true, .help = "a number"},
        {.name = "seed", .kind = OPTION_SEED, .value = &v->seed, .argument = "N",
         .recorded = true, .help = "a seed"},
        {.name = "real", .kind = OPTION_REAL, .value = &v->real, .argument = "X", .low = 0,
         .high = INFINITY, .above = true, .recorded = true, .help = "a real number"},
        {.name = "fraction", .kind = OPTION_FRACTION, .value = &v->fraction, .argument = "P",
         .low = 0, .high = 1, .below = true, .recorded = true, .help = "a fraction"},
        {.name = "widths", .kind = OPTION_WIDTHS, .value = &v->widths, .argument = "LIST",
         .recorded = true, .help = "widths"},
        {.name = "rows", .kind = OPTION_ROWS, .value = &v->rows, .argument = "ROWS",
         .shown = "all", .help = "rows"},
    };
    options_add(set, rows, sizeof rows / sizeof *rows);
}

static void check_values(const option_set *set, const values *v)
{
    if (v->count < 1 || v->count > 1000 || v->seed > INT64_MAX || !(v->real > 0) ||
        !isfinite(v->real) || !(v->fraction >= 0 && v->fraction < 1))
        abort();
    if (v->choice >= ESPALIER_INITIALISER_COUNT || !*v->text || v->texts.count > TEXTS_MOST ||
        name_index(espalier_math_name, v->name) == SIZE_MAX || v->rows.first >= v->rows.end)
        abort();
    for (size_t i = 0; i < v->texts.count; i++)
        if (!*v->texts.texts[i])
            abort();
    for (size_t i = 0; i < v->widths.count; i++)
        if (v->widths.widths[i] < 1 || v->widths.widths[i] > WIDTH_MOST)
            abort();
    if (v->widths.count > WIDTHS_MOST || set->file_count < set->least ||
        set->file_count > set->most)
        abort();
}

/* What is recorded must read back into the same value. */
static void check_record(option_set *set, values *v)
{
    json_t *record = options_json(set);
    const espalier_initialiser before = v->choice;
    if (!record)
        abort();
    options_follow(set, record);
    if (v->choice != before)
        abort();
    json_decref(record);
}

static void parse(int argc, char **argv)
{
    values v = {.text = "text", .name = espalier_math_name(0), .count = 1, .seed = 1, .real = 1,
                .fraction = 0.5, .widths = {1, {1}, NULL}, .rows = {0, SIZE_MAX}};
    option_set *set = calloc(1, sizeof *set);
    if (!set)
        abort();
    set->command = "fuzz";
    set->arguments = "FILE [FILE]";
    set->summary = "Reads its own options.";
    set->least = 1;
    set->most = 2;
    add_rows(set, &v);
    const int code = options_parse(set, argc, argv);
    if (code != EXIT_NONE && code != EXIT_DONE && code != EXIT_USAGE)
        abort();
    if (code == EXIT_NONE) {
        check_values(set, &v);
        check_record(set, &v);
    }
    options_clear(set);
    free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argv[WORDS_MOST + 2] = {"fuzz"}, *text = malloc(size + 1);
    int argc = 1;
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    for (size_t at = 0; at < size && argc <= WORDS_MOST; at += strlen(text + at) + 1)
        argv[argc++] = text + at;
    if (dup2(nowhere, STDERR_FILENO) < 0)
        abort();
    parse(argc, argv);
    if (dup2(standard_error, STDERR_FILENO) < 0)
        abort();
    free(text);
    return 0;
}
