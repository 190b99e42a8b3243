/* The constants of a layer and the loop over them, for each form and type. */
#include "export/c_write.h"

#include <stdio.h>

/* ---- types ------------------------------------------------------------ */

const char *c_counter(const c_program *p)
{
    bool large = p->row_width > UINT16_MAX;
    for (size_t l = 0; l < p->layer_count; l++)
        large = large || p->layers[l].outputs > UINT16_MAX || p->layers[l].most > UINT16_MAX;
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

/* Every value of the row has a shift of its own to be taken off. */
static bool has_shifts(const c_program *p, size_t index)
{
    return index == 0 && p->type == ESPALIER_EXPORT_FLOAT && p->shift && !p->one_shift;
}

void c_write_weights(c_out *out, const c_program *p, size_t index)
{
    const c_layer *layer = &p->layers[index];
    if (has_shifts(p, index))
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

/* ---- the loop --------------------------------------------------------- */

void c_write_pointers(c_out *out, const c_program *p, size_t index)
{
    const c_layer *layer = &p->layers[index];
    if (layer->form == C_PLACES)
        c_put(out, "    const %s *place = $_places%zu;\n", c_index_type(layer->inputs), index + 1);
    if (layer->form == C_GAPS)
        c_put(out, "    const uint8_t *gap = $_gaps%zu;\n", index + 1);
    if (layer->form == C_BITS)
        c_put(out, "    const uint8_t *byte = $_bits%zu;\n", index + 1);
}

/* sum += weight * x[place]; with a shift that could not be folded. */
static void term(c_out *out, const c_program *p, size_t index, const char *place)
{
    char number[C_FLOAT_BYTES];
    const bool whole = p->type != ESPALIER_EXPORT_FLOAT;
    c_put(out, "sum += %s*weight++ * ", whole ? "(int32_t)" : "");
    if (index || whole || !p->shift)
        c_put(out, "x[%s];\n", place);
    else if (p->one_shift)
        c_put(out, "(x[%s] - %s);\n", place, c_float(p->shift[0], number));
    else
        c_put(out, "(x[%s] - $_shift1[%s]);\n", place, place);
}

/* The same where a pointer walks with the bits. */
static void bit_term(c_out *out, const c_program *p, size_t index)
{
    char number[C_FLOAT_BYTES];
    if (p->type != ESPALIER_EXPORT_FLOAT)
        c_put(out, "sum += (int32_t)*weight++ * *v;\n");
    else if (index || !p->shift)
        c_put(out, "sum += *weight++ * *v;\n");
    else if (p->one_shift)
        c_put(out, "sum += *weight++ * (*v - %s);\n", c_float(p->shift[0], number));
    else
        c_put(out, "sum += *weight++ * (*v - *shift);\n");
}

void c_write_sum(c_out *out, const c_program *p, size_t index)
{
    const c_layer *layer = &p->layers[index];
    const char *counter = c_counter(p);
    const size_t number = index + 1;
    char place[C_NAME_BYTES + 32] = "n";
    switch (layer->form) {
    case C_COLUMNS:
        snprintf(place, sizeof place, "%s_columns%zu[n]", p->name, number);
        /* fall through */
    case C_DENSE:
        c_put(out, "        for (%s n = 0; n < %zu; n++)\n            ", counter,
              layer->form == C_DENSE ? layer->inputs : p->column_count);
        term(out, p, index, place);
        break;
    case C_PLACES: {
        const bool twice = has_shifts(p, index);
        c_put(out, "        for (%s n = $_counts%zu[i]; n > 0; n--%s)\n            ", counter, number,
              twice ? ", place++" : "");
        term(out, p, index, twice ? "*place" : "*place++");
        break;
    }
    case C_BITS:
        c_put(out, "        for (%s n = 0; n < %zu; n += 8) {\n"
                   "            const %s *v = x + n;\n", counter, layer->inputs,
              c_value_type(p, index));
        if (has_shifts(p, index))
            c_put(out, "            const float *shift = $_shift1 + n;\n");
        c_put(out, "            for (unsigned set = *byte++; set; set >>= 1, v++%s)\n"
                   "                if (set & 1)\n                    ",
              has_shifts(p, index) ? ", shift++" : "");
        bit_term(out, p, index);
        c_put(out, "        }\n");
        break;
    default:
        c_put(out, "        %s at = 0;\n", counter);
        c_put(out, "        for (%s n = $_counts%zu[i]; n > 0; n--) {\n            at += *gap++;\n"
                   "            ", counter, number);
        term(out, p, index, "at");
        c_put(out, "        }\n");
    }
}

/* ---- by fours --------------------------------------------------------- */

static void group_loop(c_out *out, const c_program *p, size_t index)
{
    const c_layer *layer = &p->layers[index];
    const bool whole = p->type != ESPALIER_EXPORT_FLOAT, all = layer->form == C_DENSE;
    char number[C_FLOAT_BYTES], place[C_NAME_BYTES + 32] = "n";
    if (!all)
        snprintf(place, sizeof place, "%s_columns%zu[n]", p->name, index + 1);
    c_put(out, "        for (%s n = 0; n < %zu; n++) {\n            const %s v = x[%s]", c_counter(p),
          all ? layer->inputs : p->column_count, whole ? "int32_t" : "float", place);
    if (has_shifts(p, index))
        c_put(out, " - $_shift1[%s]", place);
    else if (index == 0 && !whole && p->shift)
        c_put(out, " - %s", c_float(p->shift[0], number));
    c_put(out, ";\n");
    for (int k = 0; k < C_GROUP; k++)
        c_put(out, "            s%d += *weight++ * v;\n", k);
    c_put(out, "        }\n");
}

void c_write_groups(c_out *out, const c_program *p, size_t index, c_write_activation *activate)
{
    const char *type = p->type == ESPALIER_EXPORT_FLOAT ? "float" : "int32_t";
    const size_t grouped = c_grouped(p, &p->layers[index]);
    c_put(out, "    while (i < %zu) {\n        %s ", grouped, type);
    for (int k = 0; k < C_GROUP; k++)
        c_put(out, "%ss%d = $_biases%zu[i + %d]", k ? ", " : "", k, index + 1, k);
    c_put(out, ";\n");
    group_loop(out, p, index);
    c_put(out, "        const %s sums[] = {s0, s1, s2, s3};\n"
               "        for (int k = 0; k < %d; k++, i++) {\n            const %s sum = sums[k];\n"
               "            y[i] = ", type, C_GROUP, type);
    activate(out, p, index);
    c_put(out, "        }\n    }\n");
}
