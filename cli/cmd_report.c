/* espalier report: the page of a run or a study. Finding gnuplot is done here: the
 * library is told where it is. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "output.h"
#include "table.h"

typedef struct report_settings {
    const char *output, *gnuplot;
    bool quiet;
} report_settings;

static bool is_program(const char *path)
{
    struct stat state;
    return stat(path, &state) == 0 && S_ISREG(state.st_mode) && access(path, X_OK) == 0;
}

/* The first gnuplot in the folders of PATH that name it from the root; "" = none. */
static void find_gnuplot(char *path, size_t size)
{
    const char *at = getenv("PATH");
    for (path[0] = '\0'; at && *at; at += *at == ':') {
        const size_t length = strcspn(at, ":");
        const int written = snprintf(path, size, "%.*s/gnuplot", (int)length, at);
        if (*at == '/' && written > 0 && (size_t)written < size && is_program(path))
            return;
        path[0] = '\0';
        at += length;
    }
}

/* A named program that is not there is wrong usage; one not named may be missing. */
static int choose_gnuplot(const option_set *set, report_settings *s, char *path, size_t size)
{
    if (!s->gnuplot) {
        find_gnuplot(path, size);
        s->gnuplot = *path ? path : NULL;
        return EXIT_NONE;
    }
    if (!is_program(s->gnuplot))
        return usage_error(set->command, "--gnuplot: expected a program, found '%s'", s->gnuplot);
    if (!realpath(s->gnuplot, path)) /* the library runs it from another folder */
        return usage_error(set->command, "--gnuplot: '%s' leads nowhere", s->gnuplot);
    s->gnuplot = path;
    return EXIT_NONE;
}

static void say_missing(const report_settings *s, const espalier_report_summary *summary)
{
    if (!s->gnuplot)
        message("no plots: gnuplot was not found in PATH; install it (Debian: gnuplot-nox) and "
                "run this again, or name it with --gnuplot");
    else if (summary->drawn < summary->figures)
        message("%zu of %zu plots were not drawn; the page says why",
                summary->figures - summary->drawn, summary->figures);
}

/* Wrong usage if the page would replace what the run or the study left. Pages may be replaced. */
static int check_output(const option_set *set, const report_settings *s)
{
    static const char *const folders[] = {"", "/runs"};
    int code = EXIT_NONE;
    if (s->output && strcmp(s->output, "-") == 0)
        return usage_error(set->command, "-o: expected a file for the page, found -: its plots lie in a "
                                         "folder");
    for (size_t i = 0; s->output && i < 2; i++) {
        char folder[4200], path[4500];
        snprintf(folder, sizeof folder, "%s%s", set->files[0], folders[i]);
        DIR *directory = opendir(folder);
        for (struct dirent *entry; directory && code == EXIT_NONE &&
                                   (entry = readdir(directory));) {
            const char *ending = strrchr(entry->d_name, '.');
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            if (ending && ending[1] && strcmp(ending, ".html") != 0)
                code = output_differs(set->command, s->output, path);
        }
        if (directory)
            closedir(directory);
    }
    return code;
}

static int write_report(const option_set *set, report_settings *s)
{
    char gnuplot[4200], output[4200], text[DIGITS_BYTES];
    espalier_error error = {0};
    espalier_report_summary summary = {0};
    int code = choose_gnuplot(set, s, gnuplot, sizeof gnuplot);
    if (code == EXIT_NONE)
        code = check_output(set, s);
    if (code != EXIT_NONE)
        return code;
    snprintf(output, sizeof output, "%s", s->output ? s->output : "");
    if (!s->output)
        snprintf(output, sizeof output, "%s/report.html", set->files[0]);
    const espalier_report_options options = {.output = s->output, .gnuplot = s->gnuplot};
    if (espalier_report_write(set->files[0], &options, NULL, &summary, &error))
        return fail(&error);
    say_missing(s, &summary);
    if (!s->quiet)
        printf("wrote %s (%s bytes, %zu plots)\n", output, digits(text, file_bytes(output)),
               summary.drawn);
    return finish_stdout(EXIT_DONE);
}

int cmd_report(int argc, char **argv)
{
    report_settings s = {0};
    option_set set = {
        .command = argv[0],
        .arguments = "DIR",
        .summary = "Writes one HTML page about a run (train --run DIR, prune --run DIR) or a "
                   "study (study -o DIR). It opens without a network; each plot's numbers, "
                   "script and picture are in DIR/plots.",
        .least = 1,
        .most = 1,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Output"},
        {.name = "output",
         .letter = 'o',
         .kind = OPTION_TEXT,
         .value = &s.output,
         .argument = "FILE",
         .shown = "DIR/report.html",
         .help = "write the page there"},
        {.name = "gnuplot",
         .kind = OPTION_TEXT,
         .value = &s.gnuplot,
         .argument = "FILE",
         .shown = "the one in PATH",
         .help = "the program that draws the plots"},
        {.name = "quiet", .kind = OPTION_FLAG, .value = &s.quiet, .help = "print nothing"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = write_report(&set, &s);
    options_clear(&set);
    return code;
}
