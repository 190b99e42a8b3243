/* Heat maps of |W|, dense and pruned, at the places of the network as it began. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/plot.h"
#include "report/run_matrix.h"
#include "report/run_page.h"

/* Colours of so many points, which hardly compress, take less than 200 kB on the page. */
enum { COLUMNS_MOST = 200, ROWS_MOST = 150, PIXELS_MOST = 2000 };

/* A matrix made small. */
typedef struct heat {
    size_t rows, columns, by_rows, by_columns;
    float *cells; /* [rows][columns], NaN = nothing left; owned */
} heat;

static espalier_status make_heat(const espalier_network *network, size_t layer,
                                 const espalier_allocator *allocator, heat *h,
                                 espalier_error *error)
{
    run_matrix m;
    espalier_status status = run_matrix_make(network, layer, allocator, &m, error);
    if (status)
        return status;
    h->by_rows = (m.rows + ROWS_MOST - 1) / ROWS_MOST;
    h->by_columns = (m.columns + COLUMNS_MOST - 1) / COLUMNS_MOST;
    h->rows = (m.rows + h->by_rows - 1) / h->by_rows;
    h->columns = (m.columns + h->by_columns - 1) / h->by_columns;
    h->cells = memory_array(allocator, h->rows * h->columns, sizeof *h->cells);
    if (h->cells)
        run_matrix_reduce(&m, h->by_rows, h->by_columns, h->cells);
    else
        status = error_memory(error);
    run_matrix_clear(&m, allocator);
    return status;
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The value that 99 % of the cells stay below: a few large weights would leave all
 * others dark. */
static espalier_status upper_end(const heat *h, const espalier_allocator *allocator, double *end,
                                 espalier_error *error)
{
    size_t count = 0;
    float *sorted = memory_array(allocator, h->rows * h->columns, sizeof *sorted);
    if (!sorted)
        return error_memory(error);
    for (size_t i = 0; i < h->rows * h->columns; i++)
        if (!isnan(h->cells[i]))
            sorted[count++] = h->cells[i];
    qsort(sorted, count, sizeof *sorted, ascending);
    *end = count ? (double)sorted[(count - 1) * 99 / 100] : 0;
    if (!(*end > 0))
        *end = 1;
    memory_release(allocator, sorted);
    return ESPALIER_OK;
}

/* Whole numbers along an axis of a few neurons only. */
static void few_tics(text *script, const char *axis, size_t count)
{
    if (count <= 10)
        text_print(script, "set %stics 1\n", axis);
}

static espalier_status heat_plot(report *r, const heat *h, const char *name, const char *title,
                                 double end, const char *caption, espalier_error *error)
{
    plot p;
    plot_begin(&p, r, name, PLOT_IMAGE, title);
    for (size_t j = 0; j < h->rows; j++) {
        for (size_t i = 0; i < h->columns; i++) {
            const double cell = (double)h->cells[j * h->columns + i];
            text_print(&p.csv, "%s", i ? "," : "");
            if (isnan(cell))
                text_print(&p.csv, "NaN");
            else
                text_print(&p.csv, "%.4g", cell);
        }
        text_print(&p.csv, "\n");
    }
    text_print(&p.script,
               "unset datafile columnheaders\nset palette @palette_amount\nset border 15\n"
               "unset grid\nset xlabel 'input'\nset ylabel 'neuron'\n"
               "set xrange [-0.5:%g]\nset yrange [%g:-0.5]\nset cbrange [0:%.4g]\nset rmargin 9\n",
               ((double)h->columns - 0.5) * (double)h->by_columns,
               ((double)h->rows - 0.5) * (double)h->by_rows, end);
    few_tics(&p.script, "x", h->columns * h->by_columns);
    few_tics(&p.script, "y", h->rows * h->by_rows);
    /* A picture is scaled smoothly by most programs: few cells are drawn one by one. */
    text_print(&p.script, "plot name.'.csv' matrix using (%zu*$1):(%zu*$2):3 with image%s notitle\n",
               h->by_columns, h->by_rows, h->rows * h->columns <= PIXELS_MOST ? " pixels" : "");
    return plot_end(&p, error, "%s", caption);
}

/* ---- a layer ------------------------------------------------------------------- */

static espalier_status draw_pair(report *r, size_t l, const heat *before, const heat *after,
                                 espalier_error *error)
{
    char name[48], title[64], blocks[120] = "";
    double end = 1;
    espalier_status status = upper_end(before->cells ? before : after, r->allocator, &end, error);
    if (after->by_rows * after->by_columns > 1)
        snprintf(blocks, sizeof blocks, "Each point is the mean of %zu × %zu weights.",
                 after->by_rows, after->by_columns);
    if (status == ESPALIER_OK && before->cells) {
        snprintf(name, sizeof name, "weights-layer-%zu-before", l);
        snprintf(title, sizeof title, "Layer %zu, before the first step", l);
        status = heat_plot(r, before, name, title, end, blocks, error);
    }
    if (status == ESPALIER_OK) {
        snprintf(name, sizeof name, "weights-layer-%zu", l);
        snprintf(title, sizeof title, "Layer %zu, %s", l,
                 before->cells ? "as the run ended" : "as trained");
        status = heat_plot(r, after, name, title, end, before->cells ? "" : blocks, error);
    }
    return status;
}

static espalier_status layer_maps(report *r, const run_folder *f, size_t l, espalier_error *error)
{
    heat before = {0}, after = {0};
    espalier_status status = make_heat(f->model, l, r->allocator, &after, error);
    if (status == ESPALIER_OK && f->before)
        status = make_heat(f->before, l, r->allocator, &before, error);
    if (status == ESPALIER_OK)
        status = draw_pair(r, l, &before, &after, error);
    memory_release(r->allocator, before.cells);
    memory_release(r->allocator, after.cells);
    return status;
}

espalier_status run_weights(report *r, const run_folder *f, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    if (!f->model)
        return ESPALIER_OK;
    page_section(&r->page, "weights", "Weights");
    page_words(
        &r->page,
        "The size of every weight, |w|: a row is a neuron, a column one of its inputs; light "
        "is large, white is pruned.%s",
        f->before ? " Both pictures of a layer have the same scale and the same places: what "
                    "compaction took out is put back as white."
                  : "");
    page_figures_begin(&r->page);
    for (size_t l = 0; status == ESPALIER_OK && l < espalier_network_layer_count(f->model); l++)
        status = layer_maps(r, f, l, error);
    page_figures_end(&r->page);
    return status;
}
