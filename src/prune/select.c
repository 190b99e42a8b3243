/* Radix selection over the keys of a criterion. */
#include "prune/select.h"

#include <string.h>

enum { DIGIT_BITS = 16, KEY_BITS = 64 };

/* Weights with a key below `key` go, and the first `ties` of those that have it. */
typedef struct cut {
    uint64_t key, ties;
} cut;

void select_survey(const select_ranking *ranking, scratch *work)
{
    for (size_t l = 0; l < work->hidden; l++) {
        scratch_layer *layer = &work->layers[l];
        for (size_t j = 0; j < layer->outputs; j++) {
            const uint8_t *mask = work->masks[l] + j * layer->inputs;
            uint64_t best = 0;
            size_t kept = 0;
            ranking->criterion->keys(&ranking->context, l, j, work->keys);
            for (size_t i = 0; i < layer->inputs; i++) {
                kept += mask[i];
                if (mask[i] && work->keys[i] > best)
                    best = work->keys[i];
            }
            layer->best[j] = best;
            layer->incoming[j] = kept == 0               ? INCOMING_NONE
                                 : kept == layer->inputs ? INCOMING_ALL
                                                         : INCOMING_SOME;
        }
    }
}

/* Computes a neuron's keys; false if none of its weights competes. */
static bool row_keys(const select_ranking *ranking, scratch *work, size_t layer, size_t neuron)
{
    const scratch_layer *at = &work->layers[layer];
    if (at->protect[neuron] || at->incoming[neuron] == INCOMING_NONE)
        return false;
    ranking->criterion->keys(&ranking->context, layer, neuron, work->keys);
    return true;
}

/* Counts the digit at `shift` of all competing keys that agree with `prefix` above it. */
static void count_digits(const select_ranking *ranking, scratch *work, size_t first, size_t count,
                         uint8_t *const *masks, uint64_t prefix, unsigned shift)
{
    /* Shifting by the full width is undefined: the first digit has nothing above it. */
    uint64_t above = shift + DIGIT_BITS < KEY_BITS ? ~(uint64_t)0 << (shift + DIGIT_BITS) : 0;
    memset(work->histogram, 0, SCRATCH_DIGITS * sizeof *work->histogram);
    for (size_t l = first; l < first + count; l++) {
        const scratch_layer *layer = &work->layers[l];
        for (size_t j = 0; j < layer->outputs; j++) {
            const uint8_t *mask = masks[l] + j * layer->inputs;
            if (!row_keys(ranking, work, l, j))
                continue;
            for (size_t i = 0; i < layer->inputs; i++)
                if (((work->keys[i] ^ prefix) & above) == 0)
                    work->histogram[work->keys[i] >> shift & (SCRATCH_DIGITS - 1)] += mask[i];
        }
    }
}

static cut find_cut(const select_ranking *ranking, scratch *work, size_t first, size_t count,
                    uint64_t amount, uint8_t *const *masks)
{
    uint64_t prefix = 0;
    for (unsigned shift = KEY_BITS - DIGIT_BITS;; shift -= DIGIT_BITS) {
        count_digits(ranking, work, first, count, masks, prefix, shift);
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

/* Takes a neuron's weights from its mask. Without a branch on the key, which no
 * processor could foresee; ties are rare or come in runs. */
static uint64_t take(const uint64_t *keys, size_t count, cut *at, uint8_t *mask)
{
    uint64_t removed = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t goes = mask[i] & (keys[i] < at->key);
        if (keys[i] == at->key && mask[i] && at->ties) {
            goes = 1;
            at->ties--;
        }
        mask[i] ^= goes;
        removed += goes;
    }
    return removed;
}

uint64_t select_remove(const select_ranking *ranking, scratch *work, size_t first, size_t count,
                       uint64_t amount, uint8_t *const *masks)
{
    if (amount == 0)
        return 0;
    cut at = find_cut(ranking, work, first, count, amount, masks);
    uint64_t removed = 0;
    for (size_t l = first; l < first + count; l++) {
        size_t inputs = work->layers[l].inputs;
        for (size_t j = 0; j < work->layers[l].outputs; j++)
            if (row_keys(ranking, work, l, j))
                removed += take(work->keys, inputs, &at, masks[l] + j * inputs);
    }
    return removed;
}
