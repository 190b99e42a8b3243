/* Starts gnuplot, hears what it complains about, waits for its end. */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np */
#include "report/draw.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

extern char **environ;

/* The child: in `folder`, nothing to read, its words into the pipe. */
static int start(const char *gnuplot, const char *folder, const char *script, int words,
                 pid_t *child)
{
    posix_spawn_file_actions_t actions;
    char *arguments[] = {"gnuplot", "-d", (char *)script, NULL};
    int code = posix_spawn_file_actions_init(&actions);
    if (code)
        return code;
    code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!code)
        code = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (!code)
        code = posix_spawn_file_actions_adddup2(&actions, words, 2);
    if (!code)
        code = posix_spawn_file_actions_addchdir_np(&actions, folder);
    if (!code)
        code = posix_spawn(child, gnuplot, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* Everything that comes, of which the first size - 1 bytes are kept. */
static void hear(int words, char *heard, size_t size)
{
    char piece[512];
    size_t length = 0;
    ssize_t got;
    while ((got = read(words, piece, sizeof piece)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        const size_t room = size - 1 - length;
        const size_t kept = (size_t)got < room ? (size_t)got : room;
        memcpy(heard + length, piece, kept);
        length += kept;
    }
    heard[length] = '\0';
}

static int wait_for(pid_t child)
{
    int state;
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

espalier_status draw_run(const char *gnuplot, const char *folder, const char *name,
                         espalier_error *error)
{
    char script[128], heard[300];
    int ends[2];
    pid_t child;
    snprintf(script, sizeof script, "%s.gp", name);
    if (pipe(ends) != 0)
        return error_set(error, ESPALIER_ERROR_IO, "%s: cannot be heard: %s", gnuplot,
                         strerror(errno));
    /* A child of another thread must not hold the pipe open. */
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    const int code = start(gnuplot, folder, script, ends[1], &child);
    close(ends[1]);
    if (code == 0)
        hear(ends[0], heard, sizeof heard);
    close(ends[0]);
    if (code == ENOMEM)
        return error_memory(error);
    if (code)
        return error_set(error, ESPALIER_ERROR_IO, "%s: cannot be started: %s", gnuplot,
                         strerror(code));
    const int state = wait_for(child);
    if (state == 0)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_IO, "%s: %s failed (exit code %d): %s", gnuplot, script,
                     state, heard);
}
