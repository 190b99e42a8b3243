/* Networks out of safetensors with any names, and whose files are model files. */
#define _POSIX_C_SOURCE 200809L

#include "format/test_files_safetensors.h"
#include "import/models.h"

static void test_all_dicts(void **state)
{
    (void)state;
    size_t compared = compare_all(".safetensors", 1e-5);
    printf("%zu state dicts\n", compared);
    assert_int_equal(compared, 8);
}

/* The masks of torch.nn.utils.prune stay masks. */
static void test_pruned_by_torch(void **state)
{
    (void)state;
    espalier_network *network = open_model("dict_torch_pruned", ".safetensors");
    assert_int_equal(espalier_network_pruned_count(network, 0), 24);
    assert_int_equal(espalier_network_pruned_count(network, 1), 28);
    assert_string_equal(espalier_network_metadata(network, "imported"), "safetensors");
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_dicts),
        cmocka_unit_test(test_pruned_by_torch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
