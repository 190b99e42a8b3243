/* IDX: every type, the checks before any allocation, and what is said about bad files. */
#define _POSIX_C_SOURCE 200809L
#include <float.h>
#include <math.h>

#include "base/random.h"
#include "base/test_allocator.h"
#include "base/test_files.h"
#include "format/idx.h"
#include "test.h"

static char folder[] = "idx-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static uint8_t *put_big_endian(uint8_t *to, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *to++ = (uint8_t)(value >> 8 * i);
    return to;
}

/* Expects idx_open to fail, and words in the message beside the path. */
static void refuse_open(const char *name, const char *part)
{
    idx_file file = {.count = 77};
    espalier_error error = {0};
    assert_int_equal(idx_open(name, NULL, &file, &error), ESPALIER_ERROR_FORMAT);
    assert_int_equal(file.count, 77);
    if (!strstr(error.message, part) || !strstr(error.message, name))
        fail_msg("expected '%s' in: %s", part, error.message);
}

static void refuse(const void *bytes, size_t count, const char *part)
{
    put_file(path, bytes, count);
    refuse_open(path, part);
}

static void test_shapes(void **state)
{
    (void)state;
    for (size_t rank = 1; rank <= IDX_RANK_MOST; rank++) {
        uint8_t bytes[4 + 4 * IDX_RANK_MOST + 6] = {0, 0, IDX_U8, (uint8_t)rank}, *end = bytes + 4;
        for (size_t i = 0; i < rank; i++)
            end = put_big_endian(end, i == 0 ? 3 : i == rank - 1 ? 2 : 1, 4);
        size_t count = rank == 1 ? 3 : 6;
        for (size_t i = 0; i < count; i++)
            *end++ = (uint8_t)(200 + i);
        put_file(path, bytes, (size_t)(end - bytes));
        idx_file file;
        uint8_t values[6];
        assert_int_equal(idx_open(path, NULL, &file, NULL), ESPALIER_OK);
        assert_int_equal(file.rank, rank);
        assert_int_equal(file.count, count);
        assert_int_equal(file.shape[0], 3);
        assert_int_equal(file.shape[rank - 1], rank == 1 ? 3 : 2);
        assert_int_equal(idx_read_bytes(&file, values, NULL), ESPALIER_OK);
        assert_memory_equal(values, end - count, count);
        idx_close(&file);
        idx_close(&file);
    }
}

/* Writes `count` values by their bit patterns. */
static void put_values(idx_type type, int value_bytes, const uint64_t *patterns, size_t count)
{
    uint8_t bytes[8 + 8 * 1100] = {0, 0, (uint8_t)type, 1}, *end = bytes + 4;
    end = put_big_endian(end, count, 4);
    for (size_t i = 0; i < count; i++)
        end = put_big_endian(end, patterns[i], value_bytes);
    put_file(path, bytes, (size_t)(end - bytes));
}

static void expect_floats(const float *expected, size_t count)
{
    idx_file file;
    float found[1100];
    assert_int_equal(idx_open(path, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(file.count, count);
    assert_int_equal(idx_read_floats(&file, found, NULL), ESPALIER_OK);
    for (size_t i = 0; i < count; i++)
        assert_true(found[i] == expected[i] || (isnan(found[i]) && isnan(expected[i])));
    idx_close(&file);
}

static void test_integers_as_floats(void **state)
{
    (void)state;
    put_values(IDX_U8, 1, (uint64_t[]){0, 1, 128, 255}, 4);
    expect_floats((float[]){0, 1, 128, 255}, 4);
    put_values(IDX_I8, 1, (uint64_t[]){0, 127, 128, 255}, 4);
    expect_floats((float[]){0, 127, -128, -1}, 4);
    put_values(IDX_I16, 2, (uint64_t[]){258, 32767, 32768, 65535}, 4);
    expect_floats((float[]){258, 32767, -32768, -1}, 4);
    put_values(IDX_I32, 4, (uint64_t[]){0x01020304, 0x7fffffff, 0x80000000u, 0xffffffffu}, 4);
    expect_floats((float[]){16909060, 2147483647.0f, -2147483648.0f, -1}, 4);
}

static void test_random_floats(void **state)
{
    (void)state;
    enum { COUNT = 1100 }; /* more than a chunk */
    uint64_t singles[COUNT], doubles[COUNT];
    float from_single[COUNT], from_double[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t bits = random_bits(1, random_stream(RANDOM_TEST, 0), i);
        double value = random_normal(1, random_stream(RANDOM_TEST, 1), i);
        uint32_t half = (uint32_t)bits;
        singles[i] = half;
        memcpy(&from_single[i], &half, 4);
        memcpy(&doubles[i], &value, 8);
        from_double[i] = (float)value;
    }
    put_values(IDX_F32, 4, singles, COUNT);
    expect_floats(from_single, COUNT);
    put_values(IDX_F64, 8, doubles, COUNT);
    expect_floats(from_double, COUNT);
}

static void test_doubles_beyond_float(void **state)
{
    (void)state;
    const double values[] = {1e300, -1e300, 1e-300, FLT_MAX, INFINITY, -INFINITY, NAN};
    uint64_t patterns[7];
    memcpy(patterns, values, sizeof values);
    put_values(IDX_F64, 8, patterns, 7);
    expect_floats((float[]){INFINITY, -INFINITY, 0, FLT_MAX, INFINITY, -INFINITY, NAN}, 7);
}

static void expect_labels(espalier_status status, const uint32_t *expected, size_t count,
                          const char *part)
{
    idx_file file;
    uint32_t found[1100];
    espalier_error error = {0};
    assert_int_equal(idx_open(path, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(idx_read_labels(&file, found, &error), status);
    if (status)
        assert_non_null(strstr(error.message, part));
    else
        assert_memory_equal(found, expected, count * sizeof *expected);
    idx_close(&file);
}

static void test_labels(void **state)
{
    (void)state;
    put_values(IDX_U8, 1, (uint64_t[]){9, 0, 255}, 3);
    expect_labels(ESPALIER_OK, (uint32_t[]){9, 0, 255}, 3, NULL);
    put_values(IDX_I8, 1, (uint64_t[]){9, 127}, 2);
    expect_labels(ESPALIER_OK, (uint32_t[]){9, 127}, 2, NULL);
    put_values(IDX_I16, 2, (uint64_t[]){1000, 32767}, 2);
    expect_labels(ESPALIER_OK, (uint32_t[]){1000, 32767}, 2, NULL);
    put_values(IDX_I32, 4, (uint64_t[]){70000, 0x7fffffff}, 2);
    expect_labels(ESPALIER_OK, (uint32_t[]){70000, 0x7fffffff}, 2, NULL);
    put_values(IDX_I8, 1, (uint64_t[]){9, 0xff}, 2);
    expect_labels(ESPALIER_ERROR_FORMAT, NULL, 0,
                  "row 1 (counted from 0): expected a label of 0 or more, found -1");
    put_values(IDX_I32, 4, (uint64_t[]){0x80000000u}, 1);
    expect_labels(ESPALIER_ERROR_FORMAT, NULL, 0, "found -2147483648");
    put_values(IDX_F32, 4, (uint64_t[]){0}, 1);
    expect_labels(ESPALIER_ERROR_FORMAT, NULL, 0, "found type 0d");
}

static void test_bad_headers(void **state)
{
    (void)state;
    refuse("", 0, "empty");
    refuse("\0\0\x08", 3, "truncated: expected 4 bytes from byte 0 on, found 3");
    refuse("\0\0\x08\x01\0\0", 6, "truncated: expected 4 bytes from byte 4 on, found 2");
    refuse("\x89PNG----", 8, "wrong magic: expected 0x0000TTRR");
    refuse("\x89PNG----", 8, "found 0x89504e47");
    refuse("\0\0\x0a\x01\0\0\0\0", 8, "found 0x00000a01");
    refuse("\0\0\x08\x00\0\0\0\0", 8, "found 0x00000800");
    refuse("\0\0\x08\x09\0\0\0\0", 8, "found 0x00000809");
}

static void test_sizes_against_the_file(void **state)
{
    (void)state;
    refuse("\0\0\x08\x01\0\0\0\5abcd", 12, "truncated: the header promises 5 values of 1 bytes");
    refuse("\0\0\x08\x01\0\0\0\3abcd", 12, "after 11 bytes, found 1 bytes more");
    refuse("\0\0\x0e\x02\xff\xff\xff\xff\xff\xff\xff\xff", 12, "truncated");
    refuse("\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16,
           "more than the address space");
    put_file(path, "\0\0\x08\x02\0\0\0\0\0\0\0\x1c", 12);
    idx_file file;
    assert_int_equal(idx_open(path, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(file.count, 0);
    assert_int_equal(idx_read_bytes(&file, NULL, NULL), ESPALIER_OK);
    idx_close(&file);
}

static void test_name_says_gzip(void **state)
{
    (void)state;
    char name[80];
    snprintf(name, sizeof name, "%s/file.gz", folder);
    put_file(name, "\0\0\x08\x01\0\0\0\1a", 9);
    refuse_open(name, "not a gzip file: expected it to begin with 0x1f8b, found 0x0000");
    put_file(name, "<", 1);
    refuse_open(name, "not a gzip file");
    put_file(name, "", 0);
    refuse_open(name, "empty");
}

#ifdef ESPALIER_HAVE_ZLIB
/* Puts gzipped bytes and reads them as an IDX file of bytes. */
static espalier_status read_gzipped(const void *bytes, size_t count, uint8_t *values,
                                    espalier_error *error)
{
    size_t packed;
    uint8_t *gzip = gzipped(bytes, count, &packed);
    put_file(path, gzip, packed);
    free(gzip);
    idx_file file;
    espalier_status status = idx_open(path, NULL, &file, error);
    if (status)
        return status;
    status = idx_read_bytes(&file, values, error);
    idx_close(&file);
    return status;
}

static void test_gzipped(void **state)
{
    (void)state;
    uint8_t values[5];
    espalier_error less = {0}, more = {0}, bomb = {0};
    assert_int_equal(read_gzipped("\0\0\x08\x01\0\0\0\5abcde", 13, values, NULL), ESPALIER_OK);
    assert_memory_equal(values, "abcde", 5);
    assert_int_equal(read_gzipped("\0\0\x08\x01\0\0\0\5abcd", 12, values, &less),
                     ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(less.message, "truncated: expected 5 bytes from byte 8 on, found 4"));
    assert_int_equal(read_gzipped("\0\0\x08\x01\0\0\0\3abcd", 12, values, &more),
                     ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(more.message, "end of the data after 11 bytes, found more"));
    assert_int_equal(read_gzipped("\0\0\x08\x01\x10\0\0\0", 8, NULL, &bomb), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(bomb.message, "promises 268435456 values"));
}

/* The bound is no tighter than what gzip can do: a megabyte of zeros is read. */
static void test_gzip_at_its_best(void **state)
{
    (void)state;
    size_t count = 1 << 20;
    uint8_t *bytes = calloc(count + 8, 1), *values = malloc(count);
    memcpy(bytes, "\0\0\x08\x01\0\x10\0\0", 8);
    memset(values, 1, count);
    assert_int_equal(read_gzipped(bytes, count + 8, values, NULL), ESPALIER_OK);
    assert_memory_equal(values, bytes + 8, count);
    free(values), free(bytes);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_integers_as_floats),
        cmocka_unit_test(test_random_floats),
        cmocka_unit_test(test_doubles_beyond_float),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_sizes_against_the_file),
        cmocka_unit_test(test_name_says_gzip),
#ifdef ESPALIER_HAVE_ZLIB
        cmocka_unit_test(test_gzipped),
        cmocka_unit_test(test_gzip_at_its_best),
#endif
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
