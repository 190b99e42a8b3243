/* Texts numbered: found, in order, and none twice. */
#include "base/test_allocator.h"
#include "data/dictionary.h"
#include "test.h"

static void add(dictionary *words, const char *text)
{
    size_t before = words->count;
    assert_int_equal(dictionary_find(words, text, strlen(text)), SIZE_MAX);
    assert_int_equal(dictionary_add(words, text, strlen(text), NULL), ESPALIER_OK);
    assert_int_equal(words->count, before + 1);
    assert_int_equal(dictionary_find(words, text, strlen(text)), before);
}

static void test_many(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    char text[24];
    dictionary words = {0};
    for (int i = 0; i < MANY; i++) {
        sprintf(text, "%d", i * 7919);
        add(&words, text);
    }
    for (int i = 0; i < MANY; i++) {
        sprintf(text, "%dx", i * 7919);
        assert_int_equal(dictionary_find(&words, text, strlen(text)), SIZE_MAX);
        assert_int_equal(dictionary_find(&words, text, strlen(text) - 1), i); /* a part of a text */
    }
    add(&words, "");
    dictionary_clear(&words);
    assert_int_equal(dictionary_find(&words, "0", 1), SIZE_MAX);
    dictionary_clear(&words);
}

static void expect_order(const char *const *given, size_t count, char point,
                         const char *const *sorted)
{
    dictionary words = {0};
    size_t order[8];
    for (size_t i = 0; i < count; i++)
        add(&words, given[i]);
    assert_int_equal(dictionary_sort(&words, point, order, NULL), ESPALIER_OK);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(words.texts[i], sorted[i]);
        assert_string_equal(given[order[i]], sorted[i]);
        assert_int_equal(dictionary_find(&words, sorted[i], strlen(sorted[i])), i);
    }
    dictionary_clear(&words);
}

static void test_order(void **state)
{
    (void)state;
    static const char *const numbers[] = {"10", "9", "-1", "1e1", "0.5"};
    static const char *const by_value[] = {"-1", "0.5", "9", "10", "1e1"};
    static const char *const texts[] = {"10", "9", "b", "B", "\xc3\xa4"};
    static const char *const by_bytes[] = {"10", "9", "B", "b", "\xc3\xa4"};
    static const char *const commas[] = {"1,5", "10", "0,5"};
    static const char *const by_comma[] = {"0,5", "1,5", "10"};
    expect_order(numbers, 5, '.', by_value);
    expect_order(texts, 5, '.', by_bytes);
    expect_order(commas, 3, ',', by_comma);
    expect_order(NULL, 0, '.', NULL);
}

static void test_memory_refused(void **state)
{
    (void)state;
    bool all = false;
    for (size_t n = 1; !all; n++) {
        meter m = {.refuse_from = n};
        espalier_allocator allocator = meter_allocator(&m);
        dictionary words = {.allocator = &allocator};
        espalier_status status = ESPALIER_OK;
        for (char letter = 'a'; letter < 'm' && !status; letter++)
            status = dictionary_add(&words, &letter, 1, NULL);
        if (!status)
            status = dictionary_sort(&words, '.', NULL, NULL);
        all = !status;
        dictionary_clear(&words);
        assert_int_equal(m.live, 0);
        assert_true(n < 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
