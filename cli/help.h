/* The help of a command, made from its option rows. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "options.h"

/* On stdout, at most 80 columns wide. */
void print_help(const option_set *set);

#endif
