/* Preloaded into a program (LD_PRELOAD), makes one of its allocations fail, or all from one on.
 *
 *   ALLOCATION_FAILS=N   the N-th fails, N = 1, 2, …
 *   ALLOCATION_ON=1      … and so does every later one
 *   ALLOCATION_TOLD=FILE where at the end goes: "COUNT LEFT", how many allocations were met and how
 *                        many of those that the program made itself were never given back
 *   ALLOCATION_SKIP=A-B  addresses in the program (hexadecimal, from its beginning) whose allocations
 *                        are let through: a library linked into it that ends the process itself
 *   ALLOCATION_SERVE=FOLDER   instead of the first three: main() is run again and again, by a child
 *                        of this process each time, as standard input asks for it (serve.c)
 *   ALLOCATION_BEFORE=A  a function in the program that is called once before that: a library's
 *                        preparations that would cost more than a run
 *
 * Counted from main() on is what the program and its libraries ask for, the C library's own requests
 * included (fopen, opendir, realpath …). Let through are those of libraries whose internals cannot go
 * on without memory (`others`), and what is asked for while a library is loaded, as if it had been linked
 * with. Made for glibc, whose malloc may be replaced like this. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

typedef struct range {
    uintptr_t from, to;
} range;

enum { RANGES = 16, PLACES = 1 << 20 };

static const char *const others[] = {"libopenblas", "libgomp", "libgfortran", "libquadmath"};
static range program, through[RANGES];
static size_t through_count;
static unsigned long fails, met;
static bool started, on;
static _Thread_local bool loading; /* this thread is in dlopen() */
static char told[4096];
static served *asked; /* where a child tells its numbers; NULL without ALLOCATION_SERVE */
static uintptr_t out[PLACES]; /* blocks of the program's own that are out; 0 free, 1 was taken */
static long left;

/* ---- whose request it is --------------------------------------------------------- */

static bool is_in(uintptr_t address, range r)
{
    return address >= r.from && address < r.to;
}

static bool is_counted(uintptr_t caller)
{
    for (size_t i = 0; i < through_count; i++)
        if (is_in(caller, through[i]))
            return false;
    return true;
}

/* From the lowest to the highest address that a loaded object takes. */
static int look(struct dl_phdr_info *object, size_t size, void *context)
{
    range r = {UINTPTR_MAX, 0};
    bool *first = context;
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        const uintptr_t at = object->dlpi_addr + part->p_vaddr;
        if (part->p_type != PT_LOAD)
            continue;
        r.from = at < r.from ? at : r.from;
        r.to = at + part->p_memsz > r.to ? at + part->p_memsz : r.to;
    }
    if (*first)
        program = r;
    *first = false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(object->dlpi_name, others[i]) && through_count < RANGES && is_counted(r.from))
            through[through_count++] = r;
    return 0;
}

/* ---- what was not given back ------------------------------------------------------- */

/* Neighbours in memory are neighbours here, so that few pages are touched. */
static size_t place_of(uintptr_t block)
{
    return block >> 4 & (PLACES - 1);
}

static void note(void *block, uintptr_t caller)
{
    if (!block || !started || !is_in(caller, program) || !is_counted(caller))
        return;
    size_t i = place_of((uintptr_t)block);
    while (__atomic_load_n(&out[i], __ATOMIC_RELAXED) > 1)
        i = (i + 1) & (PLACES - 1);
    __atomic_store_n(&out[i], (uintptr_t)block, __ATOMIC_RELAXED);
    __atomic_fetch_add(&left, 1, __ATOMIC_RELAXED);
}

static void forget(void *block)
{
    if (!block || !started)
        return;
    size_t i = place_of((uintptr_t)block);
    for (uintptr_t found; (found = __atomic_load_n(&out[i], __ATOMIC_RELAXED)) != 0;
         i = (i + 1) & (PLACES - 1)) {
        if (found == (uintptr_t)block) {
            __atomic_store_n(&out[i], 1, __ATOMIC_RELAXED);
            __atomic_fetch_sub(&left, 1, __ATOMIC_RELAXED);
            return;
        }
    }
}

/* ---- the allocator ------------------------------------------------------------------- */

/* True where this request is to fail. */
static bool refuse(uintptr_t caller)
{
    if (!started || loading || !is_counted(caller))
        return false;
    const unsigned long n = __atomic_add_fetch(&met, 1, __ATOMIC_RELAXED);
    if (!fails || n < fails || (n > fails && !on))
        return false;
    errno = ENOMEM;
    return true;
}

#define CALLER ((uintptr_t)__builtin_return_address(0))

void *malloc(size_t size)
{
    void *block = refuse(CALLER) ? NULL : __libc_malloc(size);
    note(block, CALLER);
    return block;
}

void *calloc(size_t count, size_t size)
{
    void *block = refuse(CALLER) ? NULL : __libc_calloc(count, size);
    note(block, CALLER);
    return block;
}

void *realloc(void *old, size_t size)
{
    if (size > 0 && refuse(CALLER))
        return NULL;
    forget(old);
    void *block = __libc_realloc(old, size);
    note(block ? block : size ? old : NULL, CALLER);
    return block;
}

void *memalign(size_t alignment, size_t size)
{
    void *block = refuse(CALLER) ? NULL : __libc_memalign(alignment, size);
    note(block, CALLER);
    return block;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    void *block = refuse(CALLER) ? NULL : __libc_memalign(alignment, size);
    note(block, CALLER);
    return block;
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (refuse(CALLER))
        return ENOMEM;
    void *made = __libc_memalign(alignment, size);
    note(made, CALLER);
    if (made)
        *block = made;
    return made ? 0 : ENOMEM;
}

void free(void *block)
{
    forget(block);
    __libc_free(block);
}

/* ---- libraries that are loaded later ----------------------------------------------------- */

void *dlopen(const char *file, int mode)
{
    void *(*next)(const char *, int);
    bool first = false;
    *(void **)&next = dlsym(RTLD_NEXT, "dlopen");
    loading = true;
    void *handle = next(file, mode);
    dl_iterate_phdr(look, &first);
    loading = false;
    return handle;
}

/* ---- from main() on -------------------------------------------------------------------- */

static int (*real_main)(int, char **, char **);

static void tell(void)
{
    started = false;
    if (asked) {
        asked->met = met;
        asked->left = left;
        return;
    }
    FILE *file = told[0] ? fopen(told, "w") : NULL;
    if (file) {
        fprintf(file, "%lu %ld\n", met, left);
        fclose(file);
    }
}

static int counted_main(int argc, char **argv, char **environment)
{
    const char *n = getenv("ALLOCATION_FAILS"), *file = getenv("ALLOCATION_TOLD");
    const char *skip = getenv("ALLOCATION_SKIP"), *folder = getenv("ALLOCATION_SERVE");
    const char *before = getenv("ALLOCATION_BEFORE");
    bool first = true;
    dl_iterate_phdr(look, &first);
    range r;
    if (skip && sscanf(skip, "%lx-%lx", &r.from, &r.to) == 2 && through_count < RANGES)
        through[through_count++] = (range){program.from + r.from, program.from + r.to};
    fails = n ? strtoul(n, NULL, 10) : 0;
    on = getenv("ALLOCATION_ON") != NULL;
    snprintf(told, sizeof told, "%s", file ? file : "");
    unsetenv("LD_PRELOAD"); /* programs that this one starts are their own masters */
    if (folder && before && *before) {
        const uintptr_t at = program.from + strtoul(before, NULL, 16);
        void (*prepare)(void);
        memcpy(&prepare, &at, sizeof prepare);
        prepare();
    }
    if (folder) {
        asked = serve(folder);
        fails = asked->fails;
        on = asked->on;
    }
    atexit(tell);
    started = true;
    return real_main(argc, argv, environment);
}

typedef int start_function(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                           void (*)(void), void *);

int __libc_start_main(int (*begin)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*loader)(void), void *stack);

int __libc_start_main(int (*begin)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*loader)(void), void *stack)
{
    start_function *next;
    *(void **)&next = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = begin;
    return next(counted_main, argc, argv, init, fini, loader, stack);
}
