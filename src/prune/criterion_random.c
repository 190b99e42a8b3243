/* The control: s_ji uniform, drawn anew in each step. */
#include "base/philox.h"
#include "base/random.h"
#include "math/kernels.h"
#include "prune/criteria.h"

enum { WORDS = 4 }; /* numbers of one call of philox() */

static uint64_t draw_one(uint64_t seed, uint64_t stream, uint64_t place)
{
    uint32_t words[WORDS];
    philox(seed, stream, place / WORDS, words);
    return words[place % WORDS];
}

/* A key depends on the seed, the step and the weight's place p among all hidden
 * weights: it is word p mod 4 of number p div 4 of the step's stream. */
static void keys(const criterion_context *context, size_t layer, size_t neuron, uint64_t *out)
{
    const network_layer *layers = context->network->layers;
    uint64_t stream = random_stream(RANDOM_CRITERION, context->step);
    uint64_t place = (uint64_t)neuron * layers[layer].inputs;
    for (size_t l = 0; l < layer; l++)
        place += (uint64_t)layers[l].outputs * layers[l].inputs;
    size_t i = 0, count = layers[layer].inputs;
    for (; i < count && (place + i) % WORDS; i++)
        out[i] = draw_one(context->seed, stream, place + i);
    size_t blocks = (count - i) / WORDS;
    math_kernels_at(0)->random_words(context->seed, stream, (place + i) / WORDS, blocks, out + i);
    for (i += blocks * WORDS; i < count; i++)
        out[i] = draw_one(context->seed, stream, place + i);
}

/* 32 bits as a number in [0, 1). */
static double score(uint64_t key)
{
    return (double)key * 0x1p-32;
}

const criterion criterion_random = {
    .name = "random",
    .summary = "chance, the control of a fair comparison",
    .needs_counts = false,
    .key_bits = 32,
    .keys = keys,
    .score = score,
};
