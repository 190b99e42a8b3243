/* Networks in other programs' formats. */
#ifndef ESPALIER_EXPORT_H
#define ESPALIER_EXPORT_H

#include <stddef.h>

#include "espalier/network.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The endings that espalier_network_export() knows, such as ".safetensors", and
 * one line about each; NULL past the end. */
ESPALIER_API const char *espalier_exporter_ending(size_t index);
ESPALIER_API const char *espalier_exporter_summary(size_t index);

/* Writes the network in the format that the path's ending names, aside and
 * renamed. Errors: ARGUMENT (unknown ending; names those known), IO, MEMORY. */
ESPALIER_API espalier_status espalier_network_export(const espalier_network *network,
                                                     const char *path, espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
