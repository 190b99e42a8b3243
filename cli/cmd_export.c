/* espalier export: the network in the format that the output's ending names. */
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "output.h"
#include "table.h"

typedef struct export_settings {
    const char *output;
    bool quiet;
} export_settings;

static void formats(void)
{
    puts("\nFormats, by the ending of FILE");
    for (size_t i = 0; espalier_exporter_ending(i); i++) {
        size_t column = (size_t)printf("  %-18s ", espalier_exporter_ending(i));
        print_wrapped(espalier_exporter_summary(i), column, 21);
    }
}

static int check_ending(const option_set *set, const char *output)
{
    char known[256] = "", name[256];
    base_name(output, name, sizeof name);
    for (size_t i = 0; espalier_exporter_ending(i); i++) {
        const char *ending = espalier_exporter_ending(i);
        size_t length = strlen(name), tail = strlen(ending), at = strlen(known);
        if (length > tail && strcmp(name + length - tail, ending) == 0)
            return EXIT_NONE;
        snprintf(known + at, sizeof known - at, "%s%s", i ? " or " : "", ending);
    }
    return usage_error(set->command, "-o: expected a name that ends in %s, found '%s'", known,
                       output);
}

static int export(const option_set *set, const export_settings *s)
{
    espalier_network *network = NULL;
    espalier_error error = {0};
    char text[DIGITS_BYTES];
    int code = output_given(set->command, s->output);
    if (code == EXIT_NONE)
        code = check_ending(set, s->output);
    if (code == EXIT_NONE)
        code = output_differs(set->command, s->output, set->files[0]);
    if (code == EXIT_NONE)
        code = output_writable(s->output);
    if (code == EXIT_NONE)
        code = read_model(set->files[0], &network);
    if (code == EXIT_NONE && espalier_network_export(network, s->output, NULL, &error))
        code = fail(&error);
    espalier_network_destroy(network);
    if (code != EXIT_NONE)
        return code;
    if (!s->quiet)
        printf("wrote %s (%s bytes)\n", s->output, digits(text, file_bytes(s->output)));
    return finish_stdout(EXIT_DONE);
}

int cmd_export(int argc, char **argv)
{
    export_settings s = {0};
    option_set set = {
        .command = argv[0],
        .arguments = "MODEL -o FILE",
        .summary = "Writes the network for other programs.",
        .least = 1,
        .most = 1,
        .epilogue = formats,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Output"},
        {.name = "output", .letter = 'o', .kind = OPTION_TEXT, .value = &s.output,
         .argument = "FILE", .help = "write there (required)"},
        {.name = "quiet", .kind = OPTION_FLAG, .value = &s.quiet, .help = "print nothing"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = export(&set, &s);
    options_clear(&set);
    return code;
}
