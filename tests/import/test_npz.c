/* Networks out of NumPy's archives. */
#define _POSIX_C_SOURCE 200809L
#include "import/models.h"

#ifdef ESPALIER_HAVE_LIBZIP
static void test_all_archives(void **state)
{
    (void)state;
    assert_int_equal(compare_all(".npz", 1e-5), 2);
}
#endif

/* Lists in which no name says which is which, and names that do. */
static void test_origin(void **state)
{
    (void)state;
    espalier_network *network = NULL;
    espalier_error error = {0};
#ifdef ESPALIER_HAVE_LIBZIP
    network = open_model("dict_letters", ".npz");
    assert_string_equal(espalier_network_metadata(network, "imported"), "NumPy .npz");
    assert_int_equal(espalier_network_layer_count(network), 3);
    assert_int_equal(espalier_network_row_width(network), 6);
    espalier_network_destroy(network);
    (void)error;
#else
    assert_int_equal(espalier_network_open(MODELS "dict_letters.npz", NULL, &network, &error),
                     ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "libzip"));
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef ESPALIER_HAVE_LIBZIP
        cmocka_unit_test(test_all_archives),
#endif
        cmocka_unit_test(test_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
