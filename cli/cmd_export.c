/* espalier export: the network in the format that the output's ending names. */
#include <stdio.h>
#include <string.h>

#include "export_c.h"
#include "handover.h"
#include "options.h"
#include "output.h"
#include "scaling.h"
#include "settings.h"
#include "table.h"

typedef struct export_settings {
    const char *output;
    bool compact, quiet;
    size_t opset;
    espalier_export_options options;
    export_c_settings c;
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

static int export(const option_set *set, export_settings *s, int argc, char **argv)
{
    espalier_network *network = NULL;
    espalier_error error = {0};
    char text[DIGITS_BYTES];
    int code = output_given(set->command, s->output);
    if (code == EXIT_NONE)
        code = check_ending(set, s->output);
    if (code == EXIT_NONE)
        code = handover_check(set, s->output);
    if (code == EXIT_NONE)
        code = export_c_check(set, &s->c, s->output);
    if (code == EXIT_NONE)
        code = output_differs(set->command, s->output, set->files[0]);
    if (code == EXIT_NONE)
        code = output_writable(s->output);
    if (code == EXIT_NONE)
        code = read_model(set->files[0], &network);
    if (code == EXIT_NONE && s->options.fold_scaling && scaling_is_unsaid(network))
        message("note: --fold-scaling has no effect: %s does not say how its inputs are scaled; 'espalier "
                "compact MODEL -o NEW --data DATA --scaling HOW' brings it in", set->files[0]);
    if (code == EXIT_NONE && s->compact)
        code = handover_compact(&network, s->output);
    if (code == EXIT_NONE)
        code = export_c_prepare(set, &s->c, s->output, network, argc, argv, &s->options);
    if (code == EXIT_NONE && espalier_network_export(network, s->output, &s->options, &error))
        code = settings_fail(&error, set->command);
    if (code == EXIT_NONE && !s->quiet) {
        printf("wrote %s (%s bytes)\n", s->output, digits(text, file_bytes(s->output)));
        handover_print(network, s->output, &s->options);
        export_c_print(&s->c, s->output);
    }
    espalier_network_destroy(network);
    return code == EXIT_NONE ? finish_stdout(EXIT_DONE) : code;
}

int cmd_export(int argc, char **argv)
{
    export_settings s = {.options = espalier_export_options_defaults(), .c = export_c_defaults()};
    s.opset = (size_t)s.options.opset;
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
        {.name = "compact", .kind = OPTION_FLAG, .value = &s.compact,
         .help = "without dead neurons: smaller, the same function"},
        {.name = "quiet", .kind = OPTION_FLAG, .value = &s.quiet, .help = "print nothing"},
        {.kind = OPTION_TITLE, .help = "ONNX"},
        {.name = "opset", .kind = OPTION_COUNT, .value = &s.opset, .argument = "N", .low = 9,
         .high = 21, .help = "version of the operators, 9 to 21"},
        {.name = "gather", .kind = OPTION_FLAG, .value = &s.options.gather,
         .help = "of a compacted network, pick the inputs it reads by a Gather node instead of "
                 "weights of zero: smaller; OpenCV 4.6 and older do not read it"},
        {.kind = OPTION_TITLE, .help = "safetensors"},
        {.name = "fold-scaling", .kind = OPTION_FLAG, .value = &s.options.fold_scaling,
         .help = "put the input scaling into the first layer: it takes raw rows"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    export_c_add_options(&set, &s.c);
    int code = options_parse(&set, argc, argv);
    s.options.opset = (int)s.opset;
    if (code == EXIT_NONE)
        code = export(&set, &s, argc, argv);
    export_c_clear(&s.c);
    options_clear(&set);
    return code;
}
