/* Pruning by activation counts, magnitude or chance, while training or after.
 *
 * Source: Ganguli & Chong, "Activation-Based Pruning of Neural Networks",
 * Algorithms 2024, 17(1), 48; docs/method.md says where we differ and why. */
#ifndef ESPALIER_PRUNE_H
#define ESPALIER_PRUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/dataset.h"
#include "espalier/memory.h"
#include "espalier/network.h"
#include "espalier/observe.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Watches a training run, counts, and prunes. */
typedef struct espalier_pruner espalier_pruner;

typedef enum espalier_denominator {
    ESPALIER_OF_ALL,      /* fractions are of all weights (the paper's accounting) */
    ESPALIER_OF_PRUNABLE, /* of the hidden layers' weights */
    ESPALIER_DENOMINATOR_COUNT
} espalier_denominator;

typedef enum espalier_scope {
    ESPALIER_SCOPE_GLOBAL,     /* one ranking over all hidden layers */
    ESPALIER_SCOPE_LAYER,      /* the same fraction of each hidden layer */
    ESPALIER_SCOPE_ONE_BY_ONE, /* one hidden layer per step, first to last (the authors' layer-wise mode) */
    ESPALIER_SCOPE_COUNT
} espalier_scope;

typedef enum espalier_trigger {
    ESPALIER_TRIGGER_ACCURACY, /* step k at training accuracy start + k (final - start) / steps */
    ESPALIER_TRIGGER_EPOCH,    /* every `every` epochs */
    ESPALIER_TRIGGER_CUBIC,    /* Zhu & Gupta 2017: target (1 - (1 - t)^3) over cubic_epochs */
    ESPALIER_TRIGGER_ONCE,     /* the whole target in one step, at the end of epoch `every` */
    ESPALIER_TRIGGER_COUNT
} espalier_trigger;

typedef enum espalier_count_mode {
    ESPALIER_COUNT_TRAINING,     /* every training input, in the pass that trains (the paper) */
    ESPALIER_COUNT_SAMPLE,       /* sample_rows training inputs after each epoch, and
                                    before a step that comes before the first: a > 0 */
    ESPALIER_COUNT_SAMPLE_SUM,   /* the same, adding a in units of 2^-20 */
    ESPALIER_COUNT_SAMPLE_ZEROS, /* the same, counting a == 0: the authors' published code, which
                                    removes the most active neurons first, against the paper */
    ESPALIER_COUNT_NONE,         /* no counting */
    ESPALIER_COUNT_MODE_COUNT
} espalier_count_mode;

typedef enum espalier_count_window {
    ESPALIER_WINDOW_SINCE_START, /* the paper */
    ESPALIER_WINDOW_SINCE_PRUNE, /* counters start afresh after each step */
    ESPALIER_WINDOW_EPOCH,       /* … at each epoch */
    ESPALIER_WINDOW_COUNT
} espalier_count_window;

typedef enum espalier_amounts {
    ESPALIER_AMOUNTS_CUMULATIVE, /* after step k the sparsity is target * (share_0 + … + share_k) */
    ESPALIER_AMOUNTS_AUTHORS,    /* each step removes its own share on top of what propagation took */
    ESPALIER_AMOUNTS_COUNT
} espalier_amounts;

typedef enum espalier_dead {
    ESPALIER_DEAD_FOLD,    /* dead neurons go, their constant is added to the next biases; to a fixed point */
    ESPALIER_DEAD_DROP,    /* the same without the adding */
    ESPALIER_DEAD_AUTHORS, /* only neurons cut in this step, forward, once, hidden layers, biases left */
    ESPALIER_DEAD_KEEP,    /* nothing beyond the ranking */
    ESPALIER_DEAD_COUNT
} espalier_dead;

typedef struct espalier_prune_options {
    double target;             /* 0..1: fraction of the weights to prune; 0 = count only */
    espalier_denominator of;
    size_t steps;              /* 1 … 1000000; ONE_BY_ONE: a multiple of the hidden layers that are
                                  pruned */
    double share_ratio;        /* > 0: step k has the share share_ratio^k / sum of them (0.8) */
    const char *criterion;     /* a name of espalier_criterion_name(); borrowed */
    espalier_scope scope;
    espalier_trigger trigger;
    double start_accuracy;     /* 0..1; ACCURACY */
    double final_accuracy;     /* 0..1; ACCURACY */
    size_t every;              /* epochs, >= 1; EPOCH and ONCE */
    size_t patience;           /* epochs, 0 = wait for ever; ACCURACY */
    size_t cubic_epochs;       /* 1 … 1000000; CUBIC */
    size_t cubic_interval;     /* batches between two cuts, >= 1; CUBIC */
    bool trained;              /* the network is trained already: ONCE prunes before the first epoch */
    espalier_count_mode count;
    espalier_count_window window;
    size_t sample_rows;        /* >= 1; the SAMPLE modes */
    espalier_amounts amounts;
    espalier_dead dead;
    size_t min_neurons;        /* live neurons that a hidden layer keeps at least, or all where it has
                                  fewer; 0 = no guard. Those it has are counted as if the ones cut
                                  off earlier were dropped, with DEAD_KEEP and DEAD_AUTHORS, too */
    uint64_t seed;             /* of samples and of the random criterion, < 2^63 */
} espalier_prune_options;

/* The paper's settings, with target 0.9. */
ESPALIER_API espalier_prune_options espalier_prune_options_defaults(void);

/* Returns ESPALIER_ERROR_ARGUMENT and names the field that is out of range. */
ESPALIER_API espalier_status espalier_prune_options_check(const espalier_prune_options *options,
                                                          espalier_error *error);

/* Names used on the command line; NULL out of range. */
ESPALIER_API const char *espalier_denominator_name(espalier_denominator of);
ESPALIER_API const char *espalier_scope_name(espalier_scope scope);
ESPALIER_API const char *espalier_trigger_name(espalier_trigger trigger);
ESPALIER_API const char *espalier_count_mode_name(espalier_count_mode count);
ESPALIER_API const char *espalier_count_window_name(espalier_count_window window);
ESPALIER_API const char *espalier_amounts_name(espalier_amounts amounts);
ESPALIER_API const char *espalier_dead_name(espalier_dead dead);
/* Whether that criterion reads activation counts; false past the end. */
ESPALIER_API bool espalier_criterion_needs_counts(size_t index);
/* The criteria, in the table's order, and one line about each; NULL past the end. */
ESPALIER_API const char *espalier_criterion_name(size_t index);
ESPALIER_API const char *espalier_criterion_summary(size_t index);

/* Makes a pruner for a network of this shape.
 *
 * network  borrowed for the call only; its shape is noted
 * options  NULL = defaults; copied
 * Errors: ARGUMENT (also a target above what can be pruned), FORMAT (metadata
 * "history" that cannot be continued), MEMORY. */
ESPALIER_API espalier_status espalier_pruner_create(const espalier_network *network,
                                                    const espalier_prune_options *options,
                                                    const espalier_allocator *allocator,
                                                    espalier_pruner **pruner,
                                                    espalier_error *error);
ESPALIER_API void espalier_pruner_destroy(espalier_pruner *pruner);

/* The observer to give to a trainer; the pruner must outlive the run. */
ESPALIER_API espalier_observer espalier_pruner_observer(espalier_pruner *pruner);

/* Takes the next step now, without a trainer: scores, selects, propagates,
 * writes masks, ledger and the metadata "history" of the network.
 * step may be NULL. Errors: ARGUMENT (all steps done, or the criterion needs
 * counts and the network has none), MISMATCH (another shape), FORMAT (a history
 * that is not a list of steps), MEMORY; the network is then unchanged.
 * CUBIC cuts in `steps` steps here; in a run the batches say how many. */
ESPALIER_API espalier_status espalier_pruner_step(espalier_pruner *pruner, espalier_network *network,
                                                  espalier_prune_step *step, espalier_error *error);

/* Steps taken so far and what they did (borrowed until the next step). */
ESPALIER_API size_t espalier_pruner_step_count(const espalier_pruner *pruner);
ESPALIER_API const espalier_prune_step *espalier_pruner_steps(const espalier_pruner *pruner);
/* Steps still to come. */
ESPALIER_API size_t espalier_pruner_outstanding(const espalier_pruner *pruner);
/* True once the network has at least the target sparsity, whether steps are outstanding or not. A
 * compacted network counts by the widths it had before. */
ESPALIER_API bool espalier_pruner_reached(const espalier_pruner *pruner, const espalier_network *network);

/* One removed neuron, by its place in the original network. A neuron is removed when its last
 * incoming weight goes: FOLD and DROP take that of a neuron without outgoing weights, too; with
 * KEEP and AUTHORS such a neuron is in no ledger. */
typedef struct espalier_ledger_entry {
    size_t step;
    size_t layer;   /* hidden layer, 0-based */
    size_t neuron;  /* index in the original network */
    double score;   /* largest score among the incoming weights it had before the step */
    uint64_t count; /* its activation count then */
} espalier_ledger_entry;

/* All removed neurons in the order of their going (borrowed until the next step). */
ESPALIER_API size_t espalier_pruner_ledger(const espalier_pruner *pruner,
                                           const espalier_ledger_entry **entries);

/* Clears the network's counts and counts every training row once: how a trained
 * network without counts gets them. Rows are scaled as the network says, not the data set.
 * Errors: MISMATCH, MEMORY. */
ESPALIER_API espalier_status espalier_network_count_activations(espalier_network *network,
                                                                const espalier_dataset *dataset,
                                                                const espalier_allocator *allocator,
                                                                espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
