/* runs.csv: a row for each run of a study, out of the runs' records. Means over seeds are
 * the business of statistics. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/numerals.h"
#include "base/stream.h"
#include "study/study.h"

static const char header[] =
    "name,method,criterion,of,scope,steps,count,target,seed,status,sparsity_all,"
    "sparsity_prunable,compression_ratio,flop_ratio,nanoseconds,time_ratio,file_bytes,"
    "test_accuracy,best_test_accuracy,validation_accuracy,train_accuracy,change_against_dense,"
    "accuracy_before_retraining,epochs,arithmetic,seconds,live,ranks\n";

/* The value of a record, "" where it is null; `at` NULL or an object within the record. */
static void put_value(writer *out, const json_t *record, const char *at, const char *key)
{
    const json_t *value = json_object_get(at ? json_object_get(record, at) : record, key);
    if (json_is_string(value))
        writer_print(out, NULL, "%s", json_string_value(value));
    else if (json_is_integer(value))
        writer_print(out, NULL, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        writer_print(out, NULL, "%.10g", json_real_value(value));
    writer_print(out, NULL, ",");
}

static double number(const json_t *record, const char *at, const char *key)
{
    const json_t *value = json_object_get(at ? json_object_get(record, at) : record, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void put_number(writer *out, double value)
{
    if (isfinite(value))
        writer_print(out, NULL, "%.10g", value);
    writer_print(out, NULL, ",");
}

/* One number for each layer but the last, "32-44-39-23". */
static void put_layers(writer *out, const json_t *record, const char *key, const char *end)
{
    const json_t *layers = json_object_get(record, "layers");
    for (size_t l = 0; l + 1 < json_array_size(layers); l++) {
        const json_t *value = json_object_get(json_array_get(layers, l), key);
        if (json_is_integer(value))
            writer_print(out, NULL, "%s%" JSON_INTEGER_FORMAT, l ? "-" : "",
                         json_integer_value(value));
    }
    writer_print(out, NULL, "%s", end);
}

/* dense: the record of the dense run of the seed, or NULL. */
static void put_row(writer *out, const json_t *record, const json_t *dense)
{
    static const char *const names[] = {"name",  "method", "criterion", "of",   "scope",
                                        "steps", "count",  "target",    "seed", "status"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_value(out, record, NULL, names[i]);
    const double sparsity = number(record, "sparsity", "all");
    put_value(out, record, "sparsity", "all");
    put_value(out, record, "sparsity", "prunable");
    put_number(out, 1 / (1 - sparsity));
    put_number(out, number(dense, NULL, "flops") / number(record, NULL, "flops"));
    put_value(out, record, NULL, "nanoseconds");
    put_number(out, number(record, NULL, "nanoseconds_dense") / number(record, NULL, "nanoseconds"));
    put_value(out, record, NULL, "file_bytes");
    put_value(out, record, "accuracy", "test");
    put_value(out, record, NULL, "best_test_accuracy");
    put_value(out, record, "accuracy", "validation");
    put_value(out, record, "accuracy", "train");
    put_number(out, number(record, "accuracy", "test") - number(dense, "accuracy", "test"));
    put_value(out, record, NULL, "accuracy_before_retraining");
    put_value(out, record, NULL, "epochs");
    put_value(out, record, NULL, "arithmetic");
    put_value(out, record, NULL, "seconds");
    put_layers(out, record, "live", ",");
    put_layers(out, record, "rank", "\n");
}

static void put_rows(writer *out, const study *s)
{
    const json_t *dense = NULL;
    writer_print(out, NULL, "%s", header);
    for (size_t i = 0; i < s->job_count; i++) {
        const study_job *job = &s->jobs[i];
        if (job->method == ESPALIER_STUDY_DENSE)
            dense = job->record;
        if (job->record)
            put_row(out, job->record, dense);
    }
}

espalier_status study_write_table(const study *s, espalier_error *error)
{
    writer *out = NULL;
    numerals point;
    char *path = stream_join(s->allocator, s->options->folder, "runs.csv");
    espalier_status status = path ? writer_open(path, s->allocator, &out, error)
                                  : error_memory(error);
    memory_release(s->allocator, path);
    if (status != ESPALIER_OK)
        return status;
    if (!numerals_begin(&point)) {
        writer_abandon(out);
        return error_memory(error);
    }
    put_rows(out, s);
    numerals_end(&point);
    return writer_commit(out, error);
}
