/* What a program costs and how good it is. */
#ifndef EXPORT_C_FIGURES_H
#define EXPORT_C_FIGURES_H

#include "espalier/export.h"
#include "export/c_program.h"

typedef espalier_export_figures c_figures;

/* Counts bytes and operations; with a data set also accuracies: before, of the network;
 * after, of the program. Errors: MISMATCH (data of another width or with more classes),
 * MEMORY. */
espalier_status c_figures_find(const c_program *program, const espalier_network *network,
                               const espalier_dataset *data, c_figures *figures,
                               espalier_error *error);

#endif
