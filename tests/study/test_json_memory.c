/* A study whose jansson has no memory, at many of its requests in turn: the plan, records and
 * networks are whole, or not there; an error is told (a file that jansson could not read may be
 * called damaged); and the study goes on to the same ones. */
#define _XOPEN_SOURCE 700
#include "tests/study/small_study.h"

#include "tests/format/json_gives_out.h"

enum { EVERY = 149 }; /* each one takes a study */

/* None that begins with a file: reading jansson does not always tell that it had no memory. */
static const char *const names[] = {"dense-s1", "magnitude-50-global-1-s1"};
enum { RUNS = sizeof names / sizeof *names };

/* What comes behind the last run reads networks, for which jansson must have memory. */
static bool give_memory_to_timing(void *context, const espalier_study_progress *progress)
{
    (void)context;
    if (progress->done + progress->failed == progress->runs)
        json_has_memory();
    return true;
}

static espalier_status run(const espalier_dataset *dataset, const char *folder, size_t *failed)
{
    static const size_t hidden[] = {4, 3}, steps[] = {1};
    static const char *const criteria[] = {"magnitude"};
    static const double sparsities[] = {0.5};
    espalier_study_options o = small_options(folder);
    espalier_study_summary summary = {0};
    o.hidden = hidden;
    o.train.epochs = 2;
    o.criteria = criteria;
    o.sparsities = sparsities;
    o.steps = steps;
    o.criterion_count = o.sparsity_count = o.seed_count = o.jobs = 1;
    o.control_count = 0;
    o.spectra = true;
    o.listener = give_memory_to_timing;
    espalier_error error = {0};
    const espalier_status status = espalier_study_run(dataset, &o, NULL, &summary, &error);
    *failed = summary.failed;
    return status;
}

static json_t *read_file(const char *path)
{
    if (access(path, F_OK) != 0)
        return NULL;
    json_t *value = json_load_file(path, 0, NULL);
    if (!value)
        fail_msg("%s is no JSON", path);
    return json_without_times(value);
}

/* Whether all that is there is as it was wanted, or a run's failure. */
static void check(const char *folder, json_t *const wanted[RUNS + 1], bool complete)
{
    char path[256];
    for (size_t i = 0; i <= RUNS; i++) {
        if (i < RUNS)
            small_path(path, folder, names[i], ".json");
        else
            snprintf(path, sizeof path, "%s/study.json", folder);
        json_t *found = read_file(path);
        const char *state = json_string_value(json_object_get(found, "status"));
        const bool is_failure = state && strcmp(state, "failed") == 0;
        if ((found || complete) && (complete || !is_failure) && !json_equal(found, wanted[i]))
            fail_msg("%s is %s", path, found ? "another" : "not there");
        json_decref(found);
    }
}

static void test_study(void **state)
{
    (void)state;
    espalier_dataset *dataset = small_dataset(60, 15, 5, 3);
    char folder[32], path[256];
    size_t failed;
    json_t *wanted[RUNS + 1];
    small_folder(folder);
    json_gives_out(0, false);
    assert_int_equal(run(dataset, folder, &failed), ESPALIER_OK);
    const size_t requests = json_asked;
    for (size_t i = 0; i < RUNS; i++)
        wanted[i] = json_without_times(small_record(folder, names[i]));
    snprintf(path, sizeof path, "%s/study.json", folder);
    wanted[RUNS] = read_file(path);
    small_remove(folder);
    assert_true(requests > 1000);
    for (size_t n = 1; n <= requests; n += EVERY) {
        const bool on = n / EVERY % 2;
        small_folder(folder);
        json_gives_out(n, on);
        const espalier_status status = run(dataset, folder, &failed);
        json_has_memory();
        check(folder, wanted, !status && !failed);
        assert_int_equal(run(dataset, folder, &failed), ESPALIER_OK);
        assert_int_equal(failed, 0);
        check(folder, wanted, true);
        small_remove(folder);
    }
    for (size_t i = 0; i <= RUNS; i++)
        json_decref(wanted[i]);
    espalier_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_study)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
