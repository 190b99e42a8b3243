/* espalier data info: what a data set is like, before anything is trained on it. */
#include <string.h>

#include "data_commands.h"
#include "data_info.h"
#include "doubts.h"

typedef struct info_settings {
    data_settings data;
    size_t rows;
    bool json;
} info_settings;

const char *data_class_name(const espalier_dataset *dataset, size_t index, char number[32])
{
    const char *name = espalier_dataset_class_name(dataset, index);
    snprintf(number, 32, "%zu", index);
    return name ? name : number;
}

const char *data_input_name(const espalier_dataset *dataset, size_t index, char number[32])
{
    const char *name = espalier_dataset_input_name(dataset, index);
    snprintf(number, 32, "%zu", index);
    return name ? name : number;
}

static int info(const option_set *set, const info_settings *s)
{
    char path[DATA_PLACE_BYTES];
    espalier_dataset *dataset = NULL;
    espalier_description about = {0};
    espalier_error error = {0};
    data_info_facts facts = {.source = set->files[0], .drawn = s->rows};
    int code = data_open(facts.source, &s->data, &dataset);
    if (code == EXIT_NONE) {
        doubts_columns(facts.source, dataset);
        doubts_labels(facts.source, dataset, &s->data);
    }
    if (code == EXIT_NONE && espalier_dataset_describe(dataset, true, NULL, &about, &error))
        code = fail(&error);
    facts.dataset = dataset;
    facts.about = &about;
    facts.set = espalier_named_set_find(facts.source);
    if (facts.set && data_locate(facts.set, &s->data, path, sizeof path))
        facts.path = path;
    if (code == EXIT_NONE && s->json) {
        json_t *json = data_info_json(&facts);
        code = print_json(json);
        json_decref(json);
    } else if (code == EXIT_NONE) {
        data_info_print(&facts);
    }
    espalier_description_clear(&about);
    espalier_dataset_destroy(dataset);
    return code == EXIT_NONE ? finish_stdout(EXIT_DONE) : code;
}

int data_info(int argc, char **argv)
{
    info_settings s = {.data = data_settings_defaults(), .rows = 6};
    option_set set = {
        .command = argv[0],
        .arguments = "DATA",
        .summary = "What a data set is like: rows of each class, values, inputs that never change, "
                   "rows that are there twice. Draws a few training rows, of every class in turn.",
        .least = 1,
        .most = 1,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Information"},
        {.name = "rows", .kind = OPTION_COUNT, .value = &s.rows, .argument = "N", .low = 0,
         .high = 1000, .help = "draw so many training rows"},
        {.name = "json", .kind = OPTION_FLAG, .value = &s.json,
         .help = "print one JSON object, with the figures of every input"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    data_add_options(&set, &s.data, DATA_SPLIT);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = info(&set, &s);
    options_clear(&set);
    return code;
}
