/* For rows that are images: what the first layer's neurons look for, and which pixels
 * are still looked at. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/plot.h"
#include "report/run_matrix.h"
#include "report/run_page.h"

/* Tiles of a mosaic, and the points it may have: about 300 kB as a picture. */
enum { TILES_MOST = 60, TILES_WIDE = 10, TILES_WIDE_LEAST = 4, POINTS_MOST = 60000 };

typedef struct picture {
    size_t height, width;
} picture;

/* The neurons that are shown. */
typedef struct choice {
    size_t count, live;
    size_t rows[TILES_MOST]; /* original numbers, ascending */
} choice;

/* ---- which neurons ------------------------------------------------------------- */

static double strength(const run_matrix *m, size_t row)
{
    double sum = 0;
    for (size_t i = 0; i < m->columns; i++) {
        const double w = (double)m->values[row * m->columns + i];
        sum += isnan(w) ? 0 : w * w;
    }
    return sum;
}

typedef struct candidate {
    double strength;
    size_t row;
} candidate;

static int stronger(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->strength != y->strength)
        return x->strength < y->strength ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

static int by_row(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* The strongest neurons with weights, as many as have room. */
static espalier_status choose(const run_matrix *m, picture size,
                              const espalier_allocator *allocator, choice *c, espalier_error *error)
{
    const size_t points = (size.height + 1) * (size.width + 1);
    const size_t room = points > POINTS_MOST ? 1 : POINTS_MOST / points;
    candidate *all = memory_array(allocator, m->rows, sizeof *all);
    if (!all)
        return error_memory(error);
    *c = (choice){0};
    for (size_t j = 0; j < m->rows; j++) {
        const candidate found = {.strength = strength(m, j), .row = j};
        if (found.strength > 0)
            all[c->live++] = found;
    }
    qsort(all, c->live, sizeof *all, stronger);
    while (c->count < c->live && c->count < room && c->count < TILES_MOST) {
        c->rows[c->count] = all[c->count].row;
        c->count++;
    }
    qsort(c->rows, c->count, sizeof *c->rows, by_row);
    memory_release(allocator, all);
    return ESPALIER_OK;
}

/* ---- the mosaic ------------------------------------------------------------------ */

static double largest(const run_matrix *m, size_t row)
{
    float most = 0;
    for (size_t i = 0; i < m->columns; i++)
        most = fmaxf(most, fabsf(m->values[row * m->columns + i]));
    return (double)most;
}

/* A point of a tile, -1 … 1 of the neuron's largest weight; a pruned weight is 0. */
static double tile_point(const run_matrix *m, size_t row, double scale, size_t pixel)
{
    const double w = (double)m->values[row * m->columns + pixel];
    return isnan(w) || !(scale > 0) ? 0 : w / scale;
}

static size_t tiles_wide(const choice *c)
{
    if (c->count >= TILES_WIDE)
        return TILES_WIDE;
    return c->count > TILES_WIDE_LEAST ? c->count : TILES_WIDE_LEAST;
}

static void add_mosaic(text *csv, const run_matrix *m, const choice *c, picture size)
{
    const size_t wide = tiles_wide(c), lines = (c->count + wide - 1) / wide;
    double scales[TILES_MOST];
    for (size_t t = 0; t < c->count; t++)
        scales[t] = largest(m, c->rows[t]);
    for (size_t y = 0; y < lines * (size.height + 1); y++) {
        for (size_t x = 0; x < wide * (size.width + 1); x++) {
            const size_t t = y / (size.height + 1) * wide + x / (size.width + 1);
            const size_t row = y % (size.height + 1), column = x % (size.width + 1);
            text_print(csv, "%s", x ? "," : "");
            if (t >= c->count || row == size.height || column == size.width)
                text_print(csv, "NaN");
            else
                text_print(csv, "%.3g",
                           tile_point(m, c->rows[t], scales[t], row * size.width + column));
        }
        text_print(csv, "\n");
    }
}

static espalier_status mosaic(report *r, const run_matrix *m, const choice *c, picture size,
                              const char *name, const char *title, const char *caption,
                              espalier_error *error)
{
    plot p;
    const size_t wide = tiles_wide(c), lines = (c->count + wide - 1) / wide;
    const double shape = (double)(lines * (size.height + 1)) / (double)(wide * (size.width + 1));
    plot_begin(&p, r, name, (int)ceil(PLOT_WIDTH * fmin(shape, 4)), title);
    add_mosaic(&p.csv, m, c, size);
    text_print(&p.script,
               "unset datafile columnheaders\nset palette @palette_sign\nset cbrange [-1:1]\n"
               "set yrange [*:*] reverse\nset size ratio -1\nset margins 0,0,0,0\n"
               "unset border\nunset grid\nunset tics\nunset colorbox\n"
               "plot name.'.csv' matrix with image notitle\n");
    return plot_end(&p, error, "%s", caption);
}

/* ---- the pixels --------------------------------------------------------------------- */

/* For each pixel the neurons that read it (count) and the sum of their |w|. */
static void look(const run_matrix *m, size_t pixel, double *count, double *sum)
{
    *count = *sum = 0;
    for (size_t j = 0; j < m->rows; j++) {
        const double w = (double)m->values[j * m->columns + pixel];
        if (!isnan(w)) {
            *count += 1;
            *sum += fabs(w);
        }
    }
}

static espalier_status pixel_map(report *r, const run_matrix *m, picture size, bool sums,
                                 espalier_error *error)
{
    plot p;
    plot_begin(&p, r, sums ? "pixels-weight" : "pixels-readers", PLOT_HALF,
               sums ? "Sum of |w| on each pixel" : "Neurons that read each pixel");
    for (size_t y = 0; y < size.height; y++) {
        for (size_t x = 0; x < size.width; x++) {
            double count, sum;
            look(m, y * size.width + x, &count, &sum);
            text_print(&p.csv, "%s", x ? "," : "");
            if (count > 0)
                text_number(&p.csv, sums ? sum : count);
            else
                text_print(&p.csv, "NaN");
        }
        text_print(&p.csv, "\n");
    }
    text_print(&p.script,
               "unset datafile columnheaders\nset palette @palette_amount\nset border 15\n"
               "unset grid\nset yrange [*:*] reverse\nset size ratio -1\nset cbrange [0:*]\n"
               "unset xtics\nunset ytics\n"
               "plot name.'.csv' matrix with image notitle\n");
    return plot_end(&p, error, "%s", sums ? "" : "White: no neuron reads it any more.");
}

/* ---- the section --------------------------------------------------------------------- */

static espalier_status draw(report *r, const run_folder *f, const run_matrix *m, picture size,
                            espalier_error *error)
{
    run_matrix dense = {0};
    choice c;
    size_t used = 0;
    espalier_status status = choose(m, size, r->allocator, &c, error);
    if (status == ESPALIER_OK && f->before)
        status = run_matrix_make(f->before, 0, r->allocator, &dense, error);
    if (status)
        return status;
    for (size_t i = 0; i < m->columns; i++) {
        double count, sum;
        look(m, i, &count, &sum);
        used += count > 0;
    }
    page_words(&r->page,
               "%zu of %zu neurons of the first layer have weights left, and %zu of %zu pixels are "
               "still read. A picture is one neuron: orange pixels speak for it, blue ones against "
               "it, each picture on a scale of its own.%s",
               c.live, m->rows, used, m->columns,
               c.count < c.live
                   ? " Shown are those with the largest weights, in the order of their "
                     "numbers."
                   : "");
    page_figures_begin(&r->page);
    if (dense.values && c.count)
        status = mosaic(r, &dense, &c, size, "neurons-before",
                        "The same neurons before the first step", "", error);
    if (status == ESPALIER_OK && c.count)
        status =
            mosaic(r, m, &c, size, "neurons", "Neurons of the first layer at the end", "", error);
    if (status == ESPALIER_OK)
        status = pixel_map(r, m, size, false, error);
    if (status == ESPALIER_OK)
        status = pixel_map(r, m, size, true, error);
    page_figures_end(&r->page);
    run_matrix_clear(&dense, r->allocator);
    return status;
}

espalier_status run_images(report *r, const run_folder *f, espalier_error *error)
{
    const double height = json_list_number(f->config, "image", 0);
    const double width = json_list_number(f->config, "image", 1);
    run_matrix m;
    if (!f->model || !(height >= 1) || !(width >= 1) ||
        height * width != (double)espalier_network_row_width(f->model))
        return ESPALIER_OK;
    espalier_status status = run_matrix_make(f->model, 0, r->allocator, &m, error);
    if (status)
        return status;
    page_section(&r->page, "images", "What the first layer looks at");
    status = draw(r, f, &m, (picture){(size_t)height, (size_t)width}, error);
    run_matrix_clear(&m, r->allocator);
    return status;
}
