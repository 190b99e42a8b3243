/* A study from its first check to its tables. */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "espalier/study_summary.h"
#include "study/study.h"

static espalier_status read_data_text(study *s, espalier_error *error)
{
    json_error_t where;
    if (!s->options->data)
        return ESPALIER_OK;
    s->data = json_loads(s->options->data, 0, &where);
    return s->data ? ESPALIER_OK
                   : error_set(error, ESPALIER_ERROR_ARGUMENT, "data: expected JSON, found %s",
                               where.text);
}

static void summarise(const study *s, double began, espalier_study_summary *summary)
{
    *summary = (espalier_study_summary){.runs = s->job_count,
                                        .found = s->found,
                                        .jobs = parallel_threads(s->options->jobs),
                                        .seconds = clock_seconds() - began};
    for (size_t i = 0; i < s->job_count; i++) {
        const study_job *job = &s->jobs[i];
        summary->failed += job->state == JOB_FAILED;
        summary->left += job->state == JOB_WAITING;
        summary->missed += job->state == JOB_DONE &&
                           json_is_false(json_object_get(job->record, "reached"));
    }
}

static espalier_status work(study *s, espalier_study_summary *summary, espalier_error *error)
{
    const double began = clock_seconds();
    espalier_status status = study_folder_open(s, error);
    if (status != ESPALIER_OK)
        return status;
    status = s->status ? s->status : study_run_jobs(s, error);
    if (status == ESPALIER_OK)
        status = study_time_runs(s, error);
    espalier_status written = study_write_table(s, error);
    if (written == ESPALIER_OK)
        written = espalier_study_summarise(s->options->folder, s->allocator, error);
    if (summary)
        summarise(s, began, summary);
    return status ? status : written;
}

espalier_status espalier_study_run(const espalier_dataset *dataset,
                                   const espalier_study_options *options,
                                   const espalier_allocator *allocator,
                                   espalier_study_summary *summary, espalier_error *error)
{
    espalier_study_options own = *options;
    study s = {.options = &own, .dataset = dataset, .allocator = allocator, .lock_file = -1,
               .error = error};
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.ended, NULL);
    espalier_status status = espalier_study_options_check(options, error);
    study_settle_steps(&own);
    if (status == ESPALIER_OK)
        status = study_plan(&own, allocator, &s.jobs, &s.job_count, error);
    if (status == ESPALIER_OK)
        status = read_data_text(&s, error);
    if (status == ESPALIER_OK)
        status = study_check_data(&s, error);
    if (status == ESPALIER_OK)
        status = work(&s, summary, error);
    study_folder_close(&s);
    for (size_t i = 0; i < s.job_count; i++)
        json_decref(s.jobs[i].record);
    json_decref(s.data);
    memory_release(allocator, s.jobs);
    pthread_cond_destroy(&s.ended);
    pthread_mutex_destroy(&s.lock);
    return status;
}
