/* Singular values in a run: of all layers, when it begins and ends, before and after
 * each pruning step. */
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "espalier/analyse.h"
#include "report/record.h"
#include "report/value.h"

void espalier_record_spectra(espalier_record *record, bool on)
{
    record->spectra_wanted = on;
}

/* ---- one event ----------------------------------------------------------- */

static json_t *values_value(const espalier_spectrum *spectrum)
{
    json_t *array = json_array();
    bool ok = true;
    for (size_t i = 0; ok && i < spectrum->count; i++)
        ok = value_append(array, value_number((double)spectrum->values[i]));
    return value_complete(array, ok);
}

static json_t *layer_value(const espalier_spectrum *spectrum, const espalier_cost *cost)
{
    const double kept = (double)cost->nonzero / (double)cost->weights;
    json_t *object = json_object();
    bool ok = value_put(object, "singular_values", values_value(spectrum));
    ok = value_put(object, "rank", value_count(spectrum->rank)) && ok;
    ok = value_put(object, "stable_rank", value_number(spectrum->stable_rank)) && ok;
    ok = value_put(object, "spectral", value_number(spectrum->spectral)) && ok;
    ok = value_put(object, "frobenius", value_number(spectrum->frobenius)) && ok;
    ok = value_put(object, "nuclear", value_number(spectrum->nuclear)) && ok;
    ok = value_put(object, "sparsity", value_number(1.0 - kept)) && ok;
    ok = value_put(object, "live", value_count(cost->live)) && ok;
    ok = value_put(object, "flops", value_count(cost->flops)) && ok;
    ok = value_put(object, "bytes", value_count(cost->bytes)) && ok;
    return value_complete(object, ok);
}

/* Appends what is known of one layer. */
static espalier_status add_layer(const espalier_record *record, const espalier_network *network,
                                 size_t layer, json_t *layers, espalier_error *error)
{
    const espalier_cost cost = espalier_network_layer_cost(network, layer);
    espalier_spectrum spectrum;
    espalier_status status =
        espalier_network_spectrum(network, layer, record->allocator, &spectrum, error);
    if (status != ESPALIER_OK)
        return status;
    if (!value_append(layers, layer_value(&spectrum, &cost)))
        status = error_memory(error);
    espalier_spectrum_clear(&spectrum, record->allocator);
    return status;
}

/* Keeps the event's text and appends it to the log. Takes over the reference. */
static espalier_status keep(espalier_record *record, json_t *event, espalier_error *error)
{
    char *text = event ? value_dump(event, record->allocator) : NULL;
    if (!text || !record_add(record->allocator, &record->spectra, &text, sizeof text)) {
        memory_release(record->allocator, text);
        json_decref(event);
        return error_memory(error);
    }
    return record_write(record, event, error);
}

espalier_status record_spectra_take(espalier_record *record, const espalier_network *network,
                                    const char *when, size_t step, size_t epoch,
                                    espalier_error *error)
{
    if (!record->spectra_wanted)
        return ESPALIER_OK;
    json_t *fields = json_object(), *layers = json_array();
    bool ok = value_put(fields, "when", value_text(when));
    ok = value_put(fields, "step", step == SIZE_MAX ? json_null() : value_count(step)) && ok;
    ok = value_put(fields, "epoch", value_count(epoch)) && ok;
    ok = value_put(fields, "layers", layers) && ok;
    espalier_status status = ok ? ESPALIER_OK : error_memory(error);
    for (size_t l = 0; status == ESPALIER_OK && l < espalier_network_layer_count(network); l++)
        status = add_layer(record, network, l, layers, error);
    if (status == ESPALIER_OK)
        return keep(record, record_event("spectrum", fields), error);
    json_decref(fields);
    return status;
}

/* ---- all of them --------------------------------------------------------- */

/* "[a,b,c]" */
static void join(const record_list *list, char *text)
{
    char *const *items = list->items;
    *text++ = '[';
    for (size_t i = 0; i < list->count; i++) {
        const size_t length = strlen(items[i]);
        if (i > 0)
            *text++ = ',';
        memcpy(text, items[i], length);
        text += length;
    }
    memcpy(text, "]", 2);
}

espalier_status espalier_record_spectra_json(const espalier_record *record, char **json,
                                             espalier_error *error)
{
    char *const *items = record->spectra.items;
    size_t bytes = sizeof "[]";
    bool fits = true;
    for (size_t i = 0; i < record->spectra.count; i++)
        fits = fits && size_add(bytes, strlen(items[i]) + 1, &bytes);
    char *text = fits ? memory_array(NULL, bytes, 1) : NULL;
    if (!text)
        return error_memory(error);
    join(&record->spectra, text);
    *json = text;
    return ESPALIER_OK;
}
