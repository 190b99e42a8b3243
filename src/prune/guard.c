/* Trial steps and protection. */
#include "prune/guard.h"

#include <string.h>

#include "prune/propagate.h"

static uint64_t rank(const select_ranking *ranking, scratch *work, const scope_plan *plan,
                     espalier_scope scope)
{
    if (scope == ESPALIER_SCOPE_GLOBAL)
        return select_remove(ranking, work, 0, plan->hidden, plan->amounts[0]);
    uint64_t removed = 0;
    for (size_t l = 0; l < plan->hidden; l++)
        removed += select_remove(ranking, work, l, 1, plan->amounts[l]);
    return removed;
}

/* What can be kept alive at all: the neurons that live before the step once
 * those cut off earlier are gone. */
static void find_viable(scratch *work, size_t min_neurons)
{
    propagate_dead(work, ESPALIER_DEAD_DROP);
    for (size_t l = 0; l < work->hidden; l++) {
        scratch_layer *layer = &work->layers[l];
        size_t live = propagate_live(work, l, layer->viable);
        layer->need = live < min_neurons ? live : min_neurons;
        if (layer->linear) /* it loses nothing but what its neighbours lose */
            layer->need = 0;
        layer->protected_count = 0;
        memset(layer->protect, 0, layer->outputs);
    }
}

static void try_step(const select_ranking *ranking, scratch *work, const scope_plan *plan,
                     const espalier_prune_options *options, guard_outcome *outcome)
{
    scratch_reset_trial(work);
    outcome->by_rank = rank(ranking, work, plan, options->scope);
    outcome->by_propagation = propagate_dead(work, options->dead);
    for (size_t l = 0; l < work->hidden; l++)
        work->layers[l].live_count = propagate_live(work, l, work->layers[l].live);
}

/* Protects the best viable neuron that is not yet; false if there is none, or nothing
 * to protect it from. */
static bool protect_next(scratch_layer *layer)
{
    size_t best = layer->outputs;
    for (size_t j = 0; !layer->linear && j < layer->outputs; j++)
        if (layer->viable[j] && !layer->protect[j] &&
            (best == layer->outputs || layer->best[j] > layer->best[best]))
            best = j;
    if (best == layer->outputs)
        return false;
    layer->protect[best] = 1;
    layer->protected_count++;
    return true;
}

/* False if the trial leaves enough, or if nothing is left to protect. */
static bool protect_more(scratch *work)
{
    bool collapsed = false, grown = false;
    for (size_t l = 0; l < work->hidden; l++) {
        scratch_layer *layer = &work->layers[l];
        if (layer->live_count >= layer->need)
            continue;
        collapsed = true;
        while (layer->protected_count < layer->need && protect_next(layer))
            grown = true;
    }
    bool widen = collapsed && !grown;
    for (size_t l = 0; widen && l < work->hidden; l++)
        grown = protect_next(&work->layers[l]) || grown;
    return grown;
}

static void note_lost(scratch *work)
{
    for (size_t l = 0; l < work->hidden; l++)
        for (size_t j = 0; j < work->layers[l].outputs; j++)
            work->layers[l].lost[j] = !work->layers[l].live[j];
}

static size_t count_guarded(scratch *work)
{
    size_t total = 0;
    for (size_t l = 0; l < work->hidden; l++) {
        scratch_layer *layer = &work->layers[l];
        layer->guarded = 0;
        for (size_t j = 0; j < layer->outputs; j++)
            layer->guarded += layer->protect[j] && layer->lost[j] && layer->live[j];
        total += layer->guarded;
    }
    return total;
}

guard_outcome guard_settle(const select_ranking *ranking, scratch *work, const scope_plan *plan,
                           const espalier_prune_options *options)
{
    guard_outcome outcome = {0};
    find_viable(work, options->min_neurons);
    try_step(ranking, work, plan, options, &outcome);
    note_lost(work);
    while (protect_more(work))
        try_step(ranking, work, plan, options, &outcome);
    outcome.guarded = count_guarded(work);
    return outcome;
}
