/* Training: mini-batch gradient descent on the mean cross-entropy.
 *
 * Masks hold: a pruned weight is exactly zero after every update. Results do
 * not depend on the number of threads.
 *
 * A thread that calls espalier_trainer_run() needs a stack of at least 144 KiB: where
 * libxsmm is the math backend it compiles products on that stack, for which 128 KiB are
 * too little. Threads have megabytes by default with glibc, 128 KiB with musl.
 *
 * A trainer keeps its threads until it is destroyed. A forked process has none of them: it
 * can destroy the trainer, and nothing else. */
#ifndef ESPALIER_TRAIN_H
#define ESPALIER_TRAIN_H

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

typedef enum espalier_optimizer {
    ESPALIER_SGD,      /* w -= lr g (the paper) */
    ESPALIER_MOMENTUM, /* v = m v + g;            w -= lr v */
    ESPALIER_NESTEROV, /* v = m v + g;            w -= lr (g + m v) */
    ESPALIER_ADAM,     /* Kingma & Ba 2015, bias-corrected; decoupled decay (AdamW) */
    ESPALIER_OPTIMIZER_COUNT
} espalier_optimizer;

typedef enum espalier_lr_schedule {
    ESPALIER_LR_CONSTANT, /* the paper */
    ESPALIER_LR_STEP,     /* times lr_gamma every lr_step epochs */
    ESPALIER_LR_COSINE,   /* to zero over all epochs, half a cosine */
    ESPALIER_LR_SCHEDULE_COUNT
} espalier_lr_schedule;

/* When the rules that end a run may fire (docs/method.md). */
typedef enum espalier_early_stop {
    ESPALIER_EARLY_STOP_AFTER_PRUNING, /* once no observer holds the run */
    ESPALIER_EARLY_STOP_ALWAYS,        /* at any time (the authors) */
    ESPALIER_EARLY_STOP_NEVER,         /* neither rule: all epochs */
    ESPALIER_EARLY_STOP_COUNT
} espalier_early_stop;

typedef enum espalier_keep {
    ESPALIER_KEEP_LAST, /* the network as it is at the end (the paper) */
    ESPALIER_KEEP_BEST, /* the one with the best validation loss since the last change by an observer */
    ESPALIER_KEEP_COUNT
} espalier_keep;

typedef enum espalier_stopped_by {
    ESPALIER_STOPPED_BY_EPOCHS,     /* all epochs done */
    ESPALIER_STOPPED_BY_ACCURACY,   /* the training accuracy reached final_accuracy */
    ESPALIER_STOPPED_BY_EARLY_STOP, /* three strikes of the validation loss */
    ESPALIER_STOPPED_BY_OBSERVER,
    ESPALIER_STOPPED_BY_COUNT
} espalier_stopped_by;

typedef struct espalier_train_options {
    size_t batch_rows;       /* rows of a batch, 1 … 2^20; the last batch of an epoch may be smaller */
    size_t epochs;           /* at most so many, 1 … 2^32 - 1 */
    espalier_optimizer optimizer;
    double learning_rate;    /* > 0 */
    double momentum;         /* 0 <= m < 1; MOMENTUM and NESTEROV */
    double beta1, beta2;     /* 0 <= b < 1; ADAM */
    double epsilon;          /* > 0; ADAM */
    double weight_decay;     /* >= 0; on weights, not on biases */
    espalier_lr_schedule lr_schedule;
    size_t lr_step;          /* epochs, >= 1; LR_STEP */
    double lr_gamma;         /* > 0; LR_STEP */
    size_t warmup_epochs;    /* the rate grows linearly over these; 0 = none */
    espalier_early_stop early_stop;
    double final_accuracy;   /* 0..1: training accuracy that ends the run */
    double strike_factor;    /* > 1: a loss above this times the best is a strike */
    size_t strikes;          /* >= 1: so many end the run */
    espalier_keep keep;
    uint64_t seed;           /* of the order of rows, < 2^63 */
    size_t threads;          /* 0 = as many as the machine offers and the network is worth; at most
                                256 are used */
    const char *math;        /* a name of espalier_math_name(), NULL = the best; borrowed */
} espalier_train_options;

/* The paper's settings. */
ESPALIER_API espalier_train_options espalier_train_options_defaults(void);

/* Returns ESPALIER_ERROR_ARGUMENT and names the field that is out of range. */
ESPALIER_API espalier_status espalier_train_options_check(const espalier_train_options *options,
                                                          espalier_error *error);

/* Names used on the command line; NULL out of range. */
ESPALIER_API const char *espalier_optimizer_name(espalier_optimizer optimizer);
ESPALIER_API const char *espalier_lr_schedule_name(espalier_lr_schedule schedule);
ESPALIER_API const char *espalier_early_stop_name(espalier_early_stop early_stop);
ESPALIER_API const char *espalier_keep_name(espalier_keep keep);
ESPALIER_API const char *espalier_stopped_by_name(espalier_stopped_by stopped_by);

/* Prepares a run.
 *
 * network  borrowed and trained in place. If it has no scaling it takes the
 *          data set's; if it has no class names it takes those, too.
 * dataset  borrowed; row width and classes must fit the network
 * options  NULL = defaults; copied
 * Errors: ARGUMENT (an option; KEEP_BEST without validation rows), MISMATCH (names both shapes),
 * UNSUPPORTED (math; a leaky ReLU with a negative slope), MEMORY.
 * All memory is taken here; a training step allocates nothing. */
ESPALIER_API espalier_status espalier_trainer_create(espalier_network *network,
                                                     const espalier_dataset *dataset,
                                                     const espalier_train_options *options,
                                                     const espalier_allocator *allocator,
                                                     espalier_trainer **trainer,
                                                     espalier_error *error);
ESPALIER_API void espalier_trainer_destroy(espalier_trainer *trainer);

/* Adds an observer (copied); they are called in the order of their coming. One that is
 * added inside notify hears of that event, too, after all others.
 * Errors: ARGUMENT (no notify; a keeper without save or restore, or with a name that
 * espalier/observe.h does not allow or another observer has: so a trainer takes one record,
 * one pruner and one regulariser), MEMORY; the trainer is then as before. */
ESPALIER_API espalier_status espalier_trainer_observe(espalier_trainer *trainer,
                                                      espalier_observer observer);

/* What a run came to. */
typedef struct espalier_train_summary {
    size_t epochs;                    /* done */
    espalier_stopped_by stopped_by;
    size_t kept_epoch;                /* the epoch whose network was kept */
    double seconds;                   /* wall clock, everything included */
} espalier_train_summary;

/* Trains until a rule ends it; once per trainer. summary may be NULL.
 *
 * Errors: ARGUMENT (a second call, or after a failed espalier_trainer_restore()), NUMERIC
 * (weights or a loss that is NaN or infinite, or a loss of 2^24 or more; names epoch and
 * batch), or what an observer returned. After an error the network is as it was when it was
 * last brought up to date: at the end of the last good epoch, or later if an observer called
 * espalier_trainer_network() or a saver espalier_trainer_save() since. After NUMERIC, what
 * was asked for at a BATCH may itself be NaN or infinite, for a batch's loss is that before
 * its update. KEEP_BEST is of no effect then. */
ESPALIER_API espalier_status espalier_trainer_run(espalier_trainer *trainer,
                                                  espalier_train_summary *summary,
                                                  espalier_error *error);

/* ---- for observers, inside notify ------------------------------------ */

/* The network with all updates up to this event (borrowed). At EPOCH_BEGIN and
 * BATCH this costs a copy of the weights; at the others it is free. */
ESPALIER_API espalier_network *espalier_trainer_network(espalier_trainer *trainer);
ESPALIER_API const espalier_dataset *espalier_trainer_dataset(const espalier_trainer *trainer);
/* Says that weights, biases or masks of that network were changed. Optimizer
 * state of pruned weights is cleared. */
ESPALIER_API void espalier_trainer_changed(espalier_trainer *trainer);
/* Says that weights or biases were changed as a part of training itself (a regulariser):
 * the rules that end a run look at this epoch as at any other, and the best network so
 * far stays the best. Masks are applied, optimizer state stays. */
ESPALIER_API void espalier_trainer_adjusted(espalier_trainer *trainer);
/* Holds (true) or frees (false) the rules that end a run. They are held as long as anybody
 * holds them: what an observer asks for in notify is its own, and so is, together, all that
 * is asked for from outside notify. The same with counting. */
ESPALIER_API void espalier_trainer_hold(espalier_trainer *trainer, bool hold);
/* Switches counting of activations in the training forward pass on or off, from the next epoch
 * on. */
ESPALIER_API void espalier_trainer_count(espalier_trainer *trainer, bool count);
/* Ends the run: from BEGIN before the first epoch, else at the end of the epoch under way. */
ESPALIER_API void espalier_trainer_stop(espalier_trainer *trainer);
/* Hands an event to all observers but those already inside notify. */
ESPALIER_API espalier_status espalier_trainer_announce(espalier_trainer *trainer,
                                                       const espalier_event *event,
                                                       espalier_error *error);

/* The name of the math backend in use, and the threads. */
ESPALIER_API const char *espalier_trainer_math(const espalier_trainer *trainer);
ESPALIER_API size_t espalier_trainer_threads(const espalier_trainer *trainer);

#ifdef __cplusplus
}
#endif
#endif
