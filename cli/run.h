/* One run of `train` or `prune`: the training itself, and everything that comes
 * after it, from the proof of compaction to the summary. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "settings.h"

/* Handles are owned; run_clear() frees what is there. */
typedef struct run {
    const option_set *options;
    const run_settings *settings;
    const char *source; /* DATA, or NULL */
    espalier_network *network;
    espalier_dataset *dataset;
    espalier_pruner *pruner;
    espalier_record *record;
    espalier_train_summary summary;
    bool trained;       /* summary, math and threads are set */
    const char *math;   /* NULL: no training */
    size_t threads;
    char *before;       /* "training" of the network that is pruned, or NULL */
} run;

/* Makes the run folder, if one was asked for, and the record. */
int run_begin(run *r);

/* Prepares a trainer, then run_begin(), then trains. */
int run_train(run *r);

/* Compacts, writes the network and the run folder, prints the result. The exit
 * code of the command. */
int run_finish(run *r);

void run_clear(run *r);

#endif
