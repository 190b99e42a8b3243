/* Integers of every layer.
 *
 * A neuron computes  z = b + sum_j w_j x_j,  its inputs  x_j = offset_j + unit_j q_j  with
 * whole q_j, |q_j| <= top (offset 0 but in the first layer). With v_j = w_j unit_j and a
 * unit s of its own
 *   W_j = round(v_j / s),  B = round((b + sum_j w_j offset_j) / s),  z ~ s (B + sum_j W_j q_j).
 * s is the smallest for which |W_j| fits its type and no partial sum can leave 32 bits:
 * in whatever order the terms come, a partial sum lies between B - top sum|W_j| and
 * B + top sum|W_j|, and for q_j >= 0 between those of the negative and positive W_j. */
#include "export/c_quantise.h"

#include <math.h>

#include "base/memory.h"
#include "export/c_curve.h"

/* ---- one neuron ------------------------------------------------------- */

/* What a neuron reads. */
typedef struct source {
    const float *offset, *gain; /* by place; NULL: 0, and `unit` for all */
    double unit;
    int32_t top;
    bool is_signed;
} source;

static source source_of(const c_program *p, size_t index)
{
    if (index) {
        const c_layer *before = &p->layers[index - 1];
        return (source){NULL, NULL, before->unit, before->top, before->is_signed};
    }
    return (source){p->input.offset, p->input.gain, 1.0, p->input.top, !p->input.bytes};
}

static double value(const c_layer *layer, const source *from, size_t i)
{
    const double w = (double)layer->weights[i];
    return from->gain ? w / (double)from->gain[layer->places[i]] : w * from->unit;
}

static double bias(const c_layer *layer, const source *from, size_t o)
{
    double sum = layer->exact_biases[o];
    for (size_t i = layer->starts[o]; from->offset && i < layer->starts[o + 1]; i++)
        sum += (double)layer->weights[i] * (double)from->offset[layer->places[i]];
    return sum;
}

/* The smallest unit by the largest weight and by the reach of sums. */
static double least_unit(const c_layer *layer, const source *from, size_t o, double most,
                         double limit)
{
    const double b = bias(layer, from, o);
    double largest = 0.0, positive = 0.0, negative = 0.0;
    for (size_t i = layer->starts[o]; i < layer->starts[o + 1]; i++) {
        const double v = value(layer, from, i);
        largest = fmax(largest, fabs(v));
        positive += v > 0.0 || from->is_signed ? fabs(v) : 0.0;
        negative += v < 0.0 || from->is_signed ? fabs(v) : 0.0;
    }
    const double top = (double)from->top;
    const double reach = fmax(b + top * positive, top * negative - b);
    return fmax(largest / most, fmax(reach, fabs(b)) / limit);
}

/* Rounds the neuron in this unit; returns the reach of its sums. */
static int64_t round_neuron(c_layer *layer, const source *from, size_t o, double unit, double most)
{
    int64_t positive = 0, negative = 0;
    const double b = round(bias(layer, from, o) / unit);
    for (size_t i = layer->starts[o]; i < layer->starts[o + 1]; i++) {
        const double w = round(value(layer, from, i) / unit);
        layer->wholes[i] = (int16_t)fmax(-most, fmin(most, w));
        const int64_t size = layer->wholes[i] < 0 ? -layer->wholes[i] : layer->wholes[i];
        positive += layer->wholes[i] > 0 || from->is_signed ? size * from->top : 0;
        negative += layer->wholes[i] < 0 || from->is_signed ? size * from->top : 0;
    }
    layer->sums[o] = (int32_t)fmax(-(double)INT32_MAX, fmin((double)INT32_MAX, b));
    const int64_t high = layer->sums[o] + positive, low = layer->sums[o] - negative;
    return high > -low ? high : -low;
}

/* Rounding up can take a sum beyond the limit that the exact one kept; then a little
 * larger units do. */
static const double a_little = 1.0 + 1.0 / 1024;

static double fit_neuron(c_layer *layer, const source *from, size_t o, double most, int64_t limit)
{
    double unit = least_unit(layer, from, o, most, (double)limit);
    if (unit <= 0.0 || !isnormal(unit))
        unit = 1.0; /* nothing to compute */
    int64_t reach;
    while ((reach = round_neuron(layer, from, o, unit, most)) > limit)
        unit *= a_little;
    if (reach > layer->reach)
        layer->reach = reach;
    return unit;
}

/* ---- levels ----------------------------------------------------------- */

/* t = sum >> before has 16 bits where the level is full, so that the shift takes nothing
 * that counts; the multiplier has 15, so that their product has 31. */
c_rescale c_rescale_make(double factor, int32_t top)
{
    c_rescale made = {0, 0, 0};
    double full = fmin((double)top / factor, 2147483648.0);
    for (; full >= 65536.0; full *= 0.5, factor *= 2.0)
        made.before++;
    for (; made.after < 31 && factor * 2.0 < 32768.0; factor *= 2.0)
        made.after++;
    made.multiplier = (uint16_t)fmin(round(factor), 32768.0);
    return made;
}

static bool is_signed(espalier_activation activation)
{
    return activation != ESPALIER_RELU && activation != ESPALIER_SIGMOID;
}

/* Bits of values and of weights share those of the sums, less what so many terms need:
 * the terms as if all were as large as the largest, on the mean of the neurons. range is
 * the size of the values, or NULL: the same for all. */
static unsigned balanced_bits(const c_layer *next, const float *range)
{
    double terms = 0.0;
    for (size_t o = 0; o < next->outputs; o++) {
        double sum = 0.0, largest = 0.0;
        for (size_t i = next->starts[o]; i < next->starts[o + 1]; i++) {
            const double size = range ? (double)range[next->places[i]] : 1.0;
            const double term = fabs((double)next->weights[i]) * size;
            sum += term;
            largest = fmax(largest, term);
        }
        terms += largest > 0.0 ? fmin(sum / largest, 1048576.0) : 1.0;
    }
    const double bits = 0.5 * (31.0 - log2(fmax(terms / (double)next->outputs, 1.0)));
    return (unsigned)fmax(8.0, fmin(15.0, bits));
}

static void choose_levels(const c_program *p, size_t index, double range)
{
    c_layer *layer = &p->layers[index];
    const bool curve = c_is_curve(layer->activation);
    layer->is_signed = is_signed(layer->activation);
    unsigned bits = layer->is_signed ? 7 : 8;
    if (p->type == ESPALIER_EXPORT_INT16)
        bits = balanced_bits(&p->layers[index + 1], NULL);
    layer->top = (int32_t)(1u << bits) - 1;
    layer->unit = range / (double)layer->top;
    if (curve) {
        layer->table_shift = 15 - bits;
        layer->unit = ldexp(1.0, (int)layer->table_shift) / c_curve_one(p->type, layer->activation);
    }
}

static void rescale(c_layer *layer, size_t o, double unit)
{
    const double slope = fabs((double)layer->slope);
    if (c_is_curve(layer->activation))
        layer->above[o] = c_rescale_make(unit / C_CURVE_UNIT, C_CURVE_TOP);
    else
        layer->above[o] = c_rescale_make(unit / layer->unit, layer->top);
    layer->below[o] = (c_rescale){0, 0, 0};
    if (layer->activation == ESPALIER_LEAKY_RELU && slope > 0.0)
        layer->below[o] = c_rescale_make(unit * slope / layer->unit, layer->top);
}

/* Levels of a row that is no bytes: value = offset + level / gain. */
static void choose_input(c_program *p)
{
    const unsigned bits =
        p->type == ESPALIER_EXPORT_INT16 ? balanced_bits(&p->layers[0], p->input.range) : 7;
    p->input.top = (int32_t)(1u << bits) - 1;
    for (size_t c = 0; c < p->row_width; c++)
        p->input.gain[c] = (float)p->input.top / p->input.range[c];
}

/* ---- layers ----------------------------------------------------------- */

static double most_of(const c_program *p)
{
    return p->type == ESPALIER_EXPORT_INT8 ? 127.0 : 32767.0;
}

static void hidden(c_program *p, size_t index, double range)
{
    c_layer *layer = &p->layers[index];
    const source from = source_of(p, index);
    layer->reach = 0;
    choose_levels(p, index, range);
    for (size_t o = 0; o < layer->outputs; o++)
        rescale(layer, o, fit_neuron(layer, &from, o, most_of(p), INT32_MAX));
}

/* Scores of all classes are in one unit: a neuron's own is a whole multiple of it, at most
 * `most_factor`, and that is what its sum is multiplied with. Returns the squared error
 * of the weights to be expected, without a constant. */
static double last(c_program *p, int32_t most_factor)
{
    c_layer *layer = &p->layers[p->layer_count - 1];
    const source from = source_of(p, p->layer_count - 1);
    double common = 0.0, error;
    for (size_t o = 0; o < layer->outputs; o++)
        common = fmax(common, least_unit(layer, &from, o, most_of(p),
                                         (double)(INT32_MAX / most_factor)) / most_factor);
    if (common <= 0.0 || !isnormal(common))
        common = 1.0;
    bool fits;
    do {
        fits = true;
        error = 0.0;
        layer->reach = 0;
        for (size_t o = 0; o < layer->outputs && fits; o++) {
            const double own = least_unit(layer, &from, o, most_of(p),
                                          (double)(INT32_MAX / most_factor));
            const double factor = fmax(1.0, fmin(ceil(own / common), most_factor));
            layer->factors[o] = (int32_t)factor;
            const int64_t reach =
                round_neuron(layer, &from, o, factor * common, most_of(p)) * layer->factors[o];
            layer->reach = reach > layer->reach ? reach : layer->reach;
            fits = reach <= INT32_MAX;
            error += factor * common * factor * common *
                     (double)(layer->starts[o + 1] - layer->starts[o]);
        }
        p->score_unit = common;
        common *= a_little;
    } while (!fits);
    return error;
}

static void best_last(c_program *p)
{
    static const int32_t factors[] = {64, 16, 4, 1};
    enum { FACTORS = sizeof factors / sizeof *factors };
    size_t best = 0;
    double least = last(p, factors[0]);
    for (size_t f = 1; f < FACTORS; f++) {
        const double error = last(p, factors[f]);
        if (error < least) {
            least = error;
            best = f;
        }
    }
    last(p, factors[best]);
}

void c_quantise(c_program *p, const double *ranges)
{
    if (!p->input.bytes)
        choose_input(p);
    for (size_t l = 0; l + 1 < p->layer_count; l++)
        hidden(p, l, ranges[l]);
    best_last(p);
}

espalier_status c_quantise_reserve(c_program *p, espalier_error *error)
{
    bool ready = true;
    for (size_t l = 0; l < p->layer_count; l++) {
        c_layer *layer = &p->layers[l];
        layer->wholes =
            memory_array(p->allocator, layer->starts[layer->outputs], sizeof *layer->wholes);
        layer->sums = memory_array(p->allocator, layer->outputs, sizeof *layer->sums);
        layer->above = memory_array(p->allocator, layer->outputs, sizeof *layer->above);
        layer->below = memory_array(p->allocator, layer->outputs, sizeof *layer->below);
        layer->factors = memory_array(p->allocator, layer->outputs, sizeof *layer->factors);
        ready = ready && layer->wholes && layer->sums && layer->above && layer->below &&
                layer->factors;
    }
    return ready ? ESPALIER_OK : error_memory(error);
}
