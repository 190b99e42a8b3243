/* The peak of single-precision fused multiply-adds, by chains that depend on
 * nothing but themselves: what no program on this machine can surpass.
 *
 *   bench_peak [threads=1]     a round: seconds for 10^9 operations
 *
 * CHAINS independent chains cover the latency of the fused multiply-add (4
 * cycles) on both of its pipes and leave two of AVX2's 16 registers free. */
#include <pthread.h>
#include <stdio.h>

#include "common.h"

enum { CHAINS = 12, THREADS_MOST = 256, PASSES = 1000 * 1000 };

typedef float lanes4 __attribute__((vector_size(16)));

/* a = a/2 + 1/2 from 1 on stays 1: no denormal, no overflow. The compiler must not know. */
static volatile const float half_unseen = 0.5f;
#define CHAIN_BODY(type)                                                       \
    type chain[CHAINS], half, sum;                                             \
    for (size_t i = 0; i < sizeof half / sizeof(float); i++)                   \
        half[i] = half_unseen;                                                 \
    for (int c = 0; c < CHAINS; c++)                                           \
        chain[c] = half + half;                                                \
    for (long pass = 0; pass < PASSES; pass++)                                 \
        for (int c = 0; c < CHAINS; c++)                                       \
            chain[c] = chain[c] * half + half;                                 \
    sum = chain[0];                                                            \
    for (int c = 1; c < CHAINS; c++)                                           \
        sum += chain[c];                                                       \
    return sum[0];

typedef float chain_function(void);

#if defined(__x86_64__)
typedef float lanes8 __attribute__((vector_size(32)));
typedef float lanes16 __attribute__((vector_size(64)));
__attribute__((target("avx512f"))) static float chains_avx512(void) { CHAIN_BODY(lanes16) }
__attribute__((target("avx2,fma"))) static float chains_avx2(void) { CHAIN_BODY(lanes8) }
#endif
static float chains_plain(void) { CHAIN_BODY(lanes4) }

typedef struct peak {
    const char *name;
    chain_function *chains;
    size_t lanes, threads;
} peak;

static peak choose(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return (peak){"avx512", chains_avx512, 16, 1};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (peak){"avx2", chains_avx2, 8, 1};
#endif
    return (peak){"plain", chains_plain, 4, 1};
}

static void *work(void *context)
{
    const peak *p = context;
    volatile float kept = 0.0f;
    for (int i = 0; i < 10; i++)
        kept += p->chains();
    (void)kept;
    return NULL;
}

static double once(void *context)
{
    peak *p = context;
    pthread_t others[THREADS_MOST];
    const double begin = bench_clock();
    for (size_t t = 1; t < p->threads; t++)
        if (pthread_create(&others[t], NULL, work, p) != 0)
            bench_die("bench_peak: the system gives no thread");
    work(p);
    for (size_t t = 1; t < p->threads; t++)
        pthread_join(others[t], NULL);
    const double operations = 2.0 * 10 * PASSES * CHAINS * (double)(p->lanes * p->threads);
    return (bench_clock() - begin) * 1e9 / operations;
}

int main(int count, char **arguments)
{
    peak p = choose();
    char facts[64];
    p.threads = bench_number(count, arguments, "threads", 1);
    if (p.threads < 1 || p.threads > THREADS_MOST)
        bench_die("threads: expected 1 to %d", THREADS_MOST);
    snprintf(facts, sizeof facts, "{\"instructions\": \"%s\"}", p.name);
    bench_serve(facts, once, &p);
    return 0;
}
