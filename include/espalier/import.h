/* Networks from files of any known kind: model files, and those of other programs. */
#ifndef ESPALIER_IMPORT_H
#define ESPALIER_IMPORT_H

#include "espalier/memory.h"
#include "espalier/network.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Metadata that an opened network has where its file is a state dict whose layers fit in several
 * orders, and their names do not decide: the order that was taken, "a.weight, b.weight". Whoever
 * has said so takes it away; it would be written with the network. */
#define ESPALIER_GUESSED_ORDER "guessed_order"

/* Opens a network: a model file (espalier_network_read), or one of another program,
 * told by the file's content.
 *
 * network  receives the handle (owned); untouched on an error
 * Errors: NOT_FOUND, IO, FORMAT, UNSUPPORTED (names what cannot be taken, and why), MEMORY. */
ESPALIER_API espalier_status espalier_network_open(const char *path,
                                                   const espalier_allocator *allocator,
                                                   espalier_network **network,
                                                   espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
