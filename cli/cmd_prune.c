/* espalier prune: prunes a trained network, at once or while fine-tuning it. */
#include "doubts.h"
#include "output.h"
#include "run_folder.h"
#include "scaling.h"

/* Without fine-tuning there are no epochs that steps could wait for. */
static int check_at_once(const option_set *set, const run_settings *s)
{
    const char *useless = options_given_training(set);
    if (s->prune.trigger != ESPALIER_TRIGGER_ONCE)
        return usage_error(set->command, "--trigger: expected once, or --epochs N with DATA to "
                                         "prune while fine-tuning, found %s",
                           espalier_trigger_name(s->prune.trigger));
    if (s->prune.count != ESPALIER_COUNT_TRAINING && s->prune.count != ESPALIER_COUNT_NONE)
        return usage_error(set->command, "--count: expected training (every training row of DATA, "
                                         "once) or none, or --epochs N with DATA, found %s",
                           espalier_count_mode_name(s->prune.count));
    if (s->prune.scope == ESPALIER_SCOPE_ONE_BY_ONE)
        return usage_error(set->command, "--scope: expected global or layer, or --epochs N with DATA "
                                         "and another --trigger than once, found one-by-one");
    if (useless)
        return usage_error(set->command, "--%s has a meaning only with --epochs N and DATA: the "
                                         "network is pruned in one step", useless);
    return EXIT_NONE;
}

static int check(option_set *set, run_settings *s, const resume *again)
{
    const char *command = set->command, *model = set->files[0];
    const char *source = set->file_count > 1 ? set->files[1] : NULL;
    int code = output_is_model(command, s->output);
    if (code == EXIT_NONE && s->train.epochs > 0 && !source)
        code = usage_error(command, "--epochs: expected DATA to fine-tune on, found none");
    if (code == EXIT_NONE)
        code = data_check(set, source, "DATA");
    if (code == EXIT_NONE && s->train.epochs == 0)
        code = check_at_once(set, s);
    if (code == EXIT_NONE && !again && option_given(set, "every") &&
        s->prune.trigger == ESPALIER_TRIGGER_ONCE)
        code = usage_error(command, "--every: has no meaning with --trigger once, which prunes a "
                                    "trained network before the first epoch");
    if (code == EXIT_NONE)
        code = run_folder_spares(command, s->output, s->folder);
    if (code == EXIT_NONE)
        code = output_differs(command, s->output, model);
    if (code == EXIT_NONE && source)
        code = output_differs_from_data(command, s->output, source, &s->data);
    if (code == EXIT_NONE && s->folder && !again)
        code = folder_free(command, s->folder);
    if (code == EXIT_NONE && !output_lies_in(s->output, s->folder)) /* a folder that is still to be made */
        code = output_writable(s->output);
    return code;
}

/* What depends on the network: steps of one-by-one, the rows of validation, and
 * how it was trained. */
static int open_network(run *r, option_set *set, run_settings *s)
{
    int code = run_read_model(r);
    if (code != EXIT_NONE)
        return code;
    if (s->prune.scope == ESPALIER_SCOPE_ONE_BY_ONE && !option_given(set, "steps"))
        s->prune.steps = layers_to_prune(r->network);
    s->data.options.seed = s->seed;
    data_follow_model(&s->data, set, r->network, r->unscaled);
    return settings_settle(s, set);
}

static int open_data(run *r, const option_set *set, const run_settings *s)
{
    espalier_error error = {0};
    if (!r->source)
        return EXIT_NONE;
    int code = data_open_for(r->network, false, r->source, &s->data, &r->dataset);
    if (code == EXIT_NONE)
        code = check_fit(set->files[0], r->network, r->source, r->dataset);
    if (code == EXIT_NONE)
        code = doubts_say(r->source, r->dataset, s->train.epochs > 0, NULL);
    if (code == EXIT_NONE && s->train.epochs > 0)
        doubts_splits(r->source, r->dataset, &s->data);
    if (code == EXIT_NONE && !run_goes_on(r))
        code = scaling_settle(set, &s->data, set->files[0], r->network, r->source, r->dataset);
    if (code != EXIT_NONE || s->prune.trigger != ESPALIER_TRIGGER_ONCE ||
        s->prune.count != ESPALIER_COUNT_TRAINING || run_goes_on(r))
        return code; /* samples are the pruner's own */
    return espalier_network_count_activations(r->network, r->dataset, NULL, &error)
               ? fail(&error)
               : EXIT_NONE;
}

static int prune_at_once(run *r)
{
    int code = run_begin(r);
    while (code == EXIT_NONE && espalier_pruner_outstanding(r->pruner) > 0) {
        espalier_error error = {0};
        espalier_prune_step step;
        bool uncounted = espalier_network_inputs_counted(r->network) == 0;
        if (run_folder_snapshot(r, r->network, &error) ||
            espalier_record_step_begin(r->record, r->network, &error) ||
            espalier_pruner_step(r->pruner, r->network, &step, &error) ||
            espalier_record_step_end(r->record, r->network, &step, &error)) {
            code = fail(&error);
            if (error.status == ESPALIER_ERROR_ARGUMENT && uncounted && !r->source)
                message("name DATA to count activations now, or take a criterion that needs "
                        "none, such as --criterion magnitude");
        }
    }
    if (code == EXIT_NONE && espalier_pruner_step_count(r->pruner) > 0)
        doubts_thin(r->network);
    return code;
}

static int prune(option_set *set, run_settings *s, int argc, char **argv, const resume *again)
{
    run r = {.options = set, .settings = s, .argc = argc, .argv = argv, .resume = again,
                 .initial = again ? resume_initial(again) : NULL,
             .lock = -1, .source = set->file_count > 1 ? set->files[1] : NULL,
             .model = set->files[0], .threads = s->train.threads};
    int code = open_network(&r, set, s);
    if (code == EXIT_NONE)
        code = open_data(&r, set, s);
    if (code == EXIT_NONE)
        code = run_make_pruner(&r);
    if (code == EXIT_NONE)
        code = s->train.epochs > 0 ? run_train(&r) : prune_at_once(&r);
    if (code == EXIT_NONE)
        code = run_finish(&r);
    run_clear(&r);
    return code;
}

/* again: the run that is gone on with, whose command line this is; NULL: a new one. */
static int run_command(int argc, char **argv, const resume *again)
{
    run_settings s = run_settings_defaults();
    option_set set = {
        .command = argv[0],
        .arguments = "MODEL [DATA] -o MODEL",
        .summary = "Prunes a trained network: without DATA by the counts stored in its file, with "
                   "DATA by fresh ones, with --epochs N while it is fine-tuned on DATA.",
        .least = 1,
        .most = 2,
        .alone = "resume",
        .epilogue = settings_epilogue,
    };
    s.train.epochs = 0;
    s.target = s.prune.target;
    s.prune.trigger = ESPALIER_TRIGGER_ONCE;
    s.prune.trained = true;
    settings_add_training(&set, &s, false);
    settings_add_pruning(&set, &s);
    data_add_options(&set, &s.data, DATA_AGAIN);
    scaling_add_option(&set, &s.data);
    settings_add_output(&set, &s);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE && s.resume && !again) {
        resume r;
        code = resume_open(&set, &s, &r);
        if (code == EXIT_NONE)
            code = run_command(r.argc, r.argv, &r);
        resume_close(&r);
    } else if (code == EXIT_NONE) {
        if (again)
            resume_override(again, &s);
        code = check(&set, &s, again);
        if (code == EXIT_NONE)
            code = prune(&set, &s, argc, argv, again);
    }
    options_clear(&set);
    return code;
}

int cmd_prune(int argc, char **argv)
{
    return run_command(argc, argv, NULL);
}
