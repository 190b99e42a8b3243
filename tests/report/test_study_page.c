/* The page of made-up studies: what it says, what it draws, what it does without. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/study/made_study.h"

#include <unistd.h>

#include "espalier/report.h"
#include "tests/base/test_allocator.h"

/* Two layers' worth of events: at the start, around one step, at the end. */
/* clang-format off */
#define LAYERS(a, b)                                                                         \
    "\"layers\":[{\"singular_values\":[" a "],\"nuclear\":4},{\"singular_values\":[" b "],"      \
    "\"nuclear\":2},{\"singular_values\":[1],\"nuclear\":1}]}"
#define EVENT(when, step) "{\"event\":\"spectrum\",\"when\":\"" when "\",\"step\":" step ","
#define SMALLER "\"layers\":[{\"nuclear\":1},{\"nuclear\":1}]},"
#define DENSE_SPECTRA "[" EVENT("end", "null") LAYERS("4,3,2,1", "4,2") "]"
#define PRUNED_SPECTRA                                                                       \
    "[" EVENT("before", "0") LAYERS("4,3,2,1", "4,2") "," EVENT("after", "0") SMALLER         \
    EVENT("end", "null") LAYERS("3,1,0,0", "2,0") "]"

#define RUN(name, s, method, criterion, of, target, test, sparsity, time, spectra)            \
    {name "-s" #s, method, criterion, of, target, s, test, sparsity, time, NULL, false, spectra, 0}
#define SEED(s, d)                                                                           \
    RUN("dense", s, "dense", NULL, NULL, 0, 0.90 + d, 0.0, 8000, DENSE_SPECTRA),              \
    RUN("nuclear", s, "nuclear", NULL, NULL, 1e-4, 0.89 + d, 0.0, 8000, DENSE_SPECTRA),       \
    RUN("a90", s, "prune", "activation", NULL, 0.9, 0.86 + d, 0.9, 800, PRUNED_SPECTRA),      \
    RUN("scratch-of-a90", s, "scratch", "activation", "a90-s" #s, 0.9, 0.85, 0.9, 800, NULL), \
    RUN("pca-of-a90", s, "pca", "activation", "a90-s" #s, 0.9, 0.84, 0.0, 8000, NULL),        \
    RUN("a50", s, "prune", "activation", NULL, 0.5, 0.896 + d, 0.5, 4000, NULL),              \
    RUN("m50", s, "prune", "magnitude", NULL, 0.5, 0.897, 0.5, 6000, NULL),                   \
    RUN("m90", s, "prune", "magnitude", NULL, 0.9, 0.90 + 2 * d, 0.9, 2000, NULL)
/* clang-format on */

static const made_run runs[] = {
    SEED(1, 0.001),
    SEED(2, 0.002),
    SEED(3, 0.0035),
    {"r90-s1", "prune", "random", NULL, 0.9, 1, 0.20, 0.9, 2100, NULL, false, NULL, 0},
    {"r90-s2", "prune", "random", NULL, 0.9, 2, 0, 0, 0, "layer 1: <NaN> & more", false, NULL, 0},
    {"r90-s3", "prune", "random", NULL, 0.9, 3, 0.20, 0.7, 2100, NULL, true, NULL, 0},
};
enum { RUNS = sizeof runs / sizeof *runs, OF_A_SEED = 8 };

static char folder[] = "studypage-XXXXXX";

static void new_folder(const made_run *some, size_t count, const char *names)
{
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    assert_non_null(mkdtemp(folder));
    made_study(folder, some, count, names);
}

static const char *gnuplot(void)
{
    return access("/usr/bin/gnuplot", X_OK) == 0 ? "/usr/bin/gnuplot" : NULL;
}

/* A file of the folder as a text (freed by the caller). */
static char *file(const char *name)
{
    char path[256];
    size_t count;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    uint8_t *bytes = get_file(path, &count);
    bytes[count] = '\0';
    return (char *)bytes;
}

/* The page (freed by the caller). */
static char *report(const char *program, espalier_report_summary *summary)
{
    const espalier_report_options options = {.gnuplot = program};
    espalier_error error = {0};
    if (espalier_report_write(folder, &options, NULL, summary, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    return file("report.html");
}

static void expect(const char *page, const char *words)
{
    if (!strstr(page, words))
        fail_msg("not on the page: %s", words);
}

static void says_what_is_there(void **state)
{
    static const char *const expected[] = {
        "<section id=\"findings\">",
        "<section id=\"accuracy\">",
        "<section id=\"equal-time\">",
        "<section id=\"ranks\">",
        "<section id=\"low-rank\">",
        "<section id=\"shrinkage\">",
        "<section id=\"summary\">",
        "<section id=\"amiss\">",
        "layer 1: &lt;NaN&gt; &amp; more", /* escaped */
        "3 (0 failed, 3 without penalty)",
        "In 3 regularised runs the penalty never acted",
        "<th scope=\"row\">r90-s3</th><td class=\"right\">90.00 %</td><td class=\"right\">70.00 "
        "%</td>",
        "1 run of the plan has not ended yet",
        "random at 90 % (20.0 %)", /* below the range */
        "8.00 µs (dense)",         /* budgets of time */
        "1.00 µs (1/8 of dense)",
        "ranks of the hidden layers add up to",
        "<code>activation</code> against <code>pca</code> at equal rank",
        "in brackets the best after any epoch once the target was reached.",
        "With 3 seeds intervals are wide",
        "paired t-test at 5 %",
        "<code>activation</code> against <code>magnitude</code>: less accurate at 90 % (−4.22 ± "
        "0.31); "
        "not to be told apart at 50 % (+0.12 ± 0.31)",
    };
    espalier_report_summary summary;
    (void)state;
    new_folder(runs, RUNS, ",\"later\"");
    char *page = report(NULL, &summary);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        expect(page, expected[i]);
    assert_null(strstr(page, "nan"));
    assert_null(strstr(page, "<NaN>"));
    assert_int_equal(summary.drawn, 0);
    assert_int_equal(summary.figures, 3 + 3 + 1 + 2 + 2);
    free(page);
    made_study_remove(folder);
}

static void gnuplot_draws_all(void **state)
{
    espalier_report_summary summary;
    (void)state;
    if (!gnuplot())
        skip();
    new_folder(runs, RUNS, "");
    char *page = report(gnuplot(), &summary);
    assert_int_equal(summary.drawn, summary.figures);
    assert_null(strstr(page, "Not drawn"));
    free(page);
    made_study_remove(folder);
}

/* Nothing is chosen by the test rows. */
static void no_validation_rows(void **state)
{
    (void)state;
    made_validation = "null";
    new_folder(runs, RUNS, "");
    char *page = report(NULL, NULL);
    expect(page, "The study kept no validation rows apart");
    assert_null(strstr(page, "within a budget of time"));
    free(page);
    made_study_remove(folder);
    made_validation = "0.8";
}

/* Sizes and times are told all the same; nothing empty stands on the page. */
static void no_test_rows(void **state)
{
    static const char *const absent[] = {"<section id=\"accuracy\">", "<section id=\"equal-time\">",
                                         "<section id=\"low-rank\">", "test accuracy in %", "<h3>"};
    (void)state;
    made_tests = false;
    new_folder(runs, RUNS, "");
    made_tests = true;
    char *page = report(NULL, NULL);
    expect(page, "The data have no test rows");
    expect(page, "<section id=\"summary\">");
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        if (strstr(page, absent[i]))
            fail_msg("on the page: %s", absent[i]);
    }
    free(page);
    made_study_remove(folder);
}

/* Two seeds with the same difference, by chance: no t, and no evidence. */
static void differences_without_spread(void **state)
{
    static const made_run some[] = {
        RUN("dense", 1, "dense", NULL, NULL, 0, 0.90, 0.0, 8000, NULL),
        RUN("dense", 2, "dense", NULL, NULL, 0, 0.92, 0.0, 8000, NULL),
        RUN("a90", 1, "prune", "activation", NULL, 0.9, 0.85, 0.9, 800, NULL),
        RUN("a90", 2, "prune", "activation", NULL, 0.9, 0.87, 0.9, 800, NULL),
        RUN("svd-of-a90", 1, "svd", "activation", "a90-s1", 0.9, 0.84, 0.0, 8000, NULL),
        RUN("svd-of-a90", 2, "svd", "activation", "a90-s2", 0.9, 0.86, 0.0, 8000, NULL),
        RUN("w90", 1, "prune", "activation-weight", NULL, 0.9, 0.86, 0.9, 800, NULL),
        RUN("w90", 2, "prune", "activation-weight", NULL, 0.9, 0.88, 0.9, 800, NULL),
        RUN("m90", 1, "prune", "magnitude", NULL, 0.9, 0.86, 0.9, 800, NULL),
        RUN("m90", 2, "prune", "magnitude", NULL, 0.9, 0.88, 0.9, 800, NULL),
    };
    (void)state;
    new_folder(some, sizeof some / sizeof *some, "");
    char *page = report(NULL, NULL);
    expect(page, "<code>activation</code> against <code>magnitude</code>: not testable (the same");
    expect(page, "<code>activation-weight</code> against <code>magnitude</code>: as accurate in");
    expect(page, "<code>activation</code> against <code>svd</code>: no test at 1 target");
    expect(page, "<code>activation</code> against the dense network: at every target up to 90 % (−5.00 "
                 "points there) all seeds changed alike, which no interval can judge.");
    assert_null(strstr(page, "0.001"));
    assert_null(strstr(page, "there is one ("));
    assert_null(strstr(page, "less accurate"));
    assert_null(strstr(page, "ahead at"));
    free(page);
    made_study_remove(folder);
}

/* A target at which all seeds changed alike is no loss, and none before it is the first. */
static void loss_behind_equal_changes(void **state)
{
    static const made_run some[] = {
        RUN("dense", 1, "dense", NULL, NULL, 0, 0.90, 0.0, 8000, NULL),
        RUN("dense", 2, "dense", NULL, NULL, 0, 0.92, 0.0, 8000, NULL),
        RUN("a50", 1, "prune", "activation", NULL, 0.5, 0.90, 0.5, 4000, NULL),
        RUN("a50", 2, "prune", "activation", NULL, 0.5, 0.92, 0.5, 4000, NULL),
        RUN("a99995", 1, "prune", "activation", NULL, 0.99995, 0.700, 0.9, 800, NULL),
        RUN("a99995", 2, "prune", "activation", NULL, 0.99995, 0.718, 0.9, 800, NULL),
        RUN("m50", 1, "prune", "magnitude", NULL, 0.5, 0.700, 0.5, 4000, NULL),
        RUN("m50", 2, "prune", "magnitude", NULL, 0.5, 0.718, 0.5, 4000, NULL),
    };
    (void)state;
    new_folder(some, sizeof some / sizeof *some, "");
    char *page = report(NULL, NULL);
    expect(page, "<code>activation</code> against the dense network: less accurate at 99.995 % (−20.10 ± ");
    expect(page, "; at 1 of the targets up to there all seeds changed alike");
    char *script = file("plots/accuracy-sparsity.gp");
    expect(script, "exists('least') && 100*column(2)<least ? NaN"); /* no bar without its point */
    free(script);
    expect(page, "<code>magnitude</code> against the dense network: less accurate from the first "
                 "target on, 50 % (−20.10 ± ");
    free(page);
    made_study_remove(folder);
}

/* Ranks of what is there, although a line's first target failed; and what the targets are of. */
static void first_target_failed(void **state)
{
    static const made_run some[] = {
        RUN("dense", 1, "dense", NULL, NULL, 0, 0.90, 0.0, 8000, NULL),
        {"a50-s1", "prune", "activation", NULL, 0.5, 1, 0, 0, 0, "no", false, NULL, 0},
        {"a90-s1", "prune", "activation", NULL, 0.9, 1, 0.8, 0.7, 800, NULL, true, NULL, 0},
    };
    (void)state;
    made_more = ",\"options\":{\"of\":\"prunable\"}";
    new_folder(some, sizeof some / sizeof *some, "");
    made_more = "";
    char *page = report(NULL, NULL);
    expect(page, "At a target of 90 % the ranks of the hidden layers add up to 7.0 with "
                 "<code>activation</code>");
    expect(page, "sparsity of the prunable weights");
    expect(page, "<td class=\"right\">90.00 %</td><td class=\"right\">70.10 %</td>");
    expect(page, "Targets are of the prunable weights");
    free(page);
    made_study_remove(folder);
}

/* What has no place in the table of singular values is said. */
static void many_penalties(void **state)
{
    enum { PENALTIES = 9 };
    made_run some[PENALTIES + 1] = {RUN("dense", 1, "dense", NULL, NULL, 0, 0.90, 0.0, 8000, DENSE_SPECTRA)};
    char names[PENALTIES][24];
    (void)state;
    for (int i = 0; i < PENALTIES; i++) {
        snprintf(names[i], sizeof names[i], "n%d-s1", i);
        some[i + 1] = (made_run){names[i], "nuclear", NULL, NULL, 1e-4 * (i + 1), 1, 0.89, 0.0, 8000, NULL,
                                 false, DENSE_SPECTRA, 0};
    }
    new_folder(some, PENALTIES + 1, "");
    char *page = report(NULL, NULL);
    expect(page, "3 more groups of runs had no place here");
    free(page);
    made_study_remove(folder);
}

/* All pruned networks far below the dense one, one without any weight left, and the dense one's
 * interval wider than all: nothing is lost without a word. */
static void plots_show_what_there_is(void **state)
{
    static const made_run some[] = {
        RUN("dense", 1, "dense", NULL, NULL, 0, 0.90, 0.0, 8000, NULL),
        RUN("dense", 2, "dense", NULL, NULL, 0, 0.92, 0.0, 8000, NULL),
        RUN("a90", 1, "prune", "activation", NULL, 0.9, 0.50, 0.9, 800, NULL),
        RUN("svd-of-a90", 1, "svd", "activation", "a90-s1", 0.9, 0.84, 0.0, 8000, NULL),
        RUN("rewind-of-a90", 1, "rewind", "activation", "a90-s1", 0.9, 0.3, 0.9, 800, NULL),
        RUN("a95", 1, "prune", "activation", NULL, 0.95, 0.10, 1, 800, NULL),
        RUN("r90", 1, "prune", "random", NULL, 0.9, 0.45, 0.9, 800, NULL),
    };
    double low, high;
    (void)state;
    new_folder(some, sizeof some / sizeof *some, "");
    char *page = report(gnuplot(), NULL);
    expect(page, "Not on this axis, because nothing is left: 1 point.");
    expect(page, "Below the range: activation at 95 % (10.0 %).");
    expect(page, "<td class=\"right\">∞</td>");
    assert_null(strstr(page, "inf<"));
    char *script = file("plots/accuracy-sparsity.gp");
    assert_int_equal(sscanf(strstr(script, "least ="), "least = %lf set yrange [least:%lf]", &low, &high), 2);
    assert_true(low <= 50 && high >= 91 + 12.7);
    free(script);
    static const char *const with_random[] = {"plots/accuracy-sparsity-controls.csv",
                                              "plots/accuracy-time-controls.csv", "plots/low-rank.csv",
                                              "plots/low-rank-before.csv"};
    for (size_t i = 0; i < sizeof with_random / sizeof *with_random; i++) {
        char *csv = file(with_random[i]);
        expect(csv, "random");
        expect(csv, "0.45,");
        free(csv);
    }
    free(page);
    made_study_remove(folder);
}

/* One target and one method: axes without an extent. */
static void gnuplot_draws_little(void **state)
{
    espalier_report_summary summary;
    (void)state;
    if (!gnuplot())
        skip();
    new_folder(runs, 5, "");
    char *page = report(gnuplot(), &summary);
    assert_int_equal(summary.drawn, summary.figures);
    expect(page, "Every setting was run once. There is no interval and no test");
    assert_null(strstr(page, "±</td>"));
    assert_null(strstr(page, "nan"));
    free(page);
    made_study_remove(folder);
}

static void data_of_plots(void **state)
{
    (void)state;
    new_folder(runs, RUNS, "");
    free(report(NULL, NULL));
    char *csv = file("plots/accuracy-sparsity.csv");
    expect(csv, "activation,accuracy of activation,interval of activation,");
    expect(csv, "\n0.5,0.898166667,");
    free(csv);
    csv = file("plots/ranks.csv");
    expect(csv, "line,sparsity,rank,interval\n1,0.5,10,0\n1,0.9,4,0\n");
    free(csv);
    csv = file("plots/low-rank.csv");
    expect(csv, "target,pruned,pruned interval,pca,pca interval,pca before,pca before interval,");
    expect(csv, ",0.84,0,0.5,0,");
    free(csv);
    csv = file("plots/shrinkage-layer-0.csv");
    expect(csv, "index,dense,activation 90 %,magnitude 90 %,random 90 %,nuclear 0.0001 (never on)\n"
                "1,4,3,,,4\n2,3,1,,,3\n3,2,0,,,2\n4,1,0,,,1\n");
    free(csv);
    made_study_remove(folder);
}

static void little_is_known(void **state)
{
    (void)state;
    new_folder(runs, 0, "\"later\"");
    char *page = report(NULL, NULL);
    expect(page, "No run has ended yet");
    free(page);
    made_study_remove(folder);

    new_folder(runs + 5, 3, ""); /* neither dense nor counted */
    page = report(NULL, NULL);
    expect(page, "The networks have not been timed");
    assert_null(strstr(page, "nan"));
    free(page);
    made_study_remove(folder);

    new_folder(runs + RUNS - 2, 1, ""); /* a single one, failed */
    page = report(NULL, NULL);
    expect(page, "layer 1: &lt;NaN&gt; &amp; more");
    assert_null(strstr(page, "nan"));
    free(page);
    made_study_remove(folder);
}

static void several_facets(void **state)
{
    made_run some[OF_A_SEED];
    espalier_report_summary one, two;
    (void)state;
    memcpy(some, runs, sizeof some);
    new_folder(some, OF_A_SEED, "");
    free(report(NULL, &one));
    /* The same with another way of counting for one of the runs. */
    char *record = file("runs/a50-s1.json");
    char *count = strstr(record, "\"training\"");
    assert_non_null(count);
    memcpy(count, "\"sample\"  ", 10);
    char path[256];
    snprintf(path, sizeof path, "%s/runs/a50-s1.json", folder);
    put_file(path, record, strlen(record));
    free(record);
    char *page = report(NULL, &two);
    expect(page, "<summary>The same for scope <code>global</code>, 5 pruning steps, counting "
                 "<code>sample</code>");
    expect(page, "Here for scope <code>global</code>, 5 pruning steps, counting <code>training</code>");
    assert_true(two.figures > one.figures);
    free(page);
    made_study_remove(folder);
}

static void damaged(void **state)
{
    char path[256];
    espalier_error error = {0};
    (void)state;
    new_folder(runs, OF_A_SEED, "");
    snprintf(path, sizeof path, "%s/runs/a90-s1.json", folder);
    put_file(path, "{\"method\":\"prune\"", 17);
    assert_int_equal(espalier_report_write(folder, NULL, NULL, NULL, &error),
                     ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(error.message, path));
    made_study_remove(folder);
}

static void without_memory(void **state)
{
    espalier_status status = ESPALIER_ERROR_MEMORY;
    (void)state;
    new_folder(runs, OF_A_SEED, "");
    for (size_t from = 1; status != ESPALIER_OK; from += 1 + from / 3) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        status = espalier_report_write(folder, NULL, &allocator, NULL, NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(m.live, 0);
        assert_true(from < 100000);
    }
    made_study_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_behind_equal_changes),
        cmocka_unit_test(first_target_failed),
        cmocka_unit_test(many_penalties),
        cmocka_unit_test(says_what_is_there),
        cmocka_unit_test(no_validation_rows),
        cmocka_unit_test(no_test_rows),
        cmocka_unit_test(plots_show_what_there_is),
        cmocka_unit_test(differences_without_spread),
        cmocka_unit_test(gnuplot_draws_all),
        cmocka_unit_test(gnuplot_draws_little),
        cmocka_unit_test(data_of_plots),
        cmocka_unit_test(little_is_known),
        cmocka_unit_test(several_facets),
        cmocka_unit_test(damaged),
        cmocka_unit_test(without_memory),
    };
    made_validation = "0.8";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
