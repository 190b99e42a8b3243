/* .npz: what is said about bad archives, and no allocation that a file does not justify.
 * What numpy writes is test_npy_numpy.c. */
#define _POSIX_C_SOURCE 200809L
#include <sys/resource.h>

#include "base/memory.h"
#include "base/test_allocator.h"
#include "base/test_files.h"
#include "format/make_npy.h"
#include "format/npz.h"
#include "test.h"

#define FOUR_BYTES "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }\n"

static char folder[] = "npz-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file.npz", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

#if defined(ESPALIER_HAVE_LIBZIP) && defined(ESPALIER_HAVE_ZLIB)

/* The array of four bytes "abcd" that all archives here hold. */
static const made_file *four_bytes(void)
{
    static made_file array;
    array.count = 0;
    put_npy(&array, 1, FOUR_BYTES, "abcd", 4);
    return &array;
}

/* Opens whatever is there and reads every array in it. */
static espalier_status read_all(const espalier_allocator *allocator, size_t *arrays,
                                espalier_error *error)
{
    npz_file *archive;
    espalier_status status = npz_open(path, allocator, &archive, error);
    *arrays = 0;
    if (status)
        return status;
    for (size_t i = 0; !status && i < npz_count(archive); i++) {
        npy_file array;
        status = npz_array(archive, i, &array, error);
        if (status)
            break;
        float *values = memory_array(allocator, array.count, sizeof *values);
        status = values ? npy_read_floats(&array, values, error) : ESPALIER_ERROR_MEMORY;
        *arrays += !status;
        memory_release(allocator, values);
        npy_close(&array);
    }
    npz_close(archive);
    return status;
}

static void refuse_made(const made_file *made, espalier_status status, const char *part)
{
    espalier_error error = {0};
    size_t arrays;
    put_file(path, made->bytes, made->count);
    espalier_status found = read_all(NULL, &arrays, &error);
    if (!strstr(error.message, part) || strncmp(error.message, path, strlen(path)) != 0)
        fail_msg("expected '%s' in: %s", part, error.message);
    assert_int_equal(found, status);
}

static void refuse_bytes(const void *bytes, size_t count, const char *part)
{
    made_file made = {.count = 0};
    put(&made, bytes, count);
    refuse_made(&made, ESPALIER_ERROR_FORMAT, part);
}

/* An archive of one member. */
static void refuse_member(made_member m, espalier_status status, const char *part)
{
    made_file made = {.count = 0};
    put_zip(&made, &m, 1);
    refuse_made(&made, status, part);
}

/* ---- good ones -------------------------------------------------------------------- */

static void test_members(void **state)
{
    (void)state;
    static made_file room;
    made_file made = {.count = 0};
    made_member members[] = {stored_member("x.npy", four_bytes()),
                             stored_member("readme.txt", four_bytes()),
                             deflated_member("folder/y.npy", four_bytes(), &room),
                             stored_member(".npy", four_bytes())};
    put_zip(&made, members, 4);
    put_file(path, made.bytes, made.count);
    npz_file *archive;
    npy_file first, again, second;
    uint8_t found[4];
    assert_int_equal(npz_open(path, NULL, &archive, NULL), ESPALIER_OK);
    assert_string_equal(npz_path(archive), path);
    assert_int_equal(npz_count(archive), 2);
    assert_string_equal(npz_name(archive, 0), "x");
    assert_string_equal(npz_name(archive, 1), "folder/y");
    assert_int_equal(npz_find(archive, "folder/y"), 1);
    assert_true(npz_find(archive, "y") == SIZE_MAX);
    assert_int_equal(npz_array(archive, 0, &first, NULL), ESPALIER_OK);
    assert_int_equal(npz_array(archive, 0, &again, NULL), ESPALIER_OK);
    assert_int_equal(npz_array(archive, 1, &second, NULL), ESPALIER_OK);
    npy_file *all[] = {&first, &second, &again};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(npy_read_bytes(all[i], found, NULL), ESPALIER_OK);
        assert_memory_equal(found, "abcd", 4);
        npy_close(all[i]);
    }
    npz_close(archive);
    npz_close(NULL);
}

static void test_empty_archive(void **state)
{
    (void)state;
    made_file made = {.count = 0};
    size_t arrays;
    put_zip(&made, NULL, 0);
    put_file(path, made.bytes, made.count);
    assert_int_equal(read_all(NULL, &arrays, NULL), ESPALIER_OK);
    assert_int_equal(arrays, 0);
}

/* ---- bad ones ----------------------------------------------------------------------- */

static void test_no_archives(void **state)
{
    (void)state;
    size_t packed, arrays;
    refuse_bytes("", 0, "empty: expected a .npz archive, found 0 bytes");
    refuse_bytes("x", 1, "not a .npz archive: expected it to begin with PK, found bytes 78 00");
    refuse_bytes("\x93NUMPY\1\0", 8, "found bytes 93 4e 55 4d");
    refuse_bytes("PK", 2, "truncated or damaged: expected a zip archive's list of members");
    refuse_bytes("PK\3\4", 4, "truncated");
    uint8_t *gzip = gzipped("abc", 3, &packed);
    refuse_bytes(gzip, packed, "found a gzipped file; unpack it first");
    free(gzip);
    remove(path);
    assert_int_equal(read_all(NULL, &arrays, NULL), ESPALIER_ERROR_NOT_FOUND);
    npz_file *archive;
    assert_int_equal(npz_open(folder, NULL, &archive, NULL), ESPALIER_ERROR_FORMAT);
    assert_int_equal(npz_open("/dev/zero", NULL, &archive, NULL), ESPALIER_ERROR_FORMAT);
}

static void test_bad_members(void **state)
{
    (void)state;
    static made_file room;
    const espalier_status format = ESPALIER_ERROR_FORMAT, unsupported = ESPALIER_ERROR_UNSUPPORTED;
    const made_member stored = stored_member("x.npy", four_bytes());
    const made_member deflated = deflated_member("x.npy", four_bytes(), &room);
    made_member m;
    m = stored, m.flags = 1;
    refuse_member(m, unsupported, "x: is encrypted");
    m = deflated, m.method = 12;
    refuse_member(m, unsupported, "expected stored or deflated data (zip methods 0 and 8), found "
                                  "method 12");
    m = deflated, m.method = 14;
    refuse_member(m, unsupported, "found method 14");
    m = deflated, m.method = 93;
    refuse_member(m, unsupported, "found method 93");
    m = deflated, m.method = 0xffff;
    refuse_member(m, unsupported, "found method 65535");
    m = stored, m.crc ^= 1;
    refuse_member(m, format, "x: damaged or truncated in the zip archive: CRC error");
    m = deflated, m.crc ^= 0x80000000u;
    refuse_member(m, format, "CRC error");
    m = stored, m.size = m.size + 1;
    refuse_member(m, format, "more than these can hold");
    m = stored, m.size = m.size - 1;
    refuse_member(m, format, "x: truncated: the header promises uint8 [2, 2]");
    m = deflated, m.size = m.size + 1;
    refuse_member(m, format, "found 1 bytes more");
    m = deflated, m.size = 0xffffff00u;
    refuse_member(m, format, "states 4294967040 bytes");
    m = deflated, m.size = m.packed * 1000;
    refuse_member(m, format, "bytes more");
    m = deflated, m.size = 3;
    refuse_member(m, format, "x: damaged in the zip archive: expected data of the stated size, found more");
    m = deflated, m.size = 0;
    refuse_member(m, format, "x: damaged in the zip archive: expected data of the stated size, found more");
    m = deflated, m.packed = m.packed - 3;
    refuse_member(m, format, "damaged or truncated");
    m = deflated, m.method = 0;
    refuse_member(m, format, "");
    m = stored, m.method = 8;
    refuse_member(m, format, "damaged or truncated");
}

static void test_bad_arrays(void **state)
{
    (void)state;
    made_file array = {.count = 0};
    const espalier_status format = ESPALIER_ERROR_FORMAT;
    refuse_member(stored_member("x.npy", &array), format, "x: empty");
    put(&array, "\x80\4K\1.not numpy", 14);
    refuse_member(stored_member("x.npy", &array), format, "x: not a .npy file");
    array.count = 0;
    put_npy(&array, 1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "\x80\4K\1.", 5);
    refuse_member(stored_member("x.npy", &array), ESPALIER_ERROR_UNSUPPORTED,
                  "x: an array of type '|O' cannot be read: it holds Python objects");
    array.count = 0;
    put_npy(&array, 1, FOUR_BYTES, "abc", 3);
    refuse_member(stored_member("x.npy", &array), format, "truncated: the header promises");
    array.count = 0;
    put_npy(&array, 1, FOUR_BYTES, "abcde", 5);
    refuse_member(stored_member("x.npy", &array), format, "found 1 bytes more");
}

static void test_bad_names(void **state)
{
    (void)state;
    made_file made = {.count = 0};
    made_member twice[] = {stored_member("x.npy", four_bytes()),
                           stored_member("x.npy", four_bytes())};
    put_zip(&made, twice, 2);
    refuse_made(&made, ESPALIER_ERROR_FORMAT, "expected each name once, found x.npy twice");
    refuse_member(stored_member("a\nb.npy", four_bytes()), ESPALIER_ERROR_FORMAT,
                  "expected names of printable characters, found byte 0a in that of member 0");
    refuse_member(stored_member("\x1b[31m.npy", four_bytes()), ESPALIER_ERROR_FORMAT,
                  "found byte 1b");
}

/* The list of members itself: counts and places that are not so. */
static void test_bad_lists(void **state)
{
    (void)state;
    made_file made = {.count = 0}, good;
    made_member m = stored_member("x.npy", four_bytes());
    put_zip(&made, &m, 1);
    good = made;
    /* From the end: comment 2, place 4, bytes 4, members 2, members here 2. */
    static const struct {
        size_t back;
        uint8_t value;
    } changes[] = {{2, 9},  {6, 0xff}, {5, 0xff}, {3, 0x7f}, {10, 0},    {9, 0xff},
                   {7, 0x7f}, {12, 2},   {12, 0},   {14, 9},  {11, 0xff}, {13, 0xff}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        made = good;
        made.bytes[made.count - changes[i].back] = changes[i].value;
        refuse_made(&made, ESPALIER_ERROR_FORMAT, "");
    }
    made = good;
    memcpy(made.bytes + m.packed + 35, "XX", 2); /* the list's own magic */
    refuse_made(&made, ESPALIER_ERROR_FORMAT, "damaged");
}

/* Ten gigabytes of zeros would come out of ten megabytes; here as much as deflate does
 * from the little there is. The header decides how much is asked for. */
static void test_bombs(void **state)
{
    (void)state;
    static made_file packed;
    size_t zeros = 16 << 20;
    uint8_t *bytes = calloc(zeros + 200, 1);
    made_file head = {.count = 0};
    assert_non_null(bytes);
    put_npy(&head, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 4), }", "", 0);
    memcpy(bytes, head.bytes, head.count);
    packed.count = 0;
    put_deflated(&packed, bytes, zeros + head.count);
    made_member m = {"x.npy", packed.bytes, (uint32_t)packed.count,
                     (uint32_t)(zeros + head.count),
                     (uint32_t)crc32(0, bytes, (uInt)(zeros + head.count)), 8, 0, 0};
    refuse_member(m, ESPALIER_ERROR_FORMAT, "expected the end of uint8 [4, 4]");
    m.size = (uint32_t)head.count + 16;
    refuse_member(m, ESPALIER_ERROR_FORMAT, "");
    m.size = 0x7fffffff;
    refuse_member(m, ESPALIER_ERROR_FORMAT, "states 2147483647 bytes");
    free(bytes);
}

/* ---- every truncation and every flip ---------------------------------------------------- */

/* Memory beyond what this allocator gives is libzip's; it is limited below. */
static espalier_status try_made(const made_file *made, size_t *arrays)
{
    enum { ROOM_MOST = 1 << 19 };
    meter m = {0};
    espalier_allocator allocator = meter_allocator(&m);
    espalier_error error = {0};
    put_file(path, made->bytes, made->count);
    espalier_status status = read_all(&allocator, arrays, &error);
    assert_true(status == ESPALIER_OK || error.message[0]);
    assert_int_equal(m.live, 0);
    assert_true(m.bytes < ROOM_MOST);
    return status;
}

static made_file small_archive(void)
{
    static made_file room;
    made_file made = {.count = 0};
    made_member members[] = {stored_member("x.npy", four_bytes()),
                             deflated_member("y.npy", four_bytes(), &room)};
    put_zip(&made, members, 2);
    return made;
}

static void test_truncated(void **state)
{
    (void)state;
    const made_file whole = small_archive();
    made_file made = whole;
    size_t arrays;
    assert_int_equal(try_made(&whole, &arrays), ESPALIER_OK);
    assert_int_equal(arrays, 2);
    for (made.count = 0; made.count < whole.count; made.count++)
        assert_int_equal(try_made(&made, &arrays), ESPALIER_ERROR_FORMAT);
}

/* With less address space than a 32-bit size could ask for. The sanitizers need more
 * of it than that for themselves. */
static void test_flipped(void **state)
{
    (void)state;
    const made_file whole = small_archive();
    made_file made = whole;
    size_t arrays;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    struct rlimit limit, tight;
    assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
    tight = limit;
    tight.rlim_cur = (rlim_t)512 << 20;
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
#endif
    for (size_t bit = 0; bit < 8 * whole.count; bit++) {
        made.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(try_made(&made, &arrays), ESPALIER_ERROR_MEMORY);
        made.bytes[bit / 8] = whole.bytes[bit / 8];
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
#endif
}

static void test_no_memory(void **state)
{
    (void)state;
    const made_file whole = small_archive();
    put_file(path, whole.bytes, whole.count);
    for (size_t refuse = 1;; refuse++) {
        meter m = {.refuse_from = refuse};
        espalier_allocator allocator = meter_allocator(&m);
        size_t arrays;
        espalier_status status = read_all(&allocator, &arrays, NULL);
        assert_int_equal(m.live, 0);
        if (!status)
            break;
        assert_int_equal(status, ESPALIER_ERROR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_empty_archive),
        cmocka_unit_test(test_no_archives),
        cmocka_unit_test(test_bad_members),
        cmocka_unit_test(test_bad_arrays),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

#else

/* Without libzip the message says so and what to do instead. */
static void test_unsupported(void **state)
{
    (void)state;
    npz_file *archive;
    espalier_error error = {0};
    assert_int_equal(npz_open(path, NULL, &archive, &error), ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "save .npy files instead"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unsupported)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
#endif
