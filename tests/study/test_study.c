/* Whole studies: the same results whatever the jobs, taking up what was broken off or
 * damaged, growing, failing runs, and what is refused. */
#define _XOPEN_SOURCE 700
#include <sys/stat.h>

#include "tests/base/test_allocator.h"
#include "tests/base/test_files.h"
#include "tests/commas.h"
#include "tests/study/small_study.h"

static espalier_study_summary run(const espalier_study_options *o)
{
    espalier_error error = {0};
    espalier_study_summary summary;
    espalier_dataset *data = small_study_data();
    if (espalier_study_run(data, o, NULL, &summary, &error))
        fail_msg("%s", error.message);
    espalier_dataset_destroy(data);
    return summary;
}

static void expect_mismatch(const espalier_study_options *o, const char *part)
{
    espalier_error error = {0};
    espalier_dataset *data = small_study_data();
    assert_int_equal(espalier_study_run(data, o, NULL, NULL, &error), ESPALIER_ERROR_MISMATCH);
    if (!strstr(error.message, part))
        fail_msg("'%s' does not hold '%s'", error.message, part);
    espalier_dataset_destroy(data);
}

/* Equal but for what a clock said. */
static void assert_same_records(const char *a, const char *b, const char *name)
{
    static const char *const clocks[] = {"seconds", "nanoseconds", "nanoseconds_dense"};
    json_t *left = small_record(a, name), *right = small_record(b, name);
    for (size_t i = 0; i < 3; i++) {
        json_object_del(left, clocks[i]);
        json_object_del(right, clocks[i]);
    }
    assert_true(json_equal(left, right));
    json_decref(left);
    json_decref(right);
}

static void assert_same_files(const char *a, const char *b, const char *name)
{
    char left[256], right[256];
    size_t count, other;
    small_path(left, a, name, ".safetensors");
    small_path(right, b, name, ".safetensors");
    uint8_t *first = get_file(left, &count), *second = get_file(right, &other);
    assert_int_equal(count, other);
    assert_memory_equal(first, second, count);
    free(first);
    free(second);
}

static json_t *plan_of(const char *folder)
{
    char path[256];
    snprintf(path, sizeof path, "%s/study.json", folder);
    json_t *whole = json_load_file(path, 0, NULL);
    assert_non_null(whole);
    json_t *runs = json_incref(json_object_get(whole, "runs"));
    json_decref(whole);
    return runs;
}

static void assert_same_studies(const char *a, const char *b)
{
    size_t index;
    json_t *name, *runs = plan_of(a);
    json_array_foreach(runs, index, name) {
        assert_same_records(a, b, json_string_value(name));
        assert_same_files(a, b, json_string_value(name));
    }
    assert_int_equal(index, 10);
    json_decref(runs);
}

static void test_jobs_do_not_matter(void **state)
{
    (void)state;
    char one[32], four[32];
    small_folder(one);
    small_folder(four);
    espalier_study_options o = small_options(one);
    o.jobs = 1;
    assert_int_equal(run(&o).jobs, 1);
    o.folder = four;
    o.jobs = 4;
    espalier_study_summary summary = run(&o);
    assert_int_equal(summary.runs, 10);
    assert_int_equal(summary.found, 0);
    assert_int_equal(summary.failed + summary.missed, 0);
    assert_same_studies(one, four);
    small_remove(one);
    small_remove(four);
}

/* Ends the study once so many runs are done. */
typedef struct ender {
    size_t after, seen, notes;
    char note[600];
} ender;

static bool end_after(void *context, const espalier_study_progress *p)
{
    ender *e = context;
    e->seen = p->done;
    assert_true(p->done + p->failed + p->running <= p->runs);
    if (p->note) {
        e->notes++;
        snprintf(e->note, sizeof e->note, "%s", p->note);
    }
    return p->done < e->after;
}

static void test_resume(void **state)
{
    (void)state;
    char whole[32], broken[32];
    espalier_error error = {0};
    espalier_study_summary summary;
    espalier_dataset *data = small_study_data();
    small_folder(whole);
    small_folder(broken);
    espalier_study_options o = small_options(whole);
    run(&o);
    ender e = {.after = 4};
    o.folder = broken;
    o.listener = end_after;
    o.context = &e;
    assert_int_equal(espalier_study_run(data, &o, NULL, &summary, &error),
                     ESPALIER_ERROR_CANCELLED);
    assert_string_equal(error.message, "the study was ended");
    assert_true(e.seen >= 4 && e.seen < 10);
    struct stat before, after;
    char path[256];
    small_path(path, broken, "dense-s1", ".safetensors");
    assert_int_equal(stat(path, &before), 0);
    e = (ender){.after = SIZE_MAX};
    summary = run(&o);
    assert_true(summary.found >= 4 && summary.found < 10);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* not written again */
    assert_same_studies(whole, broken);
    assert_int_equal(run(&o).found, 10);
    assert_int_equal(e.notes, 0);
    espalier_dataset_destroy(data);
    small_remove(whole);
    small_remove(broken);
}

/* Says no after the first epoch, before any run is done. */
static bool end_at_once(void *context, const espalier_study_progress *p)
{
    size_t *calls = context;
    assert_int_equal(p->done, 0);
    return ++*calls < 2;
}

static void test_stop_at_once(void **state)
{
    (void)state;
    char folder[32], path[256];
    size_t calls = 0;
    espalier_dataset *data = small_study_data();
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    o.jobs = 1;
    o.listener = end_at_once;
    o.context = &calls;
    assert_int_equal(espalier_study_run(data, &o, NULL, NULL, NULL), ESPALIER_ERROR_CANCELLED);
    assert_int_equal(calls, 2);
    small_path(path, folder, "dense-s1", ".json");
    assert_int_not_equal(access(path, F_OK), 0);
    espalier_dataset_destroy(data);
    small_remove(folder);
}

static void test_damage(void **state)
{
    (void)state;
    static const char cut[] = "{\"name\": \"dense-s2\", \"met";
    char folder[32], path[256];
    ender e = {.after = SIZE_MAX};
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    o.listener = end_after;
    o.context = &e;
    run(&o);
    small_path(path, folder, "dense-s2", ".json");
    put_file(path, cut, sizeof cut - 1);
    assert_int_equal(run(&o).found, 9);
    assert_int_equal(e.notes, 1);
    assert_non_null(strstr(e.note, "dense-s2 runs again: "));
    assert_non_null(strstr(e.note, "dense-s2.json: line 1: expected JSON"));
    small_path(path, folder, "magnitude-80-global-2-s1", ".safetensors");
    put_file(path, cut, sizeof cut - 1);
    e.notes = 0;
    assert_int_equal(run(&o).found, 9);
    assert_int_equal(e.notes, 1);
    assert_non_null(strstr(e.note, "magnitude-80-global-2-s1 runs again: "));
    small_path(path, folder, "dense-s2", ".json");
    size_t count;
    uint8_t *bytes = get_file(path, &count);
    small_path(path, folder, "dense-s1", ".json"); /* now another run's record */
    put_file(path, bytes, count);
    e.notes = 0;
    assert_int_equal(run(&o).found, 9);
    assert_int_equal(e.notes, 1);
    assert_string_equal(e.note, "dense-s1 runs again: its record is damaged, or that of another run");
    free(bytes);
    assert_int_equal(run(&o).found, 10);
    small_remove(folder);
}

static void test_growing(void **state)
{
    (void)state;
    static const double more[] = {0.3, 0.5, 0.8};
    char folder[32];
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    run(&o);
    o.sparsities = more;
    o.sparsity_count = 3;
    o.seed_count = 3;
    espalier_study_summary summary = run(&o);
    assert_int_equal(summary.found, 10);
    assert_int_equal(summary.runs, 3 * (1 + 2 * 3));
    json_t *runs = plan_of(folder);
    assert_int_equal(json_array_size(runs), 21);
    json_decref(runs);
    o.sparsity_count = 2;
    expect_mismatch(&o, "study.json: the study there is another one: 6 of its runs are not in this "
                        "plan, such as activation-80-global-2-training-s1; a study may grow, but "
                        "not shrink");
    small_remove(folder);
}

static void test_another_study(void **state)
{
    (void)state;
    char folder[32], path[256];
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    run(&o);
    o.train.epochs = 9;
    expect_mismatch(&o, "epochs is 8 there and 9 here");
    o = small_options(folder);
    o.train.learning_rate = 0.1;
    expect_mismatch(&o, "lr is 0.05 there and 0.1 here");
    o = small_options(folder);
    o.data = "{\"name\": \"other\"}";
    expect_mismatch(&o, "source is null there and {\"name\":\"other\"} here");
    snprintf(path, sizeof path, "%s/study.json", folder);
    put_file(path, "[", 1);
    espalier_error error = {0};
    espalier_dataset *data = small_study_data();
    o = small_options(folder);
    assert_int_equal(espalier_study_run(data, &o, NULL, NULL, &error), ESPALIER_ERROR_FORMAT);
    espalier_dataset_destroy(data);
    small_remove(folder);
}

/* A run that cannot keep its network fails, alone but for those that need it. */
static void test_failing_run(void **state)
{
    (void)state;
    static const espalier_study_method scratch[] = {ESPALIER_STUDY_SCRATCH};
    static const char pruned[] = "activation-80-global-2-training-s1";
    char folder[32], path[256];
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    o.controls = scratch;
    o.control_count = 1;
    o.controlled = small_criteria;
    o.controlled_count = 1;
    snprintf(path, sizeof path, "%s/runs", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    small_path(path, folder, pruned, ".safetensors");
    assert_int_equal(mkdir(path, 0777), 0);
    espalier_study_summary summary = run(&o);
    assert_int_equal(summary.runs, 14);
    assert_int_equal(summary.failed, 2);
    json_t *record = small_record(folder, pruned);
    assert_string_equal(json_string_value(json_object_get(record, "status")), "failed");
    assert_non_null(strstr(json_string_value(json_object_get(record, "error")), path));
    assert_true(json_is_null(json_object_get(record, "accuracy")));
    json_decref(record);
    record = small_record(folder, "scratch-of-activation-80-global-2-training-s1");
    assert_string_equal(json_string_value(json_object_get(record, "error")),
                        "needs the run activation-80-global-2-training-s1, which failed");
    json_decref(record);
    assert_int_equal(rmdir(path), 0); /* mended: both are tried again */
    summary = run(&o);
    assert_int_equal(summary.found, 12);
    assert_int_equal(summary.failed, 0);
    small_remove(folder);
}

static void test_diverging(void **state)
{
    (void)state;
    char folder[32];
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    o.train.learning_rate = 1e30;
    espalier_study_summary summary = run(&o);
    assert_int_equal(summary.failed, 10);
    json_t *record = small_record(folder, "dense-s1");
    assert_non_null(strstr(json_string_value(json_object_get(record, "error")), "NaN or infinite"));
    json_decref(record);
    small_remove(folder);
}

static void test_missed_target(void **state)
{
    (void)state;
    char folder[32];
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    o.prune.trigger = ESPALIER_TRIGGER_ACCURACY; /* never that accurate in two epochs */
    o.prune.start_accuracy = o.prune.final_accuracy = 1;
    o.prune.patience = 0;
    o.train.epochs = 2;
    espalier_study_summary summary = run(&o);
    assert_int_equal(summary.failed, 0);
    assert_int_equal(summary.missed, 8);
    json_t *record = small_record(folder, "magnitude-80-global-2-s1");
    assert_true(json_is_false(json_object_get(record, "reached")));
    json_decref(record);
    small_remove(folder);
}

typedef struct meeting {
    const char *folder;
    bool met;
} meeting;

static bool meet_another(void *context, const espalier_study_progress *p)
{
    meeting *m = context;
    if (!m->met && p->done == 1) {
        espalier_error error = {0};
        espalier_study_options o = small_options(m->folder);
        espalier_dataset *data = small_study_data();
        m->met = true;
        assert_int_equal(espalier_study_run(data, &o, NULL, NULL, &error),
                         ESPALIER_ERROR_CANCELLED);
        assert_non_null(strstr(error.message, ": another process works on this study"));
        espalier_dataset_destroy(data);
    }
    return true;
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    char folder[32];
    small_folder(folder);
    meeting m = {.folder = folder};
    espalier_study_options o = small_options(folder);
    o.jobs = 1;
    o.listener = meet_another;
    o.context = &m;
    run(&o);
    assert_true(m.met);
    small_remove(folder);
}

static void test_memory(void **state)
{
    (void)state;
    char folder[32];
    espalier_dataset *data = small_study_data();
    meter m = {0};
    espalier_allocator allocator = meter_allocator(&m);
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    o.jobs = 1;
    o.seed_count = 1;
    o.criterion_count = 1;
    o.sparsity_count = 1;
    o.train.epochs = 4;
    assert_int_equal(espalier_study_run(data, &o, &allocator, NULL, NULL), ESPALIER_OK);
    assert_int_equal(m.live, 0);
    const size_t requests = m.requests;
    small_remove(folder);
    for (size_t from = 1; from < requests; from += from / 3 + 1) {
        m = (meter){.refuse_from = from};
        espalier_study_summary summary = {0};
        espalier_status status = espalier_study_run(data, &o, &allocator, &summary, NULL);
        assert_true(status != ESPALIER_OK || summary.failed > 0);
        assert_int_equal(m.live, 0);
        small_remove(folder);
    }
    espalier_dataset_destroy(data);
}

/* A language with decimal commas adds no column to the table of runs. */
static void test_language(void **state)
{
    (void)state;
    char folder[32], path[64];
    size_t count, lines = 0, columns = 0, first = 0;
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    const bool commas = commas_begin();
    run(&o);
    commas_end();
    snprintf(path, sizeof path, "%s/runs.csv", folder);
    uint8_t *bytes = get_file(path, &count);
    for (size_t i = 0; i < count; i++) {
        columns += bytes[i] == ',';
        if (bytes[i] != '\n')
            continue;
        first = lines++ ? first : columns;
        assert_int_equal(columns, first);
        columns = 0;
    }
    assert_true(lines > 3);
    free(bytes);
    small_remove(folder);
    if (!commas)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs_do_not_matter), cmocka_unit_test(test_resume),
        cmocka_unit_test(test_stop_at_once),
        cmocka_unit_test(test_damage),             cmocka_unit_test(test_growing),
        cmocka_unit_test(test_another_study),      cmocka_unit_test(test_failing_run),
        cmocka_unit_test(test_diverging),          cmocka_unit_test(test_missed_target),
        cmocka_unit_test(test_one_at_a_time),      cmocka_unit_test(test_memory),
        cmocka_unit_test(test_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
