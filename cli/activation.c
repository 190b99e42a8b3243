/* Activations on the command line. What they compute is the library's business. */
#include "activation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const espalier_activation offered[] = {ESPALIER_RELU, ESPALIER_LEAKY_RELU,
                                              ESPALIER_SIGMOID, ESPALIER_TANH};

enum { OFFERED = sizeof offered / sizeof *offered };

activation_settings activation_defaults(void)
{
    return (activation_settings){.index = 0, .slope = 0.01};
}

const char *activation_offered(size_t index)
{
    return index < OFFERED ? espalier_activation_name(offered[index]) : NULL;
}

espalier_activation activation_chosen(const activation_settings *a)
{
    return offered[a->index];
}

/* The number with the fewest digits that is this float. */
static double slope_of(const espalier_network *network, size_t layer)
{
    const float slope = espalier_network_slope(network, layer);
    char text[32];
    double value = (double)slope;
    for (int digits = 1; digits < 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)slope);
        value = strtod(text, NULL);
        if ((float)value == slope)
            return value;
    }
    return (double)slope;
}

static bool is_same(const espalier_network *network, size_t a, size_t b)
{
    return espalier_network_activation(network, a) == espalier_network_activation(network, b) &&
           espalier_network_slope(network, a) == espalier_network_slope(network, b);
}

int activation_like(activation_settings *a, const option_set *set, const char *model,
                    const espalier_network *network)
{
    const size_t hidden = espalier_network_layer_count(network) - 1;
    size_t first = SIZE_MAX;
    for (size_t l = 0; l < hidden && !option_given(set, "activation"); l++) {
        const espalier_activation here = espalier_network_activation(network, l);
        if (here == ESPALIER_LINEAR)
            continue;
        if (first != SIZE_MAX && !is_same(network, first, l)) {
            message("%s: expected one activation in all hidden layers, found several; choose "
                    "with --activation", model);
            return EXIT_FAILED;
        }
        first = l;
        for (unsigned i = 0; i < OFFERED; i++)
            a->index = offered[i] == here ? i : a->index;
        if (here == ESPALIER_LEAKY_RELU && !option_given(set, "leaky-slope"))
            a->slope = slope_of(network, l);
    }
    return EXIT_NONE;
}

int activation_settle(const activation_settings *a, option_set *set)
{
    const espalier_activation chosen = activation_chosen(a);
    if (option_given(set, "leaky-slope") && chosen != ESPALIER_LEAKY_RELU)
        return usage_error(set->command, "--leaky-slope: has no meaning with --activation %s",
                           espalier_activation_name(chosen));
    option_record(set, "activation", chosen != ESPALIER_RELU);
    option_record(set, "leaky-slope", chosen == ESPALIER_LEAKY_RELU);
    return EXIT_NONE;
}

int activation_set_all(const activation_settings *a, espalier_network *network)
{
    espalier_error error = {0};
    for (size_t l = 0; l + 1 < espalier_network_layer_count(network); l++)
        if (espalier_network_set_activation(network, l, activation_chosen(a), (float)a->slope,
                                            &error))
            return fail(&error);
    return EXIT_NONE;
}

void activation_warn(bool sigmoid, const char *criterion, espalier_count_mode count)
{
    if (sigmoid && strcmp(criterion, "activation") == 0 && count != ESPALIER_COUNT_SAMPLE_SUM)
        message("warning: every input activates a sigmoid, so that counts are equal and "
                "--criterion activation takes neurons by their number; --count sample-sum tells "
                "them apart");
}

/* ---- what a network has -------------------------------------------------- */

/* Those of hidden layers with the given one's; `all`: there are no others. */
static void print_one(const espalier_network *network, size_t first, bool all)
{
    const espalier_activation activation = espalier_network_activation(network, first);
    const char *before = "layer ";
    fputs(activation == ESPALIER_LINEAR ? "linear    " : "function  ", stdout);
    for (size_t l = first; l + 1 < espalier_network_layer_count(network); l++)
        if (is_same(network, first, l) && (!all || activation == ESPALIER_LINEAR)) {
            printf("%s%zu", before, l);
            before = ", ";
        }
    if (activation == ESPALIER_LINEAR) {
        puts(" (no activation: never pruned or counted)");
        return;
    }
    printf("%s%s", all ? "" : ": ", espalier_activation_name(activation));
    if (activation == ESPALIER_LEAKY_RELU)
        printf(", slope %g", slope_of(network, first));
    putchar('\n');
}

void activation_print(const espalier_network *network)
{
    const size_t hidden = espalier_network_layer_count(network) - 1;
    bool all = true, told = false;
    for (size_t l = 0; l < hidden; l++) {
        const espalier_activation here = espalier_network_activation(network, l);
        told = told || (here != ESPALIER_RELU && here != ESPALIER_LINEAR);
        all = all && is_same(network, 0, l);
    }
    for (size_t l = 0; l < hidden; l++) {
        size_t first = 0;
        while (!is_same(network, first, l))
            first++;
        if (first == l && (told || espalier_network_activation(network, l) == ESPALIER_LINEAR))
            print_one(network, l, all);
    }
}

void activation_put(json_t *object, const espalier_network *network, size_t layer)
{
    const bool output = layer + 1 == espalier_network_layer_count(network);
    const espalier_activation here = espalier_network_activation(network, layer);
    json_object_set_new(object, "activation",
                        json_string(output ? "softmax" : espalier_activation_name(here)));
    if (here == ESPALIER_LEAKY_RELU)
        json_object_set_new(object, "slope", json_real(slope_of(network, layer)));
}
