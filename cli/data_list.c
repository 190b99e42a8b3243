/* espalier data list: the data sets that are known by name. */
#include <stdio.h>

#include "data_commands.h"
#include "table.h"

typedef struct list_settings {
    data_settings data;
    bool json;
} list_settings;

static json_t *files_json(const espalier_named_set *set)
{
    json_t *files = json_array();
    for (size_t i = 0; i < set->file_count; i++)
        json_array_append_new(files, json_pack("{s:s, s:I, s:s}", "name", set->files[i].name,
                                               "bytes", (json_int_t)set->files[i].bytes, "sha256",
                                               set->files[i].sha256));
    return files;
}

/* The numbers as names where there are no others. */
static json_t *classes_json(const espalier_named_set *set)
{
    json_t *names = json_array();
    char number[DIGITS_BYTES];
    for (size_t c = 0; c < set->class_count; c++) {
        snprintf(number, sizeof number, "%zu", c);
        json_array_append_new(names, json_string(set->class_names ? set->class_names[c] : number));
    }
    return names;
}

static json_t *set_json(const espalier_named_set *set, const char *found)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:[I,I], s:I, s:o, s:s, s:o, s:s?, s:b}",
                     "name", set->name, "what", set->what, "source", set->source, "licence",
                     set->licence, "training_rows", (json_int_t)set->training_rows, "test_rows",
                     (json_int_t)set->test_rows, "inputs", (json_int_t)(set->height * set->width),
                     "image", (json_int_t)set->height, (json_int_t)set->width, "classes",
                     (json_int_t)set->class_count, "class_names", classes_json(set), "address",
                     set->address, "files", files_json(set), "found", found, "complete",
                     found && !data_unfinished(found));
}

static int print_list_json(const list_settings *s)
{
    char path[DATA_PLACE_BYTES];
    const espalier_named_set *set;
    json_t *list = json_array();
    for (size_t i = 0; (set = espalier_named_set_at(i)); i++) {
        bool found = data_locate(set, &s->data, path, sizeof path);
        json_array_append_new(list, set_json(set, found ? path : NULL));
    }
    json_t *all = json_pack("{s:o}", "datasets", list);
    int code = print_json(all);
    json_decref(all);
    return code;
}

static void print_set(table *t, const espalier_named_set *set, const list_settings *s)
{
    char path[DATA_PLACE_BYTES], text[DIGITS_BYTES];
    uint64_t bytes = 0;
    bool found = data_locate(set, &s->data, path, sizeof path);
    for (size_t i = 0; i < set->file_count; i++)
        bytes += set->files[i].bytes;
    table_cell(t, "%s", set->name);
    table_cell(t, "%s", set->what);
    table_cell(t, "%s", digits(text, set->training_rows));
    table_cell(t, "%s", digits(text, set->test_rows));
    table_cell(t, "%zux%zu", set->height, set->width);
    table_cell(t, "%zu", set->class_count);
    table_cell(t, "%s", set->licence);
    table_cell(t, "%.0f MB", (double)bytes / 1e6);
    table_cell(t, "%s%s", found ? path : "-",
               found && data_unfinished(path) ? " (not complete: fetch it again)" : "");
}

static void print_list(const list_settings *s)
{
    static const char *const heads[] = {"name",    "what",    "train",    "test", "inputs",
                                        "classes", "licence", "download", "where"};
    table *t = table_create(sizeof heads / sizeof *heads);
    const espalier_named_set *set;
    table_left(t, 1);
    table_left(t, 6);
    table_left(t, 8);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        table_cell(t, "%s", heads[i]);
    for (size_t i = 0; (set = espalier_named_set_at(i)); i++)
        print_set(t, set, s);
    table_print(t, 0);
    table_destroy(t);
    puts("\n'espalier data fetch NAME' downloads one, 'espalier data info NAME' looks at one.");
}

int data_list(int argc, char **argv)
{
    list_settings s = {.data = data_settings_defaults()};
    option_set set = {
        .command = argv[0],
        .arguments = "",
        .summary = "The data sets that are known by name: what they are, how large, under which "
                   "licence, and where they are on this machine.",
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "List"},
        {.name = "json", .kind = OPTION_FLAG, .value = &s.json,
         .help = "print one JSON object: also class names, sources, addresses, digests"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    data_add_options(&set, &s.data, DATA_DIRECTORIES);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE && s.json)
        code = print_list_json(&s);
    else if (code == EXIT_NONE)
        print_list(&s);
    options_clear(&set);
    return code == EXIT_NONE ? finish_stdout(EXIT_DONE) : code;
}
