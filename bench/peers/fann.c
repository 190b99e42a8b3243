/* FANN: incremental training (a row at a time: it has no mini-batches) of the
 * paper's network in single precision. It has no ReLU either; its bounded linear
 * function is the nearest.
 *
 *   fann values=FILE.f32 labels=FILE.u8 [rows=54000] [widths=784-300-200-100-50-10]
 *
 * A round: seconds of an epoch, rows shuffled. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <floatfann.h>

#include "common.h"

enum { WIDTHS_MOST = 64 };

typedef struct state {
    struct fann *network;
    struct fann_train_data *data;
} state;

static struct fann_train_data *load(const char *values, const char *labels, unsigned rows,
                                    unsigned inputs, unsigned classes)
{
    struct fann_train_data *data = fann_create_train(rows, inputs, classes);
    FILE *x = fopen(values, "rb"), *y = fopen(labels, "rb");
    if (!data || !x || !y)
        bench_die("fann: %s and %s cannot be read", values, labels);
    for (unsigned r = 0; r < rows; r++) {
        const int label = fgetc(y);
        if (label < 0 || (unsigned)label >= classes ||
            fread(data->input[r], sizeof(fann_type), inputs, x) != inputs)
            bench_die("fann: row %u is missing", r);
        memset(data->output[r], 0, classes * sizeof(fann_type));
        data->output[r][label] = 1;
    }
    fclose(x);
    fclose(y);
    return data;
}

static double once(void *context)
{
    state *s = context;
    const double begin = bench_clock();
    fann_shuffle_train_data(s->data);
    fann_train_epoch(s->network, s->data);
    return bench_clock() - begin;
}

int main(int count, char **arguments)
{
    size_t widths[WIDTHS_MOST];
    unsigned layers[WIDTHS_MOST];
    const size_t depth = bench_widths(
        bench_option(count, arguments, "widths", "784-300-200-100-50-10"), widths, WIDTHS_MOST);
    for (size_t i = 0; i < depth; i++)
        layers[i] = (unsigned)widths[i];
    state s = {.network = fann_create_standard_array((unsigned)depth, layers)};
    if (!s.network)
        bench_die("fann: no network");
    fann_set_training_algorithm(s.network, FANN_TRAIN_INCREMENTAL);
    fann_set_activation_function_hidden(s.network, FANN_LINEAR_PIECE);
    fann_set_activation_function_output(s.network, FANN_SIGMOID);
    fann_set_learning_rate(s.network, 0.01f);
    s.data = load(bench_option(count, arguments, "values", ""),
                  bench_option(count, arguments, "labels", ""),
                  (unsigned)bench_number(count, arguments, "rows", 54000), layers[0],
                  layers[depth - 1]);
    bench_serve("{}", once, &s);
    return 0;
}
