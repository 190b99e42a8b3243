/* The trainer's inside, shared by the files that make it up: trainer.c makes and
 * destroys it, observe.c talks to observers, run.c is the epoch loop. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "espalier/checkpoint.h"
#include "espalier/train.h"
#include "train/batch.h"
#include "train/stopping.h"
#include "train/work.h"

/* What can be asked of a run. */
enum { ASK_HOLD = 1, ASK_COUNT = 2 };

typedef struct listener {
    espalier_observer observer;
    bool busy;      /* inside notify */
    unsigned asked; /* ASK_… */
} listener;

/* The mean loss of a batch from which on a run has diverged: at 2^24 the logits' neighbours
 * in float32 lie more than 1 apart, and no gradient can bring them back. */
#define TRAINER_LOSS_MOST 0x1p24

/* What comes next in a run. */
typedef enum trainer_stage {
    STAGE_BEGIN,   /* the event BEGIN */
    STAGE_EPOCH,   /* an epoch, from its event EPOCH_BEGIN on; or the end */
    STAGE_BATCHES, /* its batches, from `batch` on */
    STAGE_RESULT,  /* its event EPOCH */
    STAGE_COUNT
} trainer_stage;

/* Where a run stands: all that the epoch loop must know to go on from here. */
typedef struct trainer_place {
    trainer_stage stage;
    size_t done;           /* finished epochs */
    size_t batch;          /* finished batches of the epoch that has begun */
    double loss;           /* sums over those */
    uint64_t correct;
    bool cut;              /* an observer changed the network after one of them */
    espalier_epoch result; /* of the epoch that has begun, as far as it is known */
    bool telling;          /* an event is being announced; these many listeners have heard it */
    size_t told;
    bool ended;
    espalier_stopped_by stopped_by;
    double elapsed;        /* seconds of the processes that trained before this one */
} trainer_place;

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
    size_t inside;        /* whose notify is under way: 1 + its index, 0 = nobody's */
    unsigned asked;       /* ASK_…, from outside notify */
    stopping rules;
    trainer_place at;
    bool began;              /* espalier_trainer_run was called */
    bool restored;           /* `at` comes from a checkpoint */
    bool half_restored;      /* … as far as that went: neither a new run nor the old one */
    bool other_kernels;      /* … of a machine with other vector instructions */
    double started;          /* on the clock */
    espalier_saver *saver;   /* NULL: nobody saves */
    void *saver_context;
    bool saving;             /* within the saver */
    uint64_t saves;          /* checkpoints written so far */
    uint64_t data_digest;    /* 0: not yet known */
    size_t *answering; /* [hidden layers]: of the last look, faint.c */
    uint64_t faint;    /* a bit for each hidden layer that was warned of; the last for all others */
    uint64_t steps;   /* updates so far */
    uint64_t counted; /* rows counted since the last pull */
    bool pulled;      /* the network holds all updates */
    bool changed, adjusted, stop;
};

/* Brings the network up to date with the working copy. */
void trainer_pull(espalier_trainer *trainer);

/* Where it is noted what one has asked for: 1 + the index of a listener, 0 = from outside. */
unsigned *trainer_asker(espalier_trainer *trainer, size_t who);

/* What anybody asks for. */
unsigned trainer_asked(const espalier_trainer *trainer);

/* Announces an event and takes over what observers changed; *changed (may be
 * NULL) says whether they did. */
espalier_status trainer_tell(espalier_trainer *trainer, const espalier_event *event, bool *changed,
                             espalier_error *error);

/* diverged.c: NUMERIC. Says what became of which layer; batch 0: after the epoch's last. */
espalier_status trainer_diverged(espalier_trainer *trainer, const espalier_event *event,
                                 const char *what, double loss, espalier_error *error);

/* faint.c: a note on every layer of which this epoch left little, once for each. */
espalier_status trainer_look(espalier_trainer *trainer, const espalier_event *event,
                             espalier_error *error);

/* checkpoint.c: what is to be said once a run goes on. */
espalier_status trainer_restored(espalier_trainer *trainer, const espalier_event *event,
                                 espalier_error *error);

/* Lets whoever saves the run do it here. */
espalier_status trainer_save_point(espalier_trainer *trainer, espalier_moment moment,
                                   espalier_error *error);

#endif
