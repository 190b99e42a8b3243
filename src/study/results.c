/* Reads the records of a study's runs. What they come to together is summary.c's business;
 * how they came to be is record.c's. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/stream.h"
#include "report/value.h"
#include "study/summary.h"

/* A record while it is read; the first error stays. */
typedef struct source {
    const char *path;
    espalier_status status;
    espalier_error *error;
} source;

static void expect(source *in, const char *key, const char *what)
{
    if (!in->status)
        in->status =
            error_set(in->error, ESPALIER_ERROR_FORMAT, "%s: %s: expected %s", in->path, key, what);
}

/* NaN for null and for what is not there; so is an object that is null. */
static double number(source *in, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_number(value))
        return json_number_value(value);
    if (value && !json_is_null(value))
        expect(in, key, "a number or null");
    return NAN;
}

/* A whole number, written as a fraction up to 2^53; 0 for null. */
static uint64_t whole(source *in, const json_t *object, const char *key)
{
    const json_t *exact = json_object_get(object, key);
    if (json_is_integer(exact) && json_integer_value(exact) >= 0)
        return (uint64_t)json_integer_value(exact);
    const double value = number(in, object, key);
    if (isnan(value))
        return 0;
    if (value >= 0.0 && value <= 0x1p53 && value == floor(value))
        return (uint64_t)value;
    expect(in, key, "a whole number");
    return 0;
}

/* "" for null. */
static void words(source *in, const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *value = json_object_get(object, key);
    const char *found = json_is_string(value) ? json_string_value(value) : "";
    if (value && !json_is_string(value) && !json_is_null(value))
        expect(in, key, "a text or null");
    snprintf(out, size, "%s", found);
}

/* The same of a name, which goes into scripts and tables: on one line. */
static void plain_name(source *in, const json_t *object, const char *key, char *out, size_t size)
{
    words(in, object, key, out, size);
    for (const char *c = out; *c; c++)
        if ((unsigned char)*c < ' ')
            expect(in, key, "a name without line ends and the like");
}

/* ---- one run ------------------------------------------------------------ */

/* "none" is how a record says that a criterion reads no counts. */
static void read_setting(source *in, const json_t *record, espalier_study_setting *s)
{
    plain_name(in, record, "method", s->method, sizeof s->method);
    plain_name(in, record, "criterion", s->criterion, sizeof s->criterion);
    plain_name(in, record, "scope", s->scope, sizeof s->scope);
    plain_name(in, record, "count", s->count, sizeof s->count);
    if (strcmp(s->count, "none") == 0)
        s->count[0] = '\0';
    s->steps = (size_t)whole(in, record, "steps");
    s->target = number(in, record, "target");
    if (!s->method[0])
        expect(in, "method", "a name");
}

static espalier_status read_layers(source *in, const json_t *record,
                                   const espalier_allocator *allocator, espalier_study_result *run)
{
    const json_t *layers = json_object_get(record, "layers");
    if (json_array_size(layers) == 0)
        return ESPALIER_OK;
    run->layers = memory_array(allocator, json_array_size(layers), sizeof *run->layers);
    if (!run->layers)
        return error_memory(in->error);
    run->layer_count = json_array_size(layers);
    for (size_t l = 0; l < run->layer_count; l++) {
        const json_t *from = json_array_get(layers, l);
        run->layers[l] = (espalier_study_layer){
            .inputs = (size_t)whole(in, from, "inputs"),
            .outputs = (size_t)whole(in, from, "outputs"),
            .live = (size_t)whole(in, from, "live"),
            .weights = whole(in, from, "weights"),
            .nonzero = whole(in, from, "nonzero"),
            .rank = number(in, from, "rank"),
            .stable_rank = number(in, from, "stable_rank"),
            .nuclear = number(in, from, "nuclear"),
        };
    }
    return ESPALIER_OK;
}

/* Sums over the hidden layers. */
static void add_up_layers(espalier_study_result *run)
{
    double live = 0.0, rank = 0.0;
    for (size_t l = 0; l + 1 < run->layer_count; l++) {
        live += (double)run->layers[l].live;
        rank += run->layers[l].rank;
    }
    run->metrics[ESPALIER_STUDY_LIVE] = run->layer_count ? live : NAN;
    run->metrics[ESPALIER_STUDY_RANK] = run->layer_count ? rank : NAN;
}

static void read_metrics(source *in, const json_t *record, double *metrics)
{
    const json_t *sparsity = json_object_get(record, "sparsity");
    const json_t *accuracy = json_object_get(record, "accuracy");
    const double nanoseconds = number(in, record, "nanoseconds");
    const double all = number(in, sparsity, "all");
    metrics[ESPALIER_STUDY_SPARSITY_ALL] = all;
    metrics[ESPALIER_STUDY_SPARSITY_PRUNABLE] = number(in, sparsity, "prunable");
    metrics[ESPALIER_STUDY_COMPRESSION_RATIO] = 1.0 / (1.0 - all);
    metrics[ESPALIER_STUDY_NANOSECONDS] = nanoseconds;
    metrics[ESPALIER_STUDY_TIME_RATIO] = number(in, record, "nanoseconds_dense") / nanoseconds;
    metrics[ESPALIER_STUDY_FILE_BYTES] = number(in, record, "file_bytes");
    metrics[ESPALIER_STUDY_TEST_ACCURACY] = number(in, accuracy, "test");
    metrics[ESPALIER_STUDY_BEST_TEST_ACCURACY] = number(in, record, "best_test_accuracy");
    metrics[ESPALIER_STUDY_VALIDATION_ACCURACY] = number(in, accuracy, "validation");
    metrics[ESPALIER_STUDY_TRAIN_ACCURACY] = number(in, accuracy, "train");
    metrics[ESPALIER_STUDY_ACCURACY_BEFORE_RETRAINING] =
        number(in, record, "accuracy_before_retraining");
    metrics[ESPALIER_STUDY_EPOCHS] = number(in, record, "epochs");
    metrics[ESPALIER_STUDY_ARITHMETIC] = number(in, record, "arithmetic");
    metrics[ESPALIER_STUDY_SECONDS] = number(in, record, "seconds");
    metrics[ESPALIER_STUDY_FLOPS] = number(in, record, "flops");
}

static const value_range record_ranges[] = {
    {"steps", 1, INFINITY, true},
    {"epochs", 0, INFINITY, true},
    {"last_step", 0, INFINITY, true},
    {"penalty_from", 1, INFINITY, true},
    {"arithmetic", 0, INFINITY, false},
    {"seconds", 0, INFINITY, false},
    {"sparsity.all", -INFINITY, 1, false}, /* two thin factors can have more weights than dense */
    {"sparsity.prunable", -INFINITY, 1, false},
    {"accuracy.train", 0, 1, false},
    {"accuracy.validation", 0, 1, false},
    {"accuracy.test", 0, 1, false},
    {"best_test_accuracy", 0, 1, false},
    {"accuracy_before_retraining", 0, 1, false},
    {"file_bytes", 0, INFINITY, true},
    {"flops", 0, INFINITY, true},
    {"nanoseconds", 0, INFINITY, false},
    {"nanoseconds_dense", 0, INFINITY, false},
};

static void check_numbers(source *in, const json_t *record)
{
    char words[160];
    const size_t ranges = sizeof record_ranges / sizeof *record_ranges;
    if (!in->status && !value_in_range(record, record_ranges, ranges, words, sizeof words))
        in->status = error_set(in->error, ESPALIER_ERROR_FORMAT, "%s: %s", in->path, words);
}

/* The layers of a network: no more of anything than there is place for. */
static void check_layers(source *in, const espalier_study_result *run)
{
    for (size_t l = 0; l < run->layer_count && !in->status; l++) {
        const espalier_study_layer *layer = &run->layers[l];
        const size_t most = layer->inputs < layer->outputs ? layer->inputs : layer->outputs;
        const bool alive = layer->live <= layer->outputs;
        if (alive && !(layer->rank < 0 || layer->rank > (double)most))
            continue;
        in->status = error_set(in->error, ESPALIER_ERROR_FORMAT,
                               "%s: layers: layer %zu: %s: expected 0 to %zu, found %g", in->path, l,
                               alive ? "rank" : "live", alive ? most : layer->outputs,
                               alive ? layer->rank : (double)layer->live);
    }
}

/* A run's name ends with its seed, and its file has its name. */
static void check_identity(source *in, const json_t *record, const char *name, uint64_t seed)
{
    const char *found = json_string_value(json_object_get(record, "name"));
    const char *end = strrchr(name, '-');
    char expected[24];
    snprintf(expected, sizeof expected, "s%llu", (unsigned long long)seed);
    if (!in->status && found && strcmp(found, name) != 0)
        in->status = error_set(in->error, ESPALIER_ERROR_FORMAT,
                               "%s: name: expected that of the file, %s, found %.100s", in->path,
                               name, found);
    else if (!in->status && end && strcmp(end + 1, expected) != 0)
        in->status = error_set(in->error, ESPALIER_ERROR_FORMAT,
                               "%s: seed: expected that of the name, %s, found %llu", in->path,
                               end + 1, (unsigned long long)seed);
}

static espalier_status read_run(source *in, const json_t *record,
                                const espalier_allocator *allocator, espalier_study_result *run)
{
    char status[16];
    if (!json_is_object(record))
        expect(in, "the file", "an object");
    read_setting(in, record, &run->setting);
    plain_name(in, record, "of", run->of, sizeof run->of);
    words(in, record, "status", status, sizeof status);
    words(in, record, "error", run->error, sizeof run->error);
    run->seed = whole(in, record, "seed");
    run->last_step = (size_t)whole(in, record, "last_step");
    run->failed = strcmp(status, "done") != 0;
    run->missed = !run->failed && json_is_false(json_object_get(record, "reached"));
    run->idle = !run->failed && json_is_null(json_object_get(record, "penalty_from"));
    if (run->failed && strcmp(status, "failed") != 0)
        expect(in, "status", "\"done\" or \"failed\"");
    for (int m = 0; m < ESPALIER_STUDY_METRIC_COUNT; m++)
        run->metrics[m] = NAN;
    check_numbers(in, record);
    if (run->failed)
        check_identity(in, record, run->name, run->seed);
    if (run->failed || in->status)
        return in->status;
    read_metrics(in, record, run->metrics);
    espalier_status status_of_layers = read_layers(in, record, allocator, run);
    check_layers(in, run);
    check_identity(in, record, run->name, run->seed);
    add_up_layers(run);
    return in->status ? in->status : status_of_layers;
}

espalier_status summary_check_record(const char *path, const char *name, const json_t *record,
                                     const espalier_allocator *allocator, espalier_error *error)
{
    espalier_study_result run = {.layers = NULL};
    source in = {.path = path, .error = error};
    snprintf(run.name, sizeof run.name, "%s", name);
    const espalier_status status = read_run(&in, record, allocator, &run);
    memory_release(allocator, run.layers);
    return status;
}

/* ---- the folder --------------------------------------------------------- */

/* *value: NULL if there is no such file and `may_miss`. */
static espalier_status load(const char *path, const espalier_allocator *allocator, bool may_miss,
                            json_t **value, espalier_error *error)
{
    espalier_error why = {0};
    espalier_status status = value_read(path, allocator, value, &why);
    if (status == ESPALIER_OK || (status == ESPALIER_ERROR_NOT_FOUND && may_miss))
        return ESPALIER_OK;
    return error_set(error, status, "%s", why.message);
}

/* The run called `name` becomes the next one, if it has a record. */
static espalier_status add_run(espalier_study_results *results, const char *runs, const char *name,
                               espalier_error *error)
{
    espalier_study_result *run = &results->runs[results->run_count];
    char file[sizeof run->name + 8];
    if (!name || !name[0] || strchr(name, '/') || strlen(name) >= sizeof run->name)
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected the name of a run, found %s",
                         runs, name ? name : "something else");
    snprintf(file, sizeof file, "%s.json", name);
    char *path = stream_join(results->allocator, runs, file);
    json_t *record = NULL;
    espalier_status status = path ? load(path, results->allocator, true, &record, error)
                                  : error_memory(error);
    if (record) {
        source in = {.path = path, .error = error};
        snprintf(run->name, sizeof run->name, "%s", name);
        results->run_count++;
        status = read_run(&in, record, results->allocator, run);
    } else {
        results->planned++;
    }
    json_decref(record);
    memory_release(results->allocator, path);
    return status;
}

static espalier_status read_runs(espalier_study_results *results, const char *folder,
                                 const json_t *names, espalier_error *error)
{
    char *runs = stream_join(results->allocator, folder, "runs");
    results->runs = memory_array(results->allocator, json_array_size(names), sizeof *results->runs);
    espalier_status status = runs && results->runs ? ESPALIER_OK : error_memory(error);
    for (size_t i = 0; status == ESPALIER_OK && i < json_array_size(names); i++)
        status = add_run(results, runs, json_string_value(json_array_get(names, i)), error);
    memory_release(results->allocator, runs);
    return status;
}

/* One run twice, or two with the same setting and seed, would pass for two samples. The runs
 * are in order. */
static espalier_status check_repeats(const espalier_study_results *results, const char *path,
                                     espalier_error *error)
{
    for (size_t i = 1; i < results->run_count; i++) {
        const espalier_study_result *run = &results->runs[i], *before = run - 1;
        if (run->group == before->group && run->seed == before->seed)
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: runs: expected one run of each setting and seed, found %s and %s",
                             path, before->name, run->name);
    }
    return ESPALIER_OK;
}

static espalier_status read_all(espalier_study_results *results, const char *folder,
                                espalier_error *error)
{
    json_t *study = NULL;
    char *path = stream_join(results->allocator, folder, "study.json");
    espalier_status status = path ? load(path, results->allocator, false, &study, error)
                                  : error_memory(error);
    const json_t *names = json_object_get(study, "runs");
    const json_t *options = json_object_get(study, "options");
    const json_t *trigger = json_object_get(options, "trigger"), *of = json_object_get(options, "of");
    results->of_prunable = json_is_string(of) && strcmp(json_string_value(of), "prunable") == 0;
    if (json_is_string(trigger))
        snprintf(results->trigger, sizeof results->trigger, "%s", json_string_value(trigger));
    if (status == ESPALIER_OK && !json_is_array(names))
        status =
            error_set(error, ESPALIER_ERROR_FORMAT, "%s: runs: expected a list of names", path);
    if (status == ESPALIER_OK)
        status = read_runs(results, folder, names, error);
    json_decref(study);
    if (status == ESPALIER_OK)
        status = summary_group(results, error);
    if (status == ESPALIER_OK)
        status = check_repeats(results, path, error);
    memory_release(results->allocator, path);
    return status;
}

espalier_status espalier_study_results_read(const char *folder, const espalier_allocator *allocator,
                                            espalier_study_results **results, espalier_error *error)
{
    espalier_study_results *made = memory_array(allocator, 1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->allocator = allocator;
    espalier_status status = read_all(made, folder, error);
    if (status)
        espalier_study_results_destroy(made);
    else
        *results = made;
    return status;
}

void espalier_study_results_destroy(espalier_study_results *results)
{
    if (!results)
        return;
    for (size_t i = 0; i < results->run_count; i++)
        memory_release(results->allocator, results->runs[i].layers);
    memory_release(results->allocator, results->runs);
    memory_release(results->allocator, results->groups);
    memory_release(results->allocator, results);
}
