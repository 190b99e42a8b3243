/* What a study's runs come to: means, intervals, comparisons, tables. Read from the folder
 * that espalier_study_run() writes; docs/studies.md says how everything is computed. */
#ifndef ESPALIER_STUDY_SUMMARY_H
#define ESPALIER_STUDY_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/memory.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of a run, and averaged over the runs of a group: X(NAME, "column").
 * Fractions are 0..1. Ratios are the unpruned network's over this one's; rank is the sum
 * over the hidden layers, live the number of live hidden neurons. */
#define ESPALIER_STUDY_METRIC_LIST(X)                                        \
    X(SPARSITY_ALL, "sparsity_all")                                          \
    X(SPARSITY_PRUNABLE, "sparsity_prunable")                                \
    X(COMPRESSION_RATIO, "compression_ratio")                                \
    X(FLOP_RATIO, "flop_ratio")                                              \
    X(NANOSECONDS, "nanoseconds")                                            \
    X(TIME_RATIO, "time_ratio")                                              \
    X(FILE_BYTES, "file_bytes")                                              \
    X(TEST_ACCURACY, "test_accuracy")                                        \
    X(BEST_TEST_ACCURACY, "best_test_accuracy")                              \
    X(VALIDATION_ACCURACY, "validation_accuracy")                            \
    X(TRAIN_ACCURACY, "train_accuracy")                                      \
    X(CHANGE_AGAINST_DENSE, "change_against_dense")                          \
    X(ACCURACY_BEFORE_RETRAINING, "accuracy_before_retraining")              \
    X(EPOCHS, "epochs")                                                      \
    X(ARITHMETIC, "arithmetic")                                              \
    X(SECONDS, "seconds")                                                    \
    X(FLOPS, "flops")                                                        \
    X(LIVE, "live")                                                          \
    X(RANK, "rank")

typedef enum espalier_study_metric {
#define ESPALIER_STUDY_METRIC_MEMBER(name, column) ESPALIER_STUDY_##name,
    ESPALIER_STUDY_METRIC_LIST(ESPALIER_STUDY_METRIC_MEMBER)
#undef ESPALIER_STUDY_METRIC_MEMBER
    ESPALIER_STUDY_METRIC_COUNT
} espalier_study_metric;

/* The column's name in summary.csv ("sparsity_all" …); NULL out of range. */
ESPALIER_API const char *espalier_study_metric_name(espalier_study_metric metric);

/* Mean of `count` numbers with the half width of its 95 % interval (Student t). NaN where
 * it does not exist: all of it for no number, sd and ci95 for a single one. */
typedef struct espalier_estimate {
    size_t count;
    double mean;
    double sd; /* with count - 1 */
    double ci95;
} espalier_estimate;

/* Differences of pairs, tested against 0 (paired t-test, two-sided). */
typedef struct espalier_paired {
    espalier_estimate difference; /* count: pairs */
    double p;      /* NaN below two pairs, and for equal differences, which have no t */
    double p_holm; /* corrected for the comparisons of the whole summary; or NaN */
} espalier_paired;

/* One layer of a run's network. */
typedef struct espalier_study_layer {
    size_t inputs, outputs, live;
    uint64_t weights, nonzero;
    double rank, stable_rank, nuclear; /* NaN where unknown */
} espalier_study_layer;

/* How a run was made. Runs that are the same but for the seed form a group. */
typedef struct espalier_study_setting {
    char method[24];    /* espalier_study_method_name() */
    char criterion[32]; /* of a control: the criterion of its pruned run; "" = none */
    char scope[16];     /* "" = none */
    char count[24];     /* what the criterion's counts count; "" = it needs none */
    size_t steps;       /* 0 = none, or as many cuts as batches made (trigger cubic) */
    double target;      /* sparsity asked for, lambda of a regulariser; NaN = none */
} espalier_study_setting;

/* One run. */
typedef struct espalier_study_result {
    char name[128];
    char of[128];       /* the run it is a control of; "" = none */
    espalier_study_setting setting;
    uint64_t seed;
    bool failed;
    bool missed;        /* pruned below its target */
    bool idle;          /* a regulariser whose penalty never acted */
    size_t last_step;   /* epoch of the last pruning step; 0 = none, or unknown */
    char error[256];    /* of a failed run */
    double metrics[ESPALIER_STUDY_METRIC_COUNT]; /* NaN = unknown */
    espalier_study_layer *layers;                /* [layer_count] */
    size_t layer_count;
    size_t group;       /* its group's index */
} espalier_study_result;

/* Runs that are the same but for the seed. */
typedef struct espalier_study_group {
    espalier_study_setting setting;
    size_t first, run_count;     /* its runs are results->runs[first …] */
    size_t done, failed, missed, idle; /* missed, idle: among those done */
    espalier_estimate metrics[ESPALIER_STUDY_METRIC_COUNT]; /* over those done */
    espalier_paired against_magnitude; /* test accuracy less that of magnitude pruning with the
                                          same seed, target, scope and steps */
} espalier_study_group;

/* Dense runs first, then by method, criterion, scope, steps, counting, target: names and numbers
 * of steps in the order of the plan, counting on the training rows first. Borrowed
 * pointers hold until the results are destroyed. */
typedef struct espalier_study_results {
    const espalier_allocator *allocator;
    espalier_study_result *runs; /* [run_count], by group, then by seed */
    size_t run_count;
    espalier_study_group *groups; /* [group_count] */
    size_t group_count;
    char trigger[16];   /* espalier_trigger_name() of the pruned runs; "" = unknown */
    bool of_prunable;   /* targets are of the prunable weights, not of all */
    size_t planned;     /* runs of the plan that have no result yet */
    size_t comparisons; /* that p_holm corrects for */
} espalier_study_results;

/* Reads FOLDER/runs/NAME.json of every run that FOLDER/study.json lists, and puts them into
 * groups. A run without a result is only counted. Errors: NOT_FOUND, IO, FORMAT (names file
 * and field; two runs with the same setting and seed, too), MEMORY. */
ESPALIER_API espalier_status espalier_study_results_read(const char *folder,
                                                         const espalier_allocator *allocator,
                                                         espalier_study_results **results,
                                                         espalier_error *error);
ESPALIER_API void espalier_study_results_destroy(espalier_study_results *results);

/* When the last pruning step fell with each number of steps, in one sentence, if numbers of steps
 * differ in that: their runs had not as long to recover. Else "".
 * words: [size] bytes, cut if need be; returns it. */
ESPALIER_API char *espalier_study_last_steps(const espalier_study_results *results, char *words,
                                             size_t size);

/* The metric that a run's target is a target of: SPARSITY_ALL or SPARSITY_PRUNABLE. */
ESPALIER_API espalier_study_metric espalier_study_target_metric(const espalier_study_results *results);

/* What the steps of a pruned run are called, such as "5 pruning steps", "trigger cubic".
 * words: [size] bytes, cut if need be; returns it. */
ESPALIER_API char *espalier_study_steps_label(const espalier_study_results *results,
                                              const espalier_study_setting *setting, char *words,
                                              size_t size);

/* Metric of group a less that of group b, over the seeds that both have. p_holm is NaN:
 * how many such questions are asked is the caller's knowledge. Errors: ARGUMENT (a group or
 * metric out of range), MEMORY. */
ESPALIER_API espalier_status espalier_study_compare(const espalier_study_results *results,
                                                    size_t a, size_t b,
                                                    espalier_study_metric metric,
                                                    espalier_paired *paired,
                                                    espalier_error *error);
/* Holm's correction of p[count] (NaN = no test): corrected[count], written;
 * it may be p itself. */
ESPALIER_API void espalier_study_correct(const double *p, size_t count, double *corrected);

/* What a group is called in a table, such as "activation" or "reinit of activation".
 * name: [size] bytes, cut if need be; returns it. */
ESPALIER_API char *espalier_study_label(const espalier_study_setting *setting, char *name,
                                        size_t size);

/* Writes FOLDER/summary.csv, .md and .tex. Errors: as espalier_study_results_read(). */
ESPALIER_API espalier_status espalier_study_summarise(const char *folder,
                                                      const espalier_allocator *allocator,
                                                      espalier_error *error);
/* A short table for a terminal, ended by a newline.
 * words: owned; release with espalier_text_release(). Errors: as above. */
ESPALIER_API espalier_status espalier_study_summary_text(const char *folder, char **words,
                                                         espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
