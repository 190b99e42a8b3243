/* The backends by name, for the table in backend.c and for those that hand a
 * case they do not cover to another. */
#ifndef MATH_BACKENDS_H
#define MATH_BACKENDS_H

#include "math/backend.h"

extern const math_backend math_reference;
#ifdef ESPALIER_HAVE_XSMM
extern const math_backend math_xsmm;
#endif
#ifdef ESPALIER_HAVE_CBLAS
extern const math_backend math_cblas;
#endif

#endif
