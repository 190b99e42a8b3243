/* Making lists, and the model that decides on them. A model and not a clock, so that
 * a run can be repeated. */
#include "train/lists.h"

#include "base/error.h"
#include "base/memory.h"
#include "math/pass.h"

/* Inputs of a block of lists: their values of 16 rows take 25 KiB, which the
 * first-level cache holds. But a list should have LIST_LEAST weights on average. */
enum { BLOCK_INPUTS = 400, LIST_LEAST = 8 };

/* Nanoseconds of 16 rows on an AVX-512 machine at 3.6 GHz; only their ratios matter. That of the
 * dense vector is 0.86 of what it was there, as much as it fell on another by marks fetched early.
 * Dense: what kernels.h's skip_gemm takes for a vector of weights, where an input's
 * steps take as long as 1.25 vectors; the usual share of values that ReLU leaves above
 * zero; without steps a vector takes dense_plain of its time. Lists: what a weight takes
 * forward and in its gradient; backward its product takes 1.05, the rest is for what goes
 * with it: sums made zero, values turned round between two forms. */
static const double dense_vector = 0.31 * 16, dense_steps = 1.25;
static const double share_hidden = 0.6, dense_plain = 0.86;
static const double list_weight = 1.1, list_backward = 1.3;

/* The share of a hidden layer's values, or of the derivatives behind them, that a product
 * does not step over: of other activations all, in a plain product. */
static double share_of(const work_layer *layer, double vectors)
{
    const bool relu = layer->activation == ESPALIER_RELU;
    return relu ? share_hidden : dense_plain * vectors / (vectors + dense_steps);
}

static bool pays(const work *copy, size_t l, size_t count, size_t batch_rows)
{
    const work_layer *layer = &copy->layers[l];
    const double vectors = (double)(pass_stride(layer->outputs) / PASS_LANES);
    const double behind = l + 1 < copy->layer_count ? share_of(layer, vectors) : share_hidden;
    const double products =
        l ? 2.0 * share_of(layer - 1, vectors) + behind : 2.0 * copy->inputs_share;
    const double dense = products * dense_vector * (vectors + dense_steps) * (double)layer->inputs;
    const double lists = (list_weight + (l ? list_backward : 0.0)) * (double)count;
    /* columns are padded to whole groups of rows */
    const double padding = (double)pass_stride(batch_rows) / (double)batch_rows;
    return lists * padding < dense && count <= INT32_MAX; /* lists count in 32 bits */
}

size_t lists_blocks(size_t inputs)
{
    return (inputs + BLOCK_INPUTS - 1) / BLOCK_INPUTS;
}

/* A weight of a list takes as long as three of a vector, half of whose inputs are zero. */
double lists_equivalent(const work_layer *layer)
{
    return 3.0 * (double)layer->lists.kept.starts[layer->lists.blocks * layer->outputs];
}

/* ---- making lists ----------------------------------------------------- */

static size_t kept_words(const work_layer *layer)
{
    return layer->output_stride / PASS_LANES;
}

static size_t count_kept(const work_layer *layer)
{
    size_t count = 0;
    for (size_t i = 0; i < layer->inputs * kept_words(layer); i++)
        count += (size_t)__builtin_popcount(layer->kept[i]);
    return count;
}

static bool take(work *copy, work_layer *layer, size_t count, size_t blocks)
{
    work_lists *lists = &layer->lists;
    const espalier_allocator *allocator = copy->allocator;
    lists->blocks = blocks;
    lists->kept.starts = memory_array(allocator, blocks * layer->outputs + 1, sizeof(uint32_t));
    lists->kept.places = memory_array(allocator, count, sizeof(uint32_t));
    lists->kept.weights = memory_array(allocator, count, sizeof(float));
    bool done = lists->kept.starts && lists->kept.places && lists->kept.weights;
    for (size_t s = 0; s < copy->state_count && done; s++)
        done = (lists->states[s] = memory_array(allocator, count, sizeof(float))) != NULL;
    if (done && copy->state_count)
        done = (lists->gradient = memory_array(allocator, count, sizeof(float))) != NULL;
    return done;
}

/* A block's masks and weights stay in a cache while its outputs go over them. */
static void fill(const work *copy, work_layer *layer)
{
    work_lists *lists = &layer->lists;
    uint32_t *start = lists->kept.starts, at = 0;
    for (size_t b = 0; b < lists->blocks; b++) {
        const size_t begin = layer->inputs * b / lists->blocks;
        const size_t end = layer->inputs * (b + 1) / lists->blocks;
        for (size_t j = 0; j < layer->outputs; j++) {
            for (size_t i = begin; i < end; i++) {
                if (!work_is_kept(layer, i, j))
                    continue;
                const size_t from = work_place(layer, i, j);
                lists->kept.places[at] = (uint32_t)i;
                lists->kept.weights[at] = layer->weights[from];
                for (size_t s = 0; s < copy->state_count; s++)
                    lists->states[s][at] = layer->states[s][from];
                at++;
            }
            *++start = at;
        }
    }
}

espalier_status lists_fit(work *copy, size_t batch_rows, espalier_error *error)
{
    lists_clear(copy);
    for (size_t l = 0; l < copy->layer_count; l++) {
        work_layer *layer = &copy->layers[l];
        const size_t count = layer->masked ? count_kept(layer) : 0;
        if (count == 0 || !pays(copy, l, count, batch_rows))
            continue;
        const size_t most = lists_blocks(layer->inputs);
        const size_t filled = count / layer->outputs / LIST_LEAST;
        if (!take(copy, layer, count, filled < 1 ? 1 : filled < most ? filled : most)) {
            lists_clear(copy);
            return error_memory(error);
        }
        fill(copy, layer);
    }
    return ESPALIER_OK;
}

/* ---- the way back ----------------------------------------------------- */

static void settle(const work *copy, const work_layer *layer)
{
    const work_lists *lists = &layer->lists;
    for (size_t k = 0; k < lists->blocks * layer->outputs; k++) {
        for (uint32_t e = lists->kept.starts[k]; e < lists->kept.starts[k + 1]; e++) {
            const size_t to = work_place(layer, lists->kept.places[e], k % layer->outputs);
            layer->weights[to] = lists->kept.weights[e];
            for (size_t s = 0; s < copy->state_count; s++)
                layer->states[s][to] = lists->states[s][e];
        }
    }
}

void lists_settle(const work *copy)
{
    for (size_t l = 0; l < copy->layer_count; l++)
        settle(copy, &copy->layers[l]);
}

void lists_clear(work *copy)
{
    for (size_t l = 0; copy->layers && l < copy->layer_count; l++) {
        work_lists *lists = &copy->layers[l].lists;
        memory_release(copy->allocator, lists->kept.starts);
        memory_release(copy->allocator, lists->kept.places);
        memory_release(copy->allocator, lists->kept.weights);
        for (size_t s = 0; s < WORK_STATES_MOST; s++)
            memory_release(copy->allocator, lists->states[s]);
        memory_release(copy->allocator, lists->gradient);
        *lists = (work_lists){0};
    }
}
