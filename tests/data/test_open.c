/* From a path or a name to a data set, and what is said where there is none. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>

#include "base/test_allocator.h"
#include "base/test_files.h"
#include "data/dataset.h"
#include "data/names.h"
#include "test.h"

static char top[] = "open-XXXXXX";
static char first[64], second[64]; /* two directories for named data sets */

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(top))
        return -1;
    snprintf(first, sizeof first, "%s/first", top);
    snprintf(second, sizeof second, "%s/second", top);
    return mkdir(first, 0700) || mkdir(second, 0700);
}

static int tear_down(void **state)
{
    (void)state;
    rmdir(first);
    rmdir(second);
    remove_folder(top);
    return 0;
}

static void drop_set(const char *directory, const char *name)
{
    char folder[128];
    snprintf(folder, sizeof folder, "%s/%s", directory, name);
    remove_folder(folder);
}

/* A folder DIRECTORY/NAME with two images of one pixel; the second one's label
 * is given. */
static void put_set(const char *directory, const char *name, char label)
{
    char folder[128], path[200], labels[] = "\0\0\x08\x01\0\0\0\2\0?";
    labels[9] = label;
    snprintf(folder, sizeof folder, "%s/%s", directory, name);
    drop_set(directory, name); /* what an earlier run may have left */
    assert_int_equal(mkdir(folder, 0700), 0);
    snprintf(path, sizeof path, "%s/train-images", folder);
    put_file(path, "\0\0\x08\x03\0\0\0\2\0\0\0\1\0\0\0\1xy", 18);
    snprintf(path, sizeof path, "%s/train-labels", folder);
    put_file(path, labels, 10);
}

/* Opens with both directories. */
static espalier_status open_set(const char *source, espalier_dataset **dataset,
                                espalier_error *error)
{
    const char *const directories[] = {first, second};
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.directories = directories;
    options.directory_count = 2;
    return espalier_dataset_open(source, &options, NULL, dataset, error);
}

static void expect_classes(const char *source, size_t classes, const char *name_of_1)
{
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    if (open_set(source, &dataset, &error))
        fail_msg("%s", error.message);
    assert_int_equal(espalier_dataset_class_count(dataset), classes);
    const char *name = espalier_dataset_class_name(dataset, 1);
    if (name_of_1)
        assert_string_equal(name, name_of_1);
    else
        assert_null(name);
    assert_null(espalier_dataset_class_name(dataset, classes));
    espalier_dataset_destroy(dataset);
}

static void refuse(const char *source, espalier_status status, const char *part)
{
    espalier_dataset *dataset = (espalier_dataset *)&dataset;
    espalier_error error = {0};
    assert_int_equal(open_set(source, &dataset, &error), status);
    assert_ptr_equal(dataset, &dataset);
    if (!strstr(error.message, part))
        fail_msg("expected '%s' in: %s", part, error.message);
}

static void test_directories_in_order(void **state)
{
    (void)state;
    put_set(second, "letters", 1);
    expect_classes("letters", 2, NULL);
    put_set(first, "letters", 5);
    expect_classes("letters", 6, NULL);
    drop_set(first, "letters");
    drop_set(second, "letters");
}

static void test_path_wins(void **state)
{
    (void)state;
    char path[100];
    put_set(first, "fashion-mnist", 1);
    snprintf(path, sizeof path, "%s/fashion-mnist", first);
    expect_classes(path, 2, NULL);
    put_set(".", "open-test-letters", 3);
    put_set(first, "open-test-letters", 5);
    expect_classes("open-test-letters", 4, NULL);
    drop_set(".", "open-test-letters");
    drop_set(first, "open-test-letters");
    drop_set(first, "fashion-mnist");
}

/* A known name brings its number of classes and their names. */
static void test_known_names(void **state)
{
    (void)state;
    put_set(first, "fashion-mnist", 1);
    put_set(first, "mnist", 1);
    expect_classes("fashion-mnist", 10, "Trouser");
    expect_classes("mnist", 10, NULL);
    drop_set(first, "fashion-mnist");
    put_set(first, "fashion-mnist", 10);
    refuse(
        "fashion-mnist", ESPALIER_ERROR_FORMAT,
        "fashion-mnist/train-labels: row 1 (counted from 0): expected a label of 0 to 9, found 10");
    drop_set(first, "fashion-mnist");
    drop_set(first, "mnist");
}

static void test_not_found(void **state)
{
    (void)state;
    char places[300];
    snprintf(places, sizeof places,
             "mnist: no such data set: looked for ./mnist, %s/mnist, %s/mnist; ", first, second);
    refuse("mnist", ESPALIER_ERROR_NOT_FOUND, places);
    refuse("mnist", ESPALIER_ERROR_NOT_FOUND, "--data-dir");
    refuse("emnist", ESPALIER_ERROR_NOT_FOUND,
           "; expected a path or one of mnist, fashion-mnist, kmnist, emnist-letters");
    char files[300];
    snprintf(files, sizeof files, "none.csv: no such file: looked for ./none.csv, %s/none.csv, %s/none.csv",
             first, second);
    refuse("none.csv", ESPALIER_ERROR_NOT_FOUND, files);
    refuse("no/such", ESPALIER_ERROR_NOT_FOUND, "no/such: cannot open the data set: No such file");
    refuse("", ESPALIER_ERROR_ARGUMENT, "found nothing");
    const named_set *fashion = named_set_find("fashion-mnist");
    assert_non_null(strstr(fashion->advice, "dataset-fashion-mnist"));
    assert_string_equal(fashion->system_folder, "/usr/share/datasets/fashion-mnist");
    assert_null(named_set_find("fashion"));
}

static void test_other_kinds_of_files(void **state)
{
    (void)state;
    char path[100];
    static const char *const names[] = {"data.xlsx", "data.csvx", "data"};
    static const char *const found[] = {"found a .xlsx file", "found a .csvx file", "found a file"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", top, names[i]);
        put_file(path, "1,2\n", 4);
        refuse(path, ESPALIER_ERROR_UNSUPPORTED, path);
        refuse(path, ESPALIER_ERROR_UNSUPPORTED, "a folder of IDX files");
        refuse(path, ESPALIER_ERROR_UNSUPPORTED, found[i]);
        remove(path);
    }
}

static void test_bad_options(void **state)
{
    (void)state;
    espalier_dataset *dataset;
    espalier_dataset_options options = {.validation_fraction = 2};
    assert_int_equal(espalier_dataset_open(top, &options, NULL, &dataset, NULL),
                     ESPALIER_ERROR_ARGUMENT);
}

#ifdef ESPALIER_HAVE_ZLIB
/* The system's copy, where it is installed: known facts, and bytes that stay bytes. */
static void test_fashion_mnist(void **state)
{
    (void)state;
    meter m = {0};
    espalier_allocator allocator = meter_allocator(&m);
    espalier_dataset *dataset;
    espalier_status status =
        espalier_dataset_open("fashion-mnist", NULL, &allocator, &dataset, NULL);
    if (status == ESPALIER_ERROR_NOT_FOUND)
        skip();
    assert_int_equal(status, ESPALIER_OK);
    assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_TRAINING), 54000);
    assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_VALIDATION), 6000);
    assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_TEST), 10000);
    assert_int_equal(espalier_dataset_input_count(dataset), 784);
    assert_string_equal(espalier_dataset_class_name(dataset, 9), "Ankle boot");
    static const uint32_t labels[] = {9, 2, 1, 1, 6, 1, 4, 6, 5, 7}; /* of the test file */
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(espalier_dataset_label(dataset, ESPALIER_TEST, i), labels[i]);
    size_t of_class[10] = {0};
    for (size_t i = 0; i < 70000; i++)
        of_class[dataset->labels[i]]++;
    for (int c = 0; c < 10; c++)
        assert_int_equal(of_class[c], 7000);
    double sum = 0;
    for (size_t i = 0; i < (size_t)60000 * 784; i++)
        sum += dataset->bytes[i];
    /* The published mean of the training pixels, 0.2860 of 255. */
    assert_in_range((size_t)(sum / (60000.0 * 784 * 255) * 10000 + 0.5), 2860, 2861);
    /* All that was ever taken: 55 MB of pixels, and a little. */
    assert_in_range(m.bytes, 54880000, 57500000);
    espalier_dataset_destroy(dataset);
    assert_int_equal(m.live, 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directories_in_order), cmocka_unit_test(test_path_wins),
        cmocka_unit_test(test_known_names),          cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_other_kinds_of_files), cmocka_unit_test(test_bad_options),
#ifdef ESPALIER_HAVE_ZLIB
        cmocka_unit_test(test_fashion_mnist),
#endif
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
