/* Bytes, operations and accuracy of a program. */
#include "export/c_figures.h"

#include "espalier/predict.h"
#include "export/c_curve.h"
#include "export/c_rows.h"

/* ---- accuracy --------------------------------------------------------- */

static espalier_status before(const espalier_network *network, const espalier_dataset *data,
                              size_t threads, c_figures *figures, espalier_error *error)
{
    espalier_evaluation evaluation = {0};
    espalier_status status =
        espalier_evaluate(network, data, ESPALIER_TEST, 1, threads, &evaluation, error);
    figures->accuracy_before = evaluation.accuracy;
    espalier_evaluation_clear(&evaluation);
    return status;
}

static espalier_status find_accuracy(const c_program *p, const espalier_network *network,
                                     const espalier_dataset *data, c_figures *figures,
                                     espalier_error *error)
{
    uint64_t right = 0;
    figures->rows = data ? espalier_dataset_row_count(data, ESPALIER_TEST) : 0;
    if (!figures->rows)
        return ESPALIER_OK;
    espalier_status status = before(network, data, p->threads, figures, error);
    if (status == ESPALIER_OK)
        status = c_rows_right(p, data, ESPALIER_TEST, SIZE_MAX, &right, error);
    figures->accuracy_after = (double)right / (double)figures->rows;
    return status;
}

/* ---- bytes ------------------------------------------------------------ */

/* What a neuron has beside its weights, as c_write_*.c write it. */
static size_t neuron_bytes(const c_program *p, const c_layer *layer)
{
    const size_t rescale = sizeof(uint16_t) + 2 * sizeof(uint8_t); /* a multiplier, two shifts */
    size_t bytes = sizeof(int32_t); /* the bias, float or not */
    if (p->type == ESPALIER_EXPORT_FLOAT)
        return bytes;
    if (layer == &p->layers[p->layer_count - 1])
        return bytes + (c_has_factors(layer) ? sizeof(uint8_t) : 0);
    return bytes + rescale + (layer->activation == ESPALIER_LEAKY_RELU ? rescale : 0);
}

static size_t weight_bytes(const c_program *p, const c_layer *layer)
{
    const size_t weight = c_weight_bytes(p->type);
    const size_t counts = layer->outputs * c_index_bytes(layer->most + 1);
    switch (layer->form) {
    case C_DENSE:
        return layer->inputs * layer->outputs * weight;
    case C_COLUMNS:
        return p->column_count * (layer->outputs * weight + c_index_bytes(layer->inputs));
    case C_PLACES:
        return layer->nonzero * (weight + c_index_bytes(layer->inputs)) + counts;
    case C_BITS:
        return layer->nonzero * weight + layer->outputs * c_bits_bytes(layer);
    default:
        return (layer->nonzero + layer->padding) * (weight + 1) + counts;
    }
}

/* Thumb code as arm-none-eabi-gcc 12 -Os makes it for a Cortex-M0, rounded up; the test
 * of the command line compares it with what it measures. */
enum { CODE_FLOAT = 125, CODE_WHOLE = 160, CODE_DENSE = 90, CODE_LISTS = 125, CODE_GROUP = 150,
       CODE_CURVES = 400, CODE_TABLES = 100, CODE_SHIFTS = 30 };

static size_t code_bytes(const c_program *p)
{
    size_t bytes = p->type == ESPALIER_EXPORT_FLOAT ? CODE_FLOAT : CODE_WHOLE;
    for (size_t l = 0; l < p->layer_count; l++)
        bytes += (p->layers[l].form < C_PLACES ? CODE_DENSE : CODE_LISTS) +
                 (c_grouped(p, &p->layers[l]) ? CODE_GROUP : 0);
    return bytes;
}

/* How many of sigmoid and tanh there are. */
static size_t count_curves(const c_program *p)
{
    return (size_t)c_has(p, ESPALIER_SIGMOID) + (size_t)c_has(p, ESPALIER_TANH);
}

static void find_bytes(const c_program *p, c_figures *figures)
{
    const size_t value = p->type == ESPALIER_EXPORT_FLOAT ? sizeof(float) : c_weight_bytes(p->type);
    figures->constant_bytes = 0;
    for (size_t l = 0; l < p->layer_count; l++) {
        const c_layer *layer = &p->layers[l];
        figures->constant_bytes += weight_bytes(p, layer) + layer->outputs * neuron_bytes(p, layer);
    }
    if (p->type == ESPALIER_EXPORT_FLOAT && p->shift && !p->one_shift)
        figures->constant_bytes += p->row_width * sizeof(float);
    if (p->type != ESPALIER_EXPORT_FLOAT)
        figures->constant_bytes +=
            count_curves(p) * (((size_t)1 << c_curve_bits(p->type)) + 1) * sizeof(int16_t);
    figures->code_bytes = code_bytes(p);
    if (p->type == ESPALIER_EXPORT_FLOAT && p->shift)
        figures->code_bytes += CODE_SHIFTS;
    if (p->type != ESPALIER_EXPORT_FLOAT)
        figures->code_bytes += CODE_TABLES * count_curves(p);
    else if (count_curves(p) || p->probabilities)
        figures->code_bytes += CODE_CURVES;
    figures->ram_bytes = (p->widest[0] + p->widest[1]) * value;
}

static uint64_t multiply_adds(const c_program *p, const c_layer *layer)
{
    switch (layer->form) {
    case C_DENSE:
        return (uint64_t)layer->inputs * layer->outputs;
    case C_COLUMNS:
        return (uint64_t)p->column_count * layer->outputs;
    case C_GAPS:
        return layer->nonzero + layer->padding;
    default:
        return layer->nonzero;
    }
}

espalier_status c_figures_find(const c_program *p, const espalier_network *network,
                               const espalier_dataset *data, c_figures *figures,
                               espalier_error *error)
{
    *figures = (c_figures){0};
    find_bytes(p, figures);
    for (size_t l = 0; l < p->layer_count; l++)
        figures->multiply_adds += multiply_adds(p, &p->layers[l]);
    return find_accuracy(p, network, data, figures, error);
}
