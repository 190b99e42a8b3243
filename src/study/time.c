/* The timing pass: how long one prediction takes, each network in turn with the dense one of
 * its seed, while nothing else of the study runs. The clock is analyse's business. */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "espalier/analyse.h"
#include "report/value.h"
#include "study/study.h"

/* Rounds in which both are timed, and passes over the rows in each: a disturbance that lasts
 * as long as two rounds is outvoted. */
enum { ROUNDS = 5, PASSES = 3 };

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static espalier_split timed_split(const study *s)
{
    return espalier_dataset_row_count(s->dataset, ESPALIER_TEST) > 0 ? ESPALIER_TEST
                                                                     : ESPALIER_TRAINING;
}

/* Medians over the rounds; whoever listens can end them. */
static espalier_status time_pair(study *s, const espalier_network *network,
                                 const espalier_network *dense, double *own, double *other,
                                 espalier_error *error)
{
    double of_own[ROUNDS], of_other[ROUNDS];
    const espalier_split split = timed_split(s);
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; status == ESPALIER_OK && i < ROUNDS; i++) {
        study_tell(s, NULL, NULL);
        if (s->stop)
            return s->status;
        status = espalier_time_prediction(network, s->dataset, split, PASSES, &of_own[i], error);
        if (status == ESPALIER_OK)
            status = espalier_time_prediction(dense, s->dataset, split, PASSES, &of_other[i],
                                              error);
    }
    if (status != ESPALIER_OK)
        return status;
    qsort(of_own, ROUNDS, sizeof *of_own, by_value);
    qsort(of_other, ROUNDS, sizeof *of_other, by_value);
    *own = of_own[ROUNDS / 2];
    *other = of_other[ROUNDS / 2];
    return ESPALIER_OK;
}

/* Into the record, and into its file, which holds the spectra, too. */
static espalier_status keep_times(const study *s, study_job *job, double own, double other,
                                  espalier_error *error)
{
    char *path = study_path(s, job, ".json"), *spectra = NULL;
    espalier_status status = path ? study_read_spectra(s, path, &spectra, error)
                                  : error_memory(error);
    if (status == ESPALIER_OK && !(value_put(job->record, "nanoseconds", value_number(own)) &&
                                   value_put(job->record, "nanoseconds_dense",
                                             value_number(other))))
        status = error_memory(error);
    if (status == ESPALIER_OK)
        status = study_write_record(s, path, job->record, spectra, error);
    memory_release(s->allocator, spectra);
    memory_release(s->allocator, path);
    return status;
}

static espalier_status time_job(study *s, study_job *job, const espalier_network *dense,
                                espalier_error *error)
{
    espalier_network *network = NULL;
    double own = 0, other = 0;
    espalier_status status = study_read_network(s, job, &network, error);
    if (status == ESPALIER_OK)
        status = time_pair(s, network, dense, &own, &other, error);
    espalier_network_destroy(network);
    if (job->method == ESPALIER_STUDY_DENSE) /* one network: what differs is noise */
        other = own;
    return status ? status : keep_times(s, job, own, other, error);
}

static bool is_untimed(const study_job *job)
{
    return job->state == JOB_DONE &&
           !json_is_number(json_object_get(job->record, "nanoseconds_dense"));
}

/* The dense run of a seed stands before all its others. */
static espalier_status time_from(study *s, size_t first, size_t *next, espalier_error *error)
{
    espalier_network *dense = NULL;
    espalier_status status = ESPALIER_OK;
    size_t i = first;
    do {
        study_job *job = &s->jobs[i];
        if (is_untimed(job) && !dense && s->jobs[first].state == JOB_DONE)
            status = study_read_network(s, &s->jobs[first], &dense, error);
        if (status == ESPALIER_OK && dense && is_untimed(job)) {
            status = time_job(s, job, dense, error);
            study_tell(s, NULL, NULL);
        }
        s->timed += job->state == JOB_DONE;
    } while (status == ESPALIER_OK && !s->stop && ++i < s->job_count &&
             s->jobs[i].method != ESPALIER_STUDY_DENSE);
    espalier_network_destroy(dense);
    *next = i;
    return status;
}

espalier_status study_time_runs(study *s, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    s->timing = true;
    for (size_t i = 0; status == ESPALIER_OK && !s->stop && i < s->job_count;)
        status = time_from(s, i, &i, error);
    return status ? status : s->status;
}
