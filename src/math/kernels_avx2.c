/* The kernels for AVX2 and FMA. */
#ifdef ESPALIER_X86_64
#define KERNELS kernels_avx2
#define KERNELS_NAME "avx2"
#define REGISTER_FLOATS 8
#include "math/kernels_code.inc"
#else
typedef int kernels_avx2_is_not_built; /* ISO C asks for a declaration */
#endif
