/* The kernels for AVX-512. */
#ifdef ESPALIER_X86_64
#define KERNELS kernels_avx512
#define KERNELS_NAME "avx512"
#define REGISTER_FLOATS 16
#include "math/kernels_code.inc"
#else
typedef int kernels_avx512_is_not_built; /* ISO C asks for a declaration */
#endif
