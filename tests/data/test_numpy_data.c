/* Data sets out of NumPy arrays: .npz, folders of .npy and pairs of them; shapes, parts,
 * labels of every sort, and what is said about arrays that do not fit. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <sys/stat.h>

#include "base/test_allocator.h"
#include "base/test_files.h"
#include "data/dataset.h"
#include "format/make_npy.h"
#include "test.h"

static char folder[] = "numpy-XXXXXX";

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

static const char *in_folder(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put_array(const char *name, const char *descr, const char *shape, const void *values,
                      size_t bytes)
{
    made_file made = {.count = 0};
    char dictionary[300];
    snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
             descr, shape);
    put_npy(&made, 1, dictionary, values, bytes);
    put_file(in_folder(name), made.bytes, made.count);
}

#define PUT(name, descr, shape, ...)                                                              \
    put_array(name, descr, shape, (__VA_ARGS__), sizeof(__VA_ARGS__))

#define LABELS(...) ((const uint32_t[]){__VA_ARGS__})
#define NAMES(...) ((const char *const[]){__VA_ARGS__})

static const espalier_dataset_options *plain(void)
{
    static espalier_dataset_options options;
    options = espalier_dataset_options_defaults();
    options.validation_fraction = 0;
    return &options;
}

static espalier_dataset *open_with(const char *path, const espalier_dataset_options *options)
{
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    if (espalier_dataset_open(path, options, NULL, &dataset, &error))
        fail_msg("%s", error.message);
    return dataset;
}

static void refuse_with(const char *path, const espalier_dataset_options *options,
                        espalier_status status, const char *part)
{
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    espalier_status found = espalier_dataset_open(path, options, NULL, &dataset, &error);
    if (!strstr(error.message, part) || strncmp(error.message, folder, strlen(folder)) != 0)
        fail_msg("expected '%s' in: %s", part, error.message);
    assert_int_equal(found, status);
    assert_null(dataset);
}

static void refuse(espalier_status status, const char *part)
{
    refuse_with(folder, NULL, status, part);
}

/* Rows of a split as floats, one after the other. */
static void expect_rows(const espalier_dataset *dataset, espalier_split split, const float *values,
                        const uint32_t *labels, size_t rows)
{
    float found[256];
    size_t inputs = espalier_dataset_input_count(dataset);
    assert_int_equal(espalier_dataset_row_count(dataset, split), rows);
    espalier_dataset_rows(dataset, split, 0, rows, found);
    for (size_t i = 0; i < rows * inputs; i++)
        assert_true(found[i] == values[i]);
    for (size_t i = 0; i < rows; i++)
        assert_int_equal(espalier_dataset_label(dataset, split, i), labels[i]);
}

/* ---- values --------------------------------------------------------------------- */

static void test_folder(void **state)
{
    (void)state;
    PUT("x_train.npy", "|u1", "(2, 2, 3)", (uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    PUT("y_train.npy", "<i2", "(2,)", (int16_t[]){1, 0});
    PUT("x_test.npy", "|u1", "(1, 2, 3)", (uint8_t[]){21, 22, 23, 24, 25, 26});
    PUT("y_test.npy", ">i2", "(1, 1)", (uint8_t[]){0, 1});
    PUT("predictions.npy", "<f4", "(1, 2)", (float[]){1, 2});
    for (int way = 0; way < 3; way++) {
        static const char *const names[] = {"", "x_train.npy", "y_test.npy"};
        espalier_dataset *d = open_with(in_folder(names[way]), plain());
        size_t height, width;
        assert_non_null(d->bytes);
        assert_true(espalier_dataset_image_shape(d, &height, &width));
        assert_int_equal(height, 2);
        assert_int_equal(width, 3);
        assert_int_equal(espalier_dataset_class_count(d), 2);
        assert_null(espalier_dataset_class_name(d, 0));
        expect_rows(d, ESPALIER_TRAINING, (float[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
                    (uint32_t[]){1, 0}, 2);
        expect_rows(d, ESPALIER_TEST, (float[]){21, 22, 23, 24, 25, 26}, (uint32_t[]){1}, 1);
        espalier_dataset_destroy(d);
    }
}

static void test_shapes_of_images(void **state)
{
    (void)state;
    static const struct {
        const char *shape;
        size_t height, width;
    } cases[] = {{"(1, 2, 3)", 2, 3},    {"(1, 2, 3, 1)", 2, 3}, {"(1, 1, 2, 3)", 2, 3},
                 {"(1, 3, 2, 1)", 3, 2}, {"(1, 6)", 0, 0},       {"(1, 2, 1, 3)", 0, 0},
                 {"(1, 1, 1, 6, 1)", 0, 0}};
    PUT("y.npy", "|u1", "(1,)", (uint8_t[]){0});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t height = 0, width = 0;
        PUT("X.npy", "|u1", cases[i].shape, (uint8_t[]){1, 2, 3, 4, 5, 6});
        espalier_dataset *d = open_with(folder, plain());
        assert_int_equal(espalier_dataset_image_shape(d, &height, &width), cases[i].height > 0);
        assert_int_equal(height, cases[i].height);
        assert_int_equal(width, cases[i].width);
        assert_int_equal(espalier_dataset_input_count(d), 6);
        espalier_dataset_destroy(d);
    }
}

static void test_pairs_by_name(void **state)
{
    (void)state;
    PUT("a.npy", "<f4", "(1, 1)", (float[]){1.5f});
    PUT("a_labels.npy", "|u1", "(1,)", (uint8_t[]){0});
    PUT("b.npy", "<f4", "(1, 1)", (float[]){2.5f});
    PUT("b_labels.npy", "|u1", "(1,)", (uint8_t[]){0});
    espalier_dataset *d = open_with(in_folder("b.npy"), plain());
    expect_rows(d, ESPALIER_TRAINING, (float[]){2.5f}, (uint32_t[]){0}, 1);
    espalier_dataset_destroy(d);
    refuse(ESPALIER_ERROR_MISMATCH, "expected one file of training labels, found");
    refuse(ESPALIER_ERROR_MISMATCH, "a_labels.npy and b_labels.npy; give the path of one");
}

/* Validation rows of its own come first, so that --validation can take just these. */
static void test_validation_part(void **state)
{
    (void)state;
    PUT("train_images.npy", "|u1", "(3, 2)", (uint8_t[]){1, 2, 3, 4, 5, 6});
    PUT("train_labels.npy", "|u1", "(3, 1)", (uint8_t[]){0, 1, 2});
    PUT("val_images.npy", "|u1", "(1, 2)", (uint8_t[]){7, 8});
    PUT("val_labels.npy", "|u1", "(1, 1)", (uint8_t[]){1});
    espalier_dataset_options options = *plain();
    options.validation_fraction = 0.25;
    espalier_dataset *d = open_with(folder, &options);
    expect_rows(d, ESPALIER_VALIDATION, (float[]){7, 8}, (uint32_t[]){1}, 1);
    expect_rows(d, ESPALIER_TRAINING, (float[]){1, 2, 3, 4, 5, 6}, (uint32_t[]){0, 1, 2}, 3);
    espalier_dataset_destroy(d);
}

static void put_ten(void)
{
    float values[20];
    int64_t labels[10];
    for (int i = 0; i < 10; i++) {
        values[2 * i] = (float)i;
        values[2 * i + 1] = (float)-i;
        labels[i] = i % 2;
    }
    put_array("X.npy", "<f4", "(10, 2)", values, sizeof values);
    put_array("y.npy", "<i8", "(10,)", labels, sizeof labels);
}

/* Test rows are drawn from each class; every row is somewhere, with its own label. */
static void test_drawn_test_rows(void **state)
{
    (void)state;
    put_ten();
    espalier_dataset_options options = *plain();
    options.table.test_fraction = 0.4;
    espalier_dataset *d = open_with(folder, &options);
    assert_int_equal(espalier_dataset_row_count(d, ESPALIER_TRAINING), 6);
    assert_int_equal(espalier_dataset_row_count(d, ESPALIER_TEST), 4);
    bool seen[10] = {false};
    size_t ones = 0;
    for (int part = 0; part < 2; part++) {
        espalier_split split = part ? ESPALIER_TEST : ESPALIER_TRAINING;
        float last = -1;
        for (size_t i = 0; i < (part ? 4 : 6); i++) {
            float row[2];
            espalier_dataset_rows(d, split, i, 1, row);
            assert_true(row[0] == -row[1] && row[0] > last && !seen[(int)row[0]]);
            assert_int_equal(espalier_dataset_label(d, split, i), (int)row[0] % 2);
            seen[(int)row[0]] = true;
            last = row[0];
            ones += part ? espalier_dataset_label(d, split, i) : 0;
        }
    }
    assert_int_equal(ones, 2);
    espalier_dataset_destroy(d);
}

static void test_rows_for_tests_only(void **state)
{
    (void)state;
    put_ten();
    espalier_dataset_options options = *plain();
    options.table.for_test = true;
    assert_int_equal(mkdir(in_folder("t"), 0700), 0);
    espalier_dataset *d = open_with(folder, &options);
    assert_int_equal(espalier_dataset_row_count(d, ESPALIER_TRAINING), 0);
    assert_int_equal(espalier_dataset_row_count(d, ESPALIER_TEST), 10);
    espalier_dataset_destroy(d);
    PUT("t/x_test.npy", "|u1", "(2, 1)", (uint8_t[]){5, 6});
    PUT("t/y_test.npy", "|u1", "(2,)", (uint8_t[]){0, 1});
    d = open_with(in_folder("t"), &options);
    expect_rows(d, ESPALIER_TEST, (float[]){5, 6}, LABELS(0, 1), 2);
    espalier_dataset_destroy(d);
    remove_folder(in_folder("t"));
    options.table.test_path = "other.npy";
    refuse_with(folder, &options, ESPALIER_ERROR_ARGUMENT, "found the file other.npy");
}

static void test_values_that_are_not_finite(void **state)
{
    (void)state;
    PUT("y.npy", "|u1", "(2,)", (uint8_t[]){0, 1});
    PUT("X.npy", "<f4", "(2, 2)", (float[]){1, 2, 3, NAN});
    refuse(ESPALIER_ERROR_FORMAT, "X.npy: row 1, column 1 (counted from 0): expected a finite "
                                  "number, found nan");
    PUT("X.npy", "<f8", "(2, 2)", (double[]){1, 2, 1e300, 4});
    refuse(ESPALIER_ERROR_FORMAT, "row 1, column 0 (counted from 0): expected a finite number, "
                                  "found inf");
}

/* ---- labels --------------------------------------------------------------------- */

/* Opens three rows with these labels; names NULL: plain numbers. */
static void expect_labels(const espalier_dataset_options *options, const uint32_t *labels,
                          size_t classes, const char *const *names)
{
    PUT("X.npy", "<f4", "(3, 1)", (float[]){1, 2, 3});
    espalier_dataset *d = open_with(folder, options);
    expect_rows(d, ESPALIER_TRAINING, (float[]){1, 2, 3}, labels, 3);
    assert_int_equal(espalier_dataset_class_count(d), classes);
    for (size_t c = 0; c < classes; c++) {
        const char *name = espalier_dataset_class_name(d, c);
        if (names)
            assert_string_equal(name, names[c]);
        else
            assert_null(name);
    }
    espalier_dataset_destroy(d);
}

static void test_numbers_as_labels(void **state)
{
    (void)state;
    PUT("y.npy", "<i8", "(3,)", (int64_t[]){2, 0, 1});
    expect_labels(plain(), LABELS(2, 0, 1), 3, NULL);
    PUT("y.npy", "<f8", "(3, 1)", (double[]){0, 1, 1});
    expect_labels(plain(), LABELS(0, 1, 1), 2, NULL);
    PUT("y.npy", "|b1", "(3,)", (uint8_t[]){0, 1, 0});
    expect_labels(plain(), LABELS(0, 1, 0), 2, NULL);
    PUT("y.npy", "<i8", "(3,)", (int64_t[]){10, -1, 9});
    expect_labels(plain(), LABELS(2, 0, 1), 3, NAMES("-1", "9", "10"));
    PUT("y.npy", "|u1", "(3,)", (uint8_t[]){1, 2, 1});
    expect_labels(plain(), LABELS(0, 1, 0), 2, NAMES("1", "2"));
}

static void test_one_hot_labels(void **state)
{
    (void)state;
    PUT("y.npy", "|u1", "(3, 4)", (uint8_t[]){0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0});
    expect_labels(plain(), LABELS(2, 0, 2), 4, NULL);
    PUT("y.npy", "<f4", "(3, 2)", (float[]){1, 0, 0, 1, 1, 0});
    expect_labels(plain(), LABELS(0, 1, 0), 2, NULL);
}

static void test_texts_as_labels(void **state)
{
    (void)state;
    PUT("y.npy", "<U3", "(3,)", (uint32_t[]){'d', 'o', 'g', 'c', 'a', 't', 'd', 'o', 'g'});
    expect_labels(plain(), LABELS(1, 0, 1), 2, NAMES("cat", "dog"));
    PUT("y.npy", "|S3", "(3, 1)", (uint8_t[]){'b', 0, 0, 'a', 'b', 0, 'a', 0, 0});
    expect_labels(plain(), LABELS(2, 1, 0), 3, NAMES("a", "ab", "b"));
}

static void test_names_in_the_file(void **state)
{
    (void)state;
    PUT("y.npy", "|u1", "(3,)", (uint8_t[]){1, 0, 1});
    PUT("target_names.npy", "|S1", "(3,)", (uint8_t[]){'p', 'q', 'r'});
    expect_labels(plain(), LABELS(1, 0, 1), 3, NAMES("p", "q", "r"));
    PUT("target_names.npy", "|S1", "(1,)", (uint8_t[]){'p'});
    refuse(ESPALIER_ERROR_FORMAT, "y.npy: row 0 (counted from 0): expected a label of 0 to 0, "
                                  "found '1'");
    PUT("target_names.npy", "|S1", "(2,)", (uint8_t[]){'p', 'p'});
    refuse(ESPALIER_ERROR_FORMAT, "found 'p' twice");
    PUT("target_names.npy", "<i8", "(2,)", (int64_t[]){0, 1});
    expect_labels(plain(), LABELS(1, 0, 1), 2, NULL);
}

/* A network's classes are found by name, and by number where the names are others. */
static void test_classes_of_a_network(void **state)
{
    (void)state;
    espalier_dataset_options options = *plain();
    options.table.class_names = NAMES("9", "7", "5");
    options.table.class_count = 3;
    PUT("y.npy", "|u1", "(3,)", (uint8_t[]){7, 7, 9});
    expect_labels(&options, LABELS(1, 1, 0), 3, NAMES("9", "7", "5"));
    PUT("y.npy", "|u1", "(3,)", (uint8_t[]){2, 0, 0});
    expect_labels(&options, LABELS(2, 0, 0), 3, NAMES("9", "7", "5"));
    PUT("y.npy", "|u1", "(3,)", (uint8_t[]){7, 7, 8});
    refuse_with(folder, &options, ESPALIER_ERROR_FORMAT,
                "row 2 (counted from 0): expected one of the network's classes, found '8'");
    PUT("y.npy", "|u1", "(3,)", (uint8_t[]){1, 0, 1});
    PUT("target_names.npy", "|S1", "(2,)", (uint8_t[]){'5', '9'});
    expect_labels(&options, LABELS(0, 2, 0), 3, NAMES("9", "7", "5"));
}

static void test_bad_labels(void **state)
{
    (void)state;
    const espalier_status format = ESPALIER_ERROR_FORMAT;
    PUT("X.npy", "<f4", "(3, 1)", (float[]){1, 2, 3});
    PUT("y.npy", "<f4", "(3,)", (float[]){0, 1, 0.5f});
    refuse(format, "y.npy: row 2 (counted from 0): expected a whole number, found 0.5");
    PUT("y.npy", "<f4", "(3,)", (float[]){0, NAN, 0});
    refuse(format, "row 1 (counted from 0): expected a whole number, found nan");
    PUT("y.npy", "|u1", "(3, 2)", (uint8_t[]){0, 1, 1, 1, 1, 0});
    refuse(format, "row 1 (counted from 0): expected a one-hot label, one 1 among 1 zeros");
    PUT("y.npy", "|u1", "(3, 2)", (uint8_t[]){0, 1, 0, 0, 1, 0});
    refuse(format, "row 1 (counted from 0): expected a one-hot label");
    PUT("y.npy", "|u1", "(3, 2)", (uint8_t[]){0, 1, 1, 0, 0, 2});
    refuse(format, "row 2 (counted from 0): expected a one-hot label");
    PUT("y.npy", "|u1", "(2,)", (uint8_t[]){0, 1});
    refuse(ESPALIER_ERROR_MISMATCH, "y.npy: expected 3 labels, one for each row of ");
    PUT("y.npy", "|u1", "()", (uint8_t[]){0});
    refuse(format, "expected labels [rows] or one-hot [rows, classes], found uint8 []");
    PUT("y.npy", "|u1", "(3, 1, 1)", (uint8_t[]){0, 1, 2});
    refuse(format, "found uint8 [3, 1, 1]");
    put_array("y.npy", "|u1", "(3, 0)", "", 0);
    refuse(format, "expected a label for each row, found uint8 [3, 0]");
    PUT("y.npy", "|S1", "(3, 2)", (uint8_t[]){'a', 'b', 'c', 'd', 'e', 'f'});
    refuse(format, "expected a label for each row, found bytes [3, 2]");
}

/* ---- arrays that do not fit ------------------------------------------------------- */

static void test_arrays_that_do_not_fit(void **state)
{
    (void)state;
    refuse_with(in_folder("X.npy"), NULL, ESPALIER_ERROR_NOT_FOUND, "No such file");
    PUT("X.npy", "<f4", "(2, 2)", (float[]){1, 2, 3, 4});
    refuse(ESPALIER_ERROR_NOT_FOUND, "NAME.npy and NAME_labels.npy; found no labels");
    refuse_with(in_folder("X.npy"), NULL, ESPALIER_ERROR_NOT_FOUND, "found no labels");
    PUT("y_test.npy", "|u1", "(2,)", (uint8_t[]){0, 1});
    refuse(ESPALIER_ERROR_NOT_FOUND,
           "expected the training values with their labels, found neither; names are such as");
    PUT("y.npy", "|u1", "(2,)", (uint8_t[]){0, 1});
    refuse(ESPALIER_ERROR_NOT_FOUND, "expected the test values with their labels, found");
    PUT("x_test.npy", "<f8", "(2, 3)", (double[]){1, 2, 3, 4, 5, 6});
    refuse(ESPALIER_ERROR_MISMATCH, "X.npy, float32 [2, 2], found float64 [2, 3]");
    PUT("x_test.npy", "|u1", "(2, 2)", (uint8_t[]){1, 2, 3, 4});
    refuse(ESPALIER_ERROR_MISMATCH, "expected rows like those of");
    PUT("x_test.npy", "<f8", "(2, 2)", (double[]){1, 2, 3, 4});
    espalier_dataset_destroy(open_with(folder, plain()));
    PUT("X_train.npy", "<f4", "(2, 2)", (float[]){1, 2, 3, 4});
    PUT("y_train.npy", "|u1", "(2,)", (uint8_t[]){0, 1});
    refuse(ESPALIER_ERROR_MISMATCH, "expected one array of training values, found");
}

static void test_values_that_are_no_rows(void **state)
{
    (void)state;
    PUT("y.npy", "|u1", "(2,)", (uint8_t[]){0, 1});
    PUT("X.npy", "<f4", "(2,)", (float[]){1, 2});
    refuse(ESPALIER_ERROR_FORMAT, "expected rows of numbers, [rows, ...], found float32 [2]");
    PUT("X.npy", "|S1", "(2, 1)", (uint8_t[]){'a', 'b'});
    refuse(ESPALIER_ERROR_FORMAT, "expected rows of numbers, [rows, ...], found bytes [2, 1]");
    put_array("X.npy", "<f4", "(2, 0)", "", 0);
    refuse(ESPALIER_ERROR_FORMAT, "found 2 rows of 0 inputs");
    put_array("X.npy", "<f4", "(0, 2)", "", 0);
    put_array("y.npy", "|u1", "(0,)", "", 0);
    refuse(ESPALIER_ERROR_FORMAT, "found 0 rows of 2 inputs");
    put_array("X.npy", "<f4", "(0, 4294967296, 4294967296)", "", 0);
    refuse(ESPALIER_ERROR_FORMAT, "found 0 rows of 0 inputs");
}

/* A folder of IDX files stays one, whatever else its user keeps there. */
static void test_idx_files_beside_arrays(void **state)
{
    (void)state;
    PUT("X.npy", "<f4", "(2, 2)", (float[]){1, 2, 3, 4});
    put_file(in_folder("train-images-idx3-ubyte"), "\0\0\x08\x02\0\0\0\1\0\0\0\1a", 13);
    put_file(in_folder("train-labels-idx1-ubyte"), "\0\0\x08\x01\0\0\0\1\0", 9);
    espalier_dataset *d = open_with(folder, plain());
    expect_rows(d, ESPALIER_TRAINING, (float[]){'a'}, LABELS(0), 1);
    espalier_dataset_destroy(d);
}

static void test_no_memory(void **state)
{
    (void)state;
    put_ten();
    PUT("target_names.npy", "|S1", "(2,)", (uint8_t[]){'p', 'q'});
    espalier_dataset_options options = *plain();
    options.table.test_fraction = 0.4;
    for (size_t refuse_from = 1;; refuse_from++) {
        meter m = {.refuse_from = refuse_from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_dataset *d = NULL;
        espalier_status status = espalier_dataset_open(folder, &options, &allocator, &d, NULL);
        espalier_dataset_destroy(d);
        assert_int_equal(m.live, 0);
        if (!status)
            break;
        assert_int_equal(status, ESPALIER_ERROR_MEMORY);
    }
}

/* ---- archives --------------------------------------------------------------------- */

#if defined(ESPALIER_HAVE_LIBZIP) && defined(ESPALIER_HAVE_ZLIB)
static void make_array(made_file *made, const char *descr, const char *shape, const void *values,
                       size_t bytes)
{
    char dictionary[300];
    snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
             descr, shape);
    made->count = 0;
    put_npy(made, 1, dictionary, values, bytes);
}

static void test_archives(void **state)
{
    (void)state;
    static made_file x, y, other, room, archive;
    make_array(&x, "|u1", "(2, 2)", (uint8_t[]){1, 2, 3, 4}, 4);
    make_array(&y, "|u1", "(2,)", (uint8_t[]){1, 0}, 2);
    make_array(&other, "|O", "(1,)", "", 0);
    made_member members[] = {stored_member("data.npy", &x),
                             deflated_member("target.npy", &y, &room),
                             stored_member("x_train_mean.npy", &other),
                             stored_member("frame.npy", &other)};
    archive.count = 0;
    put_zip(&archive, members, 4);
    put_file(in_folder("file.NPZ"), archive.bytes, archive.count);
    espalier_dataset *d = open_with(in_folder("file.NPZ"), plain());
    expect_rows(d, ESPALIER_TRAINING, (float[]){1, 2, 3, 4}, LABELS(1, 0), 2);
    espalier_dataset_destroy(d);
    members[3].name = "X.npy";
    archive.count = 0;
    put_zip(&archive, members, 4);
    put_file(in_folder("file.npz"), archive.bytes, archive.count);
    refuse_with(in_folder("file.npz"), NULL, ESPALIER_ERROR_MISMATCH,
                "expected one array of training values, found");
    members[0].name = "arr_0.npy", members[1].name = "arr_1.npy", members[3].name = "w.npy";
    archive.count = 0;
    put_zip(&archive, members, 4);
    put_file(in_folder("file.npz"), archive.bytes, archive.count);
    refuse_with(in_folder("file.npz"), NULL, ESPALIER_ERROR_NOT_FOUND,
                "or data and target, found arr_0, arr_1, x_train_mean, w");
    members[0].name = "x.npy";
    archive.count = 0;
    put_zip(&archive, members, 1);
    put_file(in_folder("file.npz"), archive.bytes, archive.count);
    refuse_with(in_folder("file.npz"), NULL, ESPALIER_ERROR_NOT_FOUND, "found");
}
#endif

#define TEST(name) cmocka_unit_test_setup(name, empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_folder),
        TEST(test_shapes_of_images),
        TEST(test_pairs_by_name),
        TEST(test_validation_part),
        TEST(test_drawn_test_rows),
        TEST(test_rows_for_tests_only),
        TEST(test_values_that_are_not_finite),
        TEST(test_numbers_as_labels),
        TEST(test_one_hot_labels),
        TEST(test_texts_as_labels),
        TEST(test_names_in_the_file),
        TEST(test_classes_of_a_network),
        TEST(test_bad_labels),
        TEST(test_arrays_that_do_not_fit),
        TEST(test_values_that_are_no_rows),
        TEST(test_idx_files_beside_arrays),
        TEST(test_no_memory),
#if defined(ESPALIER_HAVE_LIBZIP) && defined(ESPALIER_HAVE_ZLIB)
        TEST(test_archives),
#endif
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
