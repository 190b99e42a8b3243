/* espalier train: trains a new network, or one that is there already from its own, its
 * initial or fresh weights, and prunes it on the way if asked to. */
#include "doubts.h"
#include "inputs.h"
#include "output.h"
#include "restart.h"
#include "run_folder.h"
#include "scaling.h"

/* ---- options that do not go together ------------------------------------------- */

/* Options that mean nothing without --from, or without another --restart. */
static int check_restart(const option_set *set, const run_settings *s)
{
    const char *how = espalier_restart_name(s->restart), *command = set->command;
    bool fresh =
        s->restart == ESPALIER_RESTART_REINIT || s->restart == ESPALIER_RESTART_SHUFFLE;
    if (!s->from && (option_given(set, "restart") || s->initial))
        return usage_error(command, "--%s: expected --from MODEL beside it, found none",
                           s->initial ? "initial" : "restart");
    if (s->from && option_given(set, "hidden"))
        return usage_error(command, "--hidden: has no meaning with --from: MODEL has its widths");
    if (s->from && (option_given(set, "activation") || option_given(set, "leaky-slope")))
        return usage_error(command, "--activation: has no meaning with --from: MODEL has its own");
    if (s->from && option_given(set, "init") && !fresh)
        return usage_error(command, "--init: has no meaning with --restart %s, which draws no "
                                    "weights", how);
    if (s->initial && s->restart != ESPALIER_RESTART_REWIND)
        return usage_error(command, "--initial: has no meaning with --restart %s", how);
    return EXIT_NONE;
}

static int check_output(const run *r, const option_set *set, const run_settings *s)
{
    char beside[RUN_PATH_BYTES];
    const char *command = set->command, *initial = s->initial;
    if (s->from && s->restart == ESPALIER_RESTART_REWIND && !initial &&
        restart_initial_path(s->from, beside, sizeof beside))
        initial = beside;
    const char *inputs[] = {s->from, initial, s->hidden.like};
    int code = run_folder_spares(command, s->output, s->folder);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs && code == EXIT_NONE; i++)
        code = inputs[i] ? output_differs(command, s->output, inputs[i]) : EXIT_NONE;
    if (code == EXIT_NONE)
        code = output_differs_from_data(command, s->output, set->files[0], &s->data);
    if (code == EXIT_NONE && s->folder && !r->resume)
        code = folder_free(command, s->folder);
    if (code == EXIT_NONE && !output_lies_in(s->output, s->folder)) /* a folder that is still to be made */
        code = output_writable(s->output);
    return code;
}

/* ---- a new network ---------------------------------------------------------------- */

static int make_network(run *r)
{
    const run_settings *s = r->settings;
    size_t widths[WIDTHS_MOST + 2], count = 0;
    espalier_error error = {0};
    widths[count++] = espalier_dataset_input_count(r->dataset);
    for (size_t i = 0; i < s->hidden.count; i++)
        widths[count++] = s->hidden.widths[i];
    widths[count++] = espalier_dataset_class_count(r->dataset);
    if (espalier_network_create(widths, count, NULL, &r->network, &error))
        return fail(&error);
    espalier_network_initialise(r->network, s->init, s->seed);
    return activation_set_all(&s->activation, r->network);
}

/* ---- the command ------------------------------------------------------------------- */

/* The record tells the widths of the network that is trained, whatever it was. */
static void take_widths(width_list *hidden, const espalier_network *network)
{
    size_t last = espalier_network_layer_count(network) - 1;
    hidden->count = last < WIDTHS_MOST ? last : WIDTHS_MOST;
    for (size_t l = 0; l < hidden->count; l++)
        hidden->widths[l] = espalier_network_original_width(network, l + 1);
}

/* What has to be known before the options can be settled: a network that is there
 * already, its recipe and its validation rows; the number of hidden layers. */
static int look(run *r, option_set *set, run_settings *s)
{
    r->model = s->from;
    int code = s->from || run_goes_on(r) ? run_read_model(r)
                                         : network_like(&s->hidden, &s->activation, set);
    if (code != EXIT_NONE)
        return code;
    if (s->from && option_given(set, "scaling") && !run_goes_on(r) && !scaling_is_unsaid(r->network))
        return usage_error(set->command, "--scaling: has no meaning with --from: MODEL has its own");
    if (s->from)
        r->recipe = restart_recipe(set, s, r->network);
    if (r->network)
        take_widths(&s->hidden, r->network);
    code = activation_settle(&s->activation, set);
    if (code != EXIT_NONE)
        return code;
    s->data.options.seed = s->seed;
    if (s->from)
        data_follow_model(&s->data, set, r->network, r->unscaled);
    if (s->prune.scope == ESPALIER_SCOPE_ONE_BY_ONE && !option_given(set, "steps"))
        s->prune.steps = s->from ? layers_to_prune(r->network) : s->hidden.count;
    return EXIT_NONE;
}

static int check(run *r, option_set *set, run_settings *s)
{
    int code = output_is_model(set->command, s->output);
    if (code == EXIT_NONE)
        code = check_restart(set, s);
    if (code == EXIT_NONE)
        code = look(r, set, s);
    if (code == EXIT_NONE)
        code = settings_settle(s, set);
    return code == EXIT_NONE ? check_output(r, set, s) : code;
}

static int train(run *r)
{
    const char *from = r->settings->from;
    const data_settings *data = &r->settings->data;
    int code = from ? data_open_for(r->network, false, r->source, data, &r->dataset)
                    : data_open(r->source, data, &r->dataset);
    if (code == EXIT_NONE)
        code = doubts_say(r->source, r->dataset, true, from ? NULL : data);
    if (code == EXIT_NONE)
        doubts_splits(r->source, r->dataset, data);
    if (code == EXIT_NONE)
        code = r->network ? check_fit(r->model ? r->model : "the network", r->network, r->source,
                                      r->dataset)
                          : make_network(r);
    if (code == EXIT_NONE && from && !run_goes_on(r))
        code = scaling_settle(r->options, &r->settings->data, from, r->network, r->source,
                              r->dataset);
    if (code == EXIT_NONE && from && !run_goes_on(r))
        code = restart_network(r);
    if (code == EXIT_NONE)
        code = run_make_pruner(r);
    if (code == EXIT_NONE)
        code = run_train(r);
    return code == EXIT_NONE ? run_finish(r) : code;
}

/* again: the run that is gone on with, whose command line this is; NULL: a new one. */
static int run_command(int argc, char **argv, const resume *again)
{
    run_settings s = run_settings_defaults();
    option_set set = {
        .command = argv[0],
        .arguments = "DATA -o MODEL",
        .summary = "Trains a classifier on DATA: a table (.csv), NumPy arrays (.npz, .npy), a "
                   "folder of IDX files, or a name such as fashion-mnist. With --prune it is "
                   "pruned while it learns. With --from a network that is there already is "
                   "trained again.",
        .least = 1,
        .most = 1,
        .alone = "resume",
        .epilogue = settings_epilogue,
    };
    settings_add_training(&set, &s, true);
    settings_add_restart(&set, &s);
    settings_add_pruning(&set, &s);
    data_add_options(&set, &s.data, DATA_NEW);
    settings_add_output(&set, &s);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE && s.resume && !again) {
        resume r;
        code = resume_open(&set, &s, &r);
        if (code == EXIT_NONE)
            code = run_command(r.argc, r.argv, &r);
        resume_close(&r);
    } else if (code == EXIT_NONE) {
        run r = {.options = &set, .settings = &s, .argc = argc, .argv = argv, .resume = again,
                 .initial = again ? resume_initial(again) : NULL,
                 .source = set.files[0], .lock = -1};
        if (again)
            resume_override(again, &s);
        code = check(&r, &set, &s);
        if (code == EXIT_NONE)
            code = train(&r);
        run_clear(&r);
    }
    options_clear(&set);
    return code;
}

int cmd_train(int argc, char **argv)
{
    return run_command(argc, argv, NULL);
}
