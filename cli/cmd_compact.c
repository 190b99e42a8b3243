/* espalier compact: takes dead neurons and unread inputs out, and proves that
 * the function stayed the same. */
#include <stdio.h>

#include "inputs.h"
#include "output.h"
#include "proof.h"
#include "scaling.h"
#include "table.h"

typedef struct compact_settings {
    data_settings data;
    const char *output, *source;
    size_t threads;
    bool json, quiet;
} compact_settings;

static void print_text(const option_set *set, const compact_settings *s,
                       const espalier_network *small, const char *proof)
{
    char before[WIDTHS_BYTES], after[WIDTHS_BYTES], old[DIGITS_BYTES], new[DIGITS_BYTES];
    printf("neurons   %s -> %s\n", hidden_widths(before, small), live_neurons(after, small));
    printf("inputs    %zu -> %zu\n", espalier_network_row_width(small),
           espalier_network_inputs(small, 0));
    printf("bytes     %s -> %s\n", digits(old, file_bytes(set->files[0])),
           digits(new, file_bytes(s->output)));
    puts(proof);
}

static int prove_and_write(const option_set *set, const compact_settings *s,
                           const espalier_network *network, const espalier_dataset *dataset)
{
    espalier_error error = {0};
    espalier_network *small = NULL;
    espalier_compaction compaction;
    espalier_difference difference;
    char line[160];
    if (espalier_network_compact(network, NULL, &small, &compaction, &error))
        return fail(&error);
    int code = proof_run(network, small, dataset, s->threads, &difference);
    if (code == EXIT_NONE) {
        proof_text(&difference, line, sizeof line);
        const bool holds = proof_holds(&difference);
        if (!holds)
            message("%s; %s is not written", line, s->output);
        else if (espalier_network_write(small, s->output, &error))
            code = fail(&error);
        if (code == EXIT_NONE && s->json) {
            json_t *json = proof_json(&difference, &compaction);
            code = print_json(json);
            json_decref(json);
        } else if (code == EXIT_NONE && holds && !s->quiet) {
            print_text(set, s, small, line);
        }
        if (code == EXIT_NONE && !holds)
            code = finish_stdout(EXIT_CHECK);
    }
    espalier_network_destroy(small);
    return code == EXIT_NONE ? finish_stdout(EXIT_DONE) : code;
}

static int compact(const option_set *set, const compact_settings *s)
{
    espalier_network *network = NULL;
    espalier_dataset *dataset = NULL;
    int code = output_is_model(set->command, s->output);
    if (code == EXIT_NONE)
        code = data_check(set, s->source, "--data DATA");
    if (code == EXIT_NONE)
        code = output_differs(set->command, s->output, set->files[0]);
    if (code == EXIT_NONE && s->source)
        code = output_differs_from_data(set->command, s->output, s->source, &s->data);
    if (code == EXIT_NONE)
        code = output_writable(s->output);
    if (code == EXIT_NONE)
        code = read_model(set->files[0], &network);
    if (code == EXIT_NONE && s->source)
        code = open_rows(set, s->data, set->files[0], network, s->source, &dataset);
    if (code == EXIT_NONE)
        code = prove_and_write(set, s, network, dataset);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
    return code;
}

int cmd_compact(int argc, char **argv)
{
    compact_settings s = {.data = data_settings_defaults(), .threads = threads_default()};
    option_set set = {
        .command = argv[0],
        .arguments = "MODEL -o MODEL",
        .summary = "Takes dead neurons, and inputs that no neuron reads, out of the matrices. Both "
                   "networks are run over the data, and nothing is written (exit status 3) if a "
                   "class changes or a probability differs by more than 0.0001.",
        .least = 1,
        .most = 1,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Compaction"},
        {.name = "output", .letter = 'o', .kind = OPTION_TEXT, .value = &s.output,
         .argument = "FILE", .help = "write the network here (required)"},
        {.name = "data", .kind = OPTION_TEXT, .value = &s.source, .argument = "DATA",
         .shown = "1,000 random rows", .help = "prove it on every row of this data set"},
        {.name = "threads", .kind = OPTION_COUNT, .value = &s.threads, .argument = "N", .low = 0,
         .high = THREADS_MOST, .shown = "all", .help = "results do not depend on it"},
        {.name = "json", .kind = OPTION_FLAG, .value = &s.json, .help = "print one JSON object"},
        {.name = "quiet", .kind = OPTION_FLAG, .value = &s.quiet, .help = "print nothing"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    data_add_options(&set, &s.data, DATA_FOLDERS);
    scaling_add_option(&set, &s.data);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = compact(&set, &s);
    options_clear(&set);
    return code;
}
