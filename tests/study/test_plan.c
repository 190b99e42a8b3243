/* The plan: how many runs, which names, what waits for what. */
#define _XOPEN_SOURCE 700
#include <math.h>

#include "base/memory.h"
#include "tests/commas.h"
#include "tests/study/small_study.h"

typedef struct plan {
    study_job *jobs;
    size_t count;
} plan;

static plan make(const espalier_study_options *o)
{
    plan p = {0};
    espalier_error error = {0};
    if (study_plan(o, NULL, &p.jobs, &p.count, &error))
        fail_msg("%s", error.message);
    return p;
}

static size_t count(const plan *p, espalier_study_method method)
{
    size_t found = 0;
    for (size_t i = 0; i < p->count; i++)
        found += p->jobs[i].method == method;
    return found;
}

static const study_job *find(const plan *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->jobs[i].name, name) == 0)
            return &p->jobs[i];
    }
    fail_msg("no run %s in the plan", name);
    return NULL;
}

static void names_are_unique_and_parents_first(const plan *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const study_job *job = &p->jobs[i];
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(job->name, p->jobs[k].name);
        assert_int_equal(job->state, JOB_WAITING);
        assert_int_equal(job->of != STUDY_NONE, espalier_study_method_is_control(job->method));
        if (job->of != STUDY_NONE) {
            assert_true(job->of < i);
            assert_int_equal(p->jobs[job->of].seed, job->seed);
            assert_int_equal(p->jobs[job->of].method, ESPALIER_STUDY_PRUNE);
        }
        if (job->dense != STUDY_NONE) {
            assert_true(job->dense < i);
            assert_int_equal(p->jobs[job->dense].seed, job->seed);
            assert_int_equal(p->jobs[job->dense].method, ESPALIER_STUDY_DENSE);
        }
    }
}

static void test_products(void **state)
{
    (void)state;
    static const char *const criteria[] = {"activation", "activation-weight", "random"};
    static const espalier_scope scopes[] = {ESPALIER_SCOPE_GLOBAL, ESPALIER_SCOPE_LAYER};
    static const size_t steps[] = {2, 4, 8};
    static const espalier_count_mode counts[] = {ESPALIER_COUNT_TRAINING, ESPALIER_COUNT_SAMPLE};
    espalier_study_options o = small_options("x");
    o.criteria = criteria;
    o.criterion_count = 3;
    o.scopes = scopes;
    o.scope_count = 2;
    o.steps = steps;
    o.step_count = 3;
    o.counts = counts;
    o.count_count = 2;
    o.seed = 7;
    o.seed_count = 4;
    plan p = make(&o);
    /* ways of counting multiply the two criteria that read counts only */
    assert_int_equal(count(&p, ESPALIER_STUDY_PRUNE), 4 * (2 * 2 + 1) * 2 * 3 * 2);
    assert_int_equal(count(&p, ESPALIER_STUDY_DENSE), 4);
    assert_int_equal(p.count, 4 + 4 * 5 * 12);
    names_are_unique_and_parents_first(&p);
    const study_job *job = find(&p, "activation-weight-80-layer-4-sample-s10");
    assert_string_equal(job->criterion, "activation-weight");
    assert_true(job->target == 0.8 && job->scope == ESPALIER_SCOPE_LAYER && job->steps == 4);
    assert_true(job->count == ESPALIER_COUNT_SAMPLE && job->seed == 10);
    assert_int_equal(find(&p, "random-50-global-8-s7")->count, ESPALIER_COUNT_NONE);
    memory_release(NULL, p.jobs);
}

static void test_controls(void **state)
{
    (void)state;
    static const espalier_study_method all[] = {
        ESPALIER_STUDY_REWIND, ESPALIER_STUDY_REINIT, ESPALIER_STUDY_SHUFFLE,
        ESPALIER_STUDY_SCRATCH, ESPALIER_STUDY_PCA, ESPALIER_STUDY_SVD, ESPALIER_STUDY_FACTORS};
    espalier_study_options o = small_options("x");
    o.controls = all;
    o.control_count = 7;
    o.controlled = small_criteria; /* activation only */
    o.controlled_count = 1;
    plan p = make(&o);
    names_are_unique_and_parents_first(&p);
    assert_int_equal(p.count, 2 * (1 + 2 * 2 + 2 * 7));
    const study_job *pca = find(&p, "pca-of-activation-50-global-2-training-s2");
    assert_string_equal(p.jobs[pca->of].name, "activation-50-global-2-training-s2");
    assert_string_equal(p.jobs[pca->dense].name, "dense-s2");
    assert_true(pca->target == 0.5 && pca->steps == 2);
    assert_true(find(&p, "scratch-of-activation-80-global-2-training-s1")->dense == STUDY_NONE);
    memory_release(NULL, p.jobs);

    o.control_sparsities = &small_sparsities[1];
    o.control_sparsity_count = 1;
    p = make(&o);
    assert_int_equal(p.count, 2 * (1 + 2 * 2 + 7));
    find(&p, "pca-of-activation-80-global-2-training-s1");
    memory_release(NULL, p.jobs);
}

static void test_regularisers(void **state)
{
    (void)state;
    static const double lambdas[] = {0.001, 0.0001};
    espalier_study_options o = small_options("x");
    o.criterion_count = 0;
    o.nuclear = lambdas;
    o.nuclear_count = 2;
    o.nuclear_weighted = lambdas;
    o.nuclear_weighted_count = 1;
    plan p = make(&o);
    names_are_unique_and_parents_first(&p);
    assert_int_equal(p.count, 2 * (1 + 2 + 1));
    assert_true(find(&p, "nuclear-0.0001-s2")->lambda == 0.0001);
    assert_true(isnan(find(&p, "nuclear-weighted-0.001-s1")->target));
    memory_release(NULL, p.jobs);
}

static void expect_error(const espalier_study_options *o, const char *message)
{
    espalier_error error = {0};
    study_job *jobs = NULL;
    size_t jobs_count = 0;
    assert_int_equal(study_plan(o, NULL, &jobs, &jobs_count, &error), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message, message);
    assert_null(jobs);
}

static void test_twice(void **state)
{
    (void)state;
    static const double same[] = {0.5, 0.8, 0.5};
    espalier_study_options o = small_options("x");
    o.sparsities = same;
    o.sparsity_count = 3;
    expect_error(&o, "the plan: a list holds something twice, the run "
                     "activation-50-global-2-training-s1");
    o = small_options("x");
    o.seed_count = STUDY_RUNS_MOST;
    expect_error(&o, "the plan: expected at most 20000 runs, found more");
}

static void test_growing(void **state)
{
    (void)state;
    espalier_study_options o = small_options("x");
    plan few = make(&o);
    o.seed_count = 3;
    plan more = make(&o);
    assert_true(more.count > few.count);
    for (size_t i = 0; i < few.count; i++) /* more seeds come last */
        assert_string_equal(few.jobs[i].name, more.jobs[i].name);
    memory_release(NULL, few.jobs);
    memory_release(NULL, more.jobs);
}

/* Names are the same in a language with decimal commas. */
static void test_language(void **state)
{
    (void)state;
    static const double lambdas[] = {0.0025};
    espalier_study_options o = small_options("x");
    o.nuclear = lambdas;
    o.nuclear_count = 1;
    const bool commas = commas_begin();
    plan p = make(&o);
    commas_end();
    find(&p, "nuclear-0.0025-s1");
    memory_release(NULL, p.jobs);
    if (!commas)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),     cmocka_unit_test(test_controls),
        cmocka_unit_test(test_regularisers), cmocka_unit_test(test_twice),
        cmocka_unit_test(test_growing),      cmocka_unit_test(test_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
