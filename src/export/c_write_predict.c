/* The function that is called, and the largest score. */
#include "export/c_write.h"

static const char *score_type(const c_program *p)
{
    return p->type == ESPALIER_EXPORT_FLOAT ? "float" : "int32_t";
}

void c_write_best(c_out *out, const c_program *p)
{
    c_put(out, "\n/* The first of the largest scores. */\n"
               "static int $_best(const %s *scores)\n{\n    int best = 0;\n"
               "    for (int k = 1; k < @_CLASSES; k++)\n"
               "        if (scores[k] > scores[best])\n"
               "            best = k;\n    return best;\n}\n", score_type(p));
}

/* Layers write to a and b in turn. Both are bytes of either sign where values are
 * bytes, so one of them may be read as the other kind. */
static void call(c_out *out, const c_program *p, size_t l)
{
    static const char *const buffers[] = {"a", "b"};
    const char *from = l ? buffers[(l - 1) % 2] : "x", *to = buffers[l % 2];
    const bool last = l + 1 == p->layer_count;
    const bool bytes = p->type == ESPALIER_EXPORT_INT8;
    const bool cast_from = bytes && l && p->layers[l - 1].is_signed;
    const bool cast_to = bytes && !last && p->layers[l].is_signed;
    c_put(out, "    $_layer%zu(%s%s, %s%s);\n", l + 1, cast_from ? "(const int8_t *)" : "", from,
          cast_to ? "(int8_t *)" : "", last ? "scores" : to);
}

void c_write_predict(c_out *out, const c_program *p)
{
    const char *kept = p->type == ESPALIER_EXPORT_FLOAT  ? "float"
                       : p->type == ESPALIER_EXPORT_INT8 ? "uint8_t" : "int16_t";
    c_put(out, "\nint $_predict(const %s x[@_INPUTS], %s scores[@_CLASSES])\n{\n",
          c_value_type(p, 0), score_type(p));
    if (p->widest[0])
        c_put(out, "    %s a[%zu];\n", kept, p->widest[0]);
    if (p->widest[1])
        c_put(out, "    %s b[%zu];\n", kept, p->widest[1]);
    for (size_t l = 0; l < p->layer_count; l++)
        call(out, p, l);
    c_put(out, "    return $_best(scores);\n}\n");
}
