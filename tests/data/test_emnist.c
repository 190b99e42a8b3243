/* EMNIST's archive, made small: images on their side, labels from 1. */
#define _XOPEN_SOURCE 700
#include "data/emnist.h"

#include <sys/stat.h>

#include "base/sha256.h"
#include "base/test_files.h"
#include "data/fetch.h"
#include "espalier/dataset.h"
#include "test.h"

#if defined ESPALIER_HAVE_LIBZIP && defined ESPALIER_HAVE_ZLIB

#include <zip.h>

static char top[] = "emnist-XXXXXX";
static char archive[64], target[40];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(top))
        return -1;
    snprintf(target, sizeof target, "%s/emnist-letters", top);
    snprintf(archive, sizeof archive, "%s/emnist-letters/gzip.zip", top);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rmdir(top);
    return 0;
}

/* The four members; a label that is given, and one that may be left out. */
static void make_archive(char label, int left_out)
{
    static const char *const names[] = {
        "gzip/emnist-letters-train-images-idx3-ubyte.gz",
        "gzip/emnist-letters-train-labels-idx1-ubyte.gz",
        "gzip/emnist-letters-test-images-idx3-ubyte.gz",
        "gzip/emnist-letters-test-labels-idx1-ubyte.gz", "gzip/other.gz"};
    char labels[] = "\0\0\x08\1\0\0\0\2\x1a?";
    labels[9] = label;
    const struct {
        const char *bytes;
        size_t count;
    } contents[] = {{"\0\0\x08\3\0\0\0\2\0\0\0\3\0\0\0\3adgbehcfi147258369", 34},
                    {labels, 10},
                    {"\0\0\x08\3\0\0\0\1\0\0\0\3\0\0\0\3" "111222333", 25},
                    {"\0\0\x08\1\0\0\0\1\x02", 9},
                    {"of no interest", 14}};
    int code;
    uint8_t *zipped[5];
    mkdir(target, 0700);
    zip_t *zip = zip_open(archive, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(zip);
    for (int i = 0; i < 5; i++) {
        size_t count;
        zipped[i] = gzipped(contents[i].bytes, contents[i].count, &count);
        zip_source_t *source = zip_source_buffer(zip, zipped[i], count, 0);
        assert_non_null(source);
        if (i == left_out)
            zip_source_free(source);
        else
            assert_true(zip_file_add(zip, names[i], source, 0) >= 0);
    }
    assert_int_equal(zip_close(zip), 0);
    for (int i = 0; i < 5; i++)
        free(zipped[i]);
}

static void expect_file(const char *name, const char *bytes, size_t count)
{
    char path[128];
    size_t found;
    snprintf(path, sizeof path, "%s/%s", target, name);
    uint8_t *got = get_file(path, &found);
    assert_int_equal(found, count);
    assert_memory_equal(got, bytes, count);
    free(got);
}

static espalier_status unpack(espalier_error *error)
{
    espalier_fetch_options options = espalier_fetch_options_defaults();
    download file = {.path = archive, .options = &options};
    *error = (espalier_error){0};
    return emnist_unpack(&file, archive, target, NULL, error);
}

static void test_upright_and_from_zero(void **state)
{
    (void)state;
    espalier_error error;
    make_archive(1, -1);
    assert_false(emnist_is_there(target));
    if (unpack(&error))
        fail_msg("%s", error.message);
    assert_true(emnist_is_there(target));
    expect_file("train-images-idx3-ubyte",
                "\0\0\x08\3\0\0\0\2\0\0\0\3\0\0\0\3abcdefghi123456789", 34);
    expect_file("train-labels-idx1-ubyte", "\0\0\x08\1\0\0\0\2\x19\0", 10);
    expect_file("t10k-images-idx3-ubyte", "\0\0\x08\3\0\0\0\1\0\0\0\3\0\0\0\3" "123123123", 25);
    expect_file("t10k-labels-idx1-ubyte", "\0\0\x08\1\0\0\0\1\1", 9);
    assert_int_equal(entry_count(target), 5);
    const char *const directories[] = {top};
    espalier_dataset *dataset = NULL;
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.directories = directories;
    options.directory_count = 1;
    assert_int_equal(espalier_dataset_open("emnist-letters", &options, NULL, &dataset, NULL),
                     ESPALIER_OK);
    assert_string_equal(espalier_dataset_class_name(
                            dataset, espalier_dataset_label(dataset, ESPALIER_TRAINING, 0)), "z");
    espalier_dataset_destroy(dataset);
    remove_folder(target);
}

static void refuse(const char *part)
{
    espalier_error error;
    assert_int_equal(unpack(&error), ESPALIER_ERROR_FORMAT);
    if (!strstr(error.message, part))
        fail_msg("expected '%s' in: %s", part, error.message);
    assert_false(emnist_is_there(target));
    remove_folder(target);
}

static void test_faulty(void **state)
{
    (void)state;
    make_archive(27, -1);
    refuse("gzip.zip: emnist-letters-train-labels-idx1-ubyte.gz: row 1 (counted from 0): expected a "
           "label of 1 to 26, found 27");
    make_archive(0, -1);
    refuse("found 0");
    make_archive(1, 2);
    refuse("emnist-letters-test-images-idx3-ubyte.gz: expected this file in the archive, found none");
    mkdir(target, 0700);
    put_file(archive, "no archive", 10);
    refuse("gzip.zip: not a zip archive: ");
}

/* An archive that somebody put there is checked, unpacked and kept. */
static void test_archive_that_is_there(void **state)
{
    (void)state;
    sha256 hash;
    uint8_t digest[SHA256_BYTES];
    char text[SHA256_TEXT_BYTES];
    size_t count;
    make_archive(3, -1);
    uint8_t *bytes = get_file(archive, &count);
    sha256_begin(&hash);
    sha256_add(&hash, bytes, count);
    sha256_end(&hash, digest);
    free(bytes);
    const espalier_named_file file = {"gzip.zip", count, sha256_text(digest, text)};
    const espalier_named_set set = {.name = "emnist-letters", .address = "http://127.0.0.1:1/",
                                    .file_count = 1, .files = &file};
    espalier_fetch_result result;
    assert_int_equal(fetch_set(&set, target, NULL, NULL, &result, NULL), ESPALIER_OK);
    assert_int_equal(result.present, 1);
    assert_int_equal(entry_count(target), 5);
    remove(archive); /* no longer needed */
    assert_int_equal(fetch_set(&set, target, NULL, NULL, &result, NULL), ESPALIER_OK);
    assert_int_equal(result.present, 1);
    remove_folder(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_upright_and_from_zero),
                                       cmocka_unit_test(test_faulty),
                                       cmocka_unit_test(test_archive_that_is_there)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

#else

int main(void)
{
    puts("built without libzip or zlib: skipped");
    return 0;
}

#endif
