/* Writes HTML: every word escaped, every element closed. What a page says is up to
 * run_*.c and study_*.c; how it looks is page_style.c's. */
#include "report/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "report/page_style.h"

void page_init(page *p, const espalier_allocator *allocator)
{
    *p = (page){.title = {.allocator = allocator},
                .contents = {.allocator = allocator},
                .body = {.allocator = allocator}};
}

void page_clear(page *p)
{
    text_clear(&p->title);
    text_clear(&p->contents);
    text_clear(&p->body);
}

static void put(page *p, const char *html)
{
    text_add(&p->body, html, strlen(html));
}

/* Words with `code`; a last open quote closes by itself. */
static void put_words(page *p, const char *words)
{
    text piece = {.allocator = p->body.allocator};
    bool code = false;
    while (*words) {
        const size_t length = strcspn(words, "`");
        text_clear(&piece);
        text_add(&piece, words, length);
        p->body.failed |= piece.failed;
        text_html(&p->body, text_content(&piece));
        words += length;
        if (*words == '`') {
            put(p, code ? "</code>" : "<code>");
            code = !code;
            words++;
        }
    }
    if (code)
        put(p, "</code>");
    text_clear(&piece);
}

static void put_format(page *p, const char *format, va_list arguments)
{
    char small[512], *words = small;
    text large = {.allocator = p->body.allocator};
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(small, sizeof small, format, arguments);
    if (length >= (int)sizeof small) {
        text_print(&large, "%*s", length, "");
        words = large.failed ? small : large.bytes;
        if (!large.failed)
            vsnprintf(words, (size_t)length + 1, format, again);
    }
    va_end(again);
    p->body.failed |= length < 0 || large.failed;
    put_words(p, words);
    text_clear(&large);
}

/* Puts `before`, the formatted words, `after`; the last argument names the format. */
#define PUT_FORMATTED(p, before, after, format)                                                    \
    do {                                                                                           \
        va_list arguments;                                                                         \
        put(p, before);                                                                            \
        va_start(arguments, format);                                                               \
        put_format(p, format, arguments);                                                          \
        va_end(arguments);                                                                         \
        put(p, after);                                                                             \
    } while (0)

/* ---- the whole ------------------------------------------------------------ */

espalier_status page_write(page *p, const char *path, espalier_error *error)
{
    text whole = {.allocator = p->body.allocator};
    if (p->in_section)
        put(p, "</section>\n");
    p->in_section = false;
    text_print(&whole,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n",
               text_content(&p->title), page_style);
    text_add(&whole, text_content(&p->body), p->header);
    if (p->contents.length)
        text_print(&whole, "<nav><ul>\n%s</ul></nav>\n", text_content(&p->contents));
    text_add(&whole, text_content(&p->body) + p->header, p->body.length - p->header);
    text_print(&whole, "</main>\n</body>\n</html>\n");
    whole.failed |= p->title.failed || p->contents.failed || p->body.failed;
    const espalier_status status = text_write(&whole, path, error);
    text_clear(&whole);
    return status;
}

void page_title(page *p, const char *title, const char *format, ...)
{
    text_html(&p->title, title);
    put(p, "<header>\n<h1>");
    put_words(p, title);
    PUT_FORMATTED(p, "</h1>\n<p class=\"lead\">", "</p>\n</header>\n", format);
    p->header = p->body.length;
}

void page_section(page *p, const char *id, const char *title)
{
    if (p->in_section)
        put(p, "</section>\n");
    p->in_section = true;
    text_print(&p->body, "<section id=\"%s\">\n<h2>", id);
    put_words(p, title);
    put(p, "</h2>\n");
    text_print(&p->contents, "<li><a href=\"#%s\">", id);
    text_html(&p->contents, title);
    text_print(&p->contents, "</a></li>\n");
}

void page_heading(page *p, const char *heading)
{
    put(p, "<h3>");
    put_words(p, heading);
    put(p, "</h3>\n");
}

void page_words(page *p, const char *format, ...)
{
    PUT_FORMATTED(p, "<p>", "</p>\n", format);
}

void page_note(page *p, const char *format, ...)
{
    PUT_FORMATTED(p, "<p class=\"note\">", "</p>\n", format);
}

void page_details_begin(page *p, const char *format, ...)
{
    PUT_FORMATTED(p, "<details>\n<summary>", "</summary>\n", format);
}

void page_details_end(page *p)
{
    put(p, "</details>\n");
}

/* ---- numbers ---------------------------------------------------------------- */

void page_numbers_begin(page *p)
{
    put(p, "<dl class=\"numbers\">\n");
}

void page_number(page *p, const char *label, const char *before, const char *after)
{
    put(p, "<div><dt>");
    put_words(p, label);
    put(p, "</dt><dd>");
    if (before) {
        put(p, "<span class=\"before\">");
        put_words(p, before);
        put(p, "</span> <span class=\"arrow\">→</span> ");
    }
    put(p, "<span class=\"after\">");
    put_words(p, after);
    put(p, "</span></dd></div>\n");
}

void page_numbers_end(page *p)
{
    put(p, "</dl>\n");
}

char *page_digits(char *buffer, unsigned long long count)
{
    char plain[PAGE_DIGITS];
    const size_t length = (size_t)snprintf(plain, sizeof plain, "%llu", count);
    size_t at = 0;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buffer[at++] = ',';
        buffer[at++] = plain[i];
    }
    buffer[at] = '\0';
    return buffer;
}

/* ---- tables ------------------------------------------------------------------- */

void page_table_begin(page *p, const char *caption)
{
    p->columns = p->column = 0;
    p->in_rows = false;
    memset(p->right, 0, sizeof p->right);
    put(p, "<div class=\"table\" tabindex=\"0\"><table>\n");
    if (caption) {
        put(p, "<caption>");
        put_words(p, caption);
        put(p, "</caption>\n");
    }
    put(p, "<thead><tr>");
}

void page_column(page *p, bool right, const char *format, ...)
{
    if (p->columns < PAGE_COLUMNS && right)
        p->right[p->columns / 8] |= (unsigned char)(1u << p->columns % 8);
    p->columns++;
    PUT_FORMATTED(p, right ? "<th scope=\"col\" class=\"right\">" : "<th scope=\"col\">", "</th>",
                  format);
}

static bool is_right(const page *p, size_t column)
{
    return column >= PAGE_COLUMNS || (p->right[column / 8] >> column % 8 & 1);
}

/* The start of a cell's tag; style "" for none. */
static void begin_cell(page *p, const char *style)
{
    if (!p->in_rows)
        put(p, "</tr></thead>\n<tbody>\n");
    p->in_rows = true;
    if (p->column == 0)
        put(p, "<tr>");
    put(p, p->column == 0 ? "<th scope=\"row\"" : "<td");
    put(p, is_right(p, p->column) ? " class=\"right\"" : "");
    put(p, style);
    put(p, ">");
}

static void end_cell(page *p)
{
    put(p, p->column == 0 ? "</th>" : "</td>");
    if (++p->column == p->columns) {
        put(p, "</tr>\n");
        p->column = 0;
    }
}

void page_cell(page *p, const char *format, ...)
{
    begin_cell(p, "");
    PUT_FORMATTED(p, "", "", format);
    end_cell(p);
}

void page_cell_shaded(page *p, double strength, const char *format, ...)
{
    char style[96] = "";
    const double s = !(strength > 0) ? 0 : strength > 1 ? 1 : strength;
    /* White on the blue at more than half strength: contrast stays above 4.5. */
    if (s > 0)
        snprintf(style, sizeof style, " style=\"background:rgba(0,90,150,%.2f)%s\"", s,
                 s > 0.6 ? ";color:#fff" : "");
    begin_cell(p, style);
    PUT_FORMATTED(p, "", "", format);
    end_cell(p);
}

void page_cell_percent(page *p, double fraction)
{
    if (isnan(fraction))
        page_cell(p, "–");
    else
        page_cell(p, "%.2f %%", 100 * fraction);
}

void page_cell_number(page *p, double number, int decimals)
{
    if (isnan(number))
        page_cell(p, "–");
    else
        page_cell(p, "%.*f", decimals, number);
}

void page_cell_count(page *p, unsigned long long count)
{
    char digits[PAGE_DIGITS];
    page_cell(p, "%s", page_digits(digits, count));
}

void page_table_end(page *p)
{
    put(p, p->in_rows ? "</tbody>" : "</tr></thead>");
    put(p, "\n</table></div>\n");
}

/* ---- figures -------------------------------------------------------------------- */

void page_figures_begin(page *p)
{
    put(p, "<div class=\"figures\">\n");
}

void page_figures_end(page *p)
{
    put(p, "</div>\n");
}

void page_figure(page *p, const char *title, const char *svg, const char *instead,
                 const char *caption, const char *source)
{
    put(p, "<figure>\n<h4>");
    put_words(p, title);
    put(p, "</h4>\n");
    if (svg) {
        put(p, svg);
        put(p, "\n");
    } else {
        put(p, "<p class=\"note\">");
        put_words(p, instead);
        put(p, "</p>\n");
    }
    put(p, "<figcaption>");
    put_words(p, caption);
    put(p, " <span class=\"source\">");
    put_words(p, source);
    put(p, "</span></figcaption>\n</figure>\n");
}
