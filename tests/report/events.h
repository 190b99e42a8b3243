/* A run as a record hears it. */
#ifndef TESTS_REPORT_EVENTS_H
#define TESTS_REPORT_EVENTS_H

#include "tests/test.h"

#include <math.h>

#include "espalier/report.h"

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

static inline espalier_status events_send(espalier_record *record, espalier_event event,
                                          espalier_error *error)
{
    const espalier_observer observer = espalier_record_observer(record);
    assert_false(observer.batches);
    return observer.notify(observer.context, NULL, &event, error);
}

/* Two pruning steps, one note, `epochs` epochs. */
static inline void events_run(espalier_record *record, size_t epochs)
{
    espalier_error error = {0};
    espalier_event event = {.kind = ESPALIER_EVENT_BEGIN, .epochs = epochs};
    assert_int_equal(events_send(record, event, &error), ESPALIER_OK);
    for (size_t e = 1; e <= epochs; e++) {
        const espalier_epoch result = events_epoch(e);
        event = (espalier_event){.kind = ESPALIER_EVENT_EPOCH_BEGIN, .epoch = e, .epochs = epochs};
        assert_int_equal(events_send(record, event, &error), ESPALIER_OK);
        event.kind = ESPALIER_EVENT_EPOCH;
        event.result = &result;
        assert_int_equal(events_send(record, event, &error), ESPALIER_OK);
        if (e <= 2) {
            const espalier_prune_step step = events_step(e - 1);
            event.kind = ESPALIER_EVENT_PRUNE;
            event.step = &step;
            assert_int_equal(events_send(record, event, &error), ESPALIER_OK);
        }
    }
    event = (espalier_event){.kind = ESPALIER_EVENT_NOTE, .epoch = epochs,
                             .note = "a \"note\" with a \\"};
    assert_int_equal(events_send(record, event, &error), ESPALIER_OK);
    event = (espalier_event){.kind = ESPALIER_EVENT_END, .epoch = epochs, .epochs = epochs};
    assert_int_equal(events_send(record, event, &error), ESPALIER_OK);
}

#endif
