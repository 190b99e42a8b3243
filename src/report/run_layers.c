/* How the layers shrank: live neurons and sparsity of each over the epochs. */
#include <math.h>
#include <stdio.h>

#include "espalier/analyse.h"
#include "report/plot.h"
#include "report/run_page.h"

/* What is left of a layer, 0..1; NaN = unknown. */
typedef double share_of(const run_folder *f, const json_t *layer, size_t l);

static double live_share(const run_folder *f, const json_t *layer, size_t l)
{
    const size_t width = run_width(f, l + 1);
    return width ? json_number_at(layer, "live") / (double)width : NAN;
}

static double sparsity(const run_folder *f, const json_t *layer, size_t l)
{
    const double weights = (double)run_width(f, l) * (double)run_width(f, l + 1);
    return weights > 0 ? 1 - json_number_at(layer, "nonzero") / weights : NAN;
}

/* The layer as the run began: as it was before the first step, else whole. */
static json_t *first_layer(const run_folder *f, size_t l)
{
    double live = (double)run_width(f, l + 1), nonzero = (double)run_width(f, l) * live;
    if (f->before && espalier_network_layer_count(f->before) > l) {
        const espalier_cost cost = espalier_network_layer_cost(f->before, l);
        live = (double)cost.live;
        nonzero = (double)cost.nonzero;
    }
    return json_pack("{s:f,s:f}", "live", live, "nonzero", nonzero);
}

static void add_row(text *csv, double epoch, const run_folder *f, const json_t *layers,
                    size_t count, share_of *share)
{
    text_number(csv, epoch);
    for (size_t l = 0; l < count; l++) {
        text_print(csv, ",");
        text_number(csv, share(f, json_array_get(layers, l), l));
    }
    text_print(csv, "\n");
}

static void add_rows(text *csv, const run_folder *f, size_t count, share_of *share)
{
    const json_t *layers = NULL;
    json_t *first = json_array();
    double epoch = 0;
    for (size_t l = 0; l < count; l++)
        if (json_array_append_new(first, first_layer(f, l)) != 0)
            csv->failed = true;
    add_row(csv, 0, f, first, count, share);
    for (size_t i = 0; i < json_array_size(f->steps); i++) {
        const json_t *step = json_array_get(f->steps, i);
        layers = json_object_get(step, "layers");
        epoch = json_number_at(step, "epoch");
        add_row(csv, epoch, f, layers, count, share);
    }
    const size_t epochs = json_array_size(f->epochs);
    const double end = json_number_at(json_array_get(f->epochs, epochs - 1), "epoch");
    if (epochs && end > epoch)
        add_row(csv, end, f, layers, count, share);
    json_decref(first);
}

/* count: layers shown, from the first on. */
static espalier_status steps_plot(report *r, const run_folder *f, const char *name,
                                  const char *title, const char *axis, size_t count,
                                  share_of *share, const char *caption, espalier_error *error)
{
    plot p;
    plot_begin(&p, r, name, PLOT_HALF, title);
    text_print(&p.csv, "epoch");
    for (size_t l = 0; l < count; l++)
        text_print(&p.csv, ",layer %zu", l);
    text_print(&p.csv, "\n");
    add_rows(&p.csv, f, count, share);
    run_epoch_axis(&p.script, f, axis);
    text_print(&p.script,
               "set yrange [0:100]\n"
               "plot for [c=2:%zu] name.'.csv' using 1:(100*column(c)) with steps "
               "lt c-1 title sprintf('layer %%d', c-2)\n",
               count + 1);
    return plot_end(&p, error, "%s", caption);
}

static espalier_status plots(report *r, const run_folder *f, espalier_error *error)
{
    const size_t layers = run_layer_count(f);
    page_figures_begin(&r->page);
    espalier_status status =
        steps_plot(r, f, "live", "Live neurons of each hidden layer", "live neurons, %", layers - 1,
                   live_share, "Share of the layer's neurons that are still live.", error);
    if (status == ESPALIER_OK)
        status = steps_plot(r, f, "sparsity", "Sparsity of each layer", "pruned weights, %", layers,
                            sparsity, "Share of the layer's weights that are pruned.", error);
    page_figures_end(&r->page);
    return status;
}

/* ---- the table ------------------------------------------------------------------- */

static void table(report *r, const run_folder *f)
{
    const size_t steps = json_array_size(f->steps);
    const json_t *layers = json_object_get(json_array_get(f->steps, steps - 1), "layers");
    page_table_begin(&r->page, "After the last step");
    page_column(&r->page, false, "layer");
    page_column(&r->page, true, "shape");
    page_column(&r->page, true, "live neurons");
    page_column(&r->page, true, "weights kept");
    page_column(&r->page, true, "sparsity");
    for (size_t l = 0; l < json_array_size(layers); l++) {
        const json_t *layer = json_array_get(layers, l);
        page_cell(&r->page, "%zu%s", l, l + 1 == json_array_size(layers) ? " (output)" : "");
        page_cell(&r->page, "%zu × %zu", run_width(f, l + 1), run_width(f, l));
        page_cell(&r->page, "%zu of %zu", json_size_at(layer, "live"), run_width(f, l + 1));
        page_cell_count(&r->page, json_size_at(layer, "nonzero"));
        page_cell_percent(&r->page, sparsity(f, layer, l));
    }
    page_table_end(&r->page);
}

espalier_status run_layers(report *r, const run_folder *f, espalier_error *error)
{
    const size_t steps = json_array_size(f->steps), layers = run_layer_count(f);
    const json_t *last = json_array_get(f->steps, steps - 1);
    if (steps == 0 || layers < 2)
        return ESPALIER_OK;
    page_section(&r->page, "layers", "Where it was pruned");
    if (json_list_size(last, "layers") != layers) {
        page_note(&r->page, "This run's log does not say what each step left of each layer (it was "
                            "written by an older version), so there are no curves here.");
        return ESPALIER_OK;
    }
    page_words(&r->page, "A hidden neuron is live as long as it has a weight left on either side. "
                         "Layer 0 is the one that reads the inputs; the output layer is never "
                         "ranked, it only loses the weights of neurons that went.");
    const espalier_status status = json_array_size(f->epochs) ? plots(r, f, error) : ESPALIER_OK;
    table(r, f);
    return status;
}
