/* Which runs a study consists of, in which order, under which names. What a run does is left
 * to run.c, when it is its turn to jobs.c.
 *
 * Seeds are the outer loop: a study that is broken off has whole comparisons for its first
 * seeds, and one that gets more seeds grows at its end. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/numerals.h"
#include "prune/criteria.h"
#include "study/study.h"

static const char *const method_names[ESPALIER_STUDY_METHOD_COUNT] = {
    "dense", "prune", "rewind", "reinit",  "shuffle",          "scratch",
    "pca",   "svd",   "factors", "nuclear", "nuclear-weighted",
};

const char *espalier_study_method_name(espalier_study_method method)
{
    return (unsigned)method < ESPALIER_STUDY_METHOD_COUNT ? method_names[method] : NULL;
}

bool espalier_study_method_is_control(espalier_study_method method)
{
    return method >= ESPALIER_STUDY_REWIND && method <= ESPALIER_STUDY_FACTORS;
}

/* The plan while it grows. */
typedef struct plan {
    const espalier_study_options *options;
    const espalier_allocator *allocator;
    study_job *jobs;
    size_t count, capacity;
    size_t seed_first; /* the first run of the seed in hand */
} plan;

static bool grow(plan *p)
{
    const size_t capacity = p->capacity ? 2 * p->capacity : 64;
    study_job *jobs = memory_array(p->allocator, capacity, sizeof *jobs);
    if (!jobs)
        return false;
    if (p->count)
        memcpy(jobs, p->jobs, p->count * sizeof *jobs);
    memory_release(p->allocator, p->jobs);
    p->jobs = jobs;
    p->capacity = capacity;
    return true;
}

static espalier_status add(plan *p, study_job job, espalier_error *error)
{
    if (p->count == STUDY_RUNS_MOST)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "the plan: expected at most %d runs, found more", STUDY_RUNS_MOST);
    for (size_t i = p->seed_first; i < p->count; i++) { /* names end with their seed */
        if (strcmp(p->jobs[i].name, job.name) == 0)
            return error_set(error, ESPALIER_ERROR_ARGUMENT,
                             "the plan: a list holds something twice, the run %s", job.name);
    }
    if (p->count == p->capacity && !grow(p))
        return error_memory(error);
    p->jobs[p->count++] = job;
    return ESPALIER_OK;
}

static study_job make(const plan *p, espalier_study_method method, uint64_t seed)
{
    return (study_job){.method = method, .of = STUDY_NONE, .dense = STUDY_NONE, .seed = seed,
                       .target = NAN, .lambda = NAN, .count = ESPALIER_COUNT_NONE,
                       .epochs = p->options->train.epochs};
}

static bool is_controlled(const espalier_study_options *o, const study_job *pruned)
{
    bool named = false, sparsity = o->control_sparsity_count == 0;
    for (size_t i = 0; i < o->controlled_count; i++)
        named = named || strcmp(o->controlled[i], pruned->criterion) == 0;
    for (size_t i = 0; i < o->control_sparsity_count; i++)
        sparsity = sparsity || fabs(o->control_sparsities[i] - pruned->target) < 1e-9;
    return named && sparsity;
}

static espalier_status add_controls(plan *p, size_t of, size_t dense, espalier_error *error)
{
    const espalier_study_options *o = p->options;
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; status == ESPALIER_OK && i < o->control_count; i++) {
        study_job job = p->jobs[of];
        job.method = o->controls[i];
        job.of = of;
        if (job.method >= ESPALIER_STUDY_PCA) { /* they start from the dense network */
            job.dense = dense;
            job.epochs = o->retrain_epochs ? o->retrain_epochs : (job.epochs + 1) / 2;
        }
        snprintf(job.name, sizeof job.name, "%s-of-%.100s", method_names[job.method],
                 p->jobs[of].name);
        status = add(p, job, error);
    }
    return status;
}

/* The name says what sets a run apart: criterion, percent, scope, steps, counting, seed. */
static espalier_status add_pruned(plan *p, study_job job, size_t dense, espalier_error *error)
{
    char count[32] = "", steps[32] = "cubic";
    if (job.steps)
        snprintf(steps, sizeof steps, "%zu", job.steps);
    if (job.count != ESPALIER_COUNT_NONE)
        snprintf(count, sizeof count, "-%s", espalier_count_mode_name(job.count));
    snprintf(job.name, sizeof job.name, "%s-%.6g-%s-%s%s-s%llu", job.criterion, 100 * job.target,
             espalier_scope_name(job.scope), steps, count, (unsigned long long)job.seed);
    espalier_status status = add(p, job, error);
    if (status == ESPALIER_OK && is_controlled(p->options, &job))
        status = add_controls(p, p->count - 1, dense, error);
    return status;
}

/* All sparsities of one criterion, scope, number of steps and way of counting. */
static espalier_status add_sparsities(plan *p, study_job job, size_t dense, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; status == ESPALIER_OK && i < p->options->sparsity_count; i++) {
        job.target = p->options->sparsities[i];
        status = add_pruned(p, job, dense, error);
    }
    return status;
}

static espalier_status add_criterion(plan *p, const char *name, uint64_t seed, size_t dense,
                                     espalier_error *error)
{
    const espalier_study_options *o = p->options;
    const criterion *found = criterion_find(name);
    const size_t counts = found && found->needs_counts ? o->count_count : 1;
    espalier_status status = ESPALIER_OK;
    for (size_t scope = 0; scope < o->scope_count; scope++) {
        for (size_t step = 0; step < o->step_count; step++) {
            for (size_t count = 0; status == ESPALIER_OK && count < counts; count++) {
                study_job job = make(p, ESPALIER_STUDY_PRUNE, seed);
                job.criterion = found ? found->name : name;
                job.scope = o->scopes[scope];
                job.steps = o->steps[step];
                if (found && found->needs_counts)
                    job.count = o->counts[count];
                status = add_sparsities(p, job, dense, error);
            }
        }
    }
    return status;
}

static espalier_status add_regularised(plan *p, espalier_study_method method,
                                       const double *lambdas, size_t count, uint64_t seed,
                                       espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; status == ESPALIER_OK && i < count; i++) {
        study_job job = make(p, method, seed);
        job.lambda = lambdas[i];
        snprintf(job.name, sizeof job.name, "%s-%.6g-s%llu", method_names[method], lambdas[i],
                 (unsigned long long)seed);
        status = add(p, job, error);
    }
    return status;
}

static espalier_status add_seed(plan *p, uint64_t seed, espalier_error *error)
{
    const espalier_study_options *o = p->options;
    study_job job = make(p, ESPALIER_STUDY_DENSE, seed);
    snprintf(job.name, sizeof job.name, "dense-s%llu", (unsigned long long)seed);
    const size_t dense = p->seed_first = p->count;
    espalier_status status = add(p, job, error);
    if (status == ESPALIER_OK)
        status = add_regularised(p, ESPALIER_STUDY_NUCLEAR, o->nuclear, o->nuclear_count, seed,
                                 error);
    if (status == ESPALIER_OK)
        status = add_regularised(p, ESPALIER_STUDY_NUCLEAR_WEIGHTED, o->nuclear_weighted,
                                 o->nuclear_weighted_count, seed, error);
    for (size_t i = 0; status == ESPALIER_OK && i < o->criterion_count; i++)
        status = add_criterion(p, o->criteria[i], seed, dense, error);
    return status;
}

espalier_status study_plan(const espalier_study_options *options,
                           const espalier_allocator *allocator, study_job **jobs,
                           size_t *job_count, espalier_error *error)
{
    plan p = {.options = options, .allocator = allocator};
    espalier_status status = ESPALIER_OK;
    numerals point; /* names of runs are names of files */
    if (!numerals_begin(&point))
        return error_memory(error);
    for (size_t i = 0; status == ESPALIER_OK && i < options->seed_count; i++)
        status = add_seed(&p, options->seed + i, error);
    numerals_end(&point);
    if (status != ESPALIER_OK) {
        memory_release(allocator, p.jobs);
        return status;
    }
    *jobs = p.jobs;
    *job_count = p.count;
    return ESPALIER_OK;
}
