/* The parts of a run's page, in the order in which they stand on it. Each writes a
 * section, or nothing if it has nothing to say. */
#ifndef REPORT_RUN_PAGE_H
#define REPORT_RUN_PAGE_H

#include "report/report.h"
#include "report/run_folder.h"

typedef espalier_status run_part(report *r, const run_folder *f, espalier_error *error);

run_part run_numbers;        /* the key numbers, above all sections */
run_part run_training;       /* accuracy and loss over the epochs */
run_part run_layers;         /* live neurons and sparsity of each layer */
run_part run_counts;         /* activation counts, sorted, and what was cut */
run_part run_spectra;        /* singular values before and after each step */
run_part run_final_spectra;  /* those of the two networks, where the log has none */
run_part run_weights;        /* heat maps of |W| */
run_part run_images;         /* the first layer as pictures, the pixels still used */
run_part run_classes;        /* confusion matrix, precision and recall */
run_part run_ledger;         /* the steps and the neurons that went */

/* ---- what they share ---------------------------------------------------------- */

/* Width of position 0 (inputs) to the last (classes), as the run began; 0 = unknown. */
size_t run_width(const run_folder *f, size_t position);
size_t run_layer_count(const run_folder *f);

/* "accuracy" or "loss" of the network that the run left, on the rows of "train", "validation" or
 * "test": of the evaluation, else of the result; NaN = unknown. */
double run_at_end(const run_folder *f, const char *split, const char *key);

/* The axes of a script: epochs, and `other`. */
void run_epoch_axis(text *script, const run_folder *f, const char *other);

/* Marks the pruning steps in a script whose x axis is epochs. */
void run_mark_steps(text *script, const run_folder *f);

/* At most `most` of `count` things, the first and the last among them, evenly: the
 * index of the i-th one chosen. */
enum { RUN_STEPS_SHOWN = 6 };
size_t run_chosen_count(size_t count, size_t most);
size_t run_chosen(size_t count, size_t most, size_t i);

#endif
