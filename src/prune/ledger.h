/* What the steps did: their numbers, the neurons they removed, and the network's
 * metadata "history", a JSON list with one object for each step. */
#ifndef PRUNE_LEDGER_H
#define PRUNE_LEDGER_H

#include "espalier/prune.h"
#include "prune/select.h"

typedef struct ledger {
    const espalier_allocator *allocator;
    espalier_prune_step *steps;
    size_t step_count, step_room;
    espalier_ledger_entry *entries;
    size_t entry_count, entry_room;
} ledger;

void ledger_clear(ledger *book);

/* Takes memory for one more step that removes up to `entries` neurons. */
espalier_status ledger_reserve(ledger *book, size_t entries, espalier_error *error);

/* Writes after the last entry, without counting them in yet, the neurons that
 * have incoming weights before the step and none in work->trial. Returns their number. */
size_t ledger_collect(ledger *book, const select_ranking *ranking, const scratch *work,
                      const espalier_network *network, size_t step);

/* Appends the step and the `entries` neurons after the last entry to the
 * network's history, under the criterion's name. A history that is there is
 * continued.
 * Errors: FORMAT (a history that is not a JSON list), MEMORY; the network is
 * then unchanged. */
espalier_status ledger_write_history(const ledger *book, const espalier_prune_step *step,
                                     size_t entries, const char *name, espalier_network *network,
                                     espalier_error *error);

/* FORMAT if the network has a history that cannot be continued. */
espalier_status ledger_check_history(const espalier_network *network, espalier_error *error);

/* Counts in the step and its entries; memory must have been reserved. */
void ledger_commit(ledger *book, const espalier_prune_step *step, size_t entries);

#endif
