/* A run whose numbers got out of hand: which layer was the first. Looked for only then. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "train/lists.h"
#include "train/trainer.h"

/* The largest magnitude among the inputs of a layer in the batch before, NaN if one is NaN.
 * Rows and columns of padding hold zeros or what is left of earlier batches. */
static float largest_input(const batch *out, const work *copy, size_t l)
{
    const size_t count = batch_chunks(out->rows_most, out->chunk_rows) * out->column_rows *
                         copy->layers[l].input_stride;
    float largest = 0.0f;
    for (size_t i = 0; i < count; i++) {
        const float value = fabsf(out->values[l][i]);
        if (isnan(value))
            return value;
        largest = value > largest ? value : largest;
    }
    return largest;
}

/* "its outputs reach 1e+20", of the first layer whose outputs are beyond all use. A NaN
 * counts as nothing where ReLU follows, so it may first show in the loss. */
static void find_place(espalier_trainer *trainer, char *text, size_t size)
{
    const size_t layers = trainer->batch.layer_count;
    for (size_t l = 0; l < layers; l++) {
        const float largest = largest_input(&trainer->batch, &trainer->copy, l);
        if (largest < (float)TRAINER_LOSS_MOST)
            continue;
        if (l == 0)
            snprintf(text, size, "the scaled inputs reach %g", (double)largest);
        else
            snprintf(text, size, "layer %zu is the first whose outputs are too large: %g", l - 1,
                     (double)largest);
        return;
    }
    snprintf(text, size, "layer %zu, the last, is the first whose outputs are too large",
             layers - 1);
}

espalier_status trainer_diverged(espalier_trainer *trainer, const espalier_event *event,
                                 const char *what, double loss, espalier_error *error)
{
    char place[128], became[48] = "NaN or infinite";
    size_t layer = 0;
    lists_settle(&trainer->copy);
    if (!what && !work_is_finite(&trainer->copy, &layer))
        return error_set(error, ESPALIER_ERROR_NUMERIC,
                         "epoch %zu, batch %zu: the weights of layer %zu became NaN or infinite; a "
                         "smaller learning rate or scaled inputs usually help",
                         event->epoch, event->batch, layer);
    find_place(trainer, place, sizeof place);
    if (isfinite(loss))
        snprintf(became, sizeof became, "%g", loss);
    return error_set(error, ESPALIER_ERROR_NUMERIC,
                     "epoch %zu, batch %zu: the %s became %s; %s; a smaller learning rate or scaled "
                     "inputs usually help",
                     event->epoch, event->batch, what ? what : "weights", became, place);
}
