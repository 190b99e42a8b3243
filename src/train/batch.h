/* One batch through the working copy: forward, backward, update.
 *
 * Work is cut by size and never by threads: the rows of the batch in chunks for the
 * forward and backward pass, the rows of the weights in blocks for the update. Sums
 * over chunks are taken in their order, so a result depends on neither. */
#ifndef TRAIN_BATCH_H
#define TRAIN_BATCH_H

#include "base/parallel.h"
#include "data/dataset.h"
#include "math/backend.h"
#include "math/kernels.h"
#include "train/optimizer.h"
#include "train/work.h"

/* Rows of a chunk: an eighth of the batch, within these. The least is wide enough
 * for the products' kernels and feeds two cores from a batch of 32; with the most a
 * weight is read seldom enough where it comes from memory. */
enum { CHUNK_LEAST = 16, CHUNK_MOST = 128 };

/* Rows and columns of a tile of weights that a wide network's update goes through at a
 * time, and the stride of its transposed copy: see step.c. */
enum { TILE_SIDE = WORK_WIDE_PANEL, TILE_STRIDE = TILE_SIDE + 16 };

/* Rows of a chunk of a validation pass. */
enum { CHUNK_EVALUATION = 64 };

/* A block of weight rows of a panel, in a wide network of all panels, or of lists, that one
 * task updates. */
typedef struct batch_block {
    size_t layer, panel, first, rows;
} batch_block;

/* A thread's own copy of the layers behind the second one, transposed: what one thread changes
 * and another reads comes from cache to cache, line by line. */
typedef struct batch_turned {
    float *weights; /* layer l from turned_start[l] on, as work_layer's transposed */
    bool done;      /* in this batch */
} batch_turned;

typedef struct batch {
    const espalier_allocator *allocator;
    const math_backend *math;
    bool best_math;      /* of this machine's */
    const math_kernels *kernels;
    parallel_team *team;
    bool sparing;        /* to leave a small network's batches to one thread */
    bool alone;          /* and now one thread does it all */
    size_t threads, layer_count, rows_most;
    size_t chunk_rows;   /* of a full batch's chunks */
    size_t column_rows;  /* floats of a unit's column in a chunk: see sparse.h */
    bool wide;           /* some layer is larger than a cache: see flow.c */
    size_t parts;        /* of the first hidden layer, or 0: see parts.h */
    float **sums;        /* [parts]: what each gives the second layer, [rows][stride] */
    size_t groups;       /* of parts: one for each thread that does some alone, or 1 */
    size_t copies;       /* of the inputs: one for each group, or 1 */
    float **inputs;      /* [copies]: of this batch, values[0] is the first */
    float **next_inputs; /* [copies]: of the next one */
    uint32_t **input_marks; /* [copies]: [rows][mark_words(inputs)] where they are not zero */
    size_t **input_found;   /* [copies]: [chunks] in how many places */
    batch_turned *turned; /* [threads]; in use where groups > 1 */
    size_t *turned_start; /* [layer_count] */
    size_t next_rows;    /* that the first layer has been through ahead of their batch */
    const uint32_t *next_indices; /* which */
    /* [layer_count] each, [rows][stride]; but in a wide network as tiles.h says, and of a layer of
     * lists as sparse.h does: */
    float **values;      /* values[l] = input of layer l */
    float **deltas;      /* deltas[l] = loss by output of layer l */
    uint32_t *tile_marks; /* of a wide layer's values or derivatives, chunk after chunk and in it
                             tile after tile, [rows][mark_words(units of the tile)] */
    size_t *tile_found;  /* [chunks * tiles]: in how many places they are not zero */
    float **scratch;     /* [threads]: a block's gradient, or two layers' values in evaluation */
    uint32_t **marks;    /* [threads]: where a product's left factor is not zero */
    uint64_t **counts;   /* [threads]: activations since the last batch_take_counts */
    size_t *count_start; /* [layer_count]: where a hidden layer's counts begin */
    size_t count_total;
    batch_block *blocks; /* without those of parts */
    size_t block_count;
    size_t *block_start; /* [layer_count + 1]: where a layer's blocks begin */
    double *losses;      /* [chunks], of a batch or of an evaluation */
    uint64_t *corrects;  /* [chunks] */
    uint32_t *labels;    /* [rows_most] */
    uint64_t *columns;   /* inputs to gather, or NULL in has_columns == false */
    bool has_columns;
    bool counting;
    void **memory;       /* all of the above, to be released */
    size_t memory_count;
} batch;

/* Takes all memory for batches of rows_most rows of this working copy, and for
 * evaluations of up to evaluation_rows rows. threads 0: as many as the machine
 * offers and the copy is worth; the number may shrink with the network. */
espalier_status batch_create(const work *copy, const espalier_network *network,
                             const math_backend *math, size_t threads, size_t rows_most,
                             size_t evaluation_rows, const espalier_allocator *allocator,
                             batch *out, espalier_error *error);
void batch_clear(batch *out);

/* To be called after every work_load: cuts the work anew. */
void batch_fit(batch *out, const work *copy, const espalier_network *network);

/* parallel_run by the threads that the network is worth. */
void batch_run(const batch *out, size_t count, parallel_task *task, void *context);

/* Whether each thread has a layer transposed for itself. */
bool batch_is_turned(const batch *out, size_t l);

/* Number of chunks of chunk_rows rows. */
size_t batch_chunks(size_t rows, size_t chunk_rows);

/* Y = X W (+ Y) for up to CHUNK_MOST rows and any columns (a multiple of PASS_LANES), by
 * the kernels that step over zeros where X has enough of them.
 * x [rows][x_stride], w [k][w_stride], y [rows][y_stride]. */
void batch_multiply(const batch *out, size_t thread, size_t rows, size_t columns, size_t k,
                    const float *x, size_t x_stride, const float *w, size_t w_stride,
                    bool accumulate, float *y, size_t y_stride);

/* Y = X W for all of a layer's columns. x [rows][input_stride], y [rows][output_stride]. */
void batch_multiply_layer(const batch *out, size_t thread, size_t rows, const work_layer *layer,
                          const float *x, float *y);

/* What a batch or an evaluation came to: sums over its rows. */
typedef struct batch_result {
    double loss;
    uint64_t correct;
} batch_result;

/* Sums the first `chunks` chunks in their order. */
batch_result batch_add_chunks(const batch *out, size_t chunks);

/* Scaled inputs of rows indices[0 …], or first … if indices is NULL, as layer 0
 * of the working copy reads them. values [rows][input_stride]. */
void batch_gather(const batch *out, const work *copy, const espalier_network *network,
                  const espalier_dataset *dataset, espalier_split split, const uint32_t *indices,
                  size_t first, size_t rows, float *values);

/* step.c: trains on the rows indices[0 … rows - 1] of the training split. */
batch_result batch_train(batch *out, work *copy, const espalier_network *network,
                         const espalier_dataset *dataset, const uint32_t *indices, size_t rows,
                         size_t ahead, const optimizer_step *step);

/* evaluate.c: loss and correct rows of a whole split, without learning or counting. */
batch_result batch_evaluate(batch *out, const work *copy, const espalier_network *network,
                            const espalier_dataset *dataset, espalier_split split);

/* evaluate.c: how many units of each hidden layer answer to any of some training rows, spread
 * over all of them; behind ReLU a unit that is 0 for each does not. By one thread.
 * answering [layer_count - 1], written. Returns the number of rows. */
size_t batch_answering(batch *out, const work *copy, const espalier_network *network,
                       const espalier_dataset *dataset, size_t *answering);

/* Adds the activations counted since the last call to the network's. */
void batch_take_counts(batch *out, const work *copy, espalier_network *network);

#endif
