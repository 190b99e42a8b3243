/* A plot of a report: its numbers (NAME.csv), its script (NAME.gp), its picture
 * (NAME.svg, drawn by gnuplot), and the figure on the page.
 *
 *     plot p;
 *     plot_begin(&p, r, "accuracy", PLOT_HALF, "Accuracy over the epochs");
 *     text_print(&p.csv, "epoch,training,validation\n");
 *     text_print(&p.csv, "%zu,", epoch);  text_number(&p.csv, training);  …
 *     text_print(&p.script, "set xlabel 'epoch'\n"
 *                           "plot 'accuracy.csv' using 1:2 with lines lt 1 title 'training', \\\n"
 *                           "     '' using 1:3 with lines lt 2 title 'validation'\n");
 *     status = plot_end(&p, error, "Each dotted line is a pruning step.");
 *
 * The script sees style.gp: commas between fields, line types 1 to 8 (colours that the
 * colour-blind tell apart, each with a dash and a point of its own), the key on top, a
 * light grid, the palettes `palette_amount` and `palette_sign` as macros (@palette_amount).
 * The first row of the CSV is names, which `using 'epoch':(100*column('training'))` may
 * take instead of numbers; for `matrix` data write none and `unset datafile
 * columnheaders`. Lines have a gap where a field is empty; with `set datafile missing
 * NaN` they go over it. */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include "report/report.h"

/* All plots have one width, so that two stand side by side on a wide screen and all
 * letters are of one size; these are usual heights. */
enum { PLOT_WIDTH = 560, PLOT_HALF = 360, PLOT_IMAGE = 300 };

typedef struct plot {
    report *report;
    char name[64];
    char title[160];
    text csv, script;
} plot;

/* name: of the files; letters, digits, hyphens. title: on the figure and read aloud. */
void plot_begin(plot *p, report *r, const char *name, int height, const char *title);

/* Writes the files, draws, and puts the figure on the page (between
 * page_figures_begin and page_figures_end). A gnuplot that fails is said on the page
 * and counted; it is no error. The plot is gone either way. caption: words, printf.
 * Errors: IO, MEMORY. */
__attribute__((format(printf, 3, 4)))
espalier_status plot_end(plot *p, espalier_error *error, const char *caption, ...);

/* Gives the plot up. */
void plot_clear(plot *p);

/* Writes plots/style.gp; once, before the first plot. Errors: IO, MEMORY. */
espalier_status plot_write_style(const report *r, espalier_error *error);

#endif
