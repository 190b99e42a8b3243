/* Prefixes and paths. */
#include "export/c_name.h"

#include "test.h"

static void derived(const char *path, const char *expected)
{
    char name[C_NAME_BYTES];
    assert_int_equal(c_name_find(path, NULL, name, NULL), ESPALIER_OK);
    assert_string_equal(name, expected);
}

static void test_derived(void **state)
{
    (void)state;
    derived("net.c", "net");
    derived("folder.d/My Net-2.c", "My_Net_2");
    derived("3d.c", "m_3d");
    derived("_x.c", "m__x");
    derived("\xc3\xbc.c", "m___");
    derived("int.c", "int");
    derived("a.b.c", "a_b");
    char path[120];
    memset(path, 'y', 100);
    strcpy(path + 100, ".c");
    char name[C_NAME_BYTES];
    assert_int_equal(c_name_find(path, NULL, name, NULL), ESPALIER_OK);
    assert_int_equal(strlen(name), C_NAME_BYTES - 1);
}

static void test_given(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "Z9_", "while"};
    static const char *const bad[] = {"", "1a", "_a", "a b", "a-b", "a\n", "a;", "\xc3\xbc", "a$"};
    char longest[C_NAME_BYTES], too_long[C_NAME_BYTES + 1];
    char name[C_NAME_BYTES];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(c_name_find("f.c", good[i], name, NULL), ESPALIER_OK);
        assert_string_equal(name, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(c_name_find("f.c", bad[i], name, NULL), ESPALIER_ERROR_ARGUMENT);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(c_name_find("f.c", longest, name, NULL), ESPALIER_OK);
    assert_string_equal(name, longest);
    memset(too_long, 'x', sizeof too_long);
    too_long[sizeof too_long - 1] = '\0';
    assert_int_equal(c_name_find("f.c", too_long, name, NULL), ESPALIER_ERROR_ARGUMENT);
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\"b.c", "a\\b.c", "a?b.c", "a\nb.c", "d/stdint.c"};
    c_paths paths;
    assert_int_equal(c_paths_find("some/where.d/net.c", NULL, &paths, NULL), ESPALIER_OK);
    assert_string_equal(paths.header, "some/where.d/net.h");
    assert_string_equal(paths.header_name, "net.h");
    assert_string_equal(paths.test, "some/where.d/net_test.c");
    c_paths_clear(&paths, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(c_paths_find(bad[i], NULL, &paths, NULL), ESPALIER_ERROR_ARGUMENT);
        c_paths_clear(&paths, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_derived),
        cmocka_unit_test(test_given),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
