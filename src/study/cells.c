/* Lays a table of words out. */
#include "study/cells.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cells_column(cells *table, bool right, const char *name)
{
    if (table->columns == CELLS_COLUMNS_MOST) {
        table->words.failed = true;
        return;
    }
    table->right[table->columns++] = right;
    cells_add(table, "%s", name);
}

void cells_add(cells *table, const char *format, ...)
{
    char cell[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cell, sizeof cell, format, arguments);
    va_end(arguments);
    text_add(&table->words, cell, strlen(cell) + 1);
    table->count++;
}

/* ---- plain layouts ------------------------------------------------------ */

/* Characters of UTF-8: bytes that do not continue one. None here is wider than a column. */
static size_t width_of(const char *words)
{
    size_t width = 0;
    for (; *words; words++)
        width += ((unsigned char)*words & 0xc0) != 0x80;
    return width;
}

static const char *next(const char *cell)
{
    return cell + strlen(cell) + 1;
}

static void find_widths(const cells *table, size_t *widths)
{
    const char *cell = text_content(&table->words);
    memset(widths, 0, CELLS_COLUMNS_MOST * sizeof *widths);
    for (size_t i = 0; i < table->count; i++, cell = next(cell)) {
        size_t *width = &widths[i % table->columns];
        *width = width_of(cell) > *width ? width_of(cell) : *width;
    }
}

static void pad(text *out, char filling, size_t count)
{
    while (count-- > 0)
        text_add(out, &filling, 1);
}

static void add_padded(text *out, const char *cell, size_t width, bool right)
{
    const size_t blanks = width - width_of(cell);
    pad(out, ' ', right ? blanks : 0);
    text_print(out, "%s", cell);
    pad(out, ' ', right ? 0 : blanks);
}

void cells_markdown(const cells *table, text *out)
{
    size_t widths[CELLS_COLUMNS_MOST];
    const char *cell = text_content(&table->words);
    find_widths(table, widths);
    for (size_t i = 0; i < table->count; i++, cell = next(cell)) {
        const size_t column = i % table->columns;
        text_print(out, "| ");
        add_padded(out, cell, widths[column], table->right[column]);
        text_print(out, column + 1 == table->columns ? " |\n" : " ");
        for (size_t c = 0; i + 1 == table->columns && c < table->columns; c++) {
            text_print(out, "|%s", table->right[c] ? "-" : ":");
            pad(out, '-', widths[c]);
            text_print(out, "%s%s", table->right[c] ? ":" : "-",
                       c + 1 == table->columns ? "|\n" : "");
        }
    }
}

void cells_terminal(const cells *table, text *out)
{
    size_t widths[CELLS_COLUMNS_MOST], total = 0;
    const char *cell = text_content(&table->words);
    find_widths(table, widths);
    for (size_t c = 0; c < table->columns; c++)
        total += widths[c] + (c > 0 ? 2 : 0);
    for (size_t i = 0; i < table->count; i++, cell = next(cell)) {
        const size_t column = i % table->columns;
        const bool last = column + 1 == table->columns;
        add_padded(out, cell, last && !table->right[column] ? width_of(cell) : widths[column],
                   table->right[column]);
        text_print(out, last ? "\n" : "  ");
        if (i + 1 == table->columns) {
            pad(out, '-', total);
            text_print(out, "\n");
        }
    }
}

/* ---- LaTeX -------------------------------------------------------------- */

static const struct spelling {
    const char *plain, *latex;
} spellings[] = {
    {"\\", "\\textbackslash{}"},
    {"~", "\\textasciitilde{}"},
    {"^", "\\textasciicircum{}"},
    {"&", "\\&"},
    {"%", "\\%"},
    {"$", "\\$"},
    {"#", "\\#"},
    {"_", "\\_"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"<", "$<$"},
    {">", "$>$"},
    {"|", "$|$"},
    {"\"", "''"},
    {"±", "$\\pm$"},
    {"×", "$\\times$"},
    {"∞", "$\\infty$"},
    {"–", "--"},
    {"−", "$-$"},
    {"µ", "$\\mu$"},
    {"≥", "$\\ge$"},
    {"≤", "$\\le$"},
    {"Δ", "$\\Delta$"},
    {"¹", "$^1$"},
    {"²", "$^2$"},
    {"³", "$^3$"},
    {"⁵", "$^5$"},
    {"⁶", "$^6$"},
    {"⁸", "$^8$"},
    {"⁹", "$^9$"},
    {"÷", "$\\div$"},
};

static const struct spelling *spelling_of(const char *words)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        if (strncmp(words, spellings[i].plain, strlen(spellings[i].plain)) == 0)
            return &spellings[i];
    }
    return NULL;
}

void cells_latex_words(text *out, const char *words)
{
    while (*words) {
        const struct spelling *known = spelling_of(words);
        const unsigned char byte = (unsigned char)*words;
        if (known)
            text_print(out, "%s", known->latex);
        else if (byte >= ' ' && byte < 0x7f)
            text_add(out, words, 1);
        else if ((byte & 0xc0) != 0x80) /* once for a character of several bytes */
            text_print(out, byte < ' ' ? " " : "?");
        words += known ? strlen(known->plain) : 1;
    }
}

/* A number's hyphen is a minus. */
static void latex_cell(text *out, const char *cell)
{
    const bool minus = cell[0] == '-' && cell[1] >= '0' && cell[1] <= '9';
    text_print(out, "%s", minus ? "$-$" : "");
    cells_latex_words(out, cell + minus);
}

static void latex_row(const cells *table, const char **cell, text *out)
{
    for (size_t c = 0; c < table->columns; c++, *cell = next(*cell)) {
        latex_cell(out, *cell);
        text_print(out, "%s", c + 1 < table->columns ? " & " : " \\\\\n");
    }
}

/* A tabular does not go over to the next page: after so many rows begins another. */
void cells_latex(const cells *table, text *out)
{
    enum { ROWS_MOST = 55 };
    const size_t rows = table->count / table->columns - 1;
    const char *cell = text_content(&table->words), *names = cell;
    for (size_t c = 0; c < table->columns; c++)
        cell = next(cell);
    for (size_t row = 0; row < rows || row == 0; row += ROWS_MOST) {
        const char *name = names;
        text_print(out, "%s\\begin{tabular}{", row ? "\\par\\newpage\n" : "");
        for (size_t c = 0; c < table->columns; c++)
            text_print(out, "%s", table->right[c] ? "r" : "l");
        text_print(out, "}\n\\hline\n");
        latex_row(table, &name, out);
        text_print(out, "\\hline\n");
        for (size_t r = row; r < rows && r < row + ROWS_MOST; r++)
            latex_row(table, &cell, out);
        text_print(out, "\\hline\n\\end{tabular}\n");
    }
}
