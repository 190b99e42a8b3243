/* A plot's files, its picture, and what becomes of it without gnuplot or with one that
 * fails. Programs of a few lines stand in for gnuplot; the real one is tried where it is. */
#define _POSIX_C_SOURCE 200809L
#include "tests/base/test_files.h"

#include <sys/stat.h>

#include "report/draw.h"
#include "report/plot.h"

static char here[4096];

static report start(const char *gnuplot)
{
    report r = {.folder = ".", .plots = "plots.tmp", .gnuplot = gnuplot};
    mkdir("plots.tmp", 0777);
    page_init(&r.page, NULL);
    assert_int_equal(plot_write_style(&r, NULL), ESPALIER_OK);
    return r;
}

static void finish(report *r)
{
    page_clear(&r->page);
    remove_folder("plots.tmp");
}

static void draw_one(report *r, const char *title)
{
    plot p;
    espalier_error error = {0};
    plot_begin(&p, r, "one", PLOT_HALF, title);
    text_print(&p.csv, "x,y\n1,2\n2,\n3,5\n");
    text_print(&p.script, "plot name.'.csv' using 'x':'y' with linespoints lt 1 title 'y'\n");
    assert_int_equal(plot_end(&p, &error, "caption of %d", 7), ESPALIER_OK);
    assert_int_equal(error.status, ESPALIER_OK);
}

/* An executable file in the current folder; its path from the root. */
static char *program(const char *name, const char *lines)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/%s", here, name);
    put_file(path, lines, strlen(lines));
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

static char *content(const char *path)
{
    size_t count;
    char *bytes = (char *)get_file(path, &count);
    bytes[count] = '\0';
    return bytes;
}

static void without_gnuplot(void **state)
{
    (void)state;
    report r = start(NULL);
    put_file("plots.tmp/one.svg", "<svg></svg>", 11);
    draw_one(&r, "Title\n<1>"); /* no line of the script */
    char *csv = content("plots.tmp/one.csv"), *script = content("plots.tmp/one.gp");
    assert_string_equal(csv, "x,y\n1,2\n2,\n3,5\n");
    assert_string_equal(script, "# Title <1>\nname = 'one'; width = 560; height = 360\n"
                                "load 'style.gp'\n"
                                "plot name.'.csv' using 'x':'y' with linespoints lt 1 title 'y'\n");
    assert_int_equal(r.summary.figures, 1);
    assert_int_equal(r.summary.drawn, 0);
    assert_int_not_equal(access("plots.tmp/one.svg", F_OK), 0); /* an old picture is gone */
    const char *html = text_content(&r.page.body);
    assert_non_null(strstr(html, "<h4>Title &lt;1&gt;</h4>"));
    assert_non_null(strstr(html, "gnuplot was not found"));
    assert_non_null(strstr(html, "caption of 7"));
    assert_non_null(strstr(html, "<code>plots/one.csv</code>"));
    free(csv);
    free(script);
    finish(&r);
}

static void picture_on_the_page(void **state)
{
    (void)state;
    report r = start(program("draws.tmp", "#!/bin/sh\n[ \"$1\" = -d ] && [ \"$2\" = one.gp ] && "
                                          "echo '<svg><g id=\"a\"/></svg>' >one.svg\n"));
    draw_one(&r, "T");
    assert_int_equal(r.summary.drawn, 1);
    assert_non_null(strstr(text_content(&r.page.body),
                           "<svg role=\"img\" aria-label=\"T\" ><g id=\"one-a\"/>"));
    remove("draws.tmp");
    finish(&r);
}

static void gnuplot_that_fails(void **state)
{
    static const char *const programs[][2] = {
        {"#!/bin/sh\necho 'boom: <line 3>' >&2\nexit 3\n", "exit code 3): boom: &lt;line 3&gt;"},
        {"#!/bin/sh\nexit 0\n", "one.svg"},
        {"#!/bin/sh\necho nothing >one.svg\n", "no whole SVG"},
        {"#!/no/such/interpreter\n", "cannot be started"},
        {"#!/bin/sh\nhead -c 200000 /dev/zero | tr '\\000' w >&2\nexit 1\n",
         "exit code 1): wwwwww"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        report r = start(program("fails.tmp", programs[i][0]));
        draw_one(&r, "T");
        assert_int_equal(r.summary.figures, 1);
        assert_int_equal(r.summary.drawn, 0);
        assert_non_null(strstr(text_content(&r.page.body), "Not drawn: "));
        assert_non_null(strstr(text_content(&r.page.body), programs[i][1]));
        assert_null(strstr(text_content(&r.page.body), "<svg"));
        finish(&r);
    }
    remove("fails.tmp");
}

static void folder_that_is_missing(void **state)
{
    plot p;
    espalier_error error = {0};
    report r = {.folder = ".", .plots = "nowhere.tmp"};
    (void)state;
    page_init(&r.page, NULL);
    plot_begin(&p, &r, "one", PLOT_HALF, "T");
    assert_int_not_equal(plot_end(&p, &error, "%s", ""), ESPALIER_OK);
    assert_non_null(strstr(error.message, "nowhere.tmp"));
    error = (espalier_error){0};
    assert_int_equal(draw_run("/bin/sh", "nowhere.tmp", "one", &error), ESPALIER_ERROR_IO);
    page_clear(&r.page);
}

static void real_gnuplot(void **state)
{
    (void)state;
    if (access("/usr/bin/gnuplot", X_OK) != 0)
        skip();
    report r = start("/usr/bin/gnuplot");
    draw_one(&r, "T");
    const char *html = text_content(&r.page.body);
    assert_int_equal(r.summary.drawn, 1);
    assert_null(strstr(html, "<title>Gnuplot"));
    assert_non_null(strstr(html, "id=\"one-gnuplot_canvas\""));
    assert_non_null(strstr(html, "rgb(  0, 114, 178)")); /* the first colour of the style */
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_gnuplot),    cmocka_unit_test(picture_on_the_page),
        cmocka_unit_test(gnuplot_that_fails), cmocka_unit_test(folder_that_is_missing),
        cmocka_unit_test(real_gnuplot),
    };
    if (!getcwd(here, sizeof here))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
