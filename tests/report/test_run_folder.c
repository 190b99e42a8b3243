/* Reading a run's folder: all of it, parts of it, damaged ones. */
#define _POSIX_C_SOURCE 200809L
#include "tests/base/test_allocator.h"
#include "tests/report/run_made.h"

#include "report/run_folder.h"

static const char folder[] = "run-folder.tmp";

static int set_up(void **state)
{
    (void)state;
    run_make(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    run_remove(folder);
    return 0;
}

static void whole(void **state)
{
    run_folder f;
    espalier_error error = {0};
    (void)state;
    assert_int_equal(run_folder_read(folder, NULL, &f, &error), ESPALIER_OK);
    assert_int_equal(json_array_size(f.epochs), 2);
    assert_int_equal(json_array_size(f.steps), 1);
    assert_int_equal(json_array_size(f.counts), 1);
    assert_int_equal(json_array_size(f.spectra), 3);
    assert_int_equal(json_array_size(f.notes), 1);
    assert_false(f.cut);
    assert_non_null(f.evaluation);
    assert_non_null(f.before);
    assert_non_null(f.model);
    assert_string_equal(json_text_at(f.config, "command"), "train");
    assert_int_equal(json_size_at(f.config, "seed"), 7);
    assert_null(json_text_at(f.config, "seed"));
    assert_true(isnan(json_number_at(f.config, "command")));
    assert_true(isnan(json_number_at(f.config, "absent")));
    assert_int_equal(json_list_size(f.config, "widths"), 4);
    assert_float_equal(json_list_number(f.config, "widths", 1), 5, 0);
    assert_true(isnan(json_list_number(f.config, "widths", 4)));
    assert_true(isnan(json_number_at(NULL, "x")));
    run_folder_clear(&f);
}

/* Numbers in a stranger's file that count nothing. */
static void counts(void **state)
{
    (void)state;
    assert_int_equal(json_as_size(3.0), 3);
    assert_int_equal(json_as_size(2.9), 2);
    assert_int_equal(json_as_size(0.5), 0);
    assert_int_equal(json_as_size(-466.0), 0);
    assert_int_equal(json_as_size(NAN), 0);
    assert_int_equal(json_as_size(-INFINITY), 0);
    assert_true(json_as_size(1e300) == (size_t)1 << 53);
    assert_true(json_as_size(INFINITY) == (size_t)1 << 53);
}

static void only_a_log(void **state)
{
    static const char *const others[] = {"config.json", "result.json", "evaluation.json",
                                         "before.safetensors", "model.safetensors"};
    run_folder f;
    espalier_error error = {0};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        run_take(folder, others[i]);
    run_put(folder, "log.jsonl", "");
    assert_int_equal(run_folder_read(folder, NULL, &f, &error), ESPALIER_OK);
    assert_true(!f.config && !f.result && !f.evaluation && !f.before && !f.model);
    assert_int_equal(json_array_size(f.epochs), 0);
    run_folder_clear(&f);
    run_take(folder, "log.jsonl");
    assert_int_equal(run_folder_read(folder, NULL, &f, &error), ESPALIER_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "log.jsonl"));
}

static void line_that_is_not_whole(void **state)
{
    run_folder f;
    espalier_error error = {0};
    (void)state;
    run_put(folder, "log.jsonl", "{\"event\":\"epoch\",\"epoch\":1}\n{\"event\":\"epo");
    assert_int_equal(run_folder_read(folder, NULL, &f, &error), ESPALIER_OK);
    assert_true(f.cut);
    assert_int_equal(json_array_size(f.epochs), 1);
    run_folder_clear(&f);
}

/* What is wrong, and what the message says. */
static void damaged(void **state)
{
    static const char *const cases[][3] = {
        {"log.jsonl", "{\"event\":\"epoch\"}\n{\"event\":\n",
         "log.jsonl: line 2: expected a JSON object"},
        {"log.jsonl", "\n", "log.jsonl: line 1: expected a JSON object"},
        {"log.jsonl", "{\"event\":\"a\"}\n[1]\n",
         "log.jsonl: line 2: expected an object with the key 'event'"},
        {"log.jsonl", "{\"event\":3}\n",
         "log.jsonl: line 1: expected an object with the key 'event'"},
        {"config.json", "{\n\"a\": }\n", "config.json: line 2: expected a JSON object"},
        {"result.json", "[]\n", "result.json: line 1: expected a JSON object"},
        {"evaluation.json", "", "evaluation.json: line 1: expected a JSON object"},
        {"model.safetensors", "not a model", "model.safetensors"},
        {"before.safetensors", "", "before.safetensors"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run_folder f;
        espalier_error error = {0};
        run_make(folder);
        run_put(folder, cases[i][0], cases[i][1]);
        assert_int_equal(run_folder_read(folder, NULL, &f, &error), ESPALIER_ERROR_FORMAT);
        assert_int_equal(error.status, ESPALIER_ERROR_FORMAT);
        assert_non_null(strstr(error.message, cases[i][2]));
    }
}

static void without_memory(void **state)
{
    (void)state;
    for (size_t refuse = 1; refuse < 1000; refuse++) {
        meter m = {.refuse_from = refuse};
        espalier_allocator allocator = meter_allocator(&m);
        run_folder f;
        espalier_error error = {0};
        const espalier_status status = run_folder_read(folder, &allocator, &f, &error);
        if (status == ESPALIER_OK) {
            run_folder_clear(&f);
            assert_int_equal(m.live, 0);
            return;
        }
        assert_int_equal(status, ESPALIER_ERROR_MEMORY);
        assert_int_equal(m.live, 0);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole, set_up, tear_down),
        cmocka_unit_test(counts),
        cmocka_unit_test_setup_teardown(only_a_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(line_that_is_not_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
