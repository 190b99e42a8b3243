/* The trainer's inside, shared by the files that make it up: trainer.c makes and
 * destroys it, observe.c talks to observers, run.c is the epoch loop. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "espalier/train.h"
#include "train/batch.h"
#include "train/stopping.h"
#include "train/work.h"

typedef struct listener {
    espalier_observer observer;
    bool busy; /* inside notify */
} listener;

struct espalier_trainer {
    const espalier_allocator *allocator;
    espalier_train_options options;
    espalier_network *network;
    const espalier_dataset *dataset;
    work copy;
    batch batch;
    uint32_t *order;      /* training rows in this epoch's order */
    float **kept_weights; /* KEEP_BEST: [2 * layers], weights and biases of the best epoch */
    double kept_loss;
    size_t kept_epoch;
    listener *listeners;
    size_t listener_count;
    stopping rules;
    uint64_t steps;   /* updates so far */
    uint64_t counted; /* rows counted since the last pull */
    bool pulled;      /* the network holds all updates */
    bool changed, adjusted, hold, stop, counting;
};

/* Brings the network up to date with the working copy. */
void trainer_pull(espalier_trainer *trainer);

/* Announces an event and takes over what observers changed; *changed (may be
 * NULL) says whether they did. */
espalier_status trainer_tell(espalier_trainer *trainer, const espalier_event *event, bool *changed,
                             espalier_error *error);

#endif
