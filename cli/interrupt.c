/* Signals. The handler sets a flag and nothing more; who works looks at it. */
#define _POSIX_C_SOURCE 200809L
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t came; /* the signal's number */
static volatile sig_atomic_t told; /* … it has been acted on */
static const char *volatile said;

static void end_at_once(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void handle(int number)
{
    came = number;
    end_at_once(SIGINT);
    end_at_once(SIGTERM);
    if (said && isatty(STDERR_FILENO)) {
        const ssize_t ignored = write(STDERR_FILENO, said, strlen(said));
        (void)ignored;
    }
}

static void watch(int number)
{
    struct sigaction before, action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

void interrupt_watch(const char *what)
{
    said = what;
    watch(SIGINT);
    watch(SIGTERM);
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
    raise(came);
    return 128 + came; /* the signal is blocked */
}
