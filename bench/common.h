/* What the benchmark programs share: options written name=value, the clock,
 * memory or death, and the talk with bench/run. A program prints one line of
 * facts when it is ready; for each line "run" on its standard input it measures
 * once and prints one line; it ends with its input. So the rounds of several
 * programs can be interleaved without paying for a start each time. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stdbool.h>
#include <stddef.h>

/* The value of name=value among the arguments, or `otherwise`. */
const char *bench_option(int count, char **arguments, const char *name, const char *otherwise);
/* The same as a whole number. Anything else ends the program. */
size_t bench_number(int count, char **arguments, const char *name, size_t otherwise);

/* "784-300-10" as widths; returns how many, at most `most`. */
size_t bench_widths(const char *text, size_t *widths, size_t most);

/* Prints to standard error and ends the program with code 1. */
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory for so many floats, never NULL. */
float *bench_floats(size_t count);

/* Seconds on a clock that never goes back. */
double bench_clock(void);

/* Tells bench/run that the program is ready; facts is a JSON object. */
void bench_ready(const char *facts);
/* Waits for the next "run"; false at the end of the input. */
bool bench_next(void);
/* Answers a round with its seconds. */
void bench_answer(double seconds);

/* A round that returns its seconds, served until the input ends. */
typedef double bench_round(void *context);
void bench_serve(const char *facts, bench_round *round, void *context);

/* Repeats pass (a pass over some rows) for `least` seconds or more; seconds of one pass. */
typedef void bench_pass(void *context);
double bench_repeat(bench_pass *pass, void *context, double least);

#endif
