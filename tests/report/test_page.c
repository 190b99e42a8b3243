/* A page: escaped, every element closed, nothing loaded from anywhere. */
#define _POSIX_C_SOURCE 200809L
#include "tests/base/test_allocator.h"
#include "tests/base/test_files.h"

#include <math.h>

#include "report/page.h"

/* The page as a text to free(). */
static char *written(page *p)
{
    size_t count;
    espalier_error error = {0};
    assert_int_equal(page_write(p, "page.tmp", &error), ESPALIER_OK);
    char *bytes = (char *)get_file("page.tmp", &count);
    bytes[count] = '\0';
    remove("page.tmp");
    page_clear(p);
    return bytes;
}

static size_t occurrences(const char *words, const char *part)
{
    size_t count = 0;
    for (; (words = strstr(words, part)); words += strlen(part))
        count++;
    return count;
}

static void assert_closed(const char *html, const char *name)
{
    char begin[32], longer[32], end[32];
    snprintf(begin, sizeof begin, "<%s>", name);
    snprintf(longer, sizeof longer, "<%s ", name);
    snprintf(end, sizeof end, "</%s>", name);
    assert_int_equal(occurrences(html, begin) + occurrences(html, longer), occurrences(html, end));
}

static void fill(page *p, const char *evil)
{
    page_title(p, evil, "lead %s", evil);
    page_section(p, "first", evil);
    page_words(p, "words %s with `code %s", evil, evil);
    page_note(p, "%s", evil);
    page_heading(p, evil);
    page_numbers_begin(p);
    page_number(p, evil, NULL, evil);
    page_number(p, "label", evil, "after");
    page_numbers_end(p);
    page_section(p, "second", "Second");
    page_details_begin(p, "%s", evil);
    page_table_begin(p, evil);
    page_column(p, false, "%s", evil);
    page_column(p, true, "n");
    page_cell(p, "%s", evil);
    page_cell_count(p, 1234567);
    page_cell_shaded(p, 0.9, "%s", evil);
    page_cell_percent(p, NAN);
    page_table_end(p);
    page_details_end(p);
    page_table_begin(p, NULL);
    page_column(p, false, "nothing below");
    page_table_end(p);
    page_figures_begin(p);
    page_figure(p, evil, "<svg></svg>", "", evil, evil);
    page_figure(p, evil, NULL, evil, evil, evil);
    page_figures_end(p);
}

static void escapes_and_closes(void **state)
{
    static const char *const names[] = {
        "html",    "head",    "style", "body",  "main", "header", "nav",  "ul",      "li",
        "section", "p",       "dl",    "div",   "dt",   "dd",     "span", "details", "summary",
        "table",   "caption", "thead", "tbody", "tr",   "th",     "td",   "figure",  "figcaption",
        "code",    "h1",      "h2",    "h3",    "h4",   "a",      "title"};
    page p;
    (void)state;
    page_init(&p, NULL);
    fill(&p, "<b onload=\"x\">&'");
    char *html = written(&p);
    assert_null(strstr(html, "<b "));
    assert_non_null(strstr(html, "<title>&lt;b onload=&quot;x&quot;&gt;&amp;&#39;</title>"));
    assert_non_null(strstr(html, "<code>code &lt;b onload=&quot;x&quot;&gt;&amp;&#39;</code></p>"));
    assert_non_null(strstr(html, "<a href=\"#first\">&lt;b "));
    assert_non_null(strstr(html, "<td class=\"right\">1,234,567</td>"));
    assert_non_null(strstr(html, "<td class=\"right\">–</td>"));
    assert_int_equal(occurrences(html, "<section "), 2);
    assert_int_equal(occurrences(html, "<svg></svg>"), 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_closed(html, names[i]);
    assert_null(strstr(html, "http"));
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "url("));
    free(html);
}

static void long_words(void **state)
{
    char many[5000];
    page p;
    (void)state;
    memset(many, 'm', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    page_init(&p, NULL);
    page_words(&p, "<%s>", many);
    char *html = written(&p);
    char *found = strstr(html, "<p>&lt;mmm");
    assert_non_null(found);
    assert_int_equal(strspn(found + strlen("<p>&lt;"), "m"), sizeof many - 1);
    free(html);
}

static void counts_with_commas(void **state)
{
    char digits[PAGE_DIGITS];
    (void)state;
    assert_string_equal(page_digits(digits, 0), "0");
    assert_string_equal(page_digits(digits, 999), "999");
    assert_string_equal(page_digits(digits, 1000), "1,000");
    assert_string_equal(page_digits(digits, 18446744073709551615ull), "18,446,744,073,709,551,615");
}

static void many_columns(void **state)
{
    page p;
    (void)state;
    page_init(&p, NULL);
    page_table_begin(&p, NULL);
    for (int c = 0; c < PAGE_COLUMNS + 10; c++)
        page_column(&p, c % 2, "%d", c);
    for (int c = 0; c < 2 * (PAGE_COLUMNS + 10); c++)
        page_cell(&p, "%d", c);
    page_table_end(&p);
    char *html = written(&p);
    assert_int_equal(occurrences(html, "<tr>"), 3);
    assert_int_equal(occurrences(html, "<th scope=\"row\">"), 2);
    free(html);
}

static void without_memory(void **state)
{
    (void)state;
    for (size_t refuse = 1; refuse < 200; refuse++) {
        meter m = {.refuse_from = refuse};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_error error = {0};
        page p;
        page_init(&p, &allocator);
        fill(&p, "words & more");
        const espalier_status status = page_write(&p, "unmade.tmp", &error);
        page_clear(&p);
        assert_int_equal(m.live, 0);
        if (status == ESPALIER_OK)
            break;
        assert_int_equal(status, ESPALIER_ERROR_MEMORY);
        assert_true(refuse < 199);
        assert_int_not_equal(access("unmade.tmp", F_OK), 0);
    }
    assert_int_equal(remove("unmade.tmp"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_and_closes), cmocka_unit_test(long_words),
        cmocka_unit_test(counts_with_commas), cmocka_unit_test(many_columns),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
