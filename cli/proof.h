/* The proof that a compacted network computes what the masked one does. */
#ifndef CLI_PROOF_H
#define CLI_PROOF_H

#include <stdbool.h>

#include "common.h"

/* Largest difference of a class probability that counts as the same function:
 * a thousand times float32's rounding of a value near 1, 1.2e-7. */
#define PROOF_MOST 1e-4

/* Runs both over every row of the data set, or over 1,000 random rows in the
 * range that the scaling expects if it is NULL, fewer of rows of more than 134,217
 * values: 2^27 values in all, 16 MiB of them (or a row) at a time. EXIT_NONE, or an
 * exit code after a message. */
int proof_run(const espalier_network *masked, const espalier_network *small,
              const espalier_dataset *dataset, size_t threads, espalier_difference *difference);

bool proof_holds(const espalier_difference *difference);

/* "compacted = masked: largest output difference …" */
void proof_text(const espalier_difference *difference, char *text, size_t size);

json_t *proof_json(const espalier_difference *difference, const espalier_compaction *compaction);

#endif
