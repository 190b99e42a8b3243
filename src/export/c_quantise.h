/* Integers for a program: weights, biases, and how sums become levels again. */
#ifndef EXPORT_C_QUANTISE_H
#define EXPORT_C_QUANTISE_H

#include "export/c_program.h"

/* Memory for the integers of all layers. Errors: MEMORY. */
espalier_status c_quantise_reserve(c_program *program, espalier_error *error);

/* Fills them. program->input is set; ranges [hidden layers]: the largest size of a value
 * that a level still stands for (> 0); sigmoid and tanh have ranges of their own.
 *
 * Afterwards no partial sum of a layer is beyond its reach <= 2^31 - 1, for any row. */
void c_quantise(c_program *program, const double *ranges);

/* A sum times `factor` (> 0) as a level of at most `top`. */
c_rescale c_rescale_make(double factor, int32_t top);

#endif
