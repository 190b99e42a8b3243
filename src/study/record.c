/* The record of a run: everything that is known about it, as JSON. The same values as rows
 * of a table are table.c's business. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "espalier/analyse.h"
#include "espalier/predict.h"
#include "report/value.h"
#include "study/study.h"

/* ---- what a run is -------------------------------------------------------- */

/* Numbers are compared as they are written. */
static bool put_plan(json_t *object, const study *s, const study_job *job)
{
    const bool pruned = job->criterion != NULL, counted = job->count != ESPALIER_COUNT_NONE;
    const char *of = job->of == STUDY_NONE ? NULL : s->jobs[job->of].name;
    bool ok = value_put(object, "name", value_text(job->name));
    ok = value_put(object, "method", value_text(espalier_study_method_name(job->method))) && ok;
    ok = value_put(object, "criterion", value_text(job->criterion)) && ok;
    ok = value_put(object, "of", value_text(of)) && ok;
    ok = value_put(object, "scope",
                   value_text(pruned ? espalier_scope_name(job->scope) : NULL)) && ok;
    ok = value_put(object, "steps", job->steps ? value_count(job->steps) : json_null()) && ok;
    ok = value_put(object, "count",
                   value_text(counted ? espalier_count_mode_name(job->count) : NULL)) && ok;
    /* One column says how strong the method was told to be: the sparsity, or lambda. */
    ok = value_put(object, "target",
                   value_number(isnan(job->lambda) ? job->target : job->lambda)) && ok;
    return value_put(object, "seed", value_count(job->seed)) && ok;
}

static bool put_nulls(json_t *object, const char *const *keys, size_t count)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        ok = value_put(object, keys[i], json_null()) && ok;
    return ok;
}

json_t *study_record_failed(const study *s, const study_job *job, const char *why)
{
    static const char *const unknown[] = {
        "epochs", "last_step", "stopped_by", "arithmetic", "seconds", "reached", "sparsity",
        "accuracy", "best_test_accuracy", "accuracy_before_retraining", "file_bytes", "flops",
        "nanoseconds", "nanoseconds_dense", "layers"};
    json_t *object = json_object();
    bool ok = put_plan(object, s, job);
    ok = value_put(object, "status", value_text("failed")) && ok;
    ok = value_put(object, "error", value_text(why)) && ok;
    ok = put_nulls(object, unknown, sizeof unknown / sizeof *unknown) && ok;
    return value_complete(object, ok);
}

bool study_record_fits(const study *s, const study_job *job, const json_t *record)
{
    static const char *const keys[] = {"name",  "method", "criterion", "of",  "scope",
                                       "steps", "count",  "seed"};
    json_t *expected = json_object();
    bool fits = put_plan(expected, s, job);
    for (size_t i = 0; fits && i < sizeof keys / sizeof *keys; i++)
        fits = json_equal(json_object_get(record, keys[i]), json_object_get(expected, keys[i]));
    const double target = json_number_value(json_object_get(expected, "target"));
    const double found = json_number_value(json_object_get(record, "target"));
    const char *status = json_string_value(json_object_get(record, "status"));
    json_decref(expected);
    return fits && fabs(target - found) <= 1e-9 * fabs(target) && status &&
           strcmp(status, "done") == 0;
}

/* ---- what became of it ------------------------------------------------------ */

static json_t *accuracies(const study *s, const espalier_network *network, double *test,
                          espalier_status *status, espalier_error *error)
{
    static const char *const names[] = {"train", "validation", "test"};
    json_t *object = json_object();
    bool ok = true;
    for (int split = 0; !*status && split < ESPALIER_SPLIT_COUNT; split++) {
        espalier_evaluation e = {.accuracy = NAN};
        if (espalier_dataset_row_count(s->dataset, (espalier_split)split) > 0)
            *status = espalier_evaluate(network, s->dataset, (espalier_split)split, 0, 1, &e,
                                        error);
        ok = value_put(object, names[split], value_number(e.accuracy)) && ok;
        *test = e.accuracy;
        espalier_evaluation_clear(&e);
    }
    return value_complete(object, ok && !*status);
}

/* Without LAPACK the fields are null. A product of factors has no more than their rank. */
static bool put_spectrum(json_t *object, const study *s, const espalier_network *network,
                         size_t layer, size_t rank_most)
{
    static const char *const keys[] = {"rank", "stable_rank", "spectral", "frobenius", "nuclear"};
    espalier_spectrum found;
    const espalier_status status =
        espalier_network_spectrum(network, layer, s->allocator, &found, NULL);
    if (status)
        return status != ESPALIER_ERROR_MEMORY && put_nulls(object, keys, sizeof keys / sizeof *keys);
    const size_t rank = found.rank < rank_most ? found.rank : rank_most;
    bool ok = value_put(object, "rank", value_count(rank));
    ok = value_put(object, "stable_rank", value_number(found.stable_rank)) && ok;
    ok = value_put(object, "spectral", value_number(found.spectral)) && ok;
    ok = value_put(object, "frobenius", value_number(found.frobenius)) && ok;
    ok = value_put(object, "nuclear", value_number(found.nuclear)) && ok;
    espalier_spectrum_clear(&found, s->allocator);
    return ok;
}

/* W [outputs][inputs] = B A of a linear layer A [rank][inputs] and the next one, B, as the
 * first layer of a network of its own (owned); NULL without memory. */
static espalier_network *product(const study *s, const espalier_network *network, size_t layer)
{
    const size_t inputs = espalier_network_inputs(network, layer);
    const size_t rank = espalier_network_outputs(network, layer);
    const size_t outputs = espalier_network_outputs(network, layer + 1);
    const float *a = espalier_network_weights_const(network, layer);
    const float *b = espalier_network_weights_const(network, layer + 1);
    espalier_network *whole = NULL;
    if (espalier_network_create((size_t[]){inputs, outputs, 1}, 3, s->allocator, &whole, NULL))
        return NULL;
    float *w = espalier_network_weights(whole, 0);
    for (size_t j = 0; j < outputs; j++) {
        for (size_t k = 0; k < rank; k++) {
            for (size_t i = 0; i < inputs; i++)
                w[j * inputs + i] += b[j * rank + k] * a[k * inputs + i];
        }
    }
    return whole;
}

/* A pair of factors is told as the one layer that it stands for: its size, the weights that
 * are kept, the singular values of the product. */
static json_t *pair_value(const study *s, const espalier_network *network, size_t layer)
{
    const espalier_cost first = espalier_network_layer_cost(network, layer);
    const espalier_cost second = espalier_network_layer_cost(network, layer + 1);
    const uint64_t inputs = espalier_network_original_width(network, layer);
    const uint64_t outputs = espalier_network_original_width(network, layer + 2);
    espalier_network *whole = product(s, network, layer);
    json_t *object = json_object();
    bool ok = value_put(object, "inputs", value_count(inputs)) && whole;
    ok = value_put(object, "outputs", value_count(outputs)) && ok;
    ok = value_put(object, "live", value_count(second.live)) && ok;
    ok = value_put(object, "weights", value_count(inputs * outputs)) && ok;
    ok = value_put(object, "nonzero", value_count(first.nonzero + second.nonzero)) && ok;
    ok = ok && put_spectrum(object, s, whole, 0, espalier_network_outputs(network, layer));
    espalier_network_destroy(whole);
    return value_complete(object, ok);
}

/* Widths before compaction, so that layers of different runs can be laid side by side. */
static json_t *layer_value(const study *s, const espalier_network *network, size_t layer)
{
    const espalier_cost cost = espalier_network_layer_cost(network, layer);
    const uint64_t inputs = espalier_network_original_width(network, layer);
    const uint64_t outputs = espalier_network_original_width(network, layer + 1);
    json_t *object = json_object();
    bool ok = value_put(object, "inputs", value_count(inputs));
    ok = value_put(object, "outputs", value_count(outputs)) && ok;
    ok = value_put(object, "live", value_count(cost.live)) && ok;
    ok = value_put(object, "weights", value_count(inputs * outputs)) && ok;
    ok = value_put(object, "nonzero", value_count(cost.nonzero)) && ok;
    ok = put_spectrum(object, s, network, layer, SIZE_MAX) && ok;
    return value_complete(object, ok);
}

static json_t *layers_value(const study *s, const espalier_network *network)
{
    json_t *array = json_array();
    bool ok = true;
    for (size_t l = 0; ok && l < espalier_network_layer_count(network); l++) {
        const bool pair = l + 1 < espalier_network_layer_count(network) &&
                          espalier_network_activation(network, l) == ESPALIER_LINEAR;
        ok = value_append(array, pair ? pair_value(s, network, l) : layer_value(s, network, l));
        l += pair;
    }
    return value_complete(array, ok);
}

/* Against the study's dense network, whatever shape the run's own has: so a small dense
 * network and a pair of factors can be set beside a pruned one. */
static json_t *sparsity_value(const study *s, const espalier_network *network)
{
    const espalier_study_options *o = s->options;
    const size_t last = espalier_network_layer_count(network) - 1;
    double prunable = 0, before = (double)espalier_dataset_input_count(s->dataset);
    for (size_t i = 0; i < o->hidden_count; i++) {
        prunable += before * (double)o->hidden[i];
        before = (double)o->hidden[i];
    }
    const double all = prunable + before * (double)espalier_dataset_class_count(s->dataset);
    const double kept = (double)espalier_network_cost(network).nonzero;
    const double output = (double)espalier_network_layer_cost(network, last).nonzero;
    json_t *object = json_object();
    bool ok = value_put(object, "all", value_number(1 - kept / all));
    ok = value_put(object, "prunable", value_number(1 - (kept - output) / prunable)) && ok;
    return value_complete(object, ok);
}

static bool put_outcome(json_t *object, const study *s, const study_job *job,
                        const study_outcome *outcome, double test, uint64_t file_bytes)
{
    const espalier_network *network = outcome->network;
    const double best = fmax(outcome->best_test, test); /* fmax takes the one that is no NaN */
    bool ok = value_put(object, "epochs", value_count(outcome->epochs));
    ok = value_put(object, "last_step", value_count(outcome->last_step)) && ok;
    ok = value_put(object, "stopped_by", value_text(outcome->stopped_by)) && ok;
    ok = value_put(object, "arithmetic", value_number(outcome->arithmetic)) && ok;
    ok = value_put(object, "seconds", value_number(outcome->seconds)) && ok;
    ok = value_put(object, "reached", json_boolean(outcome->reached)) && ok;
    if (!isnan(job->lambda))
        ok = value_put(object, "penalty_from", outcome->penalty_from
                                                   ? value_count(outcome->penalty_from)
                                                   : json_null()) && ok;
    ok = value_put(object, "sparsity", sparsity_value(s, network)) && ok;
    ok = value_put(object, "best_test_accuracy", value_number(best)) && ok;
    ok = value_put(object, "accuracy_before_retraining",
                   value_number(outcome->before_retraining)) && ok;
    ok = value_put(object, "file_bytes", value_count(file_bytes)) && ok;
    ok = value_put(object, "flops", value_count(espalier_network_cost(network).flops)) && ok;
    ok = value_put(object, "nanoseconds", json_null()) && ok;
    ok = value_put(object, "nanoseconds_dense", json_null()) && ok;
    return value_put(object, "layers", layers_value(s, network)) && ok;
}

espalier_status study_record_done(const study *s, const study_job *job,
                                  const study_outcome *outcome, uint64_t file_bytes,
                                  json_t **record, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    double test = NAN;
    json_t *accuracy = accuracies(s, outcome->network, &test, &status, error);
    if (status != ESPALIER_OK)
        return status;
    json_t *object = json_object();
    bool ok = put_plan(object, s, job);
    ok = value_put(object, "status", value_text("done")) && ok;
    ok = value_put(object, "error", json_null()) && ok;
    ok = value_put(object, "accuracy", accuracy) && ok;
    ok = put_outcome(object, s, job, outcome, test, file_bytes) && ok;
    *record = value_complete(object, ok);
    return *record ? ESPALIER_OK : error_memory(error);
}
