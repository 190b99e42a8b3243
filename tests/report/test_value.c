/* Numbers, counts, epochs and steps as JSON. */
#include "tests/test.h"

#include <math.h>

#include "report/value.h"
#include "tests/base/test_allocator.h"

static void check(json_t *value, const char *expected)
{
    char *text = json_dumps(value, VALUE_FORMAT | JSON_ENCODE_ANY | JSON_COMPACT);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

static void scalars(void **state)
{
    (void)state;
    check(value_number(0.9), "0.9");
    check(value_number(1.0), "1.0");
    check(value_number(NAN), "null");
    check(value_number(-INFINITY), "null");
    check(value_count(0), "0");
    check(value_count(INT64_MAX), "9223372036854775807");
    check(value_count(UINT64_MAX), "\"18446744073709551615\"");
    check(value_text("a\n\"b\""), "\"a\\n\\\"b\\\"\"");
    check(value_text(NULL), "null");
}

static void epochs_and_steps(void **state)
{
    const espalier_epoch epoch = {3, 0.5, 1.25, NAN, NAN, 0.01, 2.5};
    const espalier_prune_step step = {
        .step = 1, .epoch = 4, .training_accuracy = NAN, .requested = 10, .removed_by_rank = 9,
        .removed_by_propagation = 2, .neurons_removed = 3, .neurons_guarded = 1, .forced = true,
        .last = false, .sparsity_all = 0.25, .sparsity_prunable = 0.5};
    (void)state;
    check(value_epoch(&epoch),
          "{\"epoch\":3,\"training_accuracy\":0.5,\"training_loss\":1.25,"
          "\"validation_accuracy\":null,\"validation_loss\":null,\"learning_rate\":0.01}");
    check(value_step(&step),
          "{\"step\":1,\"epoch\":4,\"training_accuracy\":null,\"requested\":10,"
          "\"removed_by_rank\":9,\"removed_by_propagation\":2,\"neurons_removed\":3,"
          "\"neurons_guarded\":1,\"forced\":true,\"last\":false,\"sparsity\":0.25,"
          "\"sparsity_prunable\":0.5}");
}

static void missing_values(void **state)
{
    (void)state;
    json_t *object = json_object();
    assert_false(value_put(object, "key", NULL));
    assert_false(value_put(NULL, "key", json_true()));
    assert_true(value_put(object, "key", json_integer(1)));
    assert_null(value_complete(object, false));
    assert_null(value_complete(NULL, false));
}

/* One line, in memory of the allocator's. */
static void dumps(void **state)
{
    (void)state;
    json_t *object = json_object();
    value_put(object, "a", json_real(0.9));
    for (size_t from = 0; from < 2; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        char *text = value_dump(object, &allocator);
        if (from == 0) {
            assert_string_equal(text, "{\"a\":0.9}");
            assert_int_equal(m.live, 1);
            allocator.release(allocator.context, text);
        } else {
            assert_null(text);
        }
    }
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars),
        cmocka_unit_test(epochs_and_steps),
        cmocka_unit_test(missing_values), cmocka_unit_test(dumps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
