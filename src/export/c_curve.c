/* Tables of sigmoid and tanh. */
#include "export/c_curve.h"

#include <math.h>

bool c_is_curve(espalier_activation activation)
{
    return activation == ESPALIER_SIGMOID || activation == ESPALIER_TANH;
}

unsigned c_curve_bits(espalier_export_type type)
{
    return type == ESPALIER_EXPORT_INT8 ? 7 : 9;
}

/* For int8 the top level times a power of two, so that 1 is a level exactly. */
int32_t c_curve_one(espalier_export_type type, espalier_activation activation)
{
    if (type == ESPALIER_EXPORT_INT16)
        return 32767;
    return activation == ESPALIER_TANH ? 127 << 8 : 255 << 7;
}

int16_t c_curve_entry(espalier_export_type type, espalier_activation activation, size_t i)
{
    const double z = ldexp(8.0 * (double)i, -(int)c_curve_bits(type));
    const double y = activation == ESPALIER_TANH ? tanh(z) : 1.0 / (1.0 + exp(-z));
    return (int16_t)lround(y * c_curve_one(type, activation));
}
