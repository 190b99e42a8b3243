/* What a pruner must know to go on with a run in another process: the steps taken, the
 * neurons that went, and how long it has waited for the next step. Its options are given
 * again and must be the same; masks, counts and history are the network's. */
#include "base/error.h"
#include "base/memory.h"
#include "format/state.h"
#include "prune/pruner.h"

/* ---- saving --------------------------------------------------------------------- */

static json_t *step_value(const espalier_prune_step *step)
{
    state s = state_new();
    state_put_count(&s, "epoch", step->epoch);
    state_put_real(&s, "training_accuracy", step->training_accuracy);
    state_put_count(&s, "requested", step->requested);
    state_put_count(&s, "removed_by_rank", step->removed_by_rank);
    state_put_count(&s, "removed_by_propagation", step->removed_by_propagation);
    state_put_count(&s, "neurons_removed", step->neurons_removed);
    state_put_count(&s, "neurons_guarded", step->neurons_guarded);
    state_put_flag(&s, "forced", step->forced);
    state_put_flag(&s, "last", step->last);
    state_put_real(&s, "sparsity_all", step->sparsity_all);
    state_put_real(&s, "sparsity_prunable", step->sparsity_prunable);
    return state_value(&s);
}

static json_t *steps_value(const ledger *book)
{
    json_t *list = json_array();
    for (size_t i = 0; i < book->step_count; i++) {
        if (json_array_append_new(list, step_value(&book->steps[i]))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* [step, layer, neuron, count, score] for each neuron that went. */
static json_t *entries_value(const ledger *book)
{
    json_t *list = json_array();
    for (size_t i = 0; i < book->entry_count; i++) {
        const espalier_ledger_entry *entry = &book->entries[i];
        json_t *one = json_pack("[I, I, I, I, o]", (json_int_t)entry->step,
                                (json_int_t)entry->layer, (json_int_t)entry->neuron,
                                (json_int_t)entry->count, state_real_value(entry->score));
        if (json_array_append_new(list, one)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* All of them: each shapes what is pruned, when, or how it is counted. */
static json_t *options_value(const espalier_prune_options *o)
{
    state s = state_new();
    state_put_real(&s, "target", o->target);
    state_put_text(&s, "of", espalier_denominator_name(o->of));
    state_put_count(&s, "steps", o->steps);
    state_put_real(&s, "share_ratio", o->share_ratio);
    state_put_text(&s, "criterion", o->criterion);
    state_put_text(&s, "scope", espalier_scope_name(o->scope));
    state_put_text(&s, "trigger", espalier_trigger_name(o->trigger));
    state_put_real(&s, "start_accuracy", o->start_accuracy);
    state_put_real(&s, "final_accuracy", o->final_accuracy);
    state_put_count(&s, "every", o->every);
    state_put_count(&s, "patience", o->patience);
    state_put_count(&s, "cubic_epochs", o->cubic_epochs);
    state_put_count(&s, "cubic_interval", o->cubic_interval);
    state_put_flag(&s, "trained", o->trained);
    state_put_text(&s, "count", espalier_count_mode_name(o->count));
    state_put_text(&s, "window", espalier_count_window_name(o->window));
    state_put_count(&s, "sample_rows", o->sample_rows);
    state_put_text(&s, "amounts", espalier_amounts_name(o->amounts));
    state_put_text(&s, "dead", espalier_dead_name(o->dead));
    state_put_count(&s, "min_neurons", o->min_neurons);
    state_put_count(&s, "seed", o->seed);
    return state_value(&s);
}

static espalier_status save(void *context, char **text, espalier_error *error)
{
    const espalier_pruner *pruner = context;
    state s = state_new();
    state_put_count(&s, "steps", pruner->steps);
    state_put_real(&s, "best", pruner->watch.best);
    state_put_count(&s, "waited", pruner->watch.waited);
    state_put_flag(&s, "pending", pruner->pending);
    state_put_flag(&s, "forced", pruner->forced);
    state_put(&s, "taken", steps_value(&pruner->book));
    state_put(&s, "neurons", entries_value(&pruner->book));
    state_put(&s, "options", options_value(&pruner->options));
    *text = state_text(&s);
    return *text ? ESPALIER_OK : error_memory(error);
}

/* ---- restoring -------------------------------------------------------------------- */

static bool take_step(const json_t *value, size_t index, espalier_prune_step *step)
{
    state s = state_of(value);
    *step = (espalier_prune_step){
        .step = index,
        .epoch = (size_t)state_count(&s, "epoch", SIZE_MAX),
        .training_accuracy = state_real(&s, "training_accuracy"),
        .requested = state_count(&s, "requested", INT64_MAX),
        .removed_by_rank = state_count(&s, "removed_by_rank", INT64_MAX),
        .removed_by_propagation = state_count(&s, "removed_by_propagation", INT64_MAX),
        .neurons_removed = state_count(&s, "neurons_removed", INT64_MAX),
        .neurons_guarded = state_count(&s, "neurons_guarded", INT64_MAX),
        .forced = state_flag(&s, "forced"),
        .last = state_flag(&s, "last"),
        .sparsity_all = state_real(&s, "sparsity_all"),
        .sparsity_prunable = state_real(&s, "sparsity_prunable"),
    };
    return state_end(&s, "pruner", NULL) == ESPALIER_OK;
}

static bool take_entry(const json_t *value, size_t steps, espalier_ledger_entry *entry)
{
    uint64_t numbers[4];
    bool right = json_array_size(value) == 5 &&
                 state_take_real(json_array_get(value, 4), &entry->score);
    for (size_t i = 0; i < 4 && right; i++)
        right = state_take_count(json_array_get(value, i), INT64_MAX, &numbers[i]);
    if (!right || numbers[0] >= steps)
        return false;
    entry->step = (size_t)numbers[0];
    entry->layer = (size_t)numbers[1];
    entry->neuron = (size_t)numbers[2];
    entry->count = numbers[3];
    return true;
}

/* Steps one at a time, so that each brings its own room. */
static espalier_status take_book(ledger *book, const json_t *steps, const json_t *entries,
                                 espalier_error *error)
{
    size_t index;
    json_t *value;
    bool right = true;
    ledger_clear(book);
    espalier_status status = ledger_reserve(book, json_array_size(entries), error);
    json_array_foreach((json_t *)(uintptr_t)steps, index, value) {
        espalier_prune_step step;
        right = right && take_step(value, index, &step);
        if (right && status == ESPALIER_OK)
            status = ledger_reserve(book, json_array_size(entries), error);
        if (right && status == ESPALIER_OK)
            ledger_commit(book, &step, 0);
    }
    json_array_foreach((json_t *)(uintptr_t)entries, index, value) {
        if (status != ESPALIER_OK)
            return status;
        right = right && take_entry(value, book->step_count, &book->entries[index]);
    }
    book->entry_count = json_array_size(entries);
    return right || status ? status
                           : error_set(error, ESPALIER_ERROR_FORMAT,
                                       "the state of the pruner: a step or a removed neuron is no "
                                       "valid one");
}

static espalier_status restore(void *context, const char *text, espalier_error *error)
{
    espalier_pruner *pruner = context;
    state s = state_read(text);
    pruner->steps = (size_t)state_count(&s, "steps", SIZE_MAX);
    pruner->watch.best = state_real(&s, "best");
    pruner->watch.waited = (size_t)state_count(&s, "waited", SIZE_MAX);
    pruner->pending = state_flag(&s, "pending");
    pruner->forced = state_flag(&s, "forced");
    const json_t *steps = state_list(&s, "taken", SIZE_MAX);
    const json_t *entries = state_list(&s, "neurons", SIZE_MAX);
    espalier_status status =
        state_same_options(&s, "options", options_value(&pruner->options), "pruner", error);
    if (status == ESPALIER_OK && !s.wrong)
        status = take_book(&pruner->book, steps, entries, error);
    if (status == ESPALIER_OK && pruner->pending && espalier_pruner_outstanding(pruner) == 0)
        s.wrong = "pending";
    const espalier_status read = state_end(&s, "pruner", error);
    return status ? status : read;
}

const espalier_keeper pruner_keeper = {"pruner", save, restore};
