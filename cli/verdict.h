/* What is said of a network once its run is over, where its numbers alone would mislead. */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include "run.h"

/* result: the result object of the run. Warnings on stderr. EXIT_NONE, or an exit code. */
int verdict_say(const run *r, const json_t *result);

#endif
