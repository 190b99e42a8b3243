/* Results of made-up studies: groups, pairs, tables, and what is amiss. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/study/made_study.h"

#include <math.h>

#include "espalier/report.h"
#include "espalier/study_summary.h"
#include "tests/base/test_allocator.h"

static const made_run runs[] = {
    {"dense-s1", "dense", NULL, NULL, 0, 1, 0.90, 0.0, 8000, NULL, false, NULL, 0},
    {"nuclear-s1", "nuclear", NULL, NULL, 1e-4, 1, 0.89, 0.0, 8000, NULL, false, NULL, 0},
    {"r90-s1", "prune", "random", NULL, 0.9, 1, 0.70, 0.9, 1000, NULL, false, NULL, 0},
    {"a90-s1", "prune", "activation", NULL, 0.9, 1, 0.87, 0.9, 800, NULL, false, NULL, 0},
    {"reinit-a90-s1", "reinit", "activation", "a90-s1", 0.9, 1, 0.85, 0.9, 800, NULL, false, NULL,
     0},
    {"a50-s1", "prune", "activation", NULL, 0.5, 1, 0.89, 0.5, 4000, NULL, false, NULL, 0},
    {"m50-s1", "prune", "magnitude", NULL, 0.5, 1, 0.88, 0.5, 6000, NULL, false, NULL, 0},
    {"m90-s1", "prune", "magnitude", NULL, 0.9, 1, 0.86, 0.9, 2000, NULL, false, NULL, 0},
    {"dense-s2", "dense", NULL, NULL, 0, 2, 0.92, 0.0, 8000, NULL, false, NULL, 0},
    {"r90-s2", "prune", "random", NULL, 0.9, 2, 0, 0, 0, "layer 1: <NaN>", false, NULL, 0},
    {"a90-s2", "prune", "activation", NULL, 0.9, 2, 0.88, 0.85, 900, NULL, true, NULL, 0},
    /* a target that differs by rounding alone is the same one */
    {"a50-s2", "prune", "activation", NULL, 0.5 + 1e-12, 2, 0.90, 0.5, 4000, NULL, false, NULL, 0},
    {"m50-s2", "prune", "magnitude", NULL, 0.5, 2, 0.89, 0.5, 6000, NULL, false, NULL, 0},
    {"m90-s2", "prune", "magnitude", NULL, 0.9, 2, 0.90, 0.9, 2000, NULL, false, NULL, 0},
};
enum { RUNS = sizeof runs / sizeof *runs };

static char folder[] = "summary-XXXXXX";

static void new_folder(const made_run *some, size_t count, const char *names)
{
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    assert_non_null(mkdtemp(folder));
    made_study(folder, some, count, names);
}

static espalier_study_results *results_of_folder(void)
{
    espalier_study_results *results = NULL;
    espalier_error error = {0};
    if (espalier_study_results_read(folder, NULL, &results, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    return results;
}

static size_t find(const espalier_study_results *results, const char *label, double target)
{
    char name[80];
    for (size_t g = 0; g < results->group_count; g++) {
        const espalier_study_setting *s = &results->groups[g].setting;
        if (strcmp(espalier_study_label(s, name, sizeof name), label) == 0 &&
            (isnan(s->target) || fabs(s->target - target) < 1e-12))
            return g;
    }
    fail_msg("no group %s", label);
    return 0;
}

/* ---- groups ------------------------------------------------------------- */

static void groups_in_order(void **state)
{
    static const char *const labels[] = {
        "dense",     "random",    "activation",           "activation",
        "magnitude", "magnitude", "reinit of activation", "nuclear 0.0001"};
    char name[80];
    (void)state;
    new_folder(runs, RUNS, ",\"later\"");
    espalier_study_results *results = results_of_folder();
    assert_int_equal(results->run_count, RUNS);
    assert_int_equal(results->planned, 1);
    assert_int_equal(results->group_count, 8);
    for (size_t g = 0; g < 8; g++) {
        const espalier_study_group *group = &results->groups[g];
        assert_string_equal(espalier_study_label(&group->setting, name, sizeof name), labels[g]);
        for (size_t i = 0; i < group->run_count; i++) {
            const espalier_study_result *run = &results->runs[group->first + i];
            assert_int_equal(run->group, g);
            assert_true(i == 0 || run->seed > run[-1].seed);
        }
    }
    assert_true(results->groups[2].setting.target == 0.5);
    assert_string_equal(results->groups[2].setting.count, "training");
    assert_string_equal(results->groups[1].setting.count, "");
    assert_true(results->groups[1].failed == 1 && results->groups[1].done == 1);
    assert_true(results->groups[3].missed == 1 && results->groups[3].done == 2);
    assert_true(results->groups[7].idle == 1 && results->groups[0].idle == 0);
    espalier_study_results_destroy(results);
    made_study_remove(folder);
}

static void assert_near(double found, double expected)
{
    if (!(fabs(found - expected) <= 1e-9 * (1.0 + fabs(expected))))
        fail_msg("expected %.12g, found %.12g", expected, found);
}

static void metrics(void **state)
{
    (void)state;
    new_folder(runs, RUNS, "");
    espalier_study_results *results = results_of_folder();
    const espalier_estimate *m = results->groups[find(results, "activation", 0.9)].metrics;
    assert_near(m[ESPALIER_STUDY_TEST_ACCURACY].mean, 0.875);
    assert_near(m[ESPALIER_STUDY_TEST_ACCURACY].sd, 0.01 / sqrt(2.0));
    assert_near(m[ESPALIER_STUDY_TEST_ACCURACY].ci95, 12.70620473617471 * 0.005);
    assert_near(m[ESPALIER_STUDY_CHANGE_AGAINST_DENSE].mean, -0.035);
    assert_near(m[ESPALIER_STUDY_COMPRESSION_RATIO].mean, (10 + 1 / 0.15) / 2);
    assert_near(m[ESPALIER_STUDY_FLOP_RATIO].mean, (10 + 1 / 0.15) / 2);
    assert_near(m[ESPALIER_STUDY_TIME_RATIO].mean, (10 + 8000 / 900.0) / 2);
    assert_near(m[ESPALIER_STUDY_NANOSECONDS].mean, 850);
    assert_near(m[ESPALIER_STUDY_RANK].mean, (0 + 4 + 1 + 4) / 2.0);
    assert_near(m[ESPALIER_STUDY_LIVE].mean, (2 + 4) / 2.0);
    assert_int_equal(m[ESPALIER_STUDY_VALIDATION_ACCURACY].count, 0);
    assert_true(isnan(m[ESPALIER_STUDY_VALIDATION_ACCURACY].mean));
    const espalier_study_group *random = &results->groups[find(results, "random", 0.9)];
    assert_near(random->metrics[ESPALIER_STUDY_TEST_ACCURACY].mean, 0.70);
    assert_true(isnan(random->metrics[ESPALIER_STUDY_TEST_ACCURACY].ci95));
    espalier_study_results_destroy(results);
    made_study_remove(folder);
}

/* activation less magnitude at 90 %: +0.01 and -0.02, so t = -1/3 with one degree of
 * freedom, and p = 1 - 2 atan(1/3) / pi; at 50 %: +0.01 twice, which has no t and is no test. */
static void against_magnitude(void **state)
{
    (void)state;
    new_folder(runs, RUNS, "");
    espalier_study_results *results = results_of_folder();
    const espalier_paired *at90 =
        &results->groups[find(results, "activation", 0.9)].against_magnitude;
    const espalier_paired *at50 =
        &results->groups[find(results, "activation", 0.5)].against_magnitude;
    const espalier_paired *random =
        &results->groups[find(results, "random", 0.9)].against_magnitude;
    const double p = 1.0 - 2.0 * atan(1.0 / 3.0) / acos(-1.0);
    assert_int_equal(results->comparisons, 1);
    assert_int_equal(at90->difference.count, 2);
    assert_near(at90->difference.mean, -0.005);
    assert_near(at90->p, p);
    assert_near(at90->p_holm, p);
    assert_near(at50->difference.mean, 0.01);
    assert_true(at50->difference.ci95 == 0.0 && isnan(at50->p) && isnan(at50->p_holm));
    assert_true(random->difference.count == 1 && isnan(random->p) && isnan(random->p_holm));
    const espalier_paired *own =
        &results->groups[find(results, "magnitude", 0.9)].against_magnitude;
    assert_int_equal(own->difference.count, 0);
    const espalier_paired *reinit =
        &results->groups[find(results, "reinit of activation", 0.9)].against_magnitude;
    assert_int_equal(reinit->difference.count, 1);
    assert_near(reinit->difference.mean, -0.01);
    espalier_study_results_destroy(results);
    made_study_remove(folder);
}

/* Seeds in any order; magnitude with other steps is no partner. */
static void order_and_steps(void **state)
{
    static const made_run some[] = {
        {"a-s3", "prune", "activation", NULL, 0.9, 3, 0.83, 0.9, 800, NULL, false, NULL, 0},
        {"m10-s3", "prune", "magnitude", NULL, 0.9, 3, 0.10, 0.9, 800, NULL, false, NULL, 10},
        {"m10-s1", "prune", "magnitude", NULL, 0.9, 1, 0.20, 0.9, 800, NULL, false, NULL, 10},
        {"a-s1", "prune", "activation", NULL, 0.9, 1, 0.81, 0.9, 800, NULL, false, NULL, 0},
        {"a-s2", "prune", "activation", NULL, 0.9, 2, 0.82, 0.9, 800, NULL, false, NULL, 0},
    };
    char words[512], *text = NULL;
    (void)state;
    new_folder(some, 5, "");
    espalier_study_results *results = results_of_folder();
    assert_int_equal(results->group_count, 2);
    assert_string_equal(results->runs[0].name, "a-s1");
    assert_string_equal(results->runs[1].name, "a-s2");
    assert_string_equal(results->runs[2].name, "a-s3");
    assert_int_equal(results->groups[0].against_magnitude.difference.count, 0);
    assert_int_equal(results->groups[1].setting.steps, 10);
    assert_string_equal(espalier_study_last_steps(results, words, sizeof words),
                        "The last pruning step fell at the end of epoch 2 with 5 steps, epoch 1 with "
                        "10 steps: these had not as long to recover, and a difference between them "
                        "may come from that.");
    assert_int_equal(strlen(espalier_study_last_steps(results, words, 60)), 59);
    espalier_study_results_destroy(results);
    assert_int_equal(espalier_study_summary_text(folder, &text, NULL), ESPALIER_OK);
    assert_non_null(strstr(text, "epoch 2 with 5 steps"));
    espalier_text_release(text);
    made_study_remove(folder);
    new_folder(runs, RUNS, "");
    results = results_of_folder();
    assert_string_equal(espalier_study_last_steps(results, words, sizeof words), "");
    espalier_study_results_destroy(results);
    made_study_remove(folder);
}

/* A trigger that reads no number of steps. */
static void steps_of_the_trigger(void **state)
{
    char words[96];
    (void)state;
    made_more = ",\"options\":{\"trigger\":\"once\"}";
    new_folder(runs, RUNS, "");
    made_more = "";
    espalier_study_results *results = results_of_folder();
    espalier_study_setting setting = results->groups[find(results, "activation", 0.9)].setting;
    assert_string_equal(espalier_study_steps_label(results, &setting, words, sizeof words),
                        "trigger once");
    espalier_study_results_destroy(results);
    made_study_remove(folder);
}

static void compare_any(void **state)
{
    espalier_paired paired;
    espalier_error error = {0};
    (void)state;
    new_folder(runs, RUNS, "");
    espalier_study_results *results = results_of_folder();
    const size_t a = find(results, "activation", 0.5), r = find(results, "random", 0.9);
    assert_int_equal(espalier_study_compare(results, a, a, ESPALIER_STUDY_RANK, &paired, NULL),
                     ESPALIER_OK);
    assert_true(paired.difference.count == 2 && paired.difference.mean == 0.0 && isnan(paired.p));
    assert_int_equal(
        espalier_study_compare(results, r, a, ESPALIER_STUDY_NANOSECONDS, &paired, NULL),
        ESPALIER_OK);
    assert_int_equal(paired.difference.count, 1);
    assert_near(paired.difference.mean, -3000);
    assert_int_equal(espalier_study_compare(results, 8, a, ESPALIER_STUDY_RANK, &paired, &error),
                     ESPALIER_ERROR_ARGUMENT);
    espalier_study_results_destroy(results);
    made_study_remove(folder);
}

static void nothing_yet(void **state)
{
    char *words = NULL;
    (void)state;
    new_folder(runs, 0, "\"later\",\"still-later\"");
    espalier_study_results *results = results_of_folder();
    assert_true(results->run_count == 0 && results->group_count == 0 && results->planned == 2);
    espalier_study_results_destroy(results);
    assert_int_equal(espalier_study_summarise(folder, NULL, NULL), ESPALIER_OK);
    assert_int_equal(espalier_study_summary_text(folder, &words, NULL), ESPALIER_OK);
    assert_non_null(strstr(words, "Not run yet: 2 runs"));
    espalier_text_release(words);
    made_study_remove(folder);
}

static void names_of_metrics(void **state)
{
    (void)state;
    assert_string_equal(espalier_study_metric_name(ESPALIER_STUDY_SPARSITY_ALL), "sparsity_all");
    assert_string_equal(espalier_study_metric_name(ESPALIER_STUDY_RANK), "rank");
    assert_null(espalier_study_metric_name(ESPALIER_STUDY_METRIC_COUNT));
}

/* ---- what is amiss ------------------------------------------------------ */

static void put_text(const char *name, const char *content)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    put_file(path, content, strlen(content));
}

static void expect_error(espalier_status status, const char *message)
{
    espalier_study_results *results = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_study_results_read(folder, NULL, &results, &error), status);
    if (!strstr(error.message, message))
        fail_msg("expected \"%s\" in \"%s\"", message, error.message);
    assert_non_null(strstr(error.message, folder));
    assert_null(results);
}

static void damaged(void **state)
{
    static const struct {
        const char *record, *message;
    } cases[] = {
        {"{\"method\":", "runs/dense-s1.json: line 1: expected JSON"},
        {"[]", "the file: expected an object"},
        {"{\"status\":\"done\"}", "method: expected a name"},
        {"{\"method\":3,\"status\":\"done\"}", "method: expected a text or null"},
        {"{\"method\":\"dense\",\"status\":\"done\",\"criterion\":\"\\nsystem('touch x')\\n#\"}",
         "criterion: expected a name without line ends"},
        {"{\"method\":\"dense\",\"status\":\"lost\"}", "status: expected \"done\" or \"failed\""},
        {"{\"method\":\"dense\",\"status\":\"done\",\"seed\":-1}", "seed: expected a whole number"},
        {"{\"method\":\"dense\",\"status\":\"done\",\"epochs\":\"4\"}",
         "epochs: expected a number or null"},
        {"{\"method\":\"dense\",\"status\":\"done\",\"layers\":[{\"live\":0.5}]}",
         "live: expected a whole number"},
        {"{\"method\":\"dense\",\"status\":\"done\",\"seed\":1,\"accuracy\":{\"test\":17.5}}",
         "runs/dense-s1.json: accuracy.test: expected 0 to 1, found 17.5"},
        {"{\"method\":\"dense\",\"status\":\"done\",\"seed\":1,\"epochs\":-3}",
         "epochs: expected a whole number, 0 or more, found -3"},
        {"{\"method\":\"dense\",\"status\":\"done\",\"seed\":2}",
         "seed: expected that of the name, s1, found 2"},
        {"{\"method\":\"dense\",\"status\":\"done\",\"seed\":1,\"name\":\"dense-s2\"}",
         "name: expected that of the file, dense-s1, found dense-s2"},
        {"{\"method\":\"dense\",\"status\":\"done\",\"seed\":1,\"layers\":[{\"inputs\":3,\"outputs\":9,"
         "\"live\":9,\"rank\":4}]}",
         "layers: layer 0: rank: expected 0 to 3, found 4"},
    };
    (void)state;
    new_folder(runs, 1, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_text("runs/dense-s1.json", cases[i].record);
        expect_error(ESPALIER_ERROR_FORMAT, cases[i].message);
    }
    put_text("study.json", "{\"runs\":[\"../dense-s1\"]}");
    expect_error(ESPALIER_ERROR_FORMAT, "expected the name of a run, found ../dense-s1");
    put_text("study.json", "{\"runs\":[7]}");
    expect_error(ESPALIER_ERROR_FORMAT, "expected the name of a run");
    put_text("study.json", "{\"runs\":7}");
    expect_error(ESPALIER_ERROR_FORMAT, "study.json: runs: expected a list of names");
    put_text("study.json", "");
    expect_error(ESPALIER_ERROR_FORMAT, "study.json: line 1: expected JSON");
    made_study_remove(folder);
    expect_error(ESPALIER_ERROR_NOT_FOUND, "study.json: cannot open");
}

/* A run that is listed twice, and a copy of one under another name, are no further samples. */
static void runs_twice(void **state)
{
    static const made_run copies[] = {
        {"a90-s1", "prune", "activation", NULL, 0.9, 1, 0.87, 0.9, 800, NULL, false, NULL, 0},
        {"dense-s1", "dense", NULL, NULL, 0, 1, 0.90, 0.0, 8000, NULL, false, NULL, 0},
        {"a90-again-s1", "prune", "activation", NULL, 0.9, 1, 0.87, 0.9, 800, NULL, false, NULL, 0},
    };
    (void)state;
    new_folder(copies, 2, ",\"a90-s1\"");
    expect_error(ESPALIER_ERROR_FORMAT, "study.json: runs: expected one run of each setting and "
                                        "seed, found a90-s1 and a90-s1");
    made_study_remove(folder);
    new_folder(copies, 3, "");
    expect_error(ESPALIER_ERROR_FORMAT, "found a90-again-s1 and a90-s1");
    made_study_remove(folder);
}

/* Nobody knows by how much a network is smaller whose sparsity is not known. */
static void unknown_sparsity(void **state)
{
    (void)state;
    new_folder(runs, 1, "");
    put_text("runs/dense-s1.json", "{\"method\":\"dense\",\"status\":\"done\",\"seed\":1,"
                                   "\"sparsity\":{\"all\":null}}");
    espalier_study_results *results = results_of_folder();
    const espalier_estimate *ratio =
        &results->groups[0].metrics[ESPALIER_STUDY_COMPRESSION_RATIO];
    assert_true(ratio->count == 0 && isnan(ratio->mean));
    espalier_study_results_destroy(results);
    char *text = NULL;
    assert_int_equal(espalier_study_summary_text(folder, &text, NULL), ESPALIER_OK);
    assert_null(strstr(text, "∞"));
    espalier_text_release(text);
    made_study_remove(folder);
}

static void without_memory(void **state)
{
    espalier_status status = ESPALIER_ERROR_MEMORY;
    (void)state;
    new_folder(runs, RUNS, "");
    for (size_t from = 1; status != ESPALIER_OK; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        status = espalier_study_summarise(folder, &allocator, NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(m.live, 0);
        assert_true(from < 500);
    }
    made_study_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_in_order),   cmocka_unit_test(metrics),
        cmocka_unit_test(against_magnitude), cmocka_unit_test(compare_any),
        cmocka_unit_test(order_and_steps),   cmocka_unit_test(nothing_yet),
        cmocka_unit_test(names_of_metrics),  cmocka_unit_test(damaged),
        cmocka_unit_test(steps_of_the_trigger),
        cmocka_unit_test(runs_twice),        cmocka_unit_test(unknown_sparsity),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
