/* The form of each layer's weights: the one with the fewest bytes, or the fewest cycles. */
#include "export/c_program.h"

#include <string.h>

/* Cycles for a weight in the inner loops that arm-none-eabi-gcc -Os makes for a
 * Cortex-M4 out of int8 code, by the core's reference manual (a load 2, a multiply-add, an
 * addition and a comparison 1 each, a taken branch 3): dense two loads; by columns or
 * places a third; by gaps one addition more. And for a neuron: its count and bias
 * fetched, the pointers kept, the loop entered and left. By bits a test and a step for
 * every value, and for one that is read what it costs dense. By fours a weight is a load
 * and a multiply-add, and a fourth of the rest. Only ratios matter; other cores and types
 * move all of them together. */
enum { CYCLES_DENSE = 9, CYCLES_COLUMNS = 11, CYCLES_PLACES = 11, CYCLES_GAPS = 12,
       CYCLES_LIST = 8, CYCLES_BIT = 7, CYCLES_BIT_SET = 5, CYCLES_SHARED = 6 };

enum { GAP_MOST = 255 };

size_t c_index_bytes(size_t count)
{
    return count <= 256 ? 1 : count <= 65536 ? 2 : 4;
}

size_t c_grouped(const c_program *program, const c_layer *layer)
{
    const bool dense = layer->form == C_DENSE || layer->form == C_COLUMNS;
    return program->speed && dense ? layer->outputs / C_GROUP * C_GROUP : 0;
}

size_t c_bits_bytes(const c_layer *layer)
{
    return (layer->inputs + 7) / 8;
}

size_t c_weight_bytes(espalier_export_type type)
{
    return type == ESPALIER_EXPORT_FLOAT ? 4 : type == ESPALIER_EXPORT_INT16 ? 2 : 1;
}

bool c_is_written(const c_program *program, const c_layer *layer, size_t place)
{
    return program->type == ESPALIER_EXPORT_FLOAT || layer->wholes[place] != 0;
}

/* ---- counting --------------------------------------------------------- */

/* Weights that are written, the longest list, and the zeros that bridge long gaps. */
static void count(const c_program *p, c_layer *layer)
{
    layer->nonzero = layer->most = layer->padding = 0;
    for (size_t o = 0; o < layer->outputs; o++) {
        size_t own = 0, at = 0, bridges = 0;
        for (size_t i = layer->starts[o]; i < layer->starts[o + 1]; i++) {
            if (!c_is_written(p, layer, i))
                continue;
            own++;
            bridges += layer->places[i] > at ? (layer->places[i] - at - 1) / GAP_MOST : 0;
            at = layer->places[i];
        }
        layer->nonzero += own;
        layer->padding += bridges;
        if (own + bridges > layer->most)
            layer->most = own + bridges;
    }
}

/* The kept inputs that a written weight reads: first marked one by one, then listed by
 * their places in the row. */
static void find_columns(c_program *p)
{
    const c_layer *layer = &p->layers[0];
    const size_t kept = espalier_network_inputs(p->network, 0);
    const uint64_t *places = espalier_network_kept(p->network, SIZE_MAX);
    p->column_count = 0;
    for (size_t i = 0; i < kept; i++)
        p->columns[i] = 0;
    for (size_t i = 0; i < layer->starts[layer->outputs]; i++) {
        size_t low = 0, high = kept;
        while (places && low + 1 < high) {
            const size_t middle = low + (high - low) / 2;
            if (places[middle] <= layer->places[i])
                low = middle;
            else
                high = middle;
        }
        if (c_is_written(p, layer, i))
            p->columns[places ? low : layer->places[i]] = 1;
    }
    for (size_t i = 0; i < kept; i++)
        if (p->columns[i])
            p->columns[p->column_count++] = (uint32_t)(places ? places[i] : i);
}

/* ---- choosing --------------------------------------------------------- */

static double bytes_of(const c_program *p, const c_layer *layer, c_form form)
{
    const double weight = (double)c_weight_bytes(p->type), nonzero = (double)layer->nonzero;
    const double index = (double)c_index_bytes(layer->inputs), outputs = (double)layer->outputs;
    const double counts = (double)c_index_bytes(layer->most + 1) * outputs;
    switch (form) {
    case C_DENSE:
        return weight * (double)layer->inputs * outputs;
    case C_COLUMNS:
        return (weight * outputs + index) * (double)p->column_count;
    case C_PLACES:
        return (weight + index) * nonzero + counts;
    case C_BITS:
        return weight * nonzero + (double)c_bits_bytes(layer) * outputs;
    default:
        return (weight + 1.0) * (nonzero + (double)layer->padding) + counts;
    }
}

/* What the fours share: all but a load and a multiply-add. */
static double dense_cycles(const c_program *p, const c_layer *layer, double alone, size_t inputs)
{
    const size_t grouped = p->speed ? layer->outputs / C_GROUP * C_GROUP : 0;
    const double shared = alone - CYCLES_SHARED + CYCLES_SHARED / (double)C_GROUP;
    return (double)inputs * (shared * (double)grouped + alone * (double)(layer->outputs - grouped));
}

static double cycles_of(const c_program *p, const c_layer *layer, c_form form)
{
    const double nonzero = (double)layer->nonzero, outputs = (double)layer->outputs;
    switch (form) {
    case C_DENSE:
        return dense_cycles(p, layer, CYCLES_DENSE, layer->inputs);
    case C_COLUMNS:
        return dense_cycles(p, layer, CYCLES_COLUMNS, p->column_count);
    case C_PLACES:
        return CYCLES_PLACES * nonzero + CYCLES_LIST * outputs;
    case C_BITS:
        return CYCLES_BIT * (double)layer->inputs * outputs + CYCLES_BIT_SET * nonzero;
    default:
        return CYCLES_GAPS * (nonzero + (double)layer->padding) + CYCLES_LIST * outputs;
    }
}

/* A table of columns makes sense for a row some of whose values nobody reads; gaps where
 * a place takes more than a byte. */
static bool is_apt(const c_program *p, const c_layer *layer, c_form form)
{
    if (form == C_COLUMNS)
        return layer == p->layers && p->column_count > 0 && p->column_count < p->row_width;
    return form != C_GAPS || c_index_bytes(layer->inputs) > 1;
}

/* The cheaper by bytes or cycles; of equal ones the cheaper by the other, then the first. */
static void choose(const c_program *p, c_layer *layer)
{
    static const c_form forms[] = {C_DENSE, C_COLUMNS, C_PLACES, C_GAPS, C_BITS};
    double best[2] = {0.0, 0.0};
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        if (!is_apt(p, layer, forms[f]))
            continue;
        const double bytes = bytes_of(p, layer, forms[f]), cycles = cycles_of(p, layer, forms[f]);
        const double cost[2] = {p->speed ? cycles : bytes, p->speed ? bytes : cycles};
        if (f && (cost[0] > best[0] || (cost[0] == best[0] && cost[1] >= best[1])))
            continue;
        memcpy(best, cost, sizeof best);
        layer->form = forms[f];
    }
}

void c_layout(c_program *p)
{
    for (size_t l = 0; l < p->layer_count; l++)
        count(p, &p->layers[l]);
    find_columns(p);
    for (size_t l = 0; l < p->layer_count; l++)
        choose(p, &p->layers[l]);
}
