/* espalier analyse: singular values, ranks, norms and cost of every layer, of one
 * network or against another. */
#include "analysis.h"
#include "output.h"

typedef struct analyse_settings {
    const char *baseline, *csv;
    bool json;
} analyse_settings;

static int check_csv(const option_set *set, const analyse_settings *s)
{
    if (!s->csv)
        return EXIT_NONE;
    if (s->json && output_is_standard(s->csv))
        return usage_error(set->command, "--csv %s: expected a file beside --json, which goes to "
                                         "standard output", s->csv);
    int code = output_differs(set->command, s->csv, set->files[0]);
    if (code == EXIT_NONE && s->baseline)
        code = output_differs(set->command, s->csv, s->baseline);
    return code == EXIT_NONE ? output_writable(s->csv) : code;
}

static int check_baseline(const analysis *a, const analysis *baseline)
{
    if (a->count == baseline->count)
        return EXIT_NONE;
    message("%s: expected a baseline of %zu layers, as %s has, found %zu", baseline->path, a->count,
            a->path, baseline->count);
    return EXIT_FAILED;
}

static int write_csv(const char *path, const analysis *a, const analysis *baseline)
{
    text_file file;
    const int code = text_open(&file, path);
    if (code != EXIT_NONE)
        return code;
    analysis_write_csv(file.stream, a, baseline);
    return text_commit(&file);
}

static int show(const analyse_settings *s, const analysis *a, const analysis *baseline)
{
    int code = s->csv ? write_csv(s->csv, a, baseline) : EXIT_NONE;
    if (code == EXIT_NONE && s->json)
        code = analysis_print_json(a, baseline);
    else if (code == EXIT_NONE && !(s->csv && output_is_standard(s->csv)))
        analysis_print(a, baseline); /* never behind the CSV of a stream */
    return code == EXIT_NONE ? finish_stdout(EXIT_DONE) : code;
}

static int analyse(const option_set *set, const analyse_settings *s)
{
    analysis model = {0}, baseline = {0};
    int code = check_csv(set, s);
    if (code == EXIT_NONE)
        code = analysis_make(&model, set->files[0]);
    if (code == EXIT_NONE && s->baseline) {
        code = analysis_make(&baseline, s->baseline);
        if (code == EXIT_NONE)
            code = check_baseline(&model, &baseline);
    }
    if (code == EXIT_NONE)
        code = show(s, &model, s->baseline ? &baseline : NULL);
    analysis_clear(&model);
    analysis_clear(&baseline);
    return code;
}

int cmd_analyse(int argc, char **argv)
{
    analyse_settings s = {0};
    option_set set = {
        .command = argv[0],
        .arguments = "MODEL",
        .summary = "Cost, rank, norms and singular values of every layer's weights; with "
                   "--baseline beside those of another network, such as the same one before it "
                   "was pruned.",
        .least = 1,
        .most = 1,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Analysis"},
        {.name = "baseline", .kind = OPTION_TEXT, .value = &s.baseline, .argument = "MODEL",
         .help = "a network with as many layers to compare with"},
        {.name = "csv", .kind = OPTION_TEXT, .value = &s.csv, .argument = "FILE",
         .help = "write all singular values there, one to a line"},
        {.name = "json", .kind = OPTION_FLAG, .value = &s.json, .help = "print one JSON object"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = analyse(&set, &s);
    options_clear(&set);
    return code;
}
