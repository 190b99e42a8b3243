/* Rows for every option of training and pruning. The defaults are what the
 * library's …_defaults() functions return; none is written here. */
#include "settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROW_COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* One table of names for each enumeration of the library. */
#define NAMES(noun, type)                             \
    static const char *noun##_at(size_t index)        \
    {                                                 \
        return espalier_##noun##_name((type)index);   \
    }
NAMES(initialiser, espalier_initialiser)
NAMES(optimizer, espalier_optimizer)
NAMES(lr_schedule, espalier_lr_schedule)
NAMES(early_stop, espalier_early_stop)
NAMES(keep, espalier_keep)
NAMES(denominator, espalier_denominator)
NAMES(scope, espalier_scope)
NAMES(trigger, espalier_trigger)
NAMES(count_mode, espalier_count_mode)
NAMES(count_window, espalier_count_window)
NAMES(amounts, espalier_amounts)
NAMES(dead, espalier_dead)
NAMES(restart, espalier_restart)

static const double most_count = 1e9; /* epochs, rows: beyond any use, within any integer */
static const double most_steps = 1e6; /* as espalier_prune_options_check() */

run_settings run_settings_defaults(void)
{
    run_settings s = {
        .hidden = {.count = 4, .widths = {300, 200, 100, 50}},
        .activation = activation_defaults(),
        .init = ESPALIER_GLOROT_UNIFORM,
        .train = espalier_train_options_defaults(),
        .prune = espalier_prune_options_defaults(),
        .regulariser = espalier_regulariser_options_defaults(),
        .data = data_settings_defaults(),
        .target = NAN,
    };
    s.final_accuracy = s.train.final_accuracy;
    s.seed = s.train.seed;
    s.train.threads = threads_default();
    return s;
}

static void add_regulariser(option_set *set, espalier_regulariser_options *o)
{
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Regularisation"},
        {.name = "nuclear", .kind = OPTION_REAL, .value = &o->nuclear, .argument = "LAMBDA",
         .low = 0, .high = INFINITY, .recorded = true, .training = true, .recipe = true,
         .help = "penalty on the sum of the singular values of the hidden layers' weights"},
        {.name = "nuclear-weighted", .kind = OPTION_REAL, .value = &o->nuclear_weighted,
         .argument = "LAMBDA", .low = 0, .high = INFINITY, .recorded = true, .training = true,
         .recipe = true, .help = "the same, the i-th largest times i"},
        {.name = "nuclear-start", .kind = OPTION_FRACTION, .value = &o->start_accuracy,
         .argument = "A", .low = 0, .high = 1, .recorded = true, .training = true, .recipe = true,
         .help = "on after an epoch with this training accuracy"},
        {.name = "nuclear-every", .kind = OPTION_COUNT, .value = &o->every, .argument = "EPOCHS",
         .low = 1, .high = most_count, .recorded = true, .training = true, .recipe = true,
         .help = "in every epoch from then on, in every other one, ..."},
        {.name = "nuclear-interval", .kind = OPTION_COUNT, .value = &o->interval,
         .argument = "BATCHES", .low = 1, .high = most_count, .recorded = true, .training = true,
         .recipe = true, .help = "updates between two singular value decompositions of a layer"},
    };
    options_add(set, rows, ROW_COUNT(rows));
}

void settings_add_training(option_set *set, run_settings *s, bool new_network)
{
    espalier_train_options *t = &s->train;
    const option network[] = {
        {.kind = OPTION_TITLE, .help = "Network"},
        {.name = "hidden", .kind = OPTION_WIDTHS, .value = &s->hidden, .argument = "WIDTHS",
         .recorded = true,
         .help = "widths of the hidden layers; like:MODEL = as many as it has live neurons"},
        {.name = "activation", .kind = OPTION_CHOICE, .value = &s->activation.index,
         .argument = "NAME", .names = activation_offered, .recorded = true,
         .help = "function of the hidden layers. Counted are outputs above 0: of a sigmoid they "
                 "all are, so that its counts say nothing"},
        {.name = "leaky-slope", .kind = OPTION_REAL, .value = &s->activation.slope,
         .argument = "S", .low = 0, .high = 1e6, .recorded = true,
         .help = "for leaky-relu: what is negative is multiplied by it"},
        {.name = "init", .kind = OPTION_CHOICE, .value = &s->init, .argument = "HOW",
         .names = initialiser_at, .recorded = true,
         .recipe = true, .help = "how weights are drawn"},
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Training"},
        {.name = "epochs", .kind = OPTION_COUNT, .value = &t->epochs, .argument = "N",
         .low = new_network ? 1 : 0, .high = most_count, .recorded = true, .recipe = true,
         .help = new_network ? "train at most so long"
                             : "fine-tune at most so long; 0 = prune only"},
        {.name = "batch", .kind = OPTION_COUNT, .value = &t->batch_rows, .argument = "ROWS",
         .low = 1, .high = 1 << 20, .recorded = true, .training = true, .recipe = true,
         .help = "rows of a batch"},
        {.name = "lr", .kind = OPTION_REAL, .value = &t->learning_rate, .argument = "RATE",
         .low = 0, .high = INFINITY, .above = true, .recorded = true, .training = true,
         .recipe = true, .help = "learning rate; for adam 0.001 is usual"},
        {.name = "optimizer", .kind = OPTION_CHOICE, .value = &t->optimizer, .argument = "NAME",
         .names = optimizer_at, .recorded = true, .training = true,
         .recipe = true, .help = "update rule"},
        {.name = "momentum", .kind = OPTION_REAL, .value = &t->momentum, .argument = "M",
         .low = 0, .high = 1, .below = true, .recorded = true, .training = true, .recipe = true,
         .help = "for momentum and nesterov"},
        {.name = "beta1", .kind = OPTION_REAL, .value = &t->beta1, .argument = "B",
         .low = 0, .high = 1, .below = true, .recorded = true, .training = true, .recipe = true,
         .help = "for adam"},
        {.name = "beta2", .kind = OPTION_REAL, .value = &t->beta2, .argument = "B",
         .low = 0, .high = 1, .below = true, .recorded = true, .training = true, .recipe = true,
         .help = "for adam"},
        {.name = "epsilon", .kind = OPTION_REAL, .value = &t->epsilon, .argument = "E",
         .low = 0, .high = INFINITY, .above = true, .recorded = true, .training = true,
         .recipe = true, .help = "for adam"},
        {.name = "weight-decay", .kind = OPTION_REAL, .value = &t->weight_decay,
         .argument = "D", .low = 0, .high = INFINITY, .recorded = true, .training = true,
         .recipe = true, .help = "pull of weights, not of biases, towards zero"},
        {.name = "lr-schedule", .kind = OPTION_CHOICE, .value = &t->lr_schedule,
         .argument = "NAME", .names = lr_schedule_at, .recorded = true, .training = true,
         .recipe = true, .help = "how the rate changes"},
        {.name = "lr-step", .kind = OPTION_COUNT, .value = &t->lr_step, .argument = "EPOCHS",
         .low = 1, .high = most_count, .recorded = true, .training = true, .recipe = true,
         .help = "for step: epochs between two changes"},
        {.name = "lr-gamma", .kind = OPTION_REAL, .value = &t->lr_gamma, .argument = "G",
         .low = 0, .high = INFINITY, .above = true, .recorded = true, .training = true,
         .recipe = true, .help = "for step: factor of each change"},
        {.name = "warmup", .kind = OPTION_COUNT, .value = &t->warmup_epochs,
         .argument = "EPOCHS", .low = 0, .high = most_count, .recorded = true, .training = true,
         .recipe = true, .help = "the rate grows over so many epochs"},
        {.name = "early-stop", .kind = OPTION_CHOICE, .value = &t->early_stop,
         .argument = "WHEN", .names = early_stop_at, .recorded = true, .training = true,
         .recipe = true, .help = "when the stopping rules may end the run"},
        {.name = "final-accuracy", .kind = OPTION_FRACTION, .value = &s->final_accuracy,
         .argument = "A", .low = 0, .high = 1, .recorded = true, .training = true, .recipe = true,
         .help = "training accuracy that ends the run, and the accuracy trigger's upper end"},
        {.name = "keep", .kind = OPTION_CHOICE, .value = &t->keep, .argument = "WHICH",
         .names = keep_at, .recorded = true, .training = true, .recipe = true,
         .help = "the last network, or the one with the best validation loss since the last "
                 "pruning step"},
        {.name = "seed", .kind = OPTION_SEED, .value = &s->seed, .argument = "N",
         .help = "of everything random"},
        {.name = "threads", .kind = OPTION_COUNT, .value = &t->threads, .argument = "N",
         .low = 0, .high = THREADS_MOST, .shown = "all",
         .help = "results do not depend on it; 0 = as many as the machine offers and the "
                 "network is worth; without the option OMP_NUM_THREADS"},
        {.name = "math", .kind = OPTION_NAME, .value = &t->math, .argument = "NAME",
         .names = espalier_math_name, .shown = espalier_math_name(0), .training = true,
         .help = "backend of the matrix products, see below"},
    };
    if (new_network)
        options_add(set, network, ROW_COUNT(network));
    options_add(set, rows, ROW_COUNT(rows));
    add_regulariser(set, &s->regulariser);
}

void settings_add_restart(option_set *set, run_settings *s)
{
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Starting again"},
        {.name = "from", .kind = OPTION_TEXT, .value = &s->from, .argument = "MODEL",
         .help = "train this network further, its masks held; options of its first training, the "
                 "seed included, are taken over unless given here"},
        {.name = "restart", .kind = OPTION_CHOICE, .value = &s->restart, .argument = "HOW",
         .names = restart_at,
         .help = "the weights to begin with: its own, those before its first epoch, fresh ones, "
                 "or fresh ones under masks shuffled within each layer"},
        {.name = "initial", .kind = OPTION_TEXT, .value = &s->initial, .argument = "FILE",
         .help = "for rewind: the network before its first epoch; without the option "
                 "initial.safetensors beside MODEL, or drawn again from MODEL's seed"},
    };
    options_add(set, rows, ROW_COUNT(rows));
}

void settings_add_pruning(option_set *set, run_settings *s)
{
    espalier_prune_options *p = &s->prune;
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Pruning"},
        {.name = "prune", .kind = OPTION_FRACTION, .value = &s->target, .argument = "FRACTION",
         .low = 0, .high = 1, .shown = isnan(s->target) ? "none: dense" : NULL,
         .recorded = true, .help = "target: so much of the weights goes"},
        {.name = "of", .kind = OPTION_CHOICE, .value = &p->of, .argument = "WHAT",
         .names = denominator_at, .recorded = true,
         .help = "fractions are of all weights or of the prunable ones"},
        {.name = "steps", .kind = OPTION_COUNT, .value = &p->steps, .argument = "N", .low = 1,
         .high = most_steps, .recorded = true, .training = true,
         .help = "pruning steps, large cuts first; with one-by-one the number of hidden layers "
                 "unless given"},
        {.name = "criterion", .kind = OPTION_NAME, .value = &p->criterion, .argument = "NAME",
         .names = espalier_criterion_name, .recorded = true,
         .help = "score of a weight, see below"},
        {.name = "scope", .kind = OPTION_CHOICE, .value = &p->scope, .argument = "NAME",
         .names = scope_at, .recorded = true, .help = "which weights compete"},
        {.name = "trigger", .kind = OPTION_CHOICE, .value = &p->trigger, .argument = "NAME",
         .names = trigger_at, .recorded = true, .help = "what sets off a step"},
        {.name = "every", .kind = OPTION_COUNT, .value = &p->every, .argument = "EPOCHS",
         .low = 1, .high = most_count, .recorded = true, .training = true,
         .help = p->trained ? "for the trigger epoch" : "for the triggers epoch and once"},
        {.name = "patience", .kind = OPTION_COUNT, .value = &p->patience, .argument = "EPOCHS",
         .low = 0, .high = most_count, .recorded = true, .training = true,
         .help = "for accuracy: step anyway after so many epochs without a new best; 0 = wait "
                 "for ever"},
        {.name = "start-accuracy", .kind = OPTION_FRACTION, .value = &p->start_accuracy,
         .argument = "A", .low = 0, .high = 1, .recorded = true, .training = true,
         .help = "for accuracy: training accuracy of the first step"},
        {.name = "cubic-epochs", .kind = OPTION_COUNT, .value = &p->cubic_epochs,
         .argument = "N", .low = 1, .high = most_steps, .recorded = true, .training = true,
         .help = "for cubic: epochs from nothing to the target"},
        {.name = "cubic-interval", .kind = OPTION_COUNT, .value = &p->cubic_interval,
         .argument = "BATCHES", .low = 1, .high = most_count, .recorded = true,
         .training = true, .help = "for cubic: batches between two cuts"},
        {.name = "count", .kind = OPTION_CHOICE, .value = &p->count, .argument = "MODE",
         .names = count_mode_at, .recorded = true,
         .help = "what is counted; sample-zeros reproduces the authors' published code and "
                 "removes the most active neurons first"},
        {.name = "count-window", .kind = OPTION_CHOICE, .value = &p->window,
         .argument = "WINDOW", .names = count_window_at, .recorded = true, .training = true,
         .help = "since when"},
        {.name = "sample", .kind = OPTION_COUNT, .value = &p->sample_rows, .argument = "ROWS",
         .low = 1, .high = most_count, .recorded = true, .training = true,
         .help = "for the sample modes: rows after each epoch"},
        {.name = "dead", .kind = OPTION_CHOICE, .value = &p->dead, .argument = "HOW",
         .names = dead_at, .recorded = true, .help = "what becomes of dead neurons"},
        {.name = "min-neurons", .kind = OPTION_COUNT, .value = &p->min_neurons,
         .argument = "N", .low = 0, .high = WIDTH_MOST, .recorded = true,
         .help = "live neurons that a hidden layer keeps at least; 0 = no guard"},
        {.name = "amounts", .kind = OPTION_CHOICE, .value = &p->amounts, .argument = "HOW",
         .names = amounts_at, .recorded = true, .training = true,
         .help = "whether a step deducts what propagation removed before it"},
    };
    options_add(set, rows, ROW_COUNT(rows));
}

void settings_add_output(option_set *set, run_settings *s)
{
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Output"},
        {.name = "output", .letter = 'o', .kind = OPTION_TEXT, .value = &s->output,
         .argument = "FILE", .help = "write the network here (required)"},
        {.name = "compact", .kind = OPTION_FLAG, .value = &s->compact, .recorded = true,
         .help = "take dead neurons and unread inputs out before writing"},
        {.name = "run", .kind = OPTION_TEXT, .value = &s->folder, .argument = "DIR",
         .help = "also keep log, result, configuration and network in this new folder, and "
                 "checkpoints, so that a run that was broken off can be gone on with"},
        {.name = "resume", .kind = OPTION_TEXT, .value = &s->resume, .argument = "DIR",
         .help = "instead of everything else: go on with the run that --run kept there, to the "
                 "same bits"},
        {.name = "spectra", .kind = OPTION_FLAG, .value = &s->spectra,
         .help = "for --run: log the singular values at the beginning, around each pruning step "
                 "and at the end"},
        {.name = "json", .kind = OPTION_FLAG, .value = &s->json,
         .help = "print the result as one JSON object"},
        {.name = "quiet", .kind = OPTION_FLAG, .value = &s->quiet,
         .help = "no progress and no summary"},
    };
    options_add(set, rows, ROW_COUNT(rows));
}

/* These triggers set the number of steps themselves. */
static bool steps_ignored(const option_set *set, const espalier_prune_options *p)
{
    return option_given(set, "steps") &&
           (p->trigger == ESPALIER_TRIGGER_CUBIC ||
            (p->trigger == ESPALIER_TRIGGER_ONCE && p->steps != 1));
}

/* The options that say how to prune. */
static const char *of_pruning(size_t index)
{
    static const char *const names[] = {"of", "steps", "criterion", "scope", "trigger", "every",
                                        "patience", "start-accuracy", "cubic-epochs", "cubic-interval",
                                        "dead", "min-neurons", "amounts"};
    return index < ROW_COUNT(names) ? names[index] : NULL;
}

/* Options that are given but play no part: said, for who gave them thinks otherwise. */
static void note_ignored(const option_set *set, const run_settings *s)
{
    const espalier_train_options *o = &s->train;
    const espalier_prune_options *p = &s->prune;
    const espalier_trigger t = p->trigger;
    const bool pruned = !isnan(s->target);
    const bool samples = p->count != ESPALIER_COUNT_TRAINING && p->count != ESPALIER_COUNT_NONE;
    const bool adam = o->optimizer == ESPALIER_ADAM;
    const bool steps = o->lr_schedule == ESPALIER_LR_STEP;
    const bool nuclear = s->regulariser.nuclear > 0 || s->regulariser.nuclear_weighted > 0;
    const struct {
        const char *name;
        bool used;
        const char *with;
    } rules[] = {
        {"every", t == ESPALIER_TRIGGER_EPOCH || t == ESPALIER_TRIGGER_ONCE, "--trigger epoch or once"},
        {"patience", t == ESPALIER_TRIGGER_ACCURACY, "--trigger accuracy"},
        {"start-accuracy", t == ESPALIER_TRIGGER_ACCURACY, "--trigger accuracy"},
        {"cubic-epochs", t == ESPALIER_TRIGGER_CUBIC, "--trigger cubic"},
        {"cubic-interval", t == ESPALIER_TRIGGER_CUBIC, "--trigger cubic"},
        {"sample", samples, "a sample mode of --count"},
        {"momentum", o->optimizer == ESPALIER_MOMENTUM || o->optimizer == ESPALIER_NESTEROV,
         "--optimizer momentum or nesterov"},
        {"beta1", adam, "--optimizer adam"}, {"beta2", adam, "--optimizer adam"},
        {"epsilon", adam, "--optimizer adam"},
        {"lr-step", steps, "--lr-schedule step"}, {"lr-gamma", steps, "--lr-schedule step"},
        {"nuclear-start", nuclear, "--nuclear"}, {"nuclear-every", nuclear, "--nuclear"},
        {"nuclear-interval", nuclear, "--nuclear"},
    };
    for (size_t i = 0; of_pruning(i) && !pruned; i++)
        if (option_given(set, of_pruning(i)))
            message("note: --%s has no effect without --prune", of_pruning(i));
    for (size_t i = 0; i < ROW_COUNT(rules); i++)
        if (option_given(set, rules[i].name) && !rules[i].used &&
            (pruned || name_index(of_pruning, rules[i].name) == SIZE_MAX))
            message("note: --%s has no effect without %s", rules[i].name, rules[i].with);
}

int settings_settle(run_settings *s, const option_set *set)
{
    const char *command = set->command;
    if (steps_ignored(set, &s->prune))
        return usage_error(command, "--steps: has no meaning with --trigger %s",
                           espalier_trigger_name(s->prune.trigger));
    if (s->spectra && !s->folder)
        return usage_error(command, "--spectra: expected --run DIR, whose log takes them, found "
                                    "none");
    s->train.seed = s->prune.seed = s->seed;
    s->train.final_accuracy = s->prune.final_accuracy = s->final_accuracy;
    s->prune.target = isnan(s->target) ? 0 : s->target;
    if (s->prune.target > 0 && s->prune.trigger == ESPALIER_TRIGGER_ACCURACY &&
        s->prune.start_accuracy > s->final_accuracy)
        return usage_error(command, "--start-accuracy: expected at most --final-accuracy (%g%%), "
                                    "found %g%%",
                           100 * s->final_accuracy, 100 * s->prune.start_accuracy);
    espalier_error error = {0};
    espalier_train_options train = s->train;
    train.epochs = train.epochs ? train.epochs : 1; /* `prune` without fine-tuning */
    if (espalier_train_options_check(&train, &error) ||
        espalier_prune_options_check(&s->prune, &error) ||
        espalier_regulariser_options_check(&s->regulariser, &error) ||
        espalier_dataset_options_check(&s->data.options, &error))
        return settings_fail(&error, command);
    note_ignored(set, s);
    return EXIT_NONE;
}

int settings_fail(const espalier_error *error, const char *command)
{
    const char *text = error->message, *colon = strchr(text, ':');
    static const char *const others[][2] = {
        {"target", "prune"}, {"batch_rows", "batch"}, {"learning_rate", "lr"}};
    char field[32];
    if (error->status != ESPALIER_ERROR_ARGUMENT || !colon ||
        (size_t)(colon - text) >= sizeof field || strcspn(text, " ") < (size_t)(colon - text))
        return fail(error);
    snprintf(field, sizeof field, "%.*s", (int)(colon - text), text);
    for (size_t i = 0; i < ROW_COUNT(others); i++)
        if (strcmp(field, others[i][0]) == 0)
            snprintf(field, sizeof field, "%s", others[i][1]);
    for (char *c = field; *c; c++)
        *c = *c == '_' ? '-' : *c;
    if (command)
        return usage_error(command, "--%s%s", field, colon);
    message("--%s%s", field, colon);
    return EXIT_USAGE;
}

void settings_epilogue(void)
{
    puts("\nCriteria (the weight with the lowest score goes first)");
    for (size_t i = 0; espalier_criterion_name(i); i++) {
        size_t column = (size_t)printf("  %-18s ", espalier_criterion_name(i));
        print_wrapped(espalier_criterion_summary(i), column, 21);
    }
    char text[256] = "Math backends on this machine, best first:";
    for (size_t i = 0; espalier_math_name(i); i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s %s", i ? "," : "", espalier_math_name(i));
    }
    putchar('\n');
    print_wrapped(text, 0, 0);
    putchar('\n');
    print_wrapped("Fractions may be written 0.9 or 90%. Exit status: 0 done, 1 failed, 2 wrong "
                  "usage, 3 the target sparsity was not reached (the network is written all the "
                  "same), a compacted network differs from the masked one (it is not written) or, in "
                  "a study, a run failed.", 0, 0);
}
