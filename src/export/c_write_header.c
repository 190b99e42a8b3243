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

void c_write_header(c_out *out, const c_program *p, const char *file)
{
    c_put(out, "/* $: see ");
    c_put_text(out, file);
    c_put(out, ". Written by espalier %s. */\n#ifndef @_H\n#define @_H\n\n#include <stdint.h>\n\n",
          espalier_version());
    c_put(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n#define @_INPUTS %zu\n"
               "#define @_CLASSES %zu\n\n", p->row_width, p->classes);
    classes(out, p);
    c_put(out, "\n");
    float_functions(out, p);
    c_put(out, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}
