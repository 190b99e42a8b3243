/* The configuration of a run: the metadata "training" of a model, config.json of a run
 * folder. docs/commands.md lists its keys; restart.c reads them back. */
#ifndef CLI_CONFIGURATION_H
#define CLI_CONFIGURATION_H

#include "settings.h"

/* What a configuration says beside the settings. */
typedef struct configuration_facts {
    const char *source;              /* DATA, or NULL */
    const espalier_dataset *dataset; /* or NULL */
    const espalier_network *network;
    const char *math;                /* NULL: no training */
    bool brought;                    /* the network was there already: a file's, not a new one */
    const char *before;              /* "training" of the network that this one comes from, or NULL */
} configuration_facts;

/* The configuration that is kept in the model: everything that decides what
 * comes out, nothing about the machine or the moment. */
json_t *configuration_json(const option_set *set, const run_settings *s,
                           const configuration_facts *facts);

#endif
