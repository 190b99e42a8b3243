/* Where a run stands, as a text: everything of a trainer that is no tensor. */
#ifndef TRAIN_PLACE_H
#define TRAIN_PLACE_H

#include "train/trainer.h"

/* By malloc; NULL without memory. */
char *place_text(espalier_trainer *trainer);

/* What of it can be told without a trainer. text NULL: FORMAT. */
espalier_status place_peek(const char *text, uint64_t *serial, uint64_t *epochs,
                           espalier_error *error);

/* Errors: FORMAT, MISMATCH (options, data, math backend). */
espalier_status place_restore(espalier_trainer *trainer, const char *text, espalier_error *error);

#endif
