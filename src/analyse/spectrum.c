/* Singular values of a layer's weights, and what they tell: rank and norms. The
 * decomposition itself is math/svd.c's. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "espalier/analyse.h"
#include "math/svd.h"

static espalier_status check_layer(const espalier_network *network, size_t layer,
                                   espalier_error *error)
{
    const size_t layers = espalier_network_layer_count(network);
    return layer < layers ? ESPALIER_OK
                          : error_set(error, ESPALIER_ERROR_ARGUMENT,
                                      "layer %zu; expected 0 to %zu", layer, layers - 1);
}

static size_t value_count(const espalier_network *network, size_t layer)
{
    const size_t inputs = espalier_network_inputs(network, layer);
    const size_t outputs = espalier_network_outputs(network, layer);
    return inputs < outputs ? inputs : outputs;
}

espalier_status espalier_network_singular_values(const espalier_network *network, size_t layer,
                                                 const espalier_allocator *allocator, float *values,
                                                 espalier_error *error)
{
    espalier_status status = check_layer(network, layer, error);
    if (status != ESPALIER_OK)
        return status;
    const size_t rows = espalier_network_outputs(network, layer);
    const size_t columns = espalier_network_inputs(network, layer);
    float *matrix = memory_array(allocator, rows * columns, sizeof *matrix); /* svd() destroys it */
    espalier_error cause = {0};
    if (!matrix)
        return error_memory(error);
    memcpy(matrix, espalier_network_weights_const(network, layer), rows * columns * sizeof *matrix);
    status = svd(matrix, rows, columns, values, NULL, NULL, allocator, &cause);
    memory_release(allocator, matrix);
    if (status != ESPALIER_OK)
        error_set(error, status, "layer %zu: %s", layer, cause.message);
    return status;
}

/* The product is rounded to a float, as numpy's matrix_rank does for float32: a power of two
 * changes no digit of it, and comes first lest a large value overflow. */
size_t espalier_rank(const float *singular_values, size_t count, size_t rows, size_t columns)
{
    if (count == 0)
        return 0;
    const float longer = (float)(rows > columns ? rows : columns);
    const float tolerance = singular_values[0] * (longer * 0x1p-23f);
    size_t rank = 0;
    for (size_t i = 0; i < count; i++)
        rank += singular_values[i] > tolerance;
    return rank;
}

/* frobenius^2 = sum s_i^2,  nuclear = sum s_i,  stable rank = frobenius^2 / s_1^2;  in
 * double, where the squares of floats neither overflow nor vanish. */
static espalier_spectrum describe(float *values, size_t count, size_t rows, size_t columns)
{
    espalier_spectrum made = {.values = values, .count = count,
                              .rank = espalier_rank(values, count, rows, columns),
                              .spectral = (double)values[0]};
    double squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        squares += (double)values[i] * (double)values[i];
        made.nuclear += (double)values[i];
    }
    made.frobenius = sqrt(squares);
    if (made.spectral > 0.0)
        made.stable_rank = squares / (made.spectral * made.spectral);
    return made;
}

espalier_status espalier_network_spectrum(const espalier_network *network, size_t layer,
                                          const espalier_allocator *allocator,
                                          espalier_spectrum *spectrum, espalier_error *error)
{
    espalier_status status = check_layer(network, layer, error);
    if (status != ESPALIER_OK)
        return status;
    const size_t count = value_count(network, layer);
    float *values = memory_array(allocator, count, sizeof *values);
    if (!values)
        return error_memory(error);
    status = espalier_network_singular_values(network, layer, allocator, values, error);
    if (status != ESPALIER_OK) {
        memory_release(allocator, values);
        return status;
    }
    *spectrum = describe(values, count, espalier_network_outputs(network, layer),
                         espalier_network_inputs(network, layer));
    return ESPALIER_OK;
}

void espalier_spectrum_clear(espalier_spectrum *spectrum, const espalier_allocator *allocator)
{
    memory_release(allocator, spectrum->values);
    *spectrum = (espalier_spectrum){0};
}
