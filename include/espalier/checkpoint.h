/* A run of training that outlives its process: what it is becomes a file, and another
 * process goes on from there to the same bits.
 *
 * The file is a model file (docs/model-format.md) with more in it: the trainer's place in
 * the run, the state of the optimizer, the best network so far, and what each observer with
 * an espalier_keeper remembers. So it can be read as a model, too. Random numbers depend
 * on seed, purpose and place only and need no state.
 *
 *   saving      espalier_trainer_set_saver(), and espalier_trainer_save() in the saver
 *   going on    espalier_checkpoint_read(), espalier_checkpoint_network(); a trainer and
 *               observers made for that network with the same data and options, observing
 *               in the same order; espalier_trainer_restore(); espalier_trainer_run() */
#ifndef ESPALIER_CHECKPOINT_H
#define ESPALIER_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "espalier/memory.h"
#include "espalier/network.h"
#include "espalier/observe.h"
#include "espalier/status.h"
#include "espalier/train.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct espalier_checkpoint espalier_checkpoint;

/* Where in a run it can be saved. */
typedef enum espalier_moment {
    ESPALIER_MOMENT_BEGIN,       /* before the first epoch */
    ESPALIER_MOMENT_BEFORE_STEP, /* ESPALIER_EVENT_PRUNE_BEGIN is announced, nobody has heard it */
    ESPALIER_MOMENT_AFTER_STEP,  /* observers changed the network after a batch */
    ESPALIER_MOMENT_EPOCH        /* after each epoch, a pruning step at its end included */
} espalier_moment;

/* Called at these moments, on the thread that runs the trainer. A status other than OK ends
 * the run with that status. */
typedef espalier_status espalier_saver(void *context, espalier_trainer *trainer,
                                       espalier_moment moment, espalier_error *error);

/* saver NULL: nobody saves. context is borrowed. */
ESPALIER_API void espalier_trainer_set_saver(espalier_trainer *trainer, espalier_saver *saver,
                                             void *context);

/* Writes a checkpoint: aside, flushed to the disk, renamed over `path`. Within the trainer's
 * saver, while it runs: elsewhere an observer may have acted on an event that it would hear
 * again, or the run has no place yet.
 * Errors: ARGUMENT (not there, or an observer's save returned OK and no text), IO, MEMORY,
 * NUMERIC (a weight or bias that is NaN or infinite), or what an observer's save returned;
 * the file is then as before. */
ESPALIER_API espalier_status espalier_trainer_save(espalier_trainer *trainer, const char *path,
                                                   espalier_error *error);

/* Reads a checkpoint and checks it as a whole.
 * Errors: NOT_FOUND, IO, FORMAT (no checkpoint, a damaged one), UNSUPPORTED (a newer
 * format), MEMORY. */
ESPALIER_API espalier_status espalier_checkpoint_read(const char *path,
                                                      const espalier_allocator *allocator,
                                                      espalier_checkpoint **checkpoint,
                                                      espalier_error *error);
ESPALIER_API void espalier_checkpoint_destroy(espalier_checkpoint *checkpoint);

/* A copy of the network as it was (owned by the caller). Errors: MEMORY. */
ESPALIER_API espalier_status espalier_checkpoint_network(const espalier_checkpoint *checkpoint,
                                                         const espalier_allocator *allocator,
                                                         espalier_network **network,
                                                         espalier_error *error);

/* The how-manieth checkpoint of its run it is, from 1; finished epochs. */
ESPALIER_API uint64_t espalier_checkpoint_serial(const espalier_checkpoint *checkpoint);
ESPALIER_API size_t espalier_checkpoint_epochs(const espalier_checkpoint *checkpoint);

/* Puts a new trainer, all its observers added, where the run was. Its network must be what
 * espalier_checkpoint_network() gave. All options must be those of the run, `epochs`
 * included; only the number of threads may be another one. Each state of an observer in the
 * checkpoint needs an observer with a keeper of that name here, and each such observer a
 * state. The pruner and the regulariser compare their options, too. What an older version
 * did not save is not compared.
 * Errors: ARGUMENT (a trainer that was restored, or not quite, or has run), MISMATCH (other data, options or
 * observers, another math backend), FORMAT, MEMORY, or what an observer's restore returned;
 * after any but ARGUMENT the trainer is good for nothing but to be destroyed, and running it
 * is refused. On a machine with other vector instructions the run can go on, but not to the
 * same bits; an ESPALIER_EVENT_NOTE says so. */
ESPALIER_API espalier_status espalier_trainer_restore(espalier_trainer *trainer,
                                                      const espalier_checkpoint *checkpoint,
                                                      espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
