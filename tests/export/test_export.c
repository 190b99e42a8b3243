/* Exporters: what each writes, and how a path chooses one. */
#define _POSIX_C_SOURCE 200809L
#include "espalier/export.h"

#include "base/test_allocator.h"
#include "base/test_files.h"
#include "format/safetensors.h"
#include "net/networks.h"

#define FILE_NAME "test_export.safetensors"

/* y = W x + b of one module in the file; false where there is none of that number. */
static bool run_module(const safetensors *file, size_t module, double *x, size_t *width)
{
    const safetensors_tensor *weight = NULL, *bias = NULL;
    char names[2][40];
    snprintf(names[0], sizeof names[0], "%zu.weight", module);
    snprintf(names[1], sizeof names[1], "%zu.bias", module);
    for (size_t i = 0; i < file->tensor_count; i++) {
        if (strcmp(file->tensors[i].name, names[0]) == 0)
            weight = &file->tensors[i];
        if (strcmp(file->tensors[i].name, names[1]) == 0)
            bias = &file->tensors[i];
    }
    if (!weight)
        return false;
    float w[64], b[64];
    double y[64];
    size_t outputs = (size_t)weight->shape[0];
    assert_int_equal(weight->rank, 2);
    assert_int_equal(weight->shape[1], *width);
    assert_true(outputs <= 64 && *width <= 64);
    assert_non_null(bias);
    assert_int_equal(bias->bytes, outputs * sizeof(float));
    memcpy(b, bias->data, bias->bytes);
    for (size_t o = 0; o < outputs; o++) {
        memcpy(w, (const char *)weight->data + o * *width * sizeof(float), *width * sizeof(float));
        y[o] = (double)b[o];
        for (size_t i = 0; i < *width; i++)
            y[o] += (double)w[i] * x[i];
    }
    memcpy(x, y, outputs * sizeof *x);
    *width = outputs;
    return true;
}

/* As torch.nn.Sequential would: a module without tensors is the activation of the layer
 * before it. */
static size_t run_sequential(const safetensors *file, const espalier_network *network, double *x)
{
    size_t width = espalier_network_row_width(network);
    for (size_t module = 0, run = 0; run < network->layer_count; module++) {
        if (run_module(file, module, x, &width)) {
            run++;
            continue;
        }
        assert_true(run > 0 && espalier_network_activation(network, run - 1) != ESPALIER_LINEAR);
        for (size_t i = 0; i < width; i++)
            x[i] = function_at(network->layers[run - 1].activation, network->layers[run - 1].slope,
                               x[i]);
    }
    return width;
}

/* Weights and biases only, and the same scores for the same row; raw where `fold`. */
static void check_state_dict(draws *d, const espalier_network *network, bool fold)
{
    espalier_export_options options = espalier_export_options_defaults();
    options.fold_scaling = fold;
    safetensors file;
    espalier_error error = {0};
    if (espalier_network_export(network, FILE_NAME, &options, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    assert_int_equal(safetensors_read(FILE_NAME, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(file.tensor_count, 2 * network->layer_count);
    bool told = false;
    for (size_t i = 0; i < file.pair_count; i++)
        told = told || strcmp(file.pairs[i].key, "input_scaling") == 0;
    assert_true(told); /* also that rows go in as they are */

    size_t width = espalier_network_row_width(network);
    size_t classes = espalier_network_class_count(network);
    double x[64], logits[64], size = 1.0;
    float scaled[64];
    for (size_t i = 0; i < width; i++) {
        size_t pair = network->scaling_count > 1 ? i : 0;
        double shift = network->scaling_count ? (double)network->shift[pair] : 0.0;
        double scale = network->scaling_count ? (double)network->scale[pair] : 1.0;
        scaled[i] = draw_float(d);
        x[i] = fold ? (double)scaled[i] / scale + shift : (double)scaled[i];
        if (fold)
            size = fmax(size, fabs(scale * shift));
    }
    run_naively(network, scaled, logits);
    assert_int_equal(run_sequential(&file, network, x), classes);
    for (size_t o = 0; o < classes; o++)
        if (fabs(x[o] - logits[o]) > 1e-3 * size * fmax(1.0, fabs(logits[o])))
            fail_msg("class %zu: %g, expected %g", o, x[o], logits[o]);
    if (!fold && !network->kept_inputs)
        assert_memory_equal(file.tensors[0].data, network->layers[0].weights,
                            file.tensors[0].bytes);
    safetensors_clear(&file);
}

/* Scaling near 1, so that sums of folded numbers keep their digits. */
static void scale_mildly(draws *d, espalier_network *network)
{
    size_t count = draw_below(d, 2) ? 1 : espalier_network_row_width(network);
    float shift[64], scale[64];
    for (size_t i = 0; i < count; i++) {
        shift[i] = draw_float(d);
        scale[i] = 0.25f + fabsf(draw_float(d));
    }
    assert_int_equal(espalier_network_set_scaling(network, count, shift, scale), ESPALIER_OK);
}

static void test_state_dict(void **state)
{
    (void)state;
    draws d = {17, 0};
    for (int round = 0; round < 60; round++) {
        espalier_network *network = draw_network(&d, 50), *small = NULL;
        if (round % 3)
            load_up(&d, network);
        if (round % 3 == 2)
            scale_mildly(&d, network);
        check_state_dict(&d, network, round % 3 == 2);
        assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
        check_state_dict(&d, small, round % 3 == 2);
        espalier_network_destroy(network);
        espalier_network_destroy(small);
    }
}

/* 2 x 1e38 x 10 is beyond float32: said, and nothing written. */
static void test_scaling_too_large(void **state)
{
    (void)state;
    espalier_export_options options = espalier_export_options_defaults();
    espalier_network *network = make_network((size_t[]){1, 2}, 2);
    espalier_error error = {0};
    options.fold_scaling = true;
    espalier_network_weights(network, 0)[1] = 2e38f;
    assert_int_equal(espalier_network_set_scaling(network, 1, (float[]){0}, (float[]){10}),
                     ESPALIER_OK);
    remove(FILE_NAME);
    assert_int_equal(espalier_network_export(network, FILE_NAME, &options, &error),
                     ESPALIER_ERROR_NUMERIC);
    assert_string_equal(error.message, "the input scaling cannot be folded into the weights: neuron "
                                       "1 of the first layer gets a number beyond float32");
    assert_int_not_equal(remove(FILE_NAME), 0);
    espalier_network_destroy(network);
}

/* No format is given NaN or an infinite number, and no file is replaced by them. */
static void test_not_finite(void **state)
{
    (void)state;
    for (size_t e = 0; espalier_exporter_ending(e); e++) {
        espalier_network *network = make_network((size_t[]){2, 3, 2}, 3);
        char path[64];
        size_t count;
        snprintf(path, sizeof path, "test_export_finite%s", espalier_exporter_ending(e));
        put_file(path, "good", 4);
        for (int i = 0; i < 3; i++) {
            espalier_error error = {0};
            float *value = i ? &espalier_network_biases(network, 1)[1]
                             : &espalier_network_weights(network, 0)[3];
            *value = i == 2 ? INFINITY : NAN;
            const espalier_status status = espalier_network_export(network, path, NULL, &error);
            if (status != ESPALIER_ERROR_UNSUPPORTED) /* no ONNX in this build */
                assert_int_equal(status, ESPALIER_ERROR_NUMERIC);
            *value = 0.0f;
        }
        uint8_t *bytes = get_file(path, &count);
        assert_true(count == 4 && memcmp(bytes, "good", 4) == 0);
        free(bytes);
        remove(path);
        espalier_network_destroy(network);
    }
}

static void test_table(void **state)
{
    (void)state;
    size_t count = 0;
    for (; espalier_exporter_ending(count); count++) {
        assert_int_equal(espalier_exporter_ending(count)[0], '.');
        assert_true(strlen(espalier_exporter_summary(count)) > 0);
    }
    assert_true(count >= 1);
    assert_null(espalier_exporter_summary(count));
    assert_string_equal(espalier_exporter_ending(0), ".safetensors");
}

static void test_endings(void **state)
{
    (void)state;
    static const char *const unknown[] = {"model.pt", "model", "safetensors", ".safetensors",
                                          "a.safetensors/b", "a/.safetensors", ""};
    espalier_network *network = make_network((size_t[]){2, 2}, 2);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        espalier_error error = {0};
        char expected[200];
        assert_int_equal(espalier_network_export(network, unknown[i], NULL, &error),
                         ESPALIER_ERROR_ARGUMENT);
        snprintf(expected, sizeof expected,
                 "%s: the ending names no known format; expected one of ", unknown[i]);
        assert_true(strncmp(error.message, expected, strlen(expected)) == 0);
        for (size_t e = 0; espalier_exporter_ending(e); e++)
            assert_non_null(strstr(error.message + strlen(expected), espalier_exporter_ending(e)));
    }
    assert_int_equal(espalier_network_export(network, "TEST_EXPORT.SafeTensors", NULL, NULL),
                     ESPALIER_OK);
    assert_int_equal(remove("TEST_EXPORT.SafeTensors"), 0);
    espalier_network_destroy(network);
}

static void test_no_memory(void **state)
{
    (void)state;
    draws d = {18, 0};
    meter m = {0};
    espalier_allocator allocator = meter_allocator(&m);
    espalier_network *network = draw_network(&d, 30), *small = NULL;
    load_up(&d, network);
    scale_mildly(&d, network);
    assert_int_equal(espalier_network_compact(network, &allocator, &small, NULL, NULL),
                     ESPALIER_OK);
    size_t live = m.live;
    for (size_t e = 0; espalier_exporter_ending(e); e++)
        for (int how = 0; how < 2; how++) {
            espalier_export_options options = espalier_export_options_defaults();
            espalier_status status = ESPALIER_ERROR_MEMORY;
            char path[60];
            options.gather = options.fold_scaling = how == 1;
            snprintf(path, sizeof path, "test_export_memory%s", espalier_exporter_ending(e));
            for (size_t more = 1; status == ESPALIER_ERROR_MEMORY; more++) {
                m.refuse_from = m.requests + more;
                status = espalier_network_export(small, path, &options, NULL);
                assert_int_equal(m.live, live);
            }
            assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_UNSUPPORTED);
            remove(path);
        }
    espalier_network_destroy(network);
    espalier_network_destroy(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_dict),
        cmocka_unit_test(test_scaling_too_large),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_endings),
        cmocka_unit_test(test_no_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(FILE_NAME);
    return failed;
}
