/* Making a pruner, and asking it. Steps are in step.c, the life with a trainer in
 * observer.c. */
#include "prune/pruner.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"

/* Steps as far as they are known before a run. */
static size_t count_steps(const espalier_prune_options *options)
{
    if (options->target <= 0.0)
        return 0;
    return options->trigger == ESPALIER_TRIGGER_ONCE ? 1 : options->steps;
}

/* The target must leave the output layer alone. */
static espalier_status check_target(const espalier_network *network,
                                    const espalier_prune_options *options, espalier_error *error)
{
    scope_tally tally = scope_count(network);
    if (options->target > 0.0 && tally.prunable == 0)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "target: expected 0, found %g: the network has no hidden layer to prune%s",
                         options->target,
                         network->layer_count > 1 ? " (linear ones are left alone)" : "");
    uint64_t most = tally.prunable + tally.pruned - tally.pruned_prunable;
    if (options->of == ESPALIER_OF_PRUNABLE || scope_floor(options->target, tally.all) <= most)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_ARGUMENT,
                     "target: expected at most %g of all weights (%llu of %llu: the output layer "
                     "%s not pruned), found %g",
                     floor((double)most / (double)tally.all * 1e6) * 1e-6, (unsigned long long)most,
                     (unsigned long long)tally.all,
                     scope_layer_count(network) == network->layer_count - 1 ? "is"
                                                                            : "and linear ones are",
                     options->target);
}

static espalier_status check_network(const espalier_network *network,
                                     const espalier_prune_options *options, espalier_error *error)
{
    size_t layers = scope_layer_count(network), steps = count_steps(options);
    espalier_status status = check_target(network, options, error);
    if (status == ESPALIER_OK)
        status = ledger_check_history(network, error);
    if (status || steps == 0 || options->scope != ESPALIER_SCOPE_ONE_BY_ONE || steps % layers == 0)
        return status;
    return error_set(error, ESPALIER_ERROR_ARGUMENT,
                     "steps: expected a multiple of the %zu hidden layers%s (scope one-by-one prunes "
                     "one of them in each step), found %zu%s",
                     layers, layers < network->layer_count - 1 ? " that are not linear" : "", steps,
                     options->trigger == ESPALIER_TRIGGER_ONCE ? " (trigger once)" : "");
}

espalier_status espalier_pruner_create(const espalier_network *network,
                                       const espalier_prune_options *options,
                                       const espalier_allocator *allocator,
                                       espalier_pruner **pruner, espalier_error *error)
{
    espalier_prune_options chosen = options ? *options : espalier_prune_options_defaults();
    espalier_status status = espalier_prune_options_check(&chosen, error);
    if (status == ESPALIER_OK)
        status = check_network(network, &chosen, error);
    if (status)
        return status;
    espalier_pruner *made = memory_array(allocator, 1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->allocator = made->book.allocator = allocator;
    made->options = chosen;
    made->criterion = criterion_find(chosen.criterion);
    made->options.criterion = made->criterion->name;
    made->steps = count_steps(&chosen);
    schedule_watch_start(&made->watch);
    status = scratch_create(network, allocator, &made->work, error);
    if (status == ESPALIER_OK)
        status = scope_plan_create(network, allocator, &made->plan, error);
    if (status) {
        espalier_pruner_destroy(made);
        return status;
    }
    *pruner = made;
    return ESPALIER_OK;
}

void espalier_pruner_destroy(espalier_pruner *pruner)
{
    if (!pruner)
        return;
    const espalier_allocator *allocator = pruner->allocator;
    scratch_clear(&pruner->work, allocator);
    scope_plan_clear(&pruner->plan, allocator);
    ledger_clear(&pruner->book);
    memory_release(allocator, pruner);
}

size_t espalier_pruner_step_count(const espalier_pruner *pruner)
{
    return pruner->book.step_count;
}

const espalier_prune_step *espalier_pruner_steps(const espalier_pruner *pruner)
{
    return pruner->book.steps;
}

size_t espalier_pruner_outstanding(const espalier_pruner *pruner)
{
    size_t done = pruner->book.step_count;
    return pruner->steps > done ? pruner->steps - done : 0;
}

bool espalier_pruner_reached(const espalier_pruner *pruner, const espalier_network *network)
{
    espalier_denominator of = pruner->options.of;
    scope_tally tally = scope_count(network);
    return scope_pruned(&tally, of) >= scope_floor(pruner->options.target, scope_base(&tally, of));
}

size_t espalier_pruner_ledger(const espalier_pruner *pruner, const espalier_ledger_entry **entries)
{
    *entries = pruner->book.entries;
    return pruner->book.entry_count;
}
