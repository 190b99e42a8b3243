/* Amounts of a step, by denominator, scope and way of counting. */
#include "prune/scope.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

__extension__ typedef unsigned __int128 wide;

uint64_t scope_floor(double fraction, uint64_t count)
{
    double whole = floor(fraction * (double)count * (1.0 + 0x1p-40));
    return whole >= (double)count ? count : (uint64_t)whole;
}

static uint64_t original_size(const espalier_network *network, size_t layer)
{
    return (uint64_t)network->original_widths[layer] * network->original_widths[layer + 1];
}

static uint64_t original_pruned(const espalier_network *network, size_t layer)
{
    uint64_t present = (uint64_t)network->layers[layer].inputs * network->layers[layer].outputs;
    return original_size(network, layer) - present + espalier_network_pruned_count(network, layer);
}

scope_tally scope_count(const espalier_network *network)
{
    scope_tally tally = {0};
    for (size_t l = 0; l < network->layer_count; l++) {
        bool prunable = network_has_activation(network, l);
        uint64_t size = original_size(network, l), pruned = original_pruned(network, l);
        tally.all += size;
        tally.pruned += pruned;
        tally.prunable += prunable ? size : 0;
        tally.pruned_prunable += prunable ? pruned : 0;
    }
    return tally;
}

size_t scope_layer_count(const espalier_network *network)
{
    size_t count = 0;
    for (size_t l = 0; l < network->layer_count; l++)
        count += network_has_activation(network, l);
    return count;
}

size_t scope_layer(const espalier_network *network, size_t index)
{
    size_t layer = 0;
    while (!network_has_activation(network, layer) || index-- > 0)
        layer++;
    return layer;
}

uint64_t scope_base(const scope_tally *tally, espalier_denominator of)
{
    return of == ESPALIER_OF_ALL ? tally->all : tally->prunable;
}

uint64_t scope_pruned(const scope_tally *tally, espalier_denominator of)
{
    return of == ESPALIER_OF_ALL ? tally->pruned : tally->pruned_prunable;
}

espalier_status scope_plan_create(const espalier_network *network,
                                  const espalier_allocator *allocator, scope_plan *plan,
                                  espalier_error *error)
{
    size_t hidden = network->layer_count - 1;
    uint64_t *words = memory_array(allocator, hidden * 5, sizeof *words);
    if (!words)
        return error_memory(error);
    *plan = (scope_plan){
        .hidden = hidden,
        .amounts = words,
        .sizes = words + hidden,
        .pruned = words + 2 * hidden,
        .goals = words + 3 * hidden,
        .remainders = words + 4 * hidden,
    };
    return ESPALIER_OK;
}

void scope_plan_clear(scope_plan *plan, const espalier_allocator *allocator)
{
    memory_release(allocator, plan->amounts);
    *plan = (scope_plan){0};
}

static uint64_t difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* Cuts `total` in proportion to the sizes (Hare's method of largest remainders;
 * of equal ones the first). A size of 0 gets nothing. */
static void apportion(scope_plan *plan, uint64_t total)
{
    uint64_t whole = 0, given = 0;
    for (size_t l = 0; l < plan->hidden; l++)
        whole += plan->sizes[l];
    if (whole == 0)
        total = 0;
    for (size_t l = 0; l < plan->hidden; l++) {
        wide part = (wide)total * plan->sizes[l];
        plan->goals[l] = whole ? (uint64_t)(part / whole) : 0;
        plan->remainders[l] = whole ? (uint64_t)(part % whole) : 0;
        given += plan->goals[l];
    }
    for (; given < total; given++) {
        size_t largest = 0;
        for (size_t l = 1; l < plan->hidden; l++)
            if (plan->remainders[l] > plan->remainders[largest])
                largest = l;
        plan->goals[largest]++;
        plan->remainders[largest] = 0;
    }
}

/* Brings all layers to one fraction by taking `total`; a layer beyond it drops
 * out, which lowers the fraction for the others, until none does. */
static void level(scope_plan *plan, uint64_t total)
{
    for (bool settled = false; !settled;) {
        uint64_t goal = total;
        for (size_t l = 0; l < plan->hidden; l++)
            goal += plan->sizes[l] ? plan->pruned[l] : 0;
        apportion(plan, goal);
        settled = true;
        for (size_t l = 0; l < plan->hidden; l++) {
            if (plan->sizes[l] && plan->goals[l] < plan->pruned[l]) {
                plan->sizes[l] = 0;
                settled = false;
            }
        }
    }
    for (size_t l = 0; l < plan->hidden; l++)
        plan->amounts[l] = plan->sizes[l] ? plan->goals[l] - plan->pruned[l] : 0;
}

static void fill_layers(scope_plan *plan, espalier_amounts amounts)
{
    if (amounts == ESPALIER_AMOUNTS_CUMULATIVE) {
        level(plan, plan->requested);
        return;
    }
    apportion(plan, plan->requested);
    memcpy(plan->amounts, plan->goals, plan->hidden * sizeof *plan->amounts);
}

/* The layer's own part of both goals: what other layers lost to propagation
 * does not count for it. */
static void fill_one(scope_plan *plan, espalier_amounts amounts, uint64_t from, uint64_t to,
                     size_t layer)
{
    apportion(plan, from);
    uint64_t start = plan->goals[layer];
    apportion(plan, to);
    if (amounts == ESPALIER_AMOUNTS_CUMULATIVE)
        start = plan->pruned[layer];
    plan->amounts[layer] = plan->requested = difference(plan->goals[layer], start);
}

void scope_plan_fill(scope_plan *plan, const espalier_network *network,
                     const espalier_prune_options *options, double before, double after,
                     size_t layer)
{
    scope_tally tally = scope_count(network);
    uint64_t base = scope_base(&tally, options->of);
    uint64_t from = scope_floor(before, base), to = scope_floor(after, base);
    if (options->amounts == ESPALIER_AMOUNTS_CUMULATIVE)
        plan->requested = difference(to, scope_pruned(&tally, options->of));
    else
        plan->requested = difference(to, from);
    for (size_t l = 0; l < plan->hidden; l++) {
        plan->amounts[l] = 0;
        plan->sizes[l] = network_has_activation(network, l) ? original_size(network, l) : 0;
        plan->pruned[l] = original_pruned(network, l);
    }
    if (options->scope == ESPALIER_SCOPE_ONE_BY_ONE)
        fill_one(plan, options->amounts, from, to, layer);
    else if (options->scope == ESPALIER_SCOPE_LAYER)
        fill_layers(plan, options->amounts);
    else
        plan->amounts[0] = plan->requested;
}
