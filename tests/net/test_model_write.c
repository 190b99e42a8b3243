/* Model files: what is written is what is read, and the same bytes each time. */
#define _POSIX_C_SOURCE 200809L
#include "net/model_file.h"

#include "base/memory.h"
#include "base/test_allocator.h"
#include "base/test_files.h"
#include "net/networks.h"

#define FILE_NAME "test_model_write.safetensors"

static espalier_network *read_back(void)
{
    espalier_network *network = NULL;
    espalier_error error = {0};
    espalier_status status = espalier_network_read(FILE_NAME, NULL, &network, &error);
    if (status != ESPALIER_OK)
        fail_msg("%s", error.message);
    return network;
}

static void write_out(const espalier_network *network)
{
    espalier_error error = {0};
    espalier_status status = espalier_network_write(network, FILE_NAME, &error);
    if (status != ESPALIER_OK)
        fail_msg("%s", error.message);
}

static void check_round_trip(const espalier_network *network)
{
    size_t bytes, again;
    write_out(network);
    uint8_t *first = get_file(FILE_NAME, &bytes);
    espalier_network *back = read_back();
    assert_network_equal(network, back);
    write_out(back);
    uint8_t *second = get_file(FILE_NAME, &again);
    assert_int_equal(bytes, again);
    assert_memory_equal(first, second, bytes);
    free(first);
    free(second);
    espalier_network_destroy(back);
}

static void test_round_trip(void **state)
{
    (void)state;
    draws d = {13, 0};
    for (int round = 0; round < 60; round++) {
        espalier_network *network = draw_network(&d, round % 3 ? 50 : 100), *small = NULL;
        if (round % 2)
            load_up(&d, network);
        check_round_trip(network);
        assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
        check_round_trip(small);
        espalier_network_destroy(network);
        espalier_network_destroy(small);
    }
}

/* Floats of all sizes, negative zero included, go through JSON bit by bit. */
static void test_scaling_bits(void **state)
{
    (void)state;
    draws d = {14, 0};
    espalier_network *network = make_network((size_t[]){60, 2}, 2);
    for (int round = 0; round < 20; round++) {
        float pairs[120];
        for (size_t i = 0; i < 120; i++)
            do {
                uint32_t bits = (uint32_t)random_bits(14, 1, d.next++);
                memcpy(&pairs[i], &bits, sizeof bits);
            } while (!isfinite(pairs[i]));
        pairs[0] = -0.0f;
        assert_int_equal(espalier_network_set_scaling(network, 60, pairs, pairs + 60), ESPALIER_OK);
        write_out(network);
        espalier_network *back = read_back();
        assert_memory_equal(back->shift, pairs, sizeof pairs);
        espalier_network_destroy(back);
    }
    espalier_network_destroy(network);
}

/* A kept weight that is exactly zero is not taken for a pruned one, in any layer. */
static void test_kept_zeros(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){3, 3, 2}, 3);
    espalier_network_initialise(network, ESPALIER_GLOROT_UNIFORM, 1);
    check_round_trip(network);
    espalier_network_weights(network, 1)[4] = 0.0f;
    check_round_trip(network);
    espalier_network *back = read_back();
    assert_int_equal(espalier_network_pruned_count(back, 1), 0);
    espalier_network_mask(network, 0)[2] = 0;
    espalier_network_apply_masks(network);
    check_round_trip(network);
    espalier_network_destroy(back);
    espalier_network_destroy(network);
}

static bool file_holds(const char *text)
{
    size_t bytes, length = strlen(text);
    uint8_t *file = get_file(FILE_NAME, &bytes);
    bool found = false;
    for (size_t i = 0; !found && i + length <= bytes; i++)
        found = memcmp(file + i, text, length) == 0;
    free(file);
    return found;
}

/* What has nothing to say is left out. */
static void test_optional_parts(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){3, 2, 2}, 3);
    espalier_network_initialise(network, ESPALIER_HE_NORMAL, 2);
    write_out(network);
    static const char *const parts[] = {"mask", "activations", "kept", "classes", "input_scaling",
                                        "inputs_counted"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_false(file_holds(parts[i]));
    assert_true(file_holds("\"espalier\":\"1\",\"activation\":\"relu\","
                           "\"original_widths\":\"[3,2,2]\""));
    espalier_network_set_inputs_counted(network, INT64_MAX);
    write_out(network);
    assert_true(file_holds("\"inputs_counted\":\"9223372036854775807\""));
    assert_true(file_holds("layers.0.activations"));
    assert_false(file_holds("layers.1.activations"));
    espalier_network_destroy(network);
}

/* A linear layer asks for a reader that knows it; without one the file is as ever. */
static void test_linear(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){3, 2, 2, 2, 2}, 5);
    espalier_network_initialise(network, ESPALIER_HE_NORMAL, 2);
    espalier_network_set_inputs_counted(network, 7);
    write_out(network);
    assert_true(file_holds("\"espalier\":\"1\",\"activation\":\"relu\","));
    assert_false(file_holds("linear"));
    assert_int_equal(espalier_network_set_activation(network, 0, ESPALIER_LINEAR, 0.0f, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_set_activation(network, 2, ESPALIER_LINEAR, 0.0f, NULL), ESPALIER_OK);
    check_round_trip(network);
    assert_true(file_holds("\"espalier\":\"2\",\"activation\":\"relu\","));
    assert_true(file_holds("\"linear\":\"[0,2]\""));
    assert_true(file_holds("layers.1.activations"));
    assert_false(file_holds("layers.0.activations") || file_holds("layers.2.activations"));
    espalier_network_destroy(network);
}

/* Other activations ask for a newer reader still, and are a list of their own. */
static void test_activations(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){3, 2, 2, 2, 2}, 5);
    espalier_network_initialise(network, ESPALIER_HE_NORMAL, 2);
    espalier_network_set_inputs_counted(network, 7);
    network->layers[0].activation = ESPALIER_LINEAR;
    network->layers[1].activation = ESPALIER_LEAKY_RELU;
    network->layers[1].slope = 0.01f;
    check_round_trip(network);
    assert_true(file_holds("\"espalier\":\"3\",\"activation\":"
                           "\"[\\\"linear\\\",{\\\"leaky-relu\\\":0.01},\\\"relu\\\"]\""));
    assert_false(file_holds("\"linear\":"));
    assert_false(file_holds("layers.0.activations"));
    for (size_t l = 0; l < 3; l++)
        network->layers[l].activation = ESPALIER_SIGMOID;
    network->layers[1].slope = 0.0f;
    check_round_trip(network);
    assert_true(file_holds("\"[\\\"sigmoid\\\",\\\"sigmoid\\\",\\\"sigmoid\\\"]\""));
    espalier_network_destroy(network);
}

/* Slopes of all sizes go through JSON bit by bit. */
static void test_slope_bits(void **state)
{
    (void)state;
    draws d = {15, 0};
    espalier_network *network = make_network((size_t[]){1, 1, 1}, 3);
    network->layers[0].activation = ESPALIER_LEAKY_RELU;
    for (int round = 0; round < 200; round++) {
        const uint32_t bits = (uint32_t)random_bits(15, 1, d.next++);
        memcpy(&network->layers[0].slope, &bits, sizeof bits);
        if (!isfinite(network->layers[0].slope))
            continue;
        write_out(network);
        espalier_network *back = read_back();
        assert_memory_equal(&back->layers[0].slope, &bits, sizeof bits);
        espalier_network_destroy(back);
    }
    espalier_network_destroy(network);
}

static void check_mask_refused(espalier_network *network, size_t place, uint8_t byte,
                               const char *words)
{
    uint8_t *mask = espalier_network_mask(network, 0);
    espalier_error error = {0};
    mask[place] = byte;
    assert_int_equal(espalier_network_write(network, FILE_NAME, &error), ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, FILE_NAME ": layer 0, "));
    assert_non_null(strstr(error.message, words));
    mask[place] = 1;
}

static void test_failures(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){3, 2, 2}, 3);
    espalier_error error = {0};
    check_round_trip(network);
    size_t before, after;
    uint8_t *old = get_file(FILE_NAME, &before);
    espalier_network_activations(network, 0)[1] = (uint64_t)1 << 63;
    espalier_network_set_inputs_counted(network, 5);
    assert_int_equal(espalier_network_write(network, FILE_NAME, &error), ESPALIER_ERROR_NUMERIC);
    assert_non_null(strstr(error.message, FILE_NAME ": activation count of layer 0, neuron 1: "
                                          "9223372036854775808; expected less than 2^63"));
    espalier_network_clear_activations(network);
    error = (espalier_error){0};
    espalier_network_set_inputs_counted(network, (uint64_t)1 << 63);
    assert_int_equal(espalier_network_write(network, FILE_NAME, &error), ESPALIER_ERROR_NUMERIC);
    assert_string_equal(error.message, FILE_NAME ": inputs counted: 9223372036854775808; expected "
                                                 "less than 2^63");
    espalier_network_clear_activations(network);
    error = (espalier_error){0};
    espalier_network_weights(network, 0)[4] = NAN;
    assert_int_equal(espalier_network_write(network, FILE_NAME, &error), ESPALIER_ERROR_NUMERIC);
    assert_string_equal(error.message, FILE_NAME ": layer 0, weight from input 1 to neuron 1: "
                                                 "expected a finite number, found NaN");
    espalier_network_weights(network, 0)[4] = 0.5f;
    error = (espalier_error){0};
    espalier_network_biases(network, 1)[1] = -INFINITY;
    assert_int_equal(espalier_network_write(network, FILE_NAME, &error), ESPALIER_ERROR_NUMERIC);
    assert_string_equal(error.message, FILE_NAME ": layer 1, bias of neuron 1: expected a finite "
                                                 "number, found an infinite one");
    espalier_network_biases(network, 1)[1] = 0.0f;
    check_mask_refused(network, 4, 255, "mask from input 1 to neuron 1: expected 0 or 1, found 255");
    check_mask_refused(network, 4, 0, "pruned weight from input 1 to neuron 1: expected 0, found "
                                      "0.5; apply the masks first");
    uint8_t *now = get_file(FILE_NAME, &after);
    assert_int_equal(before, after);
    assert_memory_equal(old, now, before);
    free(old);
    free(now);
    error = (espalier_error){0};
    assert_int_equal(espalier_network_write(network, "no-such-folder/m.safetensors", &error),
                     ESPALIER_ERROR_IO);
    assert_non_null(strstr(error.message, "no-such-folder/m.safetensors"));
    espalier_network_destroy(network);
}

static void test_no_memory(void **state)
{
    (void)state;
    draws d = {15, 0};
    espalier_network *network = draw_network(&d, 50);
    load_up(&d, network);
    write_out(network);
    espalier_network *back = NULL;
    for (size_t from = 1; !back; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_status status = espalier_network_read(FILE_NAME, &allocator, &back, NULL);
        assert_int_equal(status, back ? ESPALIER_OK : ESPALIER_ERROR_MEMORY);
        if (back) {
            m.refuse_from = 0;
            status = ESPALIER_ERROR_MEMORY;
            for (size_t more = 1; status != ESPALIER_OK; more++) {
                size_t live = m.live;
                m.refuse_from = m.requests + more;
                status = espalier_network_write(back, FILE_NAME, NULL);
                assert_int_equal(m.live, live);
                assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
            }
            espalier_network_destroy(back);
        }
        assert_int_equal(m.live, 0);
    }
    espalier_network_destroy(network);
}

/* The first Python that has numpy: the system's own may stand behind another one
 * without it. NULL if there is none. */
static const char *find_python(void)
{
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    char command[128];
    for (size_t i = 0; i < sizeof pythons / sizeof *pythons; i++) {
        snprintf(command, sizeof command, "%s -c 'import numpy' >numpy.log 2>&1", pythons[i]);
        if (system(command) == 0)
            return pythons[i];
    }
    return NULL;
}

/* Another program, with nothing but numpy and the format's description, reads
 * the values. */
static void test_read_by_numpy(void **state)
{
    (void)state;
    char command[2048];
    const char *end = strrchr(__FILE__, '/'), *python = find_python();
    if (!python) {
        print_message("python3 with numpy is not here: not read by it\n");
        skip();
    }
    espalier_network *network = make_network((size_t[]){5, 4, 3}, 3), *small = NULL;
    const char *names[3] = {"a", NULL, "\xc3\xa9"};
    for (size_t l = 0; l < 2; l++) {
        network_layer *layer = &network->layers[l];
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++) {
            layer->weights[i] = (float)(i + 1) / 8.0f - (float)l;
            layer->mask[i] = i % 3 != 1;
        }
        for (size_t o = 0; o < layer->outputs; o++)
            layer->biases[o] = (float)o - 0.5f;
    }
    memset(network->layers[0].mask + 5, 0, 5); /* neuron 1 is dead */
    for (size_t o = 0; o < 4; o++) {
        network->layers[0].mask[o * 5 + 2] = 0; /* input 2 is not read */
        network->layers[0].activations[o] = 1000000000000 + o;
    }
    espalier_network_apply_masks(network);
    network->inputs_counted = 2000000000000;
    assert_int_equal(espalier_network_set_class_names(network, names), ESPALIER_OK);
    assert_int_equal(espalier_network_set_scaling(network, 1, &(float){0.0f},
                                                  &(float){1.0f / 255.0f}), ESPALIER_OK);
    assert_int_equal(espalier_network_set_metadata(network, "training", "{}"), ESPALIER_OK);
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    write_out(network);
    assert_int_equal(espalier_network_write(small, "small-" FILE_NAME, NULL), ESPALIER_OK);
    snprintf(command, sizeof command, "%s '%.*sread_model.py' " FILE_NAME " small-" FILE_NAME,
             python, end ? (int)(end + 1 - __FILE__) : 0, __FILE__);
    assert_int_equal(system(command), 0);
    espalier_network_destroy(network);
    espalier_network_destroy(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_scaling_bits),
        cmocka_unit_test(test_kept_zeros),     cmocka_unit_test(test_optional_parts),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_slope_bits),
        cmocka_unit_test(test_failures),       cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_read_by_numpy),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(FILE_NAME);
    remove("small-" FILE_NAME);
    remove("numpy.log");
    return failed;
}
