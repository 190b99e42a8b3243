/* Numbers that come back bit by bit, and what is refused. */
#include "tests/test.h"

#include <float.h>
#include <math.h>

#include "format/state.h"

static void there_and_back(void **state_)
{
    static const double reals[] = {0.0, -0.0, 1.0 / 3.0, -1e-310, DBL_MAX, INFINITY, -INFINITY, NAN};
    static const uint64_t counts[] = {0, 1, INT64_MAX};
    (void)state_;
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        state s = state_new();
        state_put_real(&s, "r", reals[i]);
        state_put_count(&s, "c", counts[i % 3]);
        state_put_flag(&s, "f", i % 2);
        state_put_text(&s, "t", "é\n\"");
        char *text = state_text(&s);
        assert_non_null(text);
        state read = state_read(text);
        const double back = state_real(&read, "r");
        assert_true(isnan(reals[i]) ? isnan(back) : memcmp(&back, &reals[i], sizeof back) == 0);
        assert_true(state_count(&read, "c", INT64_MAX) == counts[i % 3]);
        assert_int_equal(state_flag(&read, "f"), i % 2);
        assert_string_equal(state_string(&read, "t"), "é\n\"");
        assert_int_equal(state_end(&read, "test", NULL), ESPALIER_OK);
        free(text);
    }
}

/* Each of these is not what is read from it. */
static void refused(void **state_)
{
    static const char *const texts[] = {
        "",    "{",   "[]",  "{\"c\":-1}", "{\"c\":11}", "{\"c\":1.5}", "{\"c\":\"1\"}", "{}",
        "{\"c\":1,\"c\":1}", "{\"c\":1,\"r\":\"NaN\"}", "{\"c\":1,\"r\":true}", "{\"c\":1}",
    };
    (void)state_;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        espalier_error error = {0};
        state s = state_read(texts[i]);
        assert_true(state_count(&s, "c", 10) <= 10);
        state_real(&s, "r");
        assert_int_equal(state_end(&s, "test", &error), ESPALIER_ERROR_FORMAT);
        assert_non_null(strstr(error.message, "the state of the test: "));
    }
    state none = state_read(NULL);
    assert_false(state_flag(&none, "f"));
    assert_string_equal(state_string(&none, "t"), "");
    assert_null(state_list(&none, "l", 0));
    assert_int_equal(state_end(&none, "test", NULL), ESPALIER_ERROR_FORMAT);
}

/* One value of another kind at a time. */
static void of_another_kind(void **state_)
{
    static const char *const texts[] = {"{\"x\":1}", "{\"x\":null}", "{\"x\":{}}", "{}"};
    (void)state_;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        state flag = state_read(texts[i]), text = state_read(texts[i]);
        assert_false(state_flag(&flag, "x"));
        assert_string_equal(flag.wrong, "x");
        assert_string_equal(state_string(&text, "x"), "");
        assert_string_equal(text.wrong, "x");
        assert_int_equal(state_end(&flag, "test", NULL), ESPALIER_ERROR_FORMAT);
        assert_int_equal(state_end(&text, "test", NULL), ESPALIER_ERROR_FORMAT);
    }
}

static json_t *options_of(double rate, uint64_t every, const char *kind, bool last)
{
    state s = state_new();
    state_put_real(&s, "rate", rate);
    state_put_count(&s, "every", every);
    state_put_text(&s, "kind", kind);
    state_put_flag(&s, "last", last);
    return state_value(&s);
}

/* Each option that differs is named with both values; what a text does not hold passes. */
static void same_options(void **state_)
{
    const struct {
        const char *message;
        json_t *here;
    } others[] = {
        {"rate of the test was 0.1, here it is 0.2", options_of(0.2, 7, "a", true)},
        {"every of the test was 7, here it is 18446744073709551615",
         options_of(0.1, UINT64_MAX, "a", true)},
        {"kind of the test was a, here it is b", options_of(0.1, 7, "b", true)},
        {"last of the test was true, here it is false", options_of(0.1, 7, "a", false)},
    };
    (void)state_;
    state written = state_new();
    state_put(&written, "options", options_of(0.1, 7, "a", true));
    char *text = state_text(&written);
    state s = state_read(text), older = state_read("{}");
    assert_int_equal(state_same_options(&s, "options", options_of(0.1, 7, "a", true), "test", NULL),
                     ESPALIER_OK);
    for (size_t i = 0; i < 4; i++) {
        espalier_error error = {0};
        assert_int_equal(state_same_options(&older, "options", json_incref(others[i].here), "test",
                                            NULL), ESPALIER_OK);
        assert_int_equal(state_same_options(&s, "options", others[i].here, "test", &error),
                         ESPALIER_ERROR_MISMATCH);
        assert_non_null(strstr(error.message, others[i].message));
    }
    assert_int_equal(state_same_options(&s, "options", NULL, "test", NULL), ESPALIER_ERROR_MEMORY);
    assert_int_equal(state_end(&s, "test", NULL), ESPALIER_OK);
    assert_int_equal(state_end(&older, "test", NULL), ESPALIER_OK);
    free(text);
}

static void lists(void **state_)
{
    (void)state_;
    state s = state_read("{\"l\":[1,2]}");
    assert_int_equal(json_array_size(state_list(&s, "l", 2)), 2);
    assert_int_equal(json_array_size(state_list(&s, "l", SIZE_MAX)), 2);
    assert_null(s.wrong);
    assert_null(state_list(&s, "l", 3));
    assert_string_equal(s.wrong, "l");
    assert_int_equal(state_end(&s, "test", NULL), ESPALIER_ERROR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(refused),
        cmocka_unit_test(of_another_kind),
        cmocka_unit_test(same_options),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
