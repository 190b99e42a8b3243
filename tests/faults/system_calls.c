/* Runs a program and, at one of its system calls that touch files, ends it or makes the call
 * fail. By ptrace(2), so that what the C library does for itself is met, too.
 *
 *   system_calls [-w] [-k N] [-f N -e ERRNO | -s N | -i N] [-a] [-o FILE] PROGRAM ARGUMENT…
 *
 *   -w  count calls that change something only: write, fsync, rename, unlink, mkdir …
 *   -k  SIGKILL just before the N-th call, N = 1, 2, …
 *   -f  the N-th call fails with ERRNO (a number) and is not made
 *   -a  … and so does every later one
 *   -s  the N-th read or write takes one byte at most
 *   -i  the N-th call fails with EINTR once, if it is one that may
 *   -o  where the number of calls and the name of the one that was met go: "COUNT NAME"
 *
 * Calls count from the first fcntl(0, F_GETFD) on, with which main() begins: what comes
 * before belongs to the loader. The program's exit code is passed on; 128 + signal. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct call {
    long number;
    const char *name;
    bool changes, moves; /* changes files; moves bytes: may be short, may be interrupted */
} call;

static const call calls[] = {
#ifdef SYS_open
    {SYS_open, "open", false, false},
#endif
    {SYS_openat, "openat", false, false},
    {SYS_read, "read", false, true},
    {SYS_pread64, "pread64", false, true},
    {SYS_write, "write", true, true},
    {SYS_pwrite64, "pwrite64", true, true},
    {SYS_writev, "writev", true, false},
    {SYS_fsync, "fsync", true, false},
    {SYS_fdatasync, "fdatasync", true, false},
    {SYS_ftruncate, "ftruncate", true, false},
#ifdef SYS_rename
    {SYS_rename, "rename", true, false},
    {SYS_unlink, "unlink", true, false},
    {SYS_mkdir, "mkdir", true, false},
#endif
    {SYS_renameat, "renameat", true, false},
    {SYS_renameat2, "renameat2", true, false},
    {SYS_unlinkat, "unlinkat", true, false},
    {SYS_mkdirat, "mkdirat", true, false},
    {SYS_fchmod, "fchmod", true, false},
    {SYS_flock, "flock", false, false},
    {SYS_close, "close", false, false},
};

typedef struct plan {
    bool changes_only, on;  /* on: from there on, too */
    unsigned long kill, fail, cut, interrupt;
    int code;
    const char *told;
} plan;

static unsigned long counted;
static bool begun;
static const char *met = "none";

static const call *find(long number)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].number == number)
            return &calls[i];
    return NULL;
}

/* ---- one process or thread ------------------------------------------------- */

typedef struct tracee {
    pid_t id;
    bool inside;      /* between entry and exit of a call */
    bool failing;     /* whose result is to be replaced */
    int code;
} tracee;

enum { TRACEES_MOST = 256 };
static tracee tracees[TRACEES_MOST];

static tracee *tracee_of(pid_t id)
{
    for (size_t i = 0; i < TRACEES_MOST; i++)
        if (tracees[i].id == id)
            return &tracees[i];
    for (size_t i = 0; i < TRACEES_MOST; i++)
        if (tracees[i].id == 0) {
            tracees[i] = (tracee){.id = id};
            return &tracees[i];
        }
    fputs("system_calls: too many threads\n", stderr);
    exit(99);
}

#ifndef __x86_64__
#error "made for x86-64: the registers of a system call"
#endif

static void fail_call(tracee *t, int code)
{
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, t->id, 0, &registers);
    registers.orig_rax = (unsigned long long)-1; /* no call at all */
    ptrace(PTRACE_SETREGS, t->id, 0, &registers);
    t->failing = true;
    t->code = code;
}

static void shorten_call(const tracee *t)
{
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, t->id, 0, &registers);
    if (registers.rdx > 1)
        registers.rdx = 1; /* the third argument */
    ptrace(PTRACE_SETREGS, t->id, 0, &registers);
}

/* True if the program is to be killed now. */
static bool enter(tracee *t, const plan *p)
{
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, t->id, 0, &registers);
    const long number = (long)registers.orig_rax;
    if (!begun && number == SYS_fcntl && registers.rdi == 0 && registers.rsi == F_GETFD)
        begun = true;
    const call *c = begun ? find(number) : NULL;
    if (!c)
        return false;
    const bool creates = (number == SYS_openat && (registers.rdx & O_CREAT)) ||
                         (number == SYS_open && (registers.rsi & O_CREAT));
    if (p->changes_only && !c->changes && !creates)
        return false;
    counted++;
    if (counted == p->kill || counted == p->fail || counted == p->cut || counted == p->interrupt)
        met = c->name;
    if (counted == p->kill)
        return true;
    if (p->fail && (counted == p->fail || (p->on && counted > p->fail)))
        fail_call(t, p->code);
    if (counted == p->cut && c->moves)
        shorten_call(t);
    if (counted == p->interrupt && c->moves)
        fail_call(t, EINTR);
    return false;
}

static void leave(tracee *t)
{
    struct user_regs_struct registers;
    if (!t->failing)
        return;
    t->failing = false;
    ptrace(PTRACE_GETREGS, t->id, 0, &registers);
    registers.rax = (unsigned long long)(-(long long)t->code);
    ptrace(PTRACE_SETREGS, t->id, 0, &registers);
}

/* ---- all of them -------------------------------------------------------------- */

static void tell(const plan *p)
{
    FILE *file = p->told ? fopen(p->told, "w") : NULL;
    if (file) {
        fprintf(file, "%lu %s\n", counted, met);
        fclose(file);
    }
}

static int follow(pid_t child, const plan *p)
{
    for (int status;;) {
        const pid_t id = waitpid(-1, &status, __WALL);
        if (id < 0)
            return 99;
        tracee *t = tracee_of(id);
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            t->id = 0;
            if (id == child)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = WSTOPSIG(status);
        if (signal == (SIGTRAP | 0x80)) {
            t->inside = !t->inside;
            if (t->inside && enter(t, p)) {
                tell(p);
                kill(child, SIGKILL);
                for (pid_t gone; (gone = waitpid(-1, &status, __WALL)) > 0;)
                    if (gone == child && (WIFSIGNALED(status) || WIFEXITED(status)))
                        break;
                return 128 + SIGKILL;
            }
            if (!t->inside)
                leave(t);
            signal = 0;
        } else if (signal == SIGTRAP || signal == SIGSTOP) {
            signal = 0; /* exec, clone */
        }
        ptrace(PTRACE_SYSCALL, id, 0, (void *)(uintptr_t)signal);
    }
}

int main(int argc, char **argv)
{
    plan p = {.code = EIO};
    for (int option; (option = getopt(argc, argv, "+wak:f:e:s:i:o:")) != -1;) {
        switch (option) {
        case 'w': p.changes_only = true; break;
        case 'a': p.on = true; break;
        case 'k': p.kill = strtoul(optarg, NULL, 10); break;
        case 'f': p.fail = strtoul(optarg, NULL, 10); break;
        case 'e': p.code = atoi(optarg); break;
        case 's': p.cut = strtoul(optarg, NULL, 10); break;
        case 'i': p.interrupt = strtoul(optarg, NULL, 10); break;
        case 'o': p.told = optarg; break;
        default: return 98;
        }
    }
    if (optind == argc)
        return 98;
    const pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        execvp(argv[optind], argv + optind);
        _exit(97);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child ||
        ptrace(PTRACE_SETOPTIONS, child, 0,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE |
                   PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK) != 0) {
        fputs("system_calls: ptrace is not allowed here\n", stderr);
        if (child > 0)
            kill(child, SIGKILL);
        return 96;
    }
    tracee_of(child);
    ptrace(PTRACE_SYSCALL, child, 0, 0);
    const int code = follow(child, &p);
    if (code != 128 + SIGKILL || !p.kill)
        tell(&p);
    return code;
}
