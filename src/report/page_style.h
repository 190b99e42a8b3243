/* How a page looks. */
#ifndef REPORT_PAGE_STYLE_H
#define REPORT_PAGE_STYLE_H

/* CSS for a screen, a phone and paper. */
extern const char page_style[];

#endif
