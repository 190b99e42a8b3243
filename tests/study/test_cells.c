/* Tables as Markdown, as LaTeX, for a terminal. */
#include "tests/test.h"

#include "study/cells.h"
#include "tests/base/test_allocator.h"

static void fill(cells *table, const espalier_allocator *allocator)
{
    *table = (cells){.words.allocator = allocator};
    cells_column(table, false, "method");
    cells_column(table, true, "µs");
    cells_add(table, "a_b");
    cells_add(table, "%.1f ± %.1f", 10.0, 0.5);
    cells_add(table, "–");
    cells_add(table, "-3");
}

static void layouts(void **state)
{
    cells table;
    text out = {0};
    (void)state;
    fill(&table, NULL);
    cells_markdown(&table, &out);
    assert_string_equal(text_content(&out), "| method |         µs |\n"
                                            "|:-------|-----------:|\n"
                                            "| a_b    | 10.0 ± 0.5 |\n"
                                            "| –      |         -3 |\n");
    text_clear(&out);
    cells_terminal(&table, &out);
    assert_string_equal(text_content(&out), "method          µs\n"
                                            "------------------\n"
                                            "a_b     10.0 ± 0.5\n"
                                            "–               -3\n");
    text_clear(&out);
    cells_latex(&table, &out);
    assert_string_equal(text_content(&out), "\\begin{tabular}{lr}\n\\hline\n"
                                            "method & $\\mu$s \\\\\n\\hline\n"
                                            "a\\_b & 10.0 $\\pm$ 0.5 \\\\\n"
                                            "-- & $-$3 \\\\\n"
                                            "\\hline\n\\end{tabular}\n");
    text_clear(&out);
    text_clear(&table.words);
}

static size_t count_of(const char *in, const char *what)
{
    size_t count = 0;
    for (; (in = strstr(in, what)); in += strlen(what))
        count++;
    return count;
}

static void long_tables(void **state)
{
    static const size_t rows[] = {0, 1, 55, 56, 110, 111}, parts[] = {1, 1, 1, 2, 2, 3};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cells table = {0};
        text out = {0};
        cells_column(&table, true, "n");
        for (size_t r = 0; r < rows[i]; r++)
            cells_add(&table, "%zu", r);
        cells_latex(&table, &out);
        assert_int_equal(count_of(text_content(&out), "\\begin{tabular}{r}"), parts[i]);
        assert_int_equal(count_of(text_content(&out), "\\end{tabular}"), parts[i]);
        assert_int_equal(count_of(text_content(&out), "n \\\\\n"), parts[i]);
        assert_int_equal(count_of(text_content(&out), " \\\\\n"), parts[i] + rows[i]);
        text_clear(&out);
        text_clear(&table.words);
    }
}

static void latex_words(void **state)
{
    text out = {0};
    (void)state;
    cells_latex_words(&out, "50 % & more_{x}^2 ~ \\a $1 #2 <3> ÷×−∞\n\xe2\x82\xac");
    assert_string_equal(text_content(&out),
                        "50 \\% \\& more\\_\\{x\\}\\textasciicircum{}2 \\textasciitilde{} "
                        "\\textbackslash{}a \\$1 \\#2 $<$3$>$ $\\div$$\\times$$-$$\\infty$ ?");
    text_clear(&out);
}

static void limits(void **state)
{
    cells table = {0};
    (void)state;
    for (int c = 0; c < CELLS_COLUMNS_MOST; c++)
        cells_column(&table, false, "x");
    assert_false(table.words.failed);
    cells_column(&table, false, "x");
    assert_true(table.words.failed);
    text_clear(&table.words);

    meter m = {.refuse_from = 1};
    espalier_allocator allocator = meter_allocator(&m);
    fill(&table, &allocator);
    assert_true(table.words.failed);
    text_clear(&table.words);
    assert_int_equal(m.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),
        cmocka_unit_test(long_tables),
        cmocka_unit_test(latex_words),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
