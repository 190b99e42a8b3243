/* An analysis as two tables: what each layer costs, and its singular values. With a
 * baseline every layer has three rows: the network, the baseline, their ratio. */
#include <math.h>
#include <stdio.h>

#include "analysis.h"
#include "table.h"

static void cell_count(table *t, uint64_t count)
{
    char text[DIGITS_BYTES];
    table_cell(t, "%s", digits(text, count));
}

static void cell_ratio(table *t, double after, double before)
{
    const double ratio = analysis_ratio(after, before);
    if (isnan(ratio))
        table_cell(t, "-");
    else
        table_cell(t, "%.3f", ratio);
}

static void head(table *t, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        table_cell(t, "%s", names[i]);
}

/* ---- cost ---------------------------------------------------------------- */

static void cost_row(table *t, const char *name, const char *shape, const espalier_cost *cost,
                     double sparsity)
{
    table_cell(t, "%s", name);
    table_cell(t, "%s", shape);
    table_cell(t, "%zu", cost->live);
    table_cell(t, "%.2f %%", 100 * sparsity);
    cell_count(t, cost->flops);
    cell_count(t, cost->bytes);
}

static void cost_ratio(table *t, const espalier_cost *after, const espalier_cost *before)
{
    table_cell(t, "  ratio");
    table_cell(t, "%s", "");
    cell_ratio(t, (double)after->live, (double)before->live);
    table_cell(t, "%s", "");
    cell_ratio(t, (double)after->flops, (double)before->flops);
    cell_ratio(t, (double)after->bytes, (double)before->bytes);
}

static void cost_layer(table *t, const char *name, const layer_analysis *layer)
{
    char shape[64];
    snprintf(shape, sizeof shape, "%zu x %zu", layer->outputs, layer->inputs);
    cost_row(t, name, shape, &layer->cost, analysis_sparsity(layer));
}

static void print_cost(const analysis *a, const analysis *baseline)
{
    static const char *const names[] = {"layer", "shape", "live", "sparsity", "flops", "bytes"};
    const espalier_cost all = espalier_network_cost(a->network);
    char name[32];
    table *t = table_create(sizeof names / sizeof *names);
    head(t, names, sizeof names / sizeof *names);
    for (size_t l = 0; l < a->count; l++) {
        snprintf(name, sizeof name, "%zu", l);
        cost_layer(t, name, &a->layers[l]);
        if (baseline) {
            cost_layer(t, "  baseline", &baseline->layers[l]);
            cost_ratio(t, &a->layers[l].cost, &baseline->layers[l].cost);
        }
    }
    cost_row(t, "all", "", &all, espalier_network_sparsity(a->network));
    if (baseline) {
        const espalier_cost before = espalier_network_cost(baseline->network);
        cost_row(t, "  baseline", "", &before, espalier_network_sparsity(baseline->network));
        cost_ratio(t, &all, &before);
    }
    table_print(t, 0);
    table_destroy(t);
}

/* ---- singular values ----------------------------------------------------- */

enum { NUMBERS = 6 }; /* rank, stable rank, spectral, median, Frobenius, nuclear */

static void numbers_of(const layer_analysis *layer, double numbers[NUMBERS])
{
    const espalier_spectrum *s = &layer->spectrum;
    numbers[0] = (double)s->rank;
    numbers[1] = s->stable_rank;
    numbers[2] = s->spectral;
    numbers[3] = s->rank > (s->count - 1) / 2 ? analysis_median(layer) : 0.0; /* no rounding error */
    numbers[4] = s->frobenius;
    numbers[5] = s->nuclear;
}

/* As many decimals as show four digits of the smallest spectral norm, so that those of all layers
 * stand below each other: 4, more where weights are small. */
static int decimals_of(const analysis *a, const analysis *baseline)
{
    enum { LEAST = 4, MOST = 12 };
    double smallest = 0.1;
    for (size_t i = 0; i < (baseline ? 2 : 1) * a->count; i++) {
        const analysis *of = i < a->count ? a : baseline;
        const double norm = of->layers[i % a->count].spectrum.spectral;
        smallest = norm > 0.0 && norm < smallest ? norm : smallest;
    }
    const int decimals = LEAST - 1 - (int)floor(log10(smallest));
    return decimals < MOST ? decimals : MOST;
}

static void spectrum_layer(table *t, const char *name, const layer_analysis *layer, int decimals)
{
    double numbers[NUMBERS];
    numbers_of(layer, numbers);
    table_cell(t, "%s", name);
    for (size_t i = 0; i < NUMBERS; i++)
        table_cell(t, "%.*f", i == 0 ? 0 : i == 1 ? 2 : decimals, numbers[i]);
}

/* What is printed as 0.0000 is a rounding error more often than not, and no measure. */
static double shown(double number, int decimals)
{
    return number < 0.5 * pow(10.0, -decimals) ? 0.0 : number;
}

static void spectrum_ratio(table *t, const layer_analysis *after, const layer_analysis *before,
                           int decimals)
{
    double a[NUMBERS], b[NUMBERS];
    numbers_of(after, a);
    numbers_of(before, b);
    table_cell(t, "  ratio");
    for (size_t i = 0; i < NUMBERS; i++)
        cell_ratio(t, shown(a[i], decimals), shown(b[i], decimals));
}

static void print_spectra(const analysis *a, const analysis *baseline)
{
    static const char *const names[] = {"layer",  "rank",      "stable rank", "spectral",
                                        "median", "Frobenius", "nuclear"};
    const int decimals = decimals_of(a, baseline);
    char name[32];
    table *t = table_create(NUMBERS + 1);
    head(t, names, NUMBERS + 1);
    for (size_t l = 0; l < a->count; l++) {
        snprintf(name, sizeof name, "%zu", l);
        spectrum_layer(t, name, &a->layers[l], decimals);
        if (baseline) {
            spectrum_layer(t, "  baseline", &baseline->layers[l], decimals);
            spectrum_ratio(t, &a->layers[l], &baseline->layers[l], decimals);
        }
    }
    table_print(t, 0);
    table_destroy(t);
}

void analysis_print(const analysis *a, const analysis *baseline)
{
    print_cost(a, baseline);
    puts("\nsingular values");
    print_spectra(a, baseline);
}
