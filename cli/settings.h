/* The options that `train` and `prune` share. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "activation.h"
#include "data.h"

typedef struct run_settings {
    width_list hidden;
    activation_settings activation;
    espalier_initialiser init;
    espalier_train_options train;
    espalier_prune_options prune;
    espalier_regulariser_options regulariser;
    data_settings data;
    double target;         /* --prune; NaN = not given */
    double final_accuracy; /* one option for training and pruning */
    uint64_t seed;         /* of weights, order, samples, and validation rows */
    const char *from, *initial; /* --from, --initial; NULL = not given */
    espalier_restart restart;
    const char *output, *folder, *resume;
    bool compact, json, quiet, spectra;
} run_settings;

/* The library's defaults and the paper's widths. */
run_settings run_settings_defaults(void);

/* Adds all option rows; `prune` leaves out what makes a new network or starts again. */
void settings_add_training(option_set *set, run_settings *s, bool new_network);
void settings_add_restart(option_set *set, run_settings *s);
void settings_add_pruning(option_set *set, run_settings *s);
void settings_add_output(option_set *set, run_settings *s);

/* After parsing: copies what one option sets in several places, and lets the
 * library check the whole. EXIT_NONE, or an exit code after a message. */
int settings_settle(run_settings *s, const option_set *set);

/* Says what the library found wrong with an option, by the option's own name; with a command
 * (else NULL), where its help is. */
int settings_fail(const espalier_error *error, const char *command);

/* More help: criteria, math backends. */
void settings_epilogue(void);

#endif
