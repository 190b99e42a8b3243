/* What a report is made of while it is made, and the two kinds of reports. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "espalier/report.h"
#include "report/page.h"

typedef struct report {
    const char *folder;  /* of the run or the study */
    const char *plots;   /* FOLDER/plots; it exists */
    const char *gnuplot; /* its path, or NULL: scripts and data are written, nothing is drawn */
    const espalier_allocator *allocator;
    page page;
    espalier_report_summary summary;
} report;

/* Fill the page. Errors: FORMAT, NOT_FOUND, IO, MEMORY. */
espalier_status run_page_write(report *r, espalier_error *error);
espalier_status study_page_write(report *r, espalier_error *error);

#endif
