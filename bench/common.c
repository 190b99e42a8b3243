#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *bench_option(int count, char **arguments, const char *name, const char *otherwise)
{
    const size_t length = strlen(name);
    for (int i = 1; i < count; i++)
        if (strncmp(arguments[i], name, length) == 0 && arguments[i][length] == '=')
            return arguments[i] + length + 1;
    return otherwise;
}

size_t bench_number(int count, char **arguments, const char *name, size_t otherwise)
{
    const char *text = bench_option(count, arguments, name, NULL);
    if (!text)
        return otherwise;
    char *end;
    const unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end)
        bench_die("%s: expected a whole number, found '%s'", name, text);
    return (size_t)value;
}

size_t bench_widths(const char *text, size_t *widths, size_t most)
{
    size_t found = 0;
    for (char *end; *text && found < most; text = *end ? end + 1 : end) {
        widths[found++] = (size_t)strtoull(text, &end, 10);
        if (end == text)
            bench_die("widths: expected numbers such as 784-300-10, found '%s'", text);
    }
    return found;
}

void bench_die(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(1);
}

float *bench_floats(size_t count)
{
    float *memory = malloc(count * sizeof *memory);
    if (!memory)
        bench_die("out of memory");
    return memory;
}

double bench_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void bench_ready(const char *facts)
{
    puts(facts);
    fflush(stdout);
}

bool bench_next(void)
{
    char line[16];
    return fgets(line, sizeof line, stdin) && strcmp(line, "run\n") == 0;
}

void bench_answer(double seconds)
{
    printf("{\"seconds\": %.9g}\n", seconds);
    fflush(stdout);
}

void bench_serve(const char *facts, bench_round *round, void *context)
{
    bench_ready(facts);
    while (bench_next())
        bench_answer(round(context));
}

double bench_repeat(bench_pass *pass, void *context, double least)
{
    const double begin = bench_clock();
    for (size_t passes = 1;; passes++) {
        pass(context);
        const double seconds = bench_clock() - begin;
        if (seconds >= least)
            return seconds / (double)passes;
    }
}
