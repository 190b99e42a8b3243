/* Writes what gnuplot needs and puts its picture on the page. Running it is draw.c's
 * business, making its picture part of a page svg.c's; the shared style is here. */
#include "report/plot.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/stream.h"
#include "report/draw.h"
#include "report/svg.h"

/* Okabe and Ito's colours for all kinds of colour vision, without the yellow, which
 * is too pale for lines on white; each with a dash and a point of its own, so that
 * they are told apart without any colour, too. The palettes: cividis (Nunez, Anderton,
 * Renslow 2018), the same to most kinds of colour vision, and blue-white-vermilion. */
static const char style[] =
    "# The style of all plots in this folder; every NAME.gp loads it.\n"
    "#   gnuplot NAME.gp                        draws NAME.svg\n"
    "#   gnuplot -e \"format='pdf'\" NAME.gp      draws NAME.pdf; 'eps' and 'png' likewise\n"
    "# It is written anew with every report: change a copy.\n"
    "if (!exists('format')) format = 'svg'\n"
    "set encoding utf8\n"
    "if (format eq 'svg') set terminal svg size width,height dynamic noenhanced \\\n"
    "    font 'Helvetica,Arial,sans-serif,15'\n"
    "if (format eq 'pdf') set terminal pdfcairo size width/100.0,height/100.0 noenhanced \\\n"
    "    font 'Helvetica,11'\n"
    "if (format eq 'eps') set terminal epscairo size width/100.0,height/100.0 noenhanced \\\n"
    "    font 'Helvetica,11'\n"
    "if (format eq 'png') set terminal pngcairo size 2*width,2*height noenhanced \\\n"
    "    font 'Helvetica,15' fontscale 2 linewidth 2 pointscale 2\n"
    "set output name.'.'.format\n"
    "set datafile separator comma\n"
    "set datafile columnheaders\n"
    "set linetype 1 lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.6\n"
    "set linetype 2 lc rgb '#d55e00' lw 2 dt (12,4) pt 5 ps 0.6\n"
    "set linetype 3 lc rgb '#009e73' lw 2 dt (3,3) pt 9 ps 0.7\n"
    "set linetype 4 lc rgb '#cc79a7' lw 2 dt (12,4,3,4) pt 11 ps 0.7\n"
    "set linetype 5 lc rgb '#e69f00' lw 2 dt (7,3) pt 13 ps 0.7\n"
    "set linetype 6 lc rgb '#56b4e9' lw 2 dt (12,3,3,3,3,3) pt 6 ps 0.6\n"
    "set linetype 7 lc rgb '#000000' lw 2 dt (2,4) pt 4 ps 0.6\n"
    "set linetype 8 lc rgb '#7f7f7f' lw 2 dt (5,5) pt 8 ps 0.7\n"
    "set linetype cycle 8\n"
    "set style line 101 lc rgb '#6b7580' lw 1.2 dt (2,3)  # a pruning step, a limit\n"
    "set style line 102 lc rgb '#e4e7ea' lw 1 dt 1        # the grid\n"
    "set border 3 lc rgb '#5a6672'\n"
    "set tics nomirror out scale 0.5 textcolor rgb '#1b2530'\n"
    "set grid ytics ls 102\n"
    "set key above left Left reverse samplen 3 maxcols 3\n"
    "set xlabel offset 0,0.4\n"
    "palette_amount = \"defined (0 '#00204d', 1 '#00336f', 2 '#39486b', 3 '#575d6d', \"\\\n"
    "    .\"4 '#707173', 5 '#8a8779', 6 '#a69d75', 7 '#c4b56c', 8 '#e4cf5b', 9 '#ffea46')\"\n"
    "palette_sign = \"defined (-1 '#0072b2', -0.5 '#7fb8d8', 0 '#ffffff', 0.5 '#ea9f6f', \"\\\n"
    "    .\"1 '#d55e00')\"\n";

espalier_status plot_write_style(const report *r, espalier_error *error)
{
    text t = {.allocator = r->allocator};
    char *path = stream_join(r->allocator, r->plots, "style.gp");
    text_add(&t, style, sizeof style - 1);
    espalier_status status = path ? text_write_inside(&t, path, error) : error_memory(error);
    memory_release(r->allocator, path);
    text_clear(&t);
    return status;
}

void plot_begin(plot *p, report *r, const char *name, int height, const char *title)
{
    *p = (plot){.report = r, .csv.allocator = r->allocator, .script.allocator = r->allocator};
    snprintf(p->name, sizeof p->name, "%s", name);
    snprintf(p->title, sizeof p->title, "%s", title);
    for (char *c = p->title; *c; c++) /* the script has it as a comment, on one line */
        *c = (unsigned char)*c < ' ' ? ' ' : *c;
    text_print(&p->script, "# %s\nname = '%s'; width = %d; height = %d\nload 'style.gp'\n",
               p->title, p->name, PLOT_WIDTH, height);
}

void plot_clear(plot *p)
{
    text_clear(&p->csv);
    text_clear(&p->script);
}

/* FOLDER/plots/NAME.ending, owned. */
static char *file_path(const plot *p, const char *ending)
{
    char file[sizeof p->name + 8];
    snprintf(file, sizeof file, "%s.%s", p->name, ending);
    return stream_join(p->report->allocator, p->report->plots, file);
}

static espalier_status write_file(const plot *p, const text *t, const char *ending,
                                  espalier_error *error)
{
    char *path = file_path(p, ending);
    espalier_status status = path ? text_write_inside(t, path, error) : error_memory(error);
    memory_release(p->report->allocator, path);
    return status;
}

/* Draws the picture into `svg`, ready for the page. Else `svg` is empty and `why` says
 * what is amiss; only want of memory is an error. */
static espalier_status draw(plot *p, text *svg, char *why, size_t size, espalier_error *error)
{
    const report *r = p->report;
    espalier_error failure = {0};
    char *path = file_path(p, "svg");
    if (!path)
        return error_memory(error);
    unlink(path); /* an old picture would not show these numbers */
    snprintf(why, size, "Not drawn: gnuplot was not found.");
    espalier_status status = ESPALIER_ERROR_NOT_FOUND;
    if (r->gnuplot)
        status = draw_run(r->gnuplot, r->plots, p->name, &failure);
    if (status == ESPALIER_OK)
        status = svg_inline(path, p->name, p->title, svg, &failure);
    if (status != ESPALIER_OK && r->gnuplot)
        snprintf(why, size, "Not drawn: %s", failure.message);
    memory_release(r->allocator, path);
    return status == ESPALIER_ERROR_MEMORY ? error_memory(error) : ESPALIER_OK;
}

static espalier_status make(plot *p, const char *caption, espalier_error *error)
{
    report *r = p->report;
    char source[2 * sizeof p->name + 32], why[sizeof error->message + 32];
    text svg = {.allocator = r->allocator};
    espalier_status status = write_file(p, &p->csv, "csv", error);
    if (status == ESPALIER_OK)
        status = write_file(p, &p->script, "gp", error);
    if (status == ESPALIER_OK)
        status = draw(p, &svg, why, sizeof why, error);
    if (status == ESPALIER_OK) {
        snprintf(source, sizeof source, "`plots/%s.csv`, `plots/%s.gp`", p->name, p->name);
        page_figure(&r->page, p->title, svg.length ? svg.bytes : NULL, why, caption, source);
        r->summary.figures++;
        r->summary.drawn += svg.length > 0;
    }
    text_clear(&svg);
    return status;
}

espalier_status plot_end(plot *p, espalier_error *error, const char *caption, ...)
{
    text words = {.allocator = p->report->allocator};
    va_list arguments;
    va_start(arguments, caption);
    text_vprint(&words, caption, arguments);
    va_end(arguments);
    const espalier_status status = words.failed ? error_memory(error)
                                                : make(p, text_content(&words), error);
    text_clear(&words);
    plot_clear(p);
    return status;
}
