/* The proof that a compacted network computes what the masked one does. */
#include "proof.h"

#include <stdio.h>
#include <stdlib.h>

#include "table.h"

enum { RANDOM_ROWS = 1000 };

/* Uniform in [0, 1): Vigna's splitmix64, its upper 24 bits. */
static float next_uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (float)((z ^ (z >> 31)) >> 40) * 0x1p-24f;
}

/* values[r][i] = shift_i + u / scale_i, so that the scaled input is u in [0, 1). */
static void fill(const espalier_network *network, float *values)
{
    const float *shift = NULL, *scale = NULL;
    size_t pairs = espalier_network_scaling(network, &shift, &scale);
    size_t width = espalier_network_row_width(network);
    uint64_t state = 1;
    for (size_t i = 0; i < RANDOM_ROWS * width; i++) {
        size_t pair = pairs > 1 ? i % width : 0;
        float u = next_uniform(&state);
        if (pairs && scale[pair] != 0)
            u = shift[pair] + u / scale[pair];
        values[i] = u;
    }
}

static espalier_status random_rows(const espalier_network *network, espalier_dataset **dataset,
                                   espalier_error *error)
{
    size_t width = espalier_network_row_width(network); /* <= 2^24 */
    float *values = calloc(RANDOM_ROWS * width, sizeof *values);
    uint32_t *labels = calloc(RANDOM_ROWS, sizeof *labels);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    if (values && labels) {
        espalier_dataset_options options = espalier_dataset_options_defaults();
        options.validation_fraction = 0;
        fill(network, values);
        status = espalier_dataset_from_floats(values, labels, RANDOM_ROWS, 0, width,
                                              espalier_network_class_count(network), &options,
                                              NULL, dataset, error);
    }
    free(values);
    free(labels);
    if (status)
        error->status = status;
    return status;
}

int proof_run(const espalier_network *masked, const espalier_network *small,
              const espalier_dataset *dataset, size_t threads, espalier_difference *difference)
{
    espalier_error error = {0};
    espalier_dataset *made = NULL;
    espalier_status status = ESPALIER_OK;
    if (!dataset)
        status = random_rows(masked, &made, &error);
    if (!status)
        status = espalier_compare(masked, small, dataset ? dataset : made, threads, difference,
                                  &error);
    espalier_dataset_destroy(made);
    return status ? fail(&error) : EXIT_NONE;
}

bool proof_holds(const espalier_difference *difference)
{
    return difference->class_changes == 0 && difference->largest <= PROOF_MOST;
}

void proof_text(const espalier_difference *difference, char *text, size_t size)
{
    char rows[DIGITS_BYTES], changes[DIGITS_BYTES];
    snprintf(text, size,
             "compacted %s masked: largest output difference %.2g over %s rows, %s classes changed",
             proof_holds(difference) ? "=" : "differs from", difference->largest,
             digits(rows, difference->rows), digits(changes, difference->class_changes));
}

json_t *proof_json(const espalier_difference *difference, const espalier_compaction *compaction)
{
    return json_pack("{s:I, s:I, s:o, s:I, s:I}", "neurons_removed",
                     (json_int_t)compaction->neurons_removed, "inputs_removed",
                     (json_int_t)compaction->inputs_removed, "largest_difference",
                     json_number(difference->largest), "rows", (json_int_t)difference->rows,
                     "class_changes", (json_int_t)difference->class_changes);
}
