/* A network's layers measured: cost, singular values, and how they compare with
 * another network's. As tables, as JSON, as CSV. */
#ifndef CLI_ANALYSIS_H
#define CLI_ANALYSIS_H

#include <stdio.h>

#include "common.h"

typedef struct layer_analysis {
    size_t inputs, outputs;
    espalier_cost cost;
    espalier_spectrum spectrum; /* owned */
} layer_analysis;

typedef struct analysis {
    const char *path;          /* borrowed */
    espalier_network *network; /* owned */
    size_t count;
    layer_analysis *layers; /* [count], owned */
} analysis;

/* Reads a model and measures it. EXIT_NONE, or an exit code after a message;
 * analysis_clear() frees what is there. */
int analysis_make(analysis *made, const char *path);
void analysis_clear(analysis *made);

/* The singular value in the middle: as many are larger as smaller. */
double analysis_median(const layer_analysis *layer);
double analysis_sparsity(const layer_analysis *layer);
/* after / before; NaN where before is 0. */
double analysis_ratio(double after, double before);

/* baseline NULL: none. Layer counts must agree. */
void analysis_print(const analysis *a, const analysis *baseline);
/* EXIT_NONE, or an exit code after a message. */
int analysis_print_json(const analysis *a, const analysis *baseline);
/* A header and a line for each singular value. */
void analysis_write_csv(FILE *stream, const analysis *a, const analysis *baseline);

#endif
