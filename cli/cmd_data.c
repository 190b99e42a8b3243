/* espalier data: a table of commands about data sets. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "data_commands.h"

typedef struct action {
    const char *name, *title, *arguments, *summary;
    int (*run)(int argc, char **argv);
} action;

static const action actions[] = {
    {"list", "data list", "", "data sets known by name, and where they are on this machine",
     data_list},
    {"fetch", "data fetch", "NAME", "download one of them, compared with its published digest",
     data_fetch},
    {"info", "data info", "DATA", "rows, classes, values, what may be wrong; draws a few rows",
     data_info},
};
enum { ACTION_COUNT = sizeof actions / sizeof *actions };

static const char *action_at(size_t index)
{
    return index < ACTION_COUNT ? actions[index].name : NULL;
}

static int help(void)
{
    fputs("usage: espalier data COMMAND [options]\n\nWhat there is to learn from.\n\n", stdout);
    for (size_t i = 0; i < ACTION_COUNT; i++)
        printf("  %-6s%-6s%s\n", actions[i].name, actions[i].arguments, actions[i].summary);
    fputs("\nespalier data COMMAND --help shows the options of a command.\n", stdout);
    return finish_stdout(EXIT_DONE);
}

int cmd_data(int argc, char **argv)
{
    char title[32];
    if (argc < 2)
        return usage_error("data", "expected 'espalier data list', 'data fetch NAME' or 'data info "
                                   "DATA', found nothing after data");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help();
    size_t index = name_index(action_at, argv[1]);
    if (index == SIZE_MAX) {
        const char *nearest = name_nearest(action_at, argv[1]);
        return usage_error("data", "expected list, fetch or info after data, found '%s'%s%s%s",
                           argv[1], nearest ? "; did you mean '" : "", nearest ? nearest : "",
                           nearest ? "'?" : "");
    }
    snprintf(title, sizeof title, "%s", actions[index].title);
    argv[1] = title;
    return actions[index].run(argc - 1, argv + 1);
}

bool data_locate(const espalier_named_set *set, const data_settings *settings, char *path,
                 size_t size)
{
    data_places places;
    data_find_places(settings, &places);
    return espalier_named_set_locate(set, places.paths, places.count, path, size);
}

bool data_unfinished(const char *folder)
{
    bool found = false;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && !found && (entry = readdir(entries));) {
        size_t length = strlen(entry->d_name);
        found = length > 5 && strcmp(entry->d_name + length - 5, ".part") == 0;
    }
    if (entries)
        closedir(entries);
    return found;
}
