/* The help of a command: usage, summary, and a line or more for each option row
 * with the default that the row's variable held before parsing. */
#include "help.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 79, INDENT = 29 };

void print_wrapped(const char *text, size_t column, size_t indent)
{
    bool fresh = true; /* nothing on this line yet beyond the indent */
    while (*text) {
        size_t length = strcspn(text, " ");
        if (!fresh && column + 1 + length > COLUMNS) {
            printf("\n%*s", (int)indent, "");
            column = indent;
            fresh = true;
        }
        column += (size_t)printf("%s%.*s", fresh ? "" : " ", (int)length, text);
        fresh = false;
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_option(const option *row)
{
    char head[64], body[640], letter[8] = "   ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c,", row->letter);
    int width = snprintf(head, sizeof head, "  %s --%s%s%s", letter, row->name,
                         row->argument ? " " : "", row->argument ? row->argument : "");
    size_t at = (size_t)snprintf(body, sizeof body, "%s", row->help);
    if (row->names && row->kind == OPTION_CHOICE) {
        for (size_t i = 0; row->names(i) && at < sizeof body; i++)
            at += (size_t)snprintf(body + at, sizeof body - at, "%s%s", i ? ", " : ": ",
                                   row->names(i));
    }
    if (row->standard[0] && at < sizeof body)
        snprintf(body + at, sizeof body - at, " (default %s)", row->standard);
    fputs(head, stdout);
    if (width > INDENT - 2)
        printf("\n%*s", INDENT, "");
    else
        printf("%*s", INDENT - width, "");
    print_wrapped(body, INDENT, INDENT);
}

void print_help(const option_set *set)
{
    printf("usage: espalier %s%s%s [options]\n\n", set->command, *set->arguments ? " " : "",
           set->arguments);
    print_wrapped(set->summary, 0, 0);
    for (size_t i = 0; i < set->count; i++) {
        if (set->options[i].kind == OPTION_TITLE)
            printf("\n%s\n", set->options[i].help);
        else
            print_option(&set->options[i]);
    }
    fputs("  -h, --help                 show this help\n", stdout);
    if (set->epilogue)
        set->epilogue();
}
