/* A run saved at every moment at which it can be, and gone on with from each of them: the
 * same network, the same log, the same result. With the pruner, the regulariser and the
 * record, as the command line has them. */
#define _XOPEN_SOURCE 700
#include "tests/test.h"

#include <jansson.h>
#include <math.h>
#include <unistd.h>

#include "espalier/checkpoint.h"
#include "espalier/prune.h"
#include "espalier/regularise.h"
#include "espalier/report.h"
#include "net/network.h"
#include "tests/base/test_files.h"
#include "tests/train/small.h"
#include "train/place.h"

static const size_t widths[] = {9, 14, 11, 4};
enum { WIDTHS = 4, SAVES_MOST = 200, PATH_BYTES = 300 };

static char place[64];

/* In memory where that can be had: no test of ours can tell whether a disk was flushed. */
static const char *open_folder(void)
{
    strcpy(place, "/dev/shm/resume-XXXXXX");
    if (!mkdtemp(place)) {
        strcpy(place, "resume-XXXXXX");
        assert_non_null(mkdtemp(place));
    }
    return place;
}

static void close_folder(void)
{
    remove_folder(place);
}

/* One kind of run. */
typedef struct kind {
    const char *name;
    espalier_train_options train;
    espalier_prune_options prune;
    espalier_regulariser_options regulariser;
    bool trained; /* starts from a network with counts */
} kind;

static kind kind_of(const char *name)
{
    kind k = {.name = name,
              .train = espalier_train_options_defaults(),
              .prune = espalier_prune_options_defaults(),
              .regulariser = espalier_regulariser_options_defaults()};
    k.train.batch_rows = 16;
    k.train.epochs = 6;
    k.train.threads = 1;
    k.train.learning_rate = 0.05;
    k.train.final_accuracy = k.prune.final_accuracy = 1.0;
    k.prune.target = 0.6;
    k.prune.steps = 2;
    k.prune.every = 2;
    k.prune.trigger = ESPALIER_TRIGGER_EPOCH;
    k.regulariser.interval = 5;
    return k;
}

/* A process's worth of objects. */
typedef struct process {
    const char *folder;
    espalier_dataset *dataset;
    espalier_network *network;
    espalier_trainer *trainer;
    espalier_pruner *pruner;
    espalier_regulariser *regulariser;
    espalier_record *record;
    size_t saves, most; /* checkpoints written; it "dies" after so many */
    espalier_moment moments[SAVES_MOST];
} process;

static void path_of(const process *p, const char *name, char path[PATH_BYTES])
{
    assert_true(snprintf(path, PATH_BYTES, "%s/%s", p->folder, name) < PATH_BYTES);
}

static espalier_status saver(void *context, espalier_trainer *trainer, espalier_moment moment,
                             espalier_error *error)
{
    process *p = context;
    char path[PATH_BYTES];
    path_of(p, "checkpoint", path);
    espalier_status status = espalier_trainer_save(trainer, path, error);
    assert_true(p->saves < SAVES_MOST);
    p->moments[p->saves++] = moment;
    if (status == ESPALIER_OK && p->saves == p->most)
        return ESPALIER_ERROR_CANCELLED;
    return status;
}

static void fill_counts(espalier_network *network)
{
    for (size_t l = 0; l + 1 < network->layer_count; l++)
        for (size_t j = 0; j < network->layers[l].outputs; j++)
            network->layers[l].activations[j] = (j * 7 + l) % 13;
    network->inputs_counted = 20;
}

static void start(process *p, const kind *k, const char *folder, espalier_network *network)
{
    espalier_error error = {0};
    char log[PATH_BYTES];
    *p = (process){.folder = folder, .dataset = small_dataset(110, 20, 9, 4), .network = network};
    if (!network)
        p->network = small_network(widths, WIDTHS, 3);
    if (!network && k->trained)
        fill_counts(p->network);
    path_of(p, "log", log);
    if (espalier_pruner_create(p->network, &k->prune, NULL, &p->pruner, &error) ||
        espalier_trainer_create(p->network, p->dataset, &k->train, NULL, &p->trainer, &error) ||
        espalier_record_create(log, NULL, &p->record, &error))
        fail_msg("%s: %s", k->name, error.message);
    espalier_record_spectra(p->record, true);
    const bool regularised = k->regulariser.nuclear > 0;
    if (regularised)
        assert_int_equal(espalier_regulariser_create(&k->regulariser, NULL, &p->regulariser, &error),
                         ESPALIER_OK);
    espalier_trainer_observe(p->trainer, espalier_record_observer(p->record));
    if (regularised)
        espalier_trainer_observe(p->trainer, espalier_regulariser_observer(p->regulariser));
    espalier_trainer_observe(p->trainer, espalier_pruner_observer(p->pruner));
    espalier_trainer_set_saver(p->trainer, saver, p);
}

static void stop(process *p)
{
    espalier_record_destroy(p->record);
    espalier_pruner_destroy(p->pruner);
    espalier_regulariser_destroy(p->regulariser);
    espalier_trainer_destroy(p->trainer);
    espalier_network_destroy(p->network);
    espalier_dataset_destroy(p->dataset);
}

/* Another process, from the checkpoint in the folder. */
static void start_again(process *p, const kind *k, const char *folder)
{
    char path[PATH_BYTES];
    espalier_checkpoint *checkpoint = NULL;
    espalier_network *network = NULL;
    espalier_error error = {0};
    p->folder = folder;
    path_of(p, "checkpoint", path);
    if (espalier_checkpoint_read(path, NULL, &checkpoint, &error) ||
        espalier_checkpoint_network(checkpoint, NULL, &network, &error))
        fail_msg("%s: %s", k->name, error.message);
    start(p, k, folder, network);
    if (espalier_trainer_restore(p->trainer, checkpoint, &error))
        fail_msg("%s: %s", k->name, error.message);
    espalier_checkpoint_destroy(checkpoint);
}

/* Runs to its end: the network's file and the log, to be compared. */
static void finish(process *p, const kind *k, espalier_train_summary *summary, const char *model)
{
    espalier_error error = {0};
    char path[PATH_BYTES];
    if (espalier_trainer_run(p->trainer, summary, &error))
        fail_msg("%s: %s", k->name, error.message);
    path_of(p, model, path);
    assert_int_equal(espalier_network_write(p->network, path, NULL), ESPALIER_OK);
}

static void assert_same_file(const process *p, const char *name, const char *other,
                             const char *what, size_t save)
{
    char first[PATH_BYTES], second[PATH_BYTES];
    size_t length, others;
    path_of(p, name, first);
    path_of(p, other, second);
    uint8_t *a = get_file(first, &length), *b = get_file(second, &others);
    if (length != others || memcmp(a, b, length) != 0)
        fail_msg("%s, from save %zu: %s differs from %s", what, save, other, name);
    free(a);
    free(b);
}

static void assert_same_ledger(const process *a, const process *b)
{
    const espalier_ledger_entry *x, *y;
    const size_t count = espalier_pruner_ledger(a->pruner, &x);
    assert_int_equal(espalier_pruner_ledger(b->pruner, &y), count);
    for (size_t i = 0; i < count; i++)
        assert_true(x[i].step == y[i].step && x[i].layer == y[i].layer &&
                    x[i].neuron == y[i].neuron && x[i].count == y[i].count &&
                    x[i].score == y[i].score);
    assert_int_equal(espalier_pruner_outstanding(a->pruner), espalier_pruner_outstanding(b->pruner));
    assert_true(espalier_pruner_reached(a->pruner, a->network) ==
                espalier_pruner_reached(b->pruner, b->network));
}

/* The run without a break, then broken off after each of its saves. Returns how many of
 * each moment there were. */
static void check_kind(const kind *k, size_t seen[4])
{
    const char *folder = open_folder();
    process whole;
    espalier_train_summary told, again;
    start(&whole, k, folder, NULL);
    finish(&whole, k, &told, "model");
    char log[PATH_BYTES], kept[PATH_BYTES];
    path_of(&whole, "log", log);
    path_of(&whole, "whole-log", kept);
    assert_int_equal(rename(log, kept), 0);
    for (size_t i = 0; i < whole.saves; i++)
        seen[whole.moments[i]]++;
    for (size_t save = 1; save <= whole.saves; save++) {
        process first, second;
        espalier_error error = {0};
        remove(log);
        start(&first, k, folder, NULL);
        first.most = save;
        assert_int_equal(espalier_trainer_run(first.trainer, NULL, &error),
                         ESPALIER_ERROR_CANCELLED);
        stop(&first);
        FILE *tail = fopen(log, "a"); /* what a process wrote before it died */
        assert_non_null(tail);
        fputs("{\"event\":\"epo", tail);
        fclose(tail);
        kind other = *k;
        other.train.threads = 1 + save % 2; /* threads may differ */
        start_again(&second, &other, folder);
        finish(&second, k, &again, "again");
        assert_int_equal(again.epochs, told.epochs);
        assert_int_equal(again.kept_epoch, told.kept_epoch);
        assert_int_equal(again.stopped_by, told.stopped_by);
        assert_same_file(&second, "model", "again", k->name, save);
        assert_same_file(&second, "whole-log", "log", k->name, save);
        assert_same_ledger(&whole, &second);
        /* what is about to be taken is announced, and saved, again */
        const bool before = whole.moments[save - 1] == ESPALIER_MOMENT_BEFORE_STEP;
        assert_int_equal(second.saves, whole.saves - save + before);
        stop(&second);
    }
    stop(&whole);
    close_folder();
}

/* ---- the kinds --------------------------------------------------------------------- */

static void steps_by_epochs(void **state)
{
    kind k = kind_of("epochs");
    size_t seen[4] = {0};
    (void)state;
    check_kind(&k, seen);
    assert_int_equal(seen[ESPALIER_MOMENT_BEGIN], 1);
    assert_int_equal(seen[ESPALIER_MOMENT_BEFORE_STEP], 2);
    assert_int_equal(seen[ESPALIER_MOMENT_EPOCH], 6);
    assert_int_equal(seen[ESPALIER_MOMENT_AFTER_STEP], 0); /* they are the epochs' */
}

/* The sample of an epoch whose step was due when the run was broken off is not drawn again. */
static void steps_by_samples(void **state)
{
    kind k = kind_of("samples");
    size_t seen[4] = {0};
    (void)state;
    k.prune.count = ESPALIER_COUNT_SAMPLE;
    k.prune.sample_rows = 16;
    check_kind(&k, seen);
    assert_int_equal(seen[ESPALIER_MOMENT_BEFORE_STEP], 2);
}

/* On another processor a note comes first; the step that was to be taken is taken with its epoch. */
static void before_a_step_on_another_processor(void **state)
{
    kind k = kind_of("another processor");
    const char *folder = open_folder();
    process whole, first, second;
    espalier_train_summary summary;
    espalier_error error = {0};
    (void)state;
    k.train.math = "reference"; /* which is on all of them */
    start(&whole, &k, folder, NULL);
    finish(&whole, &k, &summary, "model");
    size_t save = 0;
    while (whole.moments[save] != ESPALIER_MOMENT_BEFORE_STEP)
        save++;
    start(&first, &k, folder, NULL);
    first.most = save + 1;
    assert_int_equal(espalier_trainer_run(first.trainer, NULL, &error), ESPALIER_ERROR_CANCELLED);
    stop(&first);
    assert_int_equal(setenv("ESPALIER_CPU", "plain", 1), 0);
    start_again(&second, &k, folder);
    finish(&second, &k, &summary, "again");
    assert_int_equal(unsetenv("ESPALIER_CPU"), 0);
    const espalier_prune_step *steps = espalier_pruner_steps(second.pruner);
    assert_int_equal(espalier_pruner_step_count(second.pruner), 2);
    assert_int_equal(steps[0].epoch, 2);
    assert_int_equal(steps[1].epoch, 4);
    assert_true(steps[0].training_accuracy > 0 && steps[1].training_accuracy > 0);
    stop(&second);
    stop(&whole);
    close_folder();
}

static void steps_by_accuracy_and_patience(void **state)
{
    kind k = kind_of("accuracy");
    size_t seen[4] = {0};
    (void)state;
    k.train.optimizer = ESPALIER_ADAM;
    k.train.learning_rate = 0.002;
    k.train.epochs = 12;
    k.prune.trigger = ESPALIER_TRIGGER_ACCURACY;
    k.prune.start_accuracy = 0.9;
    k.prune.patience = 2;
    k.prune.steps = 3;
    k.train.keep = ESPALIER_KEEP_BEST;
    check_kind(&k, seen);
    assert_true(seen[ESPALIER_MOMENT_BEFORE_STEP] > 0);
}

/* Steps in the middle of epochs. */
static void steps_between_batches(void **state)
{
    static const espalier_count_mode modes[] = {ESPALIER_COUNT_TRAINING, ESPALIER_COUNT_SAMPLE,
                                                ESPALIER_COUNT_SAMPLE_SUM};
    (void)state;
    for (size_t m = 0; m < 3; m++) {
        kind k = kind_of("cubic");
        size_t seen[4] = {0};
        k.train.optimizer = m == 1 ? ESPALIER_ADAM : ESPALIER_MOMENTUM;
        k.prune.trigger = ESPALIER_TRIGGER_CUBIC;
        k.prune.cubic_epochs = 2;
        k.prune.cubic_interval = 3;
        k.prune.count = modes[m];
        k.train.epochs = 4;
        check_kind(&k, seen);
        assert_true(seen[ESPALIER_MOMENT_BEFORE_STEP] > 3);
        assert_int_equal(seen[ESPALIER_MOMENT_BEFORE_STEP], seen[ESPALIER_MOMENT_AFTER_STEP]);
    }
}

/* One step before the first epoch. */
static void step_at_once(void **state)
{
    kind k = kind_of("once");
    size_t seen[4] = {0};
    (void)state;
    k.trained = k.prune.trained = true;
    k.prune.trigger = ESPALIER_TRIGGER_ONCE;
    k.train.epochs = 3;
    check_kind(&k, seen);
    assert_int_equal(seen[ESPALIER_MOMENT_BEFORE_STEP], 1);
}

static void regularised(void **state)
{
    static const espalier_trigger triggers[] = {ESPALIER_TRIGGER_EPOCH, ESPALIER_TRIGGER_CUBIC};
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        kind k = kind_of("nuclear");
        size_t seen[4] = {0};
        k.regulariser.nuclear = 0.02;
        k.regulariser.start_accuracy = 0.3;
        k.regulariser.interval = 3; /* where a cut comes in the same batch, too */
        k.prune.trigger = triggers[t];
        k.prune.cubic_interval = 3;
        k.prune.window = ESPALIER_WINDOW_SINCE_PRUNE;
        k.prune.dead = ESPALIER_DEAD_DROP;
        k.train.optimizer = ESPALIER_NESTEROV;
        check_kind(&k, seen);
    }
}

/* The rules that end a run remember losses and strikes; a run that has ended goes on to its
 * end at once. */
static void stopped(void **state)
{
    static const espalier_early_stop rules[] = {ESPALIER_EARLY_STOP_ALWAYS,
                                                ESPALIER_EARLY_STOP_AFTER_PRUNING};
    (void)state;
    for (size_t r = 0; r < 2; r++) {
        kind k = kind_of("stopped");
        size_t seen[4] = {0};
        k.train.early_stop = rules[r];
        k.train.strike_factor = 1.0001;
        k.train.strikes = 1;
        k.train.learning_rate = 0.4;
        k.train.epochs = 30;
        k.train.keep = ESPALIER_KEEP_BEST;
        check_kind(&k, seen);
        assert_true(seen[ESPALIER_MOMENT_EPOCH] < 30);
    }
}

/* Nothing is learned: steps come by patience alone, which is counted over many epochs. */
static void patience(void **state)
{
    kind k = kind_of("patience");
    size_t seen[4] = {0};
    (void)state;
    k.train.learning_rate = 1e-9;
    k.train.epochs = 9;
    k.prune.trigger = ESPALIER_TRIGGER_ACCURACY;
    k.prune.start_accuracy = 0.99;
    k.prune.patience = 3;
    check_kind(&k, seen);
    assert_int_equal(seen[ESPALIER_MOMENT_BEFORE_STEP], 2);
}

/* Any epoch would end the run, but for those in which it is held or a step was taken. */
static void held_by_a_step_between_batches(void **state)
{
    kind k = kind_of("held");
    size_t seen[4] = {0};
    (void)state;
    k.train.final_accuracy = 0.01;
    k.prune.trigger = ESPALIER_TRIGGER_CUBIC;
    k.prune.cubic_epochs = 2;
    k.prune.cubic_interval = 4;
    check_kind(&k, seen);
    assert_int_equal(seen[ESPALIER_MOMENT_EPOCH], 3);
}

/* No steps, no validation rows would be another matter; and rates that depend on the place. */
static void rates(void **state)
{
    kind k = kind_of("rates");
    size_t seen[4] = {0};
    (void)state;
    k.prune.target = 0.0;
    k.train.lr_schedule = ESPALIER_LR_COSINE;
    k.train.warmup_epochs = 2;
    k.train.weight_decay = 0.01;
    k.train.optimizer = ESPALIER_ADAM;
    k.train.learning_rate = 0.01;
    check_kind(&k, seen);
    assert_int_equal(seen[ESPALIER_MOMENT_BEFORE_STEP], 0);
}

/* ---- what is refused --------------------------------------------------------------------- */

/* Without its last observer, the pruner. */
static void forget_pruner(process *p)
{
    p->trainer->listener_count--;
}

static espalier_status do_nothing(void *context, espalier_trainer *trainer,
                                  const espalier_event *event, espalier_error *error)
{
    (void)context, (void)trainer, (void)event, (void)error;
    return ESPALIER_OK;
}

static void one_more(process *p)
{
    espalier_trainer_observe(p->trainer, (espalier_observer){.notify = do_nothing});
}

static void other_label(process *p)
{
    p->dataset->labels[5] = (p->dataset->labels[5] + 1) % 4;
}

static void expect_refusal(const kind *k, const char *folder, void (*change)(process *),
                           const char *words)
{
    char path[PATH_BYTES];
    process p = {.folder = folder};
    espalier_checkpoint *checkpoint = NULL;
    espalier_network *network = NULL;
    espalier_error error = {0};
    path_of(&p, "checkpoint", path);
    assert_int_equal(espalier_checkpoint_read(path, NULL, &checkpoint, &error), ESPALIER_OK);
    assert_int_equal(espalier_checkpoint_network(checkpoint, NULL, &network, &error), ESPALIER_OK);
    start(&p, k, folder, network);
    if (change)
        change(&p);
    const espalier_status status = espalier_trainer_restore(p.trainer, checkpoint, &error);
    if (status != ESPALIER_ERROR_MISMATCH || !strstr(error.message, words))
        fail_msg("expected '%s', found %d: %s", words, (int)status, error.message);
    espalier_checkpoint_destroy(checkpoint);
    stop(&p);
}

/* One of the same shape, with weights of its own. */
static void expect_other_network(const kind *k, const char *folder)
{
    char path[PATH_BYTES];
    process p;
    espalier_checkpoint *checkpoint = NULL;
    espalier_error error = {0};
    start(&p, k, folder, NULL);
    path_of(&p, "checkpoint", path);
    assert_int_equal(espalier_checkpoint_read(path, NULL, &checkpoint, &error), ESPALIER_OK);
    assert_int_equal(espalier_trainer_restore(p.trainer, checkpoint, &error),
                     ESPALIER_ERROR_MISMATCH);
    assert_string_equal(error.message, "the trainer's network is not the one of the checkpoint");
    espalier_checkpoint_destroy(checkpoint);
    stop(&p);
}

/* Every option but the number of threads. */
static void expect_other_options(const kind *k, const char *folder)
{
    kind other = *k;
#define OTHER(field, other_value, words)                                                           \
    other.field = (other_value);                                                                   \
    expect_refusal(&other, folder, NULL, words);                                                   \
    other.field = k->field
    OTHER(train.epochs, 7, "epochs of the trainer was 6, here it is 7");
    OTHER(train.epochs, 1, "epochs");
    OTHER(train.learning_rate, 0.5, "learning_rate of the trainer was 0.05, here it is 0.5");
    OTHER(train.momentum, 0.1, "momentum");
    OTHER(train.beta1, 0.1, "beta1");
    OTHER(train.beta2, 0.1, "beta2");
    OTHER(train.epsilon, 0.1, "epsilon");
    OTHER(train.weight_decay, 0.1, "weight_decay");
    OTHER(train.lr_schedule, ESPALIER_LR_COSINE, "lr_schedule of the trainer was constant");
    OTHER(train.lr_step, 7, "lr_step");
    OTHER(train.lr_gamma, 0.3, "lr_gamma");
    OTHER(train.warmup_epochs, 1, "warmup_epochs");
    OTHER(train.early_stop, ESPALIER_EARLY_STOP_ALWAYS, "early_stop");
    OTHER(train.final_accuracy, 0.9, "final_accuracy of the trainer");
    OTHER(train.strike_factor, 1.3, "strike_factor");
    OTHER(train.strikes, 4, "strikes");
    OTHER(prune.target, 0.5, "target of the pruner was 0.6, here it is 0.5");
    OTHER(prune.of, ESPALIER_OF_PRUNABLE, "of of the pruner");
    OTHER(prune.steps, 4, "steps of the pruner was 2, here it is 4");
    OTHER(prune.share_ratio, 0.5, "share_ratio");
    OTHER(prune.criterion, "random", "criterion of the pruner was activation, here it is random");
    OTHER(prune.scope, ESPALIER_SCOPE_LAYER, "scope");
    OTHER(prune.trigger, ESPALIER_TRIGGER_CUBIC, "trigger");
    OTHER(prune.start_accuracy, 0.5, "start_accuracy");
    OTHER(prune.final_accuracy, 0.9, "final_accuracy of the pruner");
    OTHER(prune.every, 3, "every of the pruner");
    OTHER(prune.patience, 3, "patience");
    OTHER(prune.cubic_epochs, 3, "cubic_epochs");
    OTHER(prune.cubic_interval, 3, "cubic_interval");
    OTHER(prune.trained, true, "trained of the pruner was false, here it is true");
    OTHER(prune.count, ESPALIER_COUNT_SAMPLE, "count of the pruner");
    OTHER(prune.window, ESPALIER_WINDOW_EPOCH, "window");
    OTHER(prune.sample_rows, 3, "sample_rows");
    OTHER(prune.amounts, ESPALIER_AMOUNTS_AUTHORS, "amounts");
    OTHER(prune.dead, ESPALIER_DEAD_KEEP, "dead");
    OTHER(prune.min_neurons, 2, "min_neurons");
    OTHER(prune.seed, 2, "seed of the pruner");
    OTHER(regulariser.nuclear, 0.2, "nuclear of the regulariser was 0.1, here it is 0.2");
    OTHER(regulariser.nuclear_weighted, 0.2, "nuclear_weighted");
    OTHER(regulariser.start_accuracy, 0.2, "start_accuracy of the regulariser");
    OTHER(regulariser.every, 2, "every of the regulariser");
    OTHER(regulariser.interval, 2, "interval of the regulariser");
#undef OTHER
    other.regulariser.nuclear = 0.0;
    expect_refusal(&other, folder, NULL, "it had the observer 'regulariser'");
}

/* A trainer is made for one run, or for one way on. */
static void expect_once(const kind *k, const char *folder)
{
    char path[PATH_BYTES];
    process p;
    espalier_checkpoint *checkpoint = NULL;
    espalier_error error = {0};
    start_again(&p, k, folder);
    path_of(&p, "checkpoint", path);
    assert_int_equal(espalier_checkpoint_read(path, NULL, &checkpoint, NULL), ESPALIER_OK);
    assert_int_equal(espalier_trainer_restore(p.trainer, checkpoint, &error),
                     ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "a trainer is restored once, before it runs"));
    espalier_checkpoint_destroy(checkpoint);
    stop(&p);
}

/* What a kind's run leaves behind that is broken off at its save `most`. */
static void break_off(const kind *k, const char *folder, size_t most)
{
    process p;
    start(&p, k, folder, NULL);
    p.most = most;
    assert_int_equal(espalier_trainer_run(p.trainer, NULL, NULL), ESPALIER_ERROR_CANCELLED);
    stop(&p);
}

static void other_options(void **state)
{
    const char *folder = open_folder();
    kind k = kind_of("options");
    (void)state;
    k.regulariser.nuclear = 0.1;
    for (size_t most = 2; most <= 3; most++) { /* after an epoch, and before a step */
        break_off(&k, folder, most);
        expect_other_options(&k, folder);
        expect_refusal(&k, folder, forget_pruner, "it had the observer 'pruner'");
        expect_once(&k, folder);
    }
    expect_refusal(&k, folder, one_more, "the number of observers was 3, here it is 4");
    close_folder();
}

/* The state of a trainer as versions wrote it that did not compare all options. */
static void older_states(void **state)
{
    const struct {
        const char *key, *words;
    } wrong[] = {{"epochs", "it was in epoch 9, here it is to have 6"},
                 {"told", "the number of observers was at least 9, here it is 2"}};
    const char *folder = open_folder();
    kind k = kind_of("older");
    process p;
    (void)state;
    start(&p, &k, folder, NULL);
    char *text = place_text(p.trainer);
    json_t *older = json_loads(text, 0, NULL);
    assert_int_equal(json_object_del(older, "options") + json_object_del(older, "observers"), 0);
    for (size_t i = 0; i < 3; i++) { /* the last one is right */
        json_t *there = json_deep_copy(older);
        espalier_error error = {0};
        if (i < 2)
            json_object_set_new(there, wrong[i].key, json_integer(9));
        char *changed = json_dumps(there, 0);
        assert_int_equal(place_restore(p.trainer, changed, &error),
                         i < 2 ? ESPALIER_ERROR_MISMATCH : ESPALIER_OK);
        assert_true(i == 2 || strstr(error.message, wrong[i].words));
        free(changed);
        json_decref(there);
    }
    json_decref(older);
    free(text);
    stop(&p);
    close_folder();
}

static void refusals(void **state)
{
    const char *folder = open_folder();
    kind k = kind_of("refused"), other;
    process p = {.folder = folder};
    (void)state;
    break_off(&k, folder, 4);
    expect_refusal(&k, folder, other_label, "data");
    other = k;
    other.train.optimizer = ESPALIER_ADAM;
    expect_refusal(&other, folder, NULL, "the optimizer was sgd, here it is adam");
    other = k;
    other.train.seed = 8;
    expect_refusal(&other, folder, NULL, "seed");
    other = k;
    other.train.keep = ESPALIER_KEEP_BEST;
    expect_refusal(&other, folder, NULL, "keep");
    other = k;
    other.regulariser.nuclear = 0.1;
    expect_refusal(&other, folder, NULL, "observer 'regulariser'");
    expect_other_network(&k, folder);
    char log[PATH_BYTES];
    path_of(&p, "log", log);
    assert_int_equal(truncate(log, 10), 0);
    expect_refusal(&k, folder, NULL, "that the checkpoint knows of");
    close_folder();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_epochs),
        cmocka_unit_test(steps_by_samples),
        cmocka_unit_test(before_a_step_on_another_processor),
        cmocka_unit_test(steps_by_accuracy_and_patience),
        cmocka_unit_test(steps_between_batches),
        cmocka_unit_test(step_at_once),
        cmocka_unit_test(regularised),
        cmocka_unit_test(stopped),
        cmocka_unit_test(patience),
        cmocka_unit_test(held_by_a_step_between_batches),
        cmocka_unit_test(rates),
        cmocka_unit_test(other_options),
        cmocka_unit_test(older_states),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
