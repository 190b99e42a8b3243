/* Networks in other programs' formats. */
#ifndef ESPALIER_EXPORT_H
#define ESPALIER_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/dataset.h"
#include "espalier/network.h"
#include "espalier/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers that a standalone program computes with. */
typedef enum espalier_export_type {
    ESPALIER_EXPORT_FLOAT,
    ESPALIER_EXPORT_INT8,
    ESPALIER_EXPORT_INT16,
    ESPALIER_EXPORT_TYPE_COUNT
} espalier_export_type;

/* The name used on the command line ("float", "int8", "int16"); NULL out of range. */
ESPALIER_API const char *espalier_export_type_name(espalier_export_type type);

/* What a program written as C costs, and how good it is. */
typedef struct espalier_export_figures {
    uint64_t rows;           /* test rows that the accuracies are of; 0 = none */
    double accuracy_before;  /* of the network */
    double accuracy_after;   /* of the program, by its own arithmetic */
    uint64_t constant_bytes; /* its tables, in flash */
    uint64_t code_bytes;     /* its code, an estimate for Thumb at -Os */
    uint64_t ram_bytes;      /* its buffers, on the stack while it runs */
    uint64_t multiply_adds;  /* for one row */
    uint64_t test_vectors;   /* rows of its self-test: as many as asked for, or all there are */
} espalier_export_figures;

typedef struct espalier_export_options {
    espalier_export_type type;      /* .c only */
    bool speed;                     /* .c: each layer in the faster form, not the smaller */
    bool probabilities;             /* .c: softmax over the scores as well */
    const char *name;               /* .c: prefix of its names; NULL = the file's name. Borrowed */
    const espalier_dataset *data;   /* .c: calibration, figures, test vectors; or NULL. Borrowed */
    size_t test_vectors;            /* .c: rows of a self-test; 0 = none */
    size_t threads;                 /* .c: for calibration and figures, which do not depend on it; 0 = as
                                     * many as there are processors for the process */
    const char *command;            /* .c: what made it, for its comment; or NULL. Borrowed */
    int opset;                      /* .onnx: version of the operators, 9 … 21 */
    bool gather;                    /* .onnx: take the inputs that compaction kept by a Gather node,
                                     * not by columns of zeros: smaller, but not for OpenCV <= 4.6 */
    bool fold_scaling;              /* .safetensors: input scaling as part of the first layer */
    espalier_export_figures *figures; /* .c: receives them; or NULL. Borrowed */
} espalier_export_options;

/* All false, float, no names, no data; opset 17. */
ESPALIER_API espalier_export_options espalier_export_options_defaults(void);

/* The endings that espalier_network_export() knows, such as ".safetensors", and
 * one line about each; NULL past the end. */
ESPALIER_API const char *espalier_exporter_ending(size_t index);
ESPALIER_API const char *espalier_exporter_summary(size_t index);

/* Writes the network in the format that the path's ending names, aside and
 * renamed. options NULL = defaults.
 * Errors: ARGUMENT (unknown ending; names those known; an option out of range), IO,
 * UNSUPPORTED (this build cannot write that; more than an .onnx file holds, 2 GiB), NUMERIC
 * (a weight or bias that is NaN or infinite; scaling that float32 weights cannot hold),
 * MISMATCH (rows that do not fit the network), FORMAT (a row that a program cannot be tested
 * with), MEMORY. An error leaves an existing file as it was. */
ESPALIER_API espalier_status espalier_network_export(const espalier_network *network,
                                                     const char *path,
                                                     const espalier_export_options *options,
                                                     espalier_error *error);

#ifdef __cplusplus
}
#endif
#endif
