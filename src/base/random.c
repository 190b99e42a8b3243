/* What is drawn from Philox4x32-10. */
#include "base/random.h"

#include <math.h>

#include "base/philox.h"

__extension__ typedef unsigned __int128 wide;

uint64_t random_stream(random_purpose purpose, uint32_t sub)
{
    return (uint64_t)sub << 32 | (uint32_t)purpose;
}

uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t index)
{
    uint32_t out[4];
    philox(seed, stream, index, out);
    return (uint64_t)out[1] << 32 | out[0];
}

/* The upper 53 of 64 bits, as a multiple of 2^-53. */
static double unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

double random_uniform(uint64_t seed, uint64_t stream, uint64_t index)
{
    return unit(random_bits(seed, stream, index));
}

double random_normal(uint64_t seed, uint64_t stream, uint64_t index)
{
    uint32_t out[4];
    philox(seed, stream, index, out);
    double u = unit((uint64_t)out[1] << 32 | out[0]);
    double v = unit((uint64_t)out[3] << 32 | out[2]);
    return sqrt(-2.0 * log1p(-u)) * cos(2.0 * 3.14159265358979323846 * v);
}

uint64_t random_below(uint64_t seed, uint64_t stream, uint64_t index, uint64_t bound)
{
    wide product = (wide)random_bits(seed, stream, index) * bound;
    return (uint64_t)(product >> 64);
}

void random_shuffle(uint64_t seed, uint64_t stream, uint32_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)random_below(seed, stream, i - 1, i);
        uint32_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}
