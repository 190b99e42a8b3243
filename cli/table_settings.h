/* The options that say how a table (.csv and its relatives) is read. */
#ifndef CLI_TABLE_SETTINGS_H
#define CLI_TABLE_SETTINGS_H

#include "options.h"

typedef struct table_settings {
    espalier_table_options options;
    text_list ignored, categorical; /* --ignore, --categorical */
    unsigned separator;             /* --separator, an index into its names */
    const char *comment;            /* --comment; NULL = not given */
} table_settings;

/* known: rows are read by a model's columns, whose defaults are the model's. fitted: the
 * rows are for training, and some may be kept for tests. */
void table_add_options(option_set *set, table_settings *settings, bool known, bool fitted);

/* The options as the library takes them; the lists stay the settings' own. EXIT_NONE, or
 * EXIT_USAGE after a message. */
int table_settle(const table_settings *settings, espalier_table_options *options);

#endif
