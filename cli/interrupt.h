/* SIGINT and SIGTERM while a run or a study is kept in a folder: the first asks it to stop where it can
 * be gone on with, a second ends the program at once. Elsewhere they end it, and the file that is just
 * written aside is removed. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

/* From here on; a signal that the caller ignores stays ignored. `what` is said on a terminal
 * when the first comes (static; one line), at the second always the command that goes on
 * (copied; as much of it as fits). */
void interrupt_watch(const char *what, const char *command);

/* True once one of the signals came. */
bool interrupted(void);

/* Ends the program by the signal that came, so that a shell sees it; `code` if none did. */
int interrupt_end(int code);

/* A file to remove if a signal ends the program, unless signals are watched; NULL = none any
 * more. Borrowed. */
void interrupt_remove(const char *path);

#endif
