/* Hands the runs of a study to threads, each when what it waits for has ended, and keeps
 * what they came to. What a run does is run.c's business. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "study/study.h"

/* ---- telling ---------------------------------------------------------------- */

static size_t count_state(const study *s, job_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < s->job_count; i++)
        count += s->jobs[i].state == state;
    return count;
}

/* By the epochs of this call: those still expected at the pace so far. */
static double seconds_left(const study *s)
{
    double left = 0;
    for (size_t i = 0; i < s->job_count; i++) {
        const study_job *job = &s->jobs[i];
        if (job->state != JOB_DONE && job->state != JOB_FAILED && job->epochs > job->epochs_done)
            left += (double)(job->epochs - job->epochs_done);
    }
    return s->epochs_here ? (clock_seconds() - s->began) * left / (double)s->epochs_here : NAN;
}

void study_tell(study *s, const study_job *ended, const char *note)
{
    if (!s->options->listener)
        return;
    const espalier_study_progress progress = {
        .runs = s->job_count,
        .done = count_state(s, JOB_DONE),
        .failed = count_state(s, JOB_FAILED),
        .running = s->running,
        .timed = s->timed,
        .timing = s->timing,
        .seconds_left = s->timing ? NAN : seconds_left(s),
        .ended = ended ? ended->name : NULL,
        .note = note,
    };
    if (!s->options->listener(s->options->context, &progress)) {
        s->stop = true;
        if (s->status == ESPALIER_OK)
            s->status = error_set(s->error, ESPALIER_ERROR_CANCELLED, "the study was ended");
    }
}

bool study_epoch_done(study *s, study_job *job)
{
    pthread_mutex_lock(&s->lock);
    job->epochs_done++;
    s->epochs_here++;
    if (!s->stop)
        study_tell(s, NULL, NULL);
    const bool go_on = !s->stop;
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

/* ---- keeping ----------------------------------------------------------------- */

/* The network first: a record says that the network is there. */
static espalier_status keep(const study *s, const study_job *job, const study_outcome *outcome,
                            json_t **record, espalier_error *error)
{
    char *network = study_path(s, job, ".safetensors"), *path = study_path(s, job, ".json");
    espalier_status status = network && path
                                 ? espalier_network_write(outcome->network, network, error)
                                 : error_memory(error);
    struct stat file = {0};
    if (status == ESPALIER_OK) {
        const uint64_t bytes = stat(network, &file) == 0 ? (uint64_t)file.st_size : 0;
        status = study_record_done(s, job, outcome, bytes, record, error);
    }
    if (status == ESPALIER_OK)
        status = study_write_record(s, path, *record, outcome->spectra, error);
    if (status == ESPALIER_OK) {
        json_t *written = study_as_written(*record);
        json_decref(*record);
        *record = written;
        status = written ? ESPALIER_OK : error_memory(error);
    }
    memory_release(s->allocator, network);
    memory_release(s->allocator, path);
    return status;
}

/* A failure that cannot even be written down ends the study. */
static espalier_status keep_failure(const study *s, const study_job *job, const char *why,
                                    json_t **record, espalier_error *error)
{
    char *path = study_path(s, job, ".json");
    json_decref(*record);
    *record = study_record_failed(s, job, why);
    espalier_status status = path && *record
                                 ? study_write_record(s, path, *record, NULL, error)
                                 : error_memory(error);
    memory_release(s->allocator, path);
    return status;
}

static const study_job *failed_before(const study *s, const study_job *job)
{
    if (job->of != STUDY_NONE && s->jobs[job->of].state == JOB_FAILED)
        return &s->jobs[job->of];
    if (job->dense != STUDY_NONE && s->jobs[job->dense].state == JOB_FAILED)
        return &s->jobs[job->dense];
    return NULL;
}

/* Something that lies in the place of a run's network is that run's trouble alone. */
static bool is_in_the_way(const study *s, const study_job *job)
{
    struct stat file;
    char *network = study_path(s, job, ".safetensors");
    const bool there = network && stat(network, &file) == 0 && !S_ISREG(file.st_mode);
    memory_release(s->allocator, network);
    return there;
}

/* Trains and keeps, or says why not. *fatal: what ends the study; where one run cannot be
 * written the next one, trained for hours, could not be either. */
static job_state run_one(study *s, study_job *job, const study_job *blocked, json_t **record,
                         espalier_status *fatal, espalier_error *fatal_error)
{
    espalier_error why = {0};
    study_outcome outcome = {0};
    espalier_status status;
    if (blocked)
        status = error_set(&why, ESPALIER_ERROR_MISMATCH, "needs the run %s, which failed",
                           blocked->name);
    else
        status = study_execute(s, job, &outcome, &why);
    const bool trained = status == ESPALIER_OK;
    if (trained)
        status = keep(s, job, &outcome, record, &why);
    study_outcome_clear(&outcome);
    if (status == ESPALIER_OK)
        return JOB_DONE;
    if (status == ESPALIER_ERROR_CANCELLED ||
        (trained && status == ESPALIER_ERROR_IO && !is_in_the_way(s, job))) {
        json_decref(*record);
        *record = NULL;
        *fatal = error_set(fatal_error, status, "%s", why.message);
        return JOB_WAITING;
    }
    *fatal = keep_failure(s, job, why.message, record, fatal_error);
    return JOB_FAILED;
}

/* So that a look at a study that runs costs its runs nothing. */
static espalier_status renew_table(study *s, espalier_error *error)
{
    enum { SECONDS_BETWEEN = 5 };
    if (clock_seconds() - s->table_written < SECONDS_BETWEEN)
        return ESPALIER_OK;
    espalier_status status = study_write_table(s, error);
    s->table_written = clock_seconds();
    return status;
}

/* ---- the threads ---------------------------------------------------------------- */

static bool ended(const study *s, size_t index)
{
    return index == STUDY_NONE || s->jobs[index].state == JOB_DONE ||
           s->jobs[index].state == JOB_FAILED;
}

static study_job *next_ready(const study *s)
{
    for (size_t i = 0; i < s->job_count; i++) {
        study_job *job = &s->jobs[i];
        if (job->state == JOB_WAITING && ended(s, job->of) && ended(s, job->dense))
            return job;
    }
    return NULL;
}

/* Called and left under the lock. */
static void take(study *s, study_job *job)
{
    espalier_status fatal = ESPALIER_OK;
    espalier_error fatal_error = {0}, table_error = {0};
    json_t *record = NULL;
    const study_job *blocked = failed_before(s, job);
    job->state = JOB_RUNNING;
    s->running++;
    study_tell(s, NULL, NULL);
    if (s->stop) { /* the listener has just said so */
        job->state = JOB_WAITING;
        s->running--;
        pthread_cond_broadcast(&s->ended);
        return;
    }
    pthread_mutex_unlock(&s->lock);
    job_state state = run_one(s, job, blocked, &record, &fatal, &fatal_error);
    pthread_mutex_lock(&s->lock);
    s->running--;
    job->state = state;
    json_decref(job->record);
    job->record = record;
    if (fatal == ESPALIER_OK && renew_table(s, &table_error)) {
        fatal = table_error.status;
        fatal_error = table_error;
    }
    if (fatal != ESPALIER_OK && s->status == ESPALIER_OK) {
        s->status = error_set(s->error, fatal, "%s", fatal_error.message);
        s->stop = true;
    }
    if (!s->stop)
        study_tell(s, job,
                   state == JOB_FAILED ? json_string_value(json_object_get(record, "error"))
                                       : NULL);
    pthread_cond_broadcast(&s->ended);
}

static void work(void *context, size_t index, size_t thread)
{
    (void)index, (void)thread;
    study *s = context;
    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        study_job *job = next_ready(s);
        if (job)
            take(s, job);
        else if (s->running > 0)
            pthread_cond_wait(&s->ended, &s->lock);
        else
            break;
    }
    pthread_mutex_unlock(&s->lock);
}

espalier_status study_run_jobs(study *s, espalier_error *error)
{
    const size_t waiting = count_state(s, JOB_WAITING);
    size_t threads = parallel_threads(s->options->jobs);
    threads = threads < waiting ? threads : waiting;
    if (waiting == 0)
        return ESPALIER_OK;
    parallel_team *team = parallel_team_create(threads, s->allocator);
    if (!team)
        return error_memory(error);
    s->error = error;
    s->began = clock_seconds();
    parallel_run(team, threads, work, s);
    parallel_team_destroy(team);
    return s->status;
}
