/* Sigmoid and tanh without floats: a table of their values for z >= 0 and straight lines
 * between; the other half follows, for tanh(-z) = -tanh(z), sigmoid(-z) = 1 - sigmoid(z). */
#ifndef EXPORT_C_CURVE_H
#define EXPORT_C_CURVE_H

#include "export/c_program.h"

/* z comes in whole numbers of this unit, 0 … C_CURVE_TOP: up to 8, where 1 - tanh is
 * 2e-7 and 1 - sigmoid 3e-4, less than a tenth of a level of int8. */
enum { C_CURVE_TOP = 32767, C_CURVE_BITS = 15 };
#define C_CURVE_UNIT (8.0 / 32768.0)

bool c_is_curve(espalier_activation activation);

/* 2^bits straight pieces: for int8 of 1/16, off by at most 0.05 levels, for int16 of 1/64,
 * off by at most 2.4e-5. */
unsigned c_curve_bits(espalier_export_type type);
/* What stands for 1 in the table of the layer's activation. */
int32_t c_curve_one(espalier_export_type type, espalier_activation activation);
/* Entry i (0 … 2^bits) of the table. */
int16_t c_curve_entry(espalier_export_type type, espalier_activation activation, size_t i);

#endif
