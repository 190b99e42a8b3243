/* The header: the functions, their sizes, the names of the classes. */
#include "export/c_write.h"

static void classes(c_out *out, const c_program *p)
{
    c_put(out, "/* Classes\n");
    for (size_t k = 0; k < p->classes; k++) {
        c_put(out, " *   %zu  \"", k);
        c_put_text(out, espalier_network_class_name(p->network, k));
        c_put(out, "\"\n");
    }
    c_put(out, " */\n");
}

/* Where the data name their columns: what stands where in a row. */
static void inputs(c_out *out, const c_program *p, const espalier_dataset *data)
{
    if (!data || !espalier_dataset_input_name(data, 0))
        return;
    c_put(out, "/* Inputs, in the order of a row\n");
    for (size_t c = 0; c < p->row_width; c++) {
        const char *name = espalier_dataset_input_name(data, c);
        c_put(out, " *   %zu  \"", c);
        c_put_text(out, name ? name : "");
        c_put(out, "\"\n");
    }
    c_put(out, " */\n\n");
}

static void float_functions(c_out *out, const c_program *p)
{
    c_put(out, "/* The class of a row: the first of those with the largest score.\n"
               " * x       the row as the data have it, not scaled: that is folded into the weights\n"
               " * scores  written: the values before softmax */\n"
               "int $_predict(const float x[@_INPUTS], float scores[@_CLASSES]);\n");
    if (p->probabilities)
        c_put(out, "\n/* The same with the probabilities of the classes in the scores' place. */\n"
                   "int $_probabilities(const float x[@_INPUTS], float "
                   "probabilities[@_CLASSES]);\n");
}

/* A row of bytes needs nothing; any other is told in levels, by a function that only
 * those get who have floats. */
static void quantise_function(c_out *out, const c_program *p)
{
    const char *type = c_value_type(p, 0);
    c_put(out, "\n#ifdef @_FLOAT_ROWS /* to be defined where rows come as floats */\n");
    c_array_begin(out, "float", "offset", 0, p->row_width);
    for (size_t c = 0; c < p->row_width; c++)
        c_item_float(out, p->input.offset[c]);
    c_array_end(out);
    c_array_begin(out, "float", "gain", 0, p->row_width);
    for (size_t c = 0; c < p->row_width; c++)
        c_item_float(out, p->input.gain[c]);
    c_array_end(out);
    c_put(out, "\n/* row, as the data have it, in levels: (value - offset) gain, rounded. */\n"
               "static inline void $_quantise(const float row[@_INPUTS], %s x[@_INPUTS])\n{\n"
               "    for (%s c = 0; c < @_INPUTS; c++) {\n"
               "        const float v = (row[c] - $_offset[c]) * $_gain[c];\n"
               "        const int level = v >= %d.0f ? %d : v > -%d.0f\n"
               "            ? (v < 0.0f ? -(int)(0.5f - v) : (int)(v + 0.5f)) : -%d;\n"
               "        x[c] = (%s)level;\n    }\n}\n#endif\n",
          type, c_counter(p), (int)p->input.top, (int)p->input.top, (int)p->input.top,
          (int)p->input.top, type);
}

static void integer_functions(c_out *out, const c_program *p)
{
    char unit[C_FLOAT_BYTES];
    c_put(out, "/* The class of a row: the first of those with the largest score.\n");
    if (p->input.bytes)
        c_put(out, " * x       the row as the data have it, bytes\n");
    else
        c_put(out, " * x       the row in levels from -%d to %d: round((value - offset) gain), each "
                   "column\n *         with its own; see $_quantise() below\n",
              (int)p->input.top, (int)p->input.top);
    c_put(out, " * scores  written: the values before softmax, of which 1 stands for %s */\n"
               "int $_predict(const %s x[@_INPUTS], int32_t scores[@_CLASSES]);\n",
          c_float((float)p->score_unit, unit), c_value_type(p, 0));
    if (!p->input.bytes)
        quantise_function(out, p);
}

void c_write_header(c_out *out, const c_program *p, const espalier_dataset *data,
                    const char *file)
{
    c_put(out, "/* $: see ");
    c_put_text(out, file);
    c_put(out, ". Written by espalier %s. */\n#ifndef @_H\n#define @_H\n\n#include <stdint.h>\n\n",
          espalier_version());
    c_put(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n#define @_INPUTS %zu\n"
               "#define @_CLASSES %zu\n\n", p->row_width, p->classes);
    inputs(out, p, data);
    classes(out, p);
    c_put(out, "\n");
    if (p->type == ESPALIER_EXPORT_FLOAT)
        float_functions(out, p);
    else
        integer_functions(out, p);
    c_put(out, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}
