/* The inside of a study: its plan, the state of its runs, and who does what with them.
 *
 * options.c checks, plan.c lists the runs, describe.c writes them down, folder.c keeps the
 * study's folder, start.c makes the network that a run begins with, run.c trains it, record.c
 * makes its record, jobs.c hands runs to threads, time.c times them, table.c writes runs.csv,
 * study.c ties them. */
#ifndef STUDY_STUDY_H
#define STUDY_STUDY_H

#include <jansson.h>
#include <pthread.h>

#include "espalier/study.h"

/* Longest name: "shuffle-of-" and "activation-weight-99.9999-one-by-one-1000000-sample-zeros-s"
 * and twenty digits. */
enum { STUDY_NAME_BYTES = 128, STUDY_RUNS_MOST = 20000 };
#define STUDY_NONE SIZE_MAX

typedef enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE, JOB_FAILED } job_state;

/* One run of the plan. */
typedef struct study_job {
    char name[STUDY_NAME_BYTES];
    espalier_study_method method;
    const char *criterion;      /* of a pruned run, or of the one it is a control of; or NULL */
    size_t of;                  /* the run it is a control of, or STUDY_NONE */
    size_t dense;               /* the dense run of its seed; STUDY_NONE where not waited for */
    espalier_scope scope;       /* with a criterion: as in the pruned run */
    size_t steps;               /* 0: as many cuts as batches make (trigger cubic) */
    espalier_count_mode count;
    double target;              /* sparsity; NaN without */
    double lambda;              /* of a regulariser; NaN without */
    uint64_t seed;
    job_state state;
    size_t epochs;              /* expected, for the time left */
    size_t epochs_done;
    json_t *record;             /* of a run that is done or failed, without the spectra, which
                                   are in its file only: they are large; or NULL */
} study_job;

typedef struct study {
    const espalier_study_options *options;
    const espalier_dataset *dataset;
    const espalier_allocator *allocator;
    study_job *jobs; /* [job_count], a run before those that wait for it */
    size_t job_count;
    char *runs_folder;
    int lock_file;   /* holds the folder against other processes; -1 = none */
    json_t *data;    /* options->data, or NULL */
    /* Under the lock while threads work. */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    size_t running, found, timed;
    bool timing, stop;
    double began, table_written; /* on the clock */
    size_t epochs_here; /* trained in this call, for the rate */
    espalier_status status; /* the first error that ends the study */
    espalier_error *error;
} study;

/* ---- options.c --------------------------------------------------------- */

/* With the triggers once and cubic: the number of steps that these have. */
void study_settle_steps(espalier_study_options *own);

/* Options of the run's training: seed and threads set. */
espalier_train_options study_train_options(const study *s, const study_job *job);

/* What only the data can tell: every kind of run is tried as far as it goes without
 * training. Errors: ARGUMENT, MISMATCH, UNSUPPORTED, MEMORY. */
espalier_status study_check_data(const study *s, espalier_error *error);

/* ---- plan.c ------------------------------------------------------------ */

/* *jobs: all runs, owned (memory_release), none done. Errors: ARGUMENT (a list holds
 * something twice, too many runs), MEMORY. */
espalier_status study_plan(const espalier_study_options *options,
                           const espalier_allocator *allocator, study_job **jobs,
                           size_t *job_count, espalier_error *error);

/* ---- describe.c -------------------------------------------------------- */

/* What study.json holds (a new reference); NULL without memory. */
json_t *study_describe(const study *s);
/* A training's options by the names of the command line (a new reference); NULL without
 * memory. */
json_t *study_recipe(const study *s, const espalier_train_options *training);

/* ---- folder.c ---------------------------------------------------------- */

/* Makes or takes up the folder: lock, study.json, and the records of runs that are there. */
espalier_status study_folder_open(study *s, espalier_error *error);
void study_folder_close(study *s);
/* "FOLDER/runs/NAME" and the ending (owned); NULL without memory. */
char *study_path(const study *s, const study_job *job, const char *ending);
/* Written aside and renamed. spectra: JSON text that becomes the last member; or NULL. */
espalier_status study_write_record(const study *s, const char *path, const json_t *record,
                                   const char *spectra, espalier_error *error);
/* The spectra of a record that was written so (owned); NULL if it has none. */
espalier_status study_read_spectra(const study *s, const char *path, char **spectra,
                                   espalier_error *error);
/* A value as it reads after it was written: 12 digits (owned); NULL without memory. What is
 * kept of a run is this, so that tables and means do not depend on when it was finished. */
json_t *study_as_written(const json_t *value);
/* The network of a run that is done (owned). */
espalier_status study_read_network(const study *s, const study_job *job,
                                   espalier_network **network, espalier_error *error);

/* ---- start.c ----------------------------------------------------------- */

/* The untrained network of a seed with these hidden widths (NULL: the study's); owned. */
espalier_status study_make_network(const study *s, const size_t *hidden, uint64_t seed,
                                   espalier_network **network, espalier_error *error);
/* The network that a run starts from (owned). */
espalier_status study_start_network(const study *s, const study_job *job,
                                    espalier_network **network, espalier_error *error);

/* ---- run.c ------------------------------------------------------------- */

/* What a run came to. */
typedef struct study_outcome {
    espalier_network *network; /* compacted, owned */
    size_t epochs, last_step;  /* the epoch of the last pruning step; 0 = none */
    const char *stopped_by;    /* or NULL: no training */
    double arithmetic, seconds;
    double best_test, before_retraining; /* accuracies; NaN without */
    bool reached;              /* its target sparsity, if it has one */
    size_t penalty_from;       /* a regulariser's first epoch; 0 = it never acted */
    char *spectra;             /* JSON text by espalier_record_spectra_json(), or NULL */
} study_outcome;

/* Trains one run. Errors: those of training; CANCELLED when the study stops. */
espalier_status study_execute(study *s, study_job *job, study_outcome *outcome,
                              espalier_error *error);
void study_outcome_clear(study_outcome *outcome);

/* ---- record.c ---------------------------------------------------------- */

/* The record of a finished run; evaluates its network. Errors: those of espalier_evaluate. */
espalier_status study_record_done(const study *s, const study_job *job,
                                  const study_outcome *outcome, uint64_t file_bytes,
                                  json_t **record, espalier_error *error);
/* The record of a failed one; NULL without memory. */
json_t *study_record_failed(const study *s, const study_job *job, const char *why);
/* True if a record that was read is one of this run, finished. */
bool study_record_fits(const study *s, const study_job *job, const json_t *record);

/* ---- jobs.c, time.c, table.c ------------------------------------------- */

/* Runs whatever waits; the status that ended the study, if one did. */
espalier_status study_run_jobs(study *s, espalier_error *error);
/* One more epoch of a run; false when it has to give up. */
bool study_epoch_done(study *s, study_job *job);
/* Tells the listener; call under the lock. */
void study_tell(study *s, const study_job *ended, const char *note);
espalier_status study_time_runs(study *s, espalier_error *error);
espalier_status study_write_table(const study *s, espalier_error *error);

#endif
