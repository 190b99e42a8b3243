/* What a run keeps in its folder beside the log: networks at three moments, the
 * configuration, the result, and how well the network knew every class before it was
 * pruned and at the end. docs/commands.md lists the files. */
#ifndef CLI_RUN_FOLDER_H
#define CLI_RUN_FOLDER_H

#include "run.h"

#define RUN_INITIAL "initial.safetensors"
#define RUN_BEFORE "before.safetensors"
enum { RUN_PATH_BYTES = 4200 };

/* EXIT_NONE, or an exit code after a message, unless said otherwise; a run without a
 * folder keeps nothing. */

/* Wrong usage if the output is one of the files that the run keeps in its folder, which may be NULL;
 * model.safetensors has the same bytes. */
int run_folder_spares(const char *command, const char *output, const char *folder);

/* How the run can be gone on with, the configuration, and the network before its first
 * epoch; if it goes on from a checkpoint, a look whether they are there. */
int run_folder_begin(const run *r);

/* From here on the trainer's checkpoints go into the folder, and the first SIGINT or SIGTERM
 * ends the run after the epoch, with ESPALIER_ERROR_CANCELLED. r must outlive the trainer. */
void run_folder_watch(run *r, espalier_trainer *trainer);

/* The network just before its first pruning step. */
espalier_status run_folder_snapshot(run *r, const espalier_network *network,
                                    espalier_error *error);
/* Takes that snapshot; borrowed: r must outlive the trainer. */
espalier_observer run_folder_observer(run *r);

/* The final network, its evaluation, the result; what was kept for going on goes. */
int run_folder_finish(const run *r, const json_t *result);

#endif
