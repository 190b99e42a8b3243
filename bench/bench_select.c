/* Time and memory of one global selection: a pruning step that takes 90 % of all
 * weights by one criterion.
 *
 *   bench_select criterion=activation [widths=5000-5000-5000-5000-5000-10]
 *
 * A round: {"seconds", "extra_bytes", "weight_bytes"}; extra is the peak of
 * resident memory above what was resident before the step, pruner included
 * (Linux: /proc/self). Each round starts from a fresh network. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "espalier/espalier.h"

enum { WIDTHS_MOST = 64 };

static void need(espalier_status status, const espalier_error *error)
{
    if (status != ESPALIER_OK)
        bench_die("bench_select: %s", error->message);
}

/* A field such as "VmHWM:" of /proc/self/status in bytes; 0 where there is none. */
static double resident_bytes(const char *field)
{
    char line[256];
    double kilobytes = 0.0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            sscanf(line + strlen(field), "%lf", &kilobytes);
    if (file)
        fclose(file);
    return 1024.0 * kilobytes;
}

/* The peak starts again from what is resident now. */
static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file) {
        fputs("5", file);
        fclose(file);
    }
}

static espalier_network *fresh(const size_t *widths, size_t found)
{
    espalier_error error = {0};
    espalier_network *network;
    uint64_t draw = 1;
    need(espalier_network_create(widths, found, NULL, &network, &error), &error);
    espalier_network_initialise(network, ESPALIER_HE_UNIFORM, 1);
    espalier_network_set_inputs_counted(network, 54000);
    for (size_t l = 0; l + 1 < espalier_network_layer_count(network); l++)
        for (size_t o = 0; o < espalier_network_outputs(network, l); o++) {
            draw = draw * 6364136223846793005u + 1442695040888963407u;
            espalier_network_activations(network, l)[o] = (draw >> 33) % 54000;
        }
    return network;
}

static void round_of(const size_t *widths, size_t found, const char *criterion)
{
    espalier_error error = {0};
    espalier_pruner *pruner;
    espalier_prune_options options = espalier_prune_options_defaults();
    options.criterion = criterion;
    options.steps = 1;
    options.target = 0.9;
    espalier_network *network = fresh(widths, found);
    forget_peak();
    const double before = resident_bytes("VmRSS:"), begin = bench_clock();
    need(espalier_pruner_create(network, &options, NULL, &pruner, &error), &error);
    need(espalier_pruner_step(pruner, network, NULL, &error), &error);
    const double seconds = bench_clock() - begin;
    printf("{\"seconds\": %.9g, \"extra_bytes\": %.0f, \"weight_bytes\": %.0f}\n", seconds,
           resident_bytes("VmHWM:") - before,
           sizeof(float) * (double)espalier_network_weight_count(network));
    fflush(stdout);
    espalier_pruner_destroy(pruner);
    espalier_network_destroy(network);
}

int main(int count, char **arguments)
{
    size_t widths[WIDTHS_MOST];
    const char *criterion = bench_option(count, arguments, "criterion", "activation");
    const size_t found =
        bench_widths(bench_option(count, arguments, "widths", "5000-5000-5000-5000-5000-10"),
                     widths, WIDTHS_MOST);
    bench_ready("{}");
    while (bench_next())
        round_of(widths, found, criterion);
    return 0;
}
