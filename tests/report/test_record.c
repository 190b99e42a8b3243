/* What a record keeps and what it appends to its log. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/report/events.h"

#include <jansson.h>
#include <unistd.h>

#include "report/record.h"
#include "tests/base/test_allocator.h"

static void keeps_everything(void **state)
{
    (void)state;
    espalier_record *record = NULL;
    assert_int_equal(espalier_record_create(NULL, NULL, &record, NULL), ESPALIER_OK);
    events_run(record, 100); /* more than the lists start with */
    const espalier_epoch *epochs = record->epochs.items;
    const espalier_prune_step *steps = record->steps.items;
    assert_int_equal(record->epochs.count, 100);
    for (size_t e = 0; e < 100; e++)
        assert_float_equal(epochs[e].seconds, 0.125 * (double)(e + 1), 0.0);
    assert_int_equal(record->steps.count, 2);
    assert_int_equal(steps[1].requested, 101);
    assert_int_equal(record->notes.count, 1);
    assert_string_equal(((char **)record->notes.items)[0], "a \"note\" with a \\");
    const espalier_prune_step step = events_step(7);
    assert_int_equal(espalier_record_add_step(record, &step), ESPALIER_OK);
    assert_int_equal(record->steps.count, 3);
    espalier_record_destroy(record);
    espalier_record_destroy(NULL);
}

/* The next line of the log, which must be one object of that event. */
static json_t *line_of(FILE *file, const char *event)
{
    char line[1024];
    json_error_t problem;
    assert_non_null(fgets(line, sizeof line, file));
    assert_int_equal(line[strlen(line) - 1], '\n');
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &problem);
    assert_non_null(object);
    assert_string_equal(json_string_value(json_object_get(object, "event")), event);
    return object;
}

static void check_log(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    static const char *const events[] = {"begin", "epoch", "prune", "epoch", "prune",
                                         "epoch", "note",  "end"};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        json_t *object = line_of(file, events[i]);
        if (i == 0)
            assert_int_equal(json_integer_value(json_object_get(object, "epochs")), 3);
        if (i == 3) {
            assert_int_equal(json_integer_value(json_object_get(object, "epoch")), 2);
            assert_true(json_is_null(json_object_get(object, "validation_loss")));
        }
        if (i == 4)
            assert_int_equal(json_integer_value(json_object_get(object, "requested")), 101);
        if (i == 6)
            assert_string_equal(json_string_value(json_object_get(object, "note")),
                                "a \"note\" with a \\");
        json_decref(object);
    }
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
}

/* Read while the record is still open: every line is there at once. */
static void log_lines(void **state)
{
    char folder[] = "record-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log.jsonl", folder);
    espalier_record *record = NULL;
    assert_int_equal(espalier_record_create(path, NULL, &record, NULL), ESPALIER_OK);
    events_run(record, 3);
    check_log(path);
    espalier_record_destroy(record);

    /* A second run continues the file. */
    assert_int_equal(espalier_record_create(path, NULL, &record, NULL), ESPALIER_OK);
    events_run(record, 3);
    espalier_record_destroy(record);
    FILE *file = fopen(path, "r");
    size_t lines = 0;
    assert_non_null(file);
    for (int c = fgetc(file); c != EOF; c = fgetc(file))
        lines += c == '\n';
    fclose(file);
    assert_int_equal(lines, 16);
    assert_int_equal(remove(path), 0);
    assert_int_equal(rmdir(folder), 0);
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
    espalier_error error = {0};
    const espalier_event begin = {.kind = ESPALIER_EVENT_BEGIN, .epochs = 1};
    const espalier_prune_step step = events_step(0);
    assert_int_equal(espalier_record_create("/dev/full", NULL, &record, NULL), ESPALIER_OK);
    assert_int_equal(events_send(record, begin, &error), ESPALIER_ERROR_IO);
    assert_string_equal(error.message,
                        "/dev/full: cannot append to the log: No space left on device");
    assert_int_equal(espalier_record_add_step(record, &step), ESPALIER_ERROR_IO);
    espalier_record_destroy(record);
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
        const espalier_event note = {.kind = ESPALIER_EVENT_NOTE, .note = "n"};
        status = espalier_record_create(NULL, &allocator, &record, NULL);
        if (status == ESPALIER_OK)
            status = espalier_record_add_step(record, &step);
        if (status == ESPALIER_OK)
            status = events_send(record, note, NULL);
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
