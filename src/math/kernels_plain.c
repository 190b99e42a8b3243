/* The kernels for any processor: vectors as the compiler breaks them down. */
#define KERNELS kernels_plain
#define KERNELS_NAME "plain"
#define REGISTER_FLOATS 4
#include "math/kernels_code.inc"
