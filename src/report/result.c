/* The result object of a run: one JSON text out of the record, an evaluation of
 * the network on every split, and a description of its layers. */
#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "espalier/analyse.h"
#include "espalier/predict.h"
#include "report/record.h"
#include "report/value.h"

/* What has to be computed before it can be written. */
typedef struct findings {
    double accuracy[ESPALIER_SPLIT_COUNT], loss[ESPALIER_SPLIT_COUNT]; /* NaN: none */
} findings;

static espalier_status evaluate_splits(const espalier_network *network,
                                       const espalier_dataset *dataset, size_t threads,
                                       findings *found, espalier_error *error)
{
    for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++) {
        found->accuracy[split] = found->loss[split] = NAN;
        if (!dataset || espalier_dataset_row_count(dataset, (espalier_split)split) == 0)
            continue;
        espalier_evaluation evaluation;
        espalier_status status = espalier_evaluate(network, dataset, (espalier_split)split, 0,
                                                   threads, &evaluation, error);
        if (status != ESPALIER_OK)
            return status;
        found->accuracy[split] = evaluation.accuracy;
        found->loss[split] = evaluation.loss;
        espalier_evaluation_clear(&evaluation);
    }
    return ESPALIER_OK;
}

/* null where it cannot be told: a build without LAPACK, weights that are not finite. */
static json_t *rank_value(const espalier_network *network, size_t layer,
                          const espalier_allocator *allocator)
{
    espalier_spectrum spectrum;
    const espalier_status status =
        espalier_network_spectrum(network, layer, allocator, &spectrum, NULL);
    if (status != ESPALIER_OK)
        return status == ESPALIER_ERROR_MEMORY ? NULL : json_null();
    json_t *rank = value_count(spectrum.rank);
    espalier_spectrum_clear(&spectrum, allocator);
    return rank;
}

static json_t *layer_value(const espalier_network *network, size_t layer,
                           const espalier_allocator *allocator)
{
    const espalier_cost cost = espalier_network_layer_cost(network, layer);
    json_t *object = json_object();
    bool ok = value_put(object, "inputs", value_count(espalier_network_inputs(network, layer)));
    ok = value_put(object, "outputs", value_count(espalier_network_outputs(network, layer))) && ok;
    ok = value_put(object, "live", value_count(cost.live)) && ok;
    ok = value_put(object, "weights", value_count(cost.weights)) && ok;
    ok = value_put(object, "nonzero", value_count(cost.nonzero)) && ok;
    ok = value_put(object, "rank", rank_value(network, layer, allocator)) && ok;
    return value_complete(object, ok);
}

static json_t *layers_value(const espalier_network *network, const espalier_allocator *allocator)
{
    json_t *array = json_array();
    bool ok = true;
    for (size_t l = 0; ok && l < espalier_network_layer_count(network); l++)
        ok = value_append(array, layer_value(network, l, allocator));
    return value_complete(array, ok);
}

static json_t *sparsity_value(const espalier_network *network)
{
    json_t *object = json_object();
    bool ok = value_put(object, "all", value_number(espalier_network_sparsity(network)));
    ok = value_put(object, "prunable",
                   value_number(espalier_network_sparsity_prunable(network))) && ok;
    return value_complete(object, ok);
}

static json_t *splits_value(const double *numbers)
{
    json_t *object = json_object();
    bool ok = value_put(object, "train", value_number(numbers[ESPALIER_TRAINING]));
    ok = value_put(object, "validation", value_number(numbers[ESPALIER_VALIDATION])) && ok;
    ok = value_put(object, "test", value_number(numbers[ESPALIER_TEST])) && ok;
    return value_complete(object, ok);
}

static json_t *prunes_value(const espalier_record *record)
{
    const espalier_prune_step *steps = record->steps.items;
    json_t *array = json_array();
    bool ok = true;
    for (size_t i = 0; ok && i < record->steps.count; i++)
        ok = value_append(array, value_step(&steps[i]));
    return value_complete(array, ok);
}

static json_t *notes_value(const espalier_record *record)
{
    char *const *notes = record->notes.items;
    json_t *array = json_array();
    bool ok = true;
    for (size_t i = 0; ok && i < record->notes.count; i++)
        ok = value_append(array, value_text(notes[i]));
    return value_complete(array, ok);
}

static json_t *seconds_value(const espalier_record *record, const espalier_train_summary *summary)
{
    const espalier_epoch *epochs = record->epochs.items;
    json_t *object = json_object(), *per_epoch = json_array();
    bool ok = value_put(object, "total", value_number(summary ? summary->seconds : NAN));
    for (size_t i = 0; ok && i < record->epochs.count; i++)
        ok = value_append(per_epoch, value_number(epochs[i].seconds));
    ok = value_put(object, "per_epoch", per_epoch) && ok;
    return value_complete(object, ok);
}

static json_t *result_value(const espalier_record *record, const espalier_network *network,
                            const espalier_result_facts *facts, const findings *found)
{
    const espalier_train_summary *summary = facts->summary;
    const char *stopped_by = summary ? espalier_stopped_by_name(summary->stopped_by) : NULL;
    json_t *object = json_object();
    bool ok = value_put(object, "seed", value_count(facts->seed));
    ok = value_put(object, "epochs", value_count(summary ? summary->epochs : 0)) && ok;
    ok = value_put(object, "stopped_by", value_text(stopped_by)) && ok;
    ok = value_put(object, "target", value_number(facts->target)) && ok;
    ok = value_put(object, "sparsity", sparsity_value(network)) && ok;
    ok = value_put(object, "accuracy", splits_value(found->accuracy)) && ok;
    ok = value_put(object, "loss", splits_value(found->loss)) && ok;
    ok = value_put(object, "layers", layers_value(network, record->allocator)) && ok;
    ok = value_put(object, "prunes", prunes_value(record)) && ok;
    ok = value_put(object, "seconds", seconds_value(record, summary)) && ok;
    ok = value_put(object, "math", value_text(facts->math)) && ok;
    ok = value_put(object, "threads", value_count(facts->threads)) && ok;
    ok = value_put(object, "version", value_text(espalier_version())) && ok;
    ok = value_put(object, "notes", notes_value(record)) && ok;
    return value_complete(object, ok);
}

espalier_status espalier_record_result(const espalier_record *record,
                                       const espalier_network *network,
                                       const espalier_dataset *dataset,
                                       const espalier_result_facts *facts, char **json,
                                       espalier_error *error)
{
    findings found;
    espalier_status status = evaluate_splits(network, dataset, facts->threads, &found, error);
    if (status != ESPALIER_OK)
        return status;
    json_t *value = result_value(record, network, facts, &found);
    char *text = value ? value_dump(value, NULL) : NULL;
    json_decref(value);
    if (!text)
        return error_memory(error);
    *json = text;
    return ESPALIER_OK;
}

void espalier_text_release(char *text)
{
    memory_release(NULL, text);
}
