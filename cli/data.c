/* Data sets by path or name. The folders are, in this order: --data-dir,
 * $ESPALIER_DATA, the user's data folder, the system's. The library reads no
 * environment, so that is done here. */
#define _POSIX_C_SOURCE 200809L
#include "data.h"
#include "doubts.h"
#include "scaling.h"
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *validation_at(size_t index)
{
    static const char *const names[] = {"first", "random", "stratified", "auto"};
    return index < sizeof names / sizeof *names ? names[index] : NULL;
}

static const char *scaling_at(size_t index)
{
    return espalier_scaling_name((espalier_scaling)index);
}

const char *split_name(size_t index)
{
    static const char *const names[] = {"train", "validation", "test"};
    return index < sizeof names / sizeof *names ? names[index] : NULL;
}

data_settings data_settings_defaults(void)
{
    return (data_settings){.options = espalier_dataset_options_defaults()};
}

static void add_splits(option_set *set, espalier_dataset_options *o, data_rows wanted)
{
    const char *shown = wanted == DATA_MODEL || wanted == DATA_AGAIN ? "the model's" : NULL;
    const option rows[] = {
        {.name = "validation", .kind = OPTION_FRACTION, .value = &o->validation_fraction,
         .argument = "FRACTION", .low = 0, .high = 1, .below = true, .shown = shown,
         .recorded = true, .help = "part of the training rows kept apart for validation"},
        {.name = "validation-split", .kind = OPTION_CHOICE, .value = &o->validation,
         .argument = "HOW", .names = validation_at, .shown = shown, .recorded = true,
         .help = "which rows those are; auto: stratified for tables, which are often sorted by "
                 "class, else first"},
        {.name = "validation-seed", .kind = OPTION_SEED, .value = &o->seed, .argument = "N",
         .shown = shown, .help = "for random and stratified"},
    };
    options_add(set, rows, wanted == DATA_MODEL ? 3 : 2);
}

void data_add_options(option_set *set, data_settings *settings, data_rows wanted)
{
    espalier_dataset_options *o = &settings->options;
    const option folders[] = {
        {.kind = OPTION_TITLE, .help = "Data"},
        {.name = "data-dir", .kind = OPTION_TEXTS, .value = &settings->directories,
         .argument = "DIR",
         .help = "look for named data sets here first; may be repeated; then in $ESPALIER_DATA, "
                 "$XDG_DATA_HOME/espalier (~/.local/share/espalier), /usr/share/datasets"},
    };
    const option scaling = {
        .name = "scaling", .kind = OPTION_CHOICE, .value = &o->scaling, .argument = "HOW",
        .names = scaling_at, .recorded = true,
        .help = "inputs: as they are, each to 0..1, each to mean 0 and deviation 1 over the "
                "training rows; auto: standard, bytes by 1/255"};
    options_add(set, folders, 2);
    if (wanted == DATA_DIRECTORIES)
        return;
    if (wanted != DATA_FOLDERS)
        add_splits(set, o, wanted);
    if (wanted == DATA_NEW)
        options_add(set, &scaling, 1);
    table_add_options(set, &settings->table, wanted != DATA_NEW && wanted != DATA_SPLIT,
                      wanted != DATA_MODEL && wanted != DATA_FOLDERS);
}

int data_check(const option_set *set, const char *source, const char *wanted)
{
    static const char *const own[] = {
        "data-dir",       "validation", "validation-split", "validation-seed", "test",   "test-file",
        "label",          "ignore",     "categorical",      "max-categories",  "header", "missing",
        "separator",      "decimal",    "comment",          "scaling"};
    for (size_t i = 0; !source && i < sizeof own / sizeof *own; i++)
        if (option_given(set, own[i]))
            return usage_error(set->command, "--%s: has no meaning without %s", own[i], wanted);
    return EXIT_NONE;
}

static void follow(data_settings *settings, const option_set *set, const json_t *validation)
{
    espalier_dataset_options *o = &settings->options;
    const json_t *fraction = json_object_get(validation, "fraction");
    const json_t *seed = json_object_get(validation, "seed");
    const char *split = json_string_value(json_object_get(validation, "split"));
    double value = json_number_value(fraction);
    if (!option_given(set, "validation") && json_is_number(fraction) && value >= 0 && value < 1)
        o->validation_fraction = value;
    size_t index = split ? name_index(validation_at, split) : SIZE_MAX;
    if (!option_given(set, "validation-split") && index != SIZE_MAX)
        o->validation = (espalier_validation)index;
    if (!option_given(set, "validation-seed") && json_is_integer(seed))
        o->seed = (uint64_t)json_integer_value(seed);
    settings->table.options.own_test_seed = json_is_integer(seed);
    settings->table.options.test_seed = (uint64_t)json_integer_value(seed);
    double test = json_number_value(json_object_get(validation, "test"));
    if (!option_given(set, "test") && !settings->table.options.test_path && test > 0 && test < 1)
        settings->table.options.test_fraction = test;
    settings->model_test = test;
    settings->other_test = option_given(set, "test") && settings->table.options.test_fraction != test;
}

void data_follow_model(data_settings *settings, const option_set *set,
                       const espalier_network *network, bool unscaled)
{
    const char *text = espalier_network_metadata(network, "training");
    json_t *training = text ? json_loads(text, 0, NULL) : NULL;
    follow(settings, set, json_object_get(training, "validation"));
    if (!unscaled)
        settings->options.scaling = ESPALIER_SCALING_NONE;
    json_decref(training);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static json_t *validation_of(const espalier_network *network)
{
    const char *text = espalier_network_metadata(network, "training");
    json_t *training = text ? json_loads(text, 0, NULL) : NULL;
    json_t *validation = json_incref(json_object_get(training, "validation"));
    json_decref(training);
    return validation;
}

bool data_reads_alike(const espalier_network *a, const espalier_network *b)
{
    const char *const columns[] = {espalier_network_metadata(a, "columns"),
                                   espalier_network_metadata(b, "columns")};
    bool alike = same_text(columns[0], columns[1]) && scaling_is_unsaid(a) == scaling_is_unsaid(b) &&
                 espalier_network_class_count(a) == espalier_network_class_count(b);
    for (size_t c = 0; alike && c < espalier_network_class_count(a); c++)
        alike = same_text(espalier_network_class_name(a, c), espalier_network_class_name(b, c));
    json_t *one = validation_of(a), *other = validation_of(b);
    alike = alike && (one && other ? json_equal(one, other) : one == other);
    json_decref(one);
    json_decref(other);
    return alike;
}

json_t *data_validation_json(const data_settings *settings, const espalier_dataset *dataset)
{
    const espalier_dataset_options *o = &settings->options;
    double test = settings->table.options.test_fraction;
    json_t *json = json_pack(
        "{s:o, s:s, s:I}", "fraction", json_number(o->validation_fraction), "split",
        validation_at(dataset ? espalier_dataset_validation(dataset) : o->validation), "seed",
        (json_int_t)o->seed);
    if (test > 0)
        json_object_set_new(json, "test", json_number(test));
    return json;
}

/* ---- places --------------------------------------------------------------- */

void data_find_places(const data_settings *settings, data_places *found)
{
    const char *own = getenv("ESPALIER_DATA");
    const char *data_home = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    found->count = 0;
    for (size_t i = 0; i < settings->directories.count; i++)
        found->paths[found->count++] = settings->directories.texts[i];
    if (own && *own)
        found->paths[found->count++] = own;
    int length = -1;
    if (data_home && *data_home)
        length = snprintf(found->user, sizeof found->user, "%s/espalier", data_home);
    else if (home && *home)
        length = snprintf(found->user, sizeof found->user, "%s/.local/share/espalier", home);
    if (length > 0 && length < DATA_PLACE_BYTES)
        found->paths[found->count++] = found->user;
    found->paths[found->count++] = "/usr/share/datasets";
}

/* Whether the network says that it was trained on data of that name. */
static bool is_trained_on(const espalier_network *network, const char *source)
{
    char name[DATA_PLACE_BYTES];
    const char *text = espalier_network_metadata(network, "training");
    json_t *training = text ? json_loads(text, 0, NULL) : NULL;
    const char *data = json_string_value(json_object_get(training, "data"));
    base_name(source, name, sizeof name);
    bool same = data && strcmp(data, name) == 0;
    json_decref(training);
    return same;
}

/* Which of the options that choose columns is given, or NULL. */
static const char *chooses(const table_settings *s)
{
    return s->ignored.count              ? "--ignore"
           : s->categorical.count        ? "--categorical"
           : s->options.categories_most  ? "--max-categories"
                                         : NULL;
}

static void note_known_columns(const table_settings *s, const espalier_network *network)
{
    if (chooses(s) && espalier_network_metadata(network, "columns"))
        message("note: %s has no effect: the network knows the columns that it reads", chooses(s));
}

/* What is asked of a table that the source is not. */
static void note_no_table(const char *source, const espalier_table_options *o, const table_settings *s)
{
    const char *const idle = chooses(s)                           ? chooses(s)
                             : o->label                           ? "--label"
                             : o->separator                       ? "--separator"
                             : o->comment                         ? "--comment"
                             : o->decimal                         ? "--decimal"
                             : o->header != ESPALIER_HEADER_AUTO  ? "--header"
                             : o->missing != ESPALIER_MISSING_AUTO  ? "--missing"
                                                                  : NULL;
    if (idle && !espalier_table_is_named(source) && strcmp(source, "-") != 0)
        message("note: %s has no effect: %s is no table", idle, source);
}

/* network: NULL, or whose columns the rows are read by; names: its classes, or NULL where
 * those are found out. What the library says goes into `error`. */
static int open_by(const espalier_network *network, bool for_test, const char *const *names,
                   const char *source, const data_settings *settings, espalier_dataset **dataset,
                   espalier_error *error)
{
    data_places found;
    if (strcmp(source, "-") == 0) {
        message("-: expected a file, a folder or a name, found standard input, which 'espalier predict' "
                "alone reads");
        return EXIT_USAGE;
    }
    data_find_places(settings, &found);
    espalier_dataset_options options = settings->options;
    options.directories = found.paths;
    options.directory_count = found.count;
    int code = table_settle(&settings->table, &options.table);
    if (code != EXIT_NONE)
        return code;
    note_no_table(source, &options.table, &settings->table);
    if (options.table.test_path && same_file(source, options.table.test_path))
        message("warning: --test-file is DATA itself: its rows are tested on that are trained on");
    if (network) {
        note_known_columns(&settings->table, network);
        options.table.columns = espalier_network_metadata(network, "columns");
        options.table.class_count = names ? espalier_network_class_count(network) : 0;
        options.table.class_names = names;
        /* Tables are told apart by what is in them, others only by their names. */
        options.table.for_test =
            for_test && (espalier_table_is_named(source) || !is_trained_on(network, source));
    }
    if (espalier_dataset_open(source, &options, NULL, dataset, error))
        return EXIT_FAILED;
    doubts_unknown(source, espalier_dataset_unknown(*dataset, false));
    doubts_unknown(options.table.test_path, espalier_dataset_unknown(*dataset, true));
    return EXIT_NONE;
}

int data_open(const char *source, const data_settings *settings, espalier_dataset **dataset)
{
    espalier_error error = {0};
    int code = open_by(NULL, false, NULL, source, settings, dataset, &error);
    return error.status ? settings_fail(&error, NULL) : code;
}

/* Gives the network the names of a data set's classes, which are as many, and says so. */
static int take_names(espalier_network *network, const char *source,
                      const espalier_dataset *dataset, const char **names)
{
    size_t count = espalier_network_class_count(network);
    for (size_t i = 0; i < count; i++)
        names[i] = espalier_dataset_class_name(dataset, i);
    if (espalier_network_set_class_names(network, names)) {
        message("out of memory");
        return EXIT_FAILED;
    }
    message("note: the network has no names of its %zu classes: they are those of %s in their order, "
            "from '%s' to '%s'", count, source, names[0], names[count - 1]);
    return EXIT_NONE;
}

/* Words tell the classes apart only if there is one for each. */
static int few_names(const espalier_network *network, const char *source, size_t labels)
{
    const size_t count = espalier_network_class_count(network);
    message("%s: expected a label for each of the network's %zu classes, which have no names, found %zu "
            "different ones: write the labels as the numbers of the classes, 0 to %zu", source, count,
            labels, count - 1);
    return EXIT_FAILED;
}

/* A network of another program often knows numbers only, where a table has names. */
static int open_nameless(espalier_network *network, bool for_test, const char **names,
                         const char *source, const data_settings *settings,
                         espalier_dataset **dataset, const espalier_error *first)
{
    espalier_dataset *other = NULL;
    espalier_error error = {0};
    int code = open_by(network, for_test, NULL, source, settings, &other, &error);
    const char *one = code == EXIT_NONE ? espalier_dataset_class_name(other, 0) : NULL;
    const size_t labels = one ? espalier_dataset_class_count(other) : 0;
    const bool fits = labels == espalier_network_class_count(network);
    const bool words = one && strcmp(one, "0") != 0; /* else it is one among numbers that is wrong */
    if (fits && (code = take_names(network, source, other, names)) == EXIT_NONE) {
        *dataset = other;
        return EXIT_NONE;
    }
    espalier_dataset_destroy(other);
    return fits ? code : words ? few_names(network, source, labels) : fail(first);
}

/* What a network's columns say of the table that they were learnt from, or NULL. */
static json_t *table_of(const char *columns)
{
    json_t *all = columns ? json_loads(columns, 0, NULL) : NULL;
    json_t *table = json_incref(json_object_get(all, "table"));
    json_decref(all);
    return table;
}

json_t *data_label_json(const char *columns)
{
    json_t *all = columns ? json_loads(columns, 0, NULL) : NULL;
    json_t *label = json_incref(json_object_get(all, "label"));
    json_decref(all);
    return label;
}

bool data_label_column(const char *columns, char text[DATA_LABEL_BYTES])
{
    json_t *label = data_label_json(columns);
    const char *name = json_string_value(json_object_get(label, "name"));
    snprintf(text, DATA_LABEL_BYTES, "column %lld%s%s%s",
             (long long)json_integer_value(json_object_get(label, "position")), name ? " (" : "",
             name ? name : "", name ? ")" : "");
    json_decref(label);
    return label != NULL;
}

/* Rows that the network has learnt are no test rows. */
static int check_test(const espalier_network *network, const char *source,
                      const data_settings *settings, const espalier_dataset *dataset)
{
    if (!settings->other_test)
        return EXIT_NONE;
    json_t *known = table_of(espalier_network_metadata(network, "columns"));
    json_t *table = table_of(espalier_dataset_columns(dataset));
    const bool same = known && table && json_equal(known, table);
    json_decref(known);
    json_decref(table);
    if (!same)
        return EXIT_NONE;
    if (!(settings->model_test > 0)) {
        message("warning: --test: the network was trained on all rows of %s, so those tested on, too",
                source);
        return EXIT_NONE;
    }
    message("--test: expected %g%%, the part of %s that the network was not trained on, found %g%%: it has "
            "learnt some of those rows", 100 * settings->model_test, source,
            100 * settings->table.options.test_fraction);
    return EXIT_USAGE;
}

int data_open_for(espalier_network *network, bool for_test, const char *source,
                  const data_settings *settings, espalier_dataset **dataset)
{
    size_t count = espalier_network_class_count(network);
    bool nameless = espalier_network_metadata(network, "imported") != NULL;
    const char **names = calloc(count, sizeof *names);
    espalier_error error = {0};
    char number[32];
    if (!names) {
        message("out of memory");
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = espalier_network_class_name(network, i);
        snprintf(number, sizeof number, "%zu", i);
        nameless = nameless && strcmp(names[i], number) == 0;
    }
    int code = open_by(network, for_test, names, source, settings, dataset, &error);
    if (error.status == ESPALIER_ERROR_FORMAT && nameless)
        code = open_nameless(network, for_test, names, source, settings, dataset, &error);
    else if (error.status)
        code = settings_fail(&error, NULL);
    free(names);
    return code == EXIT_NONE ? check_test(network, source, settings, *dataset) : code;
}

int data_open_table(const espalier_network *network, const char *source,
                    const data_settings *settings, espalier_table **table)
{
    espalier_table_options options;
    espalier_error error = {0};
    int code = table_settle(&settings->table, &options);
    if (code != EXIT_NONE)
        return code;
    options.columns = espalier_network_metadata(network, "columns");
    note_known_columns(&settings->table, network);
    if (!options.columns && chooses(&settings->table)) {
        message("%s: expected rows of nothing but the network's %zu inputs and a label, found %s: the "
                "network knows no columns; leave those that it does not read out of the file", source,
                espalier_network_row_width(network), chooses(&settings->table));
        return EXIT_FAILED;
    }
    return espalier_table_open(source, espalier_network_row_width(network), &options, NULL, table,
                               &error)
               ? settings_fail(&error, NULL)
               : EXIT_NONE;
}

bool data_folder(const char *source, const data_settings *settings, char *path, size_t size)
{
    struct stat status;
    data_places found;
    if (stat(source, &status) == 0)
        return S_ISDIR(status.st_mode) && snprintf(path, size, "%s", source) < (int)size;
    data_find_places(settings, &found);
    for (size_t i = 0; i < found.count; i++) {
        int length = snprintf(path, size, "%s/%s", found.paths[i], source);
        if (length < (int)size && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
            return true;
    }
    return false;
}
