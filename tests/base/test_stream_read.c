/* Reading: plain and gzipped, whole, cut and damaged. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>

#include "base/random.h"
#include "base/stream.h"
#include "base/test_allocator.h"
#include "base/test_files.h"
#include "test.h"

static char folder[] = "stream-read-XXXXXX";
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

/* Half of it compresses well, half does not. */
static uint8_t *sample(size_t count)
{
    uint8_t *bytes = malloc(count + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < count; i++)
        bytes[i] = i % 2000 < 1000 ? 7 : (uint8_t)random_bits(1, random_stream(RANDOM_TEST, 0), i);
    return bytes;
}

/* Opens, reads in pieces of many sizes and compares; then the end. */
static void expect_content(const uint8_t *bytes, size_t count, bool gzip)
{
    reader *in;
    espalier_error error = {0};
    uint8_t *found = malloc(count + 1);
    assert_int_equal(reader_open(path, NULL, &in, &error), ESPALIER_OK);
    assert_int_equal(reader_is_gzip(in), gzip);
    assert_string_equal(reader_path(in), path);
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(reader_file_bytes(in), facts.st_size);
    size_t done = 0;
    for (uint64_t i = 0; done < count; i++) {
        size_t piece = (size_t)1 << random_below(2, random_stream(RANDOM_TEST, 1), i, 19);
        if (piece > count - done)
            piece = count - done;
        assert_int_equal(reader_read(in, found + done, piece, &error), ESPALIER_OK);
        done += piece;
        assert_int_equal(reader_offset(in), done);
    }
    assert_memory_equal(found, bytes, count);
    size_t got = 1;
    uint8_t more;
    assert_int_equal(reader_some(in, &more, 1, &got, &error), ESPALIER_OK);
    assert_int_equal(got, 0);
    assert_int_equal(reader_read(in, &more, 1, &error), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "truncated"));
    assert_non_null(strstr(error.message, path));
    reader_close(in);
    free(found);
}

/* Reads to the end and says how that went. */
static espalier_status read_all(espalier_error *error, uint64_t *bytes)
{
    reader *in;
    uint8_t piece[1000];
    size_t got = 1;
    espalier_status status = reader_open(path, NULL, &in, error);
    if (status)
        return status;
    while (!status && got > 0)
        status = reader_some(in, piece, sizeof piece, &got, error);
    *bytes = reader_offset(in);
    reader_close(in);
    return status;
}

static void test_plain(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 65535, 65536, 65537, 400000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint8_t *bytes = sample(counts[i]);
        put_file(path, bytes, counts[i]);
        expect_content(bytes, counts[i], false);
        free(bytes);
    }
}

static void test_refused(void **state)
{
    (void)state;
    reader *in = (reader *)&in;
    espalier_error missing = {0}, directory = {0}, pipe = {0}, beneath = {0};
    assert_int_equal(reader_open("no/such/file", NULL, &in, &missing), ESPALIER_ERROR_NOT_FOUND);
    assert_string_equal(missing.message, "no/such/file: cannot open: No such file or directory");
    assert_int_equal(reader_open(folder, NULL, &in, &directory), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(directory.message, "found a folder"));
    put_file(path, "x", 1);
    char below[80];
    snprintf(below, sizeof below, "%s/x", path);
    assert_int_equal(reader_open(below, NULL, &in, &beneath), ESPALIER_ERROR_NOT_FOUND);
    remove(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(reader_open(path, NULL, &in, &pipe), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(pipe.message, "device or pipe"));
    remove(path);
    assert_ptr_equal(in, &in);
    reader_close(NULL);
}

#ifdef ESPALIER_HAVE_ZLIB
static void test_gzip(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 65536, 400000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        size_t packed;
        uint8_t *bytes = sample(counts[i]), *gzip = gzipped(bytes, counts[i], &packed);
        put_file(path, gzip, packed);
        expect_content(bytes, counts[i], true);
        free(gzip);
        free(bytes);
    }
}

static void test_members_in_a_row(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    size_t a_count, none_count, b_count;
    uint8_t *bytes = sample(COUNT), *a = gzipped(bytes, 70000, &a_count);
    uint8_t *none = gzipped("", 0, &none_count),
            *b = gzipped(bytes + 70000, COUNT - 70000, &b_count);
    uint8_t *all = malloc(a_count + 2 * none_count + b_count);
    memcpy(all, a, a_count);
    memcpy(all + a_count, none, none_count);
    memcpy(all + a_count + none_count, b, b_count);
    memcpy(all + a_count + none_count + b_count, none, none_count);
    put_file(path, all, a_count + 2 * none_count + b_count);
    expect_content(bytes, COUNT, true);
    free(all), free(b), free(none), free(a), free(bytes);
}

/* Cut anywhere, even within the checksum, the file is truncated, not short. */
static void test_gzip_truncated(void **state)
{
    (void)state;
    size_t packed;
    uint8_t *bytes = sample(3000), *gzip = gzipped(bytes, 3000, &packed);
    for (size_t cut = 2; cut < packed; cut++) {
        espalier_error error = {0};
        uint64_t got;
        put_file(path, gzip, cut);
        assert_int_equal(read_all(&error, &got), ESPALIER_ERROR_FORMAT);
        assert_non_null(strstr(error.message, ": truncated: "));
        assert_non_null(strstr(error.message, path));
    }
    free(gzip), free(bytes);
}

/* A changed byte is noticed, be it in the data, the checksum or the length. What
 * follows a stored block's head to the next whole byte is not used, nor is most of
 * the header: there a change must change nothing. */
static void test_gzip_damaged(void **state)
{
    (void)state;
    size_t packed, refused = 0;
    uint8_t *bytes = sample(3000), found[3000], *gzip = gzipped(bytes, 3000, &packed);
    for (size_t place = 0; place < packed; place++) {
        espalier_error error = {0};
        reader *in;
        uint64_t past;
        gzip[place] ^= 0x10;
        put_file(path, gzip, packed);
        gzip[place] ^= 0x10;
        if (place < 2) /* not gzip any more */
            continue;
        espalier_status status = read_all(&error, &past);
        refused += status == ESPALIER_ERROR_FORMAT;
        if (status == ESPALIER_ERROR_FORMAT)
            continue;
        assert_int_equal(status, ESPALIER_OK);
        assert_int_equal(past, 3000);
        assert_int_equal(reader_open(path, NULL, &in, NULL), ESPALIER_OK);
        assert_int_equal(reader_read(in, found, 3000, NULL), ESPALIER_OK);
        assert_memory_equal(found, bytes, 3000);
        reader_close(in);
    }
    assert_in_range(refused, packed - 20, packed);
    free(gzip), free(bytes);
}

static void test_gzip_with_garbage_behind(void **state)
{
    (void)state;
    size_t packed;
    uint8_t *gzip = gzipped("data", 4, &packed);
    static const char *const tails[] = {"x", "\x1f\x8c", "\x1f\x8b\x08"};
    static const char *const parts[] = {"end of the file after the gzip data, found byte 0x78",
                                        "damaged gzip data after 4 plain bytes", "truncated"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        espalier_error error = {0};
        uint64_t got;
        uint8_t all[200];
        memcpy(all, gzip, packed);
        memcpy(all + packed, tails[i], strlen(tails[i]));
        put_file(path, all, packed + strlen(tails[i]));
        assert_int_equal(read_all(&error, &got), ESPALIER_ERROR_FORMAT);
        assert_int_equal(got, 4);
        assert_non_null(strstr(error.message, parts[i]));
    }
    free(gzip);
}

static void test_memory_refused(void **state)
{
    (void)state;
    size_t packed;
    uint8_t *bytes = sample(100000), *gzip = gzipped(bytes, 100000, &packed);
    put_file(path, gzip, packed);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t n = 1; status; n++) {
        meter m = {.refuse_from = n};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_error error = {0};
        reader *in = NULL;
        status = reader_open(path, &allocator, &in, &error);
        if (!status)
            status = reader_read(in, bytes, 100000, &error);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(error.status, status);
        reader_close(in);
        assert_int_equal(m.live, 0);
        assert_true(n < 20);
    }
    free(gzip), free(bytes);
}
#else
static void test_gzip_unsupported(void **state)
{
    (void)state;
    espalier_error error = {0};
    uint64_t got;
    put_file(path, "\x1f\x8b\x08", 3);
    assert_int_equal(read_all(&error, &got), ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "zlib"));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_refused),
#ifdef ESPALIER_HAVE_ZLIB
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_members_in_a_row),
        cmocka_unit_test(test_gzip_truncated),
        cmocka_unit_test(test_gzip_damaged),
        cmocka_unit_test(test_gzip_with_garbage_behind),
        cmocka_unit_test(test_memory_refused),
#else
        cmocka_unit_test(test_gzip_unsupported),
#endif
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
