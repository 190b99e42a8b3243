/* Texts and copies of JSON values: whole, or not there. */
#define _POSIX_C_SOURCE 200809L
#include "format/json_text.h"

#include <string.h>

#include "base/memory.h"
#include "base/test_allocator.h"
#include "commas.h"
#include "format/json_gives_out.h"
#include "test.h"

static const char sample[] =
    "{\"a\":[1,2.5,0.12345678901234568,\"text that is longer than a small buffer\",null,true],"
    "\"b\":{\"c\":{\"d\":[[],{},-0.75]},\"\xc3\xa9\":\"\\\"\\u0000\"}}";

static const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(17);

static json_t *read_sample(void)
{
    json_t *value = json_loads(sample, JSON_ALLOW_NUL, NULL);
    assert_non_null(value);
    return value;
}

static void test_text(void **state)
{
    (void)state;
    json_t *value = read_sample();
    meter m = {0};
    const espalier_allocator allocator = meter_allocator(&m);
    char *text = json_text_of(value, flags, &allocator);
    assert_string_equal(text, sample);
    memory_release(&allocator, text);
    assert_null(json_text_of(NULL, flags, &allocator));
    m.refuse_from = m.requests + 1;
    assert_null(json_text_of(value, flags, &allocator));
    assert_int_equal(m.live, 0);
    json_decref(value);
}

static void test_copy(void **state)
{
    (void)state;
    json_t *value = read_sample(), *copy = json_copy_of(value, 17), *rounded = json_copy_of(value, 3);
    assert_true(copy != value && json_equal(copy, value));
    assert_false(json_equal(rounded, value));
    assert_true(json_real_value(json_array_get(json_object_get(rounded, "a"), 2)) == 0.123);
    json_decref(value);
    json_decref(copy);
    json_decref(rounded);
}

/* What printing and reading again would give. */
static void test_copy_as_written(void **state)
{
    (void)state;
    json_t *value = read_sample(), *copy = json_copy_of(value, 12);
    char *text = json_text_of(value, JSON_REAL_PRECISION(12), NULL);
    json_t *read = json_loads(text, JSON_ALLOW_NUL, NULL);
    assert_true(json_equal(copy, read));
    memory_release(NULL, text);
    json_decref(read);
    json_decref(copy);
    json_decref(value);
}

/* In a language with decimal commas, too. */
static void test_language(void **state)
{
    const bool commas = commas_begin();
    test_copy(state);
    commas_end();
    if (!commas)
        skip();
}

static void test_memory(void **state)
{
    (void)state;
    json_t *value = read_sample();
    for (int on = 0; on < 2; on++) {
        size_t refused = 0;
        bool whole = false;
        for (size_t n = 1; !whole; n++) {
            json_gives_out(n, on);
            char *text = json_text_of(value, flags, NULL);
            json_t *copy = json_copy_of(value, 17);
            whole = json_asked < n;
            json_has_memory();
            if (text)
                assert_string_equal(text, sample);
            if (copy)
                assert_true(json_equal(copy, value));
            refused += !text + !copy;
            memory_release(NULL, text);
            json_decref(copy);
        }
        assert_true(refused > 10);
    }
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_copy_as_written),
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
