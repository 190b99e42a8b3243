/* What a record keeps and what it appends to its log. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/report/events.h"

#include "report/record.h"
#include "tests/base/test_allocator.h"

static void keeps_everything(void **state)
{
    (void)state;
    espalier_record *record = NULL;
    assert_int_equal(espalier_record_create(NULL, NULL, &record, NULL), ESPALIER_OK);
    events_run(record, NULL, 100); /* more than the lists start with */
    const espalier_epoch *epochs = record->epochs.items;
    const espalier_prune_step *steps = record->steps.items;
    assert_int_equal(record->epochs.count, 100);
    for (size_t e = 0; e < 100; e++)
        assert_float_equal(epochs[e].seconds, 0.125 * (double)(e + 1), 0.0);
    assert_int_equal(record->steps.count, 2);
    assert_int_equal(steps[1].requested, 101);
    assert_int_equal(record->notes.count, 1);
    assert_string_equal(((char **)record->notes.items)[0], "a \"note\" with a \\");
    espalier_record_destroy(record);
    espalier_record_destroy(NULL);
}

static void check_log(const char *path)
{
    static const char *const events[] = {"begin", "epoch", "prune", "epoch", "prune",
                                         "epoch", "note",  "end"};
    json_t *lines = events_read(path);
    assert_int_equal(json_array_size(lines), sizeof events / sizeof *events);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        assert_true(events_is(json_array_get(lines, i), events[i]));
    assert_int_equal(events_integer(json_array_get(lines, 0), "epochs"), 3);
    assert_int_equal(events_integer(json_array_get(lines, 3), "epoch"), 2);
    assert_true(json_is_null(json_object_get(json_array_get(lines, 3), "validation_loss")));
    assert_int_equal(events_integer(json_array_get(lines, 4), "requested"), 101);
    assert_string_equal(json_string_value(json_object_get(json_array_get(lines, 6), "note")),
                        "a \"note\" with a \\");
    json_decref(lines);
}

/* Read while the record is still open: every line is there at once. */
static void log_lines(void **state)
{
    char path[64];
    (void)state;
    events_stage stage = events_open(3);
    events_folder(path);
    espalier_record *record = NULL;
    assert_int_equal(espalier_record_create(path, NULL, &record, NULL), ESPALIER_OK);
    events_run(record, stage.trainer, 3);
    check_log(path);
    espalier_record_destroy(record);

    /* A second run continues the file. */
    assert_int_equal(espalier_record_create(path, NULL, &record, NULL), ESPALIER_OK);
    events_run(record, stage.trainer, 3);
    espalier_record_destroy(record);
    json_t *lines = events_read(path);
    assert_int_equal(json_array_size(lines), 16);
    json_decref(lines);
    events_remove(path);
    events_close(&stage);
}

static void log_cannot_open(void **state)
{
    (void)state;
    espalier_record *record = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_record_create("no/such/folder/log", NULL, &record, &error),
                     ESPALIER_ERROR_IO);
    assert_null(record);
    assert_string_equal(error.message,
                        "no/such/folder/log: cannot open the log: No such file or directory");
}

/* A full disk ends the run with a message. */
static void log_cannot_write(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        print_message("skipped: there is no /dev/full\n");
        skip();
    }
    espalier_record *record = NULL;
    events_stage stage = events_open(1);
    const espalier_epoch epoch = events_epoch(1);
    const espalier_prune_step step = events_step(0);
    const espalier_event events[] = {
        {.kind = ESPALIER_EVENT_BEGIN, .epochs = 1},
        {.kind = ESPALIER_EVENT_EPOCH, .epoch = 1, .result = &epoch},
        {.kind = ESPALIER_EVENT_PRUNE, .epoch = 1, .step = &step},
        {.kind = ESPALIER_EVENT_NOTE, .epoch = 1, .note = "n"},
        {.kind = ESPALIER_EVENT_END, .epoch = 1},
    };
    assert_int_equal(espalier_record_create("/dev/full", NULL, &record, NULL), ESPALIER_OK);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        espalier_error error = {0};
        assert_int_equal(events_send(record, stage.trainer, events[i], &error),
                         ESPALIER_ERROR_IO);
        assert_string_equal(error.message,
                            "/dev/full: cannot append to the log: No space left on device");
    }
    espalier_record_destroy(record);
    events_close(&stage);
}

static void without_memory(void **state)
{
    (void)state;
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t from = 1; status != ESPALIER_OK; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_record *record = NULL;
        const espalier_prune_step step = events_step(0);
        const espalier_event prune = {.kind = ESPALIER_EVENT_PRUNE, .step = &step};
        const espalier_event note = {.kind = ESPALIER_EVENT_NOTE, .note = "n"};
        status = espalier_record_create(NULL, &allocator, &record, NULL);
        if (status == ESPALIER_OK)
            status = events_send(record, NULL, prune, NULL);
        if (status == ESPALIER_OK)
            status = events_send(record, NULL, note, NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        espalier_record_destroy(record);
        assert_int_equal(m.live, 0);
        assert_true(from < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_everything), cmocka_unit_test(log_lines),
        cmocka_unit_test(log_cannot_open),  cmocka_unit_test(log_cannot_write),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
