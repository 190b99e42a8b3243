/* A table of words, written as Markdown, as LaTeX or for a terminal. What stands in it is
 * summary_table.c's business. */
#ifndef STUDY_CELLS_H
#define STUDY_CELLS_H

#include "report/text.h"

enum { CELLS_COLUMNS_MOST = 32 };

/* Start with {.words.allocator = …}; text_clear(&table.words) at the end. */
typedef struct cells {
    text words;     /* the cells row by row, a zero byte behind each; the names come first */
    size_t columns; /* at most CELLS_COLUMNS_MOST */
    size_t count;   /* of cells */
    bool right[CELLS_COLUMNS_MOST];
} cells;

/* Adds a column's name, before any other cell. right: for numbers. */
void cells_column(cells *table, bool right, const char *name);
/* Adds the next cell of the row; printf. */
__attribute__((format(printf, 2, 3)))
void cells_add(cells *table, const char *format, ...);

/* Columns stand below each other in the source, too. */
void cells_markdown(const cells *table, text *out);
/* Tabular environments alone: one for every 55 rows, each with the names. */
void cells_latex(const cells *table, text *out);
/* Names, a line, rows; two blanks between columns. */
void cells_terminal(const cells *table, text *out);

/* Words so that LaTeX sets them: its special characters escaped; of other characters
 * those that the tables use (± × – − µ ≥ …), and a question mark for the rest. */
void cells_latex_words(text *out, const char *words);

#endif
