/* Takes a whole SVG file apart so far as it must be changed to stand within a page. */
#include "report/svg.h"

#include <string.h>

#include "base/error.h"

/* A plot has some hundred kB; more is not put into a page. */
enum { BYTES_MOST = 8 << 20 };

/* What a picture must not hold: it would run, or be fetched. gnuplot writes none of it. */
static const char *forbidden(const char *svg)
{
    static const char *const words[] = {"<script",     "<iframe",    "<foreignObject",
                                        "javascript:", "href='http", "href=\"http",
                                        "url(http",    "onload="};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(svg, words[i]))
            return words[i];
    return NULL;
}

/* The length of what at its start makes a reference to an id, the id left out; 0 = none. */
static size_t reference(const char *at)
{
    static const char *const leads[] = {" id='", " id=\"", "href='#", "href=\"#", "url(#"};
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (strncmp(at, leads[i], strlen(leads[i])) == 0)
            return strlen(leads[i]);
    return 0;
}

/* The length of an element at its start that is left out; 0 = none. The names gnuplot
 * gives by itself would be shown when pointed at. */
static size_t left_out(const char *at)
{
    static const char *const elements[][2] = {{"<title>Gnuplot</title>", "</title>"},
                                              {"<desc>", "</desc>"},
                                              {"<title>gnuplot_plot_", "</title>"}};
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        const char *end = NULL;
        if (strncmp(at, elements[i][0], strlen(elements[i][0])) == 0)
            end = strstr(at, elements[i][1]);
        if (end)
            return (size_t)(end - at) + strlen(elements[i][1]);
    }
    return 0;
}

static void add_inner(text *out, const char *svg, const char *name)
{
    while (*svg) {
        const size_t plain = strcspn(svg, " <hu");
        text_add(out, svg, plain);
        svg += plain;
        if (!*svg)
            return;
        const size_t skipped = left_out(svg), lead = reference(svg);
        if (skipped) {
            svg += skipped;
            continue;
        }
        text_add(out, svg, lead ? lead : 1);
        if (lead)
            text_print(out, "%s-", name);
        svg += lead ? lead : 1;
    }
}

espalier_status svg_inline(const char *path, const char *name, const char *label, text *out,
                           espalier_error *error)
{
    text file = {.allocator = out->allocator};
    espalier_status status = text_read(&file, path, BYTES_MOST, error);
    const char *whole = text_content(&file);
    const char *start = strstr(whole, "<svg"), *bad = forbidden(whole);
    if (status) {
        text_clear(&file);
        return status;
    }
    if (!start || !strstr(whole, "</svg>")) {
        status = error_set(error, ESPALIER_ERROR_FORMAT, "%s: no whole SVG", path);
    } else if (bad) {
        status = error_set(error, ESPALIER_ERROR_FORMAT, "%s: holds '%s'", path, bad);
    } else {
        text_print(out, "<svg role=\"img\" aria-label=\"");
        text_html(out, label);
        text_print(out, "\" ");
        add_inner(out, start + strlen("<svg"), name);
        status = out->failed ? error_memory(error) : ESPALIER_OK;
    }
    text_clear(&file);
    return status;
}
