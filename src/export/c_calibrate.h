/* How large the values of an integer program get, out of training rows. */
#ifndef EXPORT_C_CALIBRATE_H
#define EXPORT_C_CALIBRATE_H

#include "export/c_program.h"

/* Turns a float program into an integer one of its type. Ranges of values come from
 * training rows; which way of choosing them, from validation rows (or, where there are
 * none, the training rows again). Test rows are looked at only where there are no others:
 * of a table that the network was not trained on. Errors: MEMORY. */
espalier_status c_calibrate(c_program *program, const espalier_dataset *data,
                            espalier_error *error);

#endif
