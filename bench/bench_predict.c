/* Time of a prediction, one row and many rows at a time, on one thread and on
 * real test rows.
 *
 *   bench_predict [data=fashion-mnist]
 *       the paper's network and a narrow one as pruning leaves behind, fresh,
 *       beside the plain forward pass of net/forward.h; one JSON line for each
 *       case: median, least and most of RUNS passes
 *   bench_predict model=FILE [batch=1] [rows=4096] [data=fashion-mnist] [check=FILE.f32]
 *       a model file, for bench/run; a round: seconds of a row. check writes
 *       the probabilities of all rows */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "common.h"
#include "espalier/espalier.h"
#include "net/forward.h"

enum { RUNS = 7, ROWS = 4096, CLASSES = 10, WIDTHS = 6 };

typedef struct bench_case {
    const char *network;
    const size_t widths[WIDTHS];
} bench_case;

typedef struct bench {
    espalier_network *network;
    espalier_predictor *predictor;
    const math_backend *math;
    size_t rows, inputs, batch;
    const float *values;  /* [rows][inputs], as they come */
    const float *scaled;  /* the same, scaled: the peer's input */
    float *out, *workspace, *before, *after;
} bench;

typedef void bench_method(bench *b, size_t first);

static void engine(bench *b, size_t first)
{
    espalier_predictor_run(b->predictor, b->values + first * b->inputs, b->batch, b->out,
                           b->workspace);
}

static void plain(bench *b, size_t first)
{
    const float *x = b->scaled + first * b->inputs;
    float *y = b->before, *other = b->after;
    const size_t layers = espalier_network_layer_count(b->network);
    for (size_t l = 0; l < layers; l++) {
        forward_layer(b->network, l, b->math, x, b->batch, y);
        float *swap = other;
        x = y;
        other = y;
        y = swap;
    }
    memcpy(b->out, x, b->batch * CLASSES * sizeof *b->out);
    forward_softmax(b->out, b->batch, CLASSES);
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Microseconds for each row, sorted; a first pass is not counted. */
static void time_runs(bench *b, bench_method *pass, double *microseconds)
{
    const size_t passes = b->rows / b->batch;
    for (int run = -1; run < RUNS; run++) {
        const double begin = clock_seconds();
        for (size_t p = 0; p < passes; p++)
            pass(b, p * b->batch);
        if (run >= 0)
            microseconds[run] = 1e6 * (clock_seconds() - begin) / (double)(passes * b->batch);
    }
    qsort(microseconds, RUNS, sizeof *microseconds, by_value);
}

/* "model name" of the first processor, or "unknown". */
static const char *machine(char *line, int size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    const char *name = "unknown";
    while (file && fgets(line, size, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        colon[strcspn(colon, "\n")] = '\0';
        name = colon + 2;
        break;
    }
    if (file)
        fclose(file);
    return name;
}

static void print_case(const bench_case *what, const bench *b, const char *method,
                       const double *microseconds)
{
    char line[256];
#ifdef __clang__
    const char *compiler = "clang " __clang_version__;
#else
    const char *compiler = "gcc " __VERSION__;
#endif
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:I, s:f, s:f, s:f, s:s, s:s, s:s, s:s, s:s}", "bench", "predict",
        "network", what->network, "method", method, "batch", (json_int_t)b->batch,
        "microseconds_per_row", microseconds[RUNS / 2], "least", microseconds[0], "most",
        microseconds[RUNS - 1], "math", b->math->name, "compiler", compiler, "flags", BENCH_FLAGS,
        "machine", machine(line, sizeof line), "version", espalier_version());
    if (object)
        json_dumpf(object, stdout, JSON_REAL_PRECISION(4));
    putchar('\n');
    json_decref(object);
}

static int fail(const espalier_error *error)
{
    fprintf(stderr, "bench_predict: %s\n", error->message);
    return 1;
}

static int run_case(const bench_case *what, bench *b, espalier_error *error)
{
    static const size_t batches[] = {1, 1024};
    static const struct {
        const char *name;
        bench_method *pass;
    } methods[] = {{"predictor", engine}, {"plain", plain}};
    const float shift = 0.0f, scale = 1.0f / 255.0f;
    if (espalier_network_create(what->widths, WIDTHS, NULL, &b->network, error) != ESPALIER_OK)
        return fail(error);
    espalier_network_initialise(b->network, ESPALIER_GLOROT_UNIFORM, 1);
    if (espalier_network_set_scaling(b->network, 1, &shift, &scale) != ESPALIER_OK ||
        espalier_predictor_create(b->network, NULL, &b->predictor, error) != ESPALIER_OK)
        return fail(error);
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        b->batch = batches[i];
        b->workspace = bench_floats(espalier_predictor_workspace(b->predictor, b->batch));
        for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
            double microseconds[RUNS];
            time_runs(b, methods[m].pass, microseconds);
            print_case(what, b, methods[m].name, microseconds);
        }
        free(b->workspace);
    }
    espalier_predictor_destroy(b->predictor);
    espalier_network_destroy(b->network);
    return 0;
}

static void all_rows(void *context)
{
    bench *b = context;
    for (size_t first = 0; first < b->rows; first += b->batch)
        espalier_predictor_run(b->predictor, b->values + first * b->inputs, b->batch,
                               b->out + first * CLASSES, b->workspace);
}

static double once(void *context)
{
    const bench *b = context;
    return bench_repeat(all_rows, context, 0.1) / (double)b->rows;
}

/* Times a model file for bench/run. */
static int serve(bench *b, const char *model, const char *check, espalier_error *error)
{
    if (espalier_network_read(model, NULL, &b->network, error) != ESPALIER_OK ||
        espalier_predictor_create(b->network, NULL, &b->predictor, error) != ESPALIER_OK)
        return fail(error);
    if (espalier_network_row_width(b->network) != b->inputs ||
        espalier_network_class_count(b->network) != CLASSES || b->batch < 1 || b->batch > b->rows)
        bench_die("bench_predict: %s does not fit the rows", model);
    b->rows -= b->rows % b->batch;
    b->workspace = bench_floats(espalier_predictor_workspace(b->predictor, b->batch));
    if (check) {
        FILE *file = fopen(check, "wb");
        all_rows(b);
        if (!file || fwrite(b->out, CLASSES * sizeof(float), b->rows, file) != b->rows)
            bench_die("bench_predict: %s cannot be written", check);
        fclose(file);
    }
    bench_serve("{}", once, b);
    free(b->workspace);
    espalier_predictor_destroy(b->predictor);
    espalier_network_destroy(b->network);
    return 0;
}

int main(int count, char **arguments)
{
    static const bench_case cases[] = {
        {"784-300-200-100-50-10", {784, 300, 200, 100, 50, CLASSES}},
        {"784-95-63-32-16-10", {784, 95, 63, 32, 16, CLASSES}},
    };
    espalier_error error = {0};
    espalier_dataset *dataset;
    const char *source = bench_option(count, arguments, "data", "fashion-mnist");
    const char *model = bench_option(count, arguments, "model", NULL);
    const size_t rows = bench_number(count, arguments, "rows", ROWS);
    if (espalier_dataset_open(source, NULL, NULL, &dataset, &error) != ESPALIER_OK)
        return fail(&error);
    bench b = {.math = math_backend_find(NULL), .inputs = espalier_dataset_input_count(dataset)};
    b.rows = espalier_dataset_row_count(dataset, ESPALIER_TEST);
    b.rows = b.rows < rows ? b.rows : rows;
    b.batch = bench_number(count, arguments, "batch", 1);
    if (b.inputs != cases[0].widths[0] || b.rows < 1024) {
        fprintf(stderr, "bench_predict: expected at least 1024 test rows of 784 values, found %zu "
                        "of %zu\n", b.rows, b.inputs);
        return 1;
    }
    float *values = bench_floats(b.rows * b.inputs), *scaled = bench_floats(b.rows * b.inputs);
    espalier_dataset_rows(dataset, ESPALIER_TEST, 0, b.rows, values);
    for (size_t i = 0; i < b.rows * b.inputs; i++)
        scaled[i] = values[i] / 255.0f;
    b.values = values;
    b.scaled = scaled;
    b.out = bench_floats(b.rows * CLASSES);
    b.before = bench_floats(b.rows * 300);
    b.after = bench_floats(b.rows * 300);
    int failed = model ? serve(&b, model, bench_option(count, arguments, "check", NULL), &error) : 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases && !model && !failed; i++)
        failed = run_case(&cases[i], &b, &error);
    free(values);
    free(scaled);
    free(b.out);
    free(b.before);
    free(b.after);
    espalier_dataset_destroy(dataset);
    return failed;
}
