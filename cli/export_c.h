/* What belongs to `export` to .c alone: its options, its data, what is said of it. */
#ifndef CLI_EXPORT_C_H
#define CLI_EXPORT_C_H

#include "data.h"

typedef struct export_c_settings {
    data_settings data;
    const char *source; /* --data, or NULL */
    espalier_export_type type;
    unsigned optimize;  /* 0 = size, 1 = speed */
    bool probabilities;
    const char *name;
    size_t test_vectors;
    espalier_dataset *dataset;
    char *command;
    espalier_export_figures figures;
} export_c_settings;

export_c_settings export_c_defaults(void);
void export_c_add_options(option_set *set, export_c_settings *settings);

/* Wrong usage where an option of .c is given for another format, or one lacks another. */
int export_c_check(const option_set *set, const export_c_settings *settings, const char *output);

/* Opens the data and fills the export's options. argv: the command, to be written into
 * the program. EXIT_NONE, or an exit code after a message. */
int export_c_prepare(const option_set *set, export_c_settings *settings, const char *output,
                     espalier_network *network, int argc, char **argv,
                     espalier_export_options *options);

/* What was written beside the output, what it costs and how good it is. */
void export_c_print(const export_c_settings *settings, const char *output);

void export_c_clear(export_c_settings *settings);

#endif
