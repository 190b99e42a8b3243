/* One pruning step: plan, trial, record, and only then the network itself. */
#include <math.h>

#include "base/error.h"
#include "prune/guard.h"
#include "prune/pruner.h"

static espalier_status check(const espalier_pruner *pruner, const espalier_network *network,
                             espalier_error *error)
{
    if (pruner->steps == 0)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "pruning step: the target is 0, there is nothing to prune");
    if (espalier_pruner_outstanding(pruner) == 0)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "pruning step: all %zu steps have been taken", pruner->steps);
    if (!scratch_fits(&pruner->work, network))
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "pruning step: the network has another shape, or other linear layers, "
                         "than the one the pruner was made for");
    if (pruner->criterion->needs_counts && espalier_network_inputs_counted(network) == 0)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "criterion %s needs activation counts and the network has none: count "
                         "them on training data first, or choose another criterion",
                         pruner->criterion->name);
    return ESPALIER_OK;
}

/* Fraction of the target's base that is pruned after `done` steps of the schedule. */
static double fraction_after(const espalier_pruner *pruner, const espalier_network *network,
                             size_t done)
{
    const espalier_prune_options *o = &pruner->options;
    size_t steps = pruner->steps;
    if (o->trigger == ESPALIER_TRIGGER_CUBIC)
        return schedule_cubic(o->target, steps, done);
    if (o->scope == ESPALIER_SCOPE_ONE_BY_ONE)
        steps /= scope_layer_count(network); /* rounds over all of them */
    return schedule_shares(o->target, o->share_ratio, steps, done);
}

static void make_plan(espalier_pruner *pruner, const espalier_network *network)
{
    size_t k = pruner->book.step_count, layer = 0;
    if (pruner->options.scope == ESPALIER_SCOPE_ONE_BY_ONE) {
        size_t layers = scope_layer_count(network);
        layer = scope_layer(network, k % layers);
        k /= layers;
    }
    scope_plan_fill(&pruner->plan, network, &pruner->options, fraction_after(pruner, network, k),
                    fraction_after(pruner, network, k + 1), layer);
}

/* Weights pruned once the trial is accepted. */
static scope_tally tally_trial(const espalier_network *network, const scratch *work)
{
    scope_tally tally = scope_count(network);
    for (size_t l = 0; l < work->layer_count; l++) {
        const scratch_layer *layer = &work->layers[l];
        const uint8_t *mask = network->layers[l].mask;
        uint64_t gone = 0;
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
            gone += mask[i] != work->trial[l][i];
        tally.pruned += gone;
        tally.pruned_prunable += network_has_activation(network, l) ? gone : 0;
    }
    return tally;
}

static espalier_prune_step describe(const espalier_pruner *pruner, const espalier_network *network,
                                    const guard_outcome *outcome, const pruner_moment *moment)
{
    scope_tally tally = tally_trial(network, &pruner->work);
    return (espalier_prune_step){
        .step = pruner->book.step_count,
        .epoch = moment->epoch,
        .training_accuracy = moment->training_accuracy,
        .requested = pruner->plan.requested,
        .removed_by_rank = outcome->by_rank,
        .removed_by_propagation = outcome->by_propagation,
        .neurons_guarded = outcome->guarded,
        .forced = moment->forced,
        .last = espalier_pruner_outstanding(pruner) == 1,
        .sparsity_all = (double)tally.pruned / (double)tally.all,
        .sparsity_prunable = (double)tally.pruned_prunable / (double)tally.prunable,
    };
}

static size_t hidden_neurons(const scratch *work)
{
    size_t count = 0;
    for (size_t l = 0; l < work->hidden; l++)
        count += work->layers[l].outputs;
    return count;
}

espalier_status pruner_take_step(espalier_pruner *pruner, espalier_network *network,
                                 const pruner_moment *moment, espalier_error *error)
{
    espalier_status status = check(pruner, network, error);
    if (status == ESPALIER_OK)
        status = ledger_reserve(&pruner->book, hidden_neurons(&pruner->work), error);
    if (status)
        return status;
    select_ranking ranking = {pruner->criterion,
                              {network, pruner->options.seed, (uint32_t)pruner->book.step_count}};
    scratch_load(&pruner->work, network);
    select_survey(&ranking, &pruner->work);
    make_plan(pruner, network);
    guard_outcome outcome =
        guard_settle(&ranking, &pruner->work, &pruner->plan, &pruner->options);
    espalier_prune_step step = describe(pruner, network, &outcome, moment);
    step.neurons_removed =
        ledger_collect(&pruner->book, &ranking, &pruner->work, network, step.step);
    status = ledger_write_history(&pruner->book, &step, step.neurons_removed,
                                  pruner->criterion->name, network, error);
    if (status)
        return status;
    scratch_accept(&pruner->work);
    ledger_commit(&pruner->book, &step, step.neurons_removed);
    return ESPALIER_OK;
}

espalier_status espalier_pruner_step(espalier_pruner *pruner, espalier_network *network,
                                     espalier_prune_step *step, espalier_error *error)
{
    pruner_moment now = {.training_accuracy = NAN};
    espalier_status status = pruner_take_step(pruner, network, &now, error);
    if (status == ESPALIER_OK && step)
        *step = pruner->book.steps[pruner->book.step_count - 1];
    return status;
}
