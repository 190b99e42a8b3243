/* Steps and removed neurons, in memory and as JSON. */
#include "prune/ledger.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "format/json_text.h"
#include "net/network.h"

static const char key[] = "history";

void ledger_clear(ledger *book)
{
    memory_release(book->allocator, book->steps);
    memory_release(book->allocator, book->entries);
    *book = (ledger){.allocator = book->allocator};
}

/* Grows an array to hold `count + more` items; NULL without memory. */
static void *grow(const espalier_allocator *allocator, void *items, size_t item_bytes, size_t count,
                  size_t more, size_t *room)
{
    size_t wanted;
    if (!size_add(count, more, &wanted))
        return NULL;
    if (wanted <= *room)
        return items;
    if (wanted < *room * 2)
        wanted = *room * 2;
    void *larger = memory_array(allocator, wanted, item_bytes);
    if (!larger)
        return NULL;
    if (count)
        memcpy(larger, items, count * item_bytes);
    memory_release(allocator, items);
    *room = wanted;
    return larger;
}

espalier_status ledger_reserve(ledger *book, size_t entries, espalier_error *error)
{
    void *steps = grow(book->allocator, book->steps, sizeof *book->steps, book->step_count, 1,
                       &book->step_room);
    if (!steps)
        return error_memory(error);
    book->steps = steps;
    /* One more than needed, so that there is an array even without entries. */
    void *list = grow(book->allocator, book->entries, sizeof *book->entries, book->entry_count,
                      entries + 1, &book->entry_room);
    if (!list)
        return error_memory(error);
    book->entries = list;
    return ESPALIER_OK;
}

size_t ledger_collect(ledger *book, const select_ranking *ranking, const scratch *work,
                      const espalier_network *network, size_t step)
{
    espalier_ledger_entry *next = book->entries + book->entry_count;
    for (size_t l = 0; l < work->hidden; l++) {
        const scratch_layer *layer = &work->layers[l];
        const network_layer *source = &network->layers[l];
        for (size_t j = 0; j < layer->outputs; j++) {
            if (layer->kept[j] == 0 ||
                memchr(work->trial[l] + j * layer->inputs, 1, layer->inputs))
                continue;
            *next++ = (espalier_ledger_entry){
                .step = step,
                .layer = l,
                .neuron = source->kept ? (size_t)source->kept[j] : j,
                .score = ranking->criterion->score(layer->best[j]),
                .count = source->activations[j],
            };
        }
    }
    return (size_t)(next - (book->entries + book->entry_count));
}

/* JSON has no NaN and no infinity. */
static json_t *real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *neurons_json(const espalier_ledger_entry *entries, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *neuron = json_pack("[I, I, o, I]", (json_int_t)entries[i].layer,
                                   (json_int_t)entries[i].neuron, real_or_null(entries[i].score),
                                   (json_int_t)entries[i].count);
        if (json_array_append_new(list, neuron)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *step_json(const espalier_prune_step *step, const char *name,
                         const espalier_ledger_entry *entries, size_t count)
{
    return json_pack("{s:I, s:I, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:b, s:o}",
                     "step", (json_int_t)step->step,
                     "epoch", (json_int_t)step->epoch,
                     "criterion", name,
                     "requested", (json_int_t)step->requested,
                     "removed_by_rank", (json_int_t)step->removed_by_rank,
                     "removed_by_propagation", (json_int_t)step->removed_by_propagation,
                     "sparsity_all", real_or_null(step->sparsity_all),
                     "sparsity_prunable", real_or_null(step->sparsity_prunable),
                     "training_accuracy", real_or_null(step->training_accuracy),
                     "forced", step->forced,
                     "neurons", neurons_json(entries, count));
}

/* The list that is there (a new reference), or an empty one. */
static espalier_status load_history(const espalier_network *network, json_t **history,
                                    espalier_error *error)
{
    const char *text = espalier_network_metadata(network, key);
    json_error_t where;
    *history = text ? json_loads(text, 0, &where) : json_array();
    if (text && !json_is_array(*history)) {
        bool parsed = *history != NULL;
        json_decref(*history);
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "metadata '%s' of the network is not a JSON list of pruning steps: %s", key,
                         parsed ? "it is something else" : where.text);
    }
    return *history ? ESPALIER_OK : error_memory(error);
}

espalier_status ledger_check_history(const espalier_network *network, espalier_error *error)
{
    json_t *history;
    espalier_status status = load_history(network, &history, error);
    if (status == ESPALIER_OK)
        json_decref(history);
    return status;
}

/* A JSON list (NULL = an empty one) with one more at its end. Of the list's text nothing is read
 * and written anew: what stands in it stays as it is, and costs no more memory than its bytes. */
static char *appended(const char *list, const char *last, const espalier_allocator *allocator)
{
    const char *begin = list ? strchr(list, '[') + 1 : "";
    const char *end = list ? strrchr(list, ']') : begin;
    const size_t kept = (size_t)(end - begin), added = strlen(last);
    const bool first = strspn(begin, " \t\r\n") >= kept;
    char *text = memory_array(allocator, kept + added + 4, 1), *at = text;
    if (!text)
        return NULL;
    *at++ = '[';
    if (!first) {
        memcpy(at, begin, kept);
        at += kept;
        *at++ = ',';
    }
    memcpy(at, last, added);
    memcpy(at + added, "]", 2);
    return text;
}

espalier_status ledger_write_history(const ledger *book, const espalier_prune_step *step,
                                     size_t entries, const char *name,
                                     espalier_network *network, espalier_error *error)
{
    espalier_status status = ledger_check_history(network, error);
    if (status)
        return status;
    const espalier_allocator *allocator = network->allocator;
    json_t *object = step_json(step, name, book->entries + book->entry_count, entries);
    char *last = json_text_of(object, JSON_COMPACT | JSON_REAL_PRECISION(17), allocator);
    char *text = last ? appended(espalier_network_metadata(network, key), last, allocator) : NULL;
    status = text ? espalier_network_set_metadata(network, key, text) : ESPALIER_ERROR_MEMORY;
    memory_release(allocator, text);
    memory_release(allocator, last);
    json_decref(object);
    return status ? error_set(error, status, "%s", espalier_status_text(status)) : ESPALIER_OK;
}

void ledger_commit(ledger *book, const espalier_prune_step *step, size_t entries)
{
    book->steps[book->step_count++] = *step;
    book->entry_count += entries;
}
