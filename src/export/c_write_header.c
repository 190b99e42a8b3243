/* The header: the functions, their sizes, the names of the classes. */
#include "export/c_write.h"

#include "base/memory.h"
#include "data/columns.h"

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

static void input_begin(c_out *out, size_t c, const char *name)
{
    c_put(out, " *   %zu  \"", c);
    c_put_text(out, name ? name : "");
    c_put(out, "\"");
}

/* The columns of a table that goes with the network: categories are told as 0 or 1 each, and a
 * value that is missing as the number that training put in its place. */
static void table_inputs(c_out *out, const c_program *p, const columns *table)
{
    char number[C_FLOAT_BYTES];
    for (size_t i = 0; i < table->count; i++) {
        const column *one = &table->items[i];
        const bool category = one->kind == COLUMN_CATEGORY;
        for (size_t v = 0; v < (category ? one->values.count : 1); v++) {
            char *name = columns_input_name(one, v, p->allocator);
            input_begin(out, one->first + v, name);
            memory_release(p->allocator, name);
            if (category)
                c_put(out, "  1 where it is so, else 0%s",
                      one->filled && one->fill_value == v ? "; 1 where it is missing" : "");
            else if (one->filled)
                c_put(out, "  where it is missing: %s", c_float(one->fill, number));
            c_put(out, "\n");
        }
    }
}

/* Where the columns have names: what stands where in a row. */
static void inputs(c_out *out, const c_program *p, const espalier_dataset *data)
{
    columns table = {.allocator = p->allocator};
    const char *text = espalier_network_metadata(p->network, "columns");
    const bool known = text && columns_parse(text, p->allocator, &table, NULL) == ESPALIER_OK &&
                       table.named && table.inputs == p->row_width;
    const bool named = known || (data && espalier_dataset_input_name(data, 0));
    if (named)
        c_put(out, "/* Inputs, in the order of a row\n");
    if (known)
        table_inputs(out, p, &table);
    for (size_t c = 0; named && !known && c < p->row_width; c++) {
        input_begin(out, c, espalier_dataset_input_name(data, c));
        c_put(out, "\n");
    }
    if (named)
        c_put(out, " */\n\n");
    columns_clear(&table);
}

static void float_functions(c_out *out, const c_program *p)
{
    c_put(out, "/* The class of a row: the first of those with the largest score.\n"
               " * x       the row as the data have it, not scaled: that is folded into the weights\n"
               " * scores  written: the values before softmax\n"
               " * A NaN in x, as of a broken sensor, makes scores NaN, and the class, mostly 0, says\n"
               " * nothing: a row that may have one is to be looked at before. */\n"
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
    c_put(out, "\n/* row, as the data have it, in levels: (value - offset) gain, rounded. A NaN,\n"
               " * as of a broken sensor, becomes the lowest level, -%d: a row that may have one is to be\n"
               " * looked at before. */\n"
               "static inline void $_quantise(const float row[@_INPUTS], %s x[@_INPUTS])\n{\n"
               "    for (%s c = 0; c < @_INPUTS; c++) {\n"
               "        const float v = (row[c] - $_offset[c]) * $_gain[c];\n"
               "        const int level = v >= %d.0f ? %d : v > -%d.0f\n"
               "            ? (v < 0.0f ? -(int)(0.5f - v) : (int)(v + 0.5f)) : -%d;\n"
               "        x[c] = (%s)level;\n    }\n}\n#endif\n",
          (int)p->input.top, type, c_counter(p), (int)p->input.top, (int)p->input.top, (int)p->input.top,
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
