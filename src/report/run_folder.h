/* What a run's folder holds. */
#ifndef REPORT_RUN_FOLDER_H
#define REPORT_RUN_FOLDER_H

#include <jansson.h>
#include <stdbool.h>

#include "espalier/memory.h"
#include "espalier/network.h"
#include "espalier/status.h"

/* Every part may be missing (NULL) but the log. */
typedef struct run_folder {
    const espalier_allocator *allocator;
    json_t *config, *result, *evaluation; /* objects */
    json_t *epochs, *steps, *counts, *spectra, *notes; /* arrays: the log's events by kind */
    bool cut; /* the log's last line is not whole: the run was ended while it wrote */
    espalier_network *before; /* just before the first pruning step */
    espalier_network *model;  /* as the run left it */
} run_folder;

/* Errors: NOT_FOUND (no log), FORMAT (names file and line), IO, MEMORY; `f` holds then
 * nothing to clear. */
espalier_status run_folder_read(const char *folder, const espalier_allocator *allocator,
                                run_folder *f, espalier_error *error);
void run_folder_clear(run_folder *f);

/* Was a pruning step taken within its epoch, between batches (trigger cubic)? Its event has no
 * training accuracy then, and stands before that of the epoch. */
bool run_step_within(const json_t *step);

/* What this run's counts are of (--count): outputs above zero, the sums of them in units of 2^-20
 * (docs/model-format.md), or outputs that are zero. */
typedef enum run_counted { COUNTED_ACTIVE, COUNTED_SUMS, COUNTED_ZEROS } run_counted;
run_counted run_folder_counted(const run_folder *f);
enum { COUNTED_SUMS_UNIT = 1 << 20 };

/* ---- looking into JSON: what is missing or of another kind is NaN, NULL, 0 ----- */

double json_number_at(const json_t *object, const char *key);
const char *json_text_at(const json_t *object, const char *key);
size_t json_size_at(const json_t *object, const char *key);
/* A number that a file gives as a count: what is no such number is 0, and no more than 2^53. */
size_t json_as_size(double number);
/* A list of numbers: its number of entries and one of them. */
size_t json_list_size(const json_t *object, const char *key);
double json_list_number(const json_t *object, const char *key, size_t index);

#endif
