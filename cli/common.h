/* What every command needs: messages, exit codes, and opening its inputs. */
#ifndef CLI_COMMON_H
#define CLI_COMMON_H

#include <jansson.h>

#include "espalier/espalier.h"

typedef enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* a file, the machine, the data */
    EXIT_USAGE = 2,  /* the command line */
    EXIT_CHECK = 3,  /* the work was done, but a requested check did not hold */
    EXIT_NONE = -1   /* inside the program: nothing ended yet, go on */
} exit_code;

/* Text from files or the command line may hold anything. Its control characters,
 * which could break a line or change the terminal, become '?'. */
char *printable(char *text);        /* in place; returns it */
void print_plain(const char *text); /* on stdout */

/* "espalier: …" and a newline on stderr. */
__attribute__((format(printf, 1, 2)))
void message(const char *format, ...);

/* The same with a second line that points to the command's help; EXIT_USAGE.
 * command NULL: the program's own help. */
__attribute__((format(printf, 2, 3)))
int usage_error(const char *command, const char *format, ...);

/* Says what the library said. An option or argument out of range is wrong usage. */
int fail(const espalier_error *error);

/* Whether standard error is a terminal on which a line can be written over. */
bool shows_progress(void);

/* Flushes stdout; `code`, or EXIT_FAILED with a message if stdout took not everything. */
int finish_stdout(int code);

/* Writes a text to stdout. EXIT_NONE, or EXIT_FAILED with a message that still knows why. */
int print_stdout(const char *text);

/* Every command but help is one of these: argv[0] is its name. */
int cmd_train(int argc, char **argv);
int cmd_prune(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_predict(int argc, char **argv);
int cmd_analyse(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_compact(int argc, char **argv);
int cmd_lowrank(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_study(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_data(int argc, char **argv);

/* Reads a model file. EXIT_NONE, or an exit code after a message. */
int read_model(const char *path, espalier_network **network);

/* Hidden layers whose neurons can be pruned: those that are not linear. */
size_t layers_to_prune(const espalier_network *network);

/* EXIT_NONE if rows of the data set fit the network; else says both sizes. */
int check_fit(const char *model, const espalier_network *network, const char *source,
              const espalier_dataset *dataset);

/* Whether two paths lead to one file. */
bool same_file(const char *a, const char *b);

/* The last part of a path, without slashes at its end. Copied, at most size - 1 bytes. */
void base_name(const char *path, char *name, size_t size);

/* The number of threads where --threads is not given: what OMP_NUM_THREADS says (the
 * first of its list), 0 = all without it; a message if it makes no sense. */
size_t threads_default(void);

/* Null for NaN and infinity, which JSON cannot write. */
json_t *json_number(double value);
/* One line of JSON and a newline on stdout. EXIT_NONE, or EXIT_FAILED after a
 * message: no memory, or stdout does not take it. */
int print_json(const json_t *json);
/* The same as a text to free(). */
char *json_text(const json_t *json);
/* Reads a file of JSON, which must be a regular one: at a pipe it would wait for ever. NULL
 * if it cannot; where->text then tells what was expected, or, where->line above 0, what is wrong in
 * that line. */
json_t *read_json(const char *path, json_error_t *where);

#endif
