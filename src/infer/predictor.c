/* Prediction with a network laid out for it: compacted, weights as [inputs][outputs].
 *
 * One row at a time, the rows of that layout belonging to inputs that are zero
 * are never read. Many rows go through the products of math/backend.h in blocks.
 * Accuracy, losses and threads are evaluate.c's business. */
#include "infer/predictor.h"

#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "math/backend.h"
#include "math/clones.h"
#include "math/pass.h"
#include "net/forward.h"

/* Blocks of 32 to 256 rows are equally fast (bench_predict). Fewer rows are
 * filled up to a multiple of ROW_STEP, so that a backend that makes code for each
 * shape has few shapes to make; below half of that, one row after the other is
 * the faster way. */
enum { BLOCK_ROWS = 64, ROW_STEP = 16, FEW_ROWS = ROW_STEP / 2 };

typedef struct dense_layer {
    size_t inputs, stride; /* stride: outputs rounded up to whole vectors */
    float *weights;        /* [inputs][stride], zero behind the outputs */
    float *biases;         /* [stride], likewise */
} dense_layer;

struct espalier_predictor {
    const espalier_allocator *allocator;
    size_t row_width, classes;
    uint64_t *columns;    /* [layers[0].inputs] inputs that are read, or NULL = all */
    float *shift, *scale; /* [layers[0].inputs] */
    size_t layer_count;
    dense_layer *layers;
    size_t widest;        /* largest stride, the inputs' included */
    const math_backend *math;
};

/* ---- making one ------------------------------------------------------- */

static bool fill_layer(espalier_predictor *p, const espalier_network *network, size_t index)
{
    dense_layer *layer = &p->layers[index];
    const size_t outputs = espalier_network_outputs(network, index);
    layer->inputs = espalier_network_inputs(network, index);
    layer->stride = pass_stride(outputs);
    size_t size;
    if (!size_multiply(layer->inputs, layer->stride, &size))
        return false;
    layer->weights = memory_array(p->allocator, size, sizeof(float));
    layer->biases = memory_array(p->allocator, layer->stride, sizeof(float));
    if (!layer->weights || !layer->biases)
        return false;
    pass_transpose(espalier_network_weights_const(network, index), layer->inputs, outputs,
                   layer->inputs, layer->weights, layer->stride);
    memcpy(layer->biases, espalier_network_biases_const(network, index), outputs * sizeof(float));
    if (layer->stride > p->widest)
        p->widest = layer->stride;
    return true;
}

/* One pair of scaling numbers for each input that is read, whatever the network has. */
static bool fill_inputs(espalier_predictor *p, const espalier_network *network)
{
    const size_t count = espalier_network_inputs(network, 0);
    const uint64_t *kept = espalier_network_kept(network, SIZE_MAX);
    const float *shift, *scale;
    const size_t pairs = espalier_network_scaling(network, &shift, &scale);
    p->shift = memory_array(p->allocator, count, sizeof *p->shift);
    p->scale = memory_array(p->allocator, count, sizeof *p->scale);
    if (kept)
        p->columns = memory_array(p->allocator, count, sizeof *p->columns);
    if (!p->shift || !p->scale || (kept && !p->columns))
        return false;
    for (size_t i = 0; i < count; i++) {
        const size_t column = kept ? (size_t)kept[i] : i, pair = pairs == 1 ? 0 : column;
        if (kept)
            p->columns[i] = kept[i];
        p->shift[i] = pairs ? shift[pair] : 0.0f;
        p->scale[i] = pairs ? scale[pair] : 1.0f;
    }
    p->widest = pass_stride(count);
    return true;
}

static bool fill(espalier_predictor *p, const espalier_network *network)
{
    p->row_width = espalier_network_row_width(network);
    p->classes = espalier_network_class_count(network);
    p->math = math_backend_find(NULL);
    p->layer_count = espalier_network_layer_count(network);
    p->layers = memory_array(p->allocator, p->layer_count, sizeof *p->layers);
    if (!p->layers || !fill_inputs(p, network))
        return false;
    for (size_t l = 0; l < p->layer_count; l++)
        if (!fill_layer(p, network, l))
            return false;
    return true;
}

espalier_status espalier_predictor_create(const espalier_network *network,
                                          const espalier_allocator *allocator,
                                          espalier_predictor **predictor, espalier_error *error)
{
    espalier_network *small;
    espalier_status status = espalier_network_compact(network, allocator, &small, NULL, error);
    if (status != ESPALIER_OK)
        return status;
    espalier_predictor *p = memory_array(allocator, 1, sizeof *p);
    if (p)
        p->allocator = allocator;
    const bool filled = p && fill(p, small);
    espalier_network_destroy(small);
    if (!filled) {
        espalier_predictor_destroy(p);
        return error_memory(error);
    }
    *predictor = p;
    return ESPALIER_OK;
}

void espalier_predictor_destroy(espalier_predictor *predictor)
{
    if (!predictor)
        return;
    const espalier_allocator *allocator = predictor->allocator;
    for (size_t l = 0; predictor->layers && l < predictor->layer_count; l++) {
        memory_release(allocator, predictor->layers[l].weights);
        memory_release(allocator, predictor->layers[l].biases);
    }
    memory_release(allocator, predictor->layers);
    memory_release(allocator, predictor->columns);
    memory_release(allocator, predictor->shift);
    memory_release(allocator, predictor->scale);
    memory_release(allocator, predictor);
}

/* ---- one row ---------------------------------------------------------- */

/* x[i] = (values[column_i] - shift[i]) * scale[i] */
VECTOR_CLONES
static void gather(const espalier_predictor *p, const float *values, float *restrict x)
{
    const size_t count = p->layers[0].inputs;
    const float *shift = p->shift, *scale = p->scale;
    if (p->columns) {
        for (size_t i = 0; i < count; i++)
            x[i] = (values[p->columns[i]] - shift[i]) * scale[i];
    } else {
        for (size_t i = 0; i < count; i++)
            x[i] = (values[i] - shift[i]) * scale[i];
    }
}

/* Indices are kept in the workspace's floats, bit by bit. */
static void put_index(float *place, size_t i)
{
    const uint32_t index = (uint32_t)i;
    memcpy(place, &index, sizeof index);
}

static size_t get_index(const float *place)
{
    uint32_t index;
    memcpy(&index, place, sizeof index);
    return index;
}

/* Lists the inputs that matter: all that are not zero, or those that ReLU does
 * not set to zero (a NaN passes, so that nothing hides it). Returns their number. */
static size_t list_nonzero(const float *restrict x, size_t count, float *restrict index,
                           float *restrict value)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        put_index(&index[found], i);
        value[found] = x[i];
        found += x[i] != 0.0f;
    }
    return found;
}

static size_t list_positive(const float *restrict x, size_t count, float *restrict index,
                            float *restrict value)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        put_index(&index[found], i);
        value[found] = x[i];
        found += !(x[i] <= 0.0f);
    }
    return found;
}

/* y = b + sum over the listed i of x_i W[i][:], four inputs for each pass over y.
 * W [inputs][stride], y and b [stride]. */
VECTOR_CLONES
static void add_rows(const float *restrict weights, const float *restrict biases, size_t stride,
                     const float *restrict index, const float *restrict value, size_t count,
                     float *restrict y)
{
    memcpy(y, biases, stride * sizeof *y);
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float *a = weights + get_index(index + i) * stride;
        const float *b = weights + get_index(index + i + 1) * stride;
        const float *c = weights + get_index(index + i + 2) * stride;
        const float *d = weights + get_index(index + i + 3) * stride;
        const float xa = value[i], xb = value[i + 1], xc = value[i + 2], xd = value[i + 3];
        for (size_t j = 0; j < stride; j++)
            y[j] += (xa * a[j] + xb * b[j]) + (xc * c[j] + xd * d[j]);
    }
    for (; i < count; i++) {
        const float *a = weights + get_index(index + i) * stride;
        const float x = value[i];
        for (size_t j = 0; j < stride; j++)
            y[j] += x * a[j];
    }
}

static void run_row(const espalier_predictor *p, const float *values, float *logits,
                    float *workspace)
{
    float *y = workspace, *index = y + p->widest, *value = index + p->widest;
    gather(p, values, y);
    for (size_t l = 0; l < p->layer_count; l++) {
        const dense_layer *layer = &p->layers[l];
        const size_t count = l == 0 ? list_nonzero(y, layer->inputs, index, value)
                                    : list_positive(y, layer->inputs, index, value);
        add_rows(layer->weights, layer->biases, layer->stride, index, value, count, y);
    }
    memcpy(logits, y, p->classes * sizeof *logits);
}

/* ---- many rows -------------------------------------------------------- */

static size_t filled_up(size_t rows)
{
    return (rows + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
}

/* y = max(0, y + b) in every row, a NaN staying one.  y [rows][stride], b [stride]. */
VECTOR_CLONES
static void bias_relu(float *restrict y, size_t rows, size_t stride, const float *restrict biases)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < stride; j++) {
            const float value = y[r * stride + j] + biases[j];
            y[r * stride + j] = value < 0.0f ? 0.0f : value;
        }
}

/* rows <= BLOCK_ROWS. Y = X W + b, ReLU'd but for the last layer; the rows that
 * fill the block up are zero and their results are not looked at. */
static void run_block(const espalier_predictor *p, const float *values, size_t rows, float *logits,
                      float *workspace)
{
    const size_t full = filled_up(rows), first_stride = pass_stride(p->layers[0].inputs);
    float *x = workspace, *y = x + full * p->widest;
    for (size_t r = 0; r < rows; r++)
        gather(p, values + r * p->row_width, x + r * first_stride);
    memset(x + rows * first_stride, 0, (full - rows) * first_stride * sizeof *x);
    size_t x_stride = first_stride;
    for (size_t l = 0; l < p->layer_count; l++) {
        const dense_layer *layer = &p->layers[l];
        p->math->gemm(false, false, full, layer->stride, layer->inputs, x, x_stride, layer->weights,
                      layer->stride, false, y, layer->stride);
        if (l + 1 < p->layer_count)
            bias_relu(y, full, layer->stride, layer->biases);
        float *next = x;
        x = y;
        y = next;
        x_stride = layer->stride;
    }
    const float *biases = p->layers[p->layer_count - 1].biases;
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < p->classes; j++)
            logits[r * p->classes + j] = x[r * x_stride + j] + biases[j];
}

size_t espalier_predictor_workspace(const espalier_predictor *predictor, size_t rows)
{
    const size_t one_row = 3; /* y, index, value */
    const size_t block = 2 * filled_up(rows < BLOCK_ROWS ? rows : BLOCK_ROWS);
    return (rows < FEW_ROWS ? one_row : block) * predictor->widest;
}

void predictor_logits(const espalier_predictor *predictor, const float *values, size_t rows,
                      float *logits, float *workspace)
{
    while (rows > 0) {
        const size_t count = rows < FEW_ROWS ? 1 : rows < BLOCK_ROWS ? rows : BLOCK_ROWS;
        if (count == 1)
            run_row(predictor, values, logits, workspace);
        else
            run_block(predictor, values, count, logits, workspace);
        values += count * predictor->row_width;
        logits += count * predictor->classes;
        rows -= count;
    }
}

void espalier_predictor_run(const espalier_predictor *predictor, const float *values, size_t rows,
                            float *probabilities, float *workspace)
{
    predictor_logits(predictor, values, rows, probabilities, workspace);
    forward_softmax(probabilities, rows, predictor->classes);
}

size_t predictor_class(const float *values, size_t classes)
{
    size_t best = 0;
    for (size_t j = 1; j < classes; j++)
        if (values[j] > values[best])
            best = j;
    return best;
}

espalier_status predictor_check_width(const espalier_network *network,
                                      const espalier_dataset *dataset, espalier_error *error)
{
    const size_t wanted = espalier_network_row_width(network);
    const size_t found = espalier_dataset_input_count(dataset);
    if (wanted == found)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_MISMATCH,
                     "the network takes rows of %zu values, the data set has rows of %zu", wanted,
                     found);
}
