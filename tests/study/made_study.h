/* Folders of studies with made-up results. */
#ifndef STUDY_MADE_STUDY_H
#define STUDY_MADE_STUDY_H

#include <sys/stat.h>

#include "tests/base/test_files.h"
#include "tests/test.h"

/* A run as it is written; fields left 0 are null or absent where that may be. */
typedef struct made_run {
    const char *name, *method, *criterion, *of;
    double target; /* 0: null */
    int seed;
    double test, sparsity;
    double nanoseconds; /* 0: null */
    const char *error;  /* failed */
    bool missed;
    const char *spectra; /* JSON, or NULL */
    int steps;           /* of a run with a criterion; 0: 5 */
} made_run;

enum { MADE_WEIGHTS = 10000, MADE_JSON = 16384 };

/* The validation accuracy of all runs: JSON. */
static const char *made_validation = "null";
/* Whether there are test rows. */
static bool made_tests = true;
/* Further members of study.json, each with a comma in front. */
static const char *made_more = "";

static inline void made_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, text ? "\"%s\"" : "null", text);
}

/* Two hidden layers of 10, ranks 9 and 8 less one for each tenth of sparsity. */
static inline int made_outcome(const made_run *run, char *out, size_t size)
{
    const int less = (int)(10 * run->sparsity);
    char test[32] = "null", best[32] = "null";
    if (made_tests) {
        snprintf(test, sizeof test, "%.9g", run->test);
        snprintf(best, sizeof best, "%.9g", run->test + 0.01);
    }
    return snprintf(
        out, size,
        "\"epochs\":4%s,\"last_step\":%s,\"arithmetic\":2e12,\"seconds\":1.5,\"reached\":%s,"
        "\"sparsity\":{\"all\":%.9g,\"prunable\":%.9g},"
        "\"accuracy\":{\"train\":%.9g,\"validation\":%s,\"test\":%s},"
        "\"best_test_accuracy\":%s,\"accuracy_before_retraining\":%s,\"file_bytes\":%d,"
        "\"flops\":%.9g,\"nanoseconds\":%.9g,\"nanoseconds_dense\":8000,\"layers\":["
        "{\"inputs\":100,\"outputs\":10,\"live\":%d,\"weights\":1000,\"nonzero\":9,\"rank\":%d,"
        "\"stable_rank\":2.5,\"nuclear\":4},"
        "{\"inputs\":10,\"outputs\":10,\"live\":%d,\"weights\":100,\"nonzero\":9,\"rank\":%d,"
        "\"stable_rank\":2.5,\"nuclear\":4},"
        "{\"inputs\":10,\"outputs\":3,\"live\":3,\"weights\":30,\"nonzero\":30,\"rank\":3,"
        "\"stable_rank\":2,\"nuclear\":2}]%s%s",
        run->method[0] == 'n' ? ",\"penalty_from\":null" : "",
        !run->criterion ? "0" : run->steps == 10 ? "1" : "2",
        run->missed ? "false" : "true", run->sparsity,
        run->sparsity < 1 ? run->sparsity + 0.001 : 1, run->test + 0.05,
        made_validation, test, best, run->of && run->method[0] != 'r' ? "0.5" : "null",
        (int)(4 * MADE_WEIGHTS * (1 - run->sparsity)), 2 * MADE_WEIGHTS * (1 - run->sparsity),
        run->nanoseconds, 10 - less, less < 9 ? 9 - less : 0, 10 - less, 8 - less / 2,
        run->spectra ? ",\"spectra\":" : "", run->spectra ? run->spectra : "");
}

static inline void made_record(const char *folder, const made_run *run)
{
    char path[256], criterion[64], of[128], target[32] = "null", outcome[MADE_JSON];
    char *json = malloc(2 * MADE_JSON), steps[16];
    snprintf(steps, sizeof steps, "%d", run->steps ? run->steps : 5);
    assert_non_null(json);
    made_text(criterion, sizeof criterion, run->criterion);
    made_text(of, sizeof of, run->of);
    if (run->target > 0)
        snprintf(target, sizeof target, "%.15g", run->target);
    if (run->error)
        snprintf(outcome, sizeof outcome, "\"sparsity\":null,\"layers\":null");
    else
        assert_true(made_outcome(run, outcome, sizeof outcome) < MADE_JSON);
    const int length = snprintf(
        json, 2 * MADE_JSON,
        "{\"name\":\"%s\",\"method\":\"%s\",\"criterion\":%s,\"of\":%s,\"scope\":%s,\"steps\":%s,"
        "\"count\":%s,\"target\":%s,\"seed\":%d,\"status\":\"%s\",\"error\":%s%s%s,%s}",
        run->name, run->method, criterion, of, run->criterion ? "\"global\"" : "null",
        run->criterion ? steps : "null",
        !run->criterion                        ? "null"
        : strcmp(run->criterion, "activation") ? "\"none\""
                                               : "\"training\"",
        target, run->seed, run->error ? "failed" : "done", run->error ? "\"" : "null",
        run->error ? run->error : "", run->error ? "\"" : "", outcome);
    snprintf(path, sizeof path, "%s/runs/%s.json", folder, run->name);
    put_file(path, json, (size_t)length);
    free(json);
}

/* folder: made (mkdtemp's pattern is filled in by the caller before). names: JSON of
 * further names in the plan, such as ",\"later\"". */
static inline void made_study(const char *folder, const made_run *runs, size_t count,
                              const char *names)
{
    char path[256], json[MADE_JSON];
    snprintf(path, sizeof path, "%s/runs", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    int length = snprintf(json, sizeof json, "{\"version\":1,\"runs\":[");
    for (size_t i = 0; i < count; i++) {
        length += snprintf(json + length, sizeof json - (size_t)length, "%s\"%s\"", i ? "," : "",
                           runs[i].name);
        made_record(folder, &runs[i]);
    }
    length += snprintf(json + length, sizeof json - (size_t)length, "%s]%s}", names,
                       made_more);
    assert_true(length < (int)sizeof json);
    snprintf(path, sizeof path, "%s/study.json", folder);
    put_file(path, json, (size_t)length);
}

static inline void made_study_remove(const char *folder)
{
    static const char *const within[] = {"runs", "plots"};
    char path[256];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, within[i]);
        remove_folder(path);
    }
    remove_folder(folder);
}

#endif
