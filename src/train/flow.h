/* One batch forward and backward: from rows of the data set to the derivatives of
 * the loss by every layer's output, which the update needs. */
#ifndef TRAIN_FLOW_H
#define TRAIN_FLOW_H

#include "train/batch.h"

typedef struct flow_job {
    batch *batch;
    const work *copy;
    const espalier_network *network;
    const espalier_dataset *dataset;
    const uint32_t *indices; /* [rows + ahead]: of the training split */
    size_t rows, ahead;      /* of this batch, and of the next one */
    float scale;             /* a factor that the derivatives carry */
} flow_job;

/* Some rows of a batch and some columns of a layer. */
typedef struct flow_part {
    size_t first, rows, column, columns;
} flow_part;

/* Fills values, deltas, losses and corrects of the batch; in a wide network only the last
 * layer's deltas. */
void flow_run(flow_job *job);

/* In a wide network, when deltas[l] are there: brings them to the form of layer l, and of a
 * layer of lists fills deltas[l - 1]. */
void flow_back(const flow_job *job, size_t l);

/* ---- what they are made of, for parts.c ---------------------------------- */

/* The rows of a chunk. */
flow_part flow_rows(const flow_job *job, size_t chunk);

/* From the form of layer l to that of the layer after it, which takes its values, or
 * back, for the layer's derivatives. */
void flow_turn_values(const flow_job *job, size_t l, const flow_part *p, size_t thread);
void flow_turn_deltas(const flow_job *job, size_t l, const flow_part *p, size_t thread);

/* A chunk, forward from layer `from` on to the loss, and back to the derivatives of that
 * layer's inputs. */
void flow_chunk(const flow_job *job, size_t chunk, size_t from, size_t thread);

#endif
