/* Studies: many runs on the same data, from which methods can be compared fairly.
 *
 * A study is a plan of runs: dense networks, pruned ones (criterion x sparsity x scope x
 * steps x counting x seed), the controls of these, and networks under a regulariser. The
 * runs share data, initial weights (by seed), order of rows (by seed), budget and code. Each
 * runs on one thread, several at once, and its outcome depends on neither. Whatever is
 * finished lies in the study's folder, so a study can be broken off and taken up again. */
#ifndef ESPALIER_STUDY_H
#define ESPALIER_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/dataset.h"
#include "espalier/memory.h"
#include "espalier/network.h"
#include "espalier/prune.h"
#include "espalier/regularise.h"
#include "espalier/status.h"
#include "espalier/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a run gets its network. R stands for a pruned run with the same seed. */
typedef enum espalier_study_method {
    ESPALIER_STUDY_DENSE,            /* trained, never pruned; one for each seed */
    ESPALIER_STUDY_PRUNE,            /* pruned while it is trained */
    ESPALIER_STUDY_REWIND,           /* R's masks, R's initial weights, R's number of epochs */
    ESPALIER_STUDY_REINIT,           /* R's masks, fresh weights, R's number of epochs */
    ESPALIER_STUDY_SHUFFLE,          /* as many weights in each layer as R, elsewhere; fresh ones */
    ESPALIER_STUDY_SCRATCH,          /* a dense network of R's live widths, R's number of epochs */
    ESPALIER_STUDY_PCA,              /* the dense run brought to R's ranks, then retrained */
    ESPALIER_STUDY_SVD,              /* the same by truncated singular values */
    ESPALIER_STUDY_FACTORS,          /* the same as thin factors, which keep the rank */
    ESPALIER_STUDY_NUCLEAR,          /* dense, with the nuclear norm as a penalty */
    ESPALIER_STUDY_NUCLEAR_WEIGHTED, /* dense, with the index-weighted sum as a penalty */
    ESPALIER_STUDY_METHOD_COUNT
} espalier_study_method;

/* The name in files ("dense", "prune" …); NULL out of range. */
ESPALIER_API const char *espalier_study_method_name(espalier_study_method method);
/* True for REWIND … FACTORS, which are made for a pruned run. */
ESPALIER_API bool espalier_study_method_is_control(espalier_study_method method);

/* What happens, told while it happens. */
typedef struct espalier_study_progress {
    size_t runs;         /* of the whole study */
    size_t done, failed; /* so far; those found finished are done */
    size_t running;
    size_t timed;        /* in the timing pass that comes last; else 0 */
    bool timing;
    double seconds_left; /* NaN while it cannot be told */
    const char *ended;   /* the name of a run that has just ended, or NULL */
    const char *note;    /* one sentence, or NULL */
} espalier_study_progress;

/* Called by several threads, never at the same time: as runs begin and end, after each of
 * their epochs, and while they are timed. false ends the study: running runs are given up
 * at the end of their epoch, finished ones stay, the tables are written. */
typedef bool espalier_study_listener(void *context, const espalier_study_progress *progress);

/* All pointers are borrowed for the call. */
typedef struct espalier_study_options {
    const size_t *hidden;              /* [hidden_count], >= 1: widths of the hidden layers */
    size_t hidden_count;
    espalier_activation activation;    /* of the hidden layers; not LINEAR */
    double leaky_slope;                /* of LEAKY_RELU, >= 0 */
    espalier_initialiser initialiser;
    espalier_train_options train;      /* seed and threads are ignored */
    espalier_prune_options prune;      /* target, steps, criterion, scope, count and seed are
                                          ignored. every 0: epochs / 2 / steps, rounded down,
                                          at least 1; the last step falls at half of the epochs
                                          where the steps divide it, else before (behind it
                                          where they are more) */
    espalier_regulariser_options regulariser; /* its lambdas are ignored */

    /* The plan: every list as a product with the others, nothing twice. */
    const char *const *criteria;       /* [criterion_count]; none: dense runs only */
    size_t criterion_count;
    const double *sparsities;          /* [sparsity_count], 0 < s < 1 */
    size_t sparsity_count;
    const espalier_scope *scopes;      /* [scope_count] */
    size_t scope_count;
    const size_t *steps;               /* [step_count], >= 1; ONCE and CUBIC know their own
                                          number and read none */
    size_t step_count;
    const espalier_count_mode *counts; /* [count_count]; only for criteria that read counts */
    size_t count_count;
    uint64_t seed;                     /* the first, < 2^63 - 20000; the next ones follow it */
    size_t seed_count;                 /* 1 … 20000 */
    const espalier_study_method *controls; /* [control_count] */
    size_t control_count;
    const char *const *controlled;     /* [controlled_count]: the criteria that get controls */
    size_t controlled_count;
    const double *control_sparsities;  /* [control_sparsity_count]; none = all */
    size_t control_sparsity_count;
    const double *nuclear;             /* [nuclear_count]: lambdas, > 0 */
    size_t nuclear_count;
    const double *nuclear_weighted;
    size_t nuclear_weighted_count;
    size_t retrain_epochs;             /* of PCA, SVD, FACTORS; 0 = R's after its last step */
    bool spectra;                      /* also keep singular values around each pruning step */

    size_t jobs;                       /* runs at once; 0 = the processors one may use */
    const char *folder;                /* made if it is missing */
    const char *data;                  /* JSON that names the data, for the record; NULL = none */
    espalier_study_listener *listener; /* or NULL */
    void *context;
} espalier_study_options;

/* The paper's network and training rates on a fixed budget: 40 epochs without early stop, a
 * step every so many epochs, the last at half of them; activation and activation-weight
 * beside magnitude and random at 50, 80, 90, 95 and 98 % in five steps, five seeds. folder
 * is NULL and has to be set. */
ESPALIER_API espalier_study_options espalier_study_options_defaults(void);

/* Returns ESPALIER_ERROR_ARGUMENT and names the field that is out of range. */
ESPALIER_API espalier_status espalier_study_options_check(const espalier_study_options *options,
                                                          espalier_error *error);

/* The pruning options of one kind of run, as a study makes them. */
ESPALIER_API espalier_prune_options espalier_study_prune_options(
    const espalier_study_options *options, size_t steps);

/* True for ONCE and CUBIC, which leave no choice of the number of steps. */
ESPALIER_API bool espalier_study_sets_steps(espalier_trigger trigger);

/* What a study came to. */
typedef struct espalier_study_summary {
    size_t runs;
    size_t found;   /* finished before this call */
    size_t failed;  /* their runs/NAME.json says why */
    size_t missed;  /* pruned runs that did not reach their target */
    size_t left;    /* not finished: something ended the study */
    size_t jobs;    /* runs at once */
    double seconds; /* of this call */
} espalier_study_summary;

/* Runs what is not finished yet and writes the folder (docs/studies.md):
 *
 *   study.json             the plan and everything that decides its outcome
 *   runs/NAME.json         one finished or failed run
 *   runs/NAME.safetensors  its network, compacted
 *   runs.csv               a row for each run
 *   summary.csv .md .tex   means and intervals over the seeds
 *
 * A folder that has a study.json is taken up again: what is finished stays as it is, what
 * failed or is damaged runs again. The plan may have grown since (more seeds, sparsities,
 * criteria, controls …); whatever decides the outcome of the runs that are there must be
 * the same, and none of them may have left the plan.
 *
 * Arithmetic spent in training is counted as the sum over epochs of
 *   training rows * 6 * kept weights (at the epoch's end, before a step that it sets off):
 * two operations per weight and row for the forward product, two for the derivatives of the
 * inputs and two for those of the weights. It does not depend on how the library does it.
 *
 * After the last run each network is timed at one row a time (espalier_time_prediction()),
 * in turn with the dense network of its seed, nothing else running in this call.
 *
 * summary  may be NULL; written unless the study could not start
 * Errors: ARGUMENT (an option, named; nothing was written), MISMATCH (the folder holds
 * another study: says what differs), UNSUPPORTED, IO, FORMAT (study.json), MEMORY, CANCELLED
 * (by the listener, or another process works in the folder). A run that fails is no error:
 * its message is in its file, and the rest goes on; but where a run's files cannot be written
 * the study ends with IO, and runs under way are given up. */
ESPALIER_API espalier_status espalier_study_run(const espalier_dataset *dataset,
                                                const espalier_study_options *options,
                                                const espalier_allocator *allocator,
                                                espalier_study_summary *summary,
                                                espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
