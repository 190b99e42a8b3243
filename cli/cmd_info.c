/* espalier info: what is in one model file, or several side by side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluation.h"
#include "inputs.h"
#include "scaling.h"
#include "info.h"

typedef struct info_settings {
    data_settings data;
    const char *source, *labels;
    bool json;
} info_settings;

/* Names from --labels, cut at commas, or the files' base names. */
static int set_labels(const option_set *set, const char *labels, model_info *models)
{
    size_t count = 0;
    for (size_t i = 0; i < set->file_count; i++)
        base_name(set->files[i], models[i].label, sizeof models[i].label);
    for (const char *at = labels; at; count++) {
        size_t length = strcspn(at, ",");
        if (count < set->file_count)
            snprintf(models[count].label, sizeof models[count].label, "%.*s", (int)length, at);
        at = at[length] ? at + length + 1 : NULL;
    }
    if (labels && count != set->file_count)
        return usage_error(set->command, "--labels: expected %zu, one for each model, found %zu",
                           set->file_count, count);
    return EXIT_NONE;
}

static int open_models(const option_set *set, model_info *models)
{
    for (size_t i = 0; i < set->file_count; i++) {
        models[i].path = set->files[i];
        int code = read_model(models[i].path, &models[i].network);
        if (code != EXIT_NONE)
            return code;
        models[i].unscaled = scaling_is_unsaid(models[i].network);
    }
    return EXIT_NONE;
}

enum { ROUNDS = 11 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Round after round over all models, so that a slow moment of the machine meets
 * them all; the median of the rounds. */
static int time_models(model_info *models, size_t count)
{
    espalier_error error = {0};
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++) {
            if (espalier_time_prediction(models[i].network, models[i].rows, ESPALIER_TEST, 3,
                                         &models[i].times[round], &error))
                return fail(&error);
        }
    }
    for (size_t i = 0; i < count; i++) {
        qsort(models[i].times, ROUNDS, sizeof models[i].times[0], ascending);
        models[i].nanoseconds = models[i].times[ROUNDS / 2];
    }
    return EXIT_NONE;
}

/* Which model reads the same rows in the same way as an earlier one; settled before any is
 * measured, since a network of another program takes names and scaling from the rows. */
static void find_alike(model_info *models, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < i && !data_reads_alike(models[k].network, models[i].network))
            k++;
        models[i].alike = k;
    }
}

/* Names of classes that the first of those alike may have taken from the rows. */
static int share_names(const espalier_network *from, espalier_network *to)
{
    const size_t count = espalier_network_class_count(from);
    const char **names = calloc(count, sizeof *names);
    for (size_t c = 0; names && c < count; c++)
        names[c] = espalier_network_class_name(from, c);
    const bool shared = names && !espalier_network_set_class_names(to, names);
    free(names);
    if (!shared)
        message("out of memory");
    return shared ? EXIT_NONE : EXIT_FAILED;
}

static int measure_one(const option_set *set, const info_settings *s, model_info *models, size_t i)
{
    espalier_error error = {0};
    espalier_evaluation evaluation = {0};
    model_info *m = &models[i];
    espalier_dataset **const rows = &models[m->alike].rows;
    int code = EXIT_NONE;
    if (!*rows) {
        code = open_rows(set, s->data, m->path, m->network, s->source, rows);
    } else {
        code = check_fit(m->path, m->network, s->source, *rows);
        if (code == EXIT_NONE)
            code = share_names(models[m->alike].network, m->network);
        if (code == EXIT_NONE)
            code = scaling_settle(set, &s->data, m->path, m->network, s->source, *rows);
    }
    m->rows = *rows;
    if (code == EXIT_NONE)
        code = check_split(set, &s->data, m->rows, s->source, ESPALIER_TEST);
    if (code == EXIT_NONE && espalier_evaluate(m->network, m->rows, ESPALIER_TEST, 0, threads_default(),
                                               &evaluation, &error))
        code = fail(&error);
    if (code == EXIT_NONE)
        code = check_finite(&evaluation, s->source);
    m->accuracy = evaluation.accuracy;
    m->measured = true;
    espalier_evaluation_clear(&evaluation);
    return code;
}

static int measure(const option_set *set, const info_settings *s, model_info *models)
{
    int code = EXIT_NONE;
    find_alike(models, set->file_count);
    for (size_t i = 0; i < set->file_count && code == EXIT_NONE; i++)
        code = measure_one(set, s, models, i);
    if (code == EXIT_NONE)
        code = time_models(models, set->file_count);
    for (size_t i = 0; i < set->file_count; i++)
        if (models[i].alike == i)
            espalier_dataset_destroy(models[i].rows);
    return code;
}

static int info(const option_set *set, const info_settings *s, model_info *models)
{
    int code = set_labels(set, s->labels, models);
    if (code == EXIT_NONE)
        code = data_check(set, s->source, "--data DATA");
    if (code == EXIT_NONE)
        code = open_models(set, models);
    if (code == EXIT_NONE && s->source)
        code = measure(set, s, models);
    if (code != EXIT_NONE)
        return code;
    if (s->json)
        code = info_print_json(models, set->file_count);
    else if (set->file_count == 1)
        info_print_one(models);
    else
        info_print_several(models, set->file_count);
    return code == EXIT_NONE ? finish_stdout(EXIT_DONE) : code;
}

int cmd_info(int argc, char **argv)
{
    info_settings s = {.data = data_settings_defaults()};
    option_set set = {
        .command = argv[0],
        .arguments = "MODEL...",
        .summary = "What is in a model file; several models side by side. With --data also the "
                   "test accuracy, and the time of one prediction on one thread.",
        .least = 1,
        .most = ARGUMENTS_MOST,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Information"},
        {.name = "data", .kind = OPTION_TEXT, .value = &s.source, .argument = "DATA",
         .help = "measure on the test rows of this data set"},
        {.name = "labels", .kind = OPTION_TEXT, .value = &s.labels, .argument = "A,B,...",
         .shown = "the file names", .help = "what to call the models"},
        {.name = "json", .kind = OPTION_FLAG, .value = &s.json, .help = "print one JSON object"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    data_add_options(&set, &s.data, DATA_FOLDERS);
    scaling_add_option(&set, &s.data);
    int code = options_parse(&set, argc, argv);
    model_info *models = code == EXIT_NONE ? calloc(set.file_count, sizeof *models) : NULL;
    if (code == EXIT_NONE && !models) {
        message("out of memory");
        code = EXIT_FAILED;
    }
    if (code == EXIT_NONE)
        code = info(&set, &s, models);
    for (size_t i = 0; models && i < set.file_count; i++)
        espalier_network_destroy(models[i].network);
    free(models);
    options_clear(&set);
    return code;
}
