/* The commands within `espalier data`: argv[0] is such as "data list". */
#ifndef CLI_DATA_COMMANDS_H
#define CLI_DATA_COMMANDS_H

#include "data.h"

int data_list(int argc, char **argv);
int data_fetch(int argc, char **argv);
int data_info(int argc, char **argv);

/* Where a known data set is on this machine. False where there is none. */
bool data_locate(const espalier_named_set *set, const data_settings *settings, char *path,
                 size_t size);
/* Whether a download into this folder was begun and not finished. */
bool data_unfinished(const char *folder);

#endif
