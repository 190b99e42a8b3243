/* The table of known names: facts that hold for every row, and where a name is found. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>

#include "base/test_files.h"
#include "data/names.h"
#include "test.h"

static void test_every_row(void **state)
{
    (void)state;
    const espalier_named_set *set;
    size_t count = 0;
    for (; (set = espalier_named_set_at(count)); count++) {
        assert_ptr_equal(espalier_named_set_find(set->name), set);
        assert_true(*set->what && *set->source && *set->licence && *set->advice);
        assert_true(set->training_rows > 0 && set->test_rows > 0 && set->class_count > 1);
        assert_int_equal(set->height, 28);
        assert_int_equal(set->width, 28);
        assert_int_equal(set->address[strlen(set->address) - 1], '/');
        assert_int_equal(strncmp(set->address, "http", 4), 0);
        for (size_t c = 0; set->class_names && c < set->class_count; c++)
            assert_true(*set->class_names[c]);
        for (size_t i = 0; i < set->file_count; i++) {
            assert_true(set->files[i].bytes > 0);
            assert_int_equal(strspn(set->files[i].sha256, "0123456789abcdef"), 64);
            assert_int_equal(strlen(set->files[i].sha256), 64);
            assert_null(strchr(set->files[i].name, '/'));
        }
    }
    assert_int_equal(count, 4);
    assert_null(espalier_named_set_find("mnis"));
}

static void test_facts(void **state)
{
    (void)state;
    const espalier_named_set *letters = espalier_named_set_find("emnist-letters");
    assert_int_equal(letters->class_count, 26);
    assert_string_equal(letters->class_names[25], "z");
    assert_int_equal(letters->training_rows + letters->test_rows, 145600);
    assert_string_equal(espalier_named_set_find("kmnist")->class_names[3], "tsu");
    /* The order in which files come: a folder without the last is no data set. */
    for (size_t i = 0; i < 3; i++) {
        const espalier_named_set *set = espalier_named_set_at(i);
        assert_int_equal(set->file_count, 4);
        assert_string_equal(set->files[3].name, "train-labels-idx1-ubyte.gz");
    }
}

static void test_locate(void **state)
{
    (void)state;
    char top[] = "names-XXXXXX", folder[64], other[64], path[128] = "untouched", small[8];
    assert_non_null(mkdtemp(top));
    const char *const directories[] = {"no/such", top};
    const espalier_named_set *set = espalier_named_set_find("mnist");
    assert_false(espalier_named_set_locate(set, directories, 2, path, sizeof path));
    assert_string_equal(path, "untouched");
    snprintf(folder, sizeof folder, "%s/mnist", top);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_true(espalier_named_set_locate(set, directories, 2, path, sizeof path));
    assert_string_equal(path, folder);
    snprintf(other, sizeof other, "%s/", top);
    const char *const slashed[] = {other};
    assert_true(espalier_named_set_locate(set, slashed, 1, path, sizeof path));
    assert_string_equal(path, folder);
    assert_false(espalier_named_set_locate(set, directories, 2, small, sizeof small));
    rmdir(folder);
    rmdir(top);
    set = espalier_named_set_find("fashion-mnist");
    if (access(set->system_folder, F_OK) == 0) {
        assert_true(espalier_named_set_locate(set, NULL, 0, path, sizeof path));
        assert_string_equal(path, set->system_folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_row),
                                       cmocka_unit_test(test_facts), cmocka_unit_test(test_locate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
