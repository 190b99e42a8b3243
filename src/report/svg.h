/* gnuplot's pictures as parts of a page. */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include "report/text.h"

/* Reads an SVG and adds it to `out` as it can stand within HTML: without what stands
 * before the element, its ids (of which all pictures share some) led by `name`, a label
 * to be read aloud. Errors: FORMAT (no SVG, or one that would load or run something),
 * NOT_FOUND, IO, MEMORY. `out` is then as it was. */
espalier_status svg_inline(const char *path, const char *name, const char *label, text *out,
                           espalier_error *error);

#endif
