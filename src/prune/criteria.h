/* The waist of pruning criteria: a table, one row and one file for each.
 *
 * A criterion turns a weight into an integer, its key; the lowest keys go first.
 * How many go is scope.h's affair, finding them select.h's. Adding a criterion is
 * one file and one line in criteria.c. */
#ifndef PRUNE_CRITERIA_H
#define PRUNE_CRITERIA_H

#include <stdbool.h>

#include "net/network.h"

/* What keys may depend on. */
typedef struct criterion_context {
    const espalier_network *network;
    uint64_t seed;
    uint32_t step;
} criterion_context;

typedef struct criterion {
    const char *name;
    const char *summary; /* one line for the help text */
    bool needs_counts;   /* reads the activation counts */
    unsigned key_bits;   /* keys are below 2^key_bits; 32 or 64. Fewer are found sooner */
    /* keys [inputs], written for all weights of one neuron, pruned ones too;
     * a lower score has a lower key. */
    void (*keys)(const criterion_context *context, size_t layer, size_t neuron, uint64_t *keys);
    /* The score that a key stands for. */
    double (*score)(uint64_t key);
} criterion;

extern const criterion criterion_activation;
extern const criterion criterion_activation_weight;
extern const criterion criterion_magnitude;
extern const criterion criterion_random;

/* The index-th criterion, or NULL past the end. */
const criterion *criterion_at(size_t index);
/* By name; NULL if there is none or name is NULL. */
const criterion *criterion_find(const char *name);

#endif
