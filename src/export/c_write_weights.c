/* The constants of a layer, for each form and type. The loops over them are in
 * c_write_loops.c. */
#include "export/c_write.h"

/* ---- types ------------------------------------------------------------ */

const char *c_counter(const c_program *p)
{
    enum { BEYOND = 8 }; /* loops over bits step past the end */
    bool large = p->row_width > UINT16_MAX - BEYOND;
    for (size_t l = 0; l < p->layer_count; l++)
        large = large || p->layers[l].outputs > UINT16_MAX - BEYOND || p->layers[l].most > UINT16_MAX;
    return large ? "uint32_t" : "uint_fast16_t";
}

const char *c_weight_type(const c_program *p)
{
    return p->type == ESPALIER_EXPORT_FLOAT ? "float"
           : p->type == ESPALIER_EXPORT_INT8 ? "int8_t" : "int16_t";
}

const char *c_value_type(const c_program *p, size_t layer)
{
    if (p->type == ESPALIER_EXPORT_FLOAT)
        return "float";
    if (layer == 0 && p->input.bytes)
        return "uint8_t";
    if (p->type == ESPALIER_EXPORT_INT16)
        return "int16_t";
    return layer == 0 || p->layers[layer - 1].is_signed ? "int8_t" : "uint8_t";
}

/* ---- constants -------------------------------------------------------- */

static bool is_dense(const c_layer *layer)
{
    return layer->form == C_DENSE || layer->form == C_COLUMNS;
}

static void weight(c_out *out, const c_program *p, const c_layer *layer, size_t i)
{
    if (p->type == ESPALIER_EXPORT_FLOAT)
        c_item_float(out, layer->weights[i]);
    else
        c_item_whole(out, layer->wholes[i]);
}

static void no_weight(c_out *out, const c_program *p)
{
    if (p->type == ESPALIER_EXPORT_FLOAT)
        c_item_float(out, 0.0f);
    else
        c_item_whole(out, 0);
}

/* Every weight of `count` neurons side by side, input by input, for the columns that are
 * read or for all. */
static void dense_rows(c_out *out, const c_program *p, const c_layer *layer, size_t o, size_t count)
{
    const bool all = layer->form == C_DENSE;
    size_t at[C_GROUP];
    for (size_t k = 0; k < count; k++)
        at[k] = layer->starts[o + k];
    for (size_t c = 0; c < (all ? layer->inputs : p->column_count); c++) {
        const size_t place = all ? c : p->columns[c];
        for (size_t k = 0; k < count; k++) {
            const size_t end = layer->starts[o + k + 1];
            while (at[k] < end && layer->places[at[k]] < place)
                at[k]++;
            if (at[k] < end && layer->places[at[k]] == place)
                weight(out, p, layer, at[k]);
            else
                no_weight(out, p);
        }
    }
}

/* What stands in a list: the weights, or the places or gaps that go with them. */
typedef enum part { WEIGHTS, PLACES } part;

static void list_row(c_out *out, const c_program *p, const c_layer *layer, size_t o, part wanted)
{
    size_t at = 0;
    for (size_t i = layer->starts[o]; i < layer->starts[o + 1]; i++) {
        if (!c_is_written(p, layer, i))
            continue;
        size_t gap = layer->form == C_GAPS ? layer->places[i] - at : layer->places[i];
        for (; layer->form == C_GAPS && gap > UINT8_MAX; gap -= UINT8_MAX) {
            if (wanted == WEIGHTS)
                no_weight(out, p);
            else
                c_item_whole(out, UINT8_MAX);
        }
        if (wanted == WEIGHTS)
            weight(out, p, layer, i);
        else
            c_item_whole(out, (int64_t)gap);
        at = layer->places[i];
    }
}

/* Written weights of a neuron, bridges of long gaps included. */
static size_t list_length(const c_program *p, const c_layer *layer, size_t o)
{
    size_t length = 0, at = 0;
    for (size_t i = layer->starts[o]; i < layer->starts[o + 1]; i++) {
        if (!c_is_written(p, layer, i))
            continue;
        if (layer->form == C_GAPS && layer->places[i] > at)
            length += (layer->places[i] - at - 1) / UINT8_MAX;
        length++;
        at = layer->places[i];
    }
    return length;
}

static size_t weight_count(const c_program *p, const c_layer *layer)
{
    switch (layer->form) {
    case C_DENSE:
        return layer->inputs * layer->outputs;
    case C_COLUMNS:
        return p->column_count * layer->outputs;
    case C_GAPS:
        return layer->nonzero + layer->padding;
    default:
        return layer->nonzero;
    }
}

static void lists(c_out *out, const c_program *p, const c_layer *layer, size_t number)
{
    c_array_begin(out, c_index_type(layer->most + 1), "counts", number, layer->outputs);
    for (size_t o = 0; o < layer->outputs; o++)
        c_item_whole(out, (int64_t)list_length(p, layer, o));
    c_array_end(out);
    if (layer->form == C_GAPS)
        c_array_begin(out, "uint8_t", "gaps", number, layer->nonzero + layer->padding);
    else
        c_array_begin(out, c_index_type(layer->inputs), "places", number, layer->nonzero);
    for (size_t o = 0; o < layer->outputs; o++)
        list_row(out, p, layer, o, PLACES);
    c_array_end(out);
}

static void bits(c_out *out, const c_program *p, const c_layer *layer, size_t number)
{
    const size_t row = c_bits_bytes(layer);
    c_array_begin(out, "uint8_t", "bits", number, layer->outputs * row);
    for (size_t o = 0; o < layer->outputs; o++) {
        size_t i = layer->starts[o];
        for (size_t byte = 0; byte < row; byte++) {
            unsigned set = 0;
            for (; i < layer->starts[o + 1] && layer->places[i] / 8 == byte; i++)
                if (c_is_written(p, layer, i))
                    set |= 1u << layer->places[i] % 8;
            c_item_whole(out, set);
        }
    }
    c_array_end(out);
}

static void columns(c_out *out, const c_program *p, const c_layer *layer, size_t number)
{
    c_array_begin(out, c_index_type(layer->inputs), "columns", number, p->column_count);
    for (size_t c = 0; c < p->column_count; c++)
        c_item_whole(out, p->columns[c]);
    c_array_end(out);
}

static void shifts(c_out *out, const c_program *p)
{
    c_array_begin(out, "float", "shift", 1, p->row_width);
    for (size_t c = 0; c < p->row_width; c++)
        c_item_float(out, p->shift[c]);
    c_array_end(out);
}

void c_write_weights(c_out *out, const c_program *p, size_t index)
{
    const c_layer *layer = &p->layers[index];
    if (c_has_shifts(p, index))
        shifts(out, p);
    if (layer->form == C_COLUMNS)
        columns(out, p, layer, index + 1);
    if (layer->form == C_PLACES || layer->form == C_GAPS)
        lists(out, p, layer, index + 1);
    if (layer->form == C_BITS)
        bits(out, p, layer, index + 1);
    c_array_begin(out, c_weight_type(p), "weights", index + 1, weight_count(p, layer));
    for (size_t o = 0; o < layer->outputs;) {
        const size_t count = o < c_grouped(p, layer) ? C_GROUP : 1;
        if (is_dense(layer))
            dense_rows(out, p, layer, o, count);
        else
            list_row(out, p, layer, o, WEIGHTS);
        o += count;
    }
    c_array_end(out);
}
