/* The kernels by name, for the table in kernels.c. */
#ifndef MATH_KERNELS_ALL_H
#define MATH_KERNELS_ALL_H

#include "math/kernels.h"

extern const math_kernels kernels_plain;
#ifdef ESPALIER_X86_64 /* set by the build where the compiler can make code for both */
extern const math_kernels kernels_avx512, kernels_avx2;
#endif

#endif
