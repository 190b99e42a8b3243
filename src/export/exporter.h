/* The table of exporters: one file and one row for each format. */
#ifndef EXPORT_EXPORTER_H
#define EXPORT_EXPORTER_H

#include "base/error.h"
#include "espalier/export.h"

typedef struct exporter {
    const char *ending;  /* with its dot; compared without regard to case */
    const char *summary; /* one line for a person */
    /* Writes aside and renames. Errors: those of espalier_network_export(). */
    espalier_status (*write)(const espalier_network *network, const char *path,
                             const espalier_export_options *options, espalier_error *error);
} exporter;

/* In metadata "input_scaling": rows go in as they are in the data, so that no reader has to
 * guess. */
#define EXPORT_RAW_ROWS "{\"shift\":0.0,\"scale\":1.0}"

espalier_status export_safetensors(const espalier_network *network, const char *path,
                                   const espalier_export_options *options, espalier_error *error);
espalier_status export_onnx(const espalier_network *network, const char *path,
                            const espalier_export_options *options, espalier_error *error);
espalier_status export_c(const espalier_network *network, const char *path,
                         const espalier_export_options *options, espalier_error *error);

#endif
