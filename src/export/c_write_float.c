/* The program in floats. c_run.c computes the same steps. */
#include "export/c_write.h"

/* e^z for z <= 0 without the C library: z = r - n ln 2 with |r| <= ln(2) / 2, ln 2 in two
 * parts so that r keeps its digits; e^r by its series to r^7, whose remainder is below
 * 6e-9; then n halvings. */
static void exponential(c_out *out)
{
    c_put(out, "\n/* e^z for z <= 0 */\n"
               "static float $_exp(float z)\n{\n"
               "    if (!(z >= -87.0f))\n"
               "        return z < -87.0f ? 0.0f : z;\n"
               "    int32_t n = (int32_t)(0.5f - z * 1.44269504f);\n"
               "    const float r = (z + (float)n * 0.693359375f) - (float)n * 2.12194440e-4f;\n"
               "    float y = 0.00138888889f + r * 0.000198412698f;\n"
               "    y = 0.0416666667f + r * (0.00833333333f + r * y);\n"
               "    y = 1.0f + r * (1.0f + r * (0.5f + r * (0.166666667f + r * y)));\n"
               "    for (; n >= 16; n -= 16)\n"
               "        y *= 1.52587890625e-5f;\n"
               "    for (; n > 0; n--)\n"
               "        y *= 0.5f;\n"
               "    return y;\n}\n");
}

static void sigmoid(c_out *out)
{
    c_put(out, "\nstatic float $_sigmoid(float z)\n{\n"
               "    const float e = $_exp(z < 0.0f ? z : -z);\n"
               "    return z < 0.0f ? e / (1.0f + e) : 1.0f / (1.0f + e);\n}\n");
}

static void tangent(c_out *out)
{
    c_put(out, "\nstatic float $_tanh(float z)\n{\n"
               "    const float e = $_exp(z < 0.0f ? 2.0f * z : -2.0f * z);\n"
               "    const float t = (1.0f - e) / (1.0f + e);\n"
               "    return z < 0.0f ? -t : t;\n}\n");
}

static void activate(c_out *out, const c_program *p, size_t index)
{
    const c_layer *layer = &p->layers[index];
    char slope[C_FLOAT_BYTES];
    switch (layer->activation) {
    case ESPALIER_RELU:
        c_put(out, "sum < 0.0f ? 0.0f : sum;\n");
        break;
    case ESPALIER_LEAKY_RELU:
        c_put(out, "sum > 0.0f ? sum : %s * sum;\n", c_float(layer->slope, slope));
        break;
    case ESPALIER_SIGMOID:
        c_put(out, "$_sigmoid(sum);\n");
        break;
    case ESPALIER_TANH:
        c_put(out, "$_tanh(sum);\n");
        break;
    default:
        c_put(out, "sum;\n");
    }
}

static void layer_function(c_out *out, const c_program *p, size_t index)
{
    const c_layer *layer = &p->layers[index];
    const size_t number = index + 1;
    c_array_begin(out, "float", "biases", number, layer->outputs);
    for (size_t o = 0; o < layer->outputs; o++)
        c_item_float(out, layer->biases[o]);
    c_array_end(out);
    c_put(out, "\nstatic void $_layer%zu(const float *x, float *y)\n{\n"
               "    const float *weight = $_weights%zu;\n", number, number);
    c_write_neurons(out, p, index, activate);
    c_put(out, "}\n");
}

static void probabilities(c_out *out, const c_program *p)
{
    c_put(out, "\nint $_probabilities(const float x[@_INPUTS], float probabilities[@_CLASSES])\n{\n"
               "    const int best = $_predict(x, probabilities);\n"
               "    const float largest = probabilities[best];\n"
               "    float sum = 0.0f;\n");
    c_put(out, "    for (%s k = 0; k < @_CLASSES; k++) {\n"
               "        probabilities[k] = $_exp(probabilities[k] - largest);\n"
               "        sum += probabilities[k];\n    }\n", c_counter(p));
    c_put(out, "    for (%s k = 0; k < @_CLASSES; k++)\n"
               "        probabilities[k] /= sum;\n"
               "    return best;\n}\n", c_counter(p));
}

void c_write_float(c_out *out, const c_program *p)
{
    const bool curve[] = {c_has(p, ESPALIER_SIGMOID), c_has(p, ESPALIER_TANH)};
    if (curve[0] || curve[1] || p->probabilities)
        exponential(out);
    if (curve[0])
        sigmoid(out);
    if (curve[1])
        tangent(out);
    for (size_t l = 0; l < p->layer_count; l++) {
        c_put(out, "\n");
        c_write_weights(out, p, l);
        layer_function(out, p, l);
    }
    c_write_best(out, p);
    c_write_predict(out, p);
    if (p->probabilities)
        probabilities(out, p);
}
