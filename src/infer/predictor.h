/* The prediction engine's inside, for evaluation and for the rooms downstream. */
#ifndef INFER_PREDICTOR_H
#define INFER_PREDICTOR_H

#include "espalier/predict.h"
#include "infer/form.h"

/* As espalier_predictor_create, which leaves the forms of layers to the model. */
espalier_status predictor_create(const espalier_network *network, form wish,
                                 const espalier_allocator *allocator,
                                 espalier_predictor **predictor, espalier_error *error);

/* As espalier_predictor_run, but the logits instead of the probabilities. */
void predictor_logits(const espalier_predictor *predictor, const float *values, size_t rows,
                      float *logits, float *workspace);

/* The class of a row of logits or probabilities: the first of the largest. */
size_t predictor_class(const float *values, size_t classes);

/* MISMATCH, naming both numbers, unless the data set's rows are as wide as the network reads. */
espalier_status predictor_check_width(const espalier_network *network,
                                      const espalier_dataset *dataset, espalier_error *error);

#endif
