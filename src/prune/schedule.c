/* Shares, the cubic curve and the accuracy trigger. */
#include "prune/schedule.h"

#include <math.h>
#include <stdint.h>

double schedule_shares(double target, double ratio, size_t steps, size_t done)
{
    if (done >= steps)
        return target;
    /* Scaled so that the largest term is 1: no ratio and no number of steps overflows. */
    double shift = ratio > 1.0 ? (double)(steps - 1) : 0.0;
    double part = 0.0, whole = 0.0;
    for (size_t k = 0; k < steps; k++) {
        double term = pow(ratio, (double)k - shift);
        whole += term;
        if (k < done)
            part += term;
    }
    return target * (part / whole);
}

double schedule_cubic(double target, size_t steps, size_t done)
{
    if (done >= steps)
        return target;
    double left = 1.0 - (double)done / (double)steps;
    return target * (1.0 - left * left * left);
}

/* a * b, or the largest number if that does not fit. */
static size_t product(size_t a, size_t b)
{
    return a && b > SIZE_MAX / a ? SIZE_MAX : a * b;
}

size_t schedule_cubic_cuts(size_t epochs, size_t batches, size_t interval)
{
    size_t all = product(epochs, batches);
    return all / interval + (all % interval != 0);
}

bool schedule_cubic_due(size_t epochs, size_t batches, size_t interval, size_t done,
                        size_t finished)
{
    size_t all = product(epochs, batches), at = product(done + 1, interval);
    return done < schedule_cubic_cuts(epochs, batches, interval) &&
           finished >= (at < all ? at : all);
}

void schedule_watch_start(schedule_watch *watch)
{
    *watch = (schedule_watch){.best = -1.0};
}

schedule_verdict schedule_watch_epoch(schedule_watch *watch, double accuracy, double start,
                                      double final, size_t k, size_t n, size_t patience)
{
    /* An accuracy is a quotient of integers; the slack is far below one row's
     * worth and saves one that meets the threshold but for its rounding. */
    double threshold = start + (double)k * (final - start) / (double)n;
    if (accuracy + 1e-12 >= threshold)
        return SCHEDULE_DUE;
    if (accuracy > watch->best) {
        watch->best = accuracy;
        watch->waited = 0;
    } else {
        watch->waited++;
    }
    return patience && watch->waited >= patience ? SCHEDULE_FORCED : SCHEDULE_WAIT;
}
