/* Neurons of a layer as equal as they can be made without changing an answer. */
#ifndef EXPORT_C_EQUALISE_H
#define EXPORT_C_EQUALISE_H

#include "export/c_program.h"

/* For every hidden neuron, layer by layer, the power of two to multiply its values with.
 * sizes   [hidden neurons] the largest value of each, or 0 where it never has one
 * readers [hidden neurons] written: the largest weight that reads it
 * shifts  [hidden neurons] written
 * False where all are 0, so that nothing is to be done. */
bool c_equalise_find(const c_program *program, const float *sizes, float *readers, int *shifts);

/* direction 1: multiplies; -1: takes it back. */
void c_equalise(c_program *program, const int *shifts, int direction);

#endif
