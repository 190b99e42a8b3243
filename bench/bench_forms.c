/* Where a layer's sparse form overtakes its dense one: the paper's network with weights
 * zeroed at random, every layer but the last to the same share, all layers in one form,
 * on one thread and on real test rows.
 *
 *   bench_forms [data=fashion-mnist] [rows=4096]
 *
 * A line for each share and batch: microseconds of a row by form, the median of RUNS
 * passes in turns, and which one the model takes (infer/form.h). Then for each layer
 * the model's break-even, beside the shares between which the whole network was seen
 * to change over. */
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "common.h"
#include "espalier/espalier.h"
#include "infer/predictor.h"

enum { RUNS = 7, CLASSES = 10, WIDTHS = 6, FORMS = FORM_BY_MODEL + 1 };

static const size_t widths[WIDTHS] = {784, 300, 200, 100, 50, CLASSES};
static const char *const names[FORMS] = {"dense", "lists", "tiles", "model"};

typedef struct bench {
    espalier_predictor *predictors[FORMS];
    size_t rows, batch;
    const float *values; /* [rows][inputs] */
    float *out, *workspace;
} bench;

static void check(espalier_status status, const espalier_error *error)
{
    if (status != ESPALIER_OK)
        bench_die("bench_forms: %s", error->message);
}

static espalier_network *make(double zeros)
{
    espalier_network *network;
    espalier_error error = {0};
    const float shift = 0.0f, scale = 1.0f / 255.0f;
    check(espalier_network_create(widths, WIDTHS, NULL, &network, &error), &error);
    espalier_network_initialise(network, ESPALIER_GLOROT_UNIFORM, 1);
    check(espalier_network_set_scaling(network, 1, &shift, &scale), &error);
    for (size_t l = 0; l + 1 < WIDTHS - 1; l++) {
        uint8_t *mask = espalier_network_mask(network, l);
        for (size_t i = 0; i < widths[l] * widths[l + 1]; i++)
            mask[i] = random_uniform(1, random_stream(RANDOM_TEST, (uint32_t)l), i) >= zeros;
    }
    espalier_network_apply_masks(network);
    return network;
}

static double pass(const bench *b, const espalier_predictor *predictor)
{
    const double begin = bench_clock();
    size_t rows = 0;
    for (; rows + b->batch <= b->rows; rows += b->batch)
        espalier_predictor_run(predictor, b->values + rows * widths[0], b->batch, b->out,
                               b->workspace);
    return 1e6 * (bench_clock() - begin) / (double)rows;
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Median, least and most of every form, the forms in turns. */
static void measure(bench *b, double (*times)[RUNS])
{
    size_t most = 0;
    for (size_t f = 0; f < FORMS; f++) {
        const size_t floats = espalier_predictor_workspace(b->predictors[f], b->batch);
        most = floats > most ? floats : most;
    }
    b->workspace = bench_floats(most);
    for (int run = -1; run < RUNS; run++)
        for (size_t f = 0; f < FORMS; f++)
            times[f][run < 0 ? 0 : run] = pass(b, b->predictors[f]);
    for (size_t f = 0; f < FORMS; f++)
        qsort(times[f], RUNS, sizeof **times, by_value);
    free(b->workspace);
}

/* Prints a line; returns whether a sparse form was the faster one. */
static bool print_line(bench *b, double zeros)
{
    double times[FORMS][RUNS];
    measure(b, times);
    printf("%5.0f %%  %5zu ", 100.0 * zeros, b->batch);
    for (size_t f = 0; f < FORMS; f++)
        printf("  %s %6.2f [%6.2f, %6.2f]", names[f], times[f][RUNS / 2], times[f][0],
               times[f][RUNS - 1]);
    putchar('\n');
    const double lists = times[FORM_LISTS][RUNS / 2], tiles = times[FORM_TILES][RUNS / 2];
    return (lists < tiles ? lists : tiles) < times[FORM_DENSE][RUNS / 2];
}

static void print_break_even(void)
{
    espalier_network *network = make(0.0);
    espalier_predictor *predictor;
    espalier_error error = {0};
    check(espalier_predictor_create(network, NULL, &predictor, &error), &error);
    puts("the model's break-even: share of zeros, for one row, for many rows");
    for (size_t l = 0; l < espalier_predictor_layer_count(predictor); l++) {
        const espalier_predictor_layer layer = espalier_predictor_layer_form(predictor, l);
        printf("%5zu x %-5zu %5.1f %%  %5.1f %%\n", layer.inputs, layer.outputs,
               100.0 * layer.one_row_break_even, 100.0 * layer.many_rows_break_even);
    }
    espalier_predictor_destroy(predictor);
    espalier_network_destroy(network);
}

/* The largest share at which dense was faster, the least at which it was not. */
static void measure_batch(bench *b, const double *shares, size_t count)
{
    espalier_error error = {0};
    double dense = 0.0, sparse = 1.0;
    for (size_t s = 0; s < count; s++) {
        espalier_network *network = make(shares[s]);
        for (size_t f = 0; f < FORMS; f++)
            check(predictor_create(network, (form)f, NULL, &b->predictors[f], &error), &error);
        if (!print_line(b, shares[s]))
            dense = shares[s];
        else if (shares[s] < sparse)
            sparse = shares[s];
        for (size_t f = 0; f < FORMS; f++)
            espalier_predictor_destroy(b->predictors[f]);
        espalier_network_destroy(network);
    }
    printf("batch %zu: break-even measured between %.0f and %.0f %%\n", b->batch, 100.0 * dense,
           100.0 * sparse);
}

int main(int count, char **arguments)
{
    static const double shares[] = {0.0, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.98};
    espalier_error error = {0};
    espalier_dataset *dataset;
    bench b = {.rows = bench_number(count, arguments, "rows", 4096)};
    check(espalier_dataset_open(bench_option(count, arguments, "data", "fashion-mnist"), NULL,
                                NULL, &dataset, &error), &error);
    const size_t found = espalier_dataset_row_count(dataset, ESPALIER_TEST);
    b.rows = b.rows < found ? b.rows : found;
    if (espalier_dataset_input_count(dataset) != widths[0] || b.rows < 1024)
        bench_die("bench_forms: expected at least 1024 test rows of %zu values, found %zu of %zu",
                  widths[0], b.rows, espalier_dataset_input_count(dataset));
    float *values = bench_floats(b.rows * widths[0]);
    espalier_dataset_rows(dataset, ESPALIER_TEST, 0, b.rows, values);
    b.values = values;
    b.out = bench_floats(b.rows * CLASSES);
    for (b.batch = 1; b.batch <= 1024; b.batch *= 1024)
        measure_batch(&b, shares, sizeof shares / sizeof *shares);
    print_break_even();
    free(values);
    free(b.out);
    espalier_dataset_destroy(dataset);
    return 0;
}
