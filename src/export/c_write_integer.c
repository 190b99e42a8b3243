/* The program in integers. c_run_whole.c computes the same steps. */
#include <stdio.h>

#include "export/c_curve.h"
#include "export/c_write.h"

/* ---- functions of a sum ----------------------------------------------- */

static void level_function(c_out *out)
{
    c_put(out, "\n/* sum * multiplier / 2^(before + after), rounded, at most top */\n"
               "typedef struct $_scale {\n    uint16_t multiplier;\n    uint8_t before, after;\n"
               "} $_scale;\n"
               "\nstatic int32_t $_level(uint32_t sum, const $_scale *scale, uint32_t top)\n{\n"
               "    sum >>= scale->before;\n"
               "    if (sum > 65535)\n        sum = 65535;\n"
               "    sum = (sum * scale->multiplier + ((UINT32_C(1) << scale->after) >> 1)) >> "
               "scale->after;\n"
               "    return (int32_t)(sum < top ? sum : top);\n}\n");
}

static void curve_function(c_out *out, const c_program *p, espalier_activation activation)
{
    const char *name = espalier_activation_name(activation);
    const unsigned bits = c_curve_bits(p->type), fine = C_CURVE_BITS - bits;
    const bool odd = activation == ESPALIER_TANH;
    c_put(out, "\n/* %s(z) for z = 0 to 8, where 1 is %d */\n", name,
          (int)c_curve_one(p->type, activation));
    c_array_begin(out, "int16_t", name, 0, ((size_t)1 << bits) + 1);
    for (size_t i = 0; i <= (size_t)1 << bits; i++)
        c_item_whole(out, p->curves[odd][i]);
    c_array_end(out);
    c_put(out, "\nstatic int32_t $_%s_of(int32_t sum, const $_scale *scale, int shift, int32_t top)\n"
               "{\n"
               "    const uint32_t z = (uint32_t)$_level((uint32_t)(sum < 0 ? -sum : sum), scale, %d);\n"
               "    const int32_t from = $_%s[z >> %u], to = $_%s[(z >> %u) + 1];\n"
               "    int32_t y = from + (((to - from) * (int32_t)(z & %u) + %u) >> %u);\n",
          name, C_CURVE_TOP, name, fine, name, fine, (1u << fine) - 1, (1u << fine) >> 1, fine);
    if (!odd)
        c_put(out, "    if (sum < 0)\n        y = %d - y;\n", (int)c_curve_one(p->type, activation));
    c_put(out, "    y = (y + ((INT32_C(1) << shift) >> 1)) >> shift;\n"
               "    if (y > top)\n        y = top;\n    return %s;\n}\n",
          odd ? "sum < 0 ? -y : y" : "y");
}

/* ---- layers ----------------------------------------------------------- */

static void scales(c_out *out, const char *which, size_t number, const c_rescale *scale,
                   size_t count)
{
    char text[48];
    c_put(out, "static const $_scale $_%s%zu[%zu] = {", which, number, count);
    out->column = 0;
    for (size_t o = 0; o < count; o++) {
        snprintf(text, sizeof text, "{%u, %u, %u}", scale[o].multiplier, scale[o].before,
                 scale[o].after);
        c_item_text(out, text);
    }
    c_array_end(out);
}

static void neurons(c_out *out, const c_program *p, size_t index)
{
    const c_layer *layer = &p->layers[index];
    const size_t number = index + 1;
    c_array_begin(out, "int32_t", "biases", number, layer->outputs);
    for (size_t o = 0; o < layer->outputs; o++)
        c_item_whole(out, layer->sums[o]);
    c_array_end(out);
    if (number < p->layer_count) {
        scales(out, "above", number, layer->above, layer->outputs);
        if (layer->activation == ESPALIER_LEAKY_RELU)
            scales(out, "below", number, layer->below, layer->outputs);
    } else if (c_has_factors(layer)) {
        c_array_begin(out, "uint8_t", "factors", number, layer->outputs);
        for (size_t o = 0; o < layer->outputs; o++)
            c_item_whole(out, layer->factors[o]);
        c_array_end(out);
    }
}

static void activate(c_out *out, const c_program *p, size_t index)
{
    const c_layer *layer = &p->layers[index];
    const char *type = c_value_type(p, index + 1), *name = espalier_activation_name(layer->activation);
    const size_t n = index + 1;
    const int top = (int)layer->top;
    if (n == p->layer_count) {
        c_put(out, c_has_factors(layer) ? "sum * $_factors%zu[i];\n" : "sum;\n", n);
        return;
    }
    c_put(out, "(%s)(", type);
    switch (layer->activation) {
    case ESPALIER_RELU:
        c_put(out, "sum > 0 ? $_level((uint32_t)sum, &$_above%zu[i], %d) : 0);\n", n, top);
        break;
    case ESPALIER_SIGMOID:
    case ESPALIER_TANH:
        c_put(out, "$_%s_of(sum, &$_above%zu[i], %u, %d));\n", name, n, layer->table_shift, top);
        break;
    default:
        c_put(out, "sum < 0 ? %s$_level((uint32_t)-sum, &$_%s%zu[i], %d)\n"
                   "                       : $_level((uint32_t)sum, &$_above%zu[i], %d));\n",
              layer->slope < 0.0f ? "" : "-",
              layer->activation == ESPALIER_LEAKY_RELU ? "below" : "above", n, top, n, top);
    }
}

static void layer_function(c_out *out, const c_program *p, size_t index)
{
    const size_t number = index + 1;
    const bool scores = number == p->layer_count;
    neurons(out, p, index);
    c_put(out, "\nstatic void $_layer%zu(const %s *x, %s *y)\n{\n    const %s *weight = "
               "$_weights%zu;\n", number, c_value_type(p, index),
          scores ? "int32_t" : c_value_type(p, number), c_weight_type(p), number);
    c_write_neurons(out, p, index, activate);
    c_put(out, "}\n");
}

void c_write_integer(c_out *out, const c_program *p)
{
    if (p->layer_count > 1)
        level_function(out);
    if (c_has(p, ESPALIER_SIGMOID))
        curve_function(out, p, ESPALIER_SIGMOID);
    if (c_has(p, ESPALIER_TANH))
        curve_function(out, p, ESPALIER_TANH);
    for (size_t l = 0; l < p->layer_count; l++) {
        c_put(out, "\n");
        c_write_weights(out, p, l);
        layer_function(out, p, l);
    }
    c_write_best(out, p);
    c_write_predict(out, p);
}
