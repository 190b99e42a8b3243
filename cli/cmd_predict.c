/* espalier predict: class and probabilities of rows, as CSV (RFC 4180 quoting). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "output.h"

typedef struct predict_settings {
    data_settings data;
    espalier_split split;
    row_range rows;
    const char *output;
} predict_settings;

/* Room for one row. */
typedef struct room {
    float *values, *probabilities, *workspace;
} room;

static void print_name(FILE *stream, const char *name)
{
    if (!strpbrk(name, ",\"\r\n")) {
        fputs(name, stream);
        return;
    }
    putc('"', stream);
    for (; *name; name++) {
        if (*name == '"')
            putc('"', stream);
        putc(*name, stream);
    }
    putc('"', stream);
}

static void print_header(FILE *stream, const espalier_network *network)
{
    fputs("class", stream);
    for (size_t c = 0; c < espalier_network_class_count(network); c++) {
        putc(',', stream);
        print_name(stream, espalier_network_class_name(network, c));
    }
    putc('\n', stream);
}

/* Nine digits bring a float back exactly. The first of equal probabilities wins. */
static void print_row(FILE *stream, const espalier_network *network, const float *probabilities)
{
    size_t best = 0, classes = espalier_network_class_count(network);
    for (size_t c = 1; c < classes; c++)
        best = probabilities[c] > probabilities[best] ? c : best;
    print_name(stream, espalier_network_class_name(network, best));
    for (size_t c = 0; c < classes; c++)
        fprintf(stream, ",%.9g", (double)probabilities[c]);
    putc('\n', stream);
}

/* One row after the other, so that a line does not depend on which other rows were
 * asked for, and a few rows need no code made for products of many. */
static void print_rows(FILE *stream, const espalier_network *network,
                       const espalier_predictor *predictor, const espalier_dataset *dataset,
                       espalier_split split, row_range rows, const room *space)
{
    for (size_t row = rows.first; row < rows.end && !ferror(stream); row++) {
        espalier_dataset_rows(dataset, split, row, 1, space->values);
        espalier_predictor_run(predictor, space->values, 1, space->probabilities,
                               space->workspace);
        print_row(stream, network, space->probabilities);
    }
}

static int write_csv(const predict_settings *s, const espalier_network *network,
                     const espalier_dataset *dataset, row_range rows)
{
    espalier_error error = {0};
    espalier_predictor *predictor = NULL;
    text_file file;
    if (espalier_predictor_create(network, NULL, &predictor, &error))
        return fail(&error);
    /* Widths are at most 2^24: the products fit. */
    room space = {
        calloc(espalier_network_row_width(network), sizeof(float)),
        calloc(espalier_network_class_count(network), sizeof(float)),
        aligned_alloc(64, (espalier_predictor_workspace(predictor, 1) * sizeof(float) +
                           64) / 64 * 64)};
    int code = EXIT_FAILED;
    if (!space.values || !space.probabilities || !space.workspace) {
        message("out of memory");
    } else if ((code = text_open(&file, s->output)) == EXIT_NONE) {
        print_header(file.stream, network);
        print_rows(file.stream, network, predictor, dataset, s->split, rows, &space);
        code = text_commit(&file);
    }
    free(space.values);
    free(space.probabilities);
    free(space.workspace);
    espalier_predictor_destroy(predictor);
    return code;
}

static int choose_rows(const option_set *set, const predict_settings *s,
                       const espalier_dataset *dataset, row_range *rows)
{
    size_t count = espalier_dataset_row_count(dataset, s->split);
    int code = check_split(dataset, set->files[1], s->split);
    if (code != EXIT_NONE)
        return code;
    *rows = s->rows;
    if (rows->end == SIZE_MAX)
        rows->end = count;
    if (rows->end > count || rows->first >= rows->end)
        return usage_error(set->command, "--rows: expected rows within the %zu %s rows of %s, "
                                         "found %zu:%zu", count, split_name(s->split),
                           set->files[1], rows->first, rows->end);
    return EXIT_NONE;
}

static int predict(const option_set *set, const predict_settings *s)
{
    espalier_network *network = NULL;
    espalier_dataset *dataset = NULL;
    row_range rows = {0};
    int code = EXIT_NONE;
    if (s->output) {
        code = output_differs(set->command, s->output, set->files[0]);
        if (code == EXIT_NONE)
            code = output_differs_from_data(set->command, s->output, set->files[1], &s->data);
        if (code == EXIT_NONE)
            code = output_writable(s->output);
    }
    if (code == EXIT_NONE)
        code = read_model(set->files[0], &network);
    if (code == EXIT_NONE)
        code = open_rows(set, s->data, set->files[0], network, set->files[1], &dataset);
    if (code == EXIT_NONE)
        code = choose_rows(set, s, dataset, &rows);
    if (code == EXIT_NONE)
        code = write_csv(s, network, dataset, rows);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
    return code == EXIT_NONE ? EXIT_DONE : code;
}

int cmd_predict(int argc, char **argv)
{
    predict_settings s = {.data = data_settings_defaults(), .split = ESPALIER_TEST,
                          .rows = {0, SIZE_MAX}};
    option_set set = {
        .command = argv[0],
        .arguments = "MODEL DATA",
        .summary = "Writes CSV: a header, then for each row the predicted class and the "
                   "probability of every class.",
        .least = 2,
        .most = 2,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Prediction"},
        {.name = "split", .kind = OPTION_CHOICE, .value = &s.split, .argument = "NAME",
         .names = split_name, .help = "which rows"},
        {.name = "rows", .kind = OPTION_ROWS, .value = &s.rows, .argument = "ROWS",
         .shown = "all", .help = "the first N, or A:B for A to B - 1, counted from 0"},
        {.name = "output", .letter = 'o', .kind = OPTION_TEXT, .value = &s.output,
         .argument = "FILE", .shown = "standard output", .help = "write there"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    data_add_options(&set, &s.data, DATA_MODEL);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = predict(&set, &s);
    options_clear(&set);
    return code;
}
