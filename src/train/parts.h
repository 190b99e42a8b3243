/* The way of a batch through a narrow network whose first hidden layer is cut into parts.
 *
 * A part is some of its units: columns of the first layer's weights and rows of the
 * second's. All that a batch does with these, most of the network's weights as a rule, is
 * one part's own affair: its units' values, what they give to the second layer, their
 * derivatives, the update. The parts meet where their gifts are summed, in their order,
 * and the rest of the layers is gone through by rows of the batch:
 *
 *     rest (by rows of the batch)   sums of the parts, forward, loss, back to the second
 *                                   layer's outputs
 *     part (each)                   units' derivatives; inputs of the next batch, its own copy;
 *                                   update, and at once the way of the next batch through the
 *                                   weights just updated
 *
 * So a thread that always does the same parts keeps their weights in its processor's cache,
 * a weight comes there once in a batch, and the threads meet twice. How the layer is cut
 * depends on its width and the processor alone, and so do the results. */
#ifndef TRAIN_PARTS_H
#define TRAIN_PARTS_H

#include "train/flow.h"
#include "train/step.h"

/* Parts of a working copy, or 0: too few units, layers of lists, a single layer. */
size_t parts_of(const work *copy);

/* The most that a copy of this network can have. */
size_t parts_most(const math_kernels *kernels, const espalier_network *network);

/* Groups of parts, each one thread's own: 1 if one thread does all of them, or so many threads
 * that they are cut further; 0 without parts. */
size_t parts_groups(const batch *out);

/* One batch, its update included. */
void parts_run(flow_job *flow, const update_job *update);

#endif
