/* The espalier program: a table of commands, and the help about them. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common.h"
#include "interrupt.h"
#include "memory.h"
#include "values.h"

typedef struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} command;

static int cmd_help(int argc, char **argv);

/* Adding a command is one file and one line here. */
static const command commands[] = {
    {"train", "train a network; with --prune also prune it while it trains", cmd_train},
    {"prune", "prune a trained network, at once or while fine-tuning", cmd_prune},
    {"eval", "accuracy, top-k, loss, confusion matrix", cmd_eval},
    {"predict", "class and probabilities of rows, as CSV, JSON or .npy", cmd_predict},
    {"analyse", "singular values, ranks, norms and cost of the layers", cmd_analyse},
    {"info", "what is in a model file, or several side by side", cmd_info},
    {"compact", "take dead neurons out of the matrices, same function", cmd_compact},
    {"lowrank", "bring hidden layers down to a rank, by PCA or SVD", cmd_lowrank},
    {"export", "write a network for other programs", cmd_export},
    {"report", "one HTML page about a run or a study, with its plots", cmd_report},
    {"study", "methods x sparsities x seeds: runs that can be compared", cmd_study},
    {"data", "data sets: which are known, get one, look at one", cmd_data},
    {"help", "help on a command", cmd_help},
};

static const char *command_at(size_t index)
{
    return index < sizeof commands / sizeof *commands ? commands[index].name : NULL;
}

static void print_usage(FILE *stream)
{
    fputs("usage: espalier COMMAND [options] FILES\n\n"
          "Trains classifiers and prunes them by how often their neurons are activated.\n\n",
          stream);
    for (size_t i = 0; command_at(i); i++)
        fprintf(stream, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs("\nespalier COMMAND --help shows the options of a command and their defaults;\n"
          "espalier --version the version. DATA is a table (.csv), NumPy arrays (.npz,\n"
          ".npy), a folder of IDX files, or a name such as fashion-mnist; MODEL is a model file.\n", stream);
}

static const command *find(const char *name)
{
    size_t index = name_index(command_at, name);
    if (index != SIZE_MAX)
        return &commands[index];
    const char *nearest = name_nearest(command_at, name);
    usage_error(NULL, "unknown command '%s'%s%s%s", name, nearest ? "; did you mean '" : "",
                nearest ? nearest : "", nearest ? "'?" : "");
    return NULL;
}

static int cmd_help(int argc, char **argv)
{
    char help[] = "--help";
    const bool deeper = argc == 3 && strcmp(argv[1], "data") == 0;
    if (argc > 2 && !deeper)
        return usage_error(NULL, "expected 'espalier help COMMAND', found %d words after help",
                           argc - 1);
    if (deeper)
        return cmd_data(3, (char *[]){argv[1], argv[2], help, NULL});
    if (argc < 2 || strcmp(argv[1], "help") == 0 || argv[1][0] == '-') {
        print_usage(stdout);
        return finish_stdout(EXIT_DONE);
    }
    const command *c = find(argv[1]);
    return c ? c->run(2, (char *[]){argv[1], help, NULL}) : EXIT_USAGE;
}

/* A file opened later must not become standard input, output or error: whatever is
 * closed is opened so that reading or writing it fails, or messages go nowhere. A folder
 * cannot be written by the name /dev/stdout either. */
static void hold_descriptors(void)
{
    static const struct {
        const char *path;
        int mode;
    } held[] = {{"/dev/null", O_WRONLY}, {"/", O_RDONLY}, {"/dev/null", O_WRONLY}};
    for (int i = 0; i < 3; i++) {
        if (fcntl(i, F_GETFD) == -1 && open(held[i].path, held[i].mode) != i)
            _exit(EXIT_FAILED);
    }
}

/* Where the address space is limited (`ulimit -v`) a thread of OpenBLAS may wait for memory that it never
 * gets, and the library, at the program's end, for that thread. All that is written is flushed by here. */
static int leave(int code)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        _exit(fflush(NULL) == 0 || code != EXIT_DONE ? code : EXIT_FAILED);
    return code;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return cmd_help(1, argv);
    if (strcmp(argv[1], "--version") == 0) {
        printf("espalier %s\n", espalier_version());
        return finish_stdout(EXIT_DONE);
    }
    if (argv[1][0] == '-')
        return usage_error(NULL, "unknown option '%s'; a command comes first", argv[1]);
    const command *c = find(argv[1]);
    return c ? interrupt_end(c->run(argc - 1, argv + 1)) : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    hold_descriptors();
    memory_hold();
    return leave(run(argc, argv));
}
