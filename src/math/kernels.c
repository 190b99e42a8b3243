/* The table of instruction sets and how one is chosen. */
#include "math/kernels.h"

#include <stdlib.h>
#include <string.h>

#include "math/kernels_all.h"
#include "math/pass.h"

size_t mark_words(size_t count)
{
    return (count + MARK_BITS - 1) / MARK_BITS;
}

/* A value that is not zero costs its marks about 1.25 times as long as one vector of
 * sums, and a vector of sums as much as in a dense product: with v vectors both take
 * the same time where a share of v / (v + 1.25) is not zero. A tenth is left for the
 * zeros that come in lumps. */
bool skip_pays(size_t nonzero, size_t all, size_t columns)
{
    const double vectors = (double)columns / PASS_LANES;
    return (double)nonzero < 0.9 * (double)all * vectors / (vectors + 1.25);
}

/* What a step costs beside its sums, in vectors, measured with 2 to 6 of them: 1.25 where a processor
 * adds one vector of AVX-512 a cycle; more where it adds two, since it reads no more than two. Those
 * are Intel's, and AMD's from the one on that knows the instruction that is asked for. */
static double mark_vectors(void)
{
#ifdef ESPALIER_X86_64
    if (__builtin_cpu_is("intel") || __builtin_cpu_supports("avx512vp2intersect"))
        return 3.0;
#endif
    return 1.25;
}

bool group_pays(size_t together, size_t alone, size_t columns)
{
    const double vectors = (double)columns / PASS_LANES;
    return columns <= FEW_COLUMNS &&
           (double)together * vectors < (double)alone * (vectors + mark_vectors());
}

#ifdef ESPALIER_X86_64
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
#endif

static bool always(void)
{
    return true;
}

/* Best first. */
static const struct {
    const math_kernels *kernels;
    bool (*available)(void);
} table[] = {
#ifdef ESPALIER_X86_64
    {&kernels_avx512, has_avx512},
    {&kernels_avx2, has_avx2},
#endif
    {&kernels_plain, always},
};

enum { TABLE_COUNT = sizeof table / sizeof *table };

/* Where the environment wants the table to begin. */
static size_t first_allowed(void)
{
    const char *wanted = getenv("ESPALIER_CPU");
    for (size_t i = 0; wanted && i < TABLE_COUNT; i++)
        if (strcmp(table[i].kernels->name, wanted) == 0)
            return i;
    return 0;
}

const math_kernels *math_kernels_at(size_t index)
{
    for (size_t i = first_allowed(); i < TABLE_COUNT; i++)
        if (table[i].available() && index-- == 0)
            return table[i].kernels;
    return NULL;
}
