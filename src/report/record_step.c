/* What a record tells of a pruning step: what the step did, the layers it left, and
 * by which counts each neuron kept or lost its incoming weights. */
#include <stdio.h>

#include "base/error.h"
#include "espalier/analyse.h"
#include "report/record.h"
#include "report/value.h"

static size_t hidden_count(const espalier_network *network)
{
    return espalier_network_layer_count(network) - 1;
}

static json_t *counts_value(const espalier_network *network, size_t layer)
{
    const uint64_t *counts = espalier_network_activations_const(network, layer);
    json_t *array = json_array();
    bool ok = true;
    for (size_t o = 0; ok && o < espalier_network_outputs(network, layer); o++)
        ok = value_append(array, value_count(counts[o]));
    return value_complete(array, ok);
}

/* Kept incoming weights of each neuron. */
static json_t *kept_value(const espalier_network *network, size_t layer)
{
    const size_t inputs = espalier_network_inputs(network, layer);
    const uint8_t *mask = espalier_network_mask_const(network, layer);
    json_t *array = json_array();
    bool ok = true;
    for (size_t o = 0; ok && o < espalier_network_outputs(network, layer); o++, mask += inputs) {
        uint64_t kept = 0;
        for (size_t i = 0; i < inputs; i++)
            kept += mask[i];
        ok = value_append(array, value_count(kept));
    }
    return value_complete(array, ok);
}

static json_t *before_value(const espalier_network *network, size_t layer)
{
    json_t *object = json_object();
    bool ok = value_put(object, "counts", counts_value(network, layer));
    ok = value_put(object, "kept", kept_value(network, layer)) && ok;
    return value_complete(object, ok);
}

/* Remembers counts and kept weights, so that the step can be told when it is done. */
static espalier_status remember(espalier_record *record, const espalier_network *network,
                                espalier_error *error)
{
    json_decref(record->before);
    record->before = NULL;
    record->inputs_counted = espalier_network_inputs_counted(network);
    if (record->inputs_counted == 0)
        return ESPALIER_OK;
    json_t *layers = json_array();
    bool ok = true;
    for (size_t l = 0; ok && l < hidden_count(network); l++)
        ok = value_append(layers, before_value(network, l));
    record->before = value_complete(layers, ok);
    return record->before ? ESPALIER_OK : error_memory(error);
}

static json_t *counts_fields(espalier_record *record, const espalier_network *network,
                             const espalier_prune_step *step)
{
    json_t *layers = record->before, *object = json_object();
    bool ok = true;
    record->before = NULL;
    for (size_t l = 0; ok && l < hidden_count(network); l++)
        ok = value_put(json_array_get(layers, l), "kept_after", kept_value(network, l));
    ok = value_put(object, "step", value_count(step->step)) && ok;
    ok = value_put(object, "epoch", value_count(step->epoch)) && ok;
    ok = value_put(object, "inputs_counted", value_count(record->inputs_counted)) && ok;
    ok = value_put(object, "layers", layers) && ok;
    return value_complete(object, ok);
}

static json_t *left_value(const espalier_network *network, size_t layer)
{
    const espalier_cost cost = espalier_network_layer_cost(network, layer);
    json_t *object = json_object();
    bool ok = value_put(object, "live", value_count(cost.live));
    ok = value_put(object, "nonzero", value_count(cost.nonzero)) && ok;
    return value_complete(object, ok);
}

static json_t *step_fields(const espalier_network *network, const espalier_prune_step *step)
{
    json_t *object = value_step(step), *layers = json_array();
    bool ok = true;
    for (size_t l = 0; ok && l < espalier_network_layer_count(network); l++)
        ok = value_append(layers, left_value(network, l));
    ok = value_put(object, "layers", layers) && ok;
    return value_complete(object, ok);
}

static espalier_status log_step(espalier_record *record, const espalier_network *network,
                                const espalier_prune_step *step, espalier_error *error)
{
    espalier_status status =
        record_write(record, record_event("prune", step_fields(network, step)), error);
    if (status == ESPALIER_OK && record->before)
        status = record_write(record, record_event("counts", counts_fields(record, network, step)),
                              error);
    return status;
}

espalier_status record_step_begin(espalier_record *record, const espalier_network *network,
                                  size_t epoch, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    if (record->log)
        status = remember(record, network, error);
    if (status != ESPALIER_OK)
        return status;
    return record_spectra_take(record, network, "before", record->steps.count, epoch, error);
}

espalier_status record_step_end(espalier_record *record, const espalier_network *network,
                                const espalier_prune_step *step, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    if (!record_add(record->allocator, &record->steps, step, sizeof *step))
        return error_memory(error);
    if (record->log)
        status = log_step(record, network, step, error);
    if (status != ESPALIER_OK)
        return status;
    return record_spectra_take(record, network, "after", step->step, step->epoch, error);
}

espalier_status espalier_record_step_begin(espalier_record *record, const espalier_network *network,
                                           espalier_error *error)
{
    return record_step_begin(record, network, 0, error);
}

espalier_status espalier_record_step_end(espalier_record *record, const espalier_network *network,
                                         const espalier_prune_step *step, espalier_error *error)
{
    espalier_status status = record_step_end(record, network, step, error);
    const unsigned long long guarded = step->neurons_guarded;
    char note[160];
    snprintf(note, sizeof note,
             "pruning step %zu would have left too few neurons in some layer: %llu of the best %s kept",
             step->step + 1, guarded, guarded == 1 ? "was" : "were");
    return status || !guarded ? status : record_note(record, note, step->epoch, error);
}
