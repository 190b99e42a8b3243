/* espalier train: trains a new network, and prunes it on the way if asked to. */
#include "output.h"
#include "run.h"

static int check(option_set *set, run_settings *s)
{
    const char *command = set->command;
    int code = output_given(command, s->output);
    if (s->prune.scope == ESPALIER_SCOPE_ONE_BY_ONE && !option_given(set, "steps"))
        s->prune.steps = s->hidden.count;
    s->data.options.seed = s->seed;
    if (code == EXIT_NONE)
        code = settings_settle(s, set);
    if (code == EXIT_NONE)
        code = output_differs_from_data(command, s->output, set->files[0], &s->data);
    if (code == EXIT_NONE && s->folder)
        code = folder_free(command, s->folder);
    return code == EXIT_NONE ? output_writable(s->output) : code;
}

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
    return espalier_pruner_create(r->network, &s->prune, NULL, &r->pruner, &error)
               ? settings_fail(&error, r->options->command)
               : EXIT_NONE;
}

static int train(option_set *set, run_settings *s)
{
    run r = {.options = set, .settings = s, .source = set->files[0]};
    int code = data_open(r.source, &s->data, &r.dataset);
    if (code == EXIT_NONE)
        code = make_network(&r);
    if (code == EXIT_NONE)
        code = run_train(&r);
    if (code == EXIT_NONE)
        code = run_finish(&r);
    run_clear(&r);
    return code;
}

int cmd_train(int argc, char **argv)
{
    run_settings s = run_settings_defaults();
    option_set set = {
        .command = argv[0],
        .arguments = "DATA -o MODEL",
        .summary = "Trains a classifier on DATA, a folder of IDX files or the name of a data set "
                   "such as fashion-mnist. With --prune it is pruned while it learns.",
        .least = 1,
        .most = 1,
        .epilogue = settings_epilogue,
    };
    settings_add_training(&set, &s, true);
    settings_add_pruning(&set, &s);
    data_add_options(&set, &s.data, DATA_SPLIT);
    settings_add_output(&set, &s);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = check(&set, &s);
    if (code == EXIT_NONE)
        code = train(&set, &s);
    options_clear(&set);
    return code;
}
