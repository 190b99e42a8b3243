/* Signals. The handler sets a flag, at which who works looks; at a second it ends the program. */
#define _POSIX_C_SOURCE 200809L
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t came; /* the signal's number */
static volatile sig_atomic_t told; /* … it has been acted on */
static const char *volatile said;
static const char *volatile aside;
static char last_words[2 * 4096 + 64];

static void end_at_once(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void say(const char *text)
{
    const ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static void handle(int number)
{
    if (came) { /* the second: blocked until the handler returns, then the end */
        say(last_words);
        end_at_once(number);
        raise(number);
        return;
    }
    came = number;
    if (said && isatty(STDERR_FILENO))
        say(said);
}

static void watch(int number, void (*handler)(int))
{
    struct sigaction before, action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

void interrupt_watch(const char *what, const char *command)
{
    said = what;
    snprintf(last_words, sizeof last_words, "espalier: stopped at once; go on with: %s\n", command);
    watch(SIGINT, handle);
    watch(SIGTERM, handle);
}

/* ---- files that are written aside ----------------------------------------- */

static void remove_and_end(int number)
{
    if (aside)
        unlink((const char *)aside);
    end_at_once(number);
    raise(number);
}

void interrupt_remove(const char *path)
{
    aside = path;
    if (!path || said)
        return;
    watch(SIGINT, remove_and_end);
    watch(SIGTERM, remove_and_end);
    watch(SIGHUP, remove_and_end);
    watch(SIGXFSZ, remove_and_end);
}

bool interrupted(void)
{
    if (came)
        told = 1;
    return came != 0;
}

int interrupt_end(int code)
{
    if (!came || !told || code == 0)
        return code;
    end_at_once(came);
    raise(came);
    return 128 + came; /* the signal is blocked */
}
