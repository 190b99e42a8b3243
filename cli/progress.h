/* The bar of a run on a terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "espalier/espalier.h"

typedef struct progress {
    bool shown;             /* stderr is a terminal and nobody asked for quiet */
    double began, drawn;    /* seconds on the clock */
    double accuracy;        /* training accuracy of the last epoch; NaN before it */
    double sparsity;
    size_t epoch, epochs;
    double done;            /* epochs, with the part of the current one */
    double first;           /* epochs done by another process, before this one */
    char neurons[512];
    int digits, widest;     /* columns of an epoch's number and of the neurons */
} progress;

void progress_init(progress *p, bool quiet);
/* Listens to a trainer; silent unless shown. */
espalier_observer progress_observer(progress *p);
/* Takes the bar off the terminal: call it before anything else is printed. */
void progress_clear(const progress *p);

#endif
