/* One HTML page that needs nothing else: headings, words, numbers, tables, figures.
 * All words are escaped here; `code` in back quotes is set as code. Failures stick
 * in the text: page_write() says them. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report/text.h"

#define PAGE_WORDS(position) __attribute__((format(printf, position, position + 1)))

typedef struct page {
    text title;    /* of the window */
    text contents; /* links to the sections */
    text body;
    size_t header; /* where the contents go: behind so many bytes of the body */
    size_t columns; /* of the open table */
    size_t column;  /* cells of its open row so far */
    bool in_section, in_rows;
    unsigned char right[64]; /* a bit for each column: set to the right */
} page;

/* Up to so many columns know their side; those beyond are set to the right. */
enum { PAGE_COLUMNS = 8 * sizeof ((page *)0)->right };

void page_init(page *p, const espalier_allocator *allocator);
void page_clear(page *p);
/* Ends what is open and replaces the file at `path`. Errors: MEMORY, IO. */
espalier_status page_write(page *p, const char *path, espalier_error *error);

/* ---- words -------------------------------------------------------------- */

/* The heading of the page and a line below it. */
PAGE_WORDS(3) void page_title(page *p, const char *title, const char *format, ...);
/* A section: in the list of contents, id: letters and hyphens, once on a page. */
void page_section(page *p, const char *id, const char *title);
void page_heading(page *p, const char *heading); /* within a section */
PAGE_WORDS(2) void page_words(page *p, const char *format, ...);
/* What is missing here and how to get it; what to be careful about. */
PAGE_WORDS(2) void page_note(page *p, const char *format, ...);
/* A fold that opens at a click: begin, anything, end. */
PAGE_WORDS(2) void page_details_begin(page *p, const char *format, ...);
void page_details_end(page *p);

/* ---- numbers and tables --------------------------------------------------- */

/* Large numbers side by side: begin, page_number()…, end. */
void page_numbers_begin(page *p);
/* before NULL: one number; else "before → after". */
void page_number(page *p, const char *label, const char *before, const char *after);
void page_numbers_end(page *p);

/* A table: begin, a page_column() for each column, cells row by row, end. The
 * first cell of a row is its heading. Rows begin and end by themselves. */
void page_table_begin(page *p, const char *caption); /* caption NULL: none */
/* right: for numbers. */
PAGE_WORDS(3) void page_column(page *p, bool right, const char *format, ...);
PAGE_WORDS(2) void page_cell(page *p, const char *format, ...);
/* A cell with a ground of strength 0 (none) to 1. */
PAGE_WORDS(3) void page_cell_shaded(page *p, double strength, const char *format, ...);
/* A fraction as "91.23 %", "–" for NaN. */
void page_cell_percent(page *p, double fraction);
/* "–" for NaN, else with so many decimals. */
void page_cell_number(page *p, double number, int decimals);
/* A whole number with commas. */
void page_cell_count(page *p, unsigned long long count);
void page_table_end(page *p);

/* ---- figures -------------------------------------------------------------- */

/* Figures between begin and end stand side by side where there is room. */
void page_figures_begin(page *p);
/* svg: inline SVG as it goes into the page, or NULL: `instead` in words. The others
 * are words; source names the files. plot_end() calls this. */
void page_figure(page *p, const char *title, const char *svg, const char *instead,
                 const char *caption, const char *source);
void page_figures_end(page *p);

/* "1,234,567" into a buffer of PAGE_DIGITS bytes; returns it. */
enum { PAGE_DIGITS = 32 };
char *page_digits(char *buffer, unsigned long long count);

#endif
