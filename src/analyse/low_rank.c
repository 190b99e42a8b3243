/* Hidden layers brought down to a rank: as full matrices, or written as two thin
 * factors. The decomposition itself is math/svd.c's. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "espalier/analyse.h"
#include "math/backend.h"
#include "math/svd.h"
#include "net/network.h"

const char *espalier_low_rank_name(espalier_low_rank method)
{
    static const char *const names[] = {"pca", "svd"};
    return (unsigned)method < ESPALIER_LOW_RANK_COUNT ? names[method] : NULL;
}

/* A = U diag(s) V',  A [rows][columns], k = min(rows, columns). */
typedef struct decomposition {
    float *s;  /* [k] */
    float *u;  /* [rows][k] */
    float *vt; /* [k][columns] */
    size_t k;
} decomposition;

static void release(decomposition *d, const espalier_allocator *allocator)
{
    memory_release(allocator, d->s);
    memory_release(allocator, d->u);
    memory_release(allocator, d->vt);
}

/* a is destroyed; layer is for the message. To be released on an error, too. */
static espalier_status decompose(float *a, size_t rows, size_t columns, size_t layer,
                                 const espalier_allocator *allocator, decomposition *d,
                                 espalier_error *error)
{
    *d = (decomposition){.k = rows < columns ? rows : columns};
    d->s = memory_array(allocator, d->k, sizeof *d->s);
    d->u = memory_array(allocator, rows * d->k, sizeof *d->u);
    d->vt = memory_array(allocator, d->k * columns, sizeof *d->vt);
    if (!d->s || !d->u || !d->vt)
        return error_memory(error);
    espalier_error said = {0};
    espalier_status status = svd(a, rows, columns, d->s, d->u, d->vt, allocator, &said);
    return status == ESPALIER_OK
               ? status
               : error_set(error, status, "layer %zu: %s", layer, said.message);
}

/* ---- lower rank ----------------------------------------------------------- */

/* m_o = 1/n sum_i w_oi,  w_oi -= m_o: each neuron's mean over its n inputs. */
static void centre(network_layer *layer, float *means)
{
    for (size_t o = 0; o < layer->outputs; o++) {
        float *row = layer->weights + o * layer->inputs;
        double sum = 0.0;
        for (size_t i = 0; i < layer->inputs; i++)
            sum += (double)row[i];
        means[o] = (float)(sum / (double)layer->inputs);
        for (size_t i = 0; i < layer->inputs; i++)
            row[i] -= means[o];
    }
}

/* W = m 1' + sum_{k < rank} u_k s_k v_k',  m zero without centring. */
static void compose(const decomposition *d, size_t rank, const float *means, network_layer *layer)
{
    for (size_t o = 0; o < layer->outputs; o++) {
        for (size_t i = 0; i < layer->inputs; i++)
            layer->weights[o * layer->inputs + i] = means[o];
        for (size_t k = 0; k < rank; k++)
            d->u[o * d->k + k] *= d->s[k];
    }
    math_backend_find(NULL)->gemm(false, false, layer->outputs, layer->inputs, rank, d->u, d->k,
                                  d->vt, layer->inputs, true, layer->weights, layer->inputs);
}

/* Is there anything above that rank? Where all lies within rounding the rank 0 says nothing. */
static bool is_above(const decomposition *d, size_t rank, const network_layer *layer)
{
    const size_t found = espalier_rank(d->s, d->k, layer->outputs, layer->inputs);
    return found > rank || (found == 0 && d->s[0] > 0.0f);
}

/* layer: a copy of `from`, which it stays, masks included, where it has no higher rank; else
 * *reduced becomes true. */
static espalier_status reduce(const network_layer *from, network_layer *layer, size_t l, size_t rank,
                              espalier_low_rank method, const espalier_allocator *allocator,
                              bool *reduced, espalier_error *error)
{
    decomposition d = {0};
    float *means = memory_array(allocator, layer->outputs, sizeof *means);
    if (!means)
        return error_memory(error);
    if (method == ESPALIER_LOW_RANK_PCA)
        centre(layer, means);
    espalier_status status =
        decompose(layer->weights, layer->outputs, layer->inputs, l, allocator, &d, error);
    if (status == ESPALIER_OK && is_above(&d, rank, layer)) {
        compose(&d, rank, means, layer);
        memset(layer->mask, 1, layer->outputs * layer->inputs);
        *reduced = true;
    } else {
        memcpy(layer->weights, from->weights, layer->outputs * layer->inputs * sizeof *layer->weights);
    }
    release(&d, allocator);
    memory_release(allocator, means);
    return status;
}

/* What they tell is of another network. */
static void drop_counts(espalier_network *network)
{
    espalier_network_clear_activations(network);
    espalier_network_set_metadata(network, "history", NULL);
}

static bool is_reduced(const network_layer *layer, size_t rank)
{
    return rank < (layer->inputs < layer->outputs ? layer->inputs : layer->outputs);
}

espalier_status espalier_network_low_rank(const espalier_network *network, const size_t *ranks,
                                          espalier_low_rank method,
                                          const espalier_allocator *allocator,
                                          espalier_network **low, espalier_error *error)
{
    espalier_network *made = NULL;
    bool reduced = false;
    if (!espalier_low_rank_name(method))
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "method: unknown one %d", (int)method);
    for (size_t l = 0; l + 1 < network->layer_count; l++)
        if (ranks[l] == 0)
            return error_set(error, ESPALIER_ERROR_ARGUMENT,
                             "rank of layer %zu: 0; expected 1 or more", l);
    espalier_status status = espalier_network_copy(network, allocator, &made, error);
    for (size_t l = 0; status == ESPALIER_OK && l + 1 < network->layer_count; l++)
        if (is_reduced(&made->layers[l], ranks[l]))
            status = reduce(&network->layers[l], &made->layers[l], l, ranks[l], method, allocator, &reduced,
                            error);
    if (status != ESPALIER_OK) {
        espalier_network_destroy(made);
        return status;
    }
    if (reduced)
        drop_counts(made);
    *low = made;
    return ESPALIER_OK;
}

double espalier_network_weight_change(const espalier_network *before,
                                      const espalier_network *after, size_t layer)
{
    const network_layer *a = &before->layers[layer], *b = &after->layers[layer];
    double norm = 0.0, change = 0.0;
    for (size_t i = 0; i < a->inputs * a->outputs; i++) {
        const double weight = (double)a->weights[i], moved = (double)b->weights[i] - weight;
        norm += weight * weight;
        change += moved * moved;
    }
    return change == 0.0 ? 0.0 : sqrt(change / norm);
}

/* ---- two thin factors ------------------------------------------------------ */

/* Neurons of the linear layer in front of a layer, its rank; 0 = it stays one matrix. */
static espalier_status count_inner(const espalier_network *low, size_t l, size_t rank,
                                   const espalier_allocator *allocator, size_t *inner,
                                   espalier_error *error)
{
    const network_layer *layer = &low->layers[l];
    *inner = 0;
    if (!is_reduced(layer, rank))
        return ESPALIER_OK;
    espalier_spectrum spectrum;
    espalier_status status = espalier_network_spectrum(low, l, allocator, &spectrum, error);
    if (status != ESPALIER_OK)
        return status;
    /* Zeros need one neuron; rank 0 of anything else says nothing, where all lies within rounding. */
    const size_t found = spectrum.rank ? spectrum.rank : spectrum.spectral > 0.0 ? rank : 1;
    espalier_spectrum_clear(&spectrum, allocator);
    /* Ranks are small and widths at most 2^24: nothing overflows. */
    if ((uint64_t)found * (layer->inputs + layer->outputs) <
        (uint64_t)layer->inputs * layer->outputs - espalier_network_pruned_count(low, l))
        *inner = found;
    return ESPALIER_OK;
}

/* W = (U s^1/2)(s^1/2 V'): `thin` takes the right factor, `to` the left one. */
static espalier_status split(const network_layer *from, size_t l, network_layer *thin,
                             network_layer *to, const espalier_allocator *allocator,
                             espalier_error *error)
{
    const size_t rows = from->outputs, columns = from->inputs, inner = thin->outputs;
    decomposition d = {0};
    float *a = memory_array(allocator, rows * columns, sizeof *a);
    if (!a)
        return error_memory(error);
    memcpy(a, from->weights, rows * columns * sizeof *a);
    espalier_status status = decompose(a, rows, columns, l, allocator, &d, error);
    for (size_t k = 0; status == ESPALIER_OK && k < inner; k++) {
        const float root = sqrtf(d.s[k]);
        for (size_t i = 0; i < columns; i++)
            thin->weights[k * columns + i] = root * d.vt[k * columns + i];
        for (size_t o = 0; o < rows; o++)
            to->weights[o * inner + k] = root * d.u[o * d.k + k];
    }
    release(&d, allocator);
    memory_release(allocator, a);
    return status;
}

/* What a layer has besides its weights, the counts too: they still hold where no layer was
 * replaced. */
static espalier_status copy_rest(const network_layer *from, network_layer *to,
                                 const espalier_allocator *allocator, espalier_error *error)
{
    memcpy(to->biases, from->biases, from->outputs * sizeof *to->biases);
    to->activation = from->activation;
    to->slope = from->slope;
    if (from->activations)
        memcpy(to->activations, from->activations, from->outputs * sizeof *to->activations);
    if (!from->kept)
        return ESPALIER_OK;
    to->kept = memory_array(allocator, from->outputs, sizeof *to->kept);
    if (!to->kept)
        return error_memory(error);
    memcpy(to->kept, from->kept, from->outputs * sizeof *to->kept);
    return ESPALIER_OK;
}

static espalier_status fill_layers(const espalier_network *low, const size_t *inner,
                                   espalier_network *made, const espalier_allocator *allocator,
                                   espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    network_layer *to = made->layers;
    for (size_t l = 0; status == ESPALIER_OK && l < low->layer_count; l++, to++) {
        const network_layer *from = &low->layers[l];
        const size_t count = from->outputs * from->inputs;
        if (inner[l]) {
            made->original_widths[to - made->layers + 1] = inner[l];
            to->activation = ESPALIER_LINEAR;
            status = split(from, l, to, to + 1, allocator, error);
            to++;
        } else {
            memcpy(to->weights, from->weights, count * sizeof *to->weights);
            memcpy(to->mask, from->mask, count);
        }
        made->original_widths[to - made->layers + 1] = low->original_widths[l + 1];
        if (status == ESPALIER_OK)
            status = copy_rest(from, to, allocator, error);
    }
    return status;
}

/* widths: [2 * layer count], room for every layer to be split */
static espalier_status build(const espalier_network *low, const size_t *inner, size_t *widths,
                             const espalier_allocator *allocator, espalier_network **factored,
                             espalier_error *error)
{
    espalier_network *made = NULL;
    size_t count = 0;
    widths[count++] = low->layers[0].inputs;
    for (size_t l = 0; l < low->layer_count; l++) {
        if (inner[l])
            widths[count++] = inner[l];
        widths[count++] = low->layers[l].outputs;
    }
    espalier_status status = espalier_network_create(widths, count, allocator, &made, error);
    if (status == ESPALIER_OK && network_copy_travellers(low, made) != ESPALIER_OK)
        status = error_memory(error);
    if (status == ESPALIER_OK && low->kept_inputs) {
        made->kept_inputs = memory_array(allocator, widths[0], sizeof *made->kept_inputs);
        if (made->kept_inputs)
            memcpy(made->kept_inputs, low->kept_inputs, widths[0] * sizeof *made->kept_inputs);
        else
            status = error_memory(error);
    }
    if (status == ESPALIER_OK)
        status = fill_layers(low, inner, made, allocator, error);
    if (status == ESPALIER_OK)
        *factored = made;
    else
        espalier_network_destroy(made);
    return status;
}

espalier_status espalier_network_factor(const espalier_network *network, const size_t *ranks,
                                        espalier_low_rank method,
                                        const espalier_allocator *allocator,
                                        espalier_network **factored, espalier_error *error)
{
    const size_t layers = network->layer_count;
    espalier_network *low = NULL;
    espalier_status status =
        espalier_network_low_rank(network, ranks, method, allocator, &low, error);
    if (status != ESPALIER_OK)
        return status;
    size_t *inner = memory_array(allocator, layers, sizeof *inner); /* the output layer's is 0 */
    size_t *widths = memory_array(allocator, 2 * layers, sizeof *widths);
    if (!inner || !widths)
        status = error_memory(error);
    for (size_t l = 0; status == ESPALIER_OK && l + 1 < layers; l++)
        status = count_inner(low, l, ranks[l], allocator, &inner[l], error);
    if (status == ESPALIER_OK)
        status = build(low, inner, widths, allocator, factored, error);
    if (status == ESPALIER_OK && (*factored)->layer_count > layers)
        drop_counts(*factored);
    memory_release(allocator, widths);
    memory_release(allocator, inner);
    espalier_network_destroy(low);
    return status;
}
