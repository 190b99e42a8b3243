/* What a run did, told in files: a record of its events, written as JSON; and the
 * page that a person reads. */
#ifndef ESPALIER_REPORT_H
#define ESPALIER_REPORT_H

#include <stdbool.h>
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

/* Remembers epochs, pruning steps, notes and, if asked to, spectra of a run. */
typedef struct espalier_record espalier_record;

/* log_path: every event is also appended there at once as a line of JSON; NULL =
 * no log. Errors: IO, MEMORY. */
ESPALIER_API espalier_status espalier_record_create(const char *log_path,
                                                    const espalier_allocator *allocator,
                                                    espalier_record **record, espalier_error *error);
ESPALIER_API void espalier_record_destroy(espalier_record *record);
/* The observer to give to a trainer; the record must outlive the run. */
ESPALIER_API espalier_observer espalier_record_observer(espalier_record *record);
/* Switches spectra on: the singular values of all layers are also recorded when a run
 * begins and ends, and before and after each pruning step. Off at first: a layer of
 * 784 x 300 costs some 10 ms each time. */
ESPALIER_API void espalier_record_spectra(espalier_record *record, bool on);
/* The spectra recorded so far: a JSON list, on one line, of the log's events
 * "spectrum" (docs/analysis.md).
 * json: receives a text (owned; release with espalier_text_release). Errors: MEMORY. */
ESPALIER_API espalier_status espalier_record_spectra_json(const espalier_record *record,
                                                          char **json, espalier_error *error);

/* Tells of a pruning step that happens without a trainer: the network before it, and
 * then the step and the network after it.
 * Errors: MEMORY, IO; with spectra those of espalier_network_spectrum(). */
ESPALIER_API espalier_status espalier_record_step_begin(espalier_record *record,
                                                        const espalier_network *network,
                                                        espalier_error *error);
ESPALIER_API espalier_status espalier_record_step_end(espalier_record *record,
                                                      const espalier_network *network,
                                                      const espalier_prune_step *step,
                                                      espalier_error *error);

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

/* ---- the page -------------------------------------------------------------- */

typedef struct espalier_report_options {
    const char *output;  /* the page; NULL = FOLDER/report.html */
    const char *gnuplot; /* path of the program that draws; NULL = nothing is drawn */
} espalier_report_options;

/* What a report came to. */
typedef struct espalier_report_summary {
    size_t figures; /* on the page; each has its .csv and .gp in FOLDER/plots */
    size_t drawn;   /* of them by gnuplot */
} espalier_report_summary;

/* Writes the HTML page of a run's or a study's folder, and the data, script and picture
 * of every figure into FOLDER/plots. The page is one file that loads nothing.
 *
 * folder   as `train --run`, `prune --run` or `study` leave it; what an older folder
 *          lacks is left out with a note on the page
 * options  NULL = no output named, no gnuplot
 * summary  written on success; may be NULL
 * Errors: NOT_FOUND (no such folder, or of neither kind), FORMAT (a damaged file; of
 * the log the line is named), IO, MEMORY. That gnuplot is missing or fails is said on
 * the page, and is no error.
 * Starts processes (gnuplot, one after another); a program that ignores SIGCHLD cannot
 * tell whether they succeeded, and gets no pictures. */
ESPALIER_API espalier_status espalier_report_write(const char *folder,
                                                   const espalier_report_options *options,
                                                   const espalier_allocator *allocator,
                                                   espalier_report_summary *summary,
                                                   espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
