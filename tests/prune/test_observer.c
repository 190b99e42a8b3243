/* The pruner as an observer: of a trainer that is told what its epochs came to,
 * and of real runs. */
#include "tests/prune/fixture.h"

#include <math.h>

#include "espalier/train.h"
#include "prune/activity.h"
#include "tests/train/small.h"

enum { INPUTS = 6, FIRST = 12, SECOND = 9, CLASSES = 3, LOG = 64 };

static const size_t widths[] = {INPUTS, FIRST, SECOND, CLASSES};

/* What a second observer hears. */
typedef struct heard {
    size_t begins, prunes, notes;
    uint64_t pruned_before, counted_before; /* at the last PRUNE_BEGIN */
    size_t epochs[LOG];
    size_t batches[LOG];
    bool forced[LOG];
    double accuracy[LOG];
    uint64_t pruned[LOG], counted[LOG];
    char last_note[200];
} heard;

/* Each step is announced once before it, with the network as it was left. */
static void hear_begin(heard *h, espalier_trainer *trainer, const espalier_event *event)
{
    const espalier_network *network = espalier_trainer_network(trainer);
    assert_null(event->step);
    assert_int_equal(h->begins, h->prunes);
    h->pruned_before = fixture_pruned(network);
    h->counted_before = espalier_network_inputs_counted(network);
    h->epochs[h->begins] = event->epoch;
    h->batches[h->begins] = event->batch;
    h->accuracy[h->begins++] = event->result ? event->result->training_accuracy : NAN;
    assert_int_equal(h->pruned_before, h->prunes ? h->pruned[h->prunes - 1] : 0);
}

static void hear_step(heard *h, const espalier_event *event, const espalier_network *network)
{
    const espalier_prune_step *step = event->step;
    assert_int_equal(h->begins, h->prunes + 1);
    assert_int_equal(step->step, h->prunes);
    assert_int_equal(step->epoch, event->epoch);
    assert_int_equal(event->epoch, h->epochs[h->prunes]);
    assert_int_equal(event->batch, h->batches[h->prunes]);
    if (isnan(step->training_accuracy))
        assert_true(isnan(h->accuracy[h->prunes]));
    else
        assert_true(step->training_accuracy == h->accuracy[h->prunes]);
    h->forced[h->prunes] = step->forced;
    h->counted[h->prunes] = espalier_network_inputs_counted(network);
    h->pruned[h->prunes] = fixture_pruned(network);
    assert_int_equal(h->pruned[h->prunes] - h->pruned_before,
                     step->removed_by_rank + step->removed_by_propagation);
    h->prunes++;
}

static espalier_status hear(void *context, espalier_trainer *trainer, const espalier_event *event,
                            espalier_error *error)
{
    heard *h = context;
    (void)error;
    if (event->kind == ESPALIER_EVENT_NOTE) {
        assert_null(event->step);
        h->notes++;
        snprintf(h->last_note, sizeof h->last_note, "%s", event->note);
    }
    if (event->kind == ESPALIER_EVENT_PRUNE_BEGIN)
        hear_begin(h, trainer, event);
    if (event->kind == ESPALIER_EVENT_PRUNE)
        hear_step(h, event, espalier_trainer_network(trainer));
    return ESPALIER_OK;
}

typedef struct stage {
    espalier_dataset *dataset;
    espalier_network *network;
    espalier_trainer *trainer;
    espalier_pruner *pruner;
    espalier_observer observer;
    heard heard;
} stage;

static espalier_prune_options options(espalier_trigger trigger, size_t steps)
{
    espalier_prune_options o = espalier_prune_options_defaults();
    o.target = 0.6;
    o.trigger = trigger;
    o.steps = steps;
    return o;
}

/* 90 training rows in batches of 10. */
static void stage_open(stage *s, const espalier_prune_options *o, size_t epochs)
{
    espalier_train_options train = espalier_train_options_defaults();
    *s = (stage){.dataset = small_dataset(100, 10, INPUTS, CLASSES),
                 .network = fixture_network(widths, 4, 1, 0)};
    s->network->inputs_counted = 0;
    train.batch_rows = 10;
    train.epochs = epochs;
    train.threads = 1;
    assert_int_equal(espalier_pruner_create(s->network, o, NULL, &s->pruner, NULL), ESPALIER_OK);
    assert_int_equal(
        espalier_trainer_create(s->network, s->dataset, &train, NULL, &s->trainer, NULL),
        ESPALIER_OK);
    s->observer = espalier_pruner_observer(s->pruner);
    assert_int_equal(espalier_trainer_observe(s->trainer, s->observer), ESPALIER_OK);
    assert_int_equal(
        espalier_trainer_observe(s->trainer, (espalier_observer){.context = &s->heard, .notify = hear}),
        ESPALIER_OK);
}

static void stage_close(stage *s)
{
    espalier_trainer_destroy(s->trainer);
    espalier_pruner_destroy(s->pruner);
    espalier_network_destroy(s->network);
    espalier_dataset_destroy(s->dataset);
}

static void run(stage *s)
{
    espalier_error error = {0};
    if (espalier_trainer_run(s->trainer, NULL, &error))
        fail_msg("%s", error.message);
}

static espalier_status tell(stage *s, espalier_event_kind kind, size_t epoch,
                            const espalier_epoch *result, espalier_error *error)
{
    espalier_event event = {
        .kind = kind, .epoch = epoch, .epochs = 100, .batches = 9, .result = result};
    return espalier_trainer_announce(s->trainer, &event, error);
}

/* Epochs with these training accuracies, without training. */
static void pretend(stage *s, const double *accuracies, size_t count)
{
    espalier_network_set_inputs_counted(s->network, 1);
    assert_int_equal(tell(s, ESPALIER_EVENT_BEGIN, 0, NULL, NULL), ESPALIER_OK);
    espalier_network_set_inputs_counted(s->network, 1);
    for (size_t e = 0; e < count; e++) {
        espalier_epoch result = {.epoch = e + 1, .training_accuracy = accuracies[e]};
        assert_int_equal(tell(s, ESPALIER_EVENT_EPOCH_BEGIN, e + 1, NULL, NULL), ESPALIER_OK);
        assert_int_equal(tell(s, ESPALIER_EVENT_EPOCH, e + 1, &result, NULL), ESPALIER_OK);
    }
}

static void prunes_at(const stage *s, size_t count, const size_t *epochs)
{
    assert_int_equal(s->heard.prunes, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(s->heard.epochs[i], epochs[i]);
}

static void accuracy_trigger_and_patience(void **state)
{
    (void)state;
    stage s;
    espalier_prune_options o = options(ESPALIER_TRIGGER_ACCURACY, 3); /* 0.80 0.86 0.92 */
    o.patience = 3;
    stage_open(&s, &o, 100);
    const double accuracies[] = {0.7, 0.79, 0.99, 0.85, 0.84, 0.85, 0.8, 0.91, 0.92, 0.99};
    pretend(&s, accuracies, 10);
    prunes_at(&s, 3, (const size_t[]){3, 7, 9});
    assert_false(s.heard.forced[0]);
    assert_true(s.heard.forced[1]);
    assert_false(s.heard.forced[2]);
    assert_true(s.heard.accuracy[1] == 0.8);
    assert_int_equal(s.heard.notes, 1);
    assert_string_equal(s.heard.last_note,
                        "pruning step 2 was taken without its training accuracy: "
                        "no new best in 3 epochs");
    assert_int_equal(espalier_pruner_outstanding(s.pruner), 0);
    stage_close(&s);
}

/* A step ends the waiting: patience and the best accuracy begin anew. */
static void patience_begins_anew(void **state)
{
    (void)state;
    stage s;
    espalier_prune_options o = options(ESPALIER_TRIGGER_ACCURACY, 3);
    o.patience = 3;
    stage_open(&s, &o, 100);
    const double accuracies[] = {0.75, 0.7, 0.7, 0.7, 0.7, 0.6, 0.6, 0.6, 0.6};
    pretend(&s, accuracies, 9);
    prunes_at(&s, 2, (const size_t[]){4, 8});
    assert_true(s.heard.forced[0] && s.heard.forced[1]);
    stage_close(&s);
}

static void epoch_trigger(void **state)
{
    (void)state;
    stage s;
    espalier_prune_options o = options(ESPALIER_TRIGGER_EPOCH, 3);
    o.every = 2;
    stage_open(&s, &o, 8);
    run(&s);
    prunes_at(&s, 3, (const size_t[]){2, 4, 6});
    assert_true(espalier_pruner_reached(s.pruner, s.network));
    assert_true(fixture_zeroed(s.network));
    /* counted since the start: every row of every epoch */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(s.heard.counted[i], 90 * 2 * (i + 1));
    assert_int_equal(espalier_network_inputs_counted(s.network), 90 * 8);
    stage_close(&s);
}

static void windows_while_training(void **state)
{
    (void)state;
    static const uint64_t at_end[] = {90 * 5, 90, 90};
    for (int window = 0; window < ESPALIER_WINDOW_COUNT; window++) {
        stage s;
        espalier_prune_options o = options(ESPALIER_TRIGGER_EPOCH, 2);
        o.every = 2;
        o.window = (espalier_count_window)window;
        stage_open(&s, &o, 5);
        run(&s);
        prunes_at(&s, 2, (const size_t[]){2, 4});
        assert_int_equal(espalier_network_inputs_counted(s.network), at_end[window]);
        for (size_t j = 0; j < FIRST; j++)
            assert_true(s.network->layers[0].activations[j] <= at_end[window]);
        stage_close(&s);
    }
}

/* Fine-tuning goes on with counts of its own kind and forgets others, whose units
 * differ; counts of an unknown kind are taken as they are. */
static void counts_of_another_kind(void **state)
{
    (void)state;
    static const char *const before[] = {"training", NULL, "sample-sum", "sample-zeros"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        stage s;
        espalier_prune_options o = options(ESPALIER_TRIGGER_EPOCH, 1);
        o.trained = true;
        o.every = 2;
        stage_open(&s, &o, 3);
        s.network->inputs_counted = 1000;
        for (size_t j = 0; j < FIRST; j++)
            s.network->layers[0].activations[j] = 1000;
        assert_int_equal(espalier_network_set_metadata(s.network, "counted", before[i]), ESPALIER_OK);
        run(&s);
        assert_int_equal(espalier_network_inputs_counted(s.network), 3 * 90 + (i < 2 ? 1000 : 0));
        assert_string_equal(espalier_network_metadata(s.network, "counted"), "training");
        stage_close(&s);
    }
}

static void once_at_an_epoch(void **state)
{
    (void)state;
    stage s;
    espalier_prune_options o = options(ESPALIER_TRIGGER_ONCE, 5);
    o.every = 3;
    o.count = ESPALIER_COUNT_SAMPLE;
    stage_open(&s, &o, 5);
    run(&s);
    prunes_at(&s, 1, (const size_t[]){3});
    assert_int_equal(s.heard.counted[0], 3 * 32);
    stage_close(&s);
}

static void once_on_a_trained_network(void **state)
{
    (void)state;
    stage s;
    espalier_prune_options o = options(ESPALIER_TRIGGER_ONCE, 5);
    o.trained = true;
    stage_open(&s, &o, 2);
    espalier_error error = {0};
    assert_int_equal(espalier_trainer_run(s.trainer, NULL, &error), ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "needs activation counts"));
    assert_non_null(strstr(error.message, "before the first epoch"));
    assert_int_equal(s.heard.begins, 0);
    assert_int_equal(s.heard.prunes, 0);
    stage_close(&s);

    stage_open(&s, &o, 2);
    assert_int_equal(espalier_network_count_activations(s.network, s.dataset, NULL, NULL),
                     ESPALIER_OK);
    run(&s);
    prunes_at(&s, 1, (const size_t[]){0});
    assert_true(isnan(s.heard.accuracy[0]));
    assert_int_equal(s.heard.counted[0], 90);
    assert_int_equal(espalier_network_inputs_counted(s.network), 3 * 90);
    stage_close(&s);
}

/* By a sample of its own, whatever the network has counted before, even in the same way. */
static void once_by_a_sample(void **state)
{
    (void)state;
    for (int mode = ESPALIER_COUNT_SAMPLE; mode <= ESPALIER_COUNT_SAMPLE_ZEROS; mode++) {
        espalier_prune_options o = options(ESPALIER_TRIGGER_ONCE, 1);
        o.trained = true;
        o.count = (espalier_count_mode)mode;
        uint64_t expected[FIRST];
        stage s;
        stage_open(&s, &o, 2);
        espalier_network_clear_activations(s.network);
        assert_int_equal(activity_sample(&o, NULL, s.network, s.dataset, 0, NULL), ESPALIER_OK);
        memcpy(expected, s.network->layers[0].activations, sizeof expected);
        assert_int_equal(espalier_network_count_activations(s.network, s.dataset, NULL, NULL), ESPALIER_OK);
        assert_int_equal(espalier_network_set_metadata(s.network, "counted",
                                                       espalier_count_mode_name(o.count)), ESPALIER_OK);
        run(&s);
        prunes_at(&s, 1, (const size_t[]){0});
        assert_int_equal(s.heard.counted[0], 32);
        const espalier_ledger_entry *gone;
        size_t count = espalier_pruner_ledger(s.pruner, &gone);
        assert_true(count > 0);
        for (size_t i = 0; i < count; i++)
            if (gone[i].layer == 0)
                assert_int_equal(gone[i].count, expected[gone[i].neuron]);
        assert_int_equal(espalier_network_inputs_counted(s.network), 3 * 32);
        assert_string_equal(espalier_network_metadata(s.network, "counted"),
                            espalier_count_mode_name(o.count));
        stage_close(&s);
    }
}

/* Counts of another kind do not stand in for those that a cut at once lacks. */
static void once_by_counts_of_another_kind(void **state)
{
    (void)state;
    stage s;
    espalier_error error = {0};
    espalier_prune_options o = options(ESPALIER_TRIGGER_ONCE, 1);
    o.trained = true;
    stage_open(&s, &o, 2);
    s.network->inputs_counted = 1000;
    assert_int_equal(espalier_network_set_metadata(s.network, "counted", "sample-zeros"), ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(s.trainer, NULL, &error), ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "needs activation counts"));
    stage_close(&s);
}

static void counting_switched_off(void **state)
{
    (void)state;
    stage s;
    espalier_prune_options o = options(ESPALIER_TRIGGER_EPOCH, 1);
    o.count = ESPALIER_COUNT_NONE;
    stage_open(&s, &o, 6);
    espalier_error error = {0};
    assert_int_equal(espalier_trainer_run(s.trainer, NULL, &error), ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "counting is switched off"));
    stage_close(&s);

    o.criterion = "magnitude";
    stage_open(&s, &o, 6);
    run(&s);
    prunes_at(&s, 1, (const size_t[]){5});
    assert_int_equal(espalier_network_inputs_counted(s.network), 0);
    stage_close(&s);

    o.criterion = "activation"; /* counts that are there already serve, and stay */
    for (int window = 0; window < ESPALIER_WINDOW_COUNT; window++) {
        o.window = (espalier_count_window)window;
        stage_open(&s, &o, 6);
        espalier_network_set_inputs_counted(s.network, 7);
        run(&s);
        prunes_at(&s, 1, (const size_t[]){5});
        assert_int_equal(espalier_network_inputs_counted(s.network), 7);
        stage_close(&s);
    }
}

/* 2 epochs of 9 batches, a cut every 5: after batches 5, 10, 15 and 18. */
static void cubic_curve_over_batches(void **state)
{
    (void)state;
    static const espalier_count_mode modes[] = {ESPALIER_COUNT_TRAINING, ESPALIER_COUNT_SAMPLE};
    for (size_t m = 0; m < 2; m++) {
        stage s;
        espalier_prune_options o = options(ESPALIER_TRIGGER_CUBIC, 5);
        o.cubic_interval = 5;
        o.count = modes[m];
        o.dead = ESPALIER_DEAD_KEEP;
        stage_open(&s, &o, 3);
        assert_true(s.observer.batches);
        run(&s);
        prunes_at(&s, 4, (const size_t[]){1, 2, 2, 2});
        static const size_t batches[] = {5, 1, 6, 9};
        for (size_t k = 0; k < 4; k++) {
            double left = 1.0 - (double)(k + 1) / 4.0; /* of 207 weights */
            assert_int_equal(s.heard.batches[k], batches[k]);
            assert_int_equal(s.heard.pruned[k], (uint64_t)(207 * 0.6 * (1 - left * left * left)));
        }
        assert_true(espalier_pruner_reached(s.pruner, s.network));
        if (m == 0) { /* fetching the network twice adds nothing twice */
            assert_int_equal(s.heard.counted[0], 50);
            assert_int_equal(s.heard.counted_before, s.heard.counted[3]);
            assert_int_equal(s.heard.counted[3], 180);
        }
        stage_close(&s);
    }
}

/* Without steps left to take, nothing is held; with them, the run goes on. */
static void outstanding_steps_hold_the_run(void **state)
{
    (void)state;
    for (size_t target = 0; target < 2; target++) {
        stage s;
        espalier_prune_options o = options(ESPALIER_TRIGGER_EPOCH, 4);
        o.every = 2;
        o.target = target ? 0.5 : 0.0;
        stage_open(&s, &o, 1);
        espalier_trainer_destroy(s.trainer);
        espalier_train_options train = espalier_train_options_defaults();
        espalier_train_summary summary;
        train.epochs = 30;
        train.final_accuracy = 0.01; /* met at once */
        assert_int_equal(
            espalier_trainer_create(s.network, s.dataset, &train, NULL, &s.trainer, NULL),
            ESPALIER_OK);
        assert_int_equal(espalier_trainer_observe(s.trainer, s.observer), ESPALIER_OK);
        assert_int_equal(espalier_trainer_run(s.trainer, &summary, NULL), ESPALIER_OK);
        assert_int_equal(summary.stopped_by, ESPALIER_STOPPED_BY_ACCURACY);
        assert_int_equal(summary.epochs, target ? 9 : 1);
        assert_int_equal(espalier_pruner_step_count(s.pruner), target ? 4 : 0);
        if (target == 0) /* only counts */
            assert_int_equal(espalier_network_inputs_counted(s.network), 90);
        stage_close(&s);
    }
}

/* The last cut of the cubic schedule comes with the last batch of an epoch: that
 * epoch's accuracy belongs to the network before it, so another one follows. */
static void epoch_of_the_last_cubic_cut_does_not_count(void **state)
{
    (void)state;
    stage s;
    espalier_prune_options o = options(ESPALIER_TRIGGER_CUBIC, 5);
    o.cubic_interval = 4;
    stage_open(&s, &o, 1);
    espalier_trainer_destroy(s.trainer);
    espalier_train_options train = espalier_train_options_defaults();
    espalier_train_summary summary;
    train.batch_rows = 10;
    train.epochs = 30;
    train.final_accuracy = 0.01; /* met at once */
    assert_int_equal(espalier_trainer_create(s.network, s.dataset, &train, NULL, &s.trainer, NULL),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_observe(s.trainer, s.observer), ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(s.trainer, &summary, NULL), ESPALIER_OK);
    assert_int_equal(summary.stopped_by, ESPALIER_STOPPED_BY_ACCURACY);
    assert_int_equal(summary.epochs, 3);
    stage_close(&s);
}

/* Counting changes no result of training. */
static void counting_changes_nothing(void **state)
{
    (void)state;
    stage s[5];
    for (int mode = 0; mode < ESPALIER_COUNT_MODE_COUNT; mode++) {
        espalier_prune_options o = options(ESPALIER_TRIGGER_ACCURACY, 5);
        o.target = 0.0;
        o.count = (espalier_count_mode)mode;
        stage_open(&s[mode], &o, 3);
        run(&s[mode]);
    }
    for (int mode = 0; mode < ESPALIER_COUNT_MODE_COUNT; mode++)
        for (size_t l = 0; l < 3; l++)
            assert_memory_equal(s[mode].network->layers[l].weights, s[0].network->layers[l].weights,
                                widths[l] * widths[l + 1] * sizeof(float));
    for (int mode = 0; mode < ESPALIER_COUNT_MODE_COUNT; mode++)
        stage_close(&s[mode]);
}

/* A status of an observer before a step ends the run, and the step is not taken. */
static espalier_status refuse(void *context, espalier_trainer *trainer, const espalier_event *event,
                              espalier_error *error)
{
    (void)context, (void)trainer, (void)error;
    return event->kind == ESPALIER_EVENT_PRUNE_BEGIN ? ESPALIER_ERROR_CANCELLED : ESPALIER_OK;
}

static void refused_step_is_not_taken(void **state)
{
    (void)state;
    stage s;
    espalier_prune_options o = options(ESPALIER_TRIGGER_EPOCH, 2);
    o.every = 1;
    stage_open(&s, &o, 4);
    assert_int_equal(
        espalier_trainer_observe(s.trainer, (espalier_observer){.notify = refuse}), ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(s.trainer, NULL, NULL), ESPALIER_ERROR_CANCELLED);
    assert_int_equal(s.heard.begins, 1);
    assert_int_equal(s.heard.prunes, 0);
    assert_int_equal(espalier_pruner_step_count(s.pruner), 0);
    assert_int_equal(fixture_pruned(s.network), 0);
    stage_close(&s);
}

/* The guard speaks up, once for each layer. */
static void guard_is_noted(void **state)
{
    (void)state;
    stage s;
    espalier_prune_options o = options(ESPALIER_TRIGGER_ONCE, 1);
    o.of = ESPALIER_OF_PRUNABLE;
    o.target = 1.0;
    o.every = 1;
    o.criterion = "magnitude";
    stage_open(&s, &o, 2);
    run(&s);
    assert_int_equal(s.heard.prunes, 1);
    assert_true(s.heard.notes >= 2);
    assert_non_null(strstr(s.heard.last_note, "layer 1"));
    assert_true(espalier_pruner_steps(s.pruner)->neurons_guarded >= 2);
    assert_false(espalier_pruner_reached(s.pruner, s.network));
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accuracy_trigger_and_patience),
        cmocka_unit_test(patience_begins_anew),
        cmocka_unit_test(epoch_trigger),
        cmocka_unit_test(windows_while_training),
        cmocka_unit_test(counts_of_another_kind),
        cmocka_unit_test(once_at_an_epoch),
        cmocka_unit_test(once_on_a_trained_network),
        cmocka_unit_test(once_by_a_sample),
        cmocka_unit_test(once_by_counts_of_another_kind),
        cmocka_unit_test(counting_switched_off),
        cmocka_unit_test(cubic_curve_over_batches),
        cmocka_unit_test(outstanding_steps_hold_the_run),
        cmocka_unit_test(epoch_of_the_last_cubic_cut_does_not_count),
        cmocka_unit_test(counting_changes_nothing),
        cmocka_unit_test(refused_step_is_not_taken),
        cmocka_unit_test(guard_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
