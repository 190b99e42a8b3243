/* The learning rate over time. */
#ifndef TRAIN_RATE_H
#define TRAIN_RATE_H

#include "espalier/train.h"

/* The rate of a batch, position = epochs done + done batches / batches, from 0
 * to options->epochs:
 *   warm-up  lr (position + 1/batches) / warmup_epochs while that is below lr
 *   step     lr lr_gamma^floor(position / lr_step)
 *   cosine   lr (1 + cos(pi p)) / 2,  p = (position - warmup) / (epochs - warmup) */
double rate_at(const espalier_train_options *options, size_t epoch, size_t batch, size_t batches);

#endif
