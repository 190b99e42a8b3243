/* Layers that are about to die out, by training or by pruning: where next to no neuron of a
 * hidden layer answers to any row, next to nothing of the rows comes through it. */
#include <stdio.h>

#include "base/error.h"
#include "train/lists.h"
#include "train/trainer.h"

/* One neuron in twenty, or the last one. The paper's network, pruned after the first five of six epochs
 * on Fashion-MNIST: at 90 % no layer is so thin and test accuracy is 78 %; at 95, 98 and 99 % one, two
 * and four layers are, and it is 50, 21 and 10 %. */
enum { FAINT_SHARE = 20, FAINT_LEAST = 4 };

static bool is_faint(size_t answering, size_t neurons)
{
    return answering * FAINT_SHARE <= neurons || (answering == 1 && neurons >= FAINT_LEAST);
}

static uint64_t bit_of(size_t layer)
{
    enum { LAST = 62 }; /* a checkpoint holds 63 bits */
    return (uint64_t)1 << (layer < LAST ? layer : LAST);
}

static espalier_status warn(espalier_trainer *trainer, const espalier_event *now, size_t l,
                            size_t rows, espalier_error *error)
{
    const size_t neurons = trainer->network->layers[l].outputs, left = trainer->answering[l];
    char note[200];
    espalier_event event = *now;
    if (left == 0)
        snprintf(note, sizeof note,
                 "layer %zu has died out: none of its %zu neurons answers to any of %zu "
                 "training rows", l, neurons, rows);
    else
        snprintf(note, sizeof note,
                 "layer %zu is about to die out: %zu of its %zu neurons answer%s to any of "
                 "%zu training rows", l, left, neurons, left == 1 ? "s" : "", rows);
    event.kind = ESPALIER_EVENT_NOTE;
    event.note = note;
    event.warning = true;
    return espalier_trainer_announce(trainer, &event, error);
}

espalier_status trainer_look(espalier_trainer *trainer, const espalier_event *event,
                             espalier_error *error)
{
    const espalier_network *network = trainer->network;
    espalier_status status = ESPALIER_OK;
    if (network->layer_count < 2)
        return ESPALIER_OK;
    lists_settle(&trainer->copy);
    const size_t rows = batch_answering(&trainer->batch, &trainer->copy, network,
                                        trainer->dataset, trainer->answering);
    for (size_t l = 0; status == ESPALIER_OK && l + 1 < network->layer_count; l++) {
        if (network->layers[l].activation == ESPALIER_LINEAR || (trainer->faint & bit_of(l)) ||
            !is_faint(trainer->answering[l], network->layers[l].outputs))
            continue;
        trainer->faint |= bit_of(l);
        status = warn(trainer, event, l, rows, error);
    }
    return status;
}
