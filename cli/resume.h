/* Taking up a run again from its folder: which options it had, where it stood, whether
 * anybody else works there. Writing all that down is run_folder.c's business. */
#ifndef CLI_RESUME_H
#define CLI_RESUME_H

#include "settings.h"

#define RESUME_FACTS "resume.json"
#define RESUME_RESULT "result.json"
#define RESUME_FAILED "failed_checks" /* in the result: sentences; missing where there are none */

enum { RESUME_SLOTS = 2 }; /* checkpoints that are kept */

/* A run that is taken up again. */
typedef struct resume {
    const char *shown;   /* the folder as it was typed (borrowed) */
    char *folder;        /* its absolute path */
    json_t *facts;       /* what resume.json holds */
    int argc;            /* the run's own command line: argv[0] is the command */
    char **argv;
    int lock;            /* -1: none */
    espalier_checkpoint *checkpoint; /* NULL: the run died before its first */
    size_t slot;         /* of that checkpoint */
    size_t threads;      /* given beside --resume */
    bool threads_given, quiet, json;
} resume;

/* Writes "FOLDER/checkpoint-0.safetensors", or -1: they are written in turn, so that a good
 * one is always there. False if the path is too long. */
bool resume_slot_path(const char *folder, size_t slot, char *path, size_t size);

/* Holds a folder against other processes until the descriptor is closed; a process that dies
 * lets go. shown: what a message calls it. EXIT_NONE, or an exit code after a message. On a
 * file system without locks *lock is -1 and the code EXIT_NONE. */
int folder_lock(const char *folder, const char *shown, int *lock);

/* Removes from a folder that is held what killed processes wrote aside. */
void folder_sweep(int lock);

/* Opens the folder that --resume names: locked, read, swept of what a killed process left,
 * and in the working directory that the run had. `set` has only --resume and what may stand
 * beside it. EXIT_NONE; EXIT_DONE if the run is finished (said); an exit code after a
 * message. resume_close() in any case. */
int resume_open(const option_set *set, const run_settings *s, resume *r);
void resume_close(resume *r);

/* Gives the settings, read from the run's own command line, what stood beside --resume. */
void resume_override(const resume *r, run_settings *s);

/* What --restart rewind had found, or NULL; borrowed from r. */
const char *resume_initial(const resume *r);

/* A model's metadata "training" as it was before the run; NULL if it had none. */
const char *resume_before(const resume *r);

/* Pruning steps that the network knew of when the run began; SIZE_MAX: an older version did not say. */
size_t resume_history(const resume *r);

/* Whether that model did not say how its inputs are scaled. */
bool resume_unscaled(const resume *r);

/* "espalier train --resume DIR", with quotes where a shell needs them. Returns text. */
char *resume_command(const char *command, const char *folder, char *text, size_t size);

/* EXIT_NONE if the data and files that resume.json names are as they were; for a run that
 * has no checkpoint and starts from nothing. dataset may be NULL. */
int resume_check_inputs(const resume *r, const espalier_dataset *dataset);

/* What those are: a list for resume.json. NULL entries of files are passed over. */
json_t *resume_inputs_json(const char *const *files, size_t count);
json_t *resume_data_json(const espalier_dataset *dataset);

/* A command line's text as JSON: a string, or a list of bytes where it is no UTF-8. */
json_t *resume_text_json(const char *text);

#endif
