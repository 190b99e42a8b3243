/* espalier predict: class and probabilities of rows. How they are written is
 * predictions.c's, which rows there are predict_rows.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "inputs.h"
#include "predict_rows.h"
#include "predictions.h"
#include "scaling.h"

typedef struct predict_settings {
    row_choice choice;
    const char *output;
    prediction_format format;
} predict_settings;

/* Room for one row. */
typedef struct room {
    float *values, *probabilities, *workspace;
} room;

static bool room_make(room *space, const espalier_network *network,
                      const espalier_predictor *predictor)
{
    /* Widths are at most 2^24: the products fit. */
    size_t bytes = espalier_predictor_workspace(predictor, 1) * sizeof(float);
    *space = (room){calloc(espalier_network_row_width(network), sizeof(float)),
                    calloc(espalier_network_class_count(network), sizeof(float)),
                    aligned_alloc(64, (bytes + 64) / 64 * 64)};
    return space->values && space->probabilities && space->workspace;
}

static void room_clear(room *space)
{
    free(space->values);
    free(space->probabilities);
    free(space->workspace);
}

/* One row after the other, so that a line does not depend on which other rows were
 * asked for, and a few rows need no code made for products of many. */
static int predict_rows(row_source *rows, const espalier_predictor *predictor, const room *space,
                        predictions *out)
{
    for (bool end = false;;) {
        /* Whoever writes row by row may wait for what came of the last one. */
        if (row_source_would_wait(rows))
            predictions_flush(out);
        int code = row_source_next(rows, space->values, &end);
        if (code != EXIT_NONE || end)
            return code;
        espalier_predictor_run(predictor, space->values, 1, space->probabilities,
                               space->workspace);
        code = row_source_check(rows, space->probabilities, out->classes);
        if (code != EXIT_NONE)
            return code;
        if (!predictions_write(out, space->probabilities))
            return EXIT_NONE;
    }
}

static int write_rows(const option_set *set, const predict_settings *s,
                      const espalier_network *network, row_source *rows)
{
    espalier_error error = {0};
    espalier_predictor *predictor = NULL;
    predictions out = {0};
    room space = {0};
    if (espalier_predictor_create(network, NULL, &predictor, &error))
        return fail(&error);
    int code = EXIT_FAILED;
    if (!room_make(&space, network, predictor)) {
        message("out of memory");
    } else {
        code = predictions_open(&out, set->command, s->output, s->format, network,
                                row_source_count(rows));
        if (code == EXIT_NONE)
            code = predict_rows(rows, predictor, &space, &out);
        row_source_warn(rows);
        if (code == EXIT_NONE)
            code = predictions_commit(&out);
    }
    predictions_abandon(&out);
    room_clear(&space);
    espalier_predictor_destroy(predictor);
    return code;
}

static int check_output(const option_set *set, const predict_settings *s)
{
    if (output_is_standard(s->output))
        return EXIT_NONE;
    int code = output_differs(set->command, s->output, set->files[0]);
    if (code == EXIT_NONE && strcmp(set->files[1], "-") != 0)
        code = output_differs_from_data(set->command, s->output, set->files[1], &s->choice.data);
    return code == EXIT_NONE ? output_writable(s->output) : code;
}

static int predict(const option_set *set, predict_settings *s)
{
    espalier_network *network = NULL;
    row_source rows = {0};
    const bool given = option_given(set, "format");
    const char *const dot = s->output ? strrchr(s->output, '.') : NULL;
    if (!given && dot && (strcasecmp(dot, ".json") == 0 || strcasecmp(dot, ".npz") == 0))
        return usage_error(set->command, "-o: expected an ending .csv, .jsonl or .npy, found '%s'; a "
                                         "line for each row is .jsonl", s->output);
    s->format = given ? s->format : prediction_format_of(s->output);
    int code = check_output(set, s);
    if (code == EXIT_NONE)
        code = read_model(set->files[0], &network);
    if (code == EXIT_NONE)
        code = row_source_open(&rows, set, &s->choice, network);
    if (code == EXIT_NONE)
        code = write_rows(set, s, network, &rows);
    row_source_close(&rows);
    espalier_network_destroy(network);
    return code == EXIT_NONE ? EXIT_DONE : code;
}

int cmd_predict(int argc, char **argv)
{
    predict_settings s = {.choice = {.data = data_settings_defaults(), .split = ESPALIER_TEST,
                                     .rows = {0, SIZE_MAX}}};
    option_set set = {
        .command = argv[0],
        .arguments = "MODEL DATA",
        .summary = "Writes for each row the predicted class and the probability of every class. "
                   "DATA is a data set, a table, one array of rows (.npy, .npz), or - for a table on "
                   "standard input; tables and arrays need no labels, and are read and "
                   "predicted row by row.",
        .least = 2,
        .most = 2,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Prediction"},
        {.name = "split", .kind = OPTION_CHOICE, .value = &s.choice.split, .argument = "NAME",
         .names = split_name,
         .help = "which rows; without it, all rows of a table or an array"},
        {.name = "rows", .kind = OPTION_ROWS, .value = &s.choice.rows, .argument = "ROWS",
         .shown = "all", .help = "the first N, or A:B for A to B - 1, counted from 0"},
        {.name = "format", .kind = OPTION_CHOICE, .value = &s.format, .argument = "NAME",
         .names = prediction_format_name, .shown = "by the ending of -o, else csv",
         .help = "csv: a header, then a line for each row; jsonl: a JSON object for each row; npy: "
                 "a NumPy array of float32 [rows, classes], the probabilities"},
        {.name = "output", .letter = 'o', .kind = OPTION_TEXT, .value = &s.output,
         .argument = "FILE", .shown = "-, standard output", .help = "write there"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    data_add_options(&set, &s.choice.data, DATA_MODEL);
    scaling_add_option(&set, &s.choice.data);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = predict(&set, &s);
    options_clear(&set);
    return code;
}
