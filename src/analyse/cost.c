/* What a network costs: weights, operations, bytes, and how sparse that makes it. */
#include "espalier/analyse.h"

espalier_cost espalier_network_layer_cost(const espalier_network *network, size_t layer)
{
    const size_t inputs = espalier_network_inputs(network, layer);
    const size_t outputs = espalier_network_outputs(network, layer);
    const bool hidden = layer + 1 < espalier_network_layer_count(network);
    espalier_cost cost = {.weights = (uint64_t)inputs * outputs};
    cost.nonzero = cost.weights - espalier_network_pruned_count(network, layer);
    cost.flops = 2 * cost.nonzero;
    cost.live = hidden ? espalier_network_live(network, layer, NULL) : outputs;
    cost.bytes = sizeof(float) * (cost.nonzero + cost.live);
    return cost;
}

espalier_cost espalier_network_cost(const espalier_network *network)
{
    const size_t layers = espalier_network_layer_count(network);
    espalier_cost sum = {0};
    for (size_t l = 0; l < layers; l++) {
        const espalier_cost cost = espalier_network_layer_cost(network, l);
        sum.weights += cost.weights;
        sum.nonzero += cost.nonzero;
        sum.flops += cost.flops;
        sum.bytes += cost.bytes;
        if (l + 1 < layers)
            sum.live += cost.live;
    }
    return sum;
}

/* 1 - kept / original over all layers or the prunable ones; 0 where there are no weights. */
static double pruned_fraction(const espalier_network *network, bool prunable_only)
{
    const size_t layers = espalier_network_layer_count(network);
    uint64_t original = 0, kept = 0;
    for (size_t l = 0; l < layers; l++) {
        if (prunable_only && espalier_network_activation(network, l) == ESPALIER_LINEAR)
            continue;
        original += (uint64_t)espalier_network_original_width(network, l) *
                    espalier_network_original_width(network, l + 1);
        kept += espalier_network_layer_cost(network, l).nonzero;
    }
    return original ? (double)(original - kept) / (double)original : 0.0;
}

double espalier_network_sparsity(const espalier_network *network)
{
    return pruned_fraction(network, false);
}

double espalier_network_sparsity_prunable(const espalier_network *network)
{
    return pruned_fraction(network, true);
}
