/* Singular values of the networks in a run's folder: before the first pruning step and
 * after the run. Those in between are run_spectra.c's. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "espalier/analyse.h"
#include "report/plot.h"
#include "report/run_page.h"

/* Both may be empty (count 0). */
typedef struct pair {
    espalier_spectrum before, after;
} pair;

static espalier_status networks_pair(const run_folder *f, size_t l, pair *found,
                                     espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    *found = (pair){0};
    if (f->before)
        status = espalier_network_spectrum(f->before, l, f->allocator, &found->before, error);
    if (status == ESPALIER_OK)
        status = espalier_network_spectrum(f->model, l, f->allocator, &found->after, error);
    if (status)
        espalier_spectrum_clear(&found->before, f->allocator);
    return status;
}

static double value_at(const espalier_spectrum *spectrum, size_t i)
{
    return i < spectrum->count ? (double)spectrum->values[i] : NAN;
}

static espalier_status networks_plot(report *r, const run_folder *f, size_t l, size_t layers,
                                     espalier_error *error)
{
    char name[40], title[64];
    pair s;
    plot p;
    espalier_status status = networks_pair(f, l, &s, error);
    if (status)
        return status;
    const size_t rows = s.before.count > s.after.count ? s.before.count : s.after.count;
    snprintf(name, sizeof name, "spectrum-layer-%zu", l);
    snprintf(title, sizeof title, "Layer %zu%s", l, l + 1 == layers ? " (output)" : "");
    plot_begin(&p, r, name, PLOT_HALF, title);
    text_print(&p.csv, "index,before,after\n");
    for (size_t i = 0; i < rows; i++) {
        text_print(&p.csv, "%zu,", i + 1);
        text_number(&p.csv, value_at(&s.before, i));
        text_print(&p.csv, ",");
        text_number(&p.csv, value_at(&s.after, i));
        text_print(&p.csv, "\n");
    }
    text_print(&p.script,
               "set xlabel 'index'\nset ylabel 'singular value'\nset logscale y\n"
               "set format y '%%g'\n"
               "plot name.'.csv' using 1:($1<=%zu && column('after')>0 ? column('after') : NaN) with %s "
               "lt 2 dt 1 title '%s'",
               s.after.rank, s.after.rank == 1 ? "linespoints" : "lines",
               f->before ? "as the run ended" : "singular values");
    if (f->before)
        text_print(&p.script,
                   ", \\\n     '' using 1:($1<=%zu && column('before')>0 ? column('before') : NaN) "
                   "with %s lt 1 dt (8,4) title 'before the first step'",
                   s.before.rank, s.before.rank == 1 ? "linespoints" : "lines");
    text_print(&p.script, "\n");
    if (f->before)
        status = plot_end(&p, error, "Rank %zu before the first step, %zu at the end.",
                          s.before.rank, s.after.rank);
    else
        status = plot_end(&p, error, "Rank %zu.", s.after.rank);
    espalier_spectrum_clear(&s.before, f->allocator);
    espalier_spectrum_clear(&s.after, f->allocator);
    return status;
}

static espalier_status from_networks(report *r, const run_folder *f, espalier_error *error)
{
    const size_t layers = espalier_network_layer_count(f->model);
    espalier_status status = ESPALIER_OK;
    page_words(&r->page,
               "The singular values of a layer's weights, largest first, on a logarithmic "
               "axis; a line ends where the values are zero: at the rank.");
    page_note(&r->page,
              "This run kept no spectra along the way. With `--spectra` its log also holds "
              "the singular values before and after each pruning step.");
    page_figures_begin(&r->page);
    for (size_t l = 0; status == ESPALIER_OK && l < layers; l++)
        status = networks_plot(r, f, l, layers, error);
    page_figures_end(&r->page);
    return status;
}

espalier_status run_final_spectra(report *r, const run_folder *f, espalier_error *error)
{
    espalier_error failure = {0};
    pair probe;
    const bool comparable = f->model && (!f->before || espalier_network_layer_count(f->before) ==
                                                           espalier_network_layer_count(f->model));
    if (!comparable)
        return ESPALIER_OK;
    page_section(&r->page, "spectra", "Singular values");
    espalier_status status = networks_pair(f, 0, &probe, &failure);
    if (status == ESPALIER_ERROR_UNSUPPORTED || status == ESPALIER_ERROR_NUMERIC) {
        page_note(&r->page, "There are no singular values here: %s", failure.message);
        return ESPALIER_OK;
    }
    if (status)
        return error_set(error, status, "%s", failure.message);
    espalier_spectrum_clear(&probe.before, f->allocator);
    espalier_spectrum_clear(&probe.after, f->allocator);
    return from_networks(r, f, error);
}
