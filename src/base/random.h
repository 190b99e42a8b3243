/* Counter-based random numbers: a value depends on (seed, stream, index) only,
 * so any number can be drawn at any time by any thread.
 *
 * Generator: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
 * easy as 1, 2, 3"); checked against its published test vectors. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* One stream for each purpose; the high half may carry a layer, epoch or step:
 * random_stream(RANDOM_SHUFFLE, epoch). */
typedef enum random_purpose {
    RANDOM_INITIALISE = 1, /* sub = layer */
    RANDOM_SHUFFLE,        /* sub = epoch */
    RANDOM_VALIDATION,     /* sub = 0 */
    RANDOM_SAMPLE,         /* sub = epoch */
    RANDOM_CRITERION,      /* sub = step */
    RANDOM_TEST,           /* for tests */
    RANDOM_RESTART,        /* sub = 0: the seed of fresh weights; layer + 1: its mask */
    RANDOM_TEST_ROWS       /* sub = 0 */
} random_purpose;

uint64_t random_stream(random_purpose purpose, uint32_t sub);

/* 64 random bits. */
uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t index);

/* Uniform in [0, 1), 53 bits. */
double random_uniform(uint64_t seed, uint64_t stream, uint64_t index);

/* Normal, mean 0, variance 1 (Box & Muller 1958; one pair of uniforms for each). */
double random_normal(uint64_t seed, uint64_t stream, uint64_t index);

/* Uniform in 0 … bound - 1 (bound >= 1), by a 64 × 64 bit product; the bias is
 * below bound / 2^64. */
uint64_t random_below(uint64_t seed, uint64_t stream, uint64_t index, uint64_t bound);

/* Fisher & Yates: permutes items, index 0 … count - 1 of the stream. */
void random_shuffle(uint64_t seed, uint64_t stream, uint32_t *items, size_t count);

#endif
