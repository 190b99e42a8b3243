/* Measuring a network, and what programs read of it. What people read is
 * analysis_text.c's business. */
#include "analysis.h"

#include <math.h>
#include <stdlib.h>

#include "resume.h"

int analysis_make(analysis *made, const char *path)
{
    espalier_error error = {0};
    *made = (analysis){.path = path};
    int code = read_model(path, &made->network);
    if (code != EXIT_NONE)
        return code;
    const size_t count = espalier_network_layer_count(made->network);
    made->layers = calloc(count, sizeof *made->layers);
    if (!made->layers) {
        message("out of memory");
        return EXIT_FAILED;
    }
    for (; made->count < count; made->count++) {
        layer_analysis *layer = &made->layers[made->count];
        layer->inputs = espalier_network_inputs(made->network, made->count);
        layer->outputs = espalier_network_outputs(made->network, made->count);
        layer->cost = espalier_network_layer_cost(made->network, made->count);
        if (espalier_network_spectrum(made->network, made->count, NULL, &layer->spectrum, &error)) {
            message("%s: %s", path, error.message);
            return EXIT_FAILED;
        }
    }
    return EXIT_NONE;
}

void analysis_clear(analysis *made)
{
    for (size_t l = 0; l < made->count; l++)
        espalier_spectrum_clear(&made->layers[l].spectrum, NULL);
    free(made->layers);
    espalier_network_destroy(made->network);
    *made = (analysis){0};
}

/* A layer's index-th singular value; 0 past the last, as if rows and columns of
 * zeros had been added, which changes none of the others. */
static double value_at(const layer_analysis *layer, size_t index)
{
    return index < layer->spectrum.count ? (double)layer->spectrum.values[index] : 0.0;
}

double analysis_median(const layer_analysis *layer)
{
    const size_t count = layer->spectrum.count;
    return (value_at(layer, (count - 1) / 2) + value_at(layer, count / 2)) / 2;
}

double analysis_sparsity(const layer_analysis *layer)
{
    return 1.0 - (double)layer->cost.nonzero / (double)layer->cost.weights;
}

double analysis_ratio(double after, double before)
{
    return before > 0.0 ? after / before : NAN;
}

/* ---- two networks -------------------------------------------------------- */

/* How one singular value compares: after / before, after - before, and the first
 * with both taken as shares of their largest. */
typedef struct change {
    double ratio, difference, relative_ratio;
} change;

static change change_of(const layer_analysis *after, const layer_analysis *before, size_t index)
{
    const double a = value_at(after, index), b = value_at(before, index);
    return (change){.ratio = analysis_ratio(a, b),
                    .difference = a - b,
                    .relative_ratio =
                        analysis_ratio(analysis_ratio(a, value_at(after, 0)),
                                       analysis_ratio(b, value_at(before, 0)))};
}

/* Values to compare: those of the layer that has more of them. */
static size_t change_count(const layer_analysis *after, const layer_analysis *before)
{
    const size_t a = after->spectrum.count, b = before->spectrum.count;
    return a > b ? a : b;
}

/* ---- JSON ---------------------------------------------------------------- */

static json_t *layer_json(const layer_analysis *layer)
{
    const espalier_spectrum *s = &layer->spectrum;
    json_t *values = json_array();
    for (size_t i = 0; i < s->count; i++)
        json_array_append_new(values, json_number((double)s->values[i]));
    return json_pack(
        "{s:I, s:I, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "inputs",
        (json_int_t)layer->inputs, "outputs", (json_int_t)layer->outputs, "singular_values", values,
        "rank", (json_int_t)s->rank, "stable_rank", json_number(s->stable_rank), "spectral",
        json_number(s->spectral), "frobenius", json_number(s->frobenius), "nuclear",
        json_number(s->nuclear), "sparsity", json_number(analysis_sparsity(layer)), "weights",
        (json_int_t)layer->cost.weights, "nonzero", (json_int_t)layer->cost.nonzero, "live",
        (json_int_t)layer->cost.live, "flops", (json_int_t)layer->cost.flops, "bytes",
        (json_int_t)layer->cost.bytes);
}

static void add_changes(json_t *object, const layer_analysis *after, const layer_analysis *before)
{
    json_t *ratios = json_array(), *differences = json_array(), *relative = json_array();
    for (size_t i = 0; i < change_count(after, before); i++) {
        const change c = change_of(after, before, i);
        json_array_append_new(ratios, json_number(c.ratio));
        json_array_append_new(differences, json_number(c.difference));
        json_array_append_new(relative, json_number(c.relative_ratio));
    }
    json_object_set_new(object, "baseline", layer_json(before));
    json_object_set_new(object, "ratios", ratios);
    json_object_set_new(object, "differences", differences);
    json_object_set_new(object, "relative_ratios", relative);
}

static json_t *total_json(const espalier_network *network)
{
    const espalier_cost cost = espalier_network_cost(network);
    return json_pack("{s:{s:o, s:o}, s:I, s:I, s:I, s:I, s:I}", "sparsity", "all",
                     json_number(espalier_network_sparsity(network)), "prunable",
                     json_number(espalier_network_sparsity_prunable(network)), "weights",
                     (json_int_t)cost.weights, "nonzero", (json_int_t)cost.nonzero, "live",
                     (json_int_t)cost.live, "flops", (json_int_t)cost.flops, "bytes",
                     (json_int_t)cost.bytes);
}

int analysis_print_json(const analysis *a, const analysis *baseline)
{
    json_t *object = json_object(), *layers = json_array();
    for (size_t l = 0; l < a->count; l++) {
        json_t *layer = layer_json(&a->layers[l]);
        if (baseline)
            add_changes(layer, &a->layers[l], &baseline->layers[l]);
        json_array_append_new(layers, layer);
    }
    json_object_set_new(object, "file", resume_text_json(a->path));
    json_object_set_new(object, "layers", layers);
    json_object_set_new(object, "total", total_json(a->network));
    json_object_set_new(object, "baseline",
                        baseline ? json_pack("{s:o, s:o}", "file", resume_text_json(baseline->path), "total",
                                             total_json(baseline->network))
                                 : json_null());
    const int code = print_json(object);
    json_decref(object);
    return code;
}

/* ---- CSV ----------------------------------------------------------------- */

/* Nothing where there is no number. */
static void print_field(FILE *stream, double value)
{
    putc(',', stream);
    if (isfinite(value))
        fprintf(stream, "%.9g", value);
}

void analysis_write_csv(FILE *stream, const analysis *a, const analysis *baseline)
{
    fputs("layer,index,singular_value", stream);
    fputs(baseline ? ",baseline,ratio,difference,relative_ratio\n" : "\n", stream);
    for (size_t l = 0; l < a->count; l++) {
        const layer_analysis *after = &a->layers[l];
        const layer_analysis *before = baseline ? &baseline->layers[l] : after;
        for (size_t i = 0; i < change_count(after, before); i++) {
            const change c = change_of(after, before, i);
            fprintf(stream, "%zu,%zu", l, i + 1);
            print_field(stream, value_at(after, i));
            if (baseline) {
                print_field(stream, value_at(before, i));
                print_field(stream, c.ratio);
                print_field(stream, c.difference);
                print_field(stream, c.relative_ratio);
            }
            putc('\n', stream);
        }
    }
}
