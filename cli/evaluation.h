/* An evaluation as JSON: what `eval --json` prints and a run folder keeps. */
#ifndef CLI_EVALUATION_H
#define CLI_EVALUATION_H

#include "common.h"

/* {"rows","accuracy","top_k":{"k","accuracy"},"loss","confusion":[[true][predicted]]} */
json_t *evaluation_json(const espalier_evaluation *evaluation);

/* EXIT_FAILED with a message that names the rows if the loss is none. */
int check_finite(const espalier_evaluation *evaluation, const char *source);

#endif
