/* Growing texts, quoting for HTML, CSV and gnuplot, reading and writing files. */
#define _POSIX_C_SOURCE 200809L
#include "tests/base/test_allocator.h"
#include "tests/base/test_files.h"

#include <math.h>

#include "report/text.h"

static void grows(void **state)
{
    (void)state;
    text t = {0};
    char expected[6000] = "";
    assert_string_equal(text_content(&t), "");
    for (int i = 0; i < 1000; i++) {
        text_print(&t, "%d,", i);
        snprintf(expected + strlen(expected), 16, "%d,", i);
    }
    text_add(&t, "end\0hidden", 3);
    assert_false(t.failed);
    assert_int_equal(t.length, strlen(expected) + 3);
    assert_memory_equal(t.bytes, expected, strlen(expected));
    assert_string_equal(t.bytes + strlen(expected), "end");
    text_clear(&t);
    assert_null(t.bytes);
}

static void assert_made(void (*make)(text *, const char *), const char *from, const char *to)
{
    text t = {0};
    make(&t, from);
    assert_string_equal(text_content(&t), to);
    text_clear(&t);
}

static void quotes(void **state)
{
    (void)state;
    assert_made(text_html, "a < b && c > \"d\" 'e'",
                "a &lt; b &amp;&amp; c &gt; &quot;d&quot; &#39;e&#39;");
    assert_made(text_html, "</script>", "&lt;/script&gt;");
    assert_made(text_html, "Müller", "Müller");
    assert_made(text_html, "", "");
    assert_made(text_csv, "plain words", "plain words");
    assert_made(text_csv, "a,b", "\"a,b\"");
    assert_made(text_csv, "say \"x\"", "\"say \"\"x\"\"\"");
    assert_made(text_csv, "two\nlines", "\"two lines\"");
    assert_made(text_csv, "tab\there", "tab here");
    assert_made(text_gnuplot, "it's `date` $x \\n", "'it''s `date` $x \\n'");
    assert_made(text_gnuplot, "a\nsystem('x')", "'a system(''x'')'");
}

static void numbers(void **state)
{
    (void)state;
    text t = {0};
    text_number(&t, 0.1);
    text_add(&t, ",", 1);
    text_number(&t, NAN);
    text_add(&t, ",", 1);
    text_number(&t, -INFINITY);
    text_add(&t, ",", 1);
    text_number(&t, 123456789);
    assert_string_equal(text_content(&t), "0.1,,,123456789");
    text_clear(&t);
}

static void files(void **state)
{
    (void)state;
    text t = {0}, back = {0};
    espalier_error error = {0};
    for (int i = 0; i < 30000; i++)
        text_print(&t, "%d ", i);
    assert_int_equal(text_write(&t, "text.tmp", &error), ESPALIER_OK);
    assert_int_equal(text_read(&back, "text.tmp", t.length, &error), ESPALIER_OK);
    assert_int_equal(back.length, t.length);
    assert_memory_equal(back.bytes, t.bytes, t.length);
    assert_int_equal(text_read(&back, "text.tmp", t.length - 1, &error), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "text.tmp: more than"));
    error = (espalier_error){0};
    assert_int_equal(text_read(&back, "no-such.tmp", 10, &error), ESPALIER_ERROR_NOT_FOUND);
    assert_int_equal(text_write(&t, "no-folder.tmp/x", &error), ESPALIER_ERROR_IO);
    text_clear(&t);
    text_clear(&back);
    remove("text.tmp");
}

/* Whichever allocation fails: the text says so and is never written. */
static void without_memory(void **state)
{
    (void)state;
    for (size_t refuse = 1; refuse <= 2; refuse++) {
        meter m = {.refuse_from = refuse};
        espalier_allocator allocator = meter_allocator(&m);
        text t = {.allocator = &allocator};
        espalier_error error = {0};
        text_print(&t, "%1000s", "x");
        text_print(&t, "%1000s", "y");
        assert_true(t.failed);
        text_html(&t, "<more>");
        assert_int_equal(text_write(&t, "unmade.tmp", &error), ESPALIER_ERROR_MEMORY);
        assert_int_not_equal(access("unmade.tmp", F_OK), 0);
        text_clear(&t);
        assert_int_equal(m.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows), cmocka_unit_test(quotes),         cmocka_unit_test(numbers),
        cmocka_unit_test(files), cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
