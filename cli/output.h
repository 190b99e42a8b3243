/* Files that a command writes: checked before any work, written aside, renamed. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "data.h"

/* Wrong usage unless an output was named. */
int output_given(const char *command, const char *output);

/* … and unless its ending may be a model's: not one of another kind of file. */
int output_is_model(const char *command, const char *output);

/* Wrong usage if the output is the input file, or one of the data files in the
 * input folder, by whatever path. EXIT_NONE otherwise. */
int output_differs(const char *command, const char *output, const char *input);
int output_differs_from_data(const char *command, const char *output, const char *source,
                             const data_settings *settings);

/* Whether the path leads to a file of this folder, which may be still to be made, or NULL. */
bool output_lies_in(const char *output, const char *folder);

/* EXIT_FAILED with a message unless a file can be made in the output's folder. */
int output_writable(const char *output);

/* EXIT_USAGE unless the folder is empty or does not exist yet. */
int folder_free(const char *command, const char *path);
/* Makes it. EXIT_NONE, or EXIT_FAILED after a message. */
int folder_make(const char *path);
/* Removes it if it is empty. */
void folder_discard(const char *path);

/* A text file that replaces `path` when it is committed. A symbolic link stays and
 * the file it leads to is replaced, or made; what is no regular file is written straight. */
typedef struct text_file {
    const char *path;
    char target[4200]; /* what is replaced */
    char aside[4200];  /* what is written; "" when written straight */
    FILE *stream; /* stdout when path is NULL */
} text_file;

/* No path, "-" or /dev/stdout: what another program redirected is not replaced. */
bool output_is_standard(const char *output);

int text_open(text_file *file, const char *path);
/* Flushes and renames; on a write error the old file stays. path NULL: checks stdout. */
int text_commit(text_file *file);
/* Removes what was written. */
void text_abandon(text_file *file);

/* A small text into DIR/NAME. */
int write_text(const char *directory, const char *name, const char *text);

/* Bytes of a file; 0 if it cannot be told. */
uint64_t file_bytes(const char *path);

#endif
