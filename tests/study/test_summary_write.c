/* summary.csv, .md, .tex and the terminal's table of a made-up study. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/commas.h"
#include "tests/study/made_study.h"

#include "espalier/report.h"
#include "espalier/study_summary.h"

static const made_run runs[] = {
    {"dense-s1", "dense", NULL, NULL, 0, 1, 0.90, 0.0, 8000, NULL, false, NULL, 0},
    {"a90-s1", "prune", "a_b&c%", NULL, 0.9, 1, 0.87, 0.90005, 800, NULL, false, NULL, 0},
    {"m90-s1", "prune", "magnitude", NULL, 0.9, 1, 0.86, 0.9, 2000, NULL, false, NULL, 0},
    {"dense-s2", "dense", NULL, NULL, 0, 2, 0.92, 0.0, 8000, NULL, false, NULL, 0},
    {"a90-s2", "prune", "a_b&c%", NULL, 0.9, 2, 0.88, 0.85, 900, NULL, true, NULL, 0},
    {"m90-s2", "prune", "magnitude", NULL, 0.9, 2, 0.90, 0.9, 2000, NULL, false, NULL, 0},
    {"m90-s3", "prune", "magnitude", NULL, 0.9, 3, 0, 0, 0, "50 % {lost}", false, NULL, 0},
};
enum { RUNS = sizeof runs / sizeof *runs };

static char folder[] = "tables-XXXXXX";

static int make(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    made_study(folder, runs, RUNS, ",\"later\"");
    return espalier_study_summarise(folder, NULL, NULL);
}

static int clean(void **state)
{
    (void)state;
    made_study_remove(folder);
    return 0;
}

/* The file as a text (freed by the caller). */
static char *file(const char *name)
{
    char path[256];
    size_t count;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    uint8_t *bytes = get_file(path, &count);
    bytes[count] = '\0';
    return (char *)bytes;
}

static size_t count_of(const char *in, const char *what)
{
    size_t count = 0;
    for (; (in = strstr(in, what)); in += strlen(what))
        count++;
    return count;
}

static void csv(void **state)
{
    char *content = file("summary.csv");
    size_t commas = 0, lines = 0;
    (void)state;
    assert_non_null(strstr(content, "method,criterion,scope,steps,count,target,done,failed,missed,"
                                    "sparsity_all_mean,sparsity_all_sd,sparsity_all_ci95,"));
    for (char *line = strtok(content, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        if (lines == 0)
            commas = count_of(line, ",");
        assert_int_equal(count_of(line, ","), commas);
        if (strncmp(line, "dense", 5) == 0)
            assert_non_null(strstr(line, "dense,,,,,,2,0,0,0,0,0,"));
        if (strncmp(line, "prune,magnitude", 15) == 0)
            assert_non_null(strstr(line, "prune,magnitude,global,5,,0.9,2,1,0,0.9,0,0,"));
    }
    assert_int_equal(lines, 4);
    free(content);
}

static void markdown(void **state)
{
    char *content = file("summary.md"), *words = strdup(content);
    size_t lines = 0, columns = 0;
    (void)state;
    for (char *end = words; (end = strchr(end, '\n'));) /* wherever lines are broken */
        *end = ' ';
    assert_non_null(strstr(content, "- m90-s3: 50 % {lost}\n"));
    assert_non_null(strstr(content, "- a90-s2: 85.00 instead of 90.00 %\n"));
    assert_non_null(strstr(content, "Not run yet: 1 run of the plan."));
    assert_non_null(strstr(content, "not corrected"));
    assert_non_null(strstr(words, "scope global, 5 pruning steps."));
    assert_non_null(strstr(words, "in brackets the best after any epoch once the target was reached."));
    free(words);
    assert_non_null(strstr(content, "| 2, 1 missed |"));
    assert_non_null(strstr(content, "| 2, 1 failed |"));
    assert_non_null(strstr(content, "91.00 ± 12.71 (92.00)"));
    assert_non_null(strstr(content, "| arithmetic, 10¹² |"));
    assert_non_null(strstr(content, " | 2.00 "));
    assert_non_null(strstr(content, " 40,000 |"));
    assert_non_null(strstr(content, " 4,999 |")); /* of 3,997 and 6,000, rounded as on the page */
    for (char *line = strtok(content, "\n"); line; line = strtok(NULL, "\n")) {
        if (line[0] != '|')
            continue;
        columns = lines++ ? columns : count_of(line, "|");
        assert_int_equal(count_of(line, "|"), columns);
    }
    assert_int_equal(lines, 5);
    free(content);
}

/* What TeX would stumble over: unescaped characters, groups and environments that do not
 * close, rows with a different number of cells. */
static void latex(void **state)
{
    char *content = file("summary.tex");
    int depth = 0;
    (void)state;
    for (const char *at = content; *at; at++) {
        const bool escaped = at > content && at[-1] == '\\';
        depth += !escaped && *at == '{';
        depth -= !escaped && *at == '}';
        assert_true(depth >= 0 && (unsigned char)*at < 0x80);
        if (*at == '_' || *at == '#' || (*at == '%' && at != content))
            assert_true(escaped);
    }
    assert_int_equal(depth, 0);
    assert_int_equal(count_of(content, "\\begin{tabular}"), 1);
    assert_int_equal(count_of(content, "\\end{tabular}"), 1);
    assert_int_equal(count_of(content, "\\ifx") + count_of(content, "\\ifdefined"),
                     count_of(content, "\\fi\n"));
    assert_non_null(strstr(content, "a\\_b\\&c\\%"));
    assert_non_null(strstr(content, "50 \\% \\{lost\\}"));
    size_t rows = 0, cells = 0;
    for (char *line = strtok(content, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strstr(line, " \\\\"))
            continue;
        const size_t here = count_of(line, " & ");
        cells = rows++ ? cells : here;
        assert_int_equal(here, cells);
    }
    assert_int_equal(rows, 4);
    free(content);
}

/* Where pdflatex is installed, both as a document and within one. */
static void latex_compiles(void **state)
{
    char command[512];
    (void)state;
    if (system("command -v pdflatex >pdflatex.log 2>&1") != 0)
        skip();
    snprintf(command, sizeof command,
             "cd %s && printf '%%s' '\\documentclass{article}\\begin{document}\\input{summary}"
             "after\\end{document}' >within.tex && for f in summary within; do "
             "pdflatex -interaction=nonstopmode -halt-on-error $f >$f.out </dev/null || exit 1; "
             "done",
             folder);
    assert_int_equal(system(command), 0);
    remove("pdflatex.log");
}

static void terminal(void **state)
{
    char *words = NULL;
    (void)state;
    assert_int_equal(espalier_study_summary_text(folder, &words, NULL), ESPALIER_OK);
    assert_non_null(strstr(words, "method     target"));
    assert_non_null(strstr(words, "\n  m90-s3: 50 % {lost}\n"));
    assert_true(words[strlen(words) - 1] == '\n');
    espalier_text_release(words);
}

/* In a language with decimal commas, too. */
static void language(void **state)
{
    static const char *const names[] = {"summary.csv", "summary.md", "summary.tex"};
    char *before[4], *after[4];
    const bool commas = commas_begin();
    (void)state;
    for (size_t i = 0; i < 3; i++)
        before[i] = file(names[i]);
    assert_int_equal(espalier_study_summarise(folder, NULL, NULL), ESPALIER_OK);
    assert_int_equal(espalier_study_summary_text(folder, &after[3], NULL), ESPALIER_OK);
    commas_end();
    assert_int_equal(espalier_study_summary_text(folder, &before[3], NULL), ESPALIER_OK);
    for (size_t i = 0; i < 4; i++) {
        if (i < 3)
            after[i] = file(names[i]);
        assert_string_equal(before[i], after[i]);
        free(before[i]);
        free(after[i]);
    }
    if (!commas)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv),      cmocka_unit_test(markdown),
        cmocka_unit_test(latex),    cmocka_unit_test(latex_compiles),
        cmocka_unit_test(terminal), cmocka_unit_test(language),
    };
    return cmocka_run_group_tests(tests, make, clean);
}
