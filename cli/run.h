/* One run of `train` or `prune`: the training itself, and everything that comes
 * after it, from the proof of compaction to the summary. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "resume.h"

/* Handles are owned; run_clear() frees what is there. */
typedef struct run {
    const option_set *options;
    const run_settings *settings;
    int argc;           /* the command line: argv[0] is the command */
    char **argv;
    const resume *resume; /* NULL: a new run */
    const char *source; /* DATA, or NULL */
    const char *model;  /* MODEL that the network was read from, or NULL */
    espalier_network *network;
    espalier_dataset *dataset;
    espalier_pruner *pruner;
    espalier_regulariser *regulariser; /* NULL: none asked for */
    espalier_record *record;
    espalier_train_summary summary;
    bool trained;       /* summary, math and threads are set */
    const char *math;   /* NULL: no training */
    size_t threads;
    char *before;        /* "training" of MODEL, or NULL */
    bool unscaled;       /* MODEL did not say how its inputs are scaled: --scaling does */
    char *configuration; /* "training" of this run */
    const char *initial; /* --restart rewind: where to was found: "file", "folder" or "seed" */
    bool recipe;         /* MODEL's first training gave the options that were not given */
    bool pruned;         /* the network before the first step lies in the folder */
    int lock;            /* holds the folder; -1 = none */
    size_t slot;         /* of the next checkpoint */
    size_t saved;        /* finished epochs in the last one */
} run;

/* True for a run that goes on from a checkpoint: its network is there already. */
bool run_goes_on(const run *r);

/* Reads r->model, or takes the checkpoint's network, and keeps MODEL's "training" text.
 * EXIT_NONE, or an exit code. */
int run_read_model(run *r);

/* Makes the pruner for the network. EXIT_NONE, or an exit code after a message. */
int run_make_pruner(run *r);

/* Writes the configuration into the network, makes the record and, if one was asked
 * for, the run folder with what is known at the beginning. */
int run_begin(run *r);

/* Prepares a trainer, then run_begin(), then trains. */
int run_train(run *r);

/* Compacts, writes the network and the run folder, prints the result. The exit
 * code of the command. */
int run_finish(run *r);

void run_clear(run *r);

#endif
