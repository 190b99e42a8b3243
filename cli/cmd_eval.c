/* espalier eval: how well a network knows the rows of one split. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "evaluation.h"
#include "inputs.h"
#include "scaling.h"
#include "table.h"

typedef struct eval_settings {
    data_settings data;
    espalier_split split;
    size_t k, threads;
    bool json;
} eval_settings;

enum { CONFUSION_MOST = 40 }; /* classes; with four columns each, twice a terminal's width */

static uint64_t sum(const espalier_evaluation *e, size_t fixed, bool row)
{
    uint64_t total = 0;
    for (size_t i = 0; i < e->class_count; i++)
        total += e->confusion[row ? fixed * e->class_count + i : i * e->class_count + fixed];
    return total;
}

static void share(table *t, uint64_t part, uint64_t whole)
{
    if (whole)
        table_cell(t, "%.2f %%", 100 * (double)part / (double)whole);
    else
        table_cell(t, "-");
}

/* precision = right among those predicted, recall = right among those there are. */
static void print_classes(const espalier_network *network, const espalier_evaluation *e)
{
    char text[DIGITS_BYTES];
    table *t = table_create(4);
    table_cell(t, "class");
    table_cell(t, "rows");
    table_cell(t, "precision");
    table_cell(t, "recall");
    for (size_t c = 0; c < e->class_count; c++) {
        uint64_t right = e->confusion[c * e->class_count + c], rows = sum(e, c, true);
        table_cell(t, "%s", espalier_network_class_name(network, c));
        table_cell(t, "%s", digits(text, rows));
        share(t, right, sum(e, c, false));
        share(t, right, rows);
    }
    putchar('\n');
    table_print(t, 0);
    table_destroy(t);
}

static json_t *share_json(uint64_t part, uint64_t whole)
{
    return whole ? json_real((double)part / (double)whole) : json_null();
}

static json_t *classes_json(const espalier_network *network, const espalier_evaluation *e)
{
    json_t *classes = e->confusion ? json_array() : json_null();
    for (size_t c = 0; e->confusion && c < e->class_count; c++) {
        const uint64_t right = e->confusion[c * e->class_count + c], rows = sum(e, c, true);
        json_array_append_new(
            classes, json_pack("{s:s, s:I, s:o, s:o}", "name",
                               espalier_network_class_name(network, c), "rows", (json_int_t)rows,
                               "precision", share_json(right, sum(e, c, false)), "recall",
                               share_json(right, rows)));
    }
    return classes;
}

static void print_confusion(const espalier_network *network, const espalier_evaluation *e)
{
    char number[DIGITS_BYTES];
    const char *name;
    if (e->class_count > CONFUSION_MOST) {
        puts("\nconfusion matrix: too wide for a terminal; see --json");
        return;
    }
    table *t = table_create(e->class_count + 1);
    table_cell(t, "%s", "");
    for (size_t c = 0; c < e->class_count; c++)
        table_cell(t, "%zu", c);
    for (size_t r = 0; r < e->class_count; r++) {
        snprintf(number, sizeof number, "%zu", r);
        name = espalier_network_class_name(network, r);
        /* Where classes have no names, their numbers are their names. */
        table_cell(t, "%s%s%s", number, strcmp(name, number) ? " " : "",
                   strcmp(name, number) ? name : "");
        for (size_t c = 0; c < e->class_count; c++)
            table_cell(t, "%llu", (unsigned long long)e->confusion[r * e->class_count + c]);
    }
    puts("\nconfusion (row: true class, column: predicted class)");
    table_print(t, 0);
    table_destroy(t);
}

static void print_text(const espalier_network *network, const espalier_evaluation *e)
{
    char text[DIGITS_BYTES], head[32];
    snprintf(head, sizeof head, "top-%zu", e->k);
    printf("%-9s %s\n", "rows", digits(text, e->rows));
    printf("%-9s %.2f %%\n", "accuracy", 100 * e->accuracy);
    printf("%-9s %.2f %%\n", head, 100 * e->top_k_accuracy);
    printf("%-9s %.4f\n", "loss", e->loss);
    if (!e->confusion)
        return;
    print_classes(network, e);
    print_confusion(network, e);
}

static int evaluate(const option_set *set, const eval_settings *s, const espalier_network *network,
                    const espalier_dataset *dataset)
{
    espalier_evaluation evaluation = {0};
    espalier_error error = {0};
    size_t classes = espalier_network_class_count(network);
    if (s->k > classes)
        return usage_error(set->command, "--top-k: expected at most the %zu classes of %s, "
                                         "found %zu", classes, set->files[0], s->k);
    int code = check_split(set, &s->data, dataset, set->files[1], s->split);
    if (code != EXIT_NONE)
        return code;
    if (espalier_evaluate(network, dataset, s->split, s->k, s->threads, &evaluation, &error))
        return fail(&error);
    code = check_finite(&evaluation, set->files[1]);
    if (code != EXIT_NONE) {
        espalier_evaluation_clear(&evaluation);
        return code;
    }
    if (s->json) {
        json_t *json = evaluation_json(&evaluation);
        json_object_set_new(json, "classes", classes_json(network, &evaluation));
        code = print_json(json);
        json_decref(json);
    } else {
        print_text(network, &evaluation);
    }
    espalier_evaluation_clear(&evaluation);
    return code == EXIT_NONE ? finish_stdout(EXIT_DONE) : code;
}

static int eval(const option_set *set, const eval_settings *s)
{
    espalier_network *network = NULL;
    espalier_dataset *dataset = NULL;
    int code = read_model(set->files[0], &network);
    if (code == EXIT_NONE)
        code = open_rows(set, s->data, set->files[0], network, set->files[1], &dataset);
    if (code == EXIT_NONE)
        code = evaluate(set, s, network, dataset);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
    return code;
}

int cmd_eval(int argc, char **argv)
{
    eval_settings s = {.data = data_settings_defaults(), .split = ESPALIER_TEST,
                       .threads = threads_default()};
    option_set set = {
        .command = argv[0],
        .arguments = "MODEL DATA",
        .summary = "Accuracy, top-k accuracy, loss, precision and recall of each class, and the "
                   "confusion matrix.",
        .least = 2,
        .most = 2,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Evaluation"},
        {.name = "split", .kind = OPTION_CHOICE, .value = &s.split, .argument = "NAME",
         .names = split_name, .help = "which rows"},
        {.name = "top-k", .kind = OPTION_COUNT, .value = &s.k, .argument = "K", .low = 1,
         .high = WIDTH_MOST, .shown = "5, or all classes if fewer",
         .help = "right if the label is among the K most probable"},
        {.name = "threads", .kind = OPTION_COUNT, .value = &s.threads, .argument = "N", .low = 0,
         .high = THREADS_MOST, .shown = "all", .help = "results do not depend on it"},
        {.name = "json", .kind = OPTION_FLAG, .value = &s.json, .help = "print one JSON object"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    data_add_options(&set, &s.data, DATA_MODEL);
    scaling_add_option(&set, &s.data);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = eval(&set, &s);
    options_clear(&set);
    return code;
}
