/* The proof that a compacted network computes what the masked one does. */
#include "proof.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "table.h"

/* In all, 2.5 s of one core, and at once, 16 MiB; a row may be wider than that. */
enum { RANDOM_ROWS = 1000, RANDOM_VALUES = 1 << 27, VALUES_AT_ONCE = 1 << 22 };

/* Uniform in [0, 1): Vigna's splitmix64, its upper 24 bits. */
static float next_uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (float)((z ^ (z >> 31)) >> 40) * 0x1p-24f;
}

/* values[r][i] = shift_i + u / scale_i, so that the scaled input is u in [0, 1); u itself where
 * no float is large enough for that. */
static void fill(const espalier_network *network, uint64_t *state, size_t rows, float *values)
{
    const float *shift = NULL, *scale = NULL;
    size_t pairs = espalier_network_scaling(network, &shift, &scale);
    size_t width = espalier_network_row_width(network);
    for (size_t i = 0; i < rows * width; i++) {
        size_t pair = pairs > 1 ? i % width : 0;
        float u = next_uniform(state), value = pairs ? shift[pair] + u / scale[pair] : u;
        values[i] = isfinite(value) ? value : u;
    }
}

static espalier_status random_rows(const espalier_network *network, uint64_t *state, size_t rows,
                                   espalier_dataset **dataset, espalier_error *error)
{
    size_t width = espalier_network_row_width(network); /* <= 2^24 */
    float *values = calloc(rows * width, sizeof *values);
    uint32_t *labels = calloc(rows, sizeof *labels);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    if (values && labels) {
        espalier_dataset_options options = espalier_dataset_options_defaults();
        options.validation_fraction = 0;
        options.scaling = ESPALIER_SCALING_NONE;
        fill(network, state, rows, values);
        status = espalier_dataset_from_floats(values, labels, rows, 0, width,
                                              espalier_network_class_count(network), &options,
                                              NULL, dataset, error);
    }
    free(values);
    free(labels);
    if (status)
        error->status = status;
    return status;
}

static size_t at_most(size_t rows, size_t limit)
{
    return rows < limit ? rows : limit;
}

/* Of wide rows a few at a time, and fewer of very wide ones: how wide a row is costs a model's
 * file nothing, where it says which columns it reads. */
static espalier_status compare_random(const espalier_network *masked, const espalier_network *small,
                                      size_t threads, espalier_difference *difference,
                                      espalier_error *error)
{
    const size_t width = espalier_network_row_width(masked); /* <= 2^24 */
    const size_t rows = at_most(RANDOM_VALUES / width, RANDOM_ROWS);
    const size_t once = VALUES_AT_ONCE < width ? 1 : VALUES_AT_ONCE / width;
    espalier_difference all = {0}, part;
    espalier_status status = ESPALIER_OK;
    uint64_t state = 1;
    while (all.rows < rows) {
        espalier_dataset *some = NULL;
        status = random_rows(masked, &state, at_most(rows - (size_t)all.rows, once), &some, error);
        if (!status)
            status = espalier_compare(masked, small, some, threads, &part, error);
        espalier_dataset_destroy(some);
        if (status)
            break;
        all.largest = fmax(all.largest, part.largest);
        all.rows += part.rows;
        all.class_changes += part.class_changes;
    }
    *difference = all;
    return status;
}

int proof_run(const espalier_network *masked, const espalier_network *small,
              const espalier_dataset *dataset, size_t threads, espalier_difference *difference)
{
    espalier_error error = {0};
    const espalier_status status =
        dataset ? espalier_compare(masked, small, dataset, threads, difference, &error)
                : compare_random(masked, small, threads, difference, &error);
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
