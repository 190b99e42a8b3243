/* Learning-rate schedules. */
#include "train/rate.h"

#include <math.h>

double rate_at(const espalier_train_options *options, size_t epoch, size_t batch, size_t batches)
{
    double position = (double)epoch + (double)batch / (double)batches;
    double warmup = (double)options->warmup_epochs, lr = options->learning_rate;
    if (position < warmup)
        return lr * (position + 1.0 / (double)batches) / warmup;
    switch (options->lr_schedule) {
    case ESPALIER_LR_STEP:
        return lr * pow(options->lr_gamma, floor(position / (double)options->lr_step));
    case ESPALIER_LR_COSINE:
        return lr * 0.5 *
               (1.0 + cos(3.14159265358979323846 * (position - warmup) /
                          ((double)options->epochs - warmup)));
    default:
        return lr;
    }
}
