/* Folders of IDX files: which file is which, what must fit, what is said if not. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>

#include "base/test_allocator.h"
#include "base/test_files.h"
#include "data/dataset.h"
#include "format/idx.h"
#include "test.h"

static char folder[] = "idx-folder-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

/* Each test begins with an empty folder. */
static int empty(void **state)
{
    (void)state;
    remove_folder(folder);
    return mkdir(folder, 0700);
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

/* A file of bytes whose k-th is `start + k`; shape ends with 0. Names in .gz are
 * gzipped. */
static void put(const char *name, uint8_t type, const size_t *shape, uint8_t start)
{
    uint8_t bytes[4096] = {0, 0, type, 0}, *end = bytes + 4;
    size_t count = 1;
    for (; *shape; shape++, bytes[3]++) {
        count *= *shape;
        *end++ = 0, *end++ = 0;
        *end++ = (uint8_t)(*shape >> 8), *end++ = (uint8_t)*shape;
    }
    for (size_t i = 0; i < count * (type == IDX_F32 ? 4 : 1); i++)
        *end++ = type == IDX_F32 ? 0 : (uint8_t)(start + i);
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
#ifdef ESPALIER_HAVE_ZLIB
    if (strstr(name, ".gz")) {
        size_t packed;
        uint8_t *gzip = gzipped(bytes, (size_t)(end - bytes), &packed);
        put_file(path, gzip, packed);
        free(gzip);
        return;
    }
#endif
    put_file(path, bytes, (size_t)(end - bytes));
}

#define SHAPE(...) ((const size_t[]){__VA_ARGS__, 0})

/* Five training and two test images of 2 x 3, labels 0 to 4 and 0 to 1. */
static void put_usual(void)
{
    put("train-images-idx3-ubyte", IDX_U8, SHAPE(5, 2, 3), 0);
    put("train-labels-idx1-ubyte", IDX_U8, SHAPE(5), 0);
    put("t10k-images-idx3-ubyte", IDX_U8, SHAPE(2, 2, 3), 100);
    put("t10k-labels-idx1-ubyte", IDX_U8, SHAPE(2), 0);
}

static void take_away(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(remove(path), 0);
}

/* Opens the folder; training values must count on from 0, those of tests from 100. */
static void expect(size_t training, size_t test, size_t inputs, size_t classes)
{
    espalier_dataset_options options = {.validation_fraction = 0};
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    float row[64];
    if (espalier_dataset_open(folder, &options, NULL, &dataset, &error))
        fail_msg("%s", error.message);
    assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_TRAINING), training);
    assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_TEST), test);
    assert_int_equal(espalier_dataset_input_count(dataset), inputs);
    assert_int_equal(espalier_dataset_class_count(dataset), classes);
    for (size_t r = 0; r < training + test; r++) {
        espalier_split split = r < training ? ESPALIER_TRAINING : ESPALIER_TEST;
        size_t i = r < training ? r : r - training, start = r < training ? 0 : 100;
        espalier_dataset_rows(dataset, split, i, 1, row);
        assert_int_equal(espalier_dataset_label(dataset, split, i), i);
        for (size_t k = 0; k < inputs; k++)
            assert_true(row[k] == (float)(start + i * inputs + k));
    }
    espalier_dataset_destroy(dataset);
}

static void refuse(espalier_status status, const char *const *parts)
{
    espalier_dataset *dataset = (espalier_dataset *)&dataset;
    espalier_error error = {0};
    meter m = {0};
    espalier_allocator allocator = meter_allocator(&m);
    assert_int_equal(espalier_dataset_open(folder, NULL, &allocator, &dataset, &error), status);
    assert_ptr_equal(dataset, &dataset);
    assert_int_equal(m.live, 0);
    assert_non_null(strstr(error.message, folder));
    for (; *parts; parts++)
        if (!strstr(error.message, *parts))
            fail_msg("expected '%s' in: %s", *parts, error.message);
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_usual_names(void **state)
{
    (void)state;
    put_usual();
    expect(5, 2, 6, 5);
    espalier_dataset *dataset;
    size_t height, width;
    assert_int_equal(espalier_dataset_open(folder, NULL, NULL, &dataset, NULL), ESPALIER_OK);
    assert_true(espalier_dataset_image_shape(dataset, &height, &width));
    assert_int_equal(height, 2);
    assert_int_equal(width, 3);
    assert_non_null(dataset->bytes);
    assert_null(espalier_dataset_class_name(dataset, 0));
    espalier_dataset_destroy(dataset);
}

static void test_other_names(void **state)
{
    (void)state;
    put("latest-Train-Images.idx3-ubyte", IDX_U8, SHAPE(5, 4), 0);
    put("latest-Train-Labels.idx1-ubyte", IDX_U8, SHAPE(5), 0);
    put("latest-train-test-images", IDX_U8, SHAPE(2, 4), 100);
    put("latest-train-test-labels", IDX_U8, SHAPE(2), 0);
    put("._train-images-idx3-ubyte", IDX_U8, SHAPE(1), 0);
    put("mapping.txt", IDX_U8, SHAPE(1), 0);
    char sub[200];
    snprintf(sub, sizeof sub, "%s/train-images", folder);
    assert_int_equal(mkdir(sub, 0700), 0);
    expect(5, 2, 4, 5);
    assert_int_equal(rmdir(sub), 0);
}

static void test_without_test_part(void **state)
{
    (void)state;
    put("train-images", IDX_U8, SHAPE(5, 2, 3), 0);
    put("train-labels", IDX_U8, SHAPE(5), 0);
    expect(5, 0, 6, 5);
}

/* Classes are counted over both parts. */
static void test_classes_of_the_test_part(void **state)
{
    (void)state;
    put("train-images", IDX_U8, SHAPE(2, 2, 3), 0);
    put("train-labels", IDX_U8, SHAPE(2), 0);
    put("test-images", IDX_U8, SHAPE(3, 2, 3), 100);
    put("test-labels", IDX_U8, SHAPE(3), 0);
    expect(2, 3, 6, 3);
}

#ifdef ESPALIER_HAVE_ZLIB
static void test_gzipped(void **state)
{
    (void)state;
    put("emnist-letters-train-images-idx3-ubyte.gz", IDX_U8, SHAPE(5, 2, 3), 0);
    put("emnist-letters-train-labels-idx1-ubyte.gz", IDX_U8, SHAPE(5), 0);
    put("emnist-letters-test-images-idx3-ubyte.gz", IDX_U8, SHAPE(2, 2, 3), 100);
    put("emnist-letters-test-labels-idx1-ubyte.gz", IDX_U8, SHAPE(2), 0);
    expect(5, 2, 6, 5);
}

/* Whatever the order in which a folder lists its files, hence many names. */
static void test_plain_wins_over_gzipped(void **state)
{
    for (int i = 0; i < 10; i++) {
        char images[64], labels[64];
        empty(state);
        snprintf(images, sizeof images, "%d-train-images.gz", i);
        snprintf(labels, sizeof labels, "%d-train-labels.gz", i);
        put(images, IDX_U8, SHAPE(5, 2, 3), 7);
        put(labels, IDX_U8, SHAPE(5), 7);
        images[strlen(images) - 3] = labels[strlen(labels) - 3] = '\0';
        put(images, IDX_U8, SHAPE(5, 2, 3), 0);
        put(labels, IDX_U8, SHAPE(5), 0);
        expect(5, 0, 6, 5);
    }
}
#endif

static void test_ambiguous(void **state)
{
    (void)state;
    put_usual();
    put("train-images.idx3-ubyte", IDX_U8, SHAPE(5, 2, 3), 0);
    refuse(ESPALIER_ERROR_FORMAT,
           PARTS("expected one file of training images, found train-images-idx3-ubyte and "
                 "train-images.idx3-ubyte"));
}

static void test_missing_files(void **state)
{
    (void)state;
    refuse(ESPALIER_ERROR_NOT_FOUND,
           PARTS("no training images found", "train-images-idx3-ubyte.gz"));
    put_usual();
    take_away("t10k-labels-idx1-ubyte");
    refuse(ESPALIER_ERROR_NOT_FOUND, PARTS("no test labels found"));
    take_away("t10k-images-idx3-ubyte");
    take_away("train-labels-idx1-ubyte");
    refuse(ESPALIER_ERROR_NOT_FOUND, PARTS("no training labels found"));
}

static void test_different_numbers(void **state)
{
    (void)state;
    put_usual();
    put("t10k-labels-idx1-ubyte", IDX_U8, SHAPE(3), 0);
    refuse(ESPALIER_ERROR_MISMATCH,
           PARTS("t10k-images-idx3-ubyte holds 2 images", "t10k-labels-idx1-ubyte holds 3 labels"));
}

static void test_different_sizes(void **state)
{
    (void)state;
    put_usual();
    put("t10k-images-idx3-ubyte", IDX_U8, SHAPE(2, 3, 2), 0);
    refuse(ESPALIER_ERROR_MISMATCH, PARTS("images of 2x3, type 08", "images of 3x2, type 08"));
    put("t10k-images-idx3-ubyte", IDX_F32, SHAPE(2, 2, 3), 0);
    refuse(ESPALIER_ERROR_MISMATCH, PARTS("images of 2x3, type 08", "images of 2x3, type 0d"));
}

static void test_images_and_labels_swapped(void **state)
{
    (void)state;
    put_usual();
    put("train-labels-idx1-ubyte", IDX_U8, SHAPE(5, 2, 3), 0);
    refuse(ESPALIER_ERROR_FORMAT, PARTS("train-labels-idx1-ubyte: wrong magic for training labels",
                                        "expected 0x00000801", "found 0x00000803"));
    put("train-images-idx3-ubyte", IDX_U8, SHAPE(5), 0);
    refuse(ESPALIER_ERROR_FORMAT, PARTS("train-images-idx3-ubyte: wrong magic for training images",
                                        "expected 0x00000803", "found 0x00000801"));
}

static void test_bad_content(void **state)
{
    (void)state;
    char path[200];
    put_usual();
    put("train-labels-idx1-ubyte", IDX_I8, SHAPE(5), 254);
    refuse(ESPALIER_ERROR_FORMAT, PARTS("train-labels-idx1-ubyte: row 0", "found -2"));
    put_usual();
    snprintf(path, sizeof path, "%s/train-labels-idx1-ubyte", folder);
    put_file(path, "\0\0\x0c\x01\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 28);
    refuse(ESPALIER_ERROR_FORMAT,
           PARTS("train-labels-idx1-ubyte: row 4 (counted from 0): expected a "
                 "label of 0 to 16777215, found 16777216"));
    put_usual();
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte", folder);
    put_file(path, "\0\0\x08\x03\0\0\0\0\0\0\0\2\0\0\0\3", 16);
    snprintf(path, sizeof path, "%s/train-labels-idx1-ubyte", folder);
    put_file(path, "\0\0\x08\x01\0\0\0\0", 8);
    refuse(ESPALIER_ERROR_FORMAT, PARTS("found 0 rows of 6 inputs"));
}

static void test_floats_must_be_finite(void **state)
{
    (void)state;
    char path[200];
    put("train-labels", IDX_U8, SHAPE(2), 0);
    snprintf(path, sizeof path, "%s/train-images", folder);
    put_file(path, "\0\0\x0d\x02\0\0\0\2\0\0\0\1\x3f\x80\0\0\x7f\x80\0\0", 20);
    refuse(ESPALIER_ERROR_FORMAT,
           PARTS("train-images: row 1, column 0 (counted from 0)", "found inf"));
}

static void test_memory_refused(void **state)
{
    (void)state;
    put_usual();
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t n = 1; status; n++) {
        meter m = {.refuse_from = n};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_error error = {0};
        espalier_dataset *dataset = NULL;
        status = espalier_dataset_open(folder, NULL, &allocator, &dataset, &error);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(error.status, status);
        espalier_dataset_destroy(dataset);
        assert_int_equal(m.live, 0);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_usual_names, empty),
        cmocka_unit_test_setup(test_other_names, empty),
        cmocka_unit_test_setup(test_without_test_part, empty),
        cmocka_unit_test_setup(test_classes_of_the_test_part, empty),
#ifdef ESPALIER_HAVE_ZLIB
        cmocka_unit_test_setup(test_gzipped, empty),
        cmocka_unit_test_setup(test_plain_wins_over_gzipped, empty),
#endif
        cmocka_unit_test_setup(test_ambiguous, empty),
        cmocka_unit_test_setup(test_missing_files, empty),
        cmocka_unit_test_setup(test_different_numbers, empty),
        cmocka_unit_test_setup(test_different_sizes, empty),
        cmocka_unit_test_setup(test_images_and_labels_swapped, empty),
        cmocka_unit_test_setup(test_bad_content, empty),
        cmocka_unit_test_setup(test_floats_must_be_finite, empty),
        cmocka_unit_test_setup(test_memory_refused, empty),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
