/* Exporters: what each writes, and how a path chooses one. */
#define _POSIX_C_SOURCE 200809L
#include "espalier/export.h"

#include "base/test_allocator.h"
#include "base/test_files.h"
#include "format/safetensors.h"
#include "net/networks.h"

#define FILE_NAME "test_export.safetensors"

static bool is_name(const char *name)
{
    unsigned layer;
    char part[16], again[40];
    if (strcmp(name, "kept_inputs") == 0)
        return true;
    if (sscanf(name, "layers.%u.%15s", &layer, part) != 2 ||
        (strcmp(part, "weight") != 0 && strcmp(part, "bias") != 0))
        return false;
    snprintf(again, sizeof again, "layers.%u.%s", layer, part);
    return strcmp(name, again) == 0;
}

/* Weights and biases only, and a network with the same function comes back. */
static void check_state_dict(const espalier_network *network)
{
    safetensors file;
    espalier_network *back = NULL;
    espalier_error error = {0};
    if (espalier_network_export(network, FILE_NAME, NULL, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    assert_int_equal(safetensors_read(FILE_NAME, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(file.tensor_count, 2 * network->layer_count + !!network->kept_inputs);
    for (size_t i = 0; i < file.tensor_count; i++)
        assert_true(is_name(file.tensors[i].name));
    safetensors_clear(&file);
    if (espalier_network_read(FILE_NAME, NULL, &back, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *x = &network->layers[l], *y = &back->layers[l];
        assert_int_equal(x->inputs, y->inputs);
        assert_int_equal(x->outputs, y->outputs);
        assert_int_equal(x->activation, y->activation);
        assert_true(x->slope == y->slope);
        assert_memory_equal(x->weights, y->weights, x->inputs * x->outputs * sizeof(float));
        assert_memory_equal(x->biases, y->biases, x->outputs * sizeof(float));
        assert_memory_equal(x->mask, y->mask, x->inputs * x->outputs);
    }
    assert_int_equal(espalier_network_row_width(back), espalier_network_row_width(network));
    assert_list_equal(network->kept_inputs, back->kept_inputs, network->layers[0].inputs);
    assert_int_equal(back->scaling_count, network->scaling_count);
    if (back->scaling_count)
        assert_memory_equal(back->shift, network->shift, 2 * back->scaling_count * sizeof(float));
    for (size_t i = 0; i < espalier_network_class_count(network); i++)
        assert_string_equal(back->class_names[i], network->class_names[i]);
    espalier_network_destroy(back);
}

static void test_state_dict(void **state)
{
    (void)state;
    draws d = {17, 0};
    for (int round = 0; round < 60; round++) {
        espalier_network *network = draw_network(&d, 50), *small = NULL;
        if (round % 2)
            load_up(&d, network);
        check_state_dict(network);
        assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
        check_state_dict(small);
        espalier_network_destroy(network);
        espalier_network_destroy(small);
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
    assert_int_equal(espalier_network_compact(network, &allocator, &small, NULL, NULL),
                     ESPALIER_OK);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    size_t live = m.live;
    for (size_t more = 1; status != ESPALIER_OK; more++) {
        m.refuse_from = m.requests + more;
        status = espalier_network_export(small, FILE_NAME, NULL, NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(m.live, live);
    }
    espalier_network_destroy(network);
    espalier_network_destroy(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_dict),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_endings),
        cmocka_unit_test(test_no_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(FILE_NAME);
    return failed;
}
