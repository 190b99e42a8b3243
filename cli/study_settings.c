/* Rows for the options of a study, and its presets. Rows of training and pruning that say the
 * same for a single run are taken from settings.c; lists are read by study_lists.c. */
#include "study_settings.h"

#include <stdio.h>
#include <string.h>

#include "inputs.h"

/* What a preset sets; NULL and 0 leave the default. */
typedef struct preset {
    const char *name, *summary;
    const char *criteria, *sparsities, *steps, *counts, *controls;
    width_list hidden;
    size_t seeds, epochs, batch;
    double rate;
    espalier_optimizer optimizer;
    espalier_lr_schedule schedule;
    espalier_early_stop early_stop;
    espalier_trigger trigger;
} preset;

static const preset presets[] = {
    {.name = "quick", .summary = "ten epochs, three seeds, three sparsities: some minutes",
     .sparsities = "50%,80%,90%", .seeds = 3, .epochs = 10,
     .early_stop = ESPALIER_EARLY_STOP_NEVER, .trigger = ESPALIER_TRIGGER_EPOCH},
    {.name = "paper",
     .summary = "the paper's experiments: its network, its trigger by training accuracy, its "
                "stopping rules, 80, 85 and 90 %, 5 and 10 steps, every way of counting",
     .criteria = "activation,activation-weight", .sparsities = "80%,85%,90%", .steps = "5,10",
     .counts = "training,sample,sample-sum,sample-zeros", .controls = "magnitude,random",
     .seeds = 5, .epochs = 500, .early_stop = ESPALIER_EARLY_STOP_AFTER_PRUNING,
     .trigger = ESPALIER_TRIGGER_ACCURACY},
    {.name = "lenet",
     .summary = "LeNet-300-100 at the compression ratios of the literature, twenty seeds",
     .criteria = "activation,activation-weight,magnitude", .sparsities = "12x,28x,50x,70x,100x",
     .steps = "20", .controls = "none", .hidden = {.count = 2, .widths = {300, 100}},
     .seeds = 20, .epochs = 40, .batch = 32, .rate = 0.05, .optimizer = ESPALIER_MOMENTUM,
     .schedule = ESPALIER_LR_COSINE, /* how they were chosen: docs/studies.md */
     .early_stop = ESPALIER_EARLY_STOP_NEVER, .trigger = ESPALIER_TRIGGER_EPOCH},
};

static const char *preset_at(size_t index)
{
    return index < sizeof presets / sizeof *presets ? presets[index].name : NULL;
}

/* ---- rows ------------------------------------------------------------------- */

void study_settings_init(study_settings *s)
{
    *s = (study_settings){.run = run_settings_defaults(),
                          .options = espalier_study_options_defaults(),
                          .criteria = "activation,activation-weight",
                          .sparsities = "50%,80%,90%,95%,98%",
                          .scopes = "global",
                          .steps = "5",
                          .counts = "training",
                          .controls = "magnitude,random",
                          .nuclear = "none",
                          .nuclear_weighted = "none"};
    s->seeds = s->options.seed_count;
    s->run.train = s->options.train;
    s->run.prune = s->options.prune;
}

/* Takes out what a study has lists for, or what has no meaning in one. */
static void drop(option_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (!set->options[i].name || strcmp(set->options[i].name, name) != 0)
            continue;
        memmove(&set->options[i], &set->options[i + 1],
                (set->count - i - 1) * sizeof *set->options);
        set->count--;
        return;
    }
}

static void add_plan(option_set *set, study_settings *s)
{
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Plan (lists are separated by commas)"},
        {.name = "preset", .kind = OPTION_NAME, .value = &s->preset, .argument = "NAME",
         .names = preset_at, .help = "defaults for a purpose, see below"},
        {.name = "criteria", .kind = OPTION_TEXT, .value = &s->criteria, .argument = "LIST",
         .help = "what prunes; none = dense networks only"},
        {.name = "sparsities", .kind = OPTION_TEXT, .value = &s->sparsities, .argument = "LIST",
         .help = "targets: 90%, 0.9, or the compression ratio 10x"},
        {.name = "scopes", .kind = OPTION_TEXT, .value = &s->scopes, .argument = "LIST",
         .help = "which weights compete: global, layer, one-by-one"},
        {.name = "steps", .kind = OPTION_TEXT, .value = &s->steps, .argument = "LIST",
         .help = "numbers of pruning steps; not with --trigger once or cubic"},
        {.name = "counts", .kind = OPTION_TEXT, .value = &s->counts, .argument = "LIST",
         .help = "for criteria that read counts: training, sample, sample-sum, sample-zeros"},
        {.name = "seeds", .kind = OPTION_COUNT, .value = &s->seeds, .argument = "N", .low = 1,
         .high = 10000, .help = "every run with so many seeds"},
        {.name = "seed", .kind = OPTION_SEED, .value = &s->run.seed, .argument = "N",
         .help = "the first of them"},
        {.name = "controls", .kind = OPTION_TEXT, .value = &s->controls, .argument = "LIST",
         .help = "what else is compared: magnitude, random; for each pruned network rewind, "
                 "reinit, shuffle, scratch, pca, svd, factors; none. dense is always there"},
        {.name = "control-sparsities", .kind = OPTION_TEXT, .value = &s->control_sparsities,
         .argument = "LIST", .shown = "all",
         .help = "sparsities at which pruned networks get their controls"},
        {.name = "nuclear", .kind = OPTION_TEXT, .value = &s->nuclear, .argument = "LIST",
         .help = "also dense networks with this weight on the sum of singular values"},
        {.name = "nuclear-weighted", .kind = OPTION_TEXT, .value = &s->nuclear_weighted,
         .argument = "LIST", .help = "the same for the index-weighted sum"},
        {.name = "retrain-epochs", .kind = OPTION_COUNT, .value = &s->retrain, .argument = "N",
         .low = 0, .high = 1e9, .shown = "as the pruned network after its last step",
         .help = "for pca, svd, factors"},
        {.name = "spectra", .kind = OPTION_FLAG, .value = &s->spectra,
         .help = "also keep all singular values before and after every pruning step"},
    };
    options_add(set, rows, sizeof rows / sizeof *rows);
}

static void add_output(option_set *set, study_settings *s)
{
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Output"},
        {.name = "output", .letter = 'o', .kind = OPTION_TEXT, .value = &s->run.output,
         .argument = "DIR",
         .help = "folder of the study (required); one that is there is taken up again"},
        {.name = "jobs", .letter = 'j', .kind = OPTION_COUNT, .value = &s->jobs, .argument = "N",
         .low = 0, .high = THREADS_MOST, .shown = "one for each processor",
         .help = "runs at once, each on one thread; results do not depend on it; 0 = one for each processor"},
        {.name = "json", .kind = OPTION_FLAG, .value = &s->run.json,
         .help = "print the records of all runs as one JSON object"},
        {.name = "quiet", .kind = OPTION_FLAG, .value = &s->run.quiet,
         .help = "no progress and no table"},
    };
    options_add(set, rows, sizeof rows / sizeof *rows);
}

void study_add_options(option_set *set, study_settings *s)
{
    static const char *const dropped[] = {
        "seed",  "threads", "nuclear", "nuclear-weighted", "prune",
        "steps", "scope",   "count",   "criterion",
    };
    settings_add_training(set, &s->run, true);
    settings_add_pruning(set, &s->run);
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        drop(set, dropped[i]);
    for (size_t i = 0; i < set->count; i++) {
        option *row = &set->options[i];
        if (row->name && strcmp(row->name, "every") == 0)
            snprintf(row->standard, sizeof row->standard,
                     "epochs / 2 / steps, rounded down, at least 1");
    }
    option training[OPTIONS_MOST];
    const size_t count = set->count;
    memcpy(training, set->options, sizeof training);
    set->count = 0; /* the plan comes first in the help */
    add_plan(set, s);
    memcpy(&set->options[set->count], training, count * sizeof *training);
    set->count += count;
    data_add_options(set, &s->run.data, DATA_NEW);
    add_output(set, s);
}

void study_epilogue(void)
{
    puts("\nPresets (options given beside one win)");
    for (size_t i = 0; preset_at(i); i++) {
        size_t column = (size_t)printf("  %-18s ", presets[i].name);
        print_wrapped(presets[i].summary, column, 21);
    }
    settings_epilogue();
}

/* ---- settling -------------------------------------------------------------------- */

static void take_text(const option_set *set, const char *name, const char *value,
                      const char **target)
{
    if (value && !option_given(set, name))
        *target = value;
}

static void apply_preset(study_settings *s, const option_set *set)
{
    const size_t index = s->preset ? name_index(preset_at, s->preset) : SIZE_MAX;
    if (index == SIZE_MAX)
        return;
    const preset *p = &presets[index];
    espalier_train_options *t = &s->run.train;
    take_text(set, "criteria", p->criteria, &s->criteria);
    take_text(set, "sparsities", p->sparsities, &s->sparsities);
    take_text(set, "steps", p->steps, &s->steps);
    take_text(set, "counts", p->counts, &s->counts);
    take_text(set, "controls", p->controls, &s->controls);
    if (p->hidden.count && !option_given(set, "hidden"))
        s->run.hidden = p->hidden;
    s->seeds = p->seeds && !option_given(set, "seeds") ? p->seeds : s->seeds;
    t->epochs = p->epochs && !option_given(set, "epochs") ? p->epochs : t->epochs;
    t->batch_rows = p->batch && !option_given(set, "batch") ? p->batch : t->batch_rows;
    t->learning_rate = p->rate > 0 && !option_given(set, "lr") ? p->rate : t->learning_rate;
    t->optimizer = option_given(set, "optimizer") ? t->optimizer : p->optimizer;
    t->lr_schedule = option_given(set, "lr-schedule") ? t->lr_schedule : p->schedule;
    t->early_stop = option_given(set, "early-stop") ? t->early_stop : p->early_stop;
    s->run.prune.trigger = option_given(set, "trigger") ? s->run.prune.trigger : p->trigger;
}

int study_fail(const espalier_error *error, const option_set *set)
{
    /* A field of the library and the option that sets it, where they differ. */
    static const char *const others[][2] = {
        {"batch_rows:", "batch"}, {"learning_rate:", "lr"}, {"seed_count:", "seeds"},
        {"folder:", "output"}, {"nuclear_weighted:", "nuclear-weighted"},
        {"control_sparsities:", "control-sparsities"}, {"target:", "sparsities"}, {"scope:", "scopes"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const size_t length = strlen(others[i][0]);
        if (error->status == ESPALIER_ERROR_ARGUMENT &&
            strncmp(error->message, others[i][0], length) == 0)
            return usage_error(set->command, "--%s%s:%s", others[i][1],
                               option_given(set, others[i][1]) ? ""
                               : option_given(set, "preset")   ? " (of the preset, or the default)"
                                                               : " (the default)",
                               error->message + length);
    }
    return settings_fail(error, set->command);
}

/* Once, of a way of counting that warrants it. */
static void warn(const espalier_study_options *o)
{
    espalier_count_mode count = ESPALIER_COUNT_SAMPLE_SUM;
    for (size_t m = 0; m < o->count_count; m++)
        count = o->counts[m] == ESPALIER_COUNT_SAMPLE_SUM ? count : o->counts[m];
    for (size_t c = 0; c < o->criterion_count; c++)
        activation_warn(o->activation == ESPALIER_SIGMOID, o->criteria[c], count);
}

int study_settle(study_settings *s, option_set *set)
{
    espalier_study_options *o = &s->options;
    espalier_error error = {0};
    apply_preset(s, set);
    int code = network_like(&s->run.hidden, &s->run.activation, set);
    if (code == EXIT_NONE)
        code = activation_settle(&s->run.activation, set);
    if (code == EXIT_NONE)
        code = study_read_lists(s, set);
    if (code != EXIT_NONE)
        return code;
    if (option_given(set, "steps") && espalier_study_sets_steps(s->run.prune.trigger) &&
        (s->run.prune.trigger == ESPALIER_TRIGGER_CUBIC || o->step_count != 1 || o->steps[0] != 1))
        return usage_error(set->command, "--steps: has no meaning with --trigger %s",
                           espalier_trigger_name(s->run.prune.trigger));
    o->hidden = s->run.hidden.widths;
    o->hidden_count = s->run.hidden.count;
    o->activation = activation_chosen(&s->run.activation);
    o->leaky_slope = s->run.activation.slope;
    o->initialiser = s->run.init;
    o->train = s->run.train;
    o->prune = s->run.prune;
    o->regulariser = s->run.regulariser;
    o->train.final_accuracy = o->prune.final_accuracy = s->run.final_accuracy;
    o->seed = s->run.seed;
    o->seed_count = s->seeds;
    o->retrain_epochs = s->retrain;
    o->spectra = s->spectra;
    o->jobs = s->jobs;
    o->folder = s->run.output;
    s->run.data.options.seed = s->run.seed;
    if (espalier_study_options_check(o, &error) ||
        espalier_dataset_options_check(&s->run.data.options, &error))
        return study_fail(&error, set);
    warn(o);
    return EXIT_NONE;
}
