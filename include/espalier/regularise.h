/* Regularisers that are no part of the gradient: pressure on the singular values. */
#ifndef ESPALIER_REGULARISE_H
#define ESPALIER_REGULARISE_H

#include <stddef.h>

#include "espalier/memory.h"
#include "espalier/observe.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Watches a training run and shrinks the singular values of the hidden layers'
 * weights, as the loss term  lambda * sum_i c_i sigma_i(W)  asks for: c_i = 1 (nuclear
 * norm) or c_i = i = 1, 2, … from the largest on (the authors' weighted sum).
 *
 * The term has no gradient where two singular values meet or one is zero, so its
 * proximal operator is applied instead, which is exact there:
 *     sigma_i <- max(sigma_i - (sum of the learning rates since last time) lambda c_i, 0).
 * For the weighted sum that is a global minimum, too, since c grows while sigma falls
 * (Chen, Dong & Chan 2013; Gu et al. 2014). Masks hold: pruned weights are zero again
 * afterwards. Layers written as two factors, a linear layer and the one behind it, have
 * no matrix of their own and are left alone. Results do not depend on threads. */
typedef struct espalier_regulariser espalier_regulariser;

typedef struct espalier_regulariser_options {
    double nuclear;           /* lambda, >= 0; 0 = off */
    double nuclear_weighted;  /* lambda of the weighted sum, >= 0; 0 = off */
    double start_accuracy;    /* 0..1: on from the epoch after one with this training accuracy;
                                 0 = from the first epoch on */
    size_t every;             /* >= 1: in every epoch from then on, in every other one, … */
    size_t interval;          /* >= 1: updates between two SVDs of a layer; an epoch ends with one */
} espalier_regulariser_options;

/* Off; from 80 % on, in every epoch, every 400 updates: with the paper's network and data
 * that is five times an epoch, which takes a sixth of the epoch on one thread as on two. */
ESPALIER_API espalier_regulariser_options espalier_regulariser_options_defaults(void);
/* Returns ESPALIER_ERROR_ARGUMENT and names the field that is out of range. */
ESPALIER_API espalier_status
espalier_regulariser_options_check(const espalier_regulariser_options *options,
                                   espalier_error *error);

/* options NULL = defaults; copied.
 * Errors: ARGUMENT, UNSUPPORTED (a build without LAPACK), MEMORY. */
ESPALIER_API espalier_status
espalier_regulariser_create(const espalier_regulariser_options *options,
                            const espalier_allocator *allocator,
                            espalier_regulariser **regulariser, espalier_error *error);
ESPALIER_API void espalier_regulariser_destroy(espalier_regulariser *regulariser);
/* The epoch, from 1 on, from which on it acts; 0 = no epoch has had its training accuracy. A run
 * that ends before acts as one without it, and a note (a warning) says so at its end. */
ESPALIER_API size_t espalier_regulariser_first_epoch(const espalier_regulariser *regulariser);
/* The observer to give to a trainer; the regulariser must outlive the run. */
ESPALIER_API espalier_observer espalier_regulariser_observer(espalier_regulariser *regulariser);

#ifdef __cplusplus
}
#endif
#endif
