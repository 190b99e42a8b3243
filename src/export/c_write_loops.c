/* The loops over a layer's constants, for each form and type. */
#include "export/c_write.h"

#include <stdio.h>

bool c_has_shifts(const c_program *p, size_t index)
{
    return index == 0 && p->type == ESPALIER_EXPORT_FLOAT && p->shift && !p->one_shift;
}

static void pointers(c_out *out, const c_program *p, size_t index)
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

static void write_sum(c_out *out, const c_program *p, size_t index)
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
        const bool twice = c_has_shifts(p, index);
        c_put(out, "        for (%s n = $_counts%zu[i]; n > 0; n--%s)\n            ", counter, number,
              twice ? ", place++" : "");
        term(out, p, index, twice ? "*place" : "*place++");
        break;
    }
    case C_BITS:
        c_put(out, "        for (%s n = 0; n < %zu; n += 8) {\n"
                   "            const %s *v = x + n;\n", counter, layer->inputs,
              c_value_type(p, index));
        if (c_has_shifts(p, index))
            c_put(out, "            const float *shift = $_shift1 + n;\n");
        c_put(out, "            for (unsigned set = *byte++; set; set >>= 1, v++%s)\n"
                   "                if (set & 1)\n                    ",
              c_has_shifts(p, index) ? ", shift++" : "");
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
    if (c_has_shifts(p, index))
        c_put(out, " - $_shift1[%s]", place);
    else if (index == 0 && !whole && p->shift)
        c_put(out, " - %s", c_float(p->shift[0], number));
    c_put(out, ";\n");
    for (int k = 0; k < C_GROUP; k++)
        c_put(out, "            s%d += *weight++ * v;\n", k);
    c_put(out, "        }\n");
}

static void write_groups(c_out *out, const c_program *p, size_t index, const char *type,
                         c_write_activation *activate)
{
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

void c_write_neurons(c_out *out, const c_program *p, size_t index, c_write_activation *activate)
{
    const char *type = p->type == ESPALIER_EXPORT_FLOAT ? "float" : "int32_t";
    const size_t outputs = p->layers[index].outputs, grouped = c_grouped(p, &p->layers[index]);
    pointers(out, p, index);
    c_put(out, "    %s i = 0;\n", c_counter(p));
    if (grouped)
        write_groups(out, p, index, type, activate);
    if (grouped == outputs)
        return;
    c_put(out, "    for (; i < %zu; i++) {\n        %s sum = $_biases%zu[i];\n", outputs, type, index + 1);
    write_sum(out, p, index);
    c_put(out, "        y[i] = ");
    activate(out, p, index);
    c_put(out, "    }\n");
}
