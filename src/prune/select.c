/* Radix selection over the keys of a criterion. */
#include "prune/select.h"

#include <string.h>

#include "math/clones.h"

enum { DIGIT_BITS = 16, KEY_BITS = 64 };

/* Weights with a key below `key` go, and the first `ties` of those that have it. */
typedef struct cut {
    uint64_t key, ties;
} cut;

/* The loops of this file do without branches on mask or key, which no processor
 * could foresee. */
VECTOR_CLONES
static void survey_row(const uint64_t *keys, const uint8_t *mask, size_t count, uint64_t *least,
                       uint64_t *best, size_t *kept)
{
    uint64_t low = UINT64_MAX, high = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t here = mask[i], raised = keys[i] | (here - 1), lowered = keys[i] & (0 - here);
        low = raised < low ? raised : low;
        high = lowered > high ? lowered : high;
        sum += here;
    }
    *least = low, *best = high, *kept = (size_t)sum;
}

void select_survey(const select_ranking *ranking, scratch *work)
{
    for (size_t l = 0; l < work->hidden; l++) {
        scratch_layer *layer = &work->layers[l];
        for (size_t j = 0; j < layer->outputs; j++) {
            ranking->criterion->keys(&ranking->context, l, j, work->keys);
            survey_row(work->keys, work->trial[l] + j * layer->inputs, layer->inputs,
                       &layer->least[j], &layer->best[j], &layer->kept[j]);
        }
    }
}

static bool competes(const scratch_layer *layer, size_t neuron)
{
    return !layer->linear && layer->kept[neuron] > 0 && !layer->protect[neuron];
}

/* Counts the digit at `shift` of those of a row's kept keys that agree with `prefix`
 * in the bits `above` it. */
static void count_row(scratch *work, const uint8_t *mask, size_t count, uint64_t prefix,
                      uint64_t above, unsigned shift)
{
    const uint64_t *keys = work->keys;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        work->list[found] = i;
        found += ((keys[i] ^ prefix) & above) == 0;
    }
    for (size_t f = 0; f < found; f++) {
        size_t i = work->list[f];
        work->histogram[keys[i] >> shift & (SCRATCH_DIGITS - 1)] += mask[i];
    }
}

/* Counts the digit at `shift` of all competing keys that agree with `prefix` above it.
 * Keys are computed only for rows that are not settled by their least and best. */
static void count_digits(const select_ranking *ranking, scratch *work, size_t first, size_t count,
                         uint64_t prefix, unsigned shift)
{
    /* Shifting by the full width is undefined: the first digit has nothing above it. */
    uint64_t above = shift + DIGIT_BITS < KEY_BITS ? ~(uint64_t)0 << (shift + DIGIT_BITS) : 0;
    memset(work->histogram, 0, SCRATCH_DIGITS * sizeof *work->histogram);
    for (size_t l = first; l < first + count; l++) {
        const scratch_layer *layer = &work->layers[l];
        for (size_t j = 0; j < layer->outputs; j++) {
            uint64_t least = layer->least[j], best = layer->best[j];
            if (!competes(layer, j) || (least & above) > prefix || (best & above) < prefix)
                continue;
            if ((least ^ best) >> shift == 0) {
                work->histogram[best >> shift & (SCRATCH_DIGITS - 1)] += layer->kept[j];
                continue;
            }
            ranking->criterion->keys(&ranking->context, l, j, work->keys);
            count_row(work, work->trial[l] + j * layer->inputs, layer->inputs, prefix, above,
                      shift);
        }
    }
}

static cut find_cut(const select_ranking *ranking, scratch *work, size_t first, size_t count,
                    uint64_t amount)
{
    uint64_t prefix = 0;
    for (unsigned shift = ranking->criterion->key_bits - DIGIT_BITS;; shift -= DIGIT_BITS) {
        count_digits(ranking, work, first, count, prefix, shift);
        size_t digit = 0;
        while (digit < SCRATCH_DIGITS && work->histogram[digit] < amount)
            amount -= work->histogram[digit++];
        if (digit == SCRATCH_DIGITS) /* only in the first pass: fewer than asked for */
            return (cut){UINT64_MAX, UINT64_MAX};
        prefix |= (uint64_t)digit << shift;
        if (work->histogram[digit] == amount) /* all that begin so: later digits say nothing */
            return (cut){prefix | (((uint64_t)1 << shift) - 1), UINT64_MAX};
        if (shift == 0)
            return (cut){prefix, amount};
    }
}

/* Takes from a mask what is below `key`; returns how many, and whether some are equal. */
VECTOR_CLONES
static uint64_t take_below(const uint64_t *keys, size_t count, uint64_t key, uint8_t *mask,
                           bool *equal)
{
    uint64_t removed = 0, same = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t here = mask[i], goes = here & (keys[i] < key);
        same |= here & (keys[i] == key);
        removed += goes;
        mask[i] = (uint8_t)(here ^ goes);
    }
    *equal = same;
    return removed;
}

static uint64_t take_ties(const uint64_t *keys, size_t count, cut *at, uint8_t *mask)
{
    uint64_t before = at->ties;
    for (size_t i = 0; i < count && at->ties; i++) {
        uint8_t goes = mask[i] & (keys[i] == at->key);
        mask[i] ^= goes;
        at->ties -= goes;
    }
    return before - at->ties;
}

/* Takes a neuron's weights from its mask. */
static uint64_t take(const select_ranking *ranking, scratch *work, size_t l, size_t neuron, cut *at)
{
    const scratch_layer *layer = &work->layers[l];
    uint8_t *mask = work->trial[l] + neuron * layer->inputs;
    if (layer->least[neuron] > at->key)
        return 0;
    if (layer->best[neuron] < at->key) {
        memset(mask, 0, layer->inputs);
        return layer->kept[neuron];
    }
    bool equal;
    ranking->criterion->keys(&ranking->context, l, neuron, work->keys);
    uint64_t removed = take_below(work->keys, layer->inputs, at->key, mask, &equal);
    return equal ? removed + take_ties(work->keys, layer->inputs, at, mask) : removed;
}

uint64_t select_remove(const select_ranking *ranking, scratch *work, size_t first, size_t count,
                       uint64_t amount)
{
    if (amount == 0)
        return 0;
    cut at = find_cut(ranking, work, first, count, amount);
    uint64_t removed = 0;
    for (size_t l = first; l < first + count; l++)
        for (size_t j = 0; j < work->layers[l].outputs; j++)
            if (competes(&work->layers[l], j))
                removed += take(ranking, work, l, j, &at);
    return removed;
}
