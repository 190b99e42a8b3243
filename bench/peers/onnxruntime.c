/* ONNX Runtime from C, on one thread with all graph optimisations; input and
 * output tensors lie in place over the caller's memory and are made once.
 *
 *   onnxruntime library=LIBONNXRUNTIME.so model=FILE.onnx values=FILE.f32
 *               inputs=784 classes=10 batch=1 [check=FILE.f32]
 *
 * values holds rows of scaled float32; the model's first dimension is `batch`.
 * check writes the probabilities of all rows. A round: seconds of a row.
 *
 * The library is opened at run time and needs no header: its interface is a
 * table of functions that only ever grows at its end, so the few places used
 * here are the same in every version from 1.0 on. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

typedef void ort_function(void);
typedef struct ort_status ort_status;
typedef struct ort_handle ort_handle;

/* What OrtGetApiBase() returns. */
typedef struct ort_base {
    ort_function *const *(*api)(uint32_t version);
    const char *(*version)(void);
} ort_base;

/* Places in the table of version 1, in the order of onnxruntime_c_api.h. */
enum {
    ORT_ERROR_MESSAGE = 2,
    ORT_CREATE_ENV = 3,
    ORT_CREATE_SESSION = 7,
    ORT_RUN = 9,
    ORT_CREATE_SESSION_OPTIONS = 10,
    ORT_SET_EXECUTION_MODE = 13,
    ORT_SET_GRAPH_OPTIMIZATION = 23,
    ORT_SET_INTRA_THREADS = 24,
    ORT_SET_INTER_THREADS = 25,
    ORT_TENSOR_WITH_DATA = 49,
    ORT_CPU_MEMORY = 69
};
enum { ORT_SEQUENTIAL = 0, ORT_ALL_OPTIMISATIONS = 99, ORT_FLOAT = 1, ORT_WARNING = 2 };

typedef const char *ort_message(const ort_status *);
typedef ort_status *ort_env(int level, const char *name, ort_handle **env);
typedef ort_status *ort_options(ort_handle **options);
typedef ort_status *ort_set(ort_handle *options, int value);
typedef ort_status *ort_session(const ort_handle *env, const char *path,
                                const ort_handle *options, ort_handle **session);
typedef ort_status *ort_memory(int allocator, int type, ort_handle **memory);
typedef ort_status *ort_tensor(const ort_handle *memory, void *data, size_t bytes,
                               const int64_t *shape, size_t dimensions, int type,
                               ort_handle **value);
typedef ort_status *ort_run(ort_handle *session, const ort_handle *options,
                            const char *const *inputs, const ort_handle *const *in,
                            size_t in_count, const char *const *outputs, size_t out_count,
                            ort_handle **out);

typedef struct runtime {
    ort_function *const *api;
    ort_run *run;
    ort_handle *session;
    ort_handle **in, **out; /* [rows / batch] */
    float *values, *probabilities;
    size_t rows, inputs, classes, batch;
} runtime;

static void need(const runtime *r, ort_status *status)
{
    if (status)
        bench_die("onnxruntime: %s", ((ort_message *)r->api[ORT_ERROR_MESSAGE])(status));
}

static const char *open_library(runtime *r, const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        bench_die("onnxruntime: %s", dlerror());
    const ort_base *(*base)(void);
    void *symbol = dlsym(library, "OrtGetApiBase");
    if (!symbol)
        bench_die("onnxruntime: %s has no OrtGetApiBase", path);
    memcpy(&base, &symbol, sizeof base); /* ISO C converts no object pointer to a function's */
    r->api = base()->api(1);
    if (!r->api)
        bench_die("onnxruntime: %s has no interface of version 1", path);
    return base()->version();
}

static void open_session(runtime *r, const char *model)
{
    ort_handle *env, *options;
    need(r, ((ort_env *)r->api[ORT_CREATE_ENV])(ORT_WARNING, "bench", &env));
    need(r, ((ort_options *)r->api[ORT_CREATE_SESSION_OPTIONS])(&options));
    need(r, ((ort_set *)r->api[ORT_SET_EXECUTION_MODE])(options, ORT_SEQUENTIAL));
    need(r, ((ort_set *)r->api[ORT_SET_GRAPH_OPTIMIZATION])(options, ORT_ALL_OPTIMISATIONS));
    need(r, ((ort_set *)r->api[ORT_SET_INTRA_THREADS])(options, 1));
    need(r, ((ort_set *)r->api[ORT_SET_INTER_THREADS])(options, 1));
    need(r, ((ort_session *)r->api[ORT_CREATE_SESSION])(env, model, options, &r->session));
    r->run = (ort_run *)r->api[ORT_RUN];
}

static void read_values(runtime *r, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        bench_die("onnxruntime: %s cannot be read", path);
    r->rows = (size_t)ftell(file) / (r->inputs * sizeof(float)) / r->batch * r->batch;
    rewind(file);
    r->values = bench_floats(r->rows * r->inputs);
    r->probabilities = bench_floats(r->rows * r->classes);
    if (fread(r->values, r->inputs * sizeof(float), r->rows, file) != r->rows || r->rows == 0)
        bench_die("onnxruntime: %s holds no rows of %zu", path, r->inputs);
    fclose(file);
}

static ort_handle *tensor(const runtime *r, const ort_handle *memory, float *data, size_t width)
{
    ort_handle *value;
    const int64_t shape[] = {(int64_t)r->batch, (int64_t)width};
    need(r, ((ort_tensor *)r->api[ORT_TENSOR_WITH_DATA])(
                memory, data, r->batch * width * sizeof *data, shape, 2, ORT_FLOAT, &value));
    return value;
}

static void make_tensors(runtime *r)
{
    ort_handle *memory;
    const size_t count = r->rows / r->batch;
    r->in = malloc(count * sizeof *r->in);
    r->out = malloc(count * sizeof *r->out);
    if (!r->in || !r->out)
        bench_die("onnxruntime: out of memory");
    need(r, ((ort_memory *)r->api[ORT_CPU_MEMORY])(1, 0, &memory)); /* arena, default memory */
    for (size_t i = 0; i < count; i++) {
        r->in[i] = tensor(r, memory, r->values + i * r->batch * r->inputs, r->inputs);
        r->out[i] = tensor(r, memory, r->probabilities + i * r->batch * r->classes, r->classes);
    }
}

static void pass(void *context)
{
    runtime *r = context;
    static const char *const input[] = {"x"}, *const output[] = {"p"};
    for (size_t i = 0; i < r->rows / r->batch; i++) {
        const ort_handle *const in[] = {r->in[i]};
        need(r, r->run(r->session, NULL, input, in, 1, output, 1, &r->out[i]));
    }
}

static double once(void *context)
{
    const runtime *r = context;
    return bench_repeat(pass, context, 0.1) / (double)r->rows;
}

static void write_check(runtime *r, const char *path)
{
    FILE *file = fopen(path, "wb");
    pass(r);
    if (!file || fwrite(r->probabilities, r->classes * sizeof(float), r->rows, file) != r->rows)
        bench_die("onnxruntime: %s cannot be written", path);
    fclose(file);
}

int main(int count, char **arguments)
{
    runtime r = {.inputs = bench_number(count, arguments, "inputs", 784),
                 .classes = bench_number(count, arguments, "classes", 10),
                 .batch = bench_number(count, arguments, "batch", 1)};
    const char *check = bench_option(count, arguments, "check", NULL);
    const char *version = open_library(&r, bench_option(count, arguments, "library", ""));
    char facts[64];
    open_session(&r, bench_option(count, arguments, "model", ""));
    read_values(&r, bench_option(count, arguments, "values", ""));
    make_tensors(&r);
    if (check)
        write_check(&r, check);
    snprintf(facts, sizeof facts, "{\"version\": \"%s\"}", version);
    bench_serve(facts, once, &r);
    return 0;
}
