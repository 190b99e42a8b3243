/* Running gnuplot. */
#ifndef REPORT_DRAW_H
#define REPORT_DRAW_H

#include "espalier/status.h"

/* Runs `gnuplot NAME.gp` in the folder, without a shell and without the user's own
 * start-up file. Errors: IO (it could not be started or failed; says its words). */
espalier_status draw_run(const char *gnuplot, const char *folder, const char *name,
                         espalier_error *error);

#endif
