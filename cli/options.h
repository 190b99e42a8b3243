/* Options of a command: one row each, which reads, checks, explains and records it.
 *
 * A row points at the variable that holds the value; what that variable holds
 * when the row is added is the default, and the help shows exactly that. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <jansson.h>

#include "common.h"
#include "values.h"

typedef enum option_kind {
    OPTION_TITLE,    /* no option: begins a group of the help */
    OPTION_FLAG,     /* bool */
    OPTION_TEXT,     /* const char * */
    OPTION_TEXTS,    /* text_list; may be repeated */
    OPTION_NAME,     /* const char *, one of `names` */
    OPTION_CHOICE,   /* an enumeration of unsigned, an index into `names` */
    OPTION_COUNT,    /* size_t */
    OPTION_SEED,     /* uint64_t, up to 2^63 - 1: what JSON integers hold */
    OPTION_REAL,     /* double */
    OPTION_FRACTION, /* double */
    OPTION_WIDTHS,   /* width_list; `like` is for the command to look up */
    OPTION_ROWS      /* row_range */
} option_kind;

typedef struct option {
    const char *name;
    char letter;
    option_kind kind;
    void *value;
    const char *argument; /* what the help calls the value */
    const char *help;
    double low, high;      /* COUNT, REAL and FRACTION */
    bool above, below;     /* low, high themselves are out of range */
    name_table *names;
    const char *shown;     /* the default in words; "" = show none */
    bool recorded;         /* part of the configuration of a run */
    bool training;         /* has no meaning without training */
    bool recipe;           /* belongs to how weights are drawn and trained; a number or choice */
    bool given;            /* set by parsing */
    char standard[64];     /* set when added: the default as text */
} option;

enum { OPTIONS_MOST = 128, TEXTS_MOST = 32, ARGUMENTS_MOST = 64, THREADS_MOST = 256 };

typedef struct text_list {
    size_t count;
    const char *texts[TEXTS_MOST];
} text_list;

typedef struct option_set {
    const char *command;   /* "train" */
    const char *arguments; /* "DATA -o MODEL" */
    const char *summary;   /* one or more sentences for the help */
    size_t least, most;    /* number of file arguments */
    const char *alone;     /* the option that stands without any of them, or NULL */
    void (*epilogue)(void); /* more help, or NULL */
    size_t count;
    option options[OPTIONS_MOST];
    size_t file_count;
    const char *files[ARGUMENTS_MOST]; /* the file arguments */
    size_t owned_count;
    char *owned[OPTIONS_MOST + TEXTS_MOST + ARGUMENTS_MOST];
} option_set;

void options_add(option_set *set, const option *rows, size_t count);

/* Reads the command line into the rows' variables. EXIT_NONE, or an exit code:
 * the help was asked for, or something was wrong and said. */
int options_parse(option_set *set, int argc, char **argv);

/* Frees the texts that the rows' variables point to. */
void options_clear(option_set *set);

bool option_given(const option_set *set, const char *name);

/* Whether the command has an option of that name. */
bool option_known(const option_set *set, const char *name);

/* Whether the option belongs to the record of this run. */
void option_record(option_set *set, const char *name, bool recorded);

/* The first given option that has no meaning without training, or NULL. */
const char *options_given_training(const option_set *set);

/* The values of all recorded options, by name. */
json_t *options_json(const option_set *set);

/* Takes the recipe's options that were not given from such a record; what is missing
 * there or no valid value stays as it is. */
void options_follow(option_set *set, const json_t *recorded);

/* Prints text wrapped to 80 columns; the first line starts at `column`, the
 * others are indented by `indent`. */
void print_wrapped(const char *text, size_t column, size_t indent);

#endif
