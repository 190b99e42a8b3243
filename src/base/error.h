/* Setting the message of an espalier_error. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdint.h>

#include "espalier/status.h"

/* Writes status and message unless one is there already; returns status.
 * error may be NULL. Format as printf. */
__attribute__((format(printf, 3, 4)))
espalier_status error_set(espalier_error *error, espalier_status status, const char *format, ...);

/* ARGUMENT with the standard message if an option that counts something is out of its range;
 * most UINT64_MAX: the range has no upper end. */
espalier_status error_range(espalier_error *error, const char *field, uint64_t found,
                            uint64_t least, uint64_t most);

/* The standard message for a failed allocation. */
espalier_status error_memory(espalier_error *error);

#endif
