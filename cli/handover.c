/* Which options go with an output, compaction before the export, the lines below its result. */
#include "handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proof.h"
#include "table.h"

static bool ends_in(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length >= tail && strcasecmp(path + length - tail, ending) == 0;
}

int handover_check(const option_set *set, const char *output)
{
    static const struct {
        const char *option, *ending;
    } only[] = {{"opset", ".onnx"}, {"gather", ".onnx"}, {"fold-scaling", ".safetensors"}};
    for (size_t i = 0; i < sizeof only / sizeof *only; i++)
        if (option_given(set, only[i].option) && !ends_in(output, only[i].ending))
            return usage_error(set->command, "--%s: expected an output that ends in %s, found '%s'",
                               only[i].option, only[i].ending, output);
    return EXIT_NONE;
}

/* ---- the small form ---------------------------------------------------- */

int handover_compact(espalier_network **network, const char *output)
{
    espalier_error error = {0};
    espalier_network *small = NULL;
    espalier_difference difference;
    char line[160];
    if (espalier_network_compact(*network, NULL, &small, NULL, &error))
        return fail(&error);
    int code = proof_run(*network, small, NULL, threads_default(), &difference);
    if (code == EXIT_NONE && !proof_holds(&difference)) {
        proof_text(&difference, line, sizeof line);
        message("%s; %s is not written", line, output);
        code = EXIT_CHECK;
    }
    espalier_network_destroy(code == EXIT_NONE ? *network : small);
    if (code == EXIT_NONE)
        *network = small;
    return code;
}

/* Weights of the matrices; those of the first layer for all inputs of a row, unless only
 * the kept ones are written. */
static uint64_t written_weights(const espalier_network *network, bool kept_only)
{
    uint64_t weights = 0;
    for (size_t l = 0; l < espalier_network_layer_count(network); l++) {
        size_t inputs = l || kept_only ? espalier_network_inputs(network, l)
                                       : espalier_network_row_width(network);
        weights += (uint64_t)inputs * espalier_network_outputs(network, l);
    }
    return weights;
}

/* Says what compaction would save, if that is a tenth or more. */
static void print_smaller(const espalier_network *network, bool kept_only)
{
    espalier_network *small = NULL;
    char after[DIGITS_BYTES], before[DIGITS_BYTES];
    if (espalier_network_sparsity(network) == 0 ||
        espalier_network_compact(network, NULL, &small, NULL, NULL))
        return;
    uint64_t now = written_weights(network, kept_only), then = written_weights(small, kept_only);
    if (then < now - now / 10)
        printf("smaller  %s of %s weights by --compact, the same function\n",
               digits(after, then), digits(before, now));
    espalier_network_destroy(small);
}

/* ---- PyTorch ----------------------------------------------------------- */

/* In as few digits as make the same number: 0.1, not 0.100000001. */
static void print_slope(float slope)
{
    char text[32];
    int figures = 1;
    do
        snprintf(text, sizeof text, "%.*g", figures, (double)slope);
    while (strtof(text, NULL) != slope && figures++ < 9);
    printf(", LeakyReLU(%s)", text);
}

static void print_module(const espalier_network *network, size_t layer)
{
    static const char *const modules[ESPALIER_ACTIVATION_COUNT] = {
        [ESPALIER_RELU] = "ReLU()",
        [ESPALIER_SIGMOID] = "Sigmoid()",
        [ESPALIER_TANH] = "Tanh()",
    };
    espalier_activation activation = espalier_network_activation(network, layer);
    size_t inputs = layer ? espalier_network_inputs(network, layer)
                          : espalier_network_row_width(network);
    printf("%sLinear(%zu, %zu)", layer ? ", " : "", inputs, espalier_network_outputs(network, layer));
    if (layer + 1 == espalier_network_layer_count(network))
        return;
    if (activation == ESPALIER_LEAKY_RELU)
        print_slope(espalier_network_slope(network, layer));
    else if (modules[activation])
        printf(", %s", modules[activation]);
}

static void print_scaling(const espalier_network *network)
{
    const float *shift = NULL, *scale = NULL;
    size_t pairs = espalier_network_scaling(network, &shift, &scale);
    if (pairs == 0 || (pairs == 1 && shift[0] == 0.0f && scale[0] == 1.0f))
        return;
    if (pairs == 1 && shift[0] == 0.0f)
        printf("inputs   x * %.9g", (double)scale[0]);
    else if (pairs == 1)
        printf("inputs   (x - %.9g) * %.9g", (double)shift[0], (double)scale[0]);
    else
        printf("inputs   (x - shift) * scale, lists in the file's metadata");
    puts("; or raw ones with --fold-scaling");
}

void handover_print(const espalier_network *network, const char *output,
                    const espalier_export_options *options)
{
    if (ends_in(output, ".safetensors")) {
        printf("modules  ");
        for (size_t l = 0; l < espalier_network_layer_count(network); l++)
            print_module(network, l);
        printf("\n");
        if (!options->fold_scaling)
            print_scaling(network);
        print_smaller(network, false);
    } else if (ends_in(output, ".onnx")) {
        print_smaller(network, options->gather);
    }
}
