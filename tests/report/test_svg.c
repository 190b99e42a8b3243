/* A picture as part of a page: ids of its own, a label, nothing that runs or loads. */
#define _POSIX_C_SOURCE 200809L
#include "tests/base/test_files.h"

#include "report/svg.h"

static espalier_status inlined(const char *svg, text *out, espalier_error *error)
{
    put_file("picture.tmp", svg, strlen(svg));
    const espalier_status status = svg_inline("picture.tmp", "name", "a \"label\"", out, error);
    remove("picture.tmp");
    return status;
}

static void changes_what_it_must(void **state)
{
    text out = {0};
    espalier_error error = {0};
    (void)state;
    const char *svg =
        "<?xml version=\"1.0\"?>\n<svg \n viewBox=\"0 0 9 9\">\n<title>Gnuplot</title>\n"
        "<desc>Produced by GNUPLOT </desc>\n<g id=\"gnuplot_canvas\"><title>mine</title>"
        "<path id='gpPt0'/><use xlink:href='#gpPt0' fill='url(#gpPt0)'/>"
        "<g id=\"p\"><title>gnuplot_plot_1b</title></g><text>width='#x' humid=3</text>"
        "</g></svg>";
    assert_int_equal(inlined(svg, &out, &error), ESPALIER_OK);
    assert_string_equal(
        text_content(&out),
        "<svg role=\"img\" aria-label=\"a &quot;label&quot;\"  \n viewBox=\"0 0 9 9\">\n\n\n"
        "<g id=\"name-gnuplot_canvas\"><title>mine</title><path id='name-gpPt0'/>"
        "<use xlink:href='#name-gpPt0' fill='url(#name-gpPt0)'/><g id=\"name-p\"></g>"
        "<text>width='#x' humid=3</text></g></svg>");
    text_clear(&out);
}

static void refuses(void **state)
{
    static const char *const bad[][2] = {
        {"", "no whole SVG"},
        {"<svg><g>", "no whole SVG"},
        {"<svg><script>x()</script></svg>", "<script"},
        {"<svg onload='x()'></svg>", "onload="},
        {"<svg><image xlink:href='http://example.org/x.png'/></svg>", "href='http"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        text out = {0};
        espalier_error error = {0};
        assert_int_equal(inlined(bad[i][0], &out, &error), ESPALIER_ERROR_FORMAT);
        assert_non_null(strstr(error.message, bad[i][1]));
        assert_non_null(strstr(error.message, "picture.tmp"));
        assert_int_equal(out.length, 0);
        text_clear(&out);
    }
}

static void missing(void **state)
{
    text out = {0};
    espalier_error error = {0};
    (void)state;
    assert_int_equal(svg_inline("no-such.tmp", "n", "l", &out, &error), ESPALIER_ERROR_NOT_FOUND);
    text_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_what_it_must),
        cmocka_unit_test(refuses),
        cmocka_unit_test(missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
