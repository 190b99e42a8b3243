/* What a training run announces, and who may listen.
 *
 * The trainer knows nothing of pruning, counting modes or reports: it announces
 * events, and observers act on them. The pruner is one, a progress bar another. */
#ifndef ESPALIER_OBSERVE_H
#define ESPALIER_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/network.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct espalier_trainer espalier_trainer;

typedef enum espalier_event_kind {
    ESPALIER_EVENT_BEGIN,       /* before the first epoch */
    ESPALIER_EVENT_EPOCH_BEGIN, /* before each epoch */
    ESPALIER_EVENT_BATCH,       /* after each batch; only to observers that asked for it */
    ESPALIER_EVENT_EPOCH,       /* after each epoch, its validation done */
    ESPALIER_EVENT_PRUNE_BEGIN, /* before a pruning step; announced by the pruner */
    ESPALIER_EVENT_PRUNE,       /* after a pruning step; announced by the pruner */
    ESPALIER_EVENT_NOTE,        /* something a person should know, in one sentence */
    ESPALIER_EVENT_END          /* after the last epoch; the network is final */
} espalier_event_kind;

/* What one epoch came to. Accuracies are 0..1, losses mean cross-entropy in nats. */
typedef struct espalier_epoch {
    size_t epoch;               /* 1, 2, … */
    double training_accuracy;   /* running over the batches, each before its update */
    double training_loss;
    double validation_accuracy; /* NaN without validation rows */
    double validation_loss;
    double learning_rate;       /* at the last batch */
    double seconds;             /* training only, without validation and observers */
} espalier_epoch;

/* What one pruning step did. Sparsities are fractions of weights pruned so far. */
typedef struct espalier_prune_step {
    size_t step;                  /* 0, 1, … */
    size_t epoch;                 /* at whose end (or in which) it happened; 0 = before training */
    double training_accuracy;     /* of the epoch at whose end it happened; NaN if none: before
                                     training, or between batches (CUBIC) */
    uint64_t requested;           /* weights to remove by rank in this step */
    uint64_t removed_by_rank;
    uint64_t removed_by_propagation;
    uint64_t neurons_removed;     /* hidden neurons that lost their last incoming weight in this step */
    uint64_t neurons_guarded;     /* neurons kept only by min_neurons */
    bool forced;                  /* taken by patience, not by its trigger */
    bool last;
    double sparsity_all;
    double sparsity_prunable;
} espalier_prune_step;

/* All that it points to is borrowed, and there until notify returns. */
typedef struct espalier_event {
    espalier_event_kind kind;
    size_t epoch;                    /* current epoch, 1, 2, …; 0 at BEGIN */
    size_t epochs;                   /* at most this many */
    size_t batch;                    /* BATCH: finished batches of this epoch, 1 … batches */
    size_t batches;
    const espalier_epoch *result;    /* EPOCH, and PRUNE_BEGIN and PRUNE at an epoch's end: that epoch;
                                        else NULL, as in steps between batches (CUBIC) or before
                                        training */
    const espalier_prune_step *step; /* PRUNE; else NULL */
    const char *note;                /* NOTE; else NULL */
    bool warning;                    /* NOTE: the result may be worth little; a person should act */
} espalier_event;

/* How an observer's memory goes into a checkpoint and comes back (espalier/checkpoint.h).
 *
 * name     1 … ESPALIER_KEEPER_NAME_MOST bytes of UTF-8, unique among the observers of a
 *          trainer; the library's own are "record", "pruner" and "regulariser"
 * save     *state: UTF-8 text of any form, by malloc; whoever asked for it frees it.
 *          OK without a text counts as ARGUMENT
 * restore  text that save gave in another process. The trainer, too, is restored by then,
 *          and will not announce ESPALIER_EVENT_BEGIN again. Errors: FORMAT, MISMATCH */
enum { ESPALIER_KEEPER_NAME_MOST = 64 };
typedef struct espalier_keeper {
    const char *name;
    espalier_status (*save)(void *context, char **state, espalier_error *error);
    espalier_status (*restore)(void *context, const char *state, espalier_error *error);
} espalier_keeper;

/* A listener. Called on the thread that runs the trainer, never inside a batch.
 * A status other than OK ends the run with that status. */
typedef struct espalier_observer {
    void *context; /* borrowed */
    espalier_status (*notify)(void *context, espalier_trainer *trainer, const espalier_event *event,
                              espalier_error *error);
    bool batches; /* also wants ESPALIER_EVENT_BATCH */
    const espalier_keeper *keeper; /* borrowed; NULL: nothing to keep */
} espalier_observer;

#ifdef __cplusplus
}
#endif
#endif
