/* Handing a network over to other programs: its small form, and what they must know. */
#ifndef CLI_HANDOVER_H
#define CLI_HANDOVER_H

#include <stdbool.h>

#include "common.h"
#include "options.h"

/* EXIT_USAGE after a message if an option of another format than the output's was given. */
int handover_check(const option_set *set, const char *output);

/* Puts the compacted network in the place of the given one, after the proof that it
 * computes the same. EXIT_NONE; or an exit code after a message, and the network stays. */
int handover_compact(espalier_network **network, const char *output);

/* How a network exported to `output` is fed and loaded where its file cannot say, and
 * how to get a smaller one; prints nothing where there is nothing to say. */
void handover_print(const espalier_network *network, const char *output,
                    const espalier_export_options *options);

#endif
