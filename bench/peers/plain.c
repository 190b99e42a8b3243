/* The plain C loop: one prediction as a careful programmer writes it by hand,
 * left to the compiler (-O3 -march=native -ffast-math).
 *
 *   plain model=FILE data=FOLDER [batch=1] [rows=4096] [skip=0]
 *
 * Weights lie [in][out], so that the inner loop runs along outputs and is
 * vectorised. skip=1 leaves out inputs that are zero. A round: seconds of a row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "espalier/espalier.h"

enum { LAYERS_MOST = 64, VECTOR = 16 };

typedef struct layer {
    size_t inputs, outputs, stride; /* outputs up to whole vectors: no loop has a rest */
    float *weights, *biases;        /* [in][stride], [stride] */
} layer;

typedef struct plain {
    layer layers[LAYERS_MOST];
    size_t depth, rows;
    float *values;             /* [rows][inputs], scaled */
    float *one, *other, *out;  /* two rows of the widest layer; [rows][classes] */
    size_t *used;              /* [widest]: inputs that are not left out */
    int skip;
} plain;

/* Four inputs at a time, so that y is loaded and stored a fourth as often. */
static void multiply(const layer *l, int skip, const float *restrict x, float *restrict y,
                     size_t *restrict used)
{
    const size_t stride = l->stride;
    size_t count = 0, u = 0;
    for (size_t i = 0; i < l->inputs; i++)
        if (!skip || x[i] != 0.0f)
            used[count++] = i;
    memcpy(y, l->biases, stride * sizeof *y);
    for (; u + 4 <= count; u += 4) {
        const float x0 = x[used[u]], x1 = x[used[u + 1]], x2 = x[used[u + 2]], x3 = x[used[u + 3]];
        const float *restrict w0 = l->weights + used[u] * stride;
        const float *restrict w1 = l->weights + used[u + 1] * stride;
        const float *restrict w2 = l->weights + used[u + 2] * stride;
        const float *restrict w3 = l->weights + used[u + 3] * stride;
        for (size_t o = 0; o < stride; o++)
            y[o] += x0 * w0[o] + x1 * w1[o] + x2 * w2[o] + x3 * w3[o];
    }
    for (; u < count; u++) {
        const float value = x[used[u]];
        const float *restrict w = l->weights + used[u] * stride;
        for (size_t o = 0; o < stride; o++)
            y[o] += value * w[o];
    }
}

static void softmax(const float *x, size_t count, float *p)
{
    float most = x[0], sum = 0.0f;
    for (size_t i = 1; i < count; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t i = 0; i < count; i++)
        sum += p[i] = expf(x[i] - most);
    for (size_t i = 0; i < count; i++)
        p[i] /= sum;
}

static void pass(void *context)
{
    plain *p = context;
    const size_t classes = p->layers[p->depth - 1].outputs;
    for (size_t r = 0; r < p->rows; r++) {
        const float *x = p->values + r * p->layers[0].inputs;
        for (size_t l = 0; l < p->depth; l++) {
            float *y = l % 2 ? p->other : p->one;
            multiply(&p->layers[l], p->skip, x, y, p->used);
            for (size_t o = 0; l + 1 < p->depth && o < p->layers[l].outputs; o++)
                y[o] = y[o] > 0.0f ? y[o] : 0.0f;
            x = y;
        }
        softmax(x, classes, p->out + r * classes);
    }
}

static double once(void *context)
{
    const plain *p = context;
    return bench_repeat(pass, context, 0.1) / (double)p->rows;
}

static void read_model(plain *p, const char *path)
{
    espalier_error error = {0};
    espalier_network *network;
    size_t widest = 0;
    if (espalier_network_read(path, NULL, &network, &error) != ESPALIER_OK)
        bench_die("plain: %s", error.message);
    p->depth = espalier_network_layer_count(network);
    for (size_t l = 0; l < p->depth && l < LAYERS_MOST; l++) {
        const size_t in = espalier_network_inputs(network, l);
        const size_t out = espalier_network_outputs(network, l);
        const float *weights = espalier_network_weights_const(network, l);
        const float *biases = espalier_network_biases_const(network, l);
        const size_t stride = (out + VECTOR - 1) / VECTOR * VECTOR;
        p->layers[l] = (layer){in, out, stride, bench_floats(in * stride), bench_floats(stride)};
        for (size_t o = 0; o < stride; o++) {
            p->layers[l].biases[o] = o < out ? biases[o] : 0.0f;
            for (size_t i = 0; i < in; i++)
                p->layers[l].weights[i * stride + o] = o < out ? weights[o * in + i] : 0.0f;
        }
        widest = stride > widest ? stride : widest;
        widest = in > widest ? in : widest;
    }
    p->one = bench_floats(widest);
    p->other = bench_floats(widest);
    p->used = malloc(widest * sizeof *p->used);
    if (!p->used)
        bench_die("plain: out of memory");
    espalier_network_destroy(network);
}

static void read_rows(plain *p, const char *source)
{
    espalier_error error = {0};
    espalier_dataset *dataset;
    const float *shift, *scale;
    if (espalier_dataset_open(source, NULL, NULL, &dataset, &error) != ESPALIER_OK)
        bench_die("plain: %s", error.message);
    const size_t inputs = espalier_dataset_input_count(dataset);
    const size_t there = espalier_dataset_row_count(dataset, ESPALIER_TEST);
    p->rows = p->rows < there ? p->rows : there;
    p->values = bench_floats(p->rows * inputs);
    p->out = bench_floats(p->rows * p->layers[p->depth - 1].outputs);
    espalier_dataset_rows(dataset, ESPALIER_TEST, 0, p->rows, p->values);
    const size_t pairs = espalier_dataset_scaling(dataset, &shift, &scale);
    for (size_t i = 0; pairs && i < p->rows * inputs; i++) {
        const size_t pair = pairs > 1 ? i % inputs : 0;
        p->values[i] = (p->values[i] - shift[pair]) * scale[pair];
    }
    espalier_dataset_destroy(dataset);
}

int main(int count, char **arguments)
{
    plain p = {.rows = bench_number(count, arguments, "rows", 4096),
               .skip = bench_number(count, arguments, "skip", 0) != 0};
    read_model(&p, bench_option(count, arguments, "model", ""));
    read_rows(&p, bench_option(count, arguments, "data", "fashion-mnist"));
    bench_serve("{}", once, &p);
    return 0;
}
