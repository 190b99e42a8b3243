/* Prediction with a network laid out for it (layout.c), a row at a time (one_row.c) or
 * a block of rows at a time (many_rows.c). Accuracy, losses and threads are
 * evaluate.c's business. */
#include "infer/predictor.h"

#include "base/error.h"
#include "base/memory.h"
#include "infer/rows.h"
#include "math/pass.h"
#include "net/network.h"

/* Below that one row after the other is the faster way (bench_predict): a block reads
 * the weights once for all its rows, but lists take PASS_LANES rows at least. */
enum { FEW_ROWS = 4, FEW_ROWS_SPARSE = 8 };

static size_t few_rows(const espalier_predictor *p)
{
    for (size_t l = 0; l < p->layer_count; l++)
        if (p->layers[l].many == FORM_LISTS && p->layers[l].stride > PASS_LANES)
            return FEW_ROWS_SPARSE;
    return FEW_ROWS;
}

espalier_status predictor_create(const espalier_network *network, form wish,
                                 const espalier_allocator *allocator,
                                 espalier_predictor **predictor, espalier_error *error)
{
    espalier_network *small; /* NULL: the network itself is */
    espalier_status status = network_shrink(network, allocator, &small, error);
    if (status != ESPALIER_OK)
        return status;
    espalier_predictor *p = memory_array(allocator, 1, sizeof *p);
    if (p)
        p->allocator = allocator;
    const bool filled = p && layout_fill(p, small ? small : network, wish);
    if (filled)
        p->few_rows = few_rows(p);
    espalier_network_destroy(small);
    if (!filled) {
        espalier_predictor_destroy(p);
        return error_memory(error);
    }
    *predictor = p;
    return ESPALIER_OK;
}

espalier_status espalier_predictor_create(const espalier_network *network,
                                          const espalier_allocator *allocator,
                                          espalier_predictor **predictor, espalier_error *error)
{
    return predictor_create(network, FORM_BY_MODEL, allocator, predictor, error);
}

void espalier_predictor_destroy(espalier_predictor *predictor)
{
    if (!predictor)
        return;
    layout_release(predictor);
    memory_release(predictor->allocator, predictor);
}

size_t espalier_predictor_layer_count(const espalier_predictor *predictor)
{
    return predictor->layer_count;
}

espalier_predictor_layer espalier_predictor_layer_form(const espalier_predictor *predictor,
                                                       size_t layer)
{
    const layout_layer *l = &predictor->layers[layer];
    return (espalier_predictor_layer){
        .inputs = l->inputs,
        .outputs = l->outputs,
        .nonzero = l->nonzero,
        .one_row_sparse = l->one != FORM_DENSE,
        .many_rows_sparse = l->many != FORM_DENSE,
        .one_row_break_even = form_one_break_even(predictor->kernels, l->outputs, l->share),
        .many_rows_break_even = form_many_break_even(predictor->kernels, l->outputs, l->share),
    };
}

size_t espalier_predictor_workspace(const espalier_predictor *predictor, size_t rows)
{
    const size_t floats =
        rows < predictor->few_rows ? one_row_workspace(predictor)
                                   : many_rows_workspace(predictor, rows < BLOCK_ROWS ? rows : BLOCK_ROWS);
    return floats + PASS_LANES - 1;
}

/* Where the caller's memory reaches a whole vector: a load that crosses a cache line
 * takes twice as long. */
static float *aligned(float *workspace)
{
    const size_t bytes = PASS_LANES * sizeof(float), beyond = (uintptr_t)workspace % bytes;
    return workspace + (beyond ? (bytes - beyond) / sizeof(float) : 0);
}

void predictor_logits(const espalier_predictor *predictor, const float *values, size_t rows,
                      float *logits, float *workspace)
{
    workspace = aligned(workspace);
    while (rows > 0) {
        const size_t count = rows < predictor->few_rows ? 1 : rows < BLOCK_ROWS ? rows : BLOCK_ROWS;
        const size_t left = rows - count;
        if (count == 1)
            one_row_run(predictor, values, logits, workspace);
        else
            many_rows_run(predictor, values, count, left < BLOCK_ROWS ? left : BLOCK_ROWS, logits,
                          workspace);
        values += count * predictor->row_width;
        logits += count * predictor->classes;
        rows -= count;
    }
}

/* p_j = e^(z_j - m) / sum over k of e^(z_k - m),  m = max z, in place. */
static void softmax(const math_kernels *kernels, float *z, size_t rows, size_t classes)
{
    for (size_t r = 0; r < rows; r++) {
        const float most = z[r * classes + predictor_class(z + r * classes, classes)];
        for (size_t j = 0; j < classes; j++)
            z[r * classes + j] -= most;
    }
    kernels->exponentials(z, rows * classes);
    for (size_t r = 0; r < rows; r++, z += classes) {
        double sum = 0.0;
        for (size_t j = 0; j < classes; j++)
            sum += (double)z[j];
        const float share = (float)(1.0 / sum);
        for (size_t j = 0; j < classes; j++)
            z[j] *= share;
    }
}

void espalier_predictor_run(const espalier_predictor *predictor, const float *values, size_t rows,
                            float *probabilities, float *workspace)
{
    predictor_logits(predictor, values, rows, probabilities, workspace);
    softmax(predictor->kernels, probabilities, rows, predictor->classes);
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
