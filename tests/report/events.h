/* A run as a record hears it. */
#ifndef TESTS_REPORT_EVENTS_H
#define TESTS_REPORT_EVENTS_H

#include "tests/test.h"

#include <jansson.h>
#include <math.h>
#include <unistd.h>

#include "espalier/report.h"
#include "tests/train/small.h"

/* A trainer with a network of 6-7-5-3 and 80 rows in batches of 20. */
typedef struct events_stage {
    espalier_dataset *dataset;
    espalier_network *network;
    espalier_trainer *trainer;
} events_stage;

static inline events_stage events_open(size_t epochs)
{
    static const size_t widths[] = {6, 7, 5, 3};
    espalier_train_options options = espalier_train_options_defaults();
    events_stage stage = {.dataset = small_dataset(80, 10, 6, 3),
                          .network = small_network(widths, 4, 3)};
    options.batch_rows = 20;
    options.epochs = epochs;
    options.threads = 1;
    assert_int_equal(espalier_trainer_create(stage.network, stage.dataset, &options, NULL,
                                             &stage.trainer, NULL),
                     ESPALIER_OK);
    return stage;
}

static inline void events_close(events_stage *stage)
{
    espalier_trainer_destroy(stage->trainer);
    espalier_network_destroy(stage->network);
    espalier_dataset_destroy(stage->dataset);
}

/* The lines of a log as a list of objects. */
static inline json_t *events_read(const char *path)
{
    FILE *file = fopen(path, "r");
    json_t *lines = json_array();
    static char line[65536];
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        assert_int_equal(line[strlen(line) - 1], '\n');
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(object);
        json_array_append_new(lines, object);
    }
    fclose(file);
    return lines;
}

static inline bool events_is(const json_t *line, const char *event)
{
    return strcmp(json_string_value(json_object_get(line, "event")), event) == 0;
}

static inline json_int_t events_integer(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

/* Keys in the order of writing, a space between. */
static inline void events_keys(json_t *object, const char *expected)
{
    char keys[512] = "";
    const char *key;
    json_t *value;
    assert_true(json_is_object(object));
    json_object_foreach(object, key, value) {
        if (*keys)
            strcat(keys, " ");
        strcat(keys, key);
    }
    assert_string_equal(keys, expected);
}

/* A log in a fresh folder. path: [64], written. */
static inline void events_folder(char *path)
{
    char folder[] = "record-XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(path, 64, "%s/log.jsonl", folder);
}

static inline void events_remove(const char *path)
{
    char folder[64];
    assert_int_equal(remove(path), 0);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    assert_int_equal(rmdir(folder), 0);
}

static inline espalier_epoch events_epoch(size_t epoch)
{
    return (espalier_epoch){.epoch = epoch, .training_accuracy = 0.5 + 0.01 * (double)epoch,
                            .training_loss = 1.0, .validation_accuracy = NAN,
                            .validation_loss = NAN, .learning_rate = 0.01,
                            .seconds = 0.125 * (double)epoch};
}

static inline espalier_prune_step events_step(size_t step)
{
    return (espalier_prune_step){.step = step, .epoch = step + 1, .training_accuracy = 0.75,
                                 .requested = 100 + step, .removed_by_rank = 90 + step,
                                 .removed_by_propagation = step, .sparsity_all = 0.5,
                                 .sparsity_prunable = 0.625, .last = step == 1};
}

/* trainer: NULL will do for a record without a log and without spectra. */
static inline espalier_status events_send(espalier_record *record, espalier_trainer *trainer,
                                          espalier_event event, espalier_error *error)
{
    const espalier_observer observer = espalier_record_observer(record);
    assert_false(observer.batches);
    return observer.notify(observer.context, trainer, &event, error);
}

/* Two pruning steps, one note, `epochs` epochs. */
static inline void events_run(espalier_record *record, espalier_trainer *trainer, size_t epochs)
{
    espalier_error error = {0};
    espalier_event event = {.kind = ESPALIER_EVENT_BEGIN, .epochs = epochs};
    assert_int_equal(events_send(record, trainer, event, &error), ESPALIER_OK);
    for (size_t e = 1; e <= epochs; e++) {
        const espalier_epoch result = events_epoch(e);
        event = (espalier_event){.kind = ESPALIER_EVENT_EPOCH_BEGIN, .epoch = e, .epochs = epochs};
        assert_int_equal(events_send(record, trainer, event, &error), ESPALIER_OK);
        event.kind = ESPALIER_EVENT_EPOCH;
        event.result = &result;
        assert_int_equal(events_send(record, trainer, event, &error), ESPALIER_OK);
        if (e <= 2) {
            const espalier_prune_step step = events_step(e - 1);
            event.kind = ESPALIER_EVENT_PRUNE_BEGIN;
            assert_int_equal(events_send(record, trainer, event, &error), ESPALIER_OK);
            event.kind = ESPALIER_EVENT_PRUNE;
            event.step = &step;
            assert_int_equal(events_send(record, trainer, event, &error), ESPALIER_OK);
        }
    }
    event = (espalier_event){.kind = ESPALIER_EVENT_NOTE, .epoch = epochs,
                             .note = "a \"note\" with a \\"};
    assert_int_equal(events_send(record, trainer, event, &error), ESPALIER_OK);
    event = (espalier_event){.kind = ESPALIER_EVENT_END, .epoch = epochs, .epochs = epochs};
    assert_int_equal(events_send(record, trainer, event, &error), ESPALIER_OK);
}

#endif
