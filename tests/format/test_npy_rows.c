/* Rows of .npy files one after the other: both orders, every end, what does not fit. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>

#include "base/test_allocator.h"
#include "base/test_files.h"
#include "espalier/npy.h"
#include "format/make_npy.h"
#include "test.h"

static char folder[] = "npy-rows-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/rows.npy", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static void put_array(const char *descr, const char *order, const char *shape, const void *values,
                      size_t bytes)
{
    made_file made = {.count = 0};
    char dictionary[200];
    snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }",
             descr, order, shape);
    put_npy(&made, 1, dictionary, values, bytes);
    put_file(path, made.bytes, made.count);
}

#define PUT(descr, order, shape, ...) put_array(descr, order, shape, (__VA_ARGS__), sizeof(__VA_ARGS__))

/* Three rows of two: 1 2, 3 4, 5 6. */
static void expect_rows(bool bytes)
{
    espalier_npy *file;
    espalier_error error = {0};
    float row[2];
    bool end = true;
    if (espalier_npy_open(path, 2, NULL, &file, &error))
        fail_msg("%s", error.message);
    assert_int_equal(espalier_npy_row_count(file), 3);
    assert_int_equal(espalier_npy_is_bytes(file), bytes);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(espalier_npy_next(file, row, &end, NULL), ESPALIER_OK);
        assert_false(end);
        assert_true(row[0] == (float)(2 * i + 1) && row[1] == (float)(2 * i + 2));
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(espalier_npy_next(file, row, &end, NULL), ESPALIER_OK);
        assert_true(end);
    }
    espalier_npy_close(file);
    espalier_npy_close(NULL);
}

static void test_rows(void **state)
{
    (void)state;
    PUT("<f4", "False", "(3, 2)", (float[]){1, 2, 3, 4, 5, 6});
    expect_rows(false);
    PUT("|u1", "False", "(3, 2, 1)", (uint8_t[]){1, 2, 3, 4, 5, 6});
    expect_rows(true);
    PUT(">u2", "True", "(3, 2)", (uint8_t[]){0, 1, 0, 3, 0, 5, 0, 2, 0, 4, 0, 6});
    expect_rows(false);
    PUT("|i1", "True", "(3, 1, 2)", (int8_t[]){1, 3, 5, 2, 4, 6});
    expect_rows(false);
}

static void refuse(size_t inputs, espalier_status status, const char *part)
{
    espalier_npy *file = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_npy_open(path, inputs, NULL, &file, &error), status);
    assert_null(file);
    if (!strstr(error.message, part))
        fail_msg("expected '%s' in: %s", part, error.message);
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    PUT("<f4", "False", "(3, 2)", (float[]){1, 2, 3, 4, 5, 6});
    refuse(3, ESPALIER_ERROR_MISMATCH, "expected rows of 3 numbers, [rows, 3], found float32 [3, 2]");
    PUT("<f4", "False", "(2,)", (float[]){1, 2});
    refuse(1, ESPALIER_ERROR_MISMATCH, "found float32 [2]");
    PUT("|S1", "False", "(1, 2)", (uint8_t[]){'a', 'b'});
    refuse(2, ESPALIER_ERROR_UNSUPPORTED, "found bytes [1, 2]");
    put_array("<f4", "False", "(0, 4294967296, 4294967296)", "", 0);
    refuse(2, ESPALIER_ERROR_MISMATCH, "expected rows of 2 numbers");
    put_file(path, "x", 1);
    refuse(2, ESPALIER_ERROR_FORMAT, "not a .npy file");
    remove(path);
    refuse(2, ESPALIER_ERROR_NOT_FOUND, "cannot open");
}

static void test_values_that_are_not_finite(void **state)
{
    (void)state;
    float row[2];
    bool end;
    for (int fortran = 0; fortran < 2; fortran++) {
        espalier_npy *file;
        espalier_error error = {0};
        PUT("<f8", fortran ? "True" : "False", "(2, 2)", (double[]){1, 2, 1e300, 3});
        assert_int_equal(espalier_npy_open(path, 2, NULL, &file, NULL), ESPALIER_OK);
        espalier_status status = espalier_npy_next(file, row, &end, &error);
        assert_int_equal(status, fortran ? ESPALIER_ERROR_FORMAT : ESPALIER_OK);
        if (!fortran)
            assert_int_equal(espalier_npy_next(file, row, &end, &error), ESPALIER_ERROR_FORMAT);
        assert_non_null(strstr(error.message, fortran ? "row 0, column 1 (counted from 0)"
                                                      : "row 1, column 0 (counted from 0)"));
        assert_non_null(strstr(error.message, "expected a finite number, found inf"));
        espalier_npy_close(file);
    }
}

#ifdef ESPALIER_HAVE_ZLIB
/* Damage that only the end of a gzipped file shows is told there. */
static void test_damage_at_the_end(void **state)
{
    (void)state;
    made_file made = {.count = 0};
    size_t packed;
    espalier_npy *file;
    float row[1];
    bool end;
    put_npy(&made, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1), }", "a", 1);
    uint8_t *gzip = gzipped(made.bytes, made.count, &packed);
    gzip[packed - 1] ^= 1;
    put_file(path, gzip, packed);
    free(gzip);
    assert_int_equal(espalier_npy_open(path, 1, NULL, &file, NULL), ESPALIER_OK);
    espalier_status status = espalier_npy_next(file, row, &end, NULL);
    if (!status)
        status = espalier_npy_next(file, row, &end, NULL);
    assert_int_equal(status, ESPALIER_ERROR_FORMAT);
    espalier_npy_close(file);
}
#endif

static void test_no_memory(void **state)
{
    (void)state;
    PUT("|u1", "True", "(3, 2)", (uint8_t[]){1, 3, 5, 2, 4, 6});
    for (size_t refuse_from = 1;; refuse_from++) {
        meter m = {.refuse_from = refuse_from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_npy *file = NULL;
        espalier_status status = espalier_npy_open(path, 2, &allocator, &file, NULL);
        espalier_npy_close(file);
        assert_int_equal(m.live, 0);
        if (!status)
            break;
        assert_int_equal(status, ESPALIER_ERROR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_what_does_not_fit),
        cmocka_unit_test(test_values_that_are_not_finite),
#ifdef ESPALIER_HAVE_ZLIB
        cmocka_unit_test(test_damage_at_the_end),
#endif
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
