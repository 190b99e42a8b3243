/* What a run did, told in files: a record of its events, written as JSON. */
#ifndef ESPALIER_REPORT_H
#define ESPALIER_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "espalier/dataset.h"
#include "espalier/memory.h"
#include "espalier/network.h"
#include "espalier/observe.h"
#include "espalier/status.h"
#include "espalier/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Remembers epochs, pruning steps and notes of a run. */
typedef struct espalier_record espalier_record;

/* log_path: every event is also appended there at once as a line of JSON; NULL =
 * no log. Errors: IO, MEMORY. */
ESPALIER_API espalier_status espalier_record_create(const char *log_path,
                                                    const espalier_allocator *allocator,
                                                    espalier_record **record, espalier_error *error);
ESPALIER_API void espalier_record_destroy(espalier_record *record);
/* The observer to give to a trainer; the record must outlive the run. */
ESPALIER_API espalier_observer espalier_record_observer(espalier_record *record);
/* Adds a pruning step that happened without a trainer. Errors: MEMORY, IO. */
ESPALIER_API espalier_status espalier_record_add_step(espalier_record *record,
                                                      const espalier_prune_step *step);

/* What the record cannot know by itself. */
typedef struct espalier_result_facts {
    uint64_t seed;
    double target;                         /* sparsity asked for */
    const espalier_train_summary *summary; /* NULL: no training took place */
    const char *math;                      /* NULL: none used */
    size_t threads;
} espalier_result_facts;

/* The result object of `train` and `prune` (docs/commands.md): evaluates the
 * network on every split of the data set and describes its layers. One line.
 *
 * dataset  NULL: accuracies and losses are null
 * json     receives a text (owned; release with espalier_text_release)
 * Errors: those of espalier_evaluate, MEMORY. */
ESPALIER_API espalier_status espalier_record_result(const espalier_record *record,
                                                    const espalier_network *network,
                                                    const espalier_dataset *dataset,
                                                    const espalier_result_facts *facts, char **json,
                                                    espalier_error *error);
ESPALIER_API void espalier_text_release(char *text);

#ifdef __cplusplus
}
#endif
#endif
