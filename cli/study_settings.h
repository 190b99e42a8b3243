/* The options of `espalier study`: lists that make up the plan, presets, and what a study
 * shares with `train`. */
#ifndef CLI_STUDY_SETTINGS_H
#define CLI_STUDY_SETTINGS_H

#include "settings.h"

enum { LIST_MOST = 64 };

/* Lists as they were typed, and what was read from them; study_settle() fills the latter. */
typedef struct study_settings {
    run_settings run;
    const char *preset;
    const char *criteria, *sparsities, *scopes, *steps, *counts, *controls, *control_sparsities;
    const char *nuclear, *nuclear_weighted;
    size_t seeds, jobs, retrain;
    bool spectra;
    const char *criterion_list[LIST_MOST], *controlled_list[LIST_MOST];
    double sparsity_list[LIST_MOST], control_sparsity_list[LIST_MOST];
    double nuclear_list[LIST_MOST], nuclear_weighted_list[LIST_MOST];
    size_t step_list[LIST_MOST];
    espalier_scope scope_list[LIST_MOST];
    espalier_count_mode count_list[LIST_MOST];
    espalier_study_method control_list[LIST_MOST];
    espalier_study_options options; /* its lists point into this struct */
} study_settings;

void study_settings_init(study_settings *s);
void study_add_options(option_set *set, study_settings *s);

/* After parsing: applies the preset where an option was not given, reads the lists, and lets
 * the library check the whole. EXIT_NONE, or an exit code after a message. */
int study_settle(study_settings *s, option_set *set);

/* Reads the texts of all lists into their arrays and into `options`. EXIT_NONE, or an exit
 * code after a message. */
int study_read_lists(study_settings *s, const option_set *set);

/* Says what the library found wrong, by the option's own name. */
int study_fail(const espalier_error *error, const option_set *set);

void study_epilogue(void);

#endif
