/* Which backends for matrix products this build and machine have. */
#ifndef ESPALIER_MATH_H
#define ESPALIER_MATH_H

#include <stddef.h>

#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Name of the index-th math backend of this build that suits this processor, best first:
 * "libxsmm", "openblas", "reference". NULL past the end. Static string; thread-safe. The
 * library behind "openblas" is looked for when it is used. */
ESPALIER_API const char *espalier_math_name(size_t index);

#ifdef __cplusplus
}
#endif
#endif
