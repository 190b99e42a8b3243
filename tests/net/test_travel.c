/* Scaling, class names, metadata, tensors of unknown names. */
#include "net/network.h"

#include "base/test_allocator.h"
#include "net/networks.h"

static const size_t widths[] = {4, 3, 2};

static void test_scaling(void **state)
{
    (void)state;
    espalier_network *network = make_network(widths, 3);
    const float shift[4] = {1, 2, 3, 4}, scale[4] = {5, 6, 7, 8}, bad[4] = {1, 2, NAN, 4};
    const float *got_shift, *got_scale;
    assert_int_equal(espalier_network_set_scaling(network, 3, shift, scale),
                     ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(espalier_network_set_scaling(network, 4, shift, bad),
                     ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(espalier_network_set_scaling(network, 1, NULL, scale),
                     ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(espalier_network_set_scaling(network, 1, shift, NULL),
                     ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(espalier_network_scaling(network, &got_shift, &got_scale), 0);
    assert_null(got_shift);
    assert_null(got_scale);
    assert_int_equal(espalier_network_set_scaling(network, 4, shift, scale), ESPALIER_OK);
    assert_int_equal(espalier_network_scaling(network, &got_shift, &got_scale), 4);
    assert_memory_equal(got_shift, shift, sizeof shift);
    assert_memory_equal(got_scale, scale, sizeof scale);
    assert_int_equal(espalier_network_set_scaling(network, 1, scale, shift), ESPALIER_OK);
    assert_int_equal(espalier_network_scaling(network, &got_shift, &got_scale), 1);
    assert_true(got_shift[0] == 5.0f && got_scale[0] == 1.0f);
    assert_int_equal(espalier_network_set_scaling(network, 0, NULL, NULL), ESPALIER_OK);
    assert_int_equal(espalier_network_scaling(network, NULL, NULL), 0);
    espalier_network_destroy(network);
}

static void test_class_names(void **state)
{
    (void)state;
    espalier_network *network = make_network(widths, 3);
    const char *names[2] = {NULL, "boot"}, *broken[2] = {"a", "\xff"};
    const char *twice[2] = {"boot", "boot"}, *numbers[2] = {"1", NULL};
    assert_string_equal(espalier_network_class_name(network, 1), "1");
    assert_int_equal(espalier_network_set_class_names(network, names), ESPALIER_OK);
    assert_string_equal(espalier_network_class_name(network, 0), "0");
    assert_string_equal(espalier_network_class_name(network, 1), "boot");
    assert_int_equal(espalier_network_set_class_names(network, broken), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(espalier_network_set_class_names(network, twice), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(espalier_network_set_class_names(network, numbers), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(espalier_network_class_name(network, 1), "boot");
    assert_int_equal(espalier_network_set_class_names(network, NULL), ESPALIER_OK);
    assert_string_equal(espalier_network_class_name(network, 1), "1");
    espalier_network_destroy(network);
}

/* Against an array that is searched from end to end. */
static void test_metadata(void **state)
{
    (void)state;
    espalier_network *network = make_network(widths, 3);
    const char *expected[8] = {0};
    char keys[8][8], values[300][8];
    draws d = {4, 0};
    for (size_t i = 0; i < 300; i++) {
        size_t k = draw_below(&d, 8);
        snprintf(keys[k], sizeof keys[k], "key%zu", k * 7 % 8);
        snprintf(values[i], sizeof values[i], "%zu", i);
        expected[k] = draw_below(&d, 3) ? values[i] : NULL;
        assert_int_equal(espalier_network_set_metadata(network, keys[k], expected[k]), ESPALIER_OK);
        size_t count = 0;
        for (size_t j = 0; j < 8; j++) {
            count += expected[j] != NULL;
            if (expected[j])
                assert_string_equal(espalier_network_metadata(network, keys[j]), expected[j]);
        }
        assert_int_equal(network->metadata_count, count);
        for (size_t j = 1; j < count; j++)
            assert_true(strcmp(network->metadata[j - 1].key, network->metadata[j].key) < 0);
        if (!expected[k])
            assert_null(espalier_network_metadata(network, keys[k]));
    }
    espalier_network_destroy(network);
}

static void test_refused_metadata(void **state)
{
    (void)state;
    espalier_network *network = make_network(widths, 3);
    const char *derived[] = {"espalier", "activation",    "inputs_counted",
                             "classes",  "input_scaling", "original_widths"};
    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++) {
        assert_int_equal(espalier_network_set_metadata(network, derived[i], "x"),
                         ESPALIER_ERROR_ARGUMENT);
        assert_null(espalier_network_metadata(network, derived[i]));
    }
    assert_int_equal(espalier_network_set_metadata(network, "a\xc3", "x"), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(espalier_network_set_metadata(network, "a", "\xe2\x82"),
                     ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(network->metadata_count, 0);
    espalier_network_destroy(network);
}

/* Thousands of keys and tensors take no more than their own size, a few times. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    meter m = {0};
    espalier_allocator allocator = meter_allocator(&m);
    espalier_network *network = NULL, *copy = NULL;
    assert_int_equal(espalier_network_create(widths, 3, &allocator, &network, NULL), ESPALIER_OK);
    for (size_t i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "%06zu", (i * 1237) % MANY);
        network_tensor tensor = {.name = name, .dtype = "U8", .rank = 1, .bytes = 0};
        assert_int_equal(espalier_network_set_metadata(network, name, ""), ESPALIER_OK);
        assert_int_equal(network_add_tensor(network, &tensor), ESPALIER_OK);
    }
    assert_int_equal(espalier_network_copy(network, &allocator, &copy, NULL), ESPALIER_OK);
    assert_in_range(m.bytes, 0, 2 * MANY * (8 * sizeof(network_tensor)));
    assert_network_equal(network, copy);
    for (size_t i = 1; i < MANY; i++)
        assert_true(strcmp(copy->metadata[i - 1].key, copy->metadata[i].key) < 0);
    espalier_network_destroy(network);
    espalier_network_destroy(copy);
    assert_int_equal(m.live, 0);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (size_t extra = 1; extra <= 3; extra++) {
        meter m = {0};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_network *network = NULL;
        assert_int_equal(espalier_network_create(widths, 3, &allocator, &network, NULL),
                         ESPALIER_OK);
        assert_int_equal(espalier_network_set_metadata(network, "b", "1"), ESPALIER_OK);
        size_t live = m.live;
        network_tensor tensor = {.name = "t", .dtype = "U8", .rank = 1, .bytes = 0};
        m.refuse_from = m.requests + extra;
        assert_int_equal(espalier_network_set_metadata(network, "a", "2"), ESPALIER_ERROR_MEMORY);
        m.refuse_from = m.requests + extra;
        assert_int_equal(network_add_tensor(network, &tensor), ESPALIER_ERROR_MEMORY);
        m.refuse_from = m.requests + 1;
        assert_int_equal(espalier_network_set_metadata(network, "b", "3"), ESPALIER_ERROR_MEMORY);
        assert_int_equal(m.live, live);
        assert_string_equal(espalier_network_metadata(network, "b"), "1");
        assert_null(espalier_network_metadata(network, "a"));
        espalier_network_destroy(network);
        assert_int_equal(m.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scaling),          cmocka_unit_test(test_class_names),
        cmocka_unit_test(test_metadata),         cmocka_unit_test(test_refused_metadata),
        cmocka_unit_test(test_many),             cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
