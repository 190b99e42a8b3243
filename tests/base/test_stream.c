/* Paths joined, and the system's refusals in words. */
#include <errno.h>

#include "base/memory.h"
#include "base/stream.h"
#include "test.h"

static void test_join(void **state)
{
    (void)state;
    static const char *const cases[][3] = {{"a", "b", "a/b"},
                                           {"a/", "b", "a/b"},
                                           {"/", "b", "/b"},
                                           {"", "b", "b"},
                                           {"a/b", "c", "a/b/c"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = stream_join(NULL, cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
        memory_release(NULL, path);
    }
}

static void test_error(void **state)
{
    (void)state;
    espalier_error error = {0};
    assert_int_equal(stream_error(&error, ESPALIER_ERROR_IO, "some/file", "read", EACCES),
                     ESPALIER_ERROR_IO);
    assert_string_equal(error.message, "some/file: cannot read: Permission denied");
    espalier_error nameless = {0};
    stream_error(&nameless, ESPALIER_ERROR_IO, "", "open", ENOENT);
    assert_string_equal(nameless.message, "'': cannot open: No such file or directory");
    espalier_error strange = {0};
    stream_error(&strange, ESPALIER_ERROR_IO, "f", "read", 123456);
    assert_non_null(strstr(strange.message, "123456"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_join), cmocka_unit_test(test_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
