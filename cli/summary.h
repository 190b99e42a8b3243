/* The result of a run, for people. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "common.h"

/* Prints the result object; proof: the line about compaction, "" = none. */
void print_summary(const json_t *result, const espalier_network *network, const char *output,
                   const char *proof);

/* Prints an array of pruning steps, from a result or from a network's history. */
void print_prune_steps(const json_t *steps);

#endif
