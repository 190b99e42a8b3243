/* Messages: the first one stays, and is always terminated. */
#include "base/error.h"
#include "test.h"

static void test_first_message_stays(void **state)
{
    (void)state;
    espalier_error error = {0};
    assert_int_equal(error_set(&error, ESPALIER_ERROR_IO, "%s: %d", "file", 7), ESPALIER_ERROR_IO);
    assert_int_equal(error_set(&error, ESPALIER_ERROR_FORMAT, "later"), ESPALIER_ERROR_FORMAT);
    assert_int_equal(error.status, ESPALIER_ERROR_IO);
    assert_string_equal(error.message, "file: 7");
    assert_int_equal(error_set(NULL, ESPALIER_ERROR_IO, "nobody listens"), ESPALIER_ERROR_IO);
    assert_int_equal(error_memory(NULL), ESPALIER_ERROR_MEMORY);
}

static void test_long_message_is_cut(void **state)
{
    (void)state;
    char text[2 * sizeof((espalier_error *)0)->message];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    espalier_error error = {0};
    error_set(&error, ESPALIER_ERROR_IO, "%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

static void test_message_is_one_plain_line(void **state)
{
    (void)state;
    espalier_error error = {0};
    error_set(&error, ESPALIER_ERROR_IO, "%s", "a\nb\033[31m\177 \xc3\xa4");
    assert_string_equal(error.message, "a?b?[31m? \xc3\xa4");
}

/* Paths may hold bytes that are no text, and the control characters of 8-bit terminals. */
static void test_message_is_utf8(void **state)
{
    (void)state;
    espalier_error error = {0};
    error_set(&error, ESPALIER_ERROR_IO, "%s", "\xe9t\xc3\xa9 \xff\xc3 \xc2\x9b \xf0\x9f\x8c\xb3");
    assert_string_equal(error.message, "?t\xc3\xa9 ?? ?? \xf0\x9f\x8c\xb3");
}

/* Whatever a character's place at the end, it is there as a whole or not at all. */
static void test_cut_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"\xc3\xa9", "\xe2\x80\xa6", "\xf0\x9f\x8c\xb3"};
    const size_t room = sizeof((espalier_error *)0)->message - 1;
    for (size_t c = 0; c < 3; c++)
        for (size_t before = room - 4; before <= room; before++) {
            char text[600] = "", expected[600];
            const size_t bytes = strlen(characters[c]);
            memset(text, 'x', before);
            strcpy(expected, text);
            for (size_t at = before; at + bytes <= room; at += bytes)
                strcat(expected, characters[c]);
            for (int i = 0; i < 4; i++)
                strcat(text, characters[c]);
            espalier_error error = {0};
            error_set(&error, ESPALIER_ERROR_IO, "%s", text);
            assert_string_equal(error.message, expected);
        }
    espalier_error error = {0}; /* of a message that was not cut nothing is taken away */
    error_set(&error, ESPALIER_ERROR_IO, "x\xe2\x80");
    assert_string_equal(error.message, "x??");
}

static void test_every_status_has_its_text(void **state)
{
    (void)state;
    for (int a = ESPALIER_OK; a <= ESPALIER_ERROR_CANCELLED; a++) {
        const char *text = espalier_status_text((espalier_status)a);
        assert_true(strlen(text) > 0);
        assert_string_not_equal(text, "unknown status");
        for (int b = ESPALIER_OK; b < a; b++)
            assert_string_not_equal(text, espalier_status_text((espalier_status)b));
    }
    int above = ESPALIER_ERROR_CANCELLED + 1;
    assert_string_equal(espalier_status_text((espalier_status)above), "unknown status");
}

static void test_version(void **state)
{
    (void)state;
    int major, minor, patch;
    char rest;
    assert_int_equal(sscanf(espalier_version(), "%d.%d.%d%c", &major, &minor, &patch, &rest), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_message_stays),
        cmocka_unit_test(test_long_message_is_cut),
        cmocka_unit_test(test_message_is_one_plain_line),
        cmocka_unit_test(test_message_is_utf8),
        cmocka_unit_test(test_cut_between_characters),
        cmocka_unit_test(test_every_status_has_its_text),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
